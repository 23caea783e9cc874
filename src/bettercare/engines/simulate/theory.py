"""A queue whose answer is known, run by the simulation: does the engine find it?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bettercare.engines.simulate.network import Network, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.precision import interval
from bettercare.engines.simulate.run import Counted, Simulation
from bettercare.foundation.problems import UsageError
from bettercare.model.queues import mmc

MOST_SERVERS = 4_000  # of one station, whose use is still counted bed by bed
MOST_ARRIVALS = 500_000  # in one replication


@dataclass(frozen=True)
class Compared:
    """One measure: exact, and simulated with a 95% interval (Student's t over replications)."""

    measure: str
    exact: float
    mean: float
    low: float
    high: float


def erlang(
    servers: int,
    utilisation: float,
    *,
    stay: float = 1.0,
    replications: int = 30,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Compared, ...]:
    """M/M/c simulated beside Erlang C: mean wait in days, share of people who wait, mean number waiting.

    `stay` is the mean length of service in days. Each replication lasts 300 times as long as the queue remembers (its
    relaxation time, stay / (servers (1 - sqrt(utilisation))^2)), and 10 times as long before it counts, but never more
    than half a million people: near full use the interval grows instead. Raises UsageError for a queue that has no
    steady state.
    """
    if not (1 <= servers <= MOST_SERVERS and 0.0 < utilisation < 1.0 and stay > 0.0 and replications >= 2):
        raise UsageError(
            f"An Erlang queue needs 1 to {MOST_SERVERS:,} servers, a utilisation between 0 and 1 (such as 0.9) and at"
            " least two replications."
        )
    rate = servers * utilisation / stay
    memory = max(stay, stay / (servers * (1.0 - math.sqrt(utilisation)) ** 2))
    memory = min(memory, MOST_ARRIVALS / (310.0 * rate))
    simulation = Simulation(_mmc(servers, rate, stay), 300.0 * memory, 10.0 * memory, seed, tick=300.0 * memory)
    found = [counted for (counted,) in simulation.run(replications, threads=threads, progress=progress)]
    exact = mmc(servers, rate, 1.0 / stay)
    return (
        _compared(
            "mean wait, days", exact.wait, found, lambda c: c.stations.wait_started[0] / max(1, c.stations.started[0])
        ),
        # Poisson arrivals see time averages (Wolff 1982), so who waits is the share of time that all are busy.
        _compared(
            "share who wait", exact.share_waiting, found, lambda c: c.spread[0, servers:].sum() / c.spread[0].sum()
        ),
        _compared("mean number waiting", exact.waiting, found, lambda c: c.stations.days_waiting[0] / simulation.days),
    )


def _mmc(servers: int, rate: float, stay: float) -> Network:
    return Network(
        (Station("queue", servers),),
        (Rule("in turn"),),
        (Step("service", (("queue", 1.0),), Stay(stay, stay, "exponential"), "in turn"),),
        (Stream("people", "service", rate),),
    )


def _compared(measure: str, exact: float, found: list[Counted], of: Callable[[Counted], float]) -> Compared:
    mean, low, high = interval(np.array([of(c) for c in found], dtype=np.float64))
    return Compared(measure, exact, float(mean), float(low), float(high))
