"""From the rows of a return's table to lines, or to problems that name the cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

import polars as pl

from bettercare.appraisal.triangulation_lines import KINDS, WORDS_OF_UNIT, Line
from bettercare.appraisal.triangulation_mapping import FIELDS, MAPPING, TableMap
from bettercare.appraisal.triangulation_open import Cell, Rows
from bettercare.foundation.problems import Problem, did_you_mean, shown
from bettercare.plan import values
from bettercare.plan.badges import BADGES
from bettercare.plan.plan import Plan
from bettercare.plan.schema import schema

TABLES = {
    "service": "services", "site": "sites", "counterparty": "partners", "initiative": "initiatives", "fund": "funds",
}  # fmt: skip

# What a line of each kind must name, and what else it may name.
NEEDED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "delivered": (("service",), ("counterparty",)),
    "paid-for": (("service", "counterparty"), ()),
    "open": (("service", "site"), ()),
    "in-post": (("service",), ()),
    "needed": ((), ()),
    "paid": (("counterparty",), ("service",)),
    "received": (("counterparty",), ("service",)),
    "income": ((), ()),
    "cost": ((), ()),
    "paid-into-fund": (("fund",), ()),
    "received-from-fund": (("fund",), ()),
    "claimed": ((), ("initiative", "fund")),
}
MAY_BE_NEGATIVE = ("income", "cost", "paid", "received")


class Place(NamedTuple):
    """Where a table stands and whose it is."""

    file: str
    sheet: str
    partner: str
    as_of: date
    mapped: bool

    @property
    def shown(self) -> str:
        """How a person knows the sheet."""
        return f"{self.file}, sheet {self.sheet}"


class Names:
    """The codes and names of a plan, so that a return may use either."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._codes: dict[str, dict[str, str]] = {}
        self.currency: dict[str, str] = dict(plan.tables["services"].select("code", "currency").iter_rows())

    def _by_text(self, table: str) -> dict[str, str]:
        """Codes by lower-case code and by lower-case name where only one has it."""
        if table not in self._codes:
            frame = self._plan.tables[table]
            column = {"funds": "fund", "initiatives": "title"}.get(table, "name")
            code = "fund" if table == "funds" else "code"
            pairs = frame.select(pl.col(code).alias("a"), pl.col(column).alias("b")).unique().sort("a").rows()
            names: dict[str, list[str]] = {}
            for key, name in pairs:
                names.setdefault(name.casefold(), []).append(key)
            found = {name: keys[0] for name, keys in names.items() if len(keys) == 1}
            self._codes[table] = found | {key.casefold(): key for key, _ in pairs}
        return self._codes[table]

    def find(self, table: str, text: str) -> str | None:
        """The code that a text stands for, written as a code or as the name in full; None where there is none."""
        return self._by_text(table).get(values.clean(text).casefold())

    def known(self, table: str) -> list[str]:
        """All that may be written for a table."""
        return list(self._by_text(table))


@dataclass
class _Table:
    place: Place
    table: TableMap
    names: Names
    problems: list[Problem]

    def wrong(self, row: int | None, column: str | None, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.place.shown, row, column, message, hint))

    @cached_property
    def kinds(self) -> dict[str, str]:
        return KINDS[self.table.item]


def read_table(place: Place, table: TableMap, rows: Rows, names: Names, problems: list[Problem]) -> list[Line]:
    """The lines of one sheet. A row without figures is passed over; problems are collected."""
    this = _Table(place, table, names, problems)
    header = next((cells for number, cells in rows if number == table.header_row), None)
    if header is None:
        this.wrong(table.header_row, None, "has no header row.", "The header row names the columns.")
        return []
    at = _columns(this, header)
    if at is None:
        return []
    last = table.last_row or rows[-1][0]
    lines: list[Line] = []
    for number, cells in rows:
        if table.header_row < number <= last:
            lines += _row(this, number, cells, at)
    return lines


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _columns(this: _Table, header: list[Cell]) -> dict[str, int] | None:
    """Where each column stands, by its header; None and problems where some are missing or there twice."""
    heads: dict[str, list[int]] = {}
    for place, cell in enumerate(header):
        if cell.text:
            heads.setdefault(_key(cell.text), []).append(place)
    found: dict[str, int] = {}
    for head in (*this.table.columns.values(), *this.table.years):
        places = heads.get(_key(head), [])
        if len(places) == 1:
            found[head] = places[0]
        elif places:
            this.wrong(this.table.header_row, head, "the column is there twice.", "Delete one.")
        else:
            near = did_you_mean(head, [cell.text for cell in header if cell.text])
            this.wrong(this.table.header_row, head, "the column is missing.", near)
    whole = len(found) == len({*this.table.columns.values(), *this.table.years})
    return found if whole else None


def _row(this: _Table, number: int, cells: list[Cell], at: dict[str, int]) -> Iterator[Line]:
    def cell(head: str) -> Cell:
        place = at[head]
        return cells[place] if place < len(cells) else Cell("")

    columns = this.table.columns
    figures = list(_figures(this.table, cell))
    texts = {}
    for name in FIELDS:
        found = cell(columns[name]) if name in columns else Cell("")
        if found.formula and figures:
            this.wrong(number, columns[name], "holds a formula.", "Copy the cell and paste its value.")
        texts[name] = found.text or this.table.fixed.get(name, "")
    if any(_key(texts[name]) in map(_key, words) for name, words in this.table.ignore.items()):
        return
    if not figures:
        return
    before = len(this.problems)
    said = _fields(this, number, texts)
    amounts = []
    for head, year, amount in figures:
        if amount.formula:
            this.wrong(number, head, "holds a formula.", "Copy the cell and paste its value.")
        elif (value := _value(this, number, head, amount.text, said.get("kind", ""))) is not None:
            when = _year(this, number, head, year)
            if when is not None:
                amounts.append((head, when, value))
    if said and len(this.problems) == before:
        yield from _lines(this, number, said, amounts)


def _figures(table: TableMap, cell: Callable[[str], Cell]) -> Iterator[tuple[str, str, Cell]]:
    """The cells of a row that hold figures: header, year as written, cell."""
    years = table.years
    if not years and "value" in table.columns:
        years = {table.columns["value"]: cell(table.columns["year"]).text}
    for head, year in years.items():
        amount = cell(head)
        if amount.text or amount.formula:
            yield head, year, amount


def _year(this: _Table, number: int, head: str, text: str) -> str | None:
    try:
        return str(values.parse(schema()["submissions"]["year"], values.clean(text)))
    except values.CellError as error:
        this.wrong(number, head, error.message, error.hint)
        return None


def _value(this: _Table, number: int, head: str, text: str, kind: str) -> float | None:
    try:
        value = values.parse(schema()["submissions"]["value"], values.clean(text))
    except values.CellError as error:
        this.wrong(number, head, error.message, error.hint)
        return None
    assert isinstance(value, float)
    if value < 0.0 and kind and kind not in MAY_BE_NEGATIVE:
        hint = "Write a saving as a positive number." if kind == "claimed" else "It must be 0 or more."
        this.wrong(number, head, f"{text} is not allowed.", hint)
        return None
    return value * this.table.scale


def _fields(this: _Table, number: int, texts: dict[str, str]) -> dict[str, str]:
    """The codes that a row names, all checked; empty where its kind is not known."""
    kind = _kind(this, number, texts)
    if not kind:
        return {}
    said = {"kind": kind}
    needed, may = NEEDED[kind]
    for name, table in TABLES.items():
        text = this.table.names.get(name, {}).get(texts[name], texts[name])
        code = this.names.find(table, text) if text else ""
        if code is None:
            where = this.table.columns.get(name, name)
            hint = did_you_mean(text, this.names.known(table))
            if this.place.mapped:
                hint = f"{hint} Say in {MAPPING} what it stands for, under names.{name}.".strip()
            this.wrong(number, where, f"{shown(text)} is not in the plan's {table}.", hint)
        elif name in needed and not code:
            this.wrong(number, this.table.columns.get(name, name), f"is missing; a line {shown(kind)} needs it.")
        elif code and name not in needed and name not in may:
            hint = "Leave it blank."
            this.wrong(number, this.table.columns.get(name, name), f"means nothing in a line {shown(kind)}.", hint)
        else:
            said[name] = code
    if kind == "claimed" and not (texts["initiative"] or texts["fund"]):
        this.wrong(number, None, "the saving names neither an initiative nor a fund.", "Fill in one of them.")
    if said.get("counterparty") == this.place.partner:
        this.wrong(number, this.table.columns.get("counterparty"), "is the partner itself.", "Name the other side.")
    return said | _words(this, number, texts)


def _kind(this: _Table, number: int, texts: dict[str, str]) -> str:
    """The kind of the row's figures; it need not be said where the table has only one."""
    text = values.clean(texts["kind"]).lower()
    text = this.table.names.get("kind", {}).get(texts["kind"], text)
    if not text and len(this.kinds) == 1:
        return next(iter(this.kinds))
    if text in this.kinds:
        return text
    message = f"{shown(text)} is not one of {', '.join(this.kinds)}." if text else "is missing."
    hint = did_you_mean(text, this.kinds) if text else f"Write one of {', '.join(this.kinds)}."
    this.wrong(number, this.table.columns.get("kind", "kind"), message, hint)
    return ""


def _words(this: _Table, number: int, texts: dict[str, str]) -> dict[str, str]:
    """Basis, badge and note. A figure without a badge is assumed."""
    said = {}
    for name in ("basis", "note"):
        text = values.clean(texts[name])
        try:
            said[name] = str(values.parse(schema()["submissions"]["note"], text)) if text else ""
        except values.CellError as error:
            this.wrong(number, this.table.columns.get(name, name), error.message, error.hint)
    badge = values.clean(texts["badge"]).lower() or "assumed"
    if badge not in BADGES:
        message = f"{shown(badge)} is not one of {', '.join(BADGES)}."
        this.wrong(number, this.table.columns.get("badge", "badge"), message, did_you_mean(badge, BADGES))
    return said | {"badge": badge}


def _lines(
    this: _Table, number: int, said: dict[str, str], amounts: Iterable[tuple[str, str, float]]
) -> Iterator[Line]:
    item, place = this.table.item, this.place
    for head, year, value in amounts:
        yield Line(
            partner=place.partner,
            item=item,
            year=year,
            value=value,
            unit=WORDS_OF_UNIT.get(item) or this.names.currency.get(said["service"], ""),
            received=place.as_of,
            file=place.file,
            sheet=place.sheet,
            row=number,
            column=head,
            **said,
        )
