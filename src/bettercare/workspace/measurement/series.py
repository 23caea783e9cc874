"""Series that may be shown: the plan's published observations, or counts of records that passed disclosure control."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from bettercare.plan.badges import weakest
from bettercare.reporting import text

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

PUBLISHED, RECORDS = "published", "records"
HIDDEN = "hidden"
FEW_TO_DRAW = 3


@dataclass(frozen=True)
class Row:
    """One value of a series: its period in words, the value (None where hidden), the counts as they may be shown."""

    when: date
    period: str
    value: float | None
    numerator: str = ""
    denominator: str = ""
    note: str = ""
    ends: tuple[float, float] | None = None  # between which the true value lies, where counts were rounded


@dataclass(frozen=True)
class Series:
    """The values of one indicator at one partner and locality (blank: all of them) from one source."""

    indicator: str
    source: str
    partner: str
    locality: str
    rows: tuple[Row, ...]
    badge: str
    loose: tuple[Row, ...] = ()  # figures of periods that are no financial year: shown, not drawn

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is of."""
        return self.indicator, self.source, self.partner, self.locality

    @property
    def last(self) -> Row | None:
        """The last row that has a value."""
        return next((r for r in (*reversed(self.rows), *self.loose) if r.value is not None), None)

    @property
    def can_be_drawn(self) -> bool:
        """Whether there are points enough for a line."""
        return sum(r.value is not None for r in self.rows) >= FEW_TO_DRAW


def published(plan: Plan) -> dict[str, Series]:
    """The plan's observations by indicator; of several bases of one figure, that which the plan uses."""
    badges = dict(plan["evidence"].select("code", "badge").iter_rows())
    homes = {r["code"]: (r["partner"] or "", r["locality"] or "") for r in plan["indicators"].iter_rows(named=True)}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in plan["observations"].sort("indicator", "year", "period").iter_rows(named=True):
        if row["used"]:
            found.setdefault(row["indicator"], []).append(row)
    out = {}
    for code, rows in found.items():
        worst = weakest(badges.get(r["evidence"] or "") for r in rows)
        years = {r["year"]: r for r in rows if r["year"]}
        drawn = tuple(_row(r, date(int(year[:4]), 4, 1)) for year, r in years.items())
        loose = tuple(_row(r, date.min) for r in rows if not r["year"])
        out[code] = Series(code, PUBLISHED, *homes.get(code, ("", "")), drawn, worst, loose)
    return out


def _row(row: dict[str, Any], when: date) -> Row:
    return Row(when, row["period"], row["value"], note="; ".join(t for t in (row["basis"], row["note"]) if t))


def say(unit: str, value: float) -> str:
    """A value in its unit, as people read it."""
    if unit in ("GBP", "£"):
        return text.money(value)
    digits = 0 if abs(value) >= 100 or value == int(value) else 1
    if unit in ("%", "percent"):
        return f"{text.grouped(value, 1 if value != int(value) else 0)}%"
    return text.grouped(value, digits)


def unit_words(unit: str) -> str:
    """The unit after a number; blank where the number carries it."""
    return "" if unit in ("%", "percent", "GBP", "£", "count") else unit


def axis(unit: str) -> str:
    """How a chart's axis writes its values (a Vega expression)."""
    if unit in ("%", "percent"):
        return "format(datum.value, ',') + '%'"
    if unit in ("GBP", "£"):
        return "'£' + format(datum.value / 1e6, ',.0f') + 'm'"
    return "format(datum.value, ',')"
