"""Tables that explain a forecast: its causes, its initiatives, and the published figures beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from bettercare.engines.forecast.compare import comparison_of, partner_draws, spread
from bettercare.engines.forecast.money import KINDS
from bettercare.engines.forecast.results import Forecast, ScenarioResult, known

CAUSES = {
    "opening": ("opening", "Gap in the base year"),
    "demography": ("demand", "More people, and older"),
    "health-status": ("demand", "Health of people of the same age"),
    "non-demographic": ("demand", "Growth beyond population"),
    "length-of-stay": ("demand", "Trend in how long people stay"),
    "arrived": ("demand", "Sent on by other services"),
    "part-filled": ("demand", "Wards and teams that are only part filled"),
    "inflation": ("prices", "Pay and prices"),
    "efficiency": ("efficiency", "Efficiency made inside organisations"),
    "funding": ("funding", "Funding and other income"),
    "pooled-funds": ("pooled funds", "Pooled funds"),
    "initiative": ("initiatives", "Initiatives"),
    "estate": ("sites", "Services that change site, and buildings"),
    "chance": ("chance", "Chance"),
}


def causes(f: Forecast, scenario: str, year: str, measure: str = "gap_gbp") -> pl.DataFrame:
    """Why a measure is what it is in a year: group, kind, label, value (means, in the measure's unit); they add up."""
    result = f.result(scenario)
    result.system.at_year(year)
    known({name for name, _ in result.ledger}, measure, "ledger of the measure")
    ledger = f.ledger(scenario, measure).filter(pl.col("year") == year)
    totals = ledger.group_by("kind", maintain_order=True).agg(pl.col("value").sum())
    found = dict(totals.iter_rows())
    rows = [
        {"group": group, "kind": kind, "label": label, "value": found[kind]}
        for kind, (group, label) in CAUSES.items()
        if kind in found
    ]
    return pl.DataFrame(rows)


def initiative_table(f: Forecast, scenario: str, year: str) -> pl.DataFrame:
    """What each effect does in a year, beside what is claimed for it.

    `claimed`, `alone` (mean, as if it were the only one) and p5, p50, p95 (with the others, overlaps taken off) are
    changes of activity in units of the service (bed days where stays are shortened): minus is less activity. `gap_p5`,
    `gap_p50`, `gap_p95` are what the whole initiative does to the system's recurrent gap, GBP: minus closes it.
    """
    result = f.result(scenario)
    system = result.system
    y = system.at_year(year)
    titles = dict(result.plan.tables["initiatives"].select("code", "title").iter_rows())
    rows = []
    for i, effect in enumerate(system.effects):
        code = system.initiatives[effect.initiative]
        change = -result.out[i, y]
        gap = result.gap_causes.get(("initiative", code))
        money = np.zeros(f.draws) if gap is None else gap[y]
        low, mid, high = np.quantile(change, [0.05, 0.5, 0.95])
        gap_low, gap_mid, gap_high = np.quantile(money, [0.05, 0.5, 0.95])
        stay = effect.lever == "shorten"
        others = [system.effects[j].code for j in np.flatnonzero(system.shared[i] > 0.0)]
        rows.append(
            {
                "initiative": code,
                "title": titles[code],
                "effect": effect.code,
                "lever": effect.lever,
                "service": system.services[effect.service],
                "unit": "bed days" if stay else system.traits["currency"][effect.service],
                "claimed": _claimed(effect),
                "alone": float(-result.alone[i, y].mean()),
                "p5": float(low),
                "p50": float(mid),
                "p95": float(high),
                "mean": float(change.mean()),
                "gap_p5": float(gap_low),
                "gap_p50": float(gap_mid),
                "gap_p95": float(gap_high),
                "grade": effect.grade,
                "badge": effect.badge,
                "overlap_with": ";".join(others),
            }
        )
    schema = None if rows else _EMPTY_INITIATIVES
    return pl.DataFrame(rows, schema=schema, infer_schema_length=None)


_TEXTS = ("initiative", "title", "effect", "lever", "service", "unit")
_NUMBERS = ("claimed", "alone", "p5", "p50", "p95", "mean", "gap_p5", "gap_p50", "gap_p95")
_EMPTY_INITIATIVES: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, pl.String),
    **dict.fromkeys(_NUMBERS, pl.Float64),
    **dict.fromkeys(("grade", "badge", "overlap_with"), pl.String),
}


def _claimed(effect: Any) -> float | None:
    if effect.claimed is None:
        return None
    base = effect.addressed_days if effect.lever == "shorten" else effect.addressed
    amount = effect.claimed * base if effect.unit == "share" else effect.claimed
    return float(amount if effect.lever == "add" else -amount)


def partner_causes(f: Forecast, scenario: str, year: str) -> pl.DataFrame:
    """Each partner's gap by kind of cause (means, GBP): one row a partner, one column a kind; columns add up to gap."""
    result = f.result(scenario)
    y = result.system.at_year(year)
    rows = []
    for p, partner in enumerate(result.system.partners):
        if result.system.inside[p] and result.partner_kinds[p].any():
            parts = {kind: float(result.partner_kinds[p, k, y]) for k, kind in enumerate(KINDS)}
            rows.append({"partner": partner, **parts, "gap": sum(parts.values())})
    return pl.DataFrame(rows)


def published_gap(f: Forecast, year: str) -> pl.DataFrame:
    """Published gaps (submissions.csv, unit "GBP gap") beside the forecast of doing nothing: mean and range, GBP.

    `line` is the first sentence of the published line's note and `why` the rest: what is known of the difference.
    `counterparty` joins a second partner to the first. A partner of the system without money in the plan has no gap;
    `bettercare check` refuses published gaps of anybody else.
    """
    nothing = f.result(comparison_of(f))
    table = f.plan.tables["submissions"].filter((pl.col("unit") == "GBP gap") & (pl.col("year") == year))
    rows = []
    for row in table.iter_rows(named=True):
        line, _, why = (row["note"] or "").partition(". ")
        partners = [p for p in (row["partner"], row["counterparty"]) if p]
        kinds = dict(f.plan.tables["partners"].select("code", "kind").iter_rows())
        whole = kinds.get(row["partner"]) == "board"  # a board's line is the whole partnership's
        ours = _gap(nothing, year, [] if whole else partners)
        rows.append(
            {
                "code": row["code"],
                "line": line or row["code"],
                "why": why,
                "published": row["value"],
                "file": row["file"],
                **{f"modelled_{k}": v for k, v in spread(ours).items()},
                "difference": float(ours.mean()) - row["value"],
            }
        )
    return pl.DataFrame(rows)


def _gap(result: ScenarioResult, year: str, partners: list[str]) -> Any:
    if not partners:
        return result.draws("gap_gbp", year)
    return sum(partner_draws(result, "gap_gbp", year, p) for p in partners)
