"""The square-root rule holds the risk; pooling needs fewer beds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bettercare.model.beds import dispersion, margin, needed, risk_of_full


@given(st.floats(10, 2000), st.floats(1.02, 1.6), st.floats(0.001, 0.2), st.floats(0.5, 2.0))
def test_the_risk_of_being_full_is_held(mean: float, spare: float, risk: float, growth: float) -> None:
    beds = mean * spare
    k = margin(beds, mean)
    phi = dispersion(k, risk)
    assert float(risk_of_full(beds, mean, phi)) == pytest.approx(risk, rel=1e-6)
    later = needed(mean * growth, k)
    assert float(risk_of_full(later, mean * growth, phi)) == pytest.approx(risk, rel=1e-6)


def test_the_base_year_needs_what_is_open() -> None:
    assert float(needed(1453.77, margin(1671.0, 1453.77))) == pytest.approx(1671.0)


@given(st.floats(5, 500), st.floats(5, 500), st.floats(0.1, 5))
def test_one_unit_needs_no_more_than_two(a: float, b: float, k: float) -> None:
    assert float(needed(a + b, k)) <= float(needed(a, k) + needed(b, k)) + 1e-9


def test_an_empty_service_needs_nothing() -> None:
    assert float(needed(0.0, margin(20.0, 0.0))) == 0.0
    assert float(risk_of_full(0.0, 0.0, 1.0)) == 0.0
    assert np.isfinite(risk_of_full(10.0, 0.0, 0.0))
