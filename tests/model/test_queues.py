"""Queues against published values, and against each other where one is a special case of another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from bettercare.model.queues import (
    erlang_b,
    erlang_c,
    mmc,
    mmck,
    poisson_tail,
    pollaczek_khinchine,
    priority_waits,
)


def birth_and_death(servers: int, places: int, load: float) -> np.ndarray:
    """Probabilities of 0 to `places` people, by solving the balance equations as a linear system: no formula."""
    size = places + 1
    rates = np.zeros((size, size))
    for n in range(places):
        rates[n, n + 1] = load
        rates[n + 1, n] = min(n + 1, servers)
    np.fill_diagonal(rates, -rates.sum(axis=1))
    system = np.vstack([rates.T, np.ones(size)])
    return np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0]


@pytest.mark.parametrize(("beds", "load", "lost"), [(10, 8, 0.121661), (230, 220, 0.027577), (400, 380, 0.013932)])
def test_share_lost_by_erlang(beds: int, load: float, lost: float) -> None:
    assert erlang_b(beds, load) == pytest.approx(lost, abs=5e-7)


def test_one_bed_at_90_percent_waits_nine_stays() -> None:
    queue = mmc(1, 0.9, 1.0)
    assert queue.wait == pytest.approx(9.0)
    assert queue.share_waiting == pytest.approx(0.9)


def test_fifty_beds_at_90_percent() -> None:
    queue = mmc(50, 45.0, 1.0)
    assert queue.share_waiting == pytest.approx(0.363864, abs=5e-7)
    assert queue.wait == pytest.approx(0.072773, abs=5e-7)
    assert queue.waiting == pytest.approx(3.27478, abs=5e-6)


def test_time_may_be_in_any_unit() -> None:
    """Stays of half a day: people wait half as long."""
    assert mmc(50, 90.0, 2.0).wait == pytest.approx(0.072773 / 2, abs=5e-7)


def test_four_hundred_beds_at_95_percent() -> None:
    assert mmc(400, 380.0, 1.0).share_waiting == pytest.approx(0.220314, abs=5e-7)
    assert mmc(400, 380.0, 1.0).wait == pytest.approx(0.011016, abs=5e-7)


def test_fifty_beds_and_ten_places_to_wait() -> None:
    queue = mmck(50, 60, 45.0, 1.0)
    assert queue.share_lost == pytest.approx(0.014323, abs=5e-7)
    assert queue.wait == pytest.approx(0.025224, abs=5e-7)


@given(st.integers(1, 12), st.integers(0, 15), st.floats(0.1, 20.0))
def test_limited_queues_solve_their_balance_equations(servers: int, room: int, load: float) -> None:
    queue, p = mmck(servers, servers + room, load, 1.0), birth_and_death(servers, servers + room, load)
    assert queue.share_lost == pytest.approx(p[-1], abs=1e-9)
    assert queue.waiting == pytest.approx(float(np.maximum(np.arange(p.size) - servers, 0) @ p), abs=1e-8)
    assert queue.share_waiting * (1 - p[-1]) == pytest.approx(p[servers:-1].sum(), abs=1e-9)


@given(st.integers(1, 60), st.floats(0.05, 0.95))
def test_a_limited_queue_is_erlangs_without_room_and_with_all_room(servers: int, utilisation: float) -> None:
    load = servers * utilisation
    assert mmck(servers, servers, load, 1.0).share_lost == pytest.approx(erlang_b(servers, load), rel=1e-9)
    endless, exact = mmck(servers, servers + 1000, load, 1.0), mmc(servers, load, 1.0)
    assert endless.share_waiting == pytest.approx(exact.share_waiting, rel=1e-9)
    assert endless.wait == pytest.approx(exact.wait, rel=1e-9)


def test_a_large_overloaded_queue_does_not_overflow() -> None:
    queue = mmck(2000, 2500, 4000.0, 1.0)
    assert queue.share_lost == pytest.approx(0.5, abs=1e-6)


def test_one_bed_with_lognormal_stays() -> None:
    assert pollaczek_khinchine(0.8, 1.0, 1.3) == pytest.approx(5.38, abs=1e-9)
    assert pollaczek_khinchine(0.9, 1.0, 1.0) == pytest.approx(mmc(1, 0.9, 1.0).wait)
    assert pollaczek_khinchine(0.9, 1.0, 0.0) == pytest.approx(mmc(1, 0.9, 1.0).wait / 2)


def test_chance_of_more_than_650_in_bed() -> None:
    assert poisson_tail(620.0, 650) == pytest.approx(0.110909, abs=5e-7)
    assert poisson_tail(620.0, 650) == pytest.approx(float(poisson.sf(650, 620)))


def test_two_classes_at_ten_beds() -> None:
    first, second = priority_waits(10, (3.0, 6.0), 1.0)
    assert first == pytest.approx(0.095533, abs=5e-7)
    assert second == pytest.approx(0.955331, abs=5e-7)
    assert mmc(10, 9.0, 1.0).wait == pytest.approx(0.668732, abs=5e-7)


@given(st.integers(1, 30), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4), st.floats(0.1, 0.95))
def test_priorities_share_out_the_same_waiting(servers: int, weights: list[float], utilisation: float) -> None:
    """Kleinrock's conservation law: whoever goes first, the mean wait of all is the same."""
    rates = [w / sum(weights) * servers * utilisation for w in weights]
    waits = priority_waits(servers, rates, 1.0)
    assert waits == sorted(waits)
    mean = sum(r * w for r, w in zip(rates, waits, strict=True)) / sum(rates)
    assert mean == pytest.approx(mmc(servers, sum(rates), 1.0).wait, rel=1e-9)


def test_what_has_no_steady_state_is_refused() -> None:
    for wrong in (lambda: erlang_c(10, 10.0), lambda: mmc(10, 11.0, 1.0), lambda: pollaczek_khinchine(1.0, 1.0, 1.0)):
        with pytest.raises(ValueError, match="grows without end"):
            wrong()
    with pytest.raises(ValueError, match="at least one server"):
        erlang_b(0, 1.0)
    with pytest.raises(ValueError, match="hold at least the servers"):
        mmck(10, 9, 1.0, 1.0)
