"""Queues whose answers are known. Each must be found to within four standard errors, which must be small."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bettercare.engines.simulate.arrays import ASKED, STARTED
from bettercare.engines.simulate.network import Network, Route, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.run import Simulation
from bettercare.engines.simulate.theory import erlang
from bettercare.foundation.problems import UsageError
from bettercare.model.queues import mmc
from tests.simulate.runs import agrees, queue, run, share_full, wait


def exponential(mean: float) -> Stay:
    return Stay(mean, mean, "exponential")


def test_fifty_beds_at_90_percent() -> None:
    """Erlang C. Stays of half a day, so that waits are half of those in the tables for stays of one."""
    found = run(queue(50, 90.0, 0.5), days=800, replications=40)
    agrees(wait(found), 0.072773 / 2, 0.03)
    agrees(share_full(found, 50), 0.363864, 0.01)
    agrees([c.stations.days_waiting[0] / 800 for c in found], 3.27478, 0.04)
    # P(wait > t) = C exp(-(c mu - lambda) t): the share who wait more than a quarter of an hour, and than two hours
    for bins in (1, 8):
        late = [c.wait[0, bins:].sum() / c.wait[0].sum() for c in found]
        agrees(late, 0.363864 * math.exp(-10.0 * bins / 96.0), 0.03)


def test_one_bed_at_90_percent() -> None:
    agrees(wait(run(queue(1, 0.9, 1.0), days=20_000, replications=40, warm_up=2_000)), 9.0, 0.03)


def test_the_command_puts_exact_and_simulated_side_by_side() -> None:
    found = {row.measure: row for row in erlang(50, 0.9, stay=0.5, replications=24, seed=5)}
    assert found["mean wait, days"].exact == pytest.approx(0.072773 / 2, abs=5e-7)
    assert found["share who wait"].exact == pytest.approx(0.363864, abs=5e-7)
    assert found["mean number waiting"].exact == pytest.approx(3.27478, abs=5e-6)
    for row in found.values():
        assert row.low < row.exact < row.high
        assert row.low < row.mean < row.high < 1.25 * row.low


@pytest.mark.parametrize(("servers", "utilisation"), [(0, 0.9), (5, 1.0), (5, 0.0), (5, math.nan), (100_000, 0.5)])
def test_a_queue_without_a_steady_state_is_refused(servers: int, utilisation: float) -> None:
    with pytest.raises(UsageError, match="utilisation between 0 and 1"):
        erlang(servers, utilisation)


@pytest.mark.parametrize(
    ("beds", "load", "lost", "days"), [(10, 8, 0.121661, 2000), (230, 220, 0.027577, 400), (400, 380, 0.013932, 400)]
)
def test_people_turned_away_from_full_wards(beds: int, load: float, lost: float, days: float) -> None:
    """Erlang B, with lognormal stays: the loss depends on their mean alone."""
    found = run(queue(beds, load, Stay(1.0, 1.5), most_waiting=0), days, replications=30)
    agrees([c.stations.turned[0] / c.stations.asked[0] for c in found], lost, 0.03)


def test_fifty_beds_and_ten_chairs() -> None:
    """M/M/50/60."""
    found = run(queue(50, 45.0, 1.0, most_waiting=10), days=1000, replications=40)
    agrees([c.stations.turned[0] / c.stations.asked[0] for c in found], 0.014323, 0.03)
    agrees(wait(found), 0.025224, 0.02)


def test_people_who_leave_after_a_fixed_time() -> None:
    """M/M/c with patience D (Barrer 1957; Baccelli and Hebuterne 1981): c = 5, arrivals 6, stays of 1 day, D = .5.

    The offered wait has density f(x) = f(0) exp((lambda - c mu) x) up to D and falls by c mu after it, with f(0) =
    lambda P(c - 1); whoever would be offered more than D leaves.
    """
    beds, rate, patience = 5, 6.0, 0.5
    free = [rate**n / math.factorial(n) for n in range(beds)]
    start = rate * free[-1]
    up_to = start * (math.exp((rate - beds) * patience) - 1.0) / (rate - beds)
    after = start * math.exp((rate - beds) * patience) / beds
    leave = after / (sum(free) + up_to + after)
    found = run(queue(beds, rate, 1.0, patience=patience), days=2000, replications=30)
    agrees([c.stations.cancelled[0] / c.stations.asked[0] for c in found], leave, 0.01)


def test_nobody_waits_where_there_are_always_beds() -> None:
    """M/G/infinity: the number in bed is Poisson(620)."""
    found = run(queue(2000, 100.0, Stay(6.2, 5.0)), days=1000, replications=40)
    n = np.arange(found[0].spread.shape[1])
    mean = np.array([c.spread[0] @ n for c in found]) / 1000
    agrees(mean, 620.0, 0.002)
    agrees(np.array([c.spread[0] @ (n - 620.0) ** 2 for c in found]) / 1000, 620.0, 0.03)
    agrees(share_full(found, 651), 0.110909, 0.04)


def test_one_bed_with_lognormal_stays() -> None:
    """Pollaczek-Khinchine, mean 1, cv 1.3, arrivals .8."""
    agrees(wait(run(queue(1, 0.8, Stay(1.0, 1.3)), days=20_000, replications=40, warm_up=1_000)), 5.38, 0.03)


def test_gamma_stays_have_the_mean_and_sd_that_they_say() -> None:
    """Pollaczek-Khinchine again: Wq needs the second moment. Arrivals .5, mean 1, sd .5: .5 * 1.25 / (2 * .5)."""
    found = run(queue(1, 0.5, Stay(1.0, 0.5, "gamma")), days=10_000, replications=30, warm_up=200)
    agrees(wait(found), 0.625, 0.01)


def test_stays_of_a_fixed_length() -> None:
    """M/D/1: half the wait of exponential stays."""
    found = run(queue(1, 0.5, Stay(1.0, 0.0, "fixed")), days=10_000, replications=30, warm_up=200)
    agrees(wait(found), 0.5, 0.01)


def test_a_jackson_network() -> None:
    """Three stations with feedback, also to themselves: each is an M/M/c with the rate of the traffic equations."""
    beds, stays, names = (4, 3, 2), (0.5, 0.4, 0.6), ("a", "b", "c")
    move = np.array([[0.1, 0.5, 0.2], [0.2, 0.0, 0.2], [0.3, 0.0, 0.0]])
    coming = np.array([3.0, 1.0, 0.5])
    rates = np.linalg.solve(np.eye(3) - move.T, coming)
    network = Network(
        tuple(Station(name, b) for name, b in zip(names, beds, strict=True)),
        (Rule("leaves first", holds=False),),
        tuple(
            Step(name, ((name, 1.0),), exponential(stay), "leaves first", tuple(map(Route, names, shares)))
            for name, stay, shares in zip(names, stays, move, strict=True)
        ),
        tuple(Stream(name, name, rate) for name, rate in zip(names, coming, strict=True)),
    )
    np.testing.assert_allclose(network.rates(), rates, rtol=1e-10)
    found = run(network, days=3000, replications=40, warm_up=100)
    for i in range(3):
        exact = mmc(beds[i], rates[i], 1.0 / stays[i])
        agrees([c.stations.started[i] / 3000 for c in found], rates[i], 0.01)
        agrees(share_full(found, beds[i], i), exact.share_waiting, 0.02)
        agrees([c.stations.days_waiting[i] / 3000 for c in found], exact.waiting, 0.04)


def tandem(rate: float, beds: tuple[int, int], stays: tuple[float, float]) -> Network:
    """Two stations in series; whoever waits for the second keeps a bed in the first."""
    return Network(
        (Station("acute", beds[0]), Station("community", beds[1])),
        (Rule("in turn"),),
        (
            Step("first", (("acute", 1.0),), exponential(stays[0]), "in turn", (Route("second", 1.0, reason="beds"),)),
            Step("second", (("community", 1.0),), exponential(stays[1]), "in turn"),
        ),
        (Stream("people", "first", rate),),
    )


def test_delayed_transfers_block_beds() -> None:
    found = run(tandem(8.0, (10, 36), (1.0, 4.0)), days=5000, replications=40, warm_up=200)
    agrees([c.stations.days_stuck[0] / 5000 for c in found], 0.788926, 0.03)
    agrees([c.stations.sum_stuck[0] / c.stations.left[0] for c in found], 0.098616, 0.03)
    agrees(wait(found), 0.834957, 0.05)
    # The delay of the first station is the wait for the second, and all of it is for beds.
    for c in found:
        assert c.blocked[0, 1] == pytest.approx(c.stations.days_waiting[1], rel=1e-9)
        assert not c.arranging.any() and not c.blocked[1].any()


def test_delayed_transfers_between_single_beds() -> None:
    found = run(tandem(0.5, (1, 1), (1.0, 1.0)), days=20_000, replications=40, warm_up=1000)
    agrees([c.stations.days_stuck[0] / 20_000 for c in found], 0.2, 0.01)
    agrees(wait(found), 3.2, 0.03)


def test_emergencies_go_first() -> None:
    """Cobham's formula: M/M/10, arrivals 3 and 6, nobody is put out of a bed."""
    network = Network(
        (Station("ward", 10),),
        (Rule("emergency", 0), Rule("elective", 1)),
        tuple(Step(name, (("ward", 1.0),), exponential(1.0), name) for name in ("emergency", "elective")),
        (Stream("a", "emergency", 3.0), Stream("b", "elective", 6.0)),
    )
    simulation = Simulation(network, 4000, warm_up=200)
    waits: dict[str, list[float]] = {"emergency": [], "elective": []}
    for r, (c,) in enumerate(simulation.run(30, log=True)):
        _, stages = simulation.trace(r)
        log = c.log[c.log.time >= 0.0]
        days = np.full((2, len(stages)), np.nan)
        for k, what in enumerate((ASKED, STARTED)):
            days[k, log.stage[log.what == what]] = log.time[log.what == what]
        for rule, name in enumerate(waits):
            waits[name].append(float(np.nanmean((days[1] - days[0])[stages.rule == rule])))
    agrees(waits["emergency"], 0.095533, 0.02)
    agrees(waits["elective"], 0.955331, 0.04)
    agrees(wait(run(queue(10, 9.0, 1.0), days=2000, replications=30, warm_up=200)), 0.668732, 0.04)
