"""What of a year's forecast falls into some of its months: for observations of months, and for charts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from bettercare.activity.synth_rates import profile
from bettercare.engines.forecast.measures import ADMISSIONS
from bettercare.model.seasons import FLAT, part_of_year

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

COUNTS = ("activity", *ADMISSIONS, "urgent_attendances", "outpatient_attendances")  # what comes one by one
CARE = (*COUNTS, "bed_days")  # what has seasons
MONEY = ("gap_gbp", "cost_gbp", "income_gbp", "once_gbp", "capital_gbp", "paid_net_gbp")
SETTINGS = {"urgent_attendances": "urgent", "outpatient_attendances": "acute"}  # as the forecast has them
PROFILE_MONTHS = 12


def part(plan: Plan, measure: str, service: str, first: int, last: int) -> float:
    """What of a year's number of a measure falls into the months from `first` to `last` (years times 12 plus the month
    less 1), both in.

    Counts of care by the days of each month and the plan's seasons of the service (`profiles.csv`; of several services,
    each with its base-year activity); bed days by the same, as if people left when they came. Money is paid in twelfths
    all year. 1 for everything else, such as beds: that is the same in a month as in a year.
    """
    if measure in MONEY:
        return (last - first + 1) / 12.0
    if measure not in CARE:
        return 1.0
    return part_of_year(first, last, _rates(plan, measure, service))


def _rates(plan: Plan, measure: str, service: str) -> list[float]:
    """Rate of a day in each month from April on, 1 on average, over the services that a measure counts."""
    shown = {service} if service else counted(plan, measure)
    found = plan["activity"].filter(pl.col("service").is_in(list(shown))).group_by("service").agg(pl.sum("count"))
    out, total = [0.0] * PROFILE_MONTHS, 0.0
    for code, number in found.sort("service").iter_rows():
        weights = profile(plan, code, "month", 1, PROFILE_MONTHS)
        if weights.mean() > 0.0:
            out = [a + number * float(w) for a, w in zip(out, weights / weights.mean(), strict=True)]
            total += number
    return [a / total for a in out] if total > 0.0 else list(FLAT)


def counted(plan: Plan, measure: str) -> set[str]:
    """The services whose activity a measure of all services counts; all for one that is not of some kind of service."""
    services = plan["services"]
    if measure in ADMISSIONS:
        services = services.filter(pl.col("admission") == ADMISSIONS[measure])
    elif measure in SETTINGS:
        services = services.filter((pl.col("currency") == "attendance") & (pl.col("setting") == SETTINGS[measure]))
    return set(services["code"].to_list())
