"""Dates and ramps, by hand and by integration."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bettercare.foundation.years import months_between
from bettercare.model.timing import Milestone, average_ramp, days_after, ordered, starts


def test_delay_passes_through_what_depends_on_it() -> None:
    chain = [Milestone(12.0, 0), Milestone(14.0, 1, (0,), 3.0), Milestone(30.0, -1, (1,))]
    when = starts(chain, np.array([[0.0, 10.0], [0.0, 0.0]]))
    assert when[:, 0] == pytest.approx([12.0, 15.0, 30.0])  # 12 + 3 is later than 14
    assert when[:, 1] == pytest.approx([22.0, 25.0, 30.0])


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="wait for each other: 0, 1"):
        starts([Milestone(1.0, -1, (1,)), Milestone(1.0, -1, (0,))], np.zeros((0, 1)))
    with pytest.raises(ValueError, match="wait for each other: b, c"):
        ordered({"a": ["b"], "b": ["c"], "c": ["b"]}, ["a"])


def test_only_what_is_wanted_is_put_in_order_and_what_it_waits_for_comes_first() -> None:
    after = {"a": ["c", "b"], "b": ["d"], "c": ["b", "d"], "d": [], "e": ["a"]}
    assert ordered(after, ["c", "a"]) == ["d", "b", "c", "a"]


def test_a_chain_of_any_length_can_be_followed() -> None:
    chain = [Milestone(0.0, -1, (i + 1,), 1.0) for i in range(5_000)] + [Milestone(2.0, -1)]
    assert starts(chain, np.zeros((0, 1)))[0, 0] == 5_002.0


@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)))
def test_days_are_found_again_from_months(day: date) -> None:
    first = date(2015, 4, 1)
    assert days_after(first, months_between(first, day)) == pytest.approx((day - first).days, abs=1e-6)


def test_times_beyond_the_calendar_are_very_far() -> None:
    assert days_after(date(2015, 4, 1), 1e9) > 1e6 and days_after(date(2015, 4, 1), -1e9) < -7e5


@given(st.floats(-24, 80), st.one_of(st.just(0.0), st.floats(0.01, 60.0)))
def test_the_average_of_a_ramp_is_its_integral(start: float, ramp: float) -> None:
    fine = (np.arange(6 * 12 * 400) + 0.5) / 400
    height = np.clip((fine - start) / ramp, 0, 1) if ramp > 0.0 else (fine >= start).astype(float)
    exact = height.reshape(6, -1).mean(axis=1)
    exact[0] = 0.0  # what works in the base year is in the base-year counts
    assert average_ramp(np.array([start]), ramp, 6)[:, 0] == pytest.approx(exact, abs=2e-3)
