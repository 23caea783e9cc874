"""One scenario against another: differences, who gains, what is saved and what it is worth."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.results import Forecast, ScenarioResult
from bettercare.model.money import money_factors

Array = NDArray[np.float64]


def spread(draws: Array) -> dict[str, float]:
    """p5, p50, p95 and mean of an array of draws."""
    p5, p50, p95 = np.quantile(draws, [0.05, 0.5, 0.95])
    return {"p5": float(p5), "p50": float(p50), "p95": float(p95), "mean": float(draws.mean())}


def compare(f: Forecast, base: str, other: str, year: str) -> pl.DataFrame:
    """What `other` changes against `base` in a year, paired by draw so that both have the same luck.

    One row for each measure, service, place and partner that both have: p5, p50, p95 and mean of other less base.
    """
    a, b = f.result(base), f.result(other)
    b.system.at_year(year)
    rows = []
    for key in b.keys:
        try:
            before = a.draws(key.measure, year, key.service, key.place, key.partner)
        except KeyError:
            continue
        change = b.draws(key.measure, year, key.service, key.place, key.partner) - before
        where = {"service": key.service, "place": key.place, "partner": key.partner}
        rows.append({"measure": key.measure, **where, "unit": key.unit, **spread(change)})
    return pl.DataFrame(rows)


def comparison_of(f: Forecast) -> str:
    """The scenario that others are held against: the plan's own, or the first."""
    name = f.plan.settings.comparison
    return name if name in f.scenarios else next(iter(f.scenarios))


def partner_table(f: Forecast, scenario: str, year: str) -> pl.DataFrame:
    """Each partner's gap if nothing is done and in a scenario, and where the change comes from (means, GBP).

    `own_change` is what its own costs and income do; `payment_change` what it pays to other partners less what it is
    paid by them. A council must balance its budget, so what it has is an unfunded pressure.
    """
    nothing, chosen = f.result(comparison_of(f)), f.result(scenario)
    partners = {r["code"]: r for r in f.plan.tables["partners"].iter_rows(named=True)}
    rows = []
    for partner in _partners("gap_gbp", chosen, nothing):
        before, after = (partner_draws(r, "gap_gbp", year, partner) for r in (nothing, chosen))
        paid_before, paid_after = (partner_draws(r, "paid_net_gbp", year, partner) for r in (nothing, chosen))
        change, paid = after - before, paid_after - paid_before
        kind = partners[partner]["kind"]
        rows.append(
            {
                "partner": partner,
                "name": partners[partner]["name"],
                "kind": kind,
                "gap_base": float(partner_draws(chosen, "gap_gbp", f.years[0], partner).mean()),
                "gap_do_nothing": float(before.mean()),
                "gap": float(after.mean()),
                "change": float(change.mean()),
                "p5": float(np.quantile(change, 0.05)),
                "p95": float(np.quantile(change, 0.95)),
                "own_change": float((change - paid).mean()),
                "payment_change": float(paid.mean()),
                "funding_label": "unfunded pressure" if kind == "council" else "gap",
            }
        )
    return pl.DataFrame(rows)


def _partners(measure: str, *results: ScenarioResult) -> list[str]:
    """Partners of which any of some scenarios has a measure of money."""
    return list(dict.fromkeys(k.partner for r in results for k in r.keys if k.measure == measure and k.partner))


def partner_draws(result: ScenarioResult, measure: str, year: str, partner: str) -> Array:
    """Money of a partner of the system in a year, one a draw: nothing where the scenario has none of it."""
    try:
        return result.draws(measure, year, partner=partner)
    except KeyError:
        return np.zeros(result.values.shape[2])


def savings(f: Forecast, scenario: str, year: str) -> pl.DataFrame:
    """What a scenario saves against doing nothing in a year, at base-year prices (GBP).

    `cash-releasing`: a service costs less than it did in the base year, so money comes out. `cost-avoiding`: it costs
    less than it would have. `investment` is what the initiatives cost every year. `moved between partners` is half the
    sum of the changes in what partners pay each other: it helps one and costs another, and saves nothing.
    """
    nothing, chosen = f.result(comparison_of(f)), f.result(scenario)
    y = chosen.system.at_year(year)
    cash = np.zeros(f.draws)
    avoided = np.zeros(f.draws)
    lines = [("resources", s) for s in range(len(chosen.system.services))]
    for name, s in [*lines, ("carried", None), ("outside", None)]:
        a, b = nothing.real[name], chosen.real[name]
        a, b = (a, b) if s is None else (a[s], b[s])
        saved = a[y] - b[y]
        released = np.clip(a[0] - b[y], 0.0, np.maximum(saved, 0.0))
        cash += released
        avoided += saved - released
    invested = chosen.real["invested"][y] - nothing.real["invested"][y]
    moved = np.zeros(f.draws)
    for partner in _partners("paid_net_gbp", chosen, nothing):
        before, after = (partner_draws(r, "paid_net_gbp", year, partner) for r in (nothing, chosen))
        moved += np.abs(after - before) / 2.0
    kinds = {
        "cash-releasing": cash,
        "cost-avoiding": avoided,
        "investment": -invested,
        "net": cash + avoided - invested,
        "moved between partners": moved,
    }
    return pl.DataFrame([{"kind": kind, **spread(draws)} for kind, draws in kinds.items()])


def net_present_value(f: Forecast, scenario: str) -> dict[str, float]:
    """Net present value of a scenario against doing nothing over the plan's years, GBP at base-year prices.

    Costs and savings of the whole system, what is spent once and capital, discounted from the base year at the plan's
    standard rate, and from year 31 at 3% if that is lower (HM Treasury, The Green Book). More than 0: worth more than
    it costs. It is not a full appraisal: health is not valued, and nothing after the last year is counted.
    """
    nothing, chosen = f.result(comparison_of(f)), f.result(scenario)
    rate = f.plan.settings.discount.standard_percent
    factors = money_factors(len(f.years), rate)
    flow = real_cost(nothing) - real_cost(chosen)
    worth = (factors[:, None] * flow).sum(axis=0)
    return {**spread(worth), "discount_percent": rate}


def real_cost(result: ScenarioResult) -> Array:
    """All that the system spends in a year at base-year prices, capital included, (years, draws)."""
    parts = [v.sum(axis=0) if name == "resources" else v for name, v in result.real.items()]
    capital = [result.draws("capital_gbp", year) for year in result.system.years]
    return np.asarray(sum(parts) + np.stack(capital))
