"""What is measured: the plan's indicators, and those that are counted from records, under one code each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bettercare.activity.indicators import Indicator
    from bettercare.plan.plan import Plan

ELSEWHERE = ""  # the outcome of what belongs to none
MENTAL = ("mental-health",)  # pathways of the plan
SOCIAL = ("care-home", "home-care", "reablement", "direct-payments", "working-age-social-care")


@dataclass(frozen=True)
class Definition:
    """One measure. `sql` and what follows are there where it is counted from records."""

    code: str
    name: str
    outcome: str
    unit: str
    direction: str
    target: float | None
    target_year: str
    definition: str
    why: str
    sphere: str  # physical, mental, social, both or blank
    in_plan: str = ""  # the plan's own code, where the plan has the measure
    counted: str = ""  # the code of the query, where records are counted
    numerator: str = ""
    denominator: str = ""
    exclusions: str = ""
    source: str = ""
    version: str = ""
    sql: str = ""


def catalogue(plan: Plan, queries: Iterable[Indicator] = (), counted: Iterable[Any] = ()) -> dict[str, Definition]:
    """Every measure by code: the plan's, those that queries can count, and those of `counted` series (their parts).

    What a query says of itself goes before what the plan says.
    """
    services = {r["code"]: r for r in plan["services"].iter_rows(named=True)}
    found = {row["code"]: _of_plan(row, services) for row in plan["indicators"].iter_rows(named=True)}
    for query in queries:
        found[query.code] = _of_query(query, found, query.code, query.name, query.outcome)
        for code, outcome, name in query.groups:
            found[code] = _of_query(query, found, code, name, outcome)
    for one in counted:
        if one.code not in found:
            found[one.code] = _of_query(one.indicator, found, one.code, one.name, one.outcome)
    return found


def _of_plan(row: dict[str, Any], services: dict[str, dict[str, Any]]) -> Definition:
    return Definition(
        row["code"], row["name"], row["outcome"] or ELSEWHERE, row["unit"], row["direction"], row["target"],
        row["target_year"] or "", row["definition"] or "", row["assumed"] or "", _sphere(row, services), row["code"],
    )  # fmt: skip


def _sphere(row: dict[str, Any], services: dict[str, dict[str, Any]]) -> str:
    """What an indicator of the plan is about; blank where the plan does not say."""
    service = services.get(row["service"] or "")
    pathway = service["pathway"] if service else ""
    if (
        pathway in MENTAL
        or (row["measure"] or "").startswith("mental_health")
        or "mental health" in row["name"].lower()
    ):
        return "mental"
    if (row["service"] or "") in SOCIAL:
        return "social"
    return "physical" if service else ""


def _of_query(query: Indicator, found: dict[str, Definition], code: str, name: str, outcome: str) -> Definition:
    """What a query counts, or a part of it, which can be a measure of the plan."""
    there = found.get(code)
    target = query.target if code == query.code and query.target is not None else there.target if there else None
    return Definition(
        code, name, outcome or (there.outcome if there else ELSEWHERE), query.unit, query.direction, target,
        there.target_year if there else "", there.definition if there else "", there.why if there else "",
        query.sphere, there.in_plan if there else "", query.code, query.numerator, query.denominator,
        query.exclusions, query.source, query.version, query.sql,
    )  # fmt: skip
