"""The same hospital in SimPy and in Ciw: with the same people every count is the same; with their own, within error."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.peers import SMALL, Hospital, Seen, network, ours, people, seen, traced, with_ciw, with_simpy

from bettercare.engines.simulate.run import Simulation

TIGHT = Hospital((11, 44, 8, 13), 41.0)  # every place blocks often


def ours_from_empty(h: Hospital, days: float, warm_up: float, seed: int) -> tuple[Seen, list]:
    """Our engine on people who come after the start, none being there before; and these people."""
    simulation = Simulation(network(h), days, warm_up, seed, tick=days)
    arrivals, stages = simulation.trace(0)
    arrivals = arrivals[arrivals.time > -warm_up]
    return seen(simulation._with(arrivals, stages, {}, False)), traced(arrivals, stages, -warm_up)


def same(one: Seen, other: Seen) -> None:
    for name, figures in one.figures().items():
        np.testing.assert_allclose(other.figures()[name], figures, rtol=1e-7, atol=1e-9, err_msg=name)
    width = min(one.spread.shape[1], other.spread.shape[1])
    np.testing.assert_allclose(one.spread[:, :width], other.spread[:, :width], rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(one.wait, other.wait)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_people_fare_the_same_in_simpy(seed: int) -> None:
    mine, coming = ours_from_empty(TIGHT, 150.0, 40.0, seed)
    assert (mine.days_stuck[:2] > 5.0).all()
    same(mine, with_simpy(TIGHT, 150.0, 40.0, coming))


def test_the_same_people_fare_the_same_in_ciw() -> None:
    mine, coming = ours_from_empty(TIGHT, 80.0, 30.0, 3)
    assert (mine.days_stuck[:2] > 2.0).all()
    same(mine, with_ciw(TIGHT, 80.0, 30.0, 1, coming))


def within_error(mine: list[Seen], theirs: list[Seen], precision: float) -> None:
    """Every figure by place: means differ by less than 4.5 standard errors (there are about 30 comparisons)."""
    for name in mine[0].figures():
        a, b = (np.array([x.figures()[name] for x in part]) for part in (mine, theirs))
        error = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
        far = np.abs(a.mean(axis=0) - b.mean(axis=0)) > 4.5 * error + 1e-12
        assert not far.any(), (name, a.mean(axis=0), b.mean(axis=0), error)
        if name == "mean beds taken":
            assert (error < precision * a.mean(axis=0)).all()


def test_simpy_with_its_own_luck_agrees() -> None:
    mine = [seen(c) for c in ours(SMALL, 250.0, 40.0, 7, replications=40)]
    within_error(mine, [with_simpy(SMALL, 250.0, 40.0, people(SMALL, seed)) for seed in range(8)], 0.04)


def test_ciw_with_its_own_luck_agrees() -> None:
    mine = [seen(c) for c in ours(SMALL, 120.0, 40.0, 8, replications=40)]
    within_error(mine, [with_ciw(SMALL, 120.0, 40.0, seed) for seed in range(8)], 0.06)
