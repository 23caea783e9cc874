"""Writing down how delivery goes: each write is one transaction, with its record, and the second writer is told."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from bettercare import Plan
from bettercare.workspace.audit.models import record
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.confidence import Suggestion, suggest
from bettercare.workspace.programme.gates import recorded_left
from bettercare.workspace.programme.models import Progress, Risk
from bettercare.workspace.programme.told import fields

PROGRESS = ("done", "expected", "confidence", "suggested", "reason", "note")
RISK = ("title", "is_issue", "trigger", "owner", "fallback", "open")


class Overtaken(Exception):  # noqa: N818  (it is an answer, not a fault)
    """Somebody else wrote first: `there` is what they wrote."""

    def __init__(self, there: Any) -> None:
        super().__init__("somebody else wrote first")
        self.there = there


def suggestion(plan: Plan, milestone: facts.Row, expected: date | None, *, done: bool) -> Suggestion:
    """The computed confidence in a milestone, from its date, what must come before it, and its initiative's gates."""
    code = milestone["initiative"]
    initiative = facts.initiative_or_404(plan, code)
    tolerance = initiative["slip_mode_months"]
    before = facts.before_it(plan, milestone)
    reported = {p.milestone: p for p in Progress.objects.filter(milestone__in=[m["code"] for m in before])}
    today = timezone.localdate()
    return suggest(
        milestone["date"],
        expected,
        today,
        done=done,
        tolerance_months=plan.settings.slippage.mode_months if tolerance is None else tolerance,
        open_criteria=recorded_left(code, "major") if milestone["kind"] == "live" else 0,
        late_before_it=sum(_late(m, reported.get(m["code"]), today) for m in before),
    )


def _late(milestone: facts.Row, progress: Progress | None, today: date) -> bool:
    if progress and progress.done:
        return False
    return milestone["date"] < today or bool(progress and progress.expected and progress.expected > milestone["date"])


def save_progress(code: str, version: int, by: str, values: dict[str, Any]) -> None:
    """Report on a milestone; `version` is 0 for the first report. Overtaken where somebody wrote in between."""
    try:
        with transaction.atomic():
            there = Progress.objects.select_for_update().filter(milestone=code).first()
            if (there.version if there else 0) != version:
                raise Overtaken(there)
            before = fields(there, *PROGRESS) if there else None
            if there:
                _update(Progress, there, version, by, values)
            else:
                Progress.objects.create(milestone=code, by=by, **values)
            record(by, "report-progress", f"milestone {code}", before=before, after=values)
    except IntegrityError:  # two first reports at once
        raise Overtaken(Progress.objects.get(milestone=code)) from None


def save_risk(number: int | None, version: int, by: str, values: dict[str, Any], initiative: str) -> Risk:
    """Add a risk or issue, or change one. Overtaken where somebody wrote in between."""
    with transaction.atomic():
        if number is None:
            made = Risk.objects.create(initiative=initiative, by=by, **values)
            record(by, "report-progress", f"risk {made.pk}", after={**values, "initiative": initiative})
            return made
        there = Risk.objects.select_for_update().get(pk=number)
        if there.version != version:
            raise Overtaken(there)
        before = fields(there, *RISK)
        _update(Risk, there, version, by, values)
        record(by, "report-progress", f"risk {number}", before=before, after=values)
    return there


def _update(model: Any, there: Any, version: int, by: str, values: dict[str, Any]) -> None:
    """Change a row that still has this version; whatever locks the database has, no write is lost."""
    rows = model.objects.filter(pk=there.pk, version=version)
    if not rows.update(**values, by=by, at=timezone.now(), version=version + 1):
        raise Overtaken(model.objects.get(pk=there.pk))
