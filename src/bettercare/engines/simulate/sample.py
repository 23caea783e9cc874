"""Luck: who comes when, and what each stage of their way would take, for one replication.

Everything is decided before the first event, by streams of random numbers that belong to a name
(`foundation.streams`). So every patient keeps their luck when beds are added or taken away: two runs that differ in
beds differ in nothing else.

Arrivals follow a Poisson process whose rate changes by month, weekday and hour and, by a factor that each day draws,
more than that (a Cox process). They come from a process of rate 1 by a change of time, which is exact for any rate. At
the start each step already holds a Poisson number of people with what is left of their stays (the stationary state of
M/G/infinity), so that a short warm-up is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import ARRIVAL, STAGE, Records
from bettercare.engines.simulate.network import Network, Stream
from bettercare.engines.simulate.stages import KINDS, Tables, level, tables
from bettercare.foundation.streams import generator

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

HOURS = 24


@dataclass(frozen=True)
class Sampler:
    """Draws traces of a network from day `start` (below zero: warm-up) to day `end`."""

    network: Network
    start: float
    end: float
    seed: int

    @cached_property
    def _tables(self) -> Tables:
        return tables(self.network)

    @cached_property
    def _grid(self) -> Array:
        """Edges of the hours from start to end, in days."""
        hours = int(np.ceil((self.end - self.start) * HOURS - 1e-9))
        return self.start + np.arange(hours + 1) / HOURS

    @cached_property
    def _rates(self) -> dict[str, Array]:
        """Expected arrivals of each stream in each hour, before the day's factor."""
        n, days = self.network, self._grid[:-1]
        day = np.floor(days + 1e-9).astype(np.int64)
        weekday = (day + n.first_weekday) % 7
        edges = np.array(n.months or tuple(round(365 * k / 12) for k in range(12)))
        month = (np.searchsorted(edges, day % 365, side="right") - 1) % 12
        hour = np.floor((days - day) * HOURS + 1e-6).astype(np.int64) % HOURS
        known: dict[tuple[tuple[float, ...], ...], Array] = {}
        out = {}
        for stream in n.streams:
            key = (tuple(stream.month), tuple(stream.weekday), tuple(stream.hour))
            if key not in known:
                shape = [np.asarray(k, dtype=np.float64) / np.mean(k) for k in key]
                known[key] = shape[0][month] * shape[1][weekday] * shape[2][hour] / HOURS
            out[stream.name] = stream.rate * known[key]
        return out

    def trace(self, replication: int) -> tuple[Records, Records]:
        """Arrivals in order of time, and the stages of all ways: see `arrays.ARRIVAL` and `arrays.STAGE`."""
        times, step, left = self._first_stages(replication)
        levels: list[Records] = [np.zeros(0, dtype=STAGE)]
        made = 0
        while step.size:
            rng = generator(self.seed, f"stages:{replication}:{len(levels)}")
            part, onward = level(self._tables, rng, step, made)
            part.treatment = self._treatment(rng, step, part.treatment, left if not made else None)
            levels.append(part)
            made += step.size
            step = onward
        there = int(left.sum())  # they come first
        order = np.concatenate([np.arange(there), there + np.argsort(times[there:])])
        arrivals = np.zeros(times.size, dtype=ARRIVAL).view(np.recarray)
        arrivals.time, arrivals.stage = times[order], order
        whole = np.concatenate([part.view(np.uint64) for part in levels])  # as records it takes fifteen times as long
        return arrivals, whole.view(STAGE).view(np.recarray)

    def _first_stages(self, replication: int) -> tuple[Array, Ints, NDArray[np.bool_]]:
        """When people come, to which step, and whether they were already there (their stay is then what is left)."""
        n = self.network
        at = {s.name: i for i, s in enumerate(n.steps)}
        times, steps = [], []
        surges: dict[tuple[str, float], Array] = {}
        days = np.floor(self._grid[:-1] - self.start + 1e-9).astype(np.int64)
        for stream in n.streams:
            rng = generator(self.seed, f"arrivals:{replication}:{stream.name}")
            rate = self._rates[stream.name]
            if stream.surge_sd > 0.0:
                key = (stream.surge, stream.surge_sd)
                if key not in surges:
                    surges[key] = self._surge(replication, stream, int(days[-1]) + 1)
                rate = rate * surges[key][days]
            when = _arrivals(rng, rate, self._grid)
            when = when[when < self.end]
            times.append(when)
            steps.append(np.full(when.size, at[stream.step]))
        there = generator(self.seed, f"there:{replication}").poisson(self._inside)
        begun = np.repeat(np.arange(len(n.steps)), there)
        coming = np.concatenate([np.zeros(0), *times])
        left = np.concatenate([np.ones(begun.size, dtype=bool), np.zeros(coming.size, dtype=bool)])
        return (
            np.concatenate([np.full(begun.size, self.start), coming]),
            np.concatenate([begun, *steps]).astype(np.int64),
            left,
        )

    @cached_property
    def _inside(self) -> Array:
        """Mean number of people in each step if nothing limits them."""
        return np.asarray(self.network.rates() * np.array([s.stay.mean for s in self.network.steps]))

    def _surge(self, replication: int, stream: Stream, days: int) -> Array:
        """A factor for each day, lognormal with mean 1."""
        score = generator(self.seed, f"surge:{replication}:{stream.surge}").standard_normal(days)
        variance = np.log1p(stream.surge_sd**2)
        return np.asarray(np.exp(np.sqrt(variance) * score - variance / 2.0))

    def _treatment(self, rng: np.random.Generator, step: Ints, logs: Array, left: NDArray[np.bool_] | None) -> Array:
        """Days of treatment; for those already there what is left: a part, uniform, of a stay found by its length.

        A lognormal stay found by its length is lognormal with mu + sigma squared, a gamma one has a shape greater by 1.
        """
        p = self._shapes
        there = np.flatnonzero(left) if left is not None else np.zeros(0, dtype=np.int64)
        out = np.array(logs)
        out[there] += self._tables.sigma[step[there]] ** 2
        np.exp(out, out=out)
        if p["kind"].any():
            kind = p["kind"][step]
            found = left.astype(np.float64) if left is not None else np.zeros(step.size)
            for at, name in enumerate(KINDS):
                rows = np.flatnonzero(kind == at)
                mean, sd = p["mean"][step[rows]], p["sd"][step[rows]]
                if name == "fixed":
                    out[rows] = mean
                elif name == "exponential":
                    out[rows] = mean * rng.standard_gamma(1.0 + found[rows])
                elif name == "gamma":
                    shape = (mean / sd) ** 2
                    out[rows] = mean / shape * rng.standard_gamma(shape + found[rows])
        out[there] *= rng.random(there.size)
        return out

    @cached_property
    def _shapes(self) -> dict[str, Array]:
        stays = [s.stay for s in self.network.steps]
        kinds = ["fixed" if s.kind == "gamma" and s.mean * s.sd == 0.0 else s.kind for s in stays]
        return {
            "kind": np.array([KINDS.index(kind) for kind in kinds]),
            "mean": np.array([s.mean for s in stays]),
            "sd": np.array([s.sd for s in stays]),
        }


def _arrivals(rng: np.random.Generator, rate: Array, grid: Array) -> Array:
    """Times of a Poisson process with these expected numbers in each hour, rising."""
    expected = np.concatenate([[0.0], np.cumsum(rate)])
    total = expected[-1]
    if total <= 0.0:
        return np.zeros(0)
    gaps = rng.standard_exponential(int(total + 6.0 * np.sqrt(total) + 20.0))
    when = np.cumsum(gaps)
    while when[-1] < total:  # one time in a thousand million
        when = np.concatenate([when, when[-1] + np.cumsum(rng.standard_exponential(100))])
    return np.asarray(np.interp(when[when < total], expected, grid))
