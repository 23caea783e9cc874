"""The ledger adds up, whatever opens or closes."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bettercare.model.ledger import contributions, log_mean

POSITIVE = st.floats(1e-6, 1e6)
FACTOR = st.one_of(st.floats(0.0, 0.0), st.floats(1e-4, 50.0), st.floats(0.999999, 1.000001))


@given(POSITIVE, POSITIVE)
def test_log_mean_lies_between_the_geometric_and_the_arithmetic_mean(a: float, b: float) -> None:
    mean = float(log_mean(a, b))
    assert math.sqrt(a * b) * (1 - 1e-9) <= mean <= (a + b) / 2 * (1 + 1e-9)
    assert mean == log_mean(b, a) or math.isclose(mean, float(log_mean(b, a)), rel_tol=1e-12)


@given(st.one_of(st.just(0.0), POSITIVE), st.lists(FACTOR, min_size=1, max_size=8))
def test_parts_add_up_to_the_change(start: float, factors: list[float]) -> None:
    end = start * math.prod(factors)
    parts = contributions(np.array(start), [np.array(f) for f in factors])
    scale = max(abs(end), abs(start), 1e-300)
    assert abs(sum(float(p) for p in parts) - (end - start)) <= 1e-9 * scale


@given(POSITIVE, st.lists(st.floats(1e-3, 20.0), min_size=2, max_size=6), st.randoms())
def test_the_order_of_the_factors_does_not_matter(start: float, factors: list[float], random) -> None:  # type: ignore[no-untyped-def]
    order = list(range(len(factors)))
    random.shuffle(order)
    straight = contributions(np.array(start), [np.array(f) for f in factors])
    mixed = contributions(np.array(start), [np.array(factors[i]) for i in order])
    for at, i in enumerate(order):
        assert math.isclose(float(mixed[at]), float(straight[i]), rel_tol=1e-9, abs_tol=1e-9)


def test_closing_belongs_to_what_closed() -> None:
    parts = contributions(np.array([10.0]), [np.array([1.5]), np.array([0.0])])
    assert parts[0] == 0.0 and parts[1] == -10.0


def test_the_limit_of_closing_is_continuous() -> None:
    parts = contributions(np.array([10.0]), [np.array([1.5]), np.array([1e-250])])
    assert abs(float(parts[1][0]) + 10.0) < 0.05
