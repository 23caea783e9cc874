"""A comparison with like people as an observation to learn from: admissions avoided a year, and its error."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import polars as pl

from bettercare.appraisal.benefits import Benefits
from bettercare.engines.learn.benefit import LEVEL
from bettercare.foundation.problems import UsageError, shown

if TYPE_CHECKING:
    import duckdb

    from bettercare.plan.plan import Plan

YEAR_DAYS = 365.25
REACH = NormalDist().inv_cdf(0.5 + LEVEL / 2.0)  # standard errors from an estimate to the end of its interval


def to_observation(found: Benefits, effect: str | None = None, raised: float | None = None) -> dict[str, Any]:
    """The compared estimate as a row of the observations of `bettercare learn`: a value a year and its standard error.

    `effect` is needed where the initiative has several that avoid something. `raised` is given for synthetic records
    only: it is how many people of the plan each made-up person stands for (`people_each`). Raises UsageError where
    there is nothing to write.
    """
    chosen = _effect(found, effect)
    compared = found.compared
    if compared is None or compared.avoided_a_year is None:
        raise UsageError(f"There is no comparison of {found.initiative} to learn from. {found.why_not}".strip())
    times = 1.0 if raised is None else raised
    value, low, high = (x * times for x in vars(compared.avoided_a_year).values())
    said = f"Matched controls, {found.months} months after: {value:.0f} a year (90% interval {low:.0f} to {high:.0f})."
    made_up = f" Each made-up person stands for {times:.0f} people of the plan." if raised is not None else ""
    return {
        "id": f"{found.initiative}-compared-{found.first}",
        "kind": "benefit",
        "effect": chosen,
        "period": f"{found.first}/{found.last}",
        "value": round(value, 1),
        "sd": max(round((high - low) / 2.0 / REACH, 1), 0.1),
        "made_up": "no" if raised is None else "yes",
        "note": said + made_up,
    }


def _effect(found: Benefits, effect: str | None) -> str:
    codes = [one.code for one in found.in_plan]
    if effect is None and len(codes) != 1:
        raise UsageError(f"{found.initiative} has {len(codes)} effects that avoid something; name one with --effect.")
    chosen = effect or codes[0]
    if chosen not in codes:
        raise UsageError(
            f"{shown(chosen)} is no effect of {found.initiative} that avoids something ({', '.join(codes)})."
        )
    return chosen


def people_each(plan: Plan, connection: duckdb.DuckDBPyConnection) -> float:
    """How many people of the plan each person of a synthetic store stands for.

    It is the plan's emergency admissions in the base year over the store's a year, of the services that the store has:
    made-up records follow the plan's activity, on a sample of its people. Growth since the base year is left out.
    """
    held = connection.execute(
        "SELECT service, count(*), min(start_at)::DATE, max(start_at)::DATE FROM events "
        "WHERE event = 'spell' AND method = 'emergency' AND service IS NOT NULL GROUP BY service"
    ).fetchall()
    planned = dict(plan["activity"].group_by("service").agg(pl.sum("count")).iter_rows())
    both = [row for row in held if planned.get(row[0])]
    if not both:
        raise UsageError("These made-up records have no emergency admissions of a service of this plan.")
    days = (max(row[3] for row in both) - min(row[2] for row in both)).days + 1
    return float(sum(planned[row[0]] for row in both) / (sum(row[1] for row in both) * YEAR_DAYS / days))


def schemes(plan: Plan, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The initiatives of the plan that the store has referrals to and that are to avoid something, in order."""
    held = {
        code for (code,) in connection.execute("SELECT DISTINCT code FROM events WHERE event = 'scheme'").fetchall()
    }
    effects = plan["effects"].filter(pl.col("lever") == "avoid")
    return sorted(held & set(effects["initiative"].to_list()))
