"""Expected use of the base year: England's rates by sex, age and deprivation times local people."""

from __future__ import annotations

from functools import cache

import numpy as np

from bettercare.examples.llr.derive.population import people_of
from bettercare.examples.llr.derive.tables import AGE_LOWS, LOCALITIES, QUINTILES, SEXES, Array, figure, read

SHAPE = (len(LOCALITIES), len(SEXES), len(AGE_LOWS))
# At 45-49, where births are rare, women have about 1.36 times the planned episodes of men. That ratio is used from 15
# to 44, so that what is above it can be counted as maternity.
WOMEN_TO_MEN_PLANNED = 1.36


@cache
def base_people() -> Array:
    """People of mid-2013: (localities and outside, sexes, bands)."""
    return people_of(2013)


@cache
def people_by_quintile() -> Array:
    """People of mid-2013 by deprivation: (localities, sexes, bands, quintiles).

    The split within each broad age is that of mid-2019 small areas, because none by age was found for 2013.
    """
    share = np.zeros((len(LOCALITIES), len(AGE_LOWS), len(QUINTILES)))
    for row in read("deprivation-by-age"):
        at = LOCALITIES.index(row["area"].lower())
        for b, low in enumerate(AGE_LOWS):
            if int(row["age_low"]) <= low <= int(row["age_high"]):
                share[at, b, int(row["quintile"]) - 1] = float(row["people"])
    share /= share.sum(axis=-1, keepdims=True)
    return base_people()[:3, :, :, None] * share[:, None, :, :]


@cache
def england() -> dict[str, Array]:
    """England's people and use of 2011/12 (sexes, bands, quintiles); 85 and over has one rate for both bands."""
    names = ("people", "emergency_episodes", "planned_and_maternity_episodes", "outpatient_appointments")
    found = {name: np.zeros((len(SEXES), len(AGE_LOWS), len(QUINTILES))) for name in names}
    found["gp_visits_per_person"] = np.zeros_like(found["people"])
    for row in read("england-use"):
        s, q = SEXES.index(row["sex"]), int(row["quintile"]) - 1
        first = AGE_LOWS.index(int(row["age_low"]))
        for b in (first, first + 1) if row["age_low"] == "85" else (first,):
            for name in found:
                found[name][s, b, q] = float(row[name])
    return found


def _expected(rate: Array) -> Array:
    """Rate (sexes, bands, quintiles) times local people: (localities, sexes, bands)."""
    return np.asarray((people_by_quintile() * rate).sum(axis=-1))


def emergency_episodes() -> Array:
    """Expected emergency episodes of residents (localities, sexes, bands)."""
    e = england()
    return _expected(e["emergency_episodes"] / e["people"])


def planned_episodes() -> Array:
    """Expected planned episodes of residents without maternity (localities, sexes, bands)."""
    e = england()
    rate = e["planned_and_maternity_episodes"] / e["people"]
    fertile = slice(AGE_LOWS.index(15), AGE_LOWS.index(45))
    rate[0, fertile] = np.minimum(rate[0, fertile], WOMEN_TO_MEN_PLANNED * rate[1, fertile])
    return _expected(rate)


def outpatient_appointments() -> Array:
    """Expected outpatient appointments of residents (localities, sexes, bands)."""
    e = england()
    return _expected(e["outpatient_appointments"] / e["people"])


def consultations() -> Array:
    """Consultations of residents with a doctor or nurse in general practice (localities, sexes, bands).

    QResearch visit rates by sex and age, scaled so that England as a whole has the published number per head.
    """
    e = england()
    people = e["people"].copy()
    people[:, -1] = 0.0  # 85 and over stands in two bands; count it once
    crude = (e["gp_visits_per_person"] * people).sum() / people.sum()
    return _expected(e["gp_visits_per_person"] * figure("consultations-per-head-2013-14") / crude)


def attendances(older_weight: float = 1.0) -> Array:
    """Relative emergency department attendances of residents (localities, sexes, bands), on any scale.

    A sample's ages over England's people of those ages, spread over five-year bands; within 75 and over the rate rises
    as emergency episodes do. Deprivation moves it half as far (in logarithms) as it moves emergency episodes.
    ``older_weight`` multiplies the ages from 65 (walk-in centres see fewer of them).
    """
    e = england()
    counted = e["people"].copy()
    counted[:, -1] = 0.0
    single = np.repeat(counted.sum(axis=(0, 2))[:18] / 5.0, 5)
    groups = (
        (0, 4, "0-4"),
        (5, 12, "5-12"),
        (13, 17, "13-17"),
        (18, 34, "18-34"),
        (35, 54, "35-54"),
        (55, 74, "55-74"),
    )
    by_age = np.zeros(90)
    for low, high, code in groups:
        by_age[low : high + 1] = figure(f"ae-sample-age-{code}") / single[low : high + 1].sum()
    by_age[75:] = figure("ae-sample-age-75") / counted.sum(axis=(0, 2))[15:].sum()
    band = np.array([by_age[min(low, 85) : min(low, 85) + 5].mean() for low in AGE_LOWS])
    rate = e["emergency_episodes"] / e["people"]
    old = rate.mean(axis=(0, 2))[15:]
    band[15:] *= old / np.average(old, weights=counted.sum(axis=(0, 2))[15:] + 1.0)
    band[13:] *= older_weight
    average = rate.mean(axis=-1, keepdims=True)
    return _expected(band[None, :, None] * np.sqrt(rate / average))
