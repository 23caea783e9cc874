"""Small networks, runs of them that are checked for what always holds, and comparison with exact answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import ASKED, CANCELLED, LEFT, READY, STARTED, TURNED_AWAY
from bettercare.engines.simulate.network import Network, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.opening import openings_of
from bettercare.engines.simulate.run import Counted, Simulation

Array = NDArray[np.float64]


def queue(beds: int | None, rate: float, stay: Stay | float, most_waiting: int | None = None, **rule: Any) -> Network:
    """One station, one kind of person; a stay given as a number is the mean of an exponential."""
    stay = stay if isinstance(stay, Stay) else Stay(stay, stay, "exponential")
    return Network(
        (Station("ward", beds, most_waiting=most_waiting),),
        (Rule("in turn", **rule),),
        (Step("care", (("ward", 1.0),), stay, "in turn"),),
        (Stream("people", "care", rate),),
    )


def run(
    network: Network,
    days: float,
    replications: int,
    warm_up: float = 28.0,
    seed: int = 1,
    tick: float = 0.0,
    log: bool = False,
) -> list[Counted]:
    """Replications of a network, each checked for what holds in every run."""
    simulation = Simulation(network, days, warm_up, seed, tick or days)
    found = [counted for (counted,) in simulation.run(replications, log=log)]
    for counted in found:
        keeps_the_laws(counted)
        if log:
            replays(network, counted, warm_up, days)
    return found


def keeps_the_laws(c: Counted) -> None:
    """Little's law: areas under the counts are sums of times, person by person. And whoever comes goes or is here."""
    s, p = c.stations, c.people
    for area, times in (("days_waiting", "sum_wait"), ("days_taken", "sum_stay"), ("days_stuck", "sum_stuck")):
        # Both are sums over all events of numbers as large as the clock: what rounding leaves grows with them.
        np.testing.assert_allclose(s[area], s[times], rtol=1e-9, atol=1e-9 * max(1.0, s.days_taken.sum()), err_msg=area)
    np.testing.assert_allclose((c.arranging + c.blocked).sum(axis=1), s.days_stuck, rtol=1e-9, atol=1e-7)
    assert p["at_warm"] + p["arrived"] == p["gone"] + p["lost"] + p["refused"] + p["at_end"]


def agrees(values: Sequence[float] | Array, exact: float, precision: float, errors: float = 4.0) -> None:
    """The mean of replications is within 4 standard errors of the exact value, and these are small beside it."""
    v = np.asarray(values, dtype=np.float64)
    error = v.std(ddof=1) / np.sqrt(v.size)
    assert error < precision * abs(exact), f"standard error {error:g} is too large to say anything about {exact:g}"
    assert abs(v.mean() - exact) < errors * error, (
        f"{v.mean():g} is {(v.mean() - exact) / error:+.1f} errors from {exact:g}"
    )


def wait(found: list[Counted], station: int = 0) -> Array:
    """Mean days waited of those who got a bed, each replication."""
    return np.array([c.stations.wait_started[station] / c.stations.started[station] for c in found])


def share_full(found: list[Counted], beds: int, station: int = 0) -> Array:
    """Share of time that all beds are taken, which is also the share of Poisson arrivals who find it so."""
    return np.array([c.spread[station, beds:].sum() / c.spread[station].sum() for c in found])


def replays(network: Network, c: Counted, warm_up: float, days: float) -> None:
    """Follow every person through the log: nobody is in two places, nobody starts where there is no bed.

    Between events nobody waits beside a free bed of their own station, and the areas that the engine kept are those of
    the log.
    """
    opened = [openings_of(s, -warm_up, days) for s in network.stations]
    beds = [there[0][1] for there in opened]
    changes = sorted((day, i, b) for i, there in enumerate(opened) for day, b in there[1:])
    size = len(beds)
    taken, waiting, areas = [0] * size, [0] * size, np.zeros((2, size))
    inside: dict[int, int] = {}
    asking: dict[int, int] = {}
    ready: set[int] = set()
    kept: dict[int, tuple[float, int]] = {}  # when somebody left a bed, and where: whose next stay is there keep it
    now = -warm_up

    def until(time: float) -> None:
        nonlocal now
        counted = max(0.0, time - max(now, 0.0))
        areas[0] += np.multiply(taken, counted)
        areas[1] += np.multiply(waiting, counted)
        assert time >= now
        if time > now:
            assert all(n == 0 or taken[j] >= beds[j] for j, n in enumerate(waiting)), f"a bed stands empty on day {now}"
        now = time

    for line in c.log.tolist():
        time, p, _, j, what = line
        while changes and changes[0][0] <= time:
            day, i, number = changes.pop(0)
            until(day)
            beds[i] = number
        until(time)
        if what == ASKED:
            assert p not in asking
            asking[p] = j
            waiting[j] += 1
        elif what == STARTED:
            assert p not in inside and (taken[j] < beds[j] or kept.get(p) == (time, j))
            waiting[asking.pop(p)] -= 1
            inside[p] = j
            taken[j] += 1
        elif what == READY:
            assert inside[p] == j and p not in ready
            ready.add(p)
        elif what == LEFT:
            assert inside.pop(p) == j
            kept[p] = (time, j)
            ready.remove(p)
            taken[j] -= 1
        else:
            assert what in (CANCELLED, TURNED_AWAY)
            waiting[asking.pop(p)] -= 1
    for day, i, number in [change for change in changes if change[0] <= days]:
        until(day)
        beds[i] = number
    until(days)
    np.testing.assert_allclose(areas[0], c.stations.days_taken, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(areas[1], c.stations.days_waiting, rtol=1e-9, atol=1e-7)
    assert taken == c.stations.taken.tolist() and waiting == c.stations.waiting.tolist()
