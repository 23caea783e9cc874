"""Steps, price levels, splits and discount factors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bettercare.model.money import discount_factors, money_factors, price_level, split_change, steps


def test_a_ward_stays_until_a_whole_ward_goes() -> None:
    assert steps([84.0, 83.0, 56.1, 56.0, 0.0], 28.0) == pytest.approx([3, 3, 3, 2, 0])


def test_price_levels_compound() -> None:
    up, down = price_level(np.array([[0.0], [2.0], [3.0]]), np.array([[0.0], [4.0], [0.0]]))
    assert up[:, 0] == pytest.approx([1.0, 1.02, 1.02 * 1.03])
    assert down[:, 0] == pytest.approx([1.0, 0.96, 0.96])


_LEVEL = arrays(float, (3, 2), elements=st.floats(0.2, 5.0))


@given(arrays(float, (4, 2), elements=st.one_of(st.just(0.0), st.floats(0.1, 1e9))), _LEVEL, _LEVEL)
def test_a_split_adds_up(volume: np.ndarray, inflation: np.ndarray, efficiency: np.ndarray) -> None:
    one = np.ones((1, 2))
    i, e = np.concatenate([one, inflation]), np.concatenate([one, efficiency])
    scale, from_volume, from_price, from_efficiency = split_change(volume, i, e)
    change = volume * i * e - volume[:1]
    size = np.maximum(np.abs(volume * i * e), volume[:1]) + 1e-9
    assert np.all(np.abs(from_volume + from_price + from_efficiency - change) <= 1e-9 * size)
    assert np.all(np.abs(scale * (volume - volume[:1]) - from_volume) <= 1e-9 * size)


def test_green_book_factors() -> None:
    """Published factors: standard rate 3.5% to year 30, 3.0% to year 75; health 1.5% (The Green Book)."""
    standard = money_factors(61, 3.5)
    assert standard[[5, 10, 30, 31, 60]] == pytest.approx([0.8420, 0.7089, 0.3563, 0.3459, 0.1468], abs=5e-5)
    assert money_factors(61, 2.0) == pytest.approx(discount_factors(61, 2.0))  # already lower
    assert discount_factors(31, 1.5)[[10, 30]] == pytest.approx([0.8617, 0.6398], abs=5e-5)
