"""Base-year activity outside the acute trust: community and mental health, primary, urgent and social care."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bettercare.examples.llr.derive import hospital, rates
from bettercare.examples.llr.derive.sites_split import COMMUNITY_BEDS, LEARNING_DISABILITY_BEDS, MENTAL_HEALTH_BEDS
from bettercare.examples.llr.derive.tables import AGE_LOWS, LOCALITIES, Array, figure, read

LOWS = np.array(AGE_LOWS)
OCCUPANCY = figure("occupancy-lpt-2013-14")
GROUP_LOWS = (0, 15, 30, 45, 60, 75, 90)
GROUP = np.searchsorted(GROUP_LOWS, LOWS, side="right") - 1
# Share of the trust's admissions of an age group that are to mental health beds; the rest are to community beds.
MENTAL_HEALTH_SHARE = np.array([1.0, 1.0, 0.97, 0.85, 0.30, 0.07, 0.02])
LEARNING_DISABILITY_ADMISSIONS = 60.0
# Mental health admissions rise steeply with deprivation; index by quintile, most deprived first.
MENTAL_HEALTH_BY_QUINTILE = np.array([1.7, 1.2, 0.95, 0.75, 0.6])
STEP_DOWN_SHARE = 0.70  # of community hospital admissions at 60 and over that come from emergency medical beds

# Flows from emergency medical beds: lowest age, and what goes on for each spell.
SUPPORT_SPELLS, SUPPORT_STAY, SUPPORT_STEP_DOWN = 1200.0, 12.0, 0.60
REABLEMENT_SHARE, REABLEMENT_WEEKS, REABLEMENT_STEP_DOWN = 0.08, 5.5, 0.60

CARE_AGE = np.interp(LOWS, [65, 70, 75, 80, 85, 90], [1.0, 1.8, 3.6, 7.5, 15.0, 28.0])


@dataclass(frozen=True)
class Rate:
    """A service with no local figure: units a head of all residents, shape by age, pull of deprivation."""

    per_head: float
    ages: tuple[float, ...]
    shape: tuple[float, ...]
    deprivation: float
    reason: str


def _points(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(";"))


@cache
def assumed_rates() -> dict[str, Rate]:
    """The services of source-rates.csv."""
    return {
        row["service"]: Rate(
            float(row["per_head"]),
            _points(row["ages"]),
            _points(row["shape"]),
            float(row["deprivation"]),
            row["assumed"],
        )
        for row in read("rates")
    }


def people() -> Array:
    """Residents of mid-2013 (localities, sexes, bands)."""
    return rates.base_people()[:3]


@cache
def deprivation_index() -> Array:
    """Residents' emergency episodes over those at England's average rates (localities, sexes, bands)."""
    e = rates.england()
    average = e["emergency_episodes"].sum(axis=-1) / e["people"].sum(axis=-1)
    return np.asarray(rates.emergency_episodes() / (people() * average))


def assumed_count(service: str) -> Array:
    """Residents' use of a service of source-rates.csv (localities, sexes, bands)."""
    rate = assumed_rates()[service]
    shape = np.interp(LOWS, rate.ages, rate.shape)
    found = people() * shape * deprivation_index() ** rate.deprivation
    return np.asarray(found * rate.per_head * people().sum() / found.sum())


@cache
def attendances() -> dict[str, Array]:
    """Emergency department and minor attendances: (places with outside, sexes, bands), calibrated at the Royal."""
    from bettercare.examples.llr.derive.sites_split import MINOR

    back = 1.02**3  # three years of 2% growth between 2013/14 and 2016/17
    types = {
        "ae-major": figure("ae-type-1-uhl-2016-17"),
        "ae-minor": figure("ae-type-2-uhl-2016-17") + figure("ae-type-other-uhl-2016-17"),
    }
    share = {"ae-major": hospital.to_trust("ae-major"), "ae-minor": np.array([MINOR[c]["lri"] for c in LOCALITIES])}
    found = {}
    for service, older in (("ae-major", 1.15), ("ae-minor", 0.6)):
        here = types[service] / back
        outside = hospital.OUTSIDE_SHARE[service]
        relative = rates.attendances(older)
        local = relative * share[service][:, None, None]
        scale = here * (1.0 - outside) / local.sum()
        guests = local.sum(axis=0) * scale * outside / (1.0 - outside)
        found[service] = np.concatenate([relative * scale, guests[None]])
    return found


@cache
def outpatients() -> dict[str, Array]:
    """First and follow-up attendances (places with outside, sexes, bands).

    England's appointments by sex, age and deprivation; 80% attended; and as far below England as planned admissions
    here were found to be. Three in ten are first attendances.
    """
    attended = rates.outpatient_appointments() * 0.80 * hospital.hospital().planned_factor
    found = {}
    for service, part in (("outpatient-first", 0.30), ("outpatient-follow-up", 0.70)):
        residents = attended * part
        guests = hospital._outside(residents * hospital.to_trust(service)[:, None, None], service)
        found[service] = np.concatenate([residents, guests[None]])
    return found


def trust_admissions() -> Array:
    """Admissions of the community and mental health trust by age group: its episodes' ages, its admissions' total."""
    episodes = np.array([figure(f"episodes-lpt-2013-14-age-{low}") for low in GROUP_LOWS])
    return np.asarray(episodes * figure("admissions-lpt-2013-14") / episodes.sum())


@cache
def mental_health() -> tuple[Array, Array]:
    """Mental health admissions (localities, sexes, bands) and mean stay by band."""
    target = trust_admissions() * MENTAL_HEALTH_SHARE
    weight = (rates.people_by_quintile() * MENTAL_HEALTH_BY_QUINTILE).sum(axis=-1)
    weight *= np.interp(LOWS, [0, 5, 10, 15], [0.0, 0.02, 0.3, 1.0])
    found = np.zeros(rates.SHAPE)
    for g, wanted in enumerate(target):
        found[:, :, g == GROUP] = weight[:, :, g == GROUP] * wanted / weight[:, :, g == GROUP].sum()
    shape = np.interp(LOWS, [10, 20, 45, 65, 75], [40.0, 22.0, 26.0, 45.0, 55.0])
    days = sum(MENTAL_HEALTH_BEDS.values()) * OCCUPANCY * 365.0
    return found, np.round(shape * days / (found * shape).sum(), 3)


@cache
def learning_disability() -> tuple[Array, Array]:
    """Learning disability admissions and mean stay by band."""
    adults = np.where((LOWS >= 20) & (LOWS < 65), people(), 0.0)
    found = adults * LEARNING_DISABILITY_ADMISSIONS / adults.sum()
    days = sum(LEARNING_DISABILITY_BEDS.values()) * OCCUPANCY * 365.0
    return found, np.full(len(LOWS), round(days / LEARNING_DISABILITY_ADMISSIONS, 3))


@cache
def community_inpatient() -> tuple[Array, Array]:
    """Community hospital admissions and mean stay by band: the trust's ages and the beds near each home area."""
    target = trust_admissions() * (1.0 - MENTAL_HEALTH_SHARE)
    target *= (target.sum() - LEARNING_DISABILITY_ADMISSIONS) / target.sum()
    beds = np.array([sum(homes.get(code, 0.0) for homes in COMMUNITY_BEDS.values()) for code in LOCALITIES])
    days = beds * OCCUPANCY * 365.0
    found = hospital.hospital().counts["emergency-medical"][:3].copy()
    found[:, :, target[GROUP] == 0.0] = 0.0
    shape = np.interp(LOWS, [30, 65, 85], [18.0, 21.0, 24.0])
    stay = shape
    for _ in range(200):
        for g, wanted in enumerate(target):
            part = found[:, :, g == GROUP]
            if part.sum() > 0.0:
                found[:, :, g == GROUP] = part * wanted / part.sum()
        stay = shape * days.sum() / (found * shape).sum()
        found *= (days / (found * stay).sum(axis=(1, 2)))[:, None, None]
    return found, np.round(stay, 3)


def care_weeks() -> dict[str, Array]:
    """Council-supported social care in weeks by council: published totals, ages and sexes assumed."""
    women = np.array([1.15, 0.87])[None, :, None]
    old = np.where(LOWS >= 65, people() * CARE_AGE, 0.0) * women
    young = np.where((LOWS >= 20) & (LOWS < 65), people(), 0.0) * np.interp(LOWS, [20, 45, 60], [0.8, 1.0, 1.6])
    found: dict[str, Array] = {}

    def council(code: str) -> Array:
        return np.array([figure(f"{code}-{name}") for name in LOCALITIES])

    def spread(weight: Array, total: Array) -> Array:
        return np.asarray(weight * (total / weight.sum(axis=(1, 2)))[:, None, None])

    for service, code in (("home-care", "home-care"), ("direct-payments", "direct-payments")):
        over, everyone = council(f"{code}-65") * 52.0, council(f"{code}-all") * 52.0
        found[service] = spread(old, over) + spread(young, everyone - over)
    found["care-home"] = spread(old, council("care-home-weeks-65"))
    working = council("care-weeks-physical") + council("care-weeks-mental") + council("care-weeks-learning")
    found["working-age-social-care"] = spread(young, working)
    return found
