"""The ledger adds up, whatever opens or closes."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bettercare.model.ledger import log_mean, part_of_change, relative_log_mean

POSITIVE = st.floats(1e-6, 1e6)
FACTOR = st.one_of(st.floats(1e-4, 50.0), st.floats(0.999999, 1.000001))


def contributions(start: float, factors: list[float]) -> list[float]:
    x = np.array([start])
    weight = log_mean(x, x * math.prod(factors))
    with np.errstate(divide="ignore"):
        return [float(part_of_change(weight, np.log(np.array([f])), x)[0]) for f in factors]


@given(POSITIVE, POSITIVE)
def test_log_mean_lies_between_the_geometric_and_the_arithmetic_mean(a: float, b: float) -> None:
    mean = float(log_mean(a, b))
    assert math.sqrt(a * b) * (1 - 1e-9) <= mean <= (a + b) / 2 * (1 + 1e-9)
    assert mean == log_mean(b, a) or math.isclose(mean, float(log_mean(b, a)), rel_tol=1e-12)


@given(st.one_of(st.just(0.0), POSITIVE), st.lists(FACTOR, min_size=1, max_size=8))
def test_parts_add_up_to_the_change(start: float, factors: list[float]) -> None:
    end = start * math.prod(factors)
    parts = contributions(start, factors)
    assert abs(math.fsum(parts) - (end - start)) <= 1e-9 * max(abs(end), abs(start), 1e-300)


@given(POSITIVE, st.lists(st.floats(1e-3, 20.0), min_size=2, max_size=6), st.randoms())
def test_the_order_of_the_factors_does_not_matter(start: float, factors: list[float], random) -> None:  # type: ignore[no-untyped-def]
    order = list(range(len(factors)))
    random.shuffle(order)
    straight = contributions(start, factors)
    mixed = contributions(start, [factors[i] for i in order])
    for at, i in enumerate(order):
        assert math.isclose(mixed[at], straight[i], rel_tol=1e-9, abs_tol=1e-9)


@given(POSITIVE, st.lists(FACTOR, max_size=5))
def test_closing_belongs_to_what_closed(start: float, others: list[float]) -> None:
    parts = contributions(start, [0.0, *others])
    assert parts[0] == -start and not any(parts[1:])


def test_the_limit_of_closing_is_continuous() -> None:
    parts = contributions(10.0, [1.5, 1e-250])
    assert abs(parts[1] + 10.0) < 0.05


@given(st.floats(0.0, 50.0))
def test_the_relative_log_mean_is_that_of_one_and_the_ratio(ratio: float) -> None:
    r = np.array([ratio])
    with np.errstate(divide="ignore"):
        found = float(relative_log_mean(r, np.log(r))[0])
    assert math.isclose(found, float(log_mean(1.0, ratio)), rel_tol=1e-9, abs_tol=1e-300)
