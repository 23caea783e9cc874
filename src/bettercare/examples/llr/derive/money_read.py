"""Read the care tables of the example and the source figures that the money tables are made from.

Nothing here judges or fills in: a service that people use but that has no catchment is an error.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLAN = HERE.parent
BASE = "2013/14"
YEARS = ("2014/15", "2015/16", "2016/17", "2017/18", "2018/19")
CCGS = ("leicester-ccg", "west-leicestershire-ccg", "east-leicestershire-rutland-ccg")
AREAS = ("leicester", "leicestershire", "rutland")

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    """Rows of a CSV file as text."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def columns(table: str) -> list[str]:
    """Columns of a plan table in the order of its schema."""
    schema = PLAN.parent.parent / "plan" / "schema" / f"{table}.csv"
    return [row["column"] for row in read(schema)]


def write(table: str, rows: Iterable[Mapping[str, object]], folder: Path = PLAN) -> int:
    """Write a plan table in schema order; numbers as plain text; returns the number of rows."""
    names = columns(table)
    done = 0
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(names)
        for row in rows:
            unknown = set(row) - set(names)
            if unknown:
                raise ValueError(f"{table}: unknown columns {sorted(unknown)}")
            out.writerow([text(row.get(name, "")) for name in names])
            done += 1
    return done


def text(value: object) -> str:
    """A cell: floats without needless digits, blanks for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))
    return str(value)


class Figures:
    """The rows of source-money.csv by code."""

    def __init__(self) -> None:
        self.rows = {row["code"]: row for row in read(HERE / "source-money.csv")}

    def __call__(self, code: str) -> float:
        return float(self.rows[code]["value"])

    def evidence(self, code: str) -> str:
        return self.rows[code]["evidence"]


@dataclass(frozen=True)
class Care:
    """Base-year activity, bed days, shares and beds of the example.

    count and bed_days are keyed (service, locality); share is keyed (service, locality, site);
    beds is keyed (service, site); services holds the rows of services.csv by code.
    """

    count: dict[tuple[str, str], float]
    bed_days: dict[tuple[str, str], float]
    share: dict[tuple[str, str, str], float]
    provider_of: dict[str, str]
    beds: dict[tuple[str, str], float]
    services: dict[str, Row]

    def provider_share(self, service: str, locality: str, provider: str) -> float:
        """Share of a locality's use of a service that goes to the provider's sites."""
        return sum(
            part
            for (s, where, site), part in self.share.items()
            if s == service and where == locality and self.provider_of[site] == provider
        )

    def units(self, service: str, provider: str, locality: str | None = None) -> float:
        """Units of a service at a provider, for one locality or for all."""
        return sum(
            n * self.provider_share(service, where, provider)
            for (s, where), n in self.count.items()
            if s == service and locality in (None, where)
        )

    def days(self, service: str, provider: str) -> float:
        """Bed days of a service at a provider."""
        return sum(
            d * self.provider_share(service, where, provider) for (s, where), d in self.bed_days.items() if s == service
        )

    def providers(self, service: str) -> list[str]:
        """Providers that a service's catchments name."""
        return sorted(
            {self.provider_of[site] for (s, _, site), part in self.share.items() if s == service and part > 0}
        )

    def localities(self, service: str) -> list[str]:
        """Localities that have a catchment of the service."""
        return sorted({where for (s, where, _) in self.share if s == service})

    def needs(self, service: str, provider: str) -> dict[str, float]:
        """What steps are counted in: beds at each site for a bed service, units of all sites otherwise."""
        if self.services[service]["capacity_unit"] == "bed":
            return {
                site: n for (s, site), n in self.beds.items() if s == service and self.provider_of[site] == provider
            }
        return {"": self.units(service, provider)}

    def days_at(self, service: str, site: str) -> float:
        """Bed days of a service at a site."""
        return sum(d * self.share.get((s, where, site), 0.0) for (s, where), d in self.bed_days.items() if s == service)


def care(folder: Path = PLAN) -> Care:
    """Read activity, catchments, sites, services and capacity of the plan."""
    count: dict[tuple[str, str], float] = defaultdict(float)
    days: dict[tuple[str, str], float] = defaultdict(float)
    for row in read(folder / "activity.csv"):
        key = row["service"], row["locality"]
        count[key] += float(row["count"])
        days[key] += float(row["count"]) * float(row["mean_los_days"] or 0)
    share = {
        (r["service"], r["locality"], r["site"]): float(r["share"])
        for r in read(folder / "catchments.csv")
        if (r.get("from_year") or BASE) <= BASE
    }
    provider_of = {r["code"]: r["provider"] for r in read(folder / "sites.csv")}
    latest: dict[tuple[str, str], tuple[str, float]] = {}
    for row in read(folder / "capacity.csv"):
        place = row["service"], row["site"]
        if row["year"] <= BASE and row["year"] >= latest.get(place, ("", 0.0))[0]:
            latest[place] = row["year"], float(row["available"])
    beds: dict[tuple[str, str], float] = defaultdict(float)
    for place, (_, available) in latest.items():
        beds[place] = available
    known = {(s, where) for s, where, _ in share}
    missing = sorted(key for key, n in count.items() if n > 0 and key not in known)
    if missing:
        raise ValueError(f"activity without a catchment: {missing[:5]}")
    services = {r["code"]: r for r in read(folder / "services.csv")}
    return Care(dict(count), dict(days), share, provider_of, dict(beds), services)


def outsiders() -> set[str]:
    """Partners whose money is not part of the system: no cost rows; what they are paid leaves."""
    return {r["code"] for r in read(PLAN / "partners.csv") if r["in_system"] == "no"} | {"other-commissioners"}


def steps(needs: Iterable[float], size: float) -> int:
    """Whole wards or teams, each site's rounded up; 20.0000001 is 20."""
    return sum(math.ceil(round(need / size, 9)) for need in needs)


def fair_size(needs: Sequence[float], size: float) -> float:
    """A step size within a twelfth of the one given for which the last ward or team is half full on average.

    Whole steps make the cost of growth depend on how full the last one happens to be; that is not known here, so
    neither a full nor an empty last ward is built in. An exact multiple is avoided: there the smallest change would
    open a ward in every draw. needs has one value for each site (beds) or one in all (units).
    """
    used = [need for need in needs if need > 0]
    if not used:
        return size

    def badness(candidate: float) -> tuple[bool, float, float]:
        parts = [(need / candidate) % 1 for need in used]
        near_edge = any(part < 0.04 or part > 0.96 for part in parts)
        return near_edge, round(abs(sum(parts) / len(parts) - 0.5), 3), abs(candidate - size)

    return min((round(size * (1 + step / 100), 1) for step in range(-8, 9)), key=badness)


def west_share(f: Figures) -> float:
    """Share of Leicestershire's residents whose commissioner is West Leicestershire CCG (mid-2013).

    East Leicestershire and Rutland CCG less Rutland's residents is the rest.
    """
    west = f("resident13-west-leicestershire-ccg")
    east = f("resident13-east-leicestershire-rutland-ccg") - f("resident14-rutland")
    return round(west / (west + east), 4)


def split(total: float, weights: Sequence[float]) -> list[int]:
    """Whole pounds in proportion to weights that add up to the rounded total."""
    whole = [round(total * w / sum(weights)) for w in weights]
    whole[-1] += round(total) - sum(whole)
    return whole
