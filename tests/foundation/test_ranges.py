"""Ranges against scipy's distributions, and what low and high mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bettercare.foundation.ranges import Range

U = np.linspace(0.001, 0.999, 201)


def test_triangular_is_scipys() -> None:
    ours = Range("triangular", 2.0, 1.0, 5.0).at(U)
    assert np.allclose(ours, stats.triang.ppf(U, 0.25, loc=1.0, scale=4.0))


def test_pert_has_the_mean_of_the_method() -> None:
    fine = (np.arange(200_000) + 0.5) / 200_000
    assert Range("pert", 2.0, 1.0, 5.0).at(fine).mean() == pytest.approx((1.0 + 4 * 2.0 + 5.0) / 6, rel=1e-5)


@pytest.mark.parametrize(
    ("interval", "low", "high"), [("p5-p95", 0.05, 0.95), ("p10-p90", 0.1, 0.9), ("ci95", 0.025, 0.975)]
)
@pytest.mark.parametrize("kind", ["normal", "lognormal"])
def test_low_and_high_are_the_quantiles_that_they_say(kind: str, interval: str, low: float, high: float) -> None:
    r = Range(kind, 3.0, 2.0, 7.0, interval)
    assert r.at([low, 0.5, high]) == pytest.approx([2.0, 3.0, 7.0])


@given(st.sampled_from(["uniform", "triangular", "pert"]), st.floats(-5, 5), st.floats(0, 5), st.floats(0.01, 5))
def test_positions_rise_and_stay_in_the_range(kind: str, low: float, up: float, more: float) -> None:
    r = Range(kind, low + up, low, low + up + more)
    values = r.at(U)
    assert np.all(np.diff(values) >= -1e-9)
    assert values.min() >= low - 1e-9 and values.max() <= low + up + more + 1e-9
