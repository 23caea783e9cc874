"""The forecast's path on a chart of months: the months of a year add up to the year, each with its own part."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace as Made
from typing import Any

import numpy as np
import pytest

from bettercare import Plan
from bettercare.workspace.measurement import expected
from bettercare.workspace.measurement.series import RECORDS

A_YEAR = 36_500.0


@pytest.fixture
def path(llr: Plan, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The path of an indicator where every draw has the same number in every year."""
    result = Made(draws=lambda *about: np.full(50, A_YEAR))
    made = Made(years=("2014/15",), result=lambda name: result)
    monkeypatch.setattr(expected.contribution, "contributions", lambda plan: ())
    monkeypatch.setattr(expected, "forecast_of", lambda *about: made)
    rows = (Made(when=date(2014, 4, 1)), Made(when=date(2015, 3, 1)))
    series = Made(source=RECORDS, partner="", locality="", badge="measured", rows=rows)

    def of(indicator: str, unit: str) -> list[Any]:
        return expected.path(llr, Made(in_plan=indicator, unit=unit), series) or []

    return of


def test_the_months_of_a_year_add_up_to_it_and_follow_the_season(path: Any) -> None:
    months = {point.when: point for point in path("child-emergency-admissions", "admissions")}
    assert len(months) == 12
    assert sum(p.mean for p in months.values()) == pytest.approx(A_YEAR)
    assert months[date(2014, 8, 1)].mean < 0.85 * A_YEAR / 12 < 1.1 * A_YEAR / 12 < months[date(2014, 12, 1)].mean
    flat = {point.when: point.mean for point in path("day-cases", "day cases")}  # the plan has no seasons of these
    assert flat[date(2015, 2, 1)] == pytest.approx(2800.0) and flat[date(2015, 3, 1)] == pytest.approx(3100.0)


def test_a_month_has_as_many_beds_as_the_year(path: Any, llr: Plan) -> None:
    code = llr["indicators"].filter(llr["indicators"]["measure"] == "acute_beds_open")["code"][0]
    assert {point.mean for point in path(code, "beds")} == {A_YEAR}
