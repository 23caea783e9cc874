"""Dates as far as they are known: a day that stands in for a whole year is shown as the year."""

from __future__ import annotations

import re
from datetime import date

from bettercare.reporting import text
from bettercare.reporting.material import Material

# How a plan's own reasoning says that its source has the year and no more ("gives only the year", "gives only 2019").
YEAR_ONLY = re.compile(r"\bonly (?:gives )?(?:the year|\d{4})\b", re.IGNORECASE)


def known(day: date, reasoning: str | None, month: str = "%B %Y") -> str:
    """`October 2015`, or `2015` where the reasoning beside the date says that only the year is known."""
    return f"{day:%Y}" if only_year(reasoning) else f"{day:{month}}"


def when(day: date, reasoning: str | None) -> str:
    """`October 2015`, or `during 2015`."""
    return f"{'during ' if only_year(reasoning) else ''}{known(day, reasoning)}"


def by(day: date, reasoning: str | None, month: str = "%B %Y") -> str:
    """`by October 2015`, or `during 2015`."""
    return f"{'during' if only_year(reasoning) else 'by'} {known(day, reasoning, month)}"


def only_year(reasoning: str | None) -> bool:
    """Whether the reasoning beside a date says that the source gives only its year."""
    return bool(reasoning and YEAR_ONLY.search(reasoning))


def reasonings(m: Material) -> dict[str, str | None]:
    """What the plan writes beside the date on which each initiative goes live, under the main scenario."""
    table = m.plan.under(m.main).tables["milestones"]
    live = table.filter(table["kind"] == "live")
    return dict(live.select("initiative", "assumed").iter_rows())


def stand_ins(m: Material) -> list[date]:
    """The days that stand in for a year, one for each initiative that has no more than a year."""
    why = reasonings(m)
    return [r["date"] for r in m.dates.iter_rows(named=True) if only_year(why.get(r["code"]))]


def note(m: Material) -> str:
    """How the forecast reckons with dates of which only the year is known; empty where there is none."""
    days = stand_ins(m)
    if not days:
        return ""
    common = {(d.month, d.day) for d in days}
    first = max(common, key=lambda md: sum((d.month, d.day) == md for d in days))
    taken = text.day(date(2000, *first), year=False)
    mostly = "" if len(common) == 1 else ", or another day that the plan names,"
    return (
        f"Where only a year is shown, the source gives no more ({len(days)} of {m.dates.height} dates); the forecast "
        f"takes {taken}{mostly} and counts lateness from there."
    )
