"""Hospital activity of the base year, calibrated to what the trust published.

Residents' expected episodes (England's rates by sex, age and deprivation) become admissions, are split into services,
and are scaled until the trust's sites have the published admissions and episodes by age, with people from elsewhere
included. Lengths of stay are then scaled so that the bed days at the trust's sites are the published occupied beds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bettercare.examples.llr.derive import rates
from bettercare.examples.llr.derive.tables import AGE_LOWS, DISTRICTS, LOCALITIES, Array, figure, read

LOWS = np.array(AGE_LOWS)
PLACES = (*LOCALITIES, "outside")
BED_SERVICES = (
    "emergency-medical",
    "emergency-surgical",
    "emergency-child",
    "elective-inpatient",
    "specialised",
    "maternity",
    "critical-care",
)
SPELL_SERVICES = (*BED_SERVICES[:-1], "day-case")

# Share of residents' use that goes to the trust: emergencies follow the flows of 2020 (county 0.81; the city's 1.00 and
# Rutland's 0.00 are artefacts of suppressed small numbers). Planned care leaves more, by choice and to independent
# hospitals. Births: see maternity().
TO_TRUST = {
    "emergency": np.array([0.985, figure("flow-leicestershire-uhl"), 0.45]),
    "planned": np.array([0.93, 0.74, 0.42]),
    "specialised": np.array([0.95, 0.82, 0.55]),
    "child": np.array([0.985, figure("flow-leicestershire-uhl"), 0.50]),
    "birth": np.array([0.985, 0.80, 0.45]),
}
# Episodes in one emergency admission, by age; scaled to England's average of 1.44.
EPISODES_PER_ADMISSION = np.interp(LOWS, [0, 15, 45, 65, 85], [1.15, 1.25, 1.40, 1.52, 1.65])
ENGLAND_EPISODES_PER_ADMISSION = 1.44
PLANNED_EPISODES_PER_ADMISSION = 1.06
MATERNITY_EPISODES_PER_ADMISSION = 1.15
MATERNITY_ADMISSIONS_PER_BIRTH = 1.35
SURGICAL_SHARE = np.interp(LOWS, [15, 30, 45, 65, 85], [0.40, 0.36, 0.32, 0.26, 0.22])
DAY_CASE_SHARE = np.interp(LOWS, [0, 15, 45, 65, 85], [0.66, 0.76, 0.80, 0.79, 0.76])
SPECIALISED_SHARE = 0.27  # of planned admissions with a stay
# People from elsewhere as a share of all at the trust: it is a centre for heart, lung, kidney and cancer care.
OUTSIDE_SHARE = {
    "emergency-medical": 0.025,
    "emergency-surgical": 0.03,
    "emergency-child": 0.04,
    "elective-inpatient": 0.06,
    "specialised": 0.28,
    "day-case": 0.05,
    "maternity": 0.04,
    "critical-care": 0.12,
    "outpatient-first": 0.05,
    "outpatient-follow-up": 0.06,
    "ae-major": 0.035,
    "ae-minor": 0.02,
}
# Occupied beds by service: only their sum is published (0.87 x 1,671). The emergency medical beds take what is left.
OCCUPIED = {
    "emergency-surgical": 275.0,
    "emergency-child": 62.0,
    "elective-inpatient": 140.0,
    "specialised": 148.0,
    "maternity": 94.0,
    "critical-care": 51.0,
}
# Relative length of stay by age (only the shape counts) and the standard deviation over the mean.
STAY_SHAPE = {
    "emergency-medical": ([15, 30, 45, 65, 75, 85], [1.3, 1.8, 3.0, 5.2, 7.2, 9.2], 1.5),
    "emergency-surgical": ([15, 30, 45, 65, 75, 85], [2.0, 2.5, 3.6, 5.8, 8.4, 11.0], 1.5),
    "emergency-child": ([0, 5, 10], [1.7, 1.4, 1.6], 1.4),
    "elective-inpatient": ([0, 15, 45, 65, 75, 85], [2.0, 2.4, 3.0, 3.9, 4.8, 6.2], 1.2),
    "specialised": ([0, 15, 45, 65, 85], [4.5, 4.6, 5.6, 6.6, 8.0], 1.3),
    "maternity": ([15, 35, 50], [1.8, 2.1, 2.3], 1.2),
}
AGE_GROUPS = ((0, 0), (15, 15), (30, 30), (45, 45), (60, 60), (75, 75), (90, 90))


@dataclass(frozen=True)
class Hospital:
    """Counts by service (places with outside, sexes, bands), stays by service (bands), and the factors behind them."""

    counts: dict[str, Array]
    stays: dict[str, Array]
    emergency_factor: float
    planned_factor: float


def to_trust(service: str) -> Array:
    """Share of each locality's use that goes to the trust's sites."""
    if service == "emergency-child":
        return TO_TRUST["child"]
    if service in ("emergency-medical", "emergency-surgical", "critical-care", "ae-major", "ambulatory-emergency"):
        return TO_TRUST["emergency"]
    if service == "maternity":
        return maternity_shares()
    return TO_TRUST["specialised" if service == "specialised" else "planned"]


def births() -> Array:
    """Births of residents in the year to mid-2014, by locality."""
    found = np.zeros(len(LOCALITIES))
    for row in read("components"):
        if row["mid_year"] == "2014":
            found[LOCALITIES.index(DISTRICTS[row["area"]])] += float(row["births"])
    return found


def maternity_shares() -> Array:
    """Share of births at the trust: as assumed for the city and Rutland; the county's makes up the trust's total."""
    born, share = births(), TO_TRUST["birth"].copy()
    here = figure("births-uhl") * (1.0 - OUTSIDE_SHARE["maternity"])
    share[1] = (here - born[0] * share[0] - born[2] * share[2]) / born[1]
    return share


def maternity() -> Array:
    """Maternity admissions of residents (localities, sexes, bands): births and the admissions around them."""
    from bettercare.examples.llr.derive.population import FERTILITY_PATTERN

    pattern = np.array([FERTILITY_PATTERN.get(low, 0.0) for low in AGE_LOWS])
    found = np.zeros(rates.SHAPE)
    found[:, 0] = rates.base_people()[:3, 0] * pattern
    found *= (births() / found.sum(axis=(1, 2)))[:, None, None]
    return found * MATERNITY_ADMISSIONS_PER_BIRTH


def _outside(at_trust: Array, service: str) -> Array:
    """People from elsewhere at the trust, with the ages of the residents there: (sexes, bands)."""
    share = OUTSIDE_SHARE.get(service, 0.0)
    return np.asarray(at_trust.sum(axis=0) * share / (1.0 - share))


def _split(emergency: Array, planned: Array, mother: Array) -> dict[str, Array]:
    """Residents' admissions by service (localities, sexes, bands)."""
    child = LOWS < 15
    stay = planned * (1.0 - DAY_CASE_SHARE)
    return {
        "emergency-medical": np.where(child, 0.0, emergency * (1.0 - SURGICAL_SHARE)),
        "emergency-surgical": np.where(child, 0.0, emergency * SURGICAL_SHARE),
        "emergency-child": np.where(child, emergency, 0.0),
        "elective-inpatient": stay * (1.0 - SPECIALISED_SHARE),
        "specialised": stay * SPECIALISED_SHARE,
        "day-case": planned * DAY_CASE_SHARE,
        "maternity": mother,
    }


def at_trust(counts: dict[str, Array], service: str) -> Array:
    """Activity at the trust's sites: residents' share and everyone from elsewhere (sexes, bands)."""
    residents = counts[service][:3] * to_trust(service)[:, None, None]
    return np.asarray(residents.sum(axis=0) + counts[service][3])


def _group_targets() -> Array:
    """Published episodes of the trust by age group, scaled to its published total."""
    found = np.array([figure(f"episodes-uhl-2013-14-age-{code}") for code, _ in AGE_GROUPS])
    return found * figure("episodes-uhl-2013-14") / found.sum()


@cache
def admissions() -> tuple[dict[str, Array], float, float]:
    """Residents' and outsiders' admissions by service, calibrated; and the factors on England's rates.

    Emergencies of residents come to what England's rates give. Planned care is scaled so that the trust has its
    published admissions. Both are then moved by age so that its episodes have the published ages; repeated until
    nothing changes.
    """
    expected = rates.emergency_episodes()
    emergency_target = expected.sum() / ENGLAND_EPISODES_PER_ADMISSION
    raw = expected / EPISODES_PER_ADMISSION
    planned_raw = rates.planned_episodes() / PLANNED_EPISODES_PER_ADMISSION
    mother = maternity()
    group = np.searchsorted([low for low, _ in AGE_GROUPS], LOWS, side="right") - 1
    age = np.ones(len(LOWS))
    planned_factor = 0.7
    counts: dict[str, Array] = {}
    for _ in range(400):
        emergency = raw * age
        emergency *= emergency_target / emergency.sum()
        planned = planned_raw * age * planned_factor
        split = _split(emergency, planned, mother)
        counts = {
            name: np.concatenate([part, _outside(part * to_trust(name)[:, None, None], name)[None]])
            for name, part in split.items()
        }
        here = {name: at_trust(counts, name) for name in SPELL_SERVICES}
        total = sum(part.sum() for part in here.values())
        fixed = sum(part.sum() for name, part in here.items() if name.startswith(("emergency", "maternity")))
        planned_factor *= (figure("admissions-uhl-2013-14") - fixed) / (total - fixed)
        em = sum(here[n].sum(axis=0) for n in ("emergency-medical", "emergency-surgical", "emergency-child"))
        pl = sum(here[n].sum(axis=0) for n in ("elective-inpatient", "specialised", "day-case"))
        weight = em * EPISODES_PER_ADMISSION + pl * PLANNED_EPISODES_PER_ADMISSION
        mothers = here["maternity"].sum(axis=0) * MATERNITY_EPISODES_PER_ADMISSION
        model = np.array([weight[group == g].sum() for g in range(7)])
        rest = np.array([mothers[group == g].sum() for g in range(7)])
        target = _group_targets()
        # The total of episodes is matched by the episodes per admission; here only the age split is.
        wanted = target * ((model.sum() + rest.sum()) / target.sum()) - rest
        age *= (wanted / model)[group] ** 0.7
        age /= np.average(age, weights=raw.sum(axis=(0, 1)))
    return counts, float(emergency_target / raw.sum()), float(planned_factor)


def stay_days(service: str, count_here: Array, bed_days: float) -> Array:
    """Mean stay by band that gives the bed days at the trust."""
    if service == "critical-care":
        return np.ones(len(LOWS))
    at, value, _ = STAY_SHAPE[service]
    shape = np.interp(LOWS, at, value)
    return np.round(shape * bed_days / (count_here.sum(axis=0) * shape).sum(), 3)


def occupied(service: str) -> float:
    """Mean occupied beds of a service at the trust."""
    if service == "emergency-medical":
        whole = figure("beds-uhl-2013-14") * figure("occupancy-uhl-2013-14")
        return float(whole - sum(OCCUPIED.values()))
    return OCCUPIED[service]


def _critical_care(counts: dict[str, Array]) -> Array:
    """Critical care bed days: from emergencies and specialised care of people over 1, few of the oldest."""
    shape = np.interp(LOWS, [0, 15, 45, 65, 75, 85, 90], [0.5, 0.5, 1.0, 1.2, 0.9, 0.3, 0.1])
    source = counts["emergency-medical"] + counts["emergency-surgical"] + counts["emergency-child"]
    residents = (source * shape)[:3]
    here = residents * to_trust("critical-care")[:, None, None]
    days = OCCUPIED["critical-care"] * 365.0
    residents = residents * days * (1.0 - OUTSIDE_SHARE["critical-care"]) / here.sum()
    outside = _outside(residents * to_trust("critical-care")[:, None, None], "critical-care")
    return np.concatenate([residents, outside[None]])


@cache
def hospital() -> Hospital:
    """The calibrated hospital: counts and stays of all services with admissions."""
    counts, emergency_factor, planned_factor = admissions()
    counts = {name: part.copy() for name, part in counts.items()}
    counts["critical-care"] = _critical_care(counts)
    stays: dict[str, Array] = {}
    for service in BED_SERVICES:
        stays[service] = stay_days(service, at_trust(counts, service), occupied(service) * 365.0)
    return Hospital(counts, stays, emergency_factor, planned_factor)
