"""Who is asked to resolve something, and by when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

from bettercare.plan.plan import Plan

WORKING_DAYS = 10


class Duties:
    """The plan's duties on given days."""

    def __init__(self, plan: Plan) -> None:
        rows = plan.tables["duties"].iter_rows(named=True)
        self._rows = [row for row in rows if row["duty"] == "decide"]
        self._leads = dict(plan.tables["initiatives"].select("code", "lead").iter_rows())

    def decides(self, partner: str, day: date) -> bool:
        """Whether a partner has the duty to decide on a day."""
        return any(
            row["partner"] == partner and row["from_date"] <= day and (row["to_date"] is None or day <= row["to_date"])
            for row in self._rows
        )

    def asked(self, parties: Sequence[tuple[str, str]], day: date) -> tuple[str, str]:
        """Of the parties, each with its part in the matter, the first whose duty it is to decide; and why it is."""
        for partner, part in parties:
            if self.decides(partner, day):
                return partner, f"it {part}, and the plan gives it the duty to decide"
        if not parties:
            return "", "no partner of the plan has a part in it"
        partner, part = parties[0]
        return partner, f"it {part}; no party to this has a duty to decide on that day"

    def lead(self, initiatives: Sequence[str]) -> tuple[str, str]:
        """Who leads the first of some initiatives that the plan knows."""
        for code in initiatives:
            if code in self._leads:
                return self._leads[code], f"it leads {code}"
        return "", "no partner leads it"


def working_days_after(day: date, number: int) -> date:
    """The date so many working days of England after a day: Saturdays, Sundays and bank holidays do not count."""
    while number > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in bank_holidays(day.year):
            number -= 1
    return day


# Proclaimed for one year: (added, taken away). gov.uk/bank-holidays and the London Gazette.
_PROCLAIMED = {
    1981: (((7, 29),), ()),
    1995: (((5, 8),), ((5, 1),)),
    1999: (((12, 31),), ()),
    2002: (((6, 3), (6, 4)), ((5, 27),)),
    2011: (((4, 29),), ()),
    2012: (((6, 4), (6, 5)), ((5, 28),)),
    2020: (((5, 8),), ((5, 4),)),
    2022: (((6, 2), (6, 3), (9, 19)), ((5, 30),)),
    2023: (((5, 8),), ()),
}  # fmt: skip


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of England and Wales (Banking and Financial Dealings Act 1971, as kept since 1978)."""
    easter = _easter(year)
    days = {easter - timedelta(days=2), easter + timedelta(days=1)}
    days |= {_monday(year, 5, 1), _monday(year, 6, 1) - timedelta(days=7), _monday(year, 9, 1) - timedelta(days=7)}
    for month, day in ((1, 1), (12, 25), (12, 26)):
        found = date(year, month, day)
        while found.weekday() >= 5 or found in days:  # one that falls on a weekend has a substitute day
            found += timedelta(days=1)
        days.add(found)
    added, taken = _PROCLAIMED.get(year, ((), ()))
    days |= {date(year, month, day) for month, day in added}
    return frozenset(days - {date(year, month, day) for month, day in taken})


def _monday(year: int, month: int, day: int) -> date:
    """The first Monday on or after a day."""
    found = date(year, month, day)
    return found + timedelta(days=-found.weekday() % 7)


def _easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian algorithm; Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * i) // 451
    month, day = divmod(h + i - 7 * m + 114, 31)
    return date(year, month, day + 1)
