"""The cells of a workbook as the texts that would stand in CSV files, and where formulas stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bettercare.foundation.problems import Problem, Problems
from bettercare.plan.schema import Column, schema
from bettercare.plan.source import MOST_COLUMNS, MOST_ROWS
from bettercare.plan.workbook import ESCAPED_X, OVERLAY, SCENARIOS_SHEET, SETTINGS_SHEET
from bettercare.plan.workbook_open import SAVE_AS, Limits, open_book, refusal

LIMITS = Limits(256, 1024, "A plan of this size is better kept as a folder of CSV files.")

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula; `worked_out` says whether the workbook kept its value."""

    sheet: str
    row: int
    column: int  # counted from 0
    cell: str  # as a spreadsheet names it, M2
    worked_out: bool = False


@dataclass
class Sheets:
    """What a workbook holds: the rows of each sheet that belongs to a plan, the names of the others, the formulas.

    `too_long` are sheets with more rows than a table may have; the text of a formula is the value that the workbook
    kept, or else the formula itself.
    """

    rows: dict[str, Rows] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    too_long: list[str] = field(default_factory=list)
    formulas: list[Formula] = field(default_factory=list)


def belongs(sheet: str) -> bool:
    """Whether a sheet of this name belongs to a plan."""
    return sheet.removesuffix(OVERLAY) in schema() or sheet in (SETTINGS_SHEET, SCENARIOS_SHEET)


def read_sheets(path: Path) -> Sheets:
    """The content of a workbook. Raises Problems when it is not one that can be read."""

    reason = refusal(path, LIMITS)
    if reason is None:
        try:
            return _read(path)
        except Exception as error:  # noqa: BLE001  (a damaged workbook makes openpyxl raise whatever its XML reader does)
            reason = (f"cannot be read as an Excel workbook ({type(error).__name__}).", SAVE_AS)
    raise Problems([Problem(path.name, None, None, *reason)])


def _read(path: Path) -> Sheets:
    found = Sheets()
    book = open_book(path)
    for sheet in book.worksheets:
        if belongs(sheet.title):
            found.rows[sheet.title] = _cells(sheet, found)
        else:
            found.others.append(sheet.title)
    book.close()
    if found.formulas:
        book = open_book(path, values=True)
        found.formulas = [formula for name in found.rows for formula in _worked_out(book[name], found)]
        book.close()
    return found


def _cells(sheet: Any, found: Sheets) -> Rows:
    sheet.reset_dimensions()  # what a program wrote there about its size may be wrong
    rows: Rows = []
    columns: list[Column | None] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > MOST_ROWS:
            found.too_long.append(sheet.title)
            break
        texts = []
        for place, cell in enumerate(cells[:MOST_COLUMNS]):
            if cell.data_type == "f":
                found.formulas.append(Formula(sheet.title, number, place, cell.coordinate))
                texts.append(str(getattr(cell.value, "text", cell.value)))  # an array formula is an object
            else:
                texts.append(_text(cell.value, columns[place] if place < len(columns) else None))
        if number == 1:
            columns = _columns(sheet.title, texts)
        if number == 1 or any(texts):
            rows.append((number, texts))
    return rows


def _columns(sheet: str, header: list[str]) -> list[Column | None]:
    table = schema().get(sheet.removesuffix(OVERLAY))
    return [table[name] if table and name in table.names else None for name in header]


def _worked_out(sheet: Any, found: Sheets) -> Iterator[Formula]:
    """The formulas of a sheet; the values that the workbook kept replace their texts."""
    rows = dict(found.rows[sheet.title])
    columns = _columns(sheet.title, rows.get(1, []))
    here: dict[int, list[Formula]] = {}
    for formula in found.formulas:
        if formula.sheet == sheet.title:
            here.setdefault(formula.row, []).append(formula)
    if not here:
        return
    sheet.reset_dimensions()
    for number, values in enumerate(sheet.iter_rows(max_row=max(here), values_only=True), start=1):
        for formula in here.get(number, ()):
            value = values[formula.column] if formula.column < len(values) else None
            if value is not None:
                column = columns[formula.column] if formula.column < len(columns) else None
                rows[number][formula.column] = _text(value, column)
            yield replace(formula, worked_out=value is not None)


def _text(value: Any, column: Column | None) -> str:
    """The text of a cell as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace(ESCAPED_X, "x").replace("_x000D_", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        if column is not None and column.type in ("year", "integer", "code"):
            return value.strftime("%b-%y")  # the form in which a spreadsheet shows what it made of 2010/11
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) else _number(value)
    return str(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
