"""What a simulated year means to people: tidy tables of occupancy, waits, delays and cancellations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import WAIT_BIN_DAYS
from bettercare.engines.simulate.network import Network
from bettercare.engines.simulate.precision import interval
from bettercare.engines.simulate.run import Counted
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Where = tuple[str, str]  # service, site

FOUR_HOURS = round(4.0 / 24.0 / WAIT_BIN_DAYS)
TWELVE_HOURS = round(12.0 / 24.0 / WAIT_BIN_DAYS)
WEEK = 7

# name: (unit, what it is)
MEASURES: Mapping[str, tuple[str, str]] = {
    "mean_occupancy": ("share of open beds", "beds taken over beds open, over the year"),
    "p95_occupancy": ("share of open beds", "at midnight, exceeded on one day in twenty"),
    "mean_taken": ("beds or places", "average number taken"),
    "mean_open": ("beds or places", "average number open"),
    "admitted": ("people", "people who came into a bed or place"),
    "mean_wait_hours": ("hours", "from the decision to admit, or the request, to a bed or place, of those who got one"),
    "share_waiting_over_4h_for_a_bed": ("share of people", "of those who got a bed or place"),
    "share_waiting_over_12h_for_a_bed": ("share of people", "of those who got a bed or place"),
    "share_in_ae_over_4h": ("share of people", "from arrival to departure, in emergency departments"),
    "mean_time_in_ae_hours": ("hours", "from arrival to departure, in emergency departments"),
    "delayed_transfer_days": ("days a year", "people ready to leave who were still in a bed"),
    "delayed_for_want_of_a_place": ("days a year", "of these, days when all was arranged and the next place was full"),
    "cancelled": ("people", "operations put off for want of a bed"),
    "gave_up": ("people", "people who waited as long as they could and went elsewhere"),
    "diverted": ("people", "people, or ambulances, sent elsewhere because too many waited"),
}


@dataclass(frozen=True)
class YearOfFlow:
    """One scenario, simulated for one year: a network, and what each replication counted."""

    plan: Plan
    scenario: str
    year: str
    network: Network
    counted: Sequence[Counted]

    @property
    def replications(self) -> int:
        """How many years were simulated."""
        return len(self.counted)

    @cached_property
    def places(self) -> dict[Where, list[int]]:
        """Stations of each service at each site."""
        out: dict[Where, list[int]] = {}
        for i, station in enumerate(self.network.stations):
            out.setdefault((station.service, station.site), []).append(i)
        return out

    @cached_property
    def timed_services(self) -> dict[str, float]:
        """Services with a time within which people should have left, in hours."""
        rows = self.plan.tables["patient_flow"].select("service", "target_hours").iter_rows()
        return {service: hours for service, hours in rows if hours is not None}

    @cached_property
    def returning_services(self) -> set[str]:
        """Services whose people come back another day when there is no bed: cancelled operations."""
        rows = self.plan.tables["patient_flow"].select("service", "after_patience").iter_rows()
        return {service for service, after in rows if after == "returns"}

    @cached_property
    def bed_services(self) -> set[str]:
        """Services in which people lie in bed."""
        rows = self.plan.tables["services"].select("code", "bed_type").iter_rows()
        return {service for service, kind in rows if kind}

    def limited(self, where: Where) -> bool:
        """Whether a service has a number of beds or places at a site."""
        return all(self.network.stations[i].beds is not None for i in self.places[where])

    def waited_for(self, where: Where) -> bool:
        """Whether people may have to wait there: for a bed or place, or until it opens."""
        stations = [self.network.stations[i] for i in self.places[where]]
        return all(s.beds is not None or s.hours is not None for s in stations)

    def groups(self) -> dict[Where, list[Where]]:
        """What the tables show: every service and site, every service over its sites, and beds of every site."""
        out: dict[Where, list[Where]] = {where: [where] for where in self.places}
        for service in dict.fromkeys(service for service, _ in self.places):
            out[service, ""] = [w for w in self.places if w[0] == service]
        for site in dict.fromkeys(site for _, site in self.places):
            beds = [w for w in self.places if w[1] == site and w[0] in self.bed_services]
            if beds:
                out["", site] = beds
        return out

    def measure(self, name: str, where: Sequence[Where]) -> Array | None:
        """A measure of some services and sites together, one value a replication; None where it has no meaning."""
        values = [_Sums(self, c, where).get(name) for c in self.counted]
        return None if any(v is None for v in values) else np.array(values, dtype=np.float64)

    @cached_property
    def values(self) -> dict[tuple[Where, str], Array]:
        """Every measure that has a meaning, by service and site: one value a replication."""
        out = {}
        for key, where in self.groups().items():
            sums = [_Sums(self, c, where) for c in self.counted]
            for name in MEASURES:
                values = [s.get(name) for s in sums]
                if all(v is not None for v in values):
                    out[key, name] = np.array(values, dtype=np.float64)
        return out

    def table(self) -> pl.DataFrame:
        """Tidy results: scenario, year, service, site, measure, mean, low, high, unit, badge; 95% intervals."""
        rows = []
        for ((service, site), name), values in self.values.items():
            mean, low, high = (float(x) for x in interval(values))
            rows.append((self.scenario, self.year, service, site, name, mean, low, high, MEASURES[name][0], "modelled"))
        schema = ["scenario", "year", "service", "site", "measure", "mean", "low", "high", "unit", "badge"]
        return pl.DataFrame(rows, schema=schema, orient="row")

    def delays(self) -> pl.DataFrame:
        """Days ready to leave and still in a bed, by where people were and what they waited for.

        `arranging` are days until it was arranged, `full` days when it was arranged and the place was full; `counted`
        is the part that the official count would include, under the heading `counted_as`. Means over replications.
        """
        rules = {r["service"]: r for r in self.plan.tables["patient_flow"].iter_rows(named=True)}
        rows = []
        for (service, site), at in self.places.items():
            if service not in self.bed_services:
                continue
            for k, reason in enumerate(self.network.reasons):
                arranging = float(np.mean([c.arranging[at, k].sum() for c in self.counted]))
                full = float(np.mean([c.blocked[at, k].sum() for c in self.counted]))
                if reason and arranging + full > 0.0:
                    rule = rules.get(reason, {})
                    share = rule.get("counted_share")
                    counted = (1.0 if share is None else share) * (arranging + full)
                    rows.append(
                        (service, site, reason, arranging, full, counted, rule.get("counted_as") or "social care")
                    )
        schema = ["service", "site", "waiting_for", "arranging", "full", "counted", "counted_as"]
        return pl.DataFrame(rows, schema=schema, orient="row")

    def counted_delays(self) -> Array:
        """Days a year that the official count of delayed transfers would include, one value a replication."""
        shares = dict(self.plan.tables["patient_flow"].select("service", "counted_share").iter_rows())
        weight = np.array([1.0 if shares.get(r) is None else shares[r] for r in self.network.reasons])
        weight[0] = 0.0
        at = [i for (service, _), where in self.places.items() if service in self.bed_services for i in where]
        return np.array([((c.arranging[at] + c.blocked[at]) @ weight).sum() for c in self.counted])

    def weeks(self) -> pl.DataFrame:
        """Occupancy by week: service, site, week (1 begins on 1 April), taken, open, stuck (averages over the week)."""
        rows = []
        for (service, site), at in self.places.items():
            ticks = np.mean(
                [[_areas(c, at, f) for f in ("days_taken", "days_open", "days_stuck")] for c in self.counted], 0
            )
            week = np.diff(ticks[:, ::WEEK], axis=1) / WEEK
            for k in range(week.shape[1]):
                rows.append((service, site, k + 1, *(float(x) for x in week[:, k])))
        schema = ["service", "site", "week", "taken", "open", "stuck"]
        return pl.DataFrame(rows, schema=schema, orient="row")

    def waits(self) -> pl.DataFrame:
        """How long people waited for a bed or place: service, site, up_to_hours, people (mean a year)."""
        rows = []
        for (service, site), at in self.places.items():
            people = np.mean([c.wait[at].sum(axis=0) for c in self.counted], axis=0)
            for k in np.flatnonzero(people):
                rows.append((service, site, (int(k) + 1) * WAIT_BIN_DAYS * 24.0, float(people[k])))
        return pl.DataFrame(rows, schema=["service", "site", "up_to_hours", "people"], orient="row")


def _areas(c: Counted, at: Sequence[int], name: str) -> Array:
    return np.asarray(c.ticks[name][:, list(at)].sum(axis=1), dtype=np.float64)


class _Sums:
    """Measures of one replication over some services and sites."""

    def __init__(self, year: YearOfFlow, counted: Counted, where: Sequence[Where]) -> None:
        self.year, self.c = year, counted
        self.where = where
        self.at = [i for w in where for i in year.places[w]]
        self.limited = all(year.limited(w) for w in where)
        self.waited_for = all(year.waited_for(w) for w in where)
        self.stations = counted.stations[self.at]
        self.days = float(counted.ticks.shape[0] - 1)

    def get(self, name: str) -> float | None:
        """The measure, or None where it has no meaning here."""
        return getattr(self, f"_{name}")()  # type: ignore[no-any-return]

    def _mean_occupancy(self) -> float | None:
        open_ = float(self.stations.days_open.sum())
        return float(self.stations.days_taken.sum()) / open_ if self.limited and open_ > 0.0 else None

    def _p95_occupancy(self) -> float | None:
        if not self.limited:
            return None
        taken = self.c.ticks["taken"][:, self.at].sum(axis=1)[1:]
        open_ = np.diff(self.c.ticks["days_open"][:, self.at].sum(axis=1))
        return float(np.quantile(taken[open_ > 0] / open_[open_ > 0], 0.95)) if (open_ > 0).any() else None

    def _mean_taken(self) -> float:
        return float(self.stations.days_taken.sum()) / self.days

    def _mean_open(self) -> float | None:
        return float(self.stations.days_open.sum()) / self.days if self.limited else None

    def _admitted(self) -> float:
        return float(self.stations.entered.sum())

    def _mean_wait_hours(self) -> float | None:
        started = float(self.stations.started.sum())
        return 24.0 * float(self.stations.wait_started.sum()) / started if self.waited_for and started else None

    def _waiting_over(self, bins: int) -> float | None:
        people = self.c.wait[self.at].sum(axis=0)
        return float(people[bins:].sum() / people.sum()) if self.waited_for and people.sum() else None

    def _share_waiting_over_4h_for_a_bed(self) -> float | None:
        return self._waiting_over(FOUR_HOURS)

    def _share_waiting_over_12h_for_a_bed(self) -> float | None:
        return self._waiting_over(TWELVE_HOURS)

    def _timed(self) -> list[int]:
        return [i for w in self.where if w[0] in self.year.timed_services for i in self.year.places[w]]

    def _share_in_ae_over_4h(self) -> float | None:
        if not self._timed() or len(self._timed()) < len(self.at):
            return None
        late = all_ = 0
        for w in self.where:
            people = self.c.stay[self.year.places[w]].sum(axis=0)
            late += people[round(self.year.timed_services[w[0]] / 24.0 / WAIT_BIN_DAYS) :].sum()
            all_ += people.sum()
        return float(late / all_) if all_ else None

    def _mean_time_in_ae_hours(self) -> float | None:
        left = float(self.stations.left.sum())
        if not left or not self._timed() or len(self._timed()) < len(self.at):
            return None
        return 24.0 * float(self.stations.time_left.sum()) / left

    def _beds_only(self) -> bool:
        return all(w[0] in self.year.bed_services for w in self.where)

    def _delayed_transfer_days(self) -> float | None:
        return float(self.stations.days_stuck.sum()) if self._beds_only() else None

    def _delayed_for_want_of_a_place(self) -> float | None:
        return float(self.c.blocked[self.at, 1:].sum()) if self._beds_only() else None

    def _cancelled_where(self, returns: bool) -> float | None:
        at = [i for w in self.where if (w[0] in self.year.returning_services) == returns for i in self.year.places[w]]
        return float(self.c.stations[at].cancelled.sum()) if at else None

    def _cancelled(self) -> float | None:
        return self._cancelled_where(True)

    def _gave_up(self) -> float | None:
        return self._cancelled_where(False)

    def _diverted(self) -> float:
        return float(self.stations.turned.sum())


def open_beds(network: Network) -> dict[Where, int]:
    """Beds or places of each service and site on the first day, in its hours, where there is a limit."""
    out: dict[Where, int] = {}
    for station in network.stations:
        if station.beds is not None:
            key = (station.service, station.site)
            out[key] = out.get(key, 0) + station.beds
    return out
