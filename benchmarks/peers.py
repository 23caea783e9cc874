"""One hospital in three engines: ours, SimPy and Ciw. The tests compare what they count, the benchmark how fast.

People come to A&E through the day by the hour and follow one of four ways: home from A&E, home from a ward, or from the
ward to a community bed or to home care. Beds are limited everywhere; whoever is ready for the next place keeps the bed
they are in until it has room (blocking after service). In Ciw that is what a node without room to queue does.

All keep the same things after the warm-up: time with each number of beds taken, areas of people waiting and of people
ready to leave, waits by quarter of an hour, and sums of waits, stays and delays. Ciw writes a record of each use of a
place, from which these are reckoned; the others count as they go.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import WAIT_BINS, Records
from bettercare.engines.simulate.network import Network, Route, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.run import Counted, Simulation

Array = NDArray[np.float64]

NAMES = ("A&E", "ward", "community", "home care")
STAYS = (0.2, 2.9, 5.5, 9.0)  # days, lognormal, standard deviation as large as the mean
ONWARD: tuple[tuple[tuple[int, float], ...], ...] = (((1, 0.3),), ((2, 0.08), (3, 0.092)), (), ())
HOURS = (45, 36, 31, 28, 27, 29, 38, 60, 95, 128, 146, 150, 147, 144, 141, 140, 142, 145, 147, 143, 132, 115, 90, 64)
BINS_A_DAY = 96
SIGMA = math.sqrt(math.log(2.0))  # of a lognormal whose standard deviation is its mean


@dataclass(frozen=True)
class Hospital:
    """Beds by place and arrivals a day."""

    beds: tuple[int, ...]
    rate: float


LARGE = Hospital((95, 400, 60, 120), 411.0)  # 150,000 people a year
SMALL = Hospital((12, 46, 9, 15), 41.0)


@dataclass(frozen=True)
class Seen:
    """What an engine counted: events in all, and by place people begun, areas in days, sums in days, histograms."""

    events: int
    started: Array
    days_taken: Array
    days_waiting: Array
    days_stuck: Array
    sum_wait: Array
    sum_stuck: Array
    wait: Array  # (places, bins)
    spread: Array  # (places, beds taken) in days

    def figures(self) -> dict[str, Array]:
        """What is compared, each by place: means, and shares of people and of time."""
        people = np.maximum(self.started, 1.0)
        days = self.spread.sum(axis=1)
        beds = np.arange(self.spread.shape[1])
        mean = self.spread @ beds / days
        return {
            "people": self.started,
            "mean beds taken": self.days_taken / days,
            "sd of beds taken": np.sqrt(np.maximum(self.spread @ beds**2 / days - mean**2, 0.0)),
            "mean waiting": self.days_waiting / days,
            "mean ready to leave": self.days_stuck / days,
            "days waited": self.sum_wait / people,
            "share who wait": 1.0 - self.wait[:, 0] / people,
            "share who wait 4 hours": self.wait[:, 16:].sum(axis=1) / people,
            "days blocked": self.sum_stuck / people,
        }


# --- ours ---------------------------------------------------------------------------------------------------------


def network(h: Hospital) -> Network:
    """The hospital as our engine takes it."""
    steps = tuple(
        Step(name, ((name, 1.0),), Stay(stay, stay), "in turn", tuple(Route(NAMES[to], share) for to, share in onward))
        for name, stay, onward in zip(NAMES, STAYS, ONWARD, strict=True)
    )
    stations = tuple(Station(name, beds) for name, beds in zip(NAMES, h.beds, strict=True))
    return Network(stations, (Rule("in turn"),), steps, (Stream("people", NAMES[0], h.rate, hour=HOURS),))


def ours(h: Hospital, days: float, warm_up: float, seed: int, replications: int = 1) -> list[Counted]:
    """Our engine on one thread."""
    simulation = Simulation(network(h), days, warm_up, seed, tick=days)
    return [found[0] for found in simulation.run(replications, threads=1)]


def seen(c: Counted, events: int = 0) -> Seen:
    """What our engine counted."""
    s = c.stations
    return Seen(
        events,
        *(np.asarray(s[name], dtype=np.float64) for name in ("started", "days_taken", "days_waiting", "days_stuck")),
        *(np.asarray(s[name]) for name in ("sum_wait", "sum_stuck")),
        wait=c.wait.astype(np.float64),
        spread=c.spread,
    )


# --- luck for the peers -------------------------------------------------------------------------------------------

Way = list[tuple[int, float]]  # places in order, and days of treatment in each


def arrivals(h: Hospital, draw: random.Random) -> Iterator[float]:
    """Times of arrival, without end: a process of rate 1 by a change of time, as ours."""
    weights = [h.rate * w / sum(HOURS) for w in HOURS]
    hour, need = 0, 0.0
    past = 0.0  # people expected since this hour began
    while True:
        need = past + draw.expovariate(1.0)
        while need > weights[hour % 24]:
            need -= weights[hour % 24]
            hour += 1
        past = need
        yield (hour + past / weights[hour % 24]) / 24.0


def people(h: Hospital, seed: int) -> Iterator[tuple[float, Way]]:
    """When people come, and their ways, without end."""
    draw = random.Random(seed)
    logs = [math.log(stay) - SIGMA**2 / 2.0 for stay in STAYS]
    for time in arrivals(h, random.Random(seed + 1_000_000)):
        at, way = 0, []
        while at >= 0:
            way.append((at, draw.lognormvariate(logs[at], SIGMA)))
            at = _onward(at, draw.random())
        yield time, way


def _onward(at: int, number: float) -> int:
    for to, share in ONWARD[at]:
        if number < share:
            return to
        number -= share
    return -1


def traced(came: Records, stages: Records, start: float) -> list[tuple[float, Way]]:
    """The people of a trace of ours, with times from its start."""
    out = []
    for time, stage in zip(came.time.tolist(), came.stage.tolist(), strict=True):
        way = []
        while stage >= 0:
            way.append((int(stages.station[stage]), float(stages.treatment[stage])))
            stage = int(stages.following[stage])
        out.append((time - start, way))
    return out


# --- SimPy --------------------------------------------------------------------------------------------------------


class _Place:
    """A SimPy resource with counts and areas like ours."""

    __slots__ = (
        "beds", "days_stuck", "days_taken", "days_waiting", "last", "resource", "spread", "started", "stuck",
        "sum_stuck", "sum_wait", "taken", "wait", "waiting",
    )  # fmt: skip

    def __init__(self, env: Any, beds: int) -> None:
        import simpy

        self.resource = simpy.Resource(env, beds)
        self.beds = beds
        self.taken = self.waiting = self.stuck = self.started = 0
        self.last = 0.0
        self.clear()

    def clear(self) -> None:
        self.started = 0
        self.days_taken = self.days_waiting = self.days_stuck = 0.0
        # Sums of times: less the clock when each begins, and the clock when it ends.
        self.sum_wait = -self.waiting * self.last
        self.sum_stuck = -self.stuck * self.last
        self.spread = [0.0] * (self.beds + 1)
        self.wait = [0] * WAIT_BINS

    def touch(self, now: float) -> None:
        days = now - self.last
        if days > 0.0:
            self.last = now
            self.days_taken += self.taken * days
            self.days_waiting += self.waiting * days
            self.days_stuck += self.stuck * days
            self.spread[self.taken] += days


def with_simpy(h: Hospital, days: float, warm_up: float, coming: Iterable[tuple[float, Way]]) -> Seen:
    """The hospital in SimPy: a process for each person, a resource for each place."""
    import simpy

    env = simpy.Environment()
    places = [_Place(env, beds) for beds in h.beds]
    events = 0

    def person(way: Way) -> Iterator[Any]:
        nonlocal events
        events += 1
        before, held = None, None
        for at, treatment in way:
            place, asked = places[at], env.now
            request = place.resource.request()
            if not request.triggered:
                place.touch(asked)
                place.waiting += 1
                place.sum_wait -= asked
                yield request
                place.touch(env.now)
                place.waiting -= 1
                place.sum_wait += env.now
            now = env.now
            if before is not None:
                _leave(before, held, now)
            place.touch(now)
            place.taken += 1
            if now >= warm_up:
                place.started += 1
                place.wait[min(int((now - asked) * BINS_A_DAY), WAIT_BINS - 1)] += 1
            yield env.timeout(treatment)
            events += 1
            ready = env.now
            place.touch(ready)
            place.stuck += 1
            place.sum_stuck -= ready
            before, held = place, request
        _leave(before, held, env.now)

    def source() -> Iterator[Any]:
        for time, way in coming:
            yield env.timeout(time - env.now)
            env.process(person(way))

    def counting() -> Iterator[Any]:
        yield env.timeout(warm_up)
        for place in places:
            place.touch(env.now)
            place.clear()

    env.process(counting())
    env.process(source())
    env.run(until=warm_up + days)
    return _seen(places, events, env.now)


def _seen(places: list[Any], events: int, now: float) -> Seen:
    """What the places counted, those who are still waiting or ready to leave taken up to now."""
    for place in places:
        place.touch(now)
        place.sum_wait += place.waiting * now
        place.sum_stuck += place.stuck * now
    names = ("started", "days_taken", "days_waiting", "days_stuck", "sum_wait", "sum_stuck")
    return Seen(
        events,
        *(np.array([getattr(p, name) for p in places], dtype=np.float64) for name in names),
        wait=np.array([p.wait for p in places], dtype=np.float64),
        spread=_wide([p.spread for p in places]),
    )


def _leave(place: Any, request: Any, now: float) -> None:
    place.touch(now)
    place.taken -= 1
    place.stuck -= 1
    place.sum_stuck += now
    place.resource.release(request)


# --- Ciw ----------------------------------------------------------------------------------------------------------


def with_ciw(h: Hospital, days: float, warm_up: float, seed: int, ways: list[tuple[float, Way]] | None = None) -> Seen:
    """The hospital in Ciw; a place without room to queue blocks the place before it.

    Ciw draws its own luck, but for the hours of arrival, unless it is given `ways`.
    """
    import ciw

    times = arrivals(h, random.Random(seed)) if ways is None else chain((t for t, _ in ways), [math.inf])

    class Coming(ciw.dists.Distribution):  # type: ignore[misc]
        last = 0.0

        def sample(self, t: float | None = None, ind: object = None) -> float:
            last, self.last = self.last, next(times)
            return self.last - last

    class Told(ciw.dists.Distribution):  # type: ignore[misc]
        def __init__(self, place: int) -> None:
            self.place = place

        def sample(self, t: float | None = None, ind: Any = None) -> float:
            return dict(ways[ind.id_number - 1][1])[self.place]

    size = range(len(NAMES))
    if ways is None:
        service = [ciw.dists.Lognormal(math.log(s) - SIGMA**2 / 2.0, SIGMA) for s in STAYS]
        routing: Any = [[dict(onward).get(to, 0.0) for to in size] for onward in ONWARD]
    else:
        service = [Told(i) for i in size]
        routing = ciw.routing.ProcessBased(lambda ind, simulation: [i + 1 for i, _ in ways[ind.id_number - 1][1][1:]])
    ciw.seed(seed)
    simulation = ciw.Simulation(
        ciw.create_network(
            arrival_distributions=[Coming(), None, None, None],
            service_distributions=service,
            number_of_servers=list(h.beds),
            queue_capacities=[math.inf, 0, 0, 0],
            routing=routing,
        )
    )
    end = warm_up + days
    simulation.simulate_until_max_time(end)
    return _reckoned(h, simulation, end, warm_up)


def _reckoned(h: Hospital, simulation: Any, end: float, warm_up: float) -> Seen:
    """The same counts from Ciw's records; who is blocked waits for the next place, though Ciw says where they are."""
    uses = []  # place, asked, started, ready, left
    for one in simulation.get_all_individuals():
        ready = None
        for r in one.data_records:
            asked = r.arrival_date if ready is None else ready
            uses.append((r.node - 1, asked, r.service_start_date, r.service_end_date, r.exit_date))
            ready = r.service_end_date
        if one.node != -1:  # still there
            asked = one.arrival_date if ready is None else ready
            in_bed = one.service_start_date is not False
            until = one.service_end_date if in_bed else math.inf
            uses.append((one.node - 1, asked, one.service_start_date if in_bed else math.inf, until, math.inf))
            if one.is_blocked:
                uses.append((one.destination - 1, until, math.inf, math.inf, math.inf))
    place, asked, started, ready, left = np.array(uses, dtype=np.float64).T

    def days(since: Array, until: Array) -> Array:
        inside = np.maximum(0.0, np.minimum(until, end) - np.maximum(since, warm_up))
        return np.bincount(place.astype(np.int64), np.nan_to_num(inside), len(NAMES))

    counted = (started >= warm_up) & (started <= end)
    bins = np.minimum((started - asked)[counted] * BINS_A_DAY, WAIT_BINS - 1).astype(np.int64)
    wait = np.zeros((len(NAMES), WAIT_BINS))
    np.add.at(wait, (place[counted].astype(np.int64), bins), 1.0)
    waiting, stuck = days(asked, started), days(ready, left)
    return Seen(
        simulation.nodes[0].number_of_individuals + int(np.sum(ready <= end)),
        np.bincount(place[counted].astype(np.int64), minlength=len(NAMES)).astype(np.float64),
        days(started, left),
        waiting,
        stuck,
        waiting,
        stuck,
        wait,
        _wide([_spread(started[place == k], left[place == k], beds, end, warm_up) for k, beds in enumerate(h.beds)]),
    )


def _spread(started: Array, left: Array, beds: int, end: float, warm_up: float) -> Array:
    """Days with each number of beds taken."""
    times = np.concatenate([started, left])
    order = np.argsort(times, kind="stable")
    taken = np.concatenate([[0.0], np.cumsum(np.repeat([1.0, -1.0], started.size)[order])])
    edges = np.clip(np.concatenate([[0.0], times[order], [end]]), warm_up, end)
    return np.bincount(np.maximum(taken, 0.0).astype(np.int64), np.diff(edges), beds + 1)


def _wide(rows: list[Any]) -> Array:
    out = np.zeros((len(rows), max(len(r) for r in rows)))
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out
