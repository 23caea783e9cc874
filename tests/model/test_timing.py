"""Dates and ramps, by hand and by integration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bettercare.model.timing import Milestone, average_ramp, order, starts


def test_delay_passes_through_what_depends_on_it() -> None:
    chain = [Milestone(12.0, 0), Milestone(14.0, 1, (0,), 3.0), Milestone(30.0, -1, (1,))]
    when = starts(chain, np.array([[0.0, 10.0], [0.0, 0.0]]))
    assert when[:, 0] == pytest.approx([12.0, 15.0, 30.0])  # 12 + 3 is later than 14
    assert when[:, 1] == pytest.approx([22.0, 25.0, 30.0])


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="wait for each other"):
        order([Milestone(1.0, -1, (1,)), Milestone(1.0, -1, (0,))])


@given(st.floats(-24, 80), st.one_of(st.just(0.0), st.floats(0.01, 60.0)))
def test_the_average_of_a_ramp_is_its_integral(start: float, ramp: float) -> None:
    fine = (np.arange(6 * 12 * 400) + 0.5) / 400
    height = np.clip((fine - start) / ramp, 0, 1) if ramp > 0.0 else (fine >= start).astype(float)
    exact = height.reshape(6, -1).mean(axis=1)
    exact[0] = 0.0  # what works in the base year is in the base-year counts
    assert average_ramp(np.array([start]), ramp, 6)[:, 0] == pytest.approx(exact, abs=2e-3)
