"""Delivery confidence on the five-point scale, suggested from what is known. A person may differ, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

SCALE = ("green", "amber-green", "amber", "amber-red", "red")
DAYS_A_MONTH = 365.25 / 12
SOON_DAYS = 183  # open gates count once a date is this near


@dataclass(frozen=True)
class Suggestion:
    """A point of the scale, and why."""

    code: str
    reasons: tuple[str, ...]


def suggest(
    planned: date,
    expected: date | None,
    today: date,
    *,
    done: bool = False,
    tolerance_months: float = 4.0,
    open_criteria: int = 0,
    late_before_it: int = 0,
) -> Suggestion:
    """Suggest a point of the scale: green less one point for each step of lateness and for each thing in its way.

    Lateness is `expected` (at least today, while it is not done) less `planned`: up to the tolerance costs one point,
    up to twice the tolerance two, more three. Criteria of gates that are not met within half a year of the date cost
    one point, and so does a late milestone that must come first (two or more cost two).
    """
    if done:
        return Suggestion("green", ("It is done.",))
    when = max(expected or planned, today) if planned < today else (expected or planned)
    late = (when - planned).days
    tolerance = tolerance_months * DAYS_A_MONTH
    points, reasons = 0, []
    if late > 0:
        points = 1 if late <= tolerance else 2 if late <= 2 * tolerance else 3
        kept = "within" if late <= tolerance else "beyond"
        reasons.append(f"It is {late:,} days late, {kept} its tolerance of {tolerance:.0f} days.")
    if open_criteria and (when - today).days <= SOON_DAYS:
        points += 1
        said = "criterion of its gates is" if open_criteria == 1 else "criteria of its gates are"
        reasons.append(f"{open_criteria} {said} not met.")
    if late_before_it:
        points += min(late_before_it, 2)
        said = "milestone that must come first is" if late_before_it == 1 else "milestones that must come first are"
        reasons.append(f"{late_before_it} {said} late.")
    return Suggestion(SCALE[min(points, 4)], tuple(reasons) or ("Nothing known is in its way.",))
