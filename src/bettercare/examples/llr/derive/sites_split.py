"""catchments.csv and capacity.csv: which sites people go to, and the beds there. No figure by site was published."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from bettercare.examples.llr.derive import hospital
from bettercare.examples.llr.derive.tables import (
    LOCALITIES,
    OUTSIDE,
    PLAN,
    Array,
    figure,
    rounded_to_total,
    shares,
    write,
)

DIGITS = 6
# Share of the trust's activity of a service at each site: judged from what the sites were known for.
TRUST_SITES: dict[str, dict[str, float]] = {
    "emergency-medical": {"lri": 0.60, "lgh": 0.10, "glenfield": 0.30},
    "emergency-surgical": {"lri": 0.62, "lgh": 0.32, "glenfield": 0.06},
    "emergency-child": {"lri": 1.0},
    "elective-inpatient": {"lri": 0.28, "lgh": 0.47, "glenfield": 0.25},
    "specialised": {"lri": 0.42, "lgh": 0.20, "glenfield": 0.38},
    "day-case": {"lri": 0.42, "lgh": 0.36, "glenfield": 0.22},
    "maternity": {"lri": 0.56, "lgh": 0.44},
    "critical-care": {"lri": 0.42, "lgh": 0.22, "glenfield": 0.36},
    "outpatient-first": {"lri": 0.48, "lgh": 0.30, "glenfield": 0.22},
    "outpatient-follow-up": {"lri": 0.48, "lgh": 0.30, "glenfield": 0.22},
    "ae-major": {"lri": 1.0},
    "ambulatory-emergency": {"lri": 0.7, "glenfield": 0.3},
}
# 180 births a year, and the admissions around them, by home area: share of all maternity admissions of residents.
ST_MARYS_SHARE = {"leicestershire": 0.0185, "rutland": 0.073}
MINOR = {
    "leicester": {"lri": 0.66, "urgent-base": 0.33, "elsewhere-acute": 0.01},
    "leicestershire": {"lri": 0.41, "urgent-base": 0.45, "elsewhere-acute": 0.14},
    "rutland": {"lri": 0.12, "urgent-base": 0.45, "elsewhere-acute": 0.43},
    OUTSIDE: {"lri": 1.0},
}
CLINICS = ("hinckley-district", "market-harborough-district", "loughborough", "coalville", "melton-mowbray")
CARE = (
    "reablement",
    "home-care",
    "care-home",
    "direct-payments",
    "working-age-social-care",
    "telecare",
    "carer-support",
    "prevention",
)
TEAMS = (
    "intensive-community-support",
    "district-nursing",
    "community-therapy",
    "virtual-follow-up",
    "mental-health-community",
    "mental-health-crisis",
    "child-mental-health",
    "end-of-life-home",
    "crisis-response",
)
ELSEWHERE_BASE = {
    "ambulance": "emas-base",
    "nhs-111": "urgent-base",
    "gp-out-of-hours": "urgent-base",
    "gp-consultation": "practices",
}

# Community beds by site and the home area of those in them. Only Feilding Palmer (10) and Hinckley and Bosworth (41)
# are figures of later years; 233 is their later published sum.
COMMUNITY_BEDS: dict[str, dict[str, float]] = {
    "evington": {"leicester": 46},
    "coalville": {"leicester": 3, "leicestershire": 39},
    "hinckley-bosworth": {"leicestershire": 41},
    "loughborough": {"leicestershire": 20},
    "feilding-palmer": {"leicestershire": 10},
    "st-lukes": {"leicester": 4, "leicestershire": 26},
    "melton-mowbray": {"leicestershire": 14, "rutland": 2},
    "rutland-memorial": {"leicestershire": 4, "rutland": 12},
    "ashby": {"leicestershire": 12},
}
MENTAL_HEALTH_BEDS = {"bradgate": 140, "evington": 44}
LEARNING_DISABILITY_BEDS = {"agnes": 20}
SLOTS = 45.0
AE_SPACES = 70.0  # places in the emergency department where somebody can be looked after
# Places of reablement so that 95 in 100 are in use on an average day; Rutland's small team needs more room.
REABLEMENT_PLACES = {"leicester": 130.0, "leicestershire": 308.0, "rutland": 24.0}
SLOT_BASIS = {
    "intensive-community-support": "people cared for at home on an average day",
    "reablement": "people supported at home on an average day",
    "ae-major": "places where one person can be looked after",
}
# Available beds of the trust by service; emergency medical has the rest of the published 1,671.
AVAILABLE = {
    "emergency-surgical": 309,
    "emergency-child": 83,
    "elective-inpatient": 171,
    "specialised": 174,
    "maternity": 136,
    "critical-care": 60,
}
ST_MARYS_BEDS = 4.0

FLOW_NOTE = (
    "Share that leaves the area follows patient flows of 2020 (the county about a fifth), which stand in for 2013/14"
)
OUTFLOW = {
    "emergency": f"{FLOW_NOTE}; the city's and Rutland's are judged; the split between the trust's sites is assumed.",
    "planned": (
        "More leave for planned care than for emergencies, by choice and to independent hospitals: assumed, as is the "
        "split between the trust's sites."
    ),
    "maternity": "The county's share makes the births at the trust about 11,000; the split between sites is assumed.",
    "minor": "Judged from where walk-in and minor injury care was known to be.",
    "outside": "People from elsewhere are counted only where they come to the trust here; split between sites assumed.",
    "beds": "Follows the beds assumed at each site and who is near it.",
    "one": "One place stands for the whole service.",
}


def _hospital_shares(service: str, locality: str) -> dict[str, float]:
    split = TRUST_SITES[service]
    if locality == OUTSIDE:
        return dict(split)
    here = float(hospital.to_trust(service)[LOCALITIES.index(locality)])
    found = {}
    if service == "maternity" and locality in ST_MARYS_SHARE:
        found["st-marys"] = ST_MARYS_SHARE[locality]
        here -= found["st-marys"]
    left = float(hospital.to_trust(service)[LOCALITIES.index(locality)])
    return {**{site: here * part for site, part in split.items()}, **found, "elsewhere-acute": 1.0 - left}


def _community_shares(locality: str) -> dict[str, float]:
    beds = {site: homes.get(locality, 0.0) for site, homes in COMMUNITY_BEDS.items()}
    return {site: number for site, number in beds.items() if number}


def _why(service: str, locality: str) -> tuple[str, str]:
    if locality == OUTSIDE:
        return "", OUTFLOW["outside"]
    if service == "maternity":
        return "", OUTFLOW["maternity"]
    if service == "ae-minor":
        return "", OUTFLOW["minor"]
    if service in (
        "emergency-medical",
        "emergency-surgical",
        "emergency-child",
        "critical-care",
        "ae-major",
        "ambulatory-emergency",
    ):
        return "flows-2020", OUTFLOW["emergency"]
    return "", OUTFLOW["planned"]


@cache
def catchments() -> dict[tuple[str, str], dict[str, float]]:
    """Shares by (service, locality): site to share; each adds up to 1 exactly at six digits."""
    raw: dict[tuple[str, str], dict[str, float]] = {}
    for service in TRUST_SITES:
        for locality in (*LOCALITIES, OUTSIDE):
            if service == "ambulatory-emergency" and locality == OUTSIDE:
                continue
            raw[service, locality] = _hospital_shares(service, locality)
    for locality, split in MINOR.items():
        raw["ae-minor", locality] = dict(split)
    for locality in LOCALITIES:
        raw["community-inpatient", locality] = _community_shares(locality)
        raw["mental-health-inpatient", locality] = {k: float(v) for k, v in MENTAL_HEALTH_BEDS.items()}
        raw["learning-disability-inpatient", locality] = {"agnes": 1.0}
        raw["community-clinic", locality] = (
            dict.fromkeys(CLINICS, 1.0)
            if locality == "leicestershire"
            else {"rutland-memorial": 1.0}
            if locality == "rutland"
            else {"lpt-teams": 1.0}
        )
        for service in CARE:
            raw[service, locality] = {f"care-{locality}": 1.0}
        for service in TEAMS:
            raw[service, locality] = {"lpt-teams": 1.0}
        for service, site in ELSEWHERE_BASE.items():
            raw[service, locality] = {site: 1.0}
    return {key: dict(zip(split, shares(list(split.values()), DIGITS), strict=True)) for key, split in raw.items()}


def at_trust(service: str, locality: str) -> float:
    """Share of a locality's use of a service that goes to the trust's sites, as written in catchments.csv."""
    split = catchments().get((service, locality), {})
    return sum(part for site, part in split.items() if site in ("lri", "lgh", "glenfield", "st-marys"))


def _trust_capacity(bed_days: dict[str, dict[str, float]]) -> list[dict[str, object]]:
    """Beds of the trust by service and site in proportion to bed days there, whole beds, 1,671 in all."""
    whole = figure("beds-uhl-2013-14")
    rows: list[dict[str, object]] = []
    for service in hospital.BED_SERVICES:
        total = float(AVAILABLE.get(service, whole - sum(AVAILABLE.values())))
        days = dict(bed_days[service])
        small = ST_MARYS_BEDS if days.pop("st-marys", 0.0) else 0.0
        beds: Array = rounded_to_total(np.array(list(days.values())), total - small, 1.0)
        found = dict(zip(days, (float(b) for b in beds), strict=True))
        if small:
            found["st-marys"] = small
        for site, available in found.items():
            rows.append(
                _bed_row(
                    service,
                    site,
                    "2013/14",
                    available,
                    "",
                    "Only the trust's 1,671 beds are published (KH03); by service and site they are assumed.",
                )
            )
    return rows


def _bed_row(service: str, site: str, year: str, available: float, evidence: str, why: str) -> dict[str, object]:
    return {
        "service": service,
        "site": site,
        "year": year,
        "available": float(available),
        "basis": SLOT_BASIS.get(service, "KH03 average overnight"),
        "evidence": evidence,
        "assumed": why,
    }


def _community_capacity() -> list[dict[str, object]]:
    why = "Only the trust's 437 beds are published (KH03); 233 community beds are a count of 2016; by site they are assumed"
    rows = []
    for site, homes in COMMUNITY_BEDS.items():
        known = {"feilding-palmer": "lcc-scrutiny-beds", "hinckley-bosworth": "lpt-news-beds"}.get(site, "")
        later = " (this site's number is from a later year)." if known else "."
        rows.append(_bed_row("community-inpatient", site, "2013/14", sum(homes.values()), known, why + later))
    closing = "Closure decided in 2014; the month is not known, so half of the year is assumed."
    rows.append(_bed_row("community-inpatient", "ashby", "2014/15", 6.0, "bct-2014-summary", closing))
    rows.append(
        _bed_row("community-inpatient", "ashby", "2015/16", 0.0, "bct-2014-summary", "Closure decided in 2014.")
    )
    rest = (
        "What is left of the trust's 437 published beds (KH03) after 233 community beds; the split by site is assumed."
    )
    for site, beds in MENTAL_HEALTH_BEDS.items():
        rows.append(_bed_row("mental-health-inpatient", site, "2013/14", beds, "", rest))
    for site, beds in LEARNING_DISABILITY_BEDS.items():
        rows.append(_bed_row("learning-disability-inpatient", site, "2013/14", beds, "", rest))
    rows.append(
        _bed_row(
            "intensive-community-support",
            "lpt-teams",
            "2013/14",
            SLOTS,
            "",
            "The teams were being built up; no number was found.",
        )
    )
    rows.append(_bed_row("ae-major", "lri", "2013/14", AE_SPACES, "", "No count of spaces was found: a judgement."))
    places = "No number was found: about 95 in 100 places are taken to be in use on an average day of the base year."
    for place in LOCALITIES:
        rows.append(_bed_row("reablement", f"care-{place}", "2013/14", REABLEMENT_PLACES[place], "", places))
    return rows


def _after_ashby(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Where the people of a hospital that closes go: to Coalville, the next one, from the year without beds on."""
    why = "Ashby's beds close; its people are taken to go to Coalville, six miles away: assumed."
    out = []
    for row in [r for r in rows if r["service"] == "community-inpatient" and r["site"] == "ashby"]:
        beside = next(r for r in rows if r["site"] == "coalville" and (r["service"], r["locality"]) == (
            row["service"], row["locality"]))  # fmt: skip
        together = round(float(str(row["share"])) + float(str(beside["share"])), 6)
        for site, share in (("ashby", 0.0), ("coalville", together)):
            out.append({**row, "site": site, "from_year": "2015/16", "share": share, "evidence": "", "assumed": why})
    return out


def write_tables(bed_days: dict[str, dict[str, float]], folder: Path = PLAN) -> dict[str, int]:
    """Write catchments.csv and capacity.csv; ``bed_days`` of the trust by service and site."""
    rows = []
    for (service, locality), split in catchments().items():
        hospital_like = service in TRUST_SITES or service == "ae-minor"
        evidence, why = _why(service, locality) if hospital_like else ("", OUTFLOW["one"])
        if service in ("community-inpatient", "mental-health-inpatient", "community-clinic"):
            why = OUTFLOW["beds"]
        for site, share in split.items():
            rows.append(
                {
                    "service": service,
                    "locality": locality,
                    "site": site,
                    "share": share,
                    "evidence": evidence,
                    "assumed": why,
                }
            )
    rows += _after_ashby(rows)
    capacity = _trust_capacity(bed_days) + _community_capacity()
    return {"catchments": write("catchments", rows, folder), "capacity": write("capacity", capacity, folder)}
