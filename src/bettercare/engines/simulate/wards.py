"""Stations: the beds and slots of a plan in a year, cut into wards, with the days on which they open and close."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from bettercare.engines.simulate.network import Station
from bettercare.foundation.problems import UsageError
from bettercare.foundation.years import months_between, start
from bettercare.foundation.years import parse as year_of
from bettercare.model.timing import Milestone, days_after, starts
from bettercare.plan.plan import Plan
from bettercare.plan.view import capacity_rows

DAYS = 365
LONGEST_SLIP = 1200.0  # months
OTHER_WARDS = 5  # of the same service and site that are asked when somebody's own ward is full
OTHER_SERVICE_WARDS = 3
OTHER_SITES = 2  # and there two wards each
WARDS_THERE = 2
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Opening:
    """Beds of a service at a site: how many on the first day of the year, and (day, beds) of later changes."""

    beds: int
    changes: tuple[tuple[float, int], ...] = ()

    @property
    def most(self) -> int:
        """The most that are open on any day."""
        return max([self.beds, *(b for _, b in self.changes)])


def days_live(plan: Plan, year: str, slips: Mapping[str, float]) -> dict[str, float]:
    """Day of a year (0 is 1 April, negative before) on which each initiative goes live, its dependencies waited for.

    `slips` are months by which initiatives come later than planned.
    """
    for code, months in slips.items():
        if not abs(months) <= LONGEST_SLIP:
            raise UsageError(f"{code} cannot be {months:g} months late; say for example {code}=6.")
    table = plan.tables["milestones"]
    rows = {r["code"]: r for r in table.iter_rows(named=True)}
    at = {code: i for i, code in enumerate(rows)}
    first = start(year)
    late = [slips.get(r["initiative"] or "", 0.0) for r in rows.values()]
    milestones = [
        Milestone(
            month=months_between(first, r["date"]),
            slip=i,
            after=tuple(at[c.strip()] for c in (r["depends_on"] or "").split(";") if c.strip() in at),
            gap_months=r["gap_months"] or 0.0,
        )
        for i, r in enumerate(rows.values())
    ]
    when = starts(milestones, np.array(late, dtype=np.float64)[:, None])[:, 0] if milestones else np.zeros(0)
    return {r["initiative"]: days_after(first, float(when[at[c]])) for c, r in rows.items() if r["kind"] == "live"}


def openings(plan: Plan, year: str, slips: Mapping[str, float]) -> dict[tuple[str, str], Opening]:
    """Beds or slots of each service and site in a year.

    A row of capacity.csv holds from its date, or the first day of its year. One that names an initiative holds from the
    day on which that goes live, but not before: so beds that close when their replacement is open close later when it
    is late, and do not close where it does not happen.
    """
    live = days_live(plan, year, slips)
    first = year_of(year)
    found: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for row in capacity_rows(plan):
        day = (year_of(row["year"]) - first) * float(DAYS)
        if row["from_date"]:
            day += (row["from_date"] - start(row["year"])).days
        if row["initiative"]:
            day = max(day, live.get(row["initiative"], math.inf))
        found.setdefault((row["service"], row["site"]), []).append((day, math.floor(row["available"] + 0.5)))
    out = {}
    for key, rows in found.items():
        dated = sorted(rows, key=lambda r: r[0])
        before = [beds for day, beds in dated if day <= 0.0]
        changes = tuple((day, beds) for day, beds in dated if 0.0 < day < DAYS)
        out[key] = Opening(before[-1] if before else 0, changes)
    return out


@dataclass(frozen=True)
class Wards:
    """The wards of every service and site: their stations' names and relative sizes."""

    stations: tuple[Station, ...]
    at: Mapping[tuple[str, str], tuple[tuple[str, float], ...]]


def wards(plan: Plan, services: Mapping[str, Mapping[str, Any]], sites: Mapping[str, list[str]],
          opened: Mapping[tuple[str, str], Opening], unlimited: bool = False) -> Wards:  # fmt: skip
    """The stations of the services that take part; `sites` are those that each is given at.

    `opened` are the beds of services that have a number of them; `unlimited` leaves hours of the day out as well.
    """
    limited = {service for service, _ in opened}
    names: dict[tuple[str, str], list[tuple[str, int | None]]] = {}
    for service, row in services.items():
        for site in sites[service]:
            if service not in limited:
                names[service, site] = [(f"{service}@{site}", None)]
            elif (service, site) in opened and opened[service, site].most > 0:
                beds = opened[service, site].most
                number = max(1, round(beds / row["ward_beds"])) if row["ward_beds"] else 1
                suffix = [f"#{k + 1}" if number > 1 else "" for k in range(number)]
                names[service, site] = [
                    (f"{service}@{site}{x}", n) for x, n in zip(suffix, _even(beds, number), strict=True)
                ]
    stations = []
    near = _nearest(plan)
    for (service, site), here in names.items():
        row = services[service]
        for k, (name, _) in enumerate(here):
            outlying = [here[(k + i) % len(here)][0] for i in range(1, min(len(here), OTHER_WARDS + 1))]
            other = names.get((row["outlies_to"] or "", site), [])
            outlying += [other[(k + i) % len(other)][0] for i in range(min(len(other), OTHER_SERVICE_WARDS))]
            overflow: list[str] = []
            for there in [s for s in near[site] if (service, s) in names and s != site][:OTHER_SITES]:
                wards_there = names[service, there]
                overflow += [
                    wards_there[(k + i) % len(wards_there)][0] for i in range(min(len(wards_there), WARDS_THERE))
                ]
            opening = opened.get((service, site)) if service in limited else None
            hours = None if unlimited else _hours(row)
            stations.append(
                _station(name, k, len(here), hours, opening, tuple(outlying), tuple(overflow), service, site)
            )
    shares = {key: tuple((name, float(n or 1)) for name, n in here) for key, here in names.items()}
    return Wards(tuple(stations), shares)


def _station(
    name: str,
    k: int,
    number: int,
    hours: tuple[float, float] | None,
    opening: Opening | None,
    outlying: tuple[str, ...],
    overflow: tuple[str, ...],
    service: str,
    site: str,
) -> Station:
    beds = None if opening is None else _even(opening.beds, number)[k]
    changes = [] if opening is None else [(day, _even(total, number)[k]) for day, total in opening.changes]
    return Station(name, beds, tuple(changes), None, outlying, overflow, service, site, hours)


def _hours(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """When a service opens and closes each day, as parts of a day; None where it is open day and night."""
    if row["opens_hour"] is None or row["closes_hour"] is None:
        return None
    return row["opens_hour"] / 24.0, row["closes_hour"] / 24.0


def _even(total: int, parts: int) -> list[int]:
    """Whole beds over wards as evenly as can be."""
    return [total // parts + (1 if k < total % parts else 0) for k in range(parts)]


def _nearest(plan: Plan) -> dict[str, list[str]]:
    """Sites by distance from each site, itself first; those without a point last."""
    rows = plan.tables["sites"].select("code", "latitude", "longitude").rows()
    out = {}
    for code, lat, lon in rows:
        far = {c: _km(lat, lon, a, b) for c, a, b in rows}
        out[code] = sorted(far, key=lambda c: (c != code, far[c], c))
    return out


def _km(lat: float | None, lon: float | None, lat2: float | None, lon2: float | None) -> float:
    """Great-circle distance (haversine)."""
    if lat is None or lon is None or lat2 is None or lon2 is None:
        return math.inf
    a, b = math.radians(lat), math.radians(lat2)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon) / 2) ** 2
    return 2.0 * EARTH_KM * math.asin(math.sqrt(half))


def calendar(year: str) -> tuple[int, tuple[int, ...]]:
    """Weekday of 1 April (0 is Monday), and the first day of each month from April on."""
    first = year_of(year)
    start = date(first, 4, 1)
    months = tuple((date(first + (m > 9), (m + 2) % 12 + 1, 1) - start).days for m in range(1, 13))
    return start.weekday(), months
