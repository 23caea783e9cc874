"""One week of a simulated year, quarter hour by quarter hour: the numbers that the replay shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import ASKED, CANCELLED, LEFT, NO_LIMIT, READY, STARTED, TURNED_AWAY, Records
from bettercare.engines.simulate.events import Counts, beds_at, counts_at, log_of, reasons_of, tally
from bettercare.engines.simulate.results import WEEK, YearOfFlow
from bettercare.engines.simulate.run import Simulation
from bettercare.foundation.problems import UsageError
from bettercare.foundation.years import parse as year_of

Ints = NDArray[np.int64]

STEPS_A_DAY = 96
FOUR_HOURS = 4.0 / 24.0

COUNTED = {  # what is counted from the start of the week on
    "admitted": "admitted to a hospital bed",
    "late": "of them waited over 4 hours for it",
    "put_off": "operations put off for want of a bed",
    "elsewhere": "sent elsewhere because too many waited",
    "gave_up": "gave up waiting",
}


@dataclass(frozen=True)
class Row:
    """A service at a site: its numbers at every quarter hour, (673,); `open` None where nothing limits it."""

    service: str
    site: str
    kind: str  # "beds", "emergency" (people should leave in a set time), "ambulance" (takes people elsewhere), "places"
    taken: Ints
    stuck: Ints
    waiting: Ints
    open: Ints | None


class Week:
    """A week of the first replication of a simulated year; `number` 1 begins on 1 April."""

    def __init__(self, year: YearOfFlow, simulation: Simulation | None = None, number: int | None = None) -> None:
        log = log_of(year)
        waited = _waited(year)
        self.chosen = number is None
        self.number = int(waited.argmax()) + 1 if number is None else number
        if not 1 <= self.number <= waited.size:
            raise UsageError(f"There is no week {number}: a simulated year has weeks 1 to {waited.size}.")
        self.year, self.simulation, self.weeks = year, simulation, waited.size
        first = (self.number - 1) * WEEK
        self.first = date(year_of(year.year), 4, 1) + timedelta(days=first)
        self.times = first + np.arange(WEEK * STEPS_A_DAY + 1) / STEPS_A_DAY
        self.log: Records = log[: int(np.searchsorted(log.time, self.times[-1], side="right"))]

    @property
    def days(self) -> list[date]:
        """The seven days."""
        return [self.first + timedelta(days=k) for k in range(WEEK)]

    @cached_property
    def counts(self) -> Counts:
        """By station, (673, stations)."""
        return counts_at(self.log, len(self.year.network.stations), self.times)

    @cached_property
    def rows(self) -> list[Row]:
        """Every service at every site: ambulances, then hospitals by size; within a site A&E, then beds."""
        out = [self._row(*where) for where in self.year.places]
        size = {id(r): int(max(r.taken.max(), 0 if r.open is None else r.open.max())) for r in out}
        rank: dict[str, tuple[int, int]] = {}
        for site in {r.site for r in out}:
            kinds = {r.kind for r in out if r.site == site}
            first = 0 if "ambulance" in kinds else 1 if "beds" in kinds else 2
            rank[site] = (first, -sum(size[id(r)] for r in out if r.site == site))
        return sorted(out, key=lambda r: (rank[r.site], r.site, r.kind == "beds", -size[id(r)], r.service))

    def _row(self, service: str, site: str) -> Row:
        at = self.year.places[service, site]
        beds = self._beds[:, at]
        taken, stuck, waiting = (c[:, at].sum(axis=1) for c in vars(self.counts).values())
        open_ = beds.sum(axis=1) if bool((beds < NO_LIMIT).all()) else None
        return Row(service, site, self._kind(service), taken, stuck, waiting, open_)

    def _kind(self, service: str) -> str:
        if service in self.year.bed_services:
            return "beds"
        if service in self.year.timed_services:
            return "emergency"
        rules = self.year.plan.tables["patient_flow"].select("service", "diverts_at").iter_rows()
        return "ambulance" if dict(rules).get(service) is not None else "places"

    @cached_property
    def _beds(self) -> Ints:
        return beds_at(self.year.network, self.times)

    def total(self, kinds: Sequence[str], name: str) -> Ints | None:
        """`taken`, `stuck`, `waiting` or `open` over all limited rows of some kinds; None where there are none."""
        found = [getattr(r, name) for r in self.rows if r.kind in kinds and (name == "stuck" or r.open is not None)]
        return np.sum(found, axis=0) if found else None

    @cached_property
    def counted(self) -> dict[str, Ints]:
        """COUNTED since the week began, (673,). People who move from one hospital bed to another are not admitted."""
        log, year = self.log, self.year
        stations = year.network.stations
        beds = np.array([s.service in year.bed_services for s in stations])
        returning = np.array([s.service in year.returning_services for s in stations])
        asked = np.zeros(int(log.stage.max(initial=0)) + 1)
        asked[log.stage[log.what == ASKED]] = log.time[log.what == ASKED]  # the last time, for who asked again
        began = int(np.searchsorted(log.time, self.times[0], side="right"))
        moved = np.append(False, (log.what[:-1] == LEFT) & (log.person[:-1] == log.person[1:]) & beds[log.station[:-1]])
        came = (log.what == STARTED) & beds[log.station] & ~moved
        cancelled = log.what == CANCELLED
        flags = {
            "admitted": came,
            "late": came & (log.time - asked[log.stage] > FOUR_HOURS),
            "put_off": cancelled & returning[log.station],
            "elsewhere": log.what == TURNED_AWAY,
            "gave_up": cancelled & ~returning[log.station],
        }
        when = {name: log.time[began:][flag[began:]] for name, flag in flags.items()}
        return {name: np.searchsorted(times, self.times, side="right") for name, times in when.items()}

    @cached_property
    def reasons(self) -> dict[str, Ints]:
        """People ready to leave a hospital bed, by the service that they wait for, (673,); most first."""
        if self.simulation is None:
            return {}
        log, names = self.log, self.year.network.reasons
        in_bed = np.array([s.service in self.year.bed_services for s in self.year.network.stations])[log.station]
        ready, left = (in_bed & (log.what == what) for what in (READY, LEFT))
        found = tally(log, self.times, ready, left, reasons_of(log, self.simulation), len(names))
        order = sorted(range(1, len(names)), key=lambda k: -int(found[:, k].sum()))
        return {names[k]: found[:, k] for k in order if found[:, k].any()}


def _waited(year: YearOfFlow) -> NDArray[np.float64]:
    """Days that people waited for a hospital bed in each whole week of the first replication."""
    at = [i for (service, _), here in year.places.items() if service in year.bed_services for i in here]
    area = year.counted[0].ticks["days_waiting"][::WEEK, at].sum(axis=1)
    return np.diff(np.asarray(area, dtype=np.float64))
