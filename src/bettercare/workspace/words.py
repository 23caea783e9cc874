"""Numbers and dates as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime


def day(value: date | datetime | None) -> str:
    """3 May 2018."""
    return "" if value is None else f"{value.day} {value:%B %Y}"


def long_day(value: date | datetime | None) -> str:
    """Thursday 3 May 2018."""
    return "" if value is None else f"{value:%A} {value.day} {value:%B %Y}"


def number(value: float | None, digits: int = 0) -> str:
    """1,234 with a true minus sign."""
    return "" if value is None else f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def money(value: float | None) -> str:
    """£12.3 million, £450,000 or £300; a minus sign stands before the pound sign."""
    if value is None:
        return ""
    sign, size = ("\N{MINUS SIGN}" if value < 0 else ""), abs(value)
    if size >= 999_500:
        return f"{sign}£{size / 1e6:,.1f} million"
    return f"{sign}£{round(size, -3):,.0f}" if size >= 10_000 else f"{sign}£{size:,.0f}"


def plain_range(value: Mapping[str, float], digits: int = 0) -> str:
    """114 (28 to 201), from p5, p95 and mean."""
    return f"{number(value['mean'], digits)} ({number(value['p5'], digits)} to {number(value['p95'], digits)})"
