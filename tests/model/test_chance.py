"""Poisson quantiles and bed days against scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bettercare.model.chance import bed_days, poisson_quantile


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.0, 60.0))
def test_few_events_are_exact(u: float, lam: float) -> None:
    assert poisson_quantile(u, lam) == (stats.poisson.ppf(u, lam) if lam > 0 else 0)


@given(st.floats(1e-4, 1 - 1e-4), st.floats(60.0, 1e6))
def test_many_events_are_within_one(u: float, lam: float) -> None:
    assert abs(float(poisson_quantile(u, lam)) - stats.poisson.ppf(u, lam)) <= 1.0


def test_bed_days_have_the_moments_of_the_sum() -> None:
    u = (np.arange(100_000) + 0.5) / 100_000
    days = bed_days(np.full(u.shape, 400.0), np.full(u.shape, 6.0), np.full(u.shape, 64.0), stats.norm.ppf(u))
    assert days.mean() == pytest.approx(2400.0, rel=1e-6)
    assert days.var() == pytest.approx(400.0 * 64.0, rel=1e-3)
