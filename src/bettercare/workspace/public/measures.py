"""Indicators with their target and the latest figure published, and what the plan began from where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from bettercare.plan.badges import badge_of, weakest

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan


@dataclass(frozen=True)
class Latest:
    """A figure: its period, its badge, how it was counted, and the source's citation where it has one."""

    value: float
    period: str
    basis: str
    badge: str
    source: str


@dataclass(frozen=True)
class Measure:
    """An indicator and where it stands. `base` is the plan's own figure for its base year, where it has one."""

    code: str
    name: str
    unit: str
    direction: str
    definition: str
    why: str
    target: float | None
    target_year: str
    latest: Latest | None
    base: Latest | None


def measures(plan: Plan) -> dict[str, Measure]:
    """Every indicator of a plan by code."""
    evidence = {row["code"]: row for row in plan["evidence"].iter_rows(named=True)}
    latest: dict[str, Mapping[str, Any]] = {}
    for row in plan["observations"].sort("period").iter_rows(named=True):
        if row["used"]:
            latest[row["indicator"]] = row
    return {
        row["code"]: Measure(
            row["code"],
            row["name"],
            row["unit"],
            row["direction"],
            row["definition"] or "",
            row["assumed"] or "",
            row["target"],
            row["target_year"] or "",
            _seen(latest.get(row["code"]), evidence),
            _base(plan, row, evidence),
        )
        for row in plan["indicators"].iter_rows(named=True)
    }


def headlines(plan: Plan, known: Mapping[str, Measure]) -> dict[str, Measure]:
    """The headline measure of each outcome that has one, by the outcome's code."""
    rows = plan["outcomes"].select("code", "headline").iter_rows()
    return {outcome: known[code] for outcome, code in rows if code in known}


def _seen(row: Mapping[str, Any] | None, evidence: Mapping[str, Mapping[str, Any]]) -> Latest | None:
    if row is None:
        return None
    source = evidence.get(row["evidence"] or "", {})
    return Latest(
        row["value"], row["period"], row["basis"] or "", source.get("badge", "assumed"), source.get("citation", "")
    )


def _base(plan: Plan, indicator: Mapping[str, Any], evidence: Mapping[str, Mapping[str, Any]]) -> Latest | None:
    """What the plan's base year holds for an indicator of a service's activity or bed days, over all people."""
    amount = {"activity": pl.col("count"), "bed_days": pl.col("count") * pl.col("mean_los_days")}
    apart = (indicator["partner"], indicator["locality"], indicator["site"])
    if indicator["measure"] not in amount or not indicator["service"] or any(apart):
        return None
    rows = plan["activity"].filter(pl.col("service") == indicator["service"])
    if rows.is_empty():
        return None
    known = {code: row["badge"] for code, row in evidence.items()}
    badges = [badge_of(row, known) for row in rows.select("evidence", "assumed").iter_rows(named=True)]
    total = float(rows.select(amount[indicator["measure"]].sum()).item() or 0.0)
    return Latest(total, plan.settings.base_year, "what the plan begins from", weakest(badges), "")
