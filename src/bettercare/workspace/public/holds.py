"""Holds before elections: made, changed and ended, each with its reason in the audit trail."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from bettercare.workspace.audit.models import record
from bettercare.workspace.programme.models import Hold
from bettercare.workspace.public.things import seen_of

YEARS = (1948, 2100)


class Overtaken(Exception):  # noqa: N818  (it reads so where it is caught)
    """Somebody else wrote since the page was opened; nothing was saved."""


def day_of(text: str, what: str, problems: list[str]) -> date:
    """A day as a form sends it; what is wrong with it is added to the problems."""
    today = timezone.localdate()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not YEARS[0] <= found.year <= YEARS[1]:
        problems.append(f"{what}: write a day, such as {today.isoformat()}.")
        return today
    return found


def asked(form: Any, problems: list[str]) -> dict[str, Any]:
    """Name and days of a hold from a form."""
    name = form.get("name", "").strip()
    since = day_of(form.get("since", ""), "First day", problems)
    until = day_of(form.get("until", ""), "Last day", problems)
    if not name:
        problems.append("Name the election.")
    if until < since:
        problems.append("The last day comes before the first.")
    return {"name": name[:120], "since": since, "until": until}


def add(values: dict[str, Any], by: str) -> None:
    """Make a hold."""
    with transaction.atomic():
        hold = Hold.objects.create(**values)
        record(by, "publish", f"hold {hold.pk}", after=values)


def change(number: int | None, seen: str, values: dict[str, Any], why: str, by: str) -> None:
    """Give a hold another name or other days."""
    with transaction.atomic():
        hold = _locked(number, seen)
        before = _said(hold)
        for name, value in values.items():
            setattr(hold, name, value)
        hold.save()
        record(by, "publish", f"hold {hold.pk}", before=before, after={**values, "reason": why})


def end(number: int | None, seen: str, why: str, by: str) -> None:
    """End a hold: yesterday is its last day. One that began today, or has not begun, is taken away."""
    last = timezone.localdate() - timedelta(days=1)
    with transaction.atomic():
        hold = _locked(number, seen)
        before, what = _said(hold), f"hold {hold.pk}"
        if hold.since > last:
            hold.delete()
            after: dict[str, Any] = {"ended": "before its first day was over"}
        else:
            hold.until = min(hold.until, last)
            hold.save()
            after = _said(hold)
        record(by, "publish", what, before=before, after={**after, "reason": why})


def _locked(number: int | None, seen: str) -> Hold:
    hold = Hold.objects.select_for_update().filter(pk=number).first()
    if hold is None or seen_of(hold) != seen:
        raise Overtaken
    return hold


def _said(hold: Hold) -> dict[str, Any]:
    return {"name": hold.name, "since": hold.since, "until": hold.until}
