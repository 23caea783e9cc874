"""Numbers and dates in the pages, worded as in the reports. What is not there is empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.utils import timezone

from bettercare.reporting import text


def _here(value: date | None) -> date | None:
    """A moment as clocks here show it: the database gives it in UTC, which can be the day before."""
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def day(value: date | None) -> str:
    """3 May 2018."""
    return text.day(_here(value))


def long_day(value: date | None) -> str:
    """Thursday 3 May 2018."""
    return text.day(_here(value), weekday=True)


def number(value: float | None, digits: int = 0) -> str:
    """1,234 with a true minus sign, which zero does not have."""
    return "" if value is None else text.grouped(value, digits)


def money(value: float | None) -> str:
    """£398m, £4.2m or £850,000; a minus sign stands before the pound sign."""
    return "" if value is None else text.money(value)


def plain_range(value: Mapping[str, float], digits: int = 0) -> str:
    """114 (28 to 201), from p5, p95 and mean."""
    return f"{number(value['mean'], digits)} ({number(value['p5'], digits)} to {number(value['p95'], digits)})"
