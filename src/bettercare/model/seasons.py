"""The part of a year that falls into some months: their days, each weighed by its season."""

from __future__ import annotations

import calendar
from collections.abc import Sequence

FLAT = (1.0,) * 12


def part_of_year(first: int, last: int, weights: Sequence[float] = FLAT) -> float:
    """Share of a financial year's number that falls into the months from `first` to `last`, both in.

    Months are years times 12 plus the month less 1; `weights` are the rates of a day in each month, April first, on any
    scale. A month of another financial year counts by its share of that one, so a whole year is exactly 1 and a period
    over two years is what it would be if both were like the one. Blank seasons (all weights nought) count as none.
    """
    rates = weights if sum(weights) > 0.0 else FLAT
    if (first - 3) % 12 == 0 and last - first == 11:
        return 1.0
    return sum(_of_month(month, rates) for month in range(first, last + 1))


def _of_month(month: int, rates: Sequence[float]) -> float:
    april = month - (month - 3) % 12
    year = [_days(m) * rates[m - april] for m in range(april, april + 12)]
    return year[month - april] / sum(year)


def _days(month: int) -> int:
    return calendar.monthrange(month // 12, month % 12 + 1)[1]
