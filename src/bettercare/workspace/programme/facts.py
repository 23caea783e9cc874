"""Small questions about a plan that several pages ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
from django.http import Http404, HttpRequest

from bettercare import Plan
from bettercare.workspace.plans import current, plan_of

Row = dict[str, Any]


def rows(plan: Plan, table: str, **where: Any) -> list[Row]:
    """The rows of a table that have these values."""
    frame = plan.tables[table]
    for column, value in where.items():
        frame = frame.filter(pl.col(column) == value)
    return list(frame.iter_rows(named=True))


def row(plan: Plan, table: str, **where: Any) -> Row | None:
    """The first such row, or None."""
    found = rows(plan, table, **where)
    return found[0] if found else None


def initiative_or_404(plan: Plan, code: str) -> Row:
    """An initiative of the plan."""
    found = row(plan, "initiatives", code=code)
    if found is None:
        raise Http404(f"no initiative {code}")
    return found


def live_milestone(plan: Plan, code: str) -> Row | None:
    """The milestone on which an initiative begins to have effect."""
    return row(plan, "milestones", initiative=code, kind="live")


def listed(text: str | None) -> list[str]:
    """The codes of a cell that holds several."""
    return [part.strip() for part in (text or "").split(";") if part.strip()]


def waiting_for(plan: Plan, milestone: str) -> list[Row]:
    """The milestones that say that this one must come first."""
    return [m for m in plan.tables["milestones"].iter_rows(named=True) if milestone in listed(m["depends_on"])]


def before_it(plan: Plan, milestone: Row) -> list[Row]:
    """The milestones that must come before this one."""
    wanted = listed(milestone["depends_on"])
    return [m for m in plan.tables["milestones"].iter_rows(named=True) if m["code"] in wanted]


def partner_names(plan: Plan) -> dict[str, str]:
    """The names of all partners by code."""
    return dict(plan.tables["partners"].select("code", "name").iter_rows())


def acting_for(request: HttpRequest) -> set[str]:
    """The partners for which the person who asks acts today, in any role."""
    roles: dict[str, set[str]] = request.user.roles()
    return set().union(*roles.values())


def lead_of_initiative(request: HttpRequest, code: str, **_: Any) -> str:
    """Whose thing a page about an initiative is: its lead's. Empty, which is nobody's, where there is none."""
    found = row(plan_of(current()), "initiatives", code=code)
    return str(found["lead"]) if found else ""


def lead_of_milestone(request: HttpRequest, code: str, **_: Any) -> str:
    """Whose thing a milestone is: the lead of its initiative."""
    plan = plan_of(current())
    found = row(plan, "milestones", code=code)
    return lead_of_initiative(request, found["initiative"]) if found else ""


def open_milestones(plan: Plan, done: set[str]) -> Iterator[Row]:
    """Milestones that are not reported as done, the earliest first."""
    for milestone in plan.tables["milestones"].sort("date").iter_rows(named=True):
        if milestone["code"] not in done:
            yield milestone
