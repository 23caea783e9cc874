"""population.csv: people of mid-2013 to mid-2018 and their two variants, from what could be known in 2014 and 2015.

Nine districts are projected one five-year step from mid-2014 to mid-2019 and added up; the years between lie on a
straight line in every band of sex and age. Mid-2013 is the same line looked back, scaled to the published change of
the total.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bettercare.examples.llr.derive.tables import (
    AGE_LOWS,
    BANDS,
    DISTRICTS,
    LOCALITIES,
    OUTSIDE,
    PLAN,
    SEXES,
    STAND_IN,
    Array,
    figure,
    read,
    rounded_to_total,
    write,
)
from bettercare.model import population as model

YEARS = tuple(range(2013, 2019))
NAMES = tuple(DISTRICTS)
# Universities dominate the ages 15-29 of Leicester (two) and Charnwood (Loughborough): held at their number.
STUDENT_DISTRICTS = ("Leicester", "Charnwood")
STUDENT_BANDS = tuple(i for i, low in enumerate(AGE_LOWS) if 15 <= low < 30)
# Relative fertility by age (15-19 to 40-44), about England and Wales in 2013; only its shape matters, because births
# are scaled to those of each district.
FERTILITY_PATTERN = {15: 17.0, 20: 62.0, 25: 100.0, 30: 110.0, 35: 64.0, 40: 14.0}
OUTSIDE_PEOPLE = 100_000.0
# Net migration and other change (mostly armed forces, which matter in Rutland): the plain average of the three years
# after the 2011 Census, because the years before it were reconciled to it afterwards.
MIGRATION_WEIGHTS = np.array([0.0, 0.0, 1.0, 1.0, 1.0]) / 3.0


@dataclass(frozen=True)
class Variant:
    """Assumptions of one variant: mortality change a year (%), fertility over 2014's, migration over its average."""

    name: str
    mortality_percent: float
    fertility: float
    migration_spreads: float


# Spread of migration: one standard deviation of the yearly totals mid-2012 to mid-2014 of the place, held for all
# five years (bad years come together). 1.28 standard deviations make a 10% or 90% line of a normal.
VARIANTS = (
    Variant("principal", -1.5, 1.0, 0.0),
    Variant("low", -0.5, 0.96, -1.28),
    Variant("high", -2.5, 1.04, 1.28),
)


def _start() -> tuple[Array, Array]:
    """People of mid-2014 and deaths of 2014: two arrays (districts, sexes, bands)."""
    people = np.zeros((len(NAMES), len(SEXES), len(BANDS)))
    deaths = np.zeros_like(people)
    for row in read("people"):
        at = NAMES.index(row["area"]), SEXES.index(row["sex"]), AGE_LOWS.index(int(row["age_low"]))
        people[at] = float(row["people"])
        deaths[at] = float(row["deaths"])
    return people, deaths


def _components(column: str) -> Array:
    """A component of change: (districts, years mid-2010 to mid-2014)."""
    values = np.zeros((len(NAMES), 5))
    for row in read("components"):
        values[NAMES.index(row["area"]), int(row["mid_year"]) - 2010] = float(row[column])
    return values


def _survival(people: Array, deaths: Array, mortality_percent: float) -> model.Survival:
    """Survival of each district: the age pattern of all nine together, at the district's own level by sex.

    A single district's deaths are too few for a life table by five-year band; its level (deaths over those expected at
    the common rates) is not. Mortality changes by ``mortality_percent`` a year from 2014 to the middle of the step.
    """
    rates = deaths.sum(axis=0) / people.sum(axis=0)
    level = deaths.sum(axis=-1) / (people * rates).sum(axis=-1)
    change = (1.0 + mortality_percent / 100.0) ** 2.5
    return model.survival(people * rates * level[..., None] * change, people)


def project(variant: Variant) -> tuple[Array, Array]:
    """People of mid-2014 and of mid-2019 by district: two arrays (districts, sexes, bands)."""
    people, deaths = _start()
    survive = _survival(people, deaths, variant.mortality_percent)
    pattern = np.array([FERTILITY_PATTERN.get(low, 0.0) for low in AGE_LOWS])
    recent_births = _components("births")[:, -3:].mean(axis=1)
    fertility = model.fertility_from_births(recent_births * variant.fertility, people[:, 0, :], pattern)
    net = _components("net_internal") + _components("net_international") + _components("other_change")
    together = _by_locality(net)
    spread = np.array([together[LOCALITIES.index(DISTRICTS[n]), 2:].std(ddof=1) for n in NAMES])
    weight = people.sum(axis=(1, 2))
    area = np.array([sum(w for w, m in zip(weight, NAMES, strict=True) if DISTRICTS[m] == DISTRICTS[n]) for n in NAMES])
    yearly = net @ MIGRATION_WEIGHTS + variant.migration_spreads * spread * weight / area
    held = np.zeros((len(NAMES), 1, len(BANDS)), dtype=bool)
    for name in STUDENT_DISTRICTS:
        held[NAMES.index(name), 0, list(STUDENT_BANDS)] = True
    replacing = model.held_migrants(people, survive, held)
    middle = np.array([low + 2.5 for low in AGE_LOWS])
    schedule = model.rogers_castro(middle)
    rest = yearly * model.YEARS - replacing.sum(axis=(1, 2))
    migrants = replacing + model.spread_migrants(rest, people, schedule, held)
    return people, model.step(people, survive, fertility, migrants).people


def _by_locality(values: Array) -> Array:
    """Sum districts into localities along the first axis."""
    parts = [[i for i, n in enumerate(NAMES) if DISTRICTS[n] == code] for code in LOCALITIES]
    return np.stack([values[p].sum(axis=0) for p in parts])


def yearly_people(variant: Variant) -> Array:
    """People by year mid-2013 to mid-2019, locality (three and outside), sex and band: (7, 4, 2, 19)."""
    start, end = (_by_locality(part) for part in project(variant))
    totals = _by_locality(_components("people"))
    # The published change of the total from mid-2013 to mid-2014, on one basis for both years.
    change = totals[:, 3] / totals[:, 4]
    years = [model.between(start, end, k / model.YEARS) for k in range(6)]
    before = model.between(*_principal_line(), -0.2)
    before *= (start.sum(axis=(1, 2)) * change / before.sum(axis=(1, 2)))[:, None, None]
    inside = np.stack([before, *years])
    # People from elsewhere: an index that ages and grows as the county and Rutland together do.
    around = inside[:, 1] + inside[:, 2]
    outside = around * (OUTSIDE_PEOPLE / around[0].sum())
    return np.concatenate([inside, outside[:, None]], axis=1)


def _principal_line() -> tuple[Array, Array]:
    start, end = project(VARIANTS[0])
    return _by_locality(start), _by_locality(end)


def people_of(year: int, variant: str = "principal") -> Array:
    """People on 30 June of a year (2013 to 2019): (localities and outside, sexes, bands)."""
    chosen = next(v for v in VARIANTS if v.name == variant)
    return yearly_people(chosen)[year - 2013]


def comparison() -> list[tuple[str, float, float, float, float]]:
    """Place, projected people of mid-2019, published people, projected growth of those aged 65+ (%), published (%)."""
    years = yearly_people(VARIANTS[0])
    first, last = years[1, :3], years[6, :3]
    old = AGE_LOWS.index(65)
    rows = []
    for i, code in enumerate((*LOCALITIES, "llr")):
        pick = slice(None) if code == "llr" else slice(i, i + 1)
        growth = 100.0 * (last[pick, :, old:].sum() / first[pick, :, old:].sum() - 1.0)
        name = code if code == "llr" else LOCALITIES[i]
        rows.append(
            (name, last[pick].sum(), figure(f"people-{name}-2019"), growth, figure(f"growth-65-{name}-2014-2019"))
        )
    return rows


def _reasoning(year: int, locality: str, variant: str) -> tuple[str, str]:
    """Evidence code and the reasoning that every row of the year carries."""
    if locality == OUTSIDE:
        return "", "An index of 100,000 people of the base year who age and grow as the county and Rutland do."
    if year == 2013:
        return "ons-components-2001-2019", (
            "Looked back from mid-2014 by sex and age; the total follows the published change. "
            + STAND_IN["components"]
        )
    if year == 2014:
        return "ons-mye-2014", STAND_IN["mye"]
    how = "Cohort-component projection from mid-2014 with the deaths, births and migration of 2012 to 2014. "
    if variant != "principal":
        how += "Mortality, fertility and migration at the ends of an assumed range. "
    return "ons-mye-2014", how + STAND_IN["mye"]


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write population.csv; print it beside the published mid-2019 totals, which the projection never used."""
    rows: list[dict[str, object]] = []
    for variant in VARIANTS:
        years = yearly_people(variant)
        for k, year in enumerate(YEARS):
            for i, locality in enumerate((*LOCALITIES, OUTSIDE)):
                whole = rounded_to_total(years[k, i], round(years[k, i].sum()), 1.0)
                evidence, reasoning = _reasoning(year, locality, variant.name)
                for s, sex in enumerate(SEXES):
                    for b, (low, high) in enumerate(BANDS):
                        rows.append(
                            {
                                "locality": locality,
                                "sex": sex,
                                "age_low": low,
                                "age_high": high,
                                "year": f"{year}/{(year + 1) % 100:02d}",
                                "variant": variant.name,
                                "people": float(whole[s, b]),
                                "evidence": evidence,
                                "assumed": reasoning,
                            }
                        )
    print("mid-2019: projected and published people; growth of those aged 65+ from mid-2014, projected and published")
    for name, projected, published, growth, actual in comparison():
        print(
            f"  {name:<15}{projected:>11,.0f}{published:>11,.0f}  {100 * (projected / published - 1):+.2f}%"
            f"   65+ {growth:5.1f}% {actual:5.1f}%"
        )
    for variant in VARIANTS[1:]:
        print(f"  {variant.name} variant, all three: {yearly_people(variant)[6, :3].sum():,.0f}")
    print(f"  the plan of 2014 expected the over-65s to grow by {figure('planned-growth-65-2014-2019'):.0f}%")
    return {"population": write("population", rows, folder)}
