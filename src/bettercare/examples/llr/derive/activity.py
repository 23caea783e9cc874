"""activity.csv and flows.csv: base-year activity by service, home area, sex and age, and who sends whom where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bettercare.examples.llr.derive import community, hospital, rates, sites_split
from bettercare.examples.llr.derive.tables import (
    BANDS,
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

LOWS = hospital.LOWS
PLACES = (*LOCALITIES, OUTSIDE)
HOSPITAL_WHY = (
    f"{STAND_IN['rates']} Scaled to the trust's published admissions and ages; the split into services is assumed."
)
STAY_WHY = " Stays rise with age by an assumed shape, scaled to published occupied beds."
ZERO_SERVICES = ("crisis-response", "community-clinic", "virtual-follow-up")
FLOW_BANDS = ((60, 74), (75, 89), (90, 120))
OLD = LOWS >= 65


class Table:
    """Rows of activity.csv, and the rounded counts for those who need them again."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.counts: dict[tuple[str, str], Array] = {}

    def add(
        self,
        service: str,
        counts: Array,
        evidence: str,
        why: str,
        *,
        stay: Array | None = None,
        spread: float = 0.0,
        arrives: str = "direct",
        total: Array | None = None,
    ) -> None:
        """Add a service: counts (places, sexes, bands), stay by band, sd over mean; ``total`` by place is met."""
        for i, part in enumerate(counts):
            if part.sum() <= 0.0:
                continue
            exact = float(total[i]) if total is not None else round(float(part.sum()), 1)
            whole = rounded_to_total(part, exact)
            self.counts[service, arrives] = self.counts.get((service, arrives), np.zeros((4, *part.shape)))
            self.counts[service, arrives][i] = whole
            for s, sex in enumerate(SEXES):
                for b, (low, high) in enumerate(BANDS):
                    if whole[s, b] <= 0.0:
                        continue
                    row: dict[str, object] = {
                        "service": service,
                        "locality": PLACES[i],
                        "sex": sex,
                        "age_low": low,
                        "age_high": high,
                        "arrives": arrives,
                        "count": float(whole[s, b]),
                        "evidence": evidence,
                        "assumed": why,
                    }
                    if stay is not None:
                        row["mean_los_days"] = float(stay[b])
                        row["sd_los_days"] = round(float(stay[b]) * spread, 3)
                    self.rows.append(row)

    def zero(self, service: str, why: str) -> None:
        """A service that nobody uses yet: one row of nothing for each home area."""
        for place in LOCALITIES:
            self.rows.append(
                {
                    "service": service,
                    "locality": place,
                    "sex": "P",
                    "age_low": 0,
                    "age_high": 120,
                    "arrives": "direct",
                    "count": 0.0,
                    "assumed": why,
                }
            )


def _hospital(table: Table) -> None:
    found = hospital.hospital()
    for service, counts in found.counts.items():
        stay = found.stays.get(service)
        spread = 0.0 if service == "critical-care" else hospital.STAY_SHAPE.get(service, ([], [], 0.0))[2]
        why = HOSPITAL_WHY + (STAY_WHY if stay is not None else "")
        if service == "maternity":
            why = "Births of residents by mothers' usual ages, 1.35 admissions a birth." + STAY_WHY
        if service == "critical-care":
            why = "About 51 critical care beds in use on a day, by the ages of emergency admissions; a unit is a day."
        evidence = {"maternity": "ons-components-2001-2019", "critical-care": ""}.get(service, "asaria-2017")
        table.add(service, counts, evidence, why, stay=stay, spread=spread)
    for service, counts in community.outpatients().items():
        why = f"{STAND_IN['rates']} 80% attended, three in ten first attendances; scaled as planned admissions were."
        table.add(service, counts, "asaria-2017", why)
    for service, counts in community.attendances().items():
        why = (
            "The trust's 2016/17 attendances by type taken back three years at 2% a year; ages from a sample of "
            "departments; deprivation as half of its effect on emergency episodes."
        )
        table.add(service, counts, "ae-monthly", why)


def _sent(table: Table, share: Array) -> Array:
    """Emergency medical spells times a share by place and band: (3, sexes, bands), of the rounded counts."""
    return np.asarray(table.counts["emergency-medical", "direct"][:3] * share[:, None, :])


def _community_beds(table: Table) -> Iterator[dict[str, object]]:
    """Community hospital admissions: those sent by emergency medical beds, and all others. Yields the flows."""
    counts, stay = community.community_inpatient()
    share = np.zeros((3, len(BANDS)))
    emergency = table.counts["emergency-medical", "direct"][:3]
    for low, high in FLOW_BANDS:
        band = (low <= LOWS) & (high >= LOWS)
        wanted = counts[:, :, band].sum(axis=(1, 2)) * community.STEP_DOWN_SHARE
        part = np.round(wanted / emergency[:, :, band].sum(axis=(1, 2)), 6)
        share[:, band] = part[:, None]
        for i, place in enumerate(LOCALITIES):
            yield _flow(
                "community-inpatient",
                place,
                low,
                high,
                float(part[i]),
                2.5,
                "Seven in ten community hospital patients of 60 and over are assumed to come from emergency beds.",
            )
    sent = _sent(table, share)
    why = "The trust's published admissions and ages, by the beds near each home area (judged). "
    table.add(
        "community-inpatient",
        sent,
        "hes-provider",
        why + "Come from emergency medical beds.",
        stay=stay,
        spread=1.2,
        arrives="flow",
    )
    rest = counts - sent
    for i in range(3):  # what is left of an age group keeps the group's admissions; no cell below zero
        rest[i] = np.maximum(rest[i], 0.0)
        rest[i] *= (counts[i].sum() - sent[i].sum()) / rest[i].sum()
    table.add(
        "community-inpatient", rest, "hes-provider", why + "Admitted from home and elsewhere.", stay=stay, spread=1.2
    )


def _flow(to: str, place: str, low: int, high: int, share: float, delay: float, why: str) -> dict[str, object]:
    return {
        "from_service": "emergency-medical",
        "to_service": to,
        "locality": place,
        "age_low": low,
        "age_high": high,
        "share": share,
        "delay_days": delay,
        "drives": True,
        "assumed": why,
    }


def _support_at_home(table: Table) -> Iterator[dict[str, object]]:
    """Intensive community support and reablement, each in part sent by emergency medical beds. Yields the flows."""
    emergency = table.counts["emergency-medical", "direct"][:3] * OLD
    share = round(community.SUPPORT_SPELLS * community.SUPPORT_STEP_DOWN / emergency.sum(), 6)
    stay = np.full(len(BANDS), community.SUPPORT_STAY)
    for service, part, each, step_down, why, delay in (
        (
            "intensive-community-support",
            share,
            1.0,
            community.SUPPORT_STEP_DOWN,
            "About 1,200 people a year for 12 days each; six in ten sent by emergency medical beds.",
            1.0,
        ),
        (
            "reablement",
            community.REABLEMENT_SHARE,
            community.REABLEMENT_WEEKS,
            community.REABLEMENT_STEP_DOWN,
            (
                "8 in 100 emergency medical patients of 65 and over, for five and a half weeks each. Six in ten weeks "
                "arrive this way."
            ),
            2.0,
        ),
    ):
        sent = emergency * part * each
        rest = sent * (1.0 - step_down) / step_down
        los = stay if service == "intensive-community-support" else None
        table.add(service, sent, "", why, stay=los, spread=1.0, arrives="flow")
        table.add(service, rest, "", why, stay=los, spread=1.0)
        for place in LOCALITIES:
            yield {**_flow(service, place, 65, 120, float(part), delay, why), "units_each": each}


def _rest(table: Table) -> None:
    counts, stay = community.mental_health()
    table.add(
        "mental-health-inpatient",
        counts,
        "hes-provider",
        "The trust's published admissions and ages, those of younger people to mental health beds; deprivation by an "
        "assumed index; stays fill the assumed beds.",
        stay=stay,
        spread=1.4,
    )
    counts, stay = community.learning_disability()
    table.add(
        "learning-disability-inpatient",
        counts,
        "",
        "About 60 admissions a year fill the assumed 20 beds as full as the trust's others.",
        stay=stay,
        spread=1.3,
    )
    per_head = figure("consultations-per-head-2013-14")
    why = (
        f"Rates by sex and age scaled to {per_head} consultations a head in England in 2013/14, published in 2016; "
        "stands in for local counts."
    )
    table.add("gp-consultation", rates.consultations(), "hobbs-2016", why)
    for service, rate in community.assumed_rates().items():
        table.add(service, community.assumed_count(service), "", f"No local figure found. {rate.reason}.")
    for service, counts in community.care_weeks().items():
        how = "Weeks are the council's published total"
        if service in ("home-care", "direct-payments"):
            how = "The council's published clients on 31 March times 52 weeks"
        why = f"{how}; the split by age and sex is assumed."
        table.add(service, counts, "pss-ex1-2013", why, total=counts.sum(axis=(1, 2)).round(1))
    for service in ZERO_SERVICES:
        table.zero(service, "The service did not exist in the base year.")


def trust_bed_days(table: Table) -> dict[str, dict[str, float]]:
    """Bed days of the acute trust by service and site, from the rounded rows."""
    stays = hospital.hospital().stays
    found: dict[str, dict[str, float]] = {}
    for service in hospital.BED_SERVICES:
        found[service] = {}
        for i, place in enumerate(PLACES):
            days = float((table.counts[service, "direct"][i] * stays[service]).sum())
            for site, share in sites_split.catchments()[service, place].items():
                if site != "elsewhere-acute":
                    found[service][site] = found[service].get(site, 0.0) + days * share
    return found


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write activity, flows, catchments and capacity; print what was calibrated against what is published."""
    table = Table()
    _hospital(table)
    flows = [*_community_beds(table), *_support_at_home(table)]
    _rest(table)
    for door in read("doors"):
        flows.append({**door, "drives": False, "assumed": door["assumed"] + ": assumed."})
    days = trust_bed_days(table)
    admitted = sum(
        table.counts[service, "direct"][i].sum() * sites_split.at_trust(service, place)
        for service in hospital.SPELL_SERVICES
        for i, place in enumerate(PLACES)
    )
    emergencies = sum(table.counts[s, "direct"][:3].sum() for s in hospital.SPELL_SERVICES[:3])
    total = sum(sum(part.values()) for part in days.values())
    wanted = figure("beds-uhl-2013-14") * figure("occupancy-uhl-2013-14") * 365.0
    print("calibration of the base year (plan, published):")
    print(f"  admissions at the acute trust   {admitted:>10,.0f} {figure('admissions-uhl-2013-14'):>10,.0f}")
    print(f"  occupied bed days there         {total:>10,.0f} {wanted:>10,.0f}")
    print(f"  emergency admissions of residents {emergencies:,.0f}")
    print(f"  England's rates times {hospital.hospital().planned_factor:.2f} for planned care")
    counts = {"activity": write("activity", table.rows, folder), "flows": write("flows", flows, folder)}
    return {**counts, **sites_split.write_tables(days, folder)}
