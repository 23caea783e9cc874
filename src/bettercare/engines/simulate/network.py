"""A network of places where people wait, are looked after and go on: what the simulation runs.

It knows nothing of plans: the classic queues of the textbooks are networks, and so is a health and care system
(`from_plan` makes one). Times are days; day 0 is the first day that is counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import PRIORITIES
from bettercare.foundation.problems import UsageError

Array = NDArray[np.float64]
Kind = Literal["lognormal", "gamma", "exponential", "fixed"]

OWN, OUTLYING, ELSEWHERE, ANYWHERE = range(4)  # modes: where else somebody may be looked after (two bits)
LONGEST_SHARE_LEFT = 1e-9  # of people who come in, the most that may go round in a circle for ever


@dataclass(frozen=True)
class Stay:
    """Length of treatment: mean and standard deviation in days, and the shape of its distribution."""

    mean: float
    sd: float = 0.0
    kind: Kind = "lognormal"


@dataclass(frozen=True)
class Station:
    """Beds (or slots) that people share; `beds` None where nothing limits them.

    `changes` are (day, beds) from which another number is open. `hours` are when it opens and closes each day, as parts
    of a day: outside them nobody new is taken, and those inside finish; all numbers of beds are of the time when it is
    open. `most_waiting` people may wait here; more are turned away. `outlying` and `overflow` name the other stations,
    nearest first, that somebody of this one may be taken to, at this site and at others. `service` and `site` say what
    it is to a reader.
    """

    name: str
    beds: int | None
    changes: tuple[tuple[float, int], ...] = ()
    most_waiting: int | None = None
    outlying: tuple[str, ...] = ()
    overflow: tuple[str, ...] = ()
    service: str = ""
    site: str = ""
    hours: tuple[float, float] | None = None


@dataclass(frozen=True)
class Rule:
    """How people wait for a place.

    `priority` 0 goes first. Whoever has waited `patience` days leaves, or comes back after `back` days if that is
    positive. `holds`: they keep the bed they are in until there is a place here. They do not join a queue of
    `most_waiting`, but go elsewhere.
    """

    name: str
    priority: int = 0
    patience: float = math.inf
    back: float = 0.0
    holds: bool = True
    most_waiting: int | None = None


@dataclass(frozen=True)
class Route:
    """Share of those who finish a step who go on to another (`to`), or home (None).

    `hold` is the mean number of days, exponential, to arrange it while they stay where they are; `reason` what a delay
    is for.
    """

    to: str | None
    share: float
    hold: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """One use of a service by one kind of person: where, for how long, and where to next.

    `where` are (station, share). Shares of `routes` may leave a rest: those people go home. `outlying` and `overflow`
    are the shares who may be taken to another station of the site, and to another site.
    """

    name: str
    where: tuple[tuple[str, float], ...]
    stay: Stay
    rule: str
    routes: tuple[Route, ...] = ()
    outlying: float = 0.0
    overflow: float = 0.0


@dataclass(frozen=True)
class Stream:
    """People who come from outside to a step: `rate` a day on average.

    `month` (12, from April), `weekday` (7, from Monday) and `hour` (24) are relative weights, averaging 1. `surge`
    names a factor that varies from day to day with standard deviation `surge_sd` and mean 1, shared by all streams that
    name it: this is what makes arrivals vary more than Poisson.
    """

    name: str
    step: str
    rate: float
    month: Sequence[float] = (1.0,) * 12
    weekday: Sequence[float] = (1.0,) * 7
    hour: Sequence[float] = (1.0,) * 24
    surge: str = ""
    surge_sd: float = 0.0


@dataclass(frozen=True)
class Network:
    """Stations, rules, steps and streams, checked to fit together."""

    stations: tuple[Station, ...]
    rules: tuple[Rule, ...]
    steps: tuple[Step, ...]
    streams: tuple[Stream, ...]
    first_weekday: int = 0  # of day 0: 0 is Monday
    months: tuple[int, ...] = field(default=())  # first day of each month from April on; empty: twelfths of a year

    def __post_init__(self) -> None:
        problems = [*_unknown(self), *_impossible(self)]
        if not problems:
            problems = _endless(self)
        if problems:
            raise UsageError("\n".join(problems))

    @property
    def reasons(self) -> tuple[str, ...]:
        """What people are delayed for; the first, empty, is for those who go home."""
        found = dict.fromkeys(r.reason for s in self.steps for r in s.routes if r.reason)
        return ("", *found)

    def rates(self) -> Array:
        """People who begin each step on an average day if nothing limits them, (steps,)."""
        at = {s.name: i for i, s in enumerate(self.steps)}
        coming = np.zeros(len(self.steps))
        for stream in self.streams:
            coming[at[stream.step]] += stream.rate
        total = coming.copy()
        for _ in range(10_000):
            following = coming + self.routed(total)
            if np.allclose(following, total, rtol=1e-12, atol=0.0):
                break
            total = following
        return total

    def routed(self, rates: Array) -> Array:
        """What steps with these rates send on to each step, (steps,)."""
        at = {s.name: i for i, s in enumerate(self.steps)}
        out = np.zeros(len(self.steps))
        for i, step in enumerate(self.steps):
            for route in step.routes:
                if route.to is not None:
                    out[at[route.to]] += rates[i] * route.share
        return out


def _unknown(n: Network) -> list[str]:
    """Names that nothing answers to, and names used twice."""
    stations, rules, steps = ({x.name for x in part} for part in (n.stations, n.rules, n.steps))
    out = []
    for what, part in (("station", n.stations), ("rule", n.rules), ("step", n.steps), ("stream", n.streams)):
        names = [x.name for x in part]
        out += [f'{what} "{name}" occurs more than once.' for name in dict.fromkeys(names) if names.count(name) > 1]
    for station in n.stations:
        out += [
            f'Station "{station.name}" names "{other}" beside it, and there is no such station.'
            for other in (*station.outlying, *station.overflow)
            if other not in stations
        ]
    for step in n.steps:
        out += [
            f'Step "{step.name}" is at "{at}", and there is no such station.'
            for at, _ in step.where
            if at not in stations
        ]
        out += [
            f'Step "{step.name}" sends people to "{r.to}", and there is no such step.'
            for r in step.routes
            if r.to is not None and r.to not in steps
        ]
        if step.rule not in rules:
            out.append(f'Step "{step.name}" waits by rule "{step.rule}", and there is no such rule.')
    out += [
        f'Stream "{s.name}" comes to "{s.step}", and there is no such step.' for s in n.streams if s.step not in steps
    ]
    return out


def _impossible(n: Network) -> list[str]:
    """Numbers that cannot be."""
    return [*_bad_rules(n), *_bad_steps(n), *_bad_streams(n), *_bad_stations(n)]


def _bad_rules(n: Network) -> list[str]:
    out = []
    for rule in n.rules:
        if not 0 <= rule.priority < PRIORITIES:
            out.append(f'Rule "{rule.name}" has priority {rule.priority}; it can be 0 to {PRIORITIES - 1}.')
        if not rule.patience >= 0.0 or not _at_least_none(rule.back):
            out.append(f'Rule "{rule.name}" has a time below zero, or one that is not a number.')
    return out


def _bad_steps(n: Network) -> list[str]:
    out = []
    capacity = {s.name: _ever(s) for s in n.stations}
    for step in n.steps:
        stay = step.stay
        if not _at_least_none(stay.mean) or not _at_least_none(stay.sd):
            out.append(f'Step "{step.name}" has a length of stay below zero or without end ({stay.mean:g} days).')
        if stay.kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            out.append(f'Step "{step.name}" has a length of stay of kind "{stay.kind}"; it can be one of {known}.')
        shares = [p for _, p in step.where]
        if not math.isclose(sum(shares), 1.0, abs_tol=1e-6) or min(shares) < 0.0:
            out.append(f'Step "{step.name}" has shares of its stations that do not add up to 1.')
        onward = [r.share for r in step.routes]
        if not sum(onward) <= 1.0 + 1e-9 or any(share < 0.0 for share in onward):
            out.append(f'Step "{step.name}" sends on shares that are negative or more than 1 together.')
        if not (0.0 <= step.outlying <= 1.0 and 0.0 <= step.overflow <= 1.0):
            out.append(f'Step "{step.name}" has a share of people taken elsewhere that is not between 0 and 1.')
        out += [f'Step "{step.name}" has a delay below zero.' for r in step.routes if not _at_least_none(r.hold)]
        out += [
            f'Step "{step.name}" goes to "{at}", which is closed all the time.'
            for at, share in step.where
            if share > 0.0 and capacity.get(at, 1) == 0
        ]
    return out


def _bad_streams(n: Network) -> list[str]:
    out = []
    for stream in n.streams:
        if not _at_least_none(stream.rate) or not _at_least_none(stream.surge_sd):
            out.append(
                f'Stream "{stream.name}" has a rate of {stream.rate:g} a day that varies by {stream.surge_sd:g};'
                " neither can be below zero."
            )
        for what, weights, size in (
            ("month", stream.month, 12),
            ("weekday", stream.weekday, 7),
            ("hour", stream.hour, 24),
        ):
            if len(weights) != size or not all(map(_at_least_none, weights)) or not sum(weights) > 0.0:
                out.append(f'Stream "{stream.name}" needs {size} weights by {what}, none below zero and not all zero.')
    return out


def _bad_stations(n: Network) -> list[str]:
    out = []
    for station in n.stations:
        if any(beds < 0 for _, beds in station.changes) or (station.beds or 0) < 0:
            out.append(f'Station "{station.name}" has fewer than no beds.')
        if not all(math.isfinite(day) for day, _ in station.changes):
            out.append(f'Station "{station.name}" changes its beds on a day that is not a number.')
        if not all(0.0 <= hour <= 1.0 for hour in station.hours or ()):
            out.append(f'Station "{station.name}" opens or closes at a time that is not within the day.')
        if (station.most_waiting or 0) < 0:
            out.append(f'Station "{station.name}" has room for fewer than nobody to wait.')
    return out


def _at_least_none(number: float) -> bool:
    """Zero or more, and a number."""
    return math.isfinite(number) and number >= 0.0


def _ever(station: Station) -> float:
    return math.inf if station.beds is None else max([station.beds, *(b for _, b in station.changes)])


def _endless(n: Network) -> list[str]:
    """People who would go round for ever, and beds that would wait for each other."""
    at = {s.name: i for i, s in enumerate(n.steps)}
    move = np.zeros((len(at), len(at)))
    for i, step in enumerate(n.steps):
        for route in step.routes:
            if route.to is not None:
                move[i, at[route.to]] += route.share
    left, power = np.ones(len(at)), move
    for _ in range(40):  # squaring: 2^40 steps
        power = power @ power
    stuck = np.flatnonzero(power @ left > LONGEST_SHARE_LEFT)
    out = [f'People who come to step "{n.steps[int(i)].name}" never leave: its routes lead in a circle.' for i in stuck]
    if not out:
        out = _deadlocks(n)
    return out


def _deadlocks(n: Network) -> list[str]:
    """Stations with limits in which people hold a bed, for good, while they wait for a bed in the same stations.

    A set of full stations is stuck if each of them may hold only people who wait for beds in the set. The largest such
    set is what is left when stations that always have somebody on the way out of it are taken away, again and again.
    Whoever can be taken to more than one station waits for all of them.
    """
    limited = {s.name for s in n.stations if s.beds is not None}
    keep = {r.name for r in n.rules if r.holds and math.isinf(r.patience)}
    beside = {s.name: (s.outlying, s.overflow) for s in n.stations}
    steps = {s.name: s for s in n.steps}
    waits: dict[str, list[set[str]]] = {name: [] for name in limited}  # what people in a station may wait for
    for step in n.steps:
        for route in step.routes:
            if route.to is None or route.share <= 0.0 or steps[route.to].rule not in keep:
                continue
            wanted = [_within(steps[route.to], at, beside, least=1.0) for at, p in steps[route.to].where if p > 0.0]
            for at, p in step.where:
                for here in _within(step, at, beside, least=1e-12) & limited if p > 0.0 else ():
                    waits[here] += [stations for stations in wanted if here not in stations]  # or they stay
    stuck, before = limited, set[str]()
    while stuck != before:
        before = stuck
        stuck = {name for name in stuck if any(wanted <= stuck for wanted in waits[name])}
    if not stuck:
        return []
    before = set()
    while stuck != before:  # those that only wait for the circle are not what makes it
        before = stuck
        stuck = stuck & {other for name in stuck for wanted in waits[name] for other in wanted}
    names = ", ".join(f'"{name}"' for name in sorted(stuck))
    return [
        f"Beds of {names} would wait for each other: people keep a bed in one until there is room in another."
    ] * bool(stuck)


def _within(step: Step, at: str, beside: dict[str, tuple[tuple[str, ...], tuple[str, ...]]], least: float) -> set[str]:
    """A station and the others to which at least this share of its people can be taken."""
    site, others = beside[at]
    return {at, *(site if step.outlying >= least else ()), *(others if step.overflow >= least else ())}
