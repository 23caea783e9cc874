"""Financial years."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bettercare.foundation import years


def test_parse_and_label() -> None:
    assert years.parse("2013/14") == 2013
    assert years.label(1999) == "1999/00"
    assert years.span("2013/14", "2015/16") == ["2013/14", "2014/15", "2015/16"]
    assert years.after("2013/14", 5) == "2018/19"


@pytest.mark.parametrize(
    "text", ["", "2013", "2013-14", "2013/15", "13/14", "2013/2014", " 2013/14", "\uff12\uff10\uff11\uff13/14"]
)
def test_what_is_not_a_year(text: str) -> None:
    with pytest.raises(ValueError, match="financial year"):
        years.parse(text)


def test_dates() -> None:
    assert years.start("2013/14") == date(2013, 4, 1)
    assert years.end("2013/14") == date(2014, 3, 31)


def test_months_between_counts_whole_months() -> None:
    assert years.months_between(date(2014, 4, 1), date(2014, 10, 1)) == 6
    assert years.months_between(date(2014, 10, 1), date(2014, 4, 1)) == -6
    assert years.months_between(date(2014, 4, 1), date(2014, 4, 16)) == pytest.approx(0.493, abs=0.001)


@given(st.integers(1, 9998))
def test_a_year_is_read_as_it_is_written(first: int) -> None:
    year = years.label(first)
    assert years.parse(year) == first
    assert (years.start(year).year, years.end(year).year) == (first, first + 1)
