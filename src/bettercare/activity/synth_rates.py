"""How often each synthetic person uses each service: the plan's own counts, shared out by frailty and deprivation.

For a service, each row of `activity.csv` is a cell (locality, sex, ages). The people of a cell have weights, and the
rate of one unit of weight is the row's count, scaled, over the sum of weights in the base year: so that the expected
total of every cell in the base year is the plan's own, whoever lives there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bettercare.activity import synth_assumed as assumed
from bettercare.activity.synth_people import Floats, Ints, People, day
from bettercare.foundation import years

if TYPE_CHECKING:
    import polars as pl

    from bettercare.plan.plan import Plan

AGES = 121
UNPLANNED = ("urgent",)


@dataclass(frozen=True, eq=False)
class Service:
    """One service: how people use it in the base year, and what a unit of it looks like."""

    code: str
    setting: str
    currency: str
    admission: str
    cell: Ints  # (localities, 2, AGES): number of the row of activity, -1 where nobody uses it
    count: Floats  # of each row, in the base year, for the whole area
    mean_stay: Floats
    sd_stay: Floats


def services(plan: Plan, people: People, chosen: list[str]) -> list[Service]:
    """The chosen services that have activity in the plan's base year, in the plan's order."""
    import polars as pl

    table = plan["activity"].filter(pl.col("locality").is_in(people.localities))
    table = table.group_by("service", "locality", "sex", "age_low", "age_high", maintain_order=True).agg(
        pl.col("count").sum(),
        (pl.col("mean_los_days") * pl.col("count")).sum() / pl.col("count").sum(),
        (pl.col("sd_los_days") * pl.col("count")).sum() / pl.col("count").sum(),
    )
    found = []
    for row in plan["services"].iter_rows(named=True):
        own = table.filter((pl.col("service") == row["code"]) & (pl.col("count") > 0))
        if row["code"] in chosen and own.height:
            found.append(_service(row, own, people))
    return found


def _service(row: dict[str, str], table: pl.DataFrame, people: People) -> Service:
    cell = np.full((len(people.localities), 2, AGES), -1, dtype=np.int64)
    for number, one in enumerate(table.iter_rows(named=True)):
        place = people.localities.index(one["locality"])
        for sex in ("F", "M"):
            if one["sex"] in (sex, "P"):
                cell[place, int(sex == "M"), one["age_low"] : min(one["age_high"], AGES - 1) + 1] = number
    numbers = {name: table[name].fill_null(0.0).fill_nan(0.0).to_numpy() for name in ("mean_los_days", "sd_los_days")}
    return Service(
        row["code"], row["setting"], row["currency"], row["admission"] or "", cell, table["count"].to_numpy(),
        numbers["mean_los_days"], numbers["sd_los_days"],
    )  # fmt: skip


def weights(service: Service, people: People) -> Floats:
    """How likely each person is to use the service beside others of the same cell."""
    power = assumed.FRAILTY_POWER_OF.get(service.code, assumed.FRAILTY_POWER.get(service.setting, 0.5))
    weight = people.frailty**power
    if service.setting in UNPLANNED or service.admission == "emergency":
        weight = weight * np.array(assumed.DEPRIVATION)[np.clip(people.quintile, 1, 5) - 1]
    return np.asarray(weight)


def cells(service: Service, people: People, on: int) -> Ints:
    """The cell of each person on a day; -1 for those who do not use the service.

    Whoever is born later in the year counts among the youngest; exposure takes off the part of the year before.
    """
    age = people.age(on)
    male = (people.sex == "M").astype(np.int64)
    found = service.cell[people.locality, male, np.clip(age, 0, AGES - 1)]
    return np.asarray(np.where(age < 0, service.cell[people.locality, male, 0], found))


def exposure(people: People, first: int, after: int) -> Floats:
    """The share of the days from `first` to before `after` on which each person is alive."""
    alive = np.minimum(people.death, after) - np.maximum(people.birth, first)
    return np.asarray(np.clip(alive, 0, None) / (after - first))


def base_rates(plan: Plan, service: Service, people: People, weight: Floats) -> Floats:
    """For each cell, units of activity a year for a unit of weight."""
    first = day(years.start(plan.settings.base_year).isoformat())
    cell = cells(service, people, first + 183)
    here = cell >= 0
    lived = weight * exposure(people, first, first + 365)
    total = np.bincount(cell[here], weights=lived[here], minlength=len(service.count))
    return np.divide(service.count * people.scale, total, out=np.zeros(len(total)), where=total > 0)


def growth(plan: Plan, service: str, year: str, on: Ints) -> Floats:
    """The factor of use for each age in `on`: the middle of the plan's own growth beyond population, year by year."""
    import polars as pl

    factor = np.ones(len(on))
    table = plan["growth"].filter((pl.col("service") == service) & (pl.col("kind") == "non-demographic"))
    for row in table.iter_rows(named=True):
        first, last = years.parse(row["from_year"]), years.parse(row["to_year"])
        steps = min(years.parse(year), last) - first + 1
        low = 0 if row["age_low"] is None else row["age_low"]
        high = AGES if row["age_high"] is None else row["age_high"]
        if steps > 0:
            factor[(on >= low) & (on <= high)] *= (1 + row["mode"] / 100) ** steps
    return factor


def days_of_year(plan: Plan, service: str, year: str) -> tuple[Ints, Floats]:
    """The days of a financial year, and the running share of a year's activity up to each of them."""
    first, last = (day(one.isoformat()) for one in (years.start(year), years.end(year)))
    days = np.arange(first, last + 1)
    month = (days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 - 3) % 12
    weekday = (days - 4) % 7  # 5 January 1970 was a Monday
    share = profile(plan, service, "month", 1, 12)[month] * profile(plan, service, "weekday", 1, 7)[weekday]
    return days, np.cumsum(share) / share.sum()


def profile(plan: Plan, service: str, dimension: str, lowest: int, number: int) -> Floats:
    """The weights of a profile in order; all 1 where the plan gives none."""
    import polars as pl

    table = plan["profiles"].filter((pl.col("service") == service) & (pl.col("dimension") == dimension))
    out = np.ones(number)
    for position, weight in zip(table["position"], table["weight"], strict=True):
        if 0 <= position - lowest < number:
            out[position - lowest] = weight
    return out
