"""How the pages word days, numbers and money."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bettercare.workspace.words import day, long_day, money, number


def test_days_are_those_of_clocks_here() -> None:
    """A moment comes from the database in UTC: midnight in a British summer is the day before there."""
    begun = datetime(2015, 5, 31, 23, tzinfo=UTC)
    assert (day(begun), long_day(begun)) == ("1 June 2015", "Monday 1 June 2015")
    assert (day(date(2015, 5, 31)), day(None)) == ("31 May 2015", "")


def test_numbers_and_money_are_worded_as_in_the_reports() -> None:
    assert (number(-0.3), number(-1234.0), number(None)) == ("0", "\N{MINUS SIGN}1,234", "")
    assert (money(398e6), money(-4.2e6), money(None)) == ("£398m", "\N{MINUS SIGN}£4.2m", "")
