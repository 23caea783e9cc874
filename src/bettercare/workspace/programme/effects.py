"""What a change to the plan does to beds, staff and money: two forecasts with the same luck, before and after."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from bettercare import Forecast, Plan
from bettercare.engines.forecast.compare import spread
from bettercare.workspace.plans import DRAWS, forecast_of

MEASURES = (
    ("acute_beds_needed", "Acute hospital beds needed", "beds"),
    ("community_beds_needed", "Community hospital beds needed", "beds"),
    ("mental_health_beds_needed", "Mental health and learning disability beds needed", "beds"),
    ("staff_wte", "Staff needed (whole-time equivalents)", "staff"),
    ("gap_gbp", "Gap between cost and funding, whole system", "money"),
)
_warming: set[tuple[str, str]] = set()


def scenario_for(plan: Plan, initiative: str = "") -> str:
    """The plan's main scenario, or where the initiative does not happen in it, the first in which it does."""
    main = plan.settings.main or plan.scenario_names[-1]
    if not initiative:
        return main
    for name in (main, *plan.scenario_names):
        if happens(plan, name, initiative):
            return name
    return main


def happens(plan: Plan, scenario: str, initiative: str) -> bool:
    """Whether an initiative happens in a scenario."""
    found = plan.scenarios[scenario]
    chosen = found.initiatives
    return chosen != "none" and (chosen == "all" or initiative in chosen) and initiative not in found.without


def without(plan: Plan, scenario: str, initiative: str) -> Plan:
    """The plan in which one scenario leaves an initiative out."""
    found = plan.scenarios[scenario]
    fewer = dataclasses.replace(found, without=(*found.without, initiative))
    return dataclasses.replace(plan, scenarios={**plan.scenarios, scenario: fewer})


def part_played(plan: Plan, initiative: str) -> tuple[str, Forecast]:
    """(scenario, forecast of it with the initiative and, in place of the plan's comparison, without it).

    Both have the same luck, so that comparisons of the two are what the initiative itself does.
    """
    name = scenario_for(plan, initiative)
    with_it = forecast_of(plan, [name], DRAWS)
    without_it = forecast_of(without(plan, name, initiative), [name], DRAWS)
    pair = {plan.settings.comparison: without_it.scenarios[name], name: with_it.scenarios[name]}
    return name, Forecast(plan, pair, with_it.draws, with_it.seed, 0.0)


def effect_of(before: Plan, after: Plan, initiative: str = "") -> dict[str, Any]:
    """What the changed plan does, as JSON: in the headline year and in each year, with its seed, draws and scenario.

    Every difference is paired by draw; `difference` has its mean, median and 90% range. `largest` is what a proposal's
    size is judged by: the largest mean change of any year, of the whole system, of any one partner's gap and of any one
    kind of bed, so that what one partner or hospital gains does not hide what another loses.
    """
    name = scenario_for(before, initiative)
    one, other = forecast_of(before, [name], DRAWS), forecast_of(after, [name], DRAWS)
    measures = [_measure(one, other, name, *each) for each in MEASURES if _has(one, name, each[0])]
    partners = _partners(one, other, name, before)
    moves = any(_moves(year) for m in measures for year in m["years"])
    return {
        "scenario": name,
        "scenario_title": before.scenarios[name].title,
        "is_main": name == before.settings.main,
        "seed": one.seed,
        "draws": one.draws,
        "year": before.settings.headline_year,
        "before": before.revision,
        "after": after.revision,
        "measures": measures,
        "partners": partners,
        "nothing": not (moves or partners),
        "worn_off": moves and not any(_moves(m["difference"]) for m in measures),
        "largest": largest(measures, partners),
    }


def largest(measures: Sequence[dict[str, Any]], partners: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The largest mean change of beds and of money, of the whole and of any part."""
    beds = [[year["mean"] for year in m["years"]] for m in measures if m["unit"] == "beds"]
    together = [sum(kinds) for kinds in zip(*beds, strict=True)]
    money = [[year["mean"] for year in m["years"]] for m in measures if m["unit"] == "money"]
    each = [partner["difference"]["mean"] for partner in partners]
    return {
        "beds": max((abs(n) for kind in (together, *beds) for n in kind), default=0.0),
        "money_gbp": max((abs(n) for some in (each, *money) for n in some), default=0.0),
    }


def _has(f: Forecast, scenario: str, measure: str) -> bool:
    return any(key.measure == measure and not (key.partner or key.place) for key in f.scenarios[scenario].keys)


def _measure(one: Forecast, other: Forecast, scenario: str, measure: str, label: str, unit: str) -> dict[str, Any]:
    a, b = one.scenarios[scenario], other.scenarios[scenario]
    year = one.plan.settings.headline_year
    old, new = a.draws(measure, year), b.draws(measure, year)
    years = [{"year": y, **_rounded(spread(b.draws(measure, y) - a.draws(measure, y)), unit)} for y in one.years[1:]]
    return {
        "measure": measure,
        "label": label,
        "unit": unit,
        "before": _rounded(spread(old), unit),
        "after": _rounded(spread(new), unit),
        "difference": _rounded(spread(new - old), unit),
        "years": years,
    }


def _partners(one: Forecast, other: Forecast, scenario: str, plan: Plan) -> list[dict[str, Any]]:
    """What each partner's gap does in the year in which it moves most."""
    a, b = one.scenarios[scenario], other.scenarios[scenario]
    names = dict(plan.tables["partners"].select("code", "name").iter_rows())
    found = []
    for key in a.keys:
        if key.measure != "gap_gbp" or not key.partner:
            continue
        moved = [
            (y, b.draws("gap_gbp", y, partner=key.partner) - a.draws("gap_gbp", y, partner=key.partner))
            for y in one.years[1:]
        ]
        year, most = max(moved, key=lambda m: abs(float(np.mean(m[1]))))
        said = _rounded(spread(most), "money")
        if _moves(said):
            found.append({"partner": key.partner, "name": names[key.partner], "year": year, "difference": said})
    return sorted(found, key=lambda p: -abs(p["difference"]["mean"]))


def _moves(difference: dict[str, Any]) -> bool:
    return any(difference[name] != 0.0 for name in ("p5", "p95", "mean"))


def _rounded(values: dict[str, float], unit: str) -> dict[str, float]:
    """Kept to a pound or a thousandth, so that what is stored is what is shown and nothing like 1e-12 moves."""
    digits = 0 if unit == "money" else 3
    return {name: round(value, digits) + 0.0 for name, value in values.items()}


def warm(plan: Plan, initiative: str) -> None:
    """Forecast the plan as it is beside the request, so that it is there when somebody asks what a change does."""
    name = scenario_for(plan, initiative)
    key = (plan.fingerprint, name)
    if key in _warming:
        return
    _warming.add(key)

    def work() -> None:
        try:
            forecast_of(plan, [name], DRAWS)
        finally:
            _warming.discard(key)

    threading.Thread(target=work, daemon=True).start()
