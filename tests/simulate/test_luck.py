"""Who comes when, and that the same seed is the same luck: for other beds, on any number of threads, uncompiled."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from bettercare.engines.simulate.network import Network, Route, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.run import Counted, Simulation
from bettercare.engines.simulate.sample import Sampler
from tests.simulate.runs import agrees, queue, run

HOURS = (1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 5, 5, 5, 5, 5, 4, 4, 3, 2, 1)


def everything() -> Network:
    """A small network with every feature: kinds of stay, priorities, patience, overflow, changes, surges, delays."""
    after = (Route("com", 0.2, 0.5, "beds"), Route("home", 0.3, 1.0, "care"))
    return Network(
        (
            Station("ae", 6, outlying=("corridor",)),
            Station("corridor", 3, most_waiting=4),
            Station("ward", 14, changes=((5.0, 8), (12.5, 16)), overflow=("other ward",)),
            Station("other ward", 3),
            Station("community", 4),
            Station("home", None),
        ),
        (Rule("urgent"), Rule("planned", 1, 1.5, 4.0), Rule("no wait", 2, 0.25), Rule("moves", 1, holds=False)),
        (
            Step("ae", (("ae", 0.9), ("corridor", 0.1)), Stay(0.2, 0.2), "urgent", (Route("in", 0.4),), outlying=0.5),
            Step("again", (("ae", 1.0),), Stay(0.3, 0.2), "moves", (Route("in", 0.6),)),
            Step("in", (("ward", 1.0),), Stay(3, 4), "urgent", after, overflow=0.3),
            Step("op", (("ward", 0.7), ("other ward", 0.3)), Stay(2, 1, "gamma"), "planned", (Route("com", 0.1),)),
            Step("com", (("community", 1.0),), Stay(5, 5, "exponential"), "urgent", (Route("again", 0.1),)),
            Step("home", (("home", 1.0),), Stay(7, 0, "fixed"), "moves"),
            Step("clinic", (("corridor", 1.0),), Stay(0.1, 0.1), "no wait"),
        ),
        (
            Stream("a", "ae", 9.0, hour=HOURS, weekday=(1.2, 1, 1, 1, 1, 0.9, 0.9), surge="flu", surge_sd=0.2),
            Stream("b", "op", 2.0, weekday=(1, 1, 1, 1, 1, 0, 0), month=(1, 1, 1, 1, 1, 1, 1, 1, 1.2, 1.3, 1.2, 1)),
            Stream("c", "clinic", 3.0, surge="flu", surge_sd=0.2),
        ),
    )  # fmt: skip


def digest(found: list[list[Counted]]) -> str:
    """A hash of all that was counted."""
    out = hashlib.sha256()
    for c in (c for part in found for c in part):
        for array in (c.stations, c.spread, c.wait, c.stay, c.arranging, c.blocked, c.ticks, c.log):
            out.update(np.ascontiguousarray(array).tobytes())
        out.update(repr(sorted(c.people.items())).encode())
    return out.hexdigest()


def small_run(threads: int = 1) -> list[list[Counted]]:
    return Simulation(everything(), 15.0, 7.0, seed=4).run(3, beds=[{}, {"ward": 2}], threads=threads, log=True)


def test_same_seed_same_bytes_on_any_number_of_threads() -> None:
    one = digest(small_run(1))
    assert digest(small_run(2)) == one
    assert digest(small_run(4)) == one
    assert digest(Simulation(everything(), 15.0, 7.0, seed=5).run(3, beds=[{}, {"ward": 2}], log=True)) != one


def test_a_replication_is_the_same_whichever_others_are_run() -> None:
    simulation = Simulation(everything(), 15.0, 7.0, seed=4)
    assert digest(simulation.run(4)[2:3]) == digest(simulation.run(1, first=2))


def test_uncompiled_gives_the_same_bits() -> None:
    code = "import numba; from tests.simulate.test_luck import *; print(numba.config.DISABLE_JIT, digest(small_run()))"
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", digest(small_run())]


def test_other_beds_have_the_very_same_people() -> None:
    simulation, fewer = Simulation(everything(), 30.0, seed=2), everything()
    fewer = Network(
        (Station("ae", 2, outlying=("corridor",)), *fewer.stations[1:]), fewer.rules, fewer.steps, fewer.streams
    )
    for one, other in zip(simulation.trace(3), Simulation(fewer, 30.0, seed=2).trace(3), strict=True):
        assert np.array_equal(one, other)
    before, after = simulation.run(1, beds=[{}, {"ward": 5, "community": -1}], log=True)[0]
    assert before.people["arrived"] == after.people["arrived"]
    treated = [dict(_treated(c)) for c in (before, after)]
    both = treated[0].keys() & treated[1].keys()
    assert len(both) > 300
    assert all(treated[0][stage] == pytest.approx(treated[1][stage], abs=1e-9) for stage in both)


def _treated(c: Counted) -> list[tuple[int, float]]:
    started = {line.stage: line.time for line in c.log if line.what == 1}
    return [(line.stage, line.time - started[line.stage]) for line in c.log if line.what == 2]


def test_another_step_changes_nobody_elses_arrivals() -> None:
    n = everything()
    more = Network(n.stations, n.rules, n.steps, (*n.streams, Stream("new", "op", 1.0)))
    one, other = (Sampler(x, -7.0, 30.0, 1).trace(0)[0].time for x in (n, more))
    assert np.isin(one[one > -7.0], other).all() and other.size > one.size


def test_replications_differ() -> None:
    traces = [Sampler(everything(), -7.0, 30.0, 1).trace(r)[0].time for r in range(3)]
    assert not set(traces[0][traces[0] > -7.0]) & set(traces[1]) and traces[1].size != traces[2].size


def test_the_census_begins_in_its_steady_state() -> None:
    """Nobody waits: the mean number in bed is rate times stay from the first hour on, whatever the shape of stays."""
    stays = (Stay(4, 6), Stay(4, 3, "gamma"), Stay(4, 4, "exponential"), Stay(4, 0, "fixed"), Stay(4, 0, "gamma"))
    for stay in stays:
        found = run(queue(None, 30.0, stay), days=8, replications=200, warm_up=1 / 24, tick=1.0)
        counts = np.array([[tick.taken for tick in c.ticks[:, 0]] for c in found])
        for day in (0, 1, 3, 8):
            agrees(counts[:, day], 120.0, 0.01)
        agrees((counts[:, 3] - 120.0) ** 2, 120.0, 0.14)


def daily(found: Sampler, replications: int, steps: tuple[int, ...] = (0,)) -> np.ndarray:
    """Arrivals by (replication, step, day), without those who were there at the start."""
    days = int(found.end - found.start)
    out = np.zeros((replications, len(steps), days))
    for r in range(replications):
        arrivals, stages = found.trace(r)
        coming = arrivals[arrivals.time > found.start]
        rule = stages.rule[coming.stage]
        for k, step in enumerate(steps):
            out[r, k] = np.histogram(coming.time[rule == step], bins=days, range=(found.start, found.end))[0]
    return out


def two_streams(sd: float, second: str) -> Network:
    """Two steps told apart by their rules."""
    return Network(
        (Station("ward", None),),
        (Rule("0"), Rule("1")),
        tuple(Step(name, (("ward", 1.0),), Stay(0.1), name) for name in ("0", "1")),
        (Stream("a", "0", 50.0, surge="cold", surge_sd=sd), Stream("b", "1", 30.0, surge=second, surge_sd=sd)),
    )


def test_arrivals_vary_more_than_poisson_by_what_the_surge_says() -> None:
    """Variance of daily counts m + (m sd)^2; those who share a surge have covariance m1 m2 sd^2, others none."""
    for sd, second, covariance in ((0.2, "cold", 60.0), (0.2, "heat", 0.0), (0.0, "cold", 0.0)):
        found = daily(Sampler(two_streams(sd, second), 0.0, 365.0, 3), 40, (0, 1))
        a, b = found[:, 0], found[:, 1]
        agrees(a.mean(axis=1), 50.0, 0.005)
        agrees(((a - 50.0) ** 2).mean(axis=1), 50.0 + (50.0 * sd) ** 2, 0.03)
        shared = ((a - 50.0) * (b - 30.0)).mean(axis=1)
        error = shared.std(ddof=1) / np.sqrt(shared.size)
        assert error < 2.0
        assert abs(shared.mean() - covariance) < 4.0 * error


def test_arrivals_follow_hour_weekday_and_month() -> None:
    weekday, month = (1.3, 1.1, 1.0, 1.0, 1.0, 0.8, 0.8), (0.8,) * 6 + (1.2,) * 6
    stream = Stream("a", "care", 40.0, month=month, weekday=weekday, hour=HOURS)
    n = queue(None, 1.0, Stay(0.1))
    n = Network(n.stations, n.rules, n.steps, (stream,), first_weekday=2)  # day 0 is a Wednesday
    times = [Sampler(n, -14.0, 350.0, 2).trace(r)[0].time for r in range(60)]
    times = [t[t > -14.0] for t in times]
    for hour in (0, 7, 10, 23):
        agrees([np.mean(np.floor(t % 1.0 * 24) == hour) for t in times], HOURS[hour] / sum(HOURS), 0.03)
    inside = [t[(t >= 0) & (t < 350)] for t in times]  # whole weeks
    for day in range(7):
        agrees([np.mean(np.floor(t + 2) % 7 == day) for t in inside], weekday[day] / 7.0, 0.02)
    # The warm-up is the end of March: month 12. Half a year on, weights change (day 183, the first of October).
    agrees([np.sum(t < 0) / 14 for t in times], 48.0, 0.02)
    agrees([np.sum((t >= 0) & (t < 182)) / 182 for t in times], 32.0, 0.02)
    agrees([np.sum((t >= 183) & (t < 183 + 161)) / 161 for t in times], 48.0, 0.02)


def test_a_weekly_wave_arrives_flattened_and_late() -> None:
    """Arrivals 100 (1 + .3 sin 2 pi t / 7), stays exponential 6.2, no limit: amplitude 32.896, lag 1.552 days.

    The rate is constant through each day, so weekdays have the wave's value at noon, a little larger so that the first
    harmonic of the steps is the wave. And the mean of each day solves dE/dt = rate - E / 6.2 for the steps themselves.
    """
    noon = 2.0 * np.pi * (np.arange(7) + 0.5) / 7.0
    weights = 1.0 + 0.3 * (np.pi / 7.0) / np.sin(np.pi / 7.0) * np.sin(noon)
    n = queue(None, 1.0, 6.2)
    n = Network(n.stations, n.rules, n.steps, (Stream("a", "care", 100.0, weekday=tuple(weights)),))
    weeks = 80
    found = run(n, days=7 * weeks, replications=40, warm_up=70, tick=1 / 24)
    hourly = np.array([np.diff(c.ticks.days_taken[:, 0]).reshape(weeks, 168).mean(axis=0) * 24 for c in found])
    angle = 2.0 * np.pi * (np.arange(168) + 0.5) / 168.0
    wave = hourly @ np.exp(-1j * angle) * 2.0 / 168.0  # amplitude and angle of the first harmonic, sin being -i
    late = np.exp(1j * 2.0 * np.pi * 1.552 / 7.0) * 1j
    agrees((wave * late).real, 32.896, 0.01)
    error = (wave * late).imag
    assert abs(error.mean()) < 4.0 * error.std(ddof=1) / np.sqrt(error.size)

    fall = np.exp(-1.0 / 6.2)
    steady = 100.0 * weights * 6.2  # what each day tends to; a week later the number is the same
    start = (1.0 - fall) * sum(steady[k] * fall ** (6 - k) for k in range(7)) / (1.0 - fall**7)
    for day in range(7):
        mean = steady[day] + (start - steady[day]) * 6.2 * (1.0 - fall)
        agrees(hourly[:, 24 * day : 24 * day + 24].mean(axis=1), mean, 0.003)
        start = steady[day] + (start - steady[day]) * fall
