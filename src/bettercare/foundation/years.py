"""Financial years, written `2013/14`: they begin on 1 April."""

from __future__ import annotations

import re
from datetime import date, timedelta

YEAR = re.compile(r"(\d{4})/(\d{2})", re.ASCII)
DAYS_PER_MONTH = 365.25 / 12


def parse(text: str) -> int:
    """`"2013/14"` -> 2013. Raises ValueError when the text is not a financial year."""
    match = YEAR.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a financial year; write for example 2013/14")
    first = int(match[1])
    if not 1 <= first <= 9998 or (first + 1) % 100 != int(match[2]):
        raise ValueError(f"{text!r} is not a financial year; {first} is followed by {(first + 1) % 100:02d}")
    return first


def label(first: int) -> str:
    """2013 -> `"2013/14"`."""
    return f"{first:04d}/{(first + 1) % 100:02d}"


def span(first: str, last: str) -> list[str]:
    """All financial years from `first` to `last`, both included; empty when `last` is before `first`."""
    return [label(year) for year in range(parse(first), parse(last) + 1)]


def after(year: str, number: int = 1) -> str:
    """The financial year `number` years after `year`."""
    return label(parse(year) + number)


def start(year: str) -> date:
    """The first day: 1 April."""
    return date(parse(year), 4, 1)


def end(year: str) -> date:
    """The last day: 31 March."""
    return date(parse(year) + 1, 4, 1) - timedelta(days=1)


def months_between(first: date, second: date) -> float:
    """Months from `first` to `second`: whole calendar months, and the rest as a part of a mean month.

    Whole months count as 1 however long they are, so that 1 April to 1 October is 6. Negative when `second` is
    earlier.
    """
    if second < first:
        return -months_between(second, first)
    whole = (second.year - first.year) * 12 + second.month - first.month
    return whole + (second.day - first.day) / DAYS_PER_MONTH
