"""Proposals for tests: a slipped date, those who answer, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.test import Client

from bettercare import Plan
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import effects, sizes
from bettercare.workspace.programme.forms import add_months
from bettercare.workspace.programme.models import (
    Proposal,
)
from bettercare.workspace.programme.overlay import cell, changed

CODE = "I077"  # crisis response: effects and costs, in the main scenario
ClientAs = Callable[..., Client]
Propose = Callable[..., Proposal]
OFFICE = {"board": "Partnership Board", "decided_on-day": "2", "decided_on-month": "6", "decided_on-year": "2015"}


def slipped(to: str = "2015-09-01", code: str = CODE, before: str = "2014-09-01") -> list[dict[str, Any]]:
    key = {"code": f"{code}-live"}
    return [{"table": "milestones", "key": key, "column": "date", "before": before, "after": to}]


def live_date(plan: Plan, code: str = CODE) -> str:
    found = cell(plan, slipped(code=code)[0])
    assert found is not None
    return found


def proposed(author: Any, to: str = "2015-09-01", code: str = CODE, size: str = "", months: int = 0) -> Proposal:
    """An open proposal; `size` overrides the class that its effect would give."""
    plan = plan_of(current())
    before = live_date(plan, code)
    if months:
        to = add_months(date.fromisoformat(before), months).isoformat()
    changes = slipped(to, code, before)
    effect = effects.effect_of(plan, changed(plan, changes), code)
    return Proposal.objects.create(
        base=current(), title=f"{code} to {to}", reason="Staff are not there yet", initiative=code, partner="lpt",
        changes=changes, effect=effect, size=size or sizes.size_of(changes, effect).code, author=author,
    )  # fmt: skip


def answer(client: Client, proposal: Proposal, partner: str, said: str = "agreed", **more: str) -> Any:
    data = {
        "overlay": proposal.overlay, "partner": partner, "answer": said, "meeting": "Governing body",
        "met_on-day": "9", "met_on-month": "6", "met_on-year": "2015", "minute": "15/42",
    }  # fmt: skip
    return client.post(f"/work/proposals/{proposal.pk}/endorse", {**data, **more}, follow=True)


def all_agree(client_as: ClientAs, proposal: Proposal) -> None:
    said = {"decide": "agreed", "assure": "assured", "be-consulted": "noted"}
    for each in sizes.standing(plan_of(proposal.base), proposal, date.today()):
        answer(client_as("partner-lead", each.partner), proposal, each.partner, said[each.duty])


def decide(client: Client, proposal: Proposal, outcome: str = "adopted", **more: str) -> Any:
    proposal.refresh_from_db()
    data = {"version": str(proposal.version), "outcome": outcome, "decision_minute": "15/50", **OFFICE, **more}
    return client.post(f"/work/proposals/{proposal.pk}/decide", data, follow=True)
