"""The outcomes roadmap as values, made from a plan: the grid, the timeline, and what moved since an earlier plan.

Nothing here knows of a database or a request. An initiative is one `Card`, however many places it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from bettercare.plan.plan import Plan
from bettercare.reporting import dates
from bettercare.reporting.labels import brief

STATUSES = {
    "proposed": "Proposed",
    "assured": "Assured",
    "consulting": "Out to consultation",
    "decided": "Decided",
    "delivering": "Being put in place",
    "live": "In use",
    "closed": "Closed",
}
CONSULTATION = {"yes": "Needed", "no": "Not needed", "unknown": "Not yet known"}
# Words with which the plan's column `doubt` says that sources disagree; the other doubts are about what is unclear.
_CONFLICT = re.compile(r"\bconflict|\bdocuments\b[^;.]*\bdifferent\b", re.IGNORECASE)


@dataclass(frozen=True)
class Filters:
    """What somebody asks to see; blank is everything. `words` is looked for in code, title and description."""

    locality: str = ""
    partner: str = ""
    pathway: str = ""
    status: str = ""
    consultation: str = ""
    words: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, eq=False)
class Card:
    """One initiative as the roadmap shows it. `places` are (outcome, workstream, year), one for each placement.

    Nothing stands in a year before the one in which it goes live: a place that the plan's own roadmap has earlier moves
    there, and `was` is the first year that it had. `planned` is the date on which it goes live, as exactly as it is
    known; `early` says that it stands under none of the initiative's columns, but before them.
    """

    code: str
    title: str
    description: str
    lead: str
    locality: str
    status: str
    consultation: str
    doubt: str
    conflict: bool
    places: tuple[tuple[str, str, int], ...]
    planned: str
    live: date | None
    ramp_months: float
    early: bool
    was: int | None

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Codes of the outcomes that it stands under."""
        return tuple(dict.fromkeys(outcome for outcome, _, _ in self.places))


@dataclass(frozen=True)
class Row:
    """A workstream under an outcome: its cards by year."""

    code: str
    name: str
    cells: Mapping[int, tuple[Card, ...]]


@dataclass(frozen=True)
class Outcome:
    """An outcome and its workstreams."""

    code: str
    name: str
    rows: tuple[Row, ...]

    def by_year(self, year: int) -> list[tuple[Row, Card]]:
        """The cards of a year with their workstreams, for a narrow screen."""
        return [(row, card) for row in self.rows for card in row.cells.get(year, ())]


@dataclass(frozen=True)
class Grid:
    """The whole roadmap; `initiatives` and `placements` are how many it shows."""

    years: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    initiatives: int
    placements: int


@dataclass(frozen=True)
class Bar:
    """An initiative on the timeline: months from the start of the first year to going live and to full effect."""

    card: Card
    begins: float
    ends: float
    full: str


@dataclass(frozen=True)
class Timeline:
    """Bars in the order of their dates, over whole calendar years."""

    years: tuple[int, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Moved:
    """An initiative whose place or date differs from an earlier plan: what changed, in words."""

    code: str
    title: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What moved, what is new (code, title) and what is gone, against an earlier plan."""

    moved: tuple[Moved, ...]
    new: tuple[tuple[str, str], ...]
    gone: tuple[tuple[str, str], ...]


def cards(plan: Plan) -> dict[str, Card]:
    """Every initiative of a plan by code."""
    places: dict[str, list[tuple[str, str, int]]] = {}
    for row in _in_source_order(plan):
        places.setdefault(row["initiative"], []).append((row["outcome"], row["workstream"], row["year"]))
    live = {r["initiative"]: r for r in plan["milestones"].iter_rows(named=True) if r["kind"] == "live"}
    partners, localities = _names(plan, "partners"), _names(plan, "localities")
    return {
        row["code"]: _card(row, tuple(places.get(row["code"], ())), live.get(row["code"]), partners, localities)
        for row in plan["initiatives"].iter_rows(named=True)
    }


def _card(
    row: Mapping[str, Any],
    places: tuple[tuple[str, str, int], ...],
    live: Mapping[str, Any] | None,
    partners: Mapping[str, str],
    localities: Mapping[str, str],
) -> Card:
    day = live["date"] if live else None
    stands = tuple(dict.fromkeys((outcome, stream, _column(year, day)) for outcome, stream, year in places))
    years, were = {year for _, _, year in stands}, {year for _, _, year in places}
    return Card(
        code=row["code"],
        title=row["title"],
        description=row["description"],
        lead=brief(partners.get(row["lead"], row["lead"])),
        locality=row["area_note"] or localities.get(row["locality"] or "", ""),
        status=row["status"],
        consultation=row["consultation"],
        doubt=row["doubt"] or "",
        conflict=bool(row["doubt"] and _CONFLICT.search(row["doubt"])),
        places=stands,
        planned=dates.known(day, live["assumed"]) if live and day else "",
        live=day,
        ramp_months=row["ramp_months"] or 0.0,
        early=bool(day and years and day.year not in years),
        was=min(were) if were and years and min(were) < min(years) else None,
    )


def _column(year: int, live: date | None) -> int:
    """The year under which a placement stands."""
    return max(year, live.year) if live else year


def chosen(plan: Plan, filters: Filters) -> frozenset[str]:
    """Codes of the initiatives that pass all filters.

    A locality takes in what applies everywhere; a partner what it leads or pays for.
    """
    pays: dict[str, set[str]] = {}
    for initiative, partner in plan["investments"].select("initiative", "partner").iter_rows():
        pays.setdefault(initiative, set()).add(partner)
    words = filters.words.casefold().split()

    def passes(row: Mapping[str, Any]) -> bool:
        text = f"{row['code']} {row['title']} {row['description'] or ''}".casefold()
        return (
            (not filters.locality or row["locality"] in (None, filters.locality))
            and (not filters.partner or filters.partner == row["lead"] or filters.partner in pays.get(row["code"], ()))
            and (not filters.pathway or row["pathway"] == filters.pathway)
            and (not filters.status or row["status"] == filters.status)
            and (not filters.consultation or row["consultation"] == filters.consultation)
            and all(word in text for word in words)
        )

    return frozenset(row["code"] for row in plan["initiatives"].iter_rows(named=True) if passes(row))


def grid(plan: Plan, every: Mapping[str, Card], codes: Collection[str] | None = None) -> Grid:
    """The roadmap as in the document of May 2015: outcomes, their workstreams, and the calendar years.

    `every` are the plan's `cards`; `codes` says which of them are shown (all unless told). Years run from the first to
    the last that the plan uses, so that a filter does not change the columns.
    """
    names = _names(plan, "workstreams")
    found: dict[str, dict[str, dict[int, list[Card]]]] = {}
    shown = set()
    placements = 0
    for row in _in_source_order(plan):
        card = every[row["initiative"]]
        if codes is not None and card.code not in codes:
            continue
        year = _column(row["year"], card.live)
        cell = found.setdefault(row["outcome"], {}).setdefault(row["workstream"], {}).setdefault(year, [])
        cell += [] if card in cell else [card]
        placements += 1
        shown.add(card.code)
    outcomes = tuple(
        Outcome(
            row["code"],
            row["name"],
            tuple(
                Row(stream, names[stream], {year: tuple(cell) for year, cell in cells.items()})
                for stream, cells in found.get(row["code"], {}).items()
            ),
        )
        for row in plan["outcomes"].sort("order").iter_rows(named=True)
    )
    used = [year for card in every.values() for _, _, year in card.places]
    years = tuple(range(min(used), max(used) + 1)) if used else ()
    return Grid(years, outcomes, len(shown), placements)


def timeline(every: Mapping[str, Card], codes: Collection[str] | None = None) -> Timeline:
    """Initiatives with a date, from going live to full effect, in the order of their dates."""
    wanted = [c for c in every.values() if c.live and (codes is None or c.code in codes)]
    dated = sorted(((c.live, c.code, c) for c in wanted if c.live), key=lambda item: item[:2])
    if not dated:
        return Timeline((), ())
    first = dated[0][0].year
    bars = []
    for day, _, card in dated:
        begins = 12.0 * (day.year - first) + day.month - 1 + (day.day - 1) / 31.0
        ends = begins + card.ramp_months
        year, month = first + int(ends) // 12, int(ends) % 12 + 1
        full = str(year) if card.planned.isdigit() else f"{date(year, month, 1):%B %Y}"
        bars.append(Bar(card, begins, ends, full))
    last = first + int(max(bar.ends for bar in bars)) // 12
    return Timeline(tuple(range(first, last + 1)), tuple(bars))


def compare(before: Plan, after: Plan, codes: Collection[str] | None = None) -> Comparison:
    """What moved, is new, or is gone since an earlier plan; `codes` says which of the later plan's are looked at."""
    old, now = cards(before), cards(after)
    names = {**_names(before, "outcomes"), **_names(after, "outcomes")}
    wanted = [c for c in now.values() if codes is None or c.code in codes]
    moved = []
    for card in wanted:
        if card.code in old and (changes := _moves(old[card.code], card, names)):
            moved.append(Moved(card.code, card.title, tuple(changes)))
    return Comparison(
        tuple(moved),
        tuple((c.code, c.title) for c in wanted if c.code not in old),
        tuple((c.code, c.title) for c in old.values() if c.code not in now),
    )


def _moves(old: Card, now: Card, names: Mapping[str, str]) -> list[str]:
    changes = []
    if old.live != now.live:
        changes.append(f"planned date: {old.planned or 'none'}, now {now.planned or 'none'}")
    were, are = _years(old), _years(now)
    for place in dict.fromkeys([*were, *are]):
        if were.get(place) != are.get(place):
            then, here = (", ".join(map(str, years.get(place, ()))) or "not there" for years in (were, are))
            changes.append(f"{names.get(place[0], place[0])}: {then}, now {here}")
    return changes


def _years(card: Card) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for outcome, workstream, year in card.places:
        found.setdefault((outcome, workstream), []).append(year)
    return {place: sorted(years) for place, years in found.items()}


def _in_source_order(plan: Plan) -> list[dict[str, Any]]:
    """Placements in the order of the document that they come from; those without a line follow."""

    def line(row: Mapping[str, Any]) -> tuple[bool, int, str]:
        found = re.match(r"\d+", row["source_line"] or "")
        return found is None, int(found[0]) if found else 0, row["initiative"]

    return sorted(plan["placements"].iter_rows(named=True), key=line)


def _names(plan: Plan, table: str) -> dict[str, str]:
    return dict(plan[table].select("code", "name").iter_rows())
