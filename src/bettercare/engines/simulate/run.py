"""Run a network: replications on threads, and what each of them counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import (
    CHANGE,
    COUNTS,
    EVENT,
    LEAVES,
    LOGGED,
    NO_LIMIT,
    NODE,
    PATIENT,
    PRIORITIES,
    QUEUE,
    RETURNS,
    RULE,
    STATION,
    TICK,
    WAIT_BINS,
    Records,
    World,
)
from bettercare.engines.simulate.network import ANYWHERE, ELSEWHERE, OUTLYING, Network
from bettercare.engines.simulate.opening import openings_of
from bettercare.engines.simulate.sample import Sampler
from bettercare.foundation.problems import UsageError

Array = NDArray[np.float64]
Beds = Mapping[str, int]

WARM_UP = 28.0  # days: stays begin in their stationary state, so queues alone have to settle
WIDEST = 4096  # most beds of one station whose use is counted bed by bed
LARGEST_POOL = 4_000_000


@dataclass(frozen=True)
class Counted:
    """What one replication counted from day 0 on.

    `stations` (stations,) with the fields of `arrays.STATION`; `spread` (stations, width) days with each number of beds
    taken; `wait` and `stay` (stations, bins of a quarter of an hour) people; `arranging` and `blocked` (stations,
    reasons) days ready to go; `ticks` (ticks, stations) with the fields of `arrays.TICK`, areas being totals so far;
    `people` arrived, gone, lost, refused, at_warm and at_end; `log` events, where they were asked for.
    """

    stations: Records
    spread: Array
    wait: NDArray[np.int64]
    stay: NDArray[np.int64]
    arranging: Array
    blocked: Array
    ticks: Records
    people: Mapping[str, int]
    log: Records


@dataclass(frozen=True)
class Simulation:
    """A network ready to be run from day 0 to day `days`, after `warm_up` days that are not counted.

    `tick` is how often, in days, counts are noted. The same seed gives the same bytes on any number of threads.
    """

    network: Network
    days: float = 365.0
    warm_up: float = WARM_UP
    seed: int = 1
    tick: float = 1.0

    def __post_init__(self) -> None:
        if not (0.0 < self.days < np.inf and 0.0 <= self.warm_up < np.inf and 0.0 < self.tick < np.inf):
            raise UsageError("A simulation needs a number of days above zero, and a warm-up that is not below zero.")

    def run(
        self,
        replications: int,
        *,
        first: int = 0,
        beds: Sequence[Beds] | None = None,
        threads: int | None = None,
        log: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[list[Counted]]:
        """Run replications `first` to `first + replications - 1` for each of `beds`; [replication][beds].

        `beds` are changes to the number of open beds by station for the whole run, each run on the very same people;
        None runs the network as it is. `log` keeps every event.
        """
        if replications < 0 or first < 0:
            raise UsageError(f"A simulation cannot be run {replications} times from number {first} on.")
        changes = [{}] if beds is None else list(beds)
        unknown = sorted({name for change in changes for name in change} - {s.name for s in self.network.stations})
        if unknown:
            raise UsageError(f'There is no station "{unknown[0]}" whose beds could change.')
        every = range(first, first + replications)
        done: list[list[Counted]] = []
        with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
            for found in pool.map(lambda r: self._one(r, changes, log), every):
                done.append(found)
                if progress:
                    progress(len(done), replications)
        return done

    def trace(self, replication: int) -> tuple[Records, Records]:
        """The people of a replication, whatever the beds: arrivals, and the stages of their ways (see `arrays`)."""
        return self._sampler.trace(replication)

    def _one(self, replication: int, beds: Sequence[Beds], log: bool) -> list[Counted]:
        arrivals, stages = self.trace(replication)
        return [self._with(arrivals, stages, change, log) for change in beds]

    def _with(self, arrivals: Records, stages: Records, beds: Beds, log: bool) -> Counted:
        """Run one trace; arrays that turn out too small are made larger and the same run is done again."""
        from bettercare.engines.simulate import kernel

        pool = int(2.0 * self._present) + 2_000
        lines = 6 * stages.shape[0] + 1_000 if log else 0
        while True:
            world = self._world(arrivals, stages, beds, pool, lines)
            problem = kernel.run(world, float(self.days), float(self.tick))
            logged = int(world.counts[0].logged)
            if problem == kernel.DONE and (logged <= lines or not log):
                return _counted(world)
            if problem == kernel.DONE:
                lines = logged
                continue
            pool *= 4
            if pool > LARGEST_POOL:
                raise UsageError(
                    "The queues grow without end: more people come than can be looked after. Open more beds, or say in"
                    " patient_flow.csv how long people wait before they leave."
                )

    @cached_property
    def _sampler(self) -> Sampler:
        return Sampler(self.network, -self.warm_up, self.days, self.seed)

    @cached_property
    def _present(self) -> float:
        """People in the system on an average day, if nothing limits them."""
        rates = self.network.rates()
        steps = self.network.steps
        return float(
            sum(r * (s.stay.mean + sum(x.share * x.hold for x in s.routes)) for r, s in zip(rates, steps, strict=True))
        )

    @cached_property
    def _rules(self) -> Records:
        rules = np.zeros(len(self.network.rules), dtype=RULE).view(np.recarray)
        for i, rule in enumerate(self.network.rules):
            after, most = (RETURNS if rule.back > 0.0 else LEAVES), rule.most_waiting
            limit = NO_LIMIT if most is None else most
            rules[i] = (rule.priority, rule.patience, after, rule.back, rule.holds, limit)
        return rules

    @cached_property
    def _suits(self) -> NDArray[np.int64]:
        """(modes, stations, alternatives): itself first, then others at the site, then at other sites."""
        n = self.network
        at = {s.name: i for i, s in enumerate(n.stations)}
        rows: list[list[list[int]]] = []
        for mode in range(4):
            rows.append([])
            for i, station in enumerate(n.stations):
                row = [i]
                row += [at[x] for x in station.outlying] if mode in (OUTLYING, ANYWHERE) else []
                row += [at[x] for x in station.overflow] if mode in (ELSEWHERE, ANYWHERE) else []
                rows[-1].append(row)
        width = max(len(row) for part in rows for row in part) + 1
        out = np.full((4, len(n.stations), width), -1, dtype=np.int64)
        for mode, part in enumerate(rows):
            for i, row in enumerate(part):
                out[mode, i, : len(row)] = row
        return out

    def _world(self, arrivals: Records, stages: Records, beds: Beds, pool: int, lines: int) -> World:
        n = self.network
        size, ticks = len(n.stations), int(np.floor(self.days / self.tick + 1e-9)) + 1
        counts = _records(COUNTS, 1)
        counts.now, counts.warm = -self.warm_up, 0.0
        counts.free_patients, counts.free_nodes = pool, pool
        stations = _records(STATION, size)
        stations.last = -self.warm_up
        opened = [openings_of(s, -self.warm_up, self.days, beds.get(s.name, 0)) for s in n.stations]
        stations.beds = [there[0][1] for there in opened]
        stations.most = [NO_LIMIT if s.most_waiting is None else s.most_waiting for s in n.stations]
        listed = sorted((day, i, b) for i, there in enumerate(opened) for day, b in there[1:])
        changes = _records(CHANGE, len(listed))
        for k, line in enumerate(listed):
            changes[k] = line
        most = max((b for there in opened for _, b in there if b < NO_LIMIT), default=0)
        patients = _records(PATIENT, pool)
        patients.at = -1
        heap = _records(EVENT, 2 * pool + 8)
        heap.time = np.inf
        queues = _records(QUEUE, size, PRIORITIES)
        queues.first = queues.last = -1
        reasons = len(n.reasons)
        return World(
            counts=counts,
            arrivals=arrivals,
            stages=stages,
            rules=self._rules,
            suits=self._suits,
            changes=changes,
            stations=stations,
            patients=patients,
            free_patients=np.arange(pool)[::-1].copy(),
            queues=queues,
            nodes=_records(NODE, pool),
            free_nodes=np.arange(pool)[::-1].copy(),
            heap=heap,
            freed=np.zeros(pool + size + 8, dtype=np.int64),
            spread=np.zeros((size, min(int(most) + 2, WIDEST))),
            wait=np.zeros((size, WAIT_BINS), dtype=np.int64),
            stay=np.zeros((size, WAIT_BINS), dtype=np.int64),
            arranging=np.zeros((size, reasons)),
            blocked=np.zeros((size, reasons)),
            ticks=_records(TICK, ticks, size),
            log=_records(LOGGED, lines),
        )


def _records(dtype: np.dtype[np.void], *shape: int) -> Records:
    return np.zeros(shape, dtype=dtype).view(np.recarray)


def _counted(w: World) -> Counted:
    counts = w.counts[0]
    names = ("arrived", "gone", "lost", "refused", "at_warm", "at_end")
    return Counted(
        stations=w.stations,
        spread=w.spread,
        wait=w.wait,
        stay=w.stay,
        arranging=w.arranging,
        blocked=w.blocked,
        ticks=w.ticks,
        people={name: int(counts[name]) for name in names},
        log=w.log[: int(counts.logged)],
    )
