"""What a form sends, read with errors in words beside the field. What was typed is never lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone

from bettercare.workspace.pages import whole

LONGEST = 4000


class Form:
    """The fields of a request, and what is wrong with them: `errors` maps a field to words."""

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self.data = data or {}
        self.errors: dict[str, str] = {}

    def raw(self, name: str) -> str:
        """What was typed."""
        return str(self.data.get(name, "")).strip()

    def text(self, name: str, what: str, *, needed: bool = True, longest: int = LONGEST) -> str:
        """A text; `what` is how an error calls it, such as "a reason"."""
        value = self.raw(name).replace("\x00", "")
        if needed and not value:
            self.errors[name] = f"Enter {what}"
        elif len(value) > longest:
            self.errors[name] = f"Shorten {what} to {longest:,} characters; it has {len(value):,}"
        return value

    def choice(self, name: str, what: str, allowed: Mapping[str, Any] | set[str] | list[str]) -> str:
        """One of some codes."""
        value = self.raw(name)
        if value not in allowed:
            self.errors[name] = f"Choose {what}"
        return value

    def number(self, name: str, low: int, high: int) -> int | None:
        """A whole number, or None where nothing was typed."""
        value = self.raw(name)
        if not value:
            return None
        try:
            number = int(value)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            self.errors[name] = f"Enter a whole number from {low} to {high}"
            return None
        return number

    def day(self, name: str, what: str, *, needed: bool = True, past: bool = False) -> date | None:
        """A date from its three parts; with `past` it may not be after today."""
        parts = [self.raw(f"{name}-{part}") for part in ("day", "month", "year")]
        if not any(parts):
            if needed:
                self.errors[name] = f"Enter {what}"
            return None
        try:
            day, month, year = (whole(p) or 0 for p in parts)
            value = date(year, month, day)
        except (ValueError, OverflowError):
            self.errors[name] = f"Enter {what} as a real date, such as 1 10 2016"
            return None
        if not 1948 <= value.year <= 2100:
            self.errors[name] = f"Enter {what} between 1948 and 2100"
            return None
        if past and value > timezone.localdate():
            self.errors[name] = f"Enter {what} that is not in the future"
            return None
        return value

    def version(self) -> int:
        """The version that the form was filled in on; 0, which is none, where it is not a number."""
        return whole(self.raw("version")) or 0

    def listed_errors(self) -> list[dict[str, str]]:
        """For the error summary: each error, and where it is."""
        return [{"text": text, "href": f"#{name}"} for name, text in self.errors.items()]


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, day.day)
