"""A plan as one Excel workbook: a sheet for each table, with what each column means and drop-down lists.

Nothing in it is a formula, and text that looks like one stays text. `workbook_read.py` reads it back without loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bettercare.foundation.problems import UsageError, shown
from bettercare.plan import values
from bettercare.plan.schema import Column, schema
from bettercare.plan.settings import KEYS, as_flat
from bettercare.plan.typed import CHANGE
from bettercare.plan.write import scenario_values

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from bettercare.plan.plan import Plan

ABOUT = "about"
SETTINGS_SHEET = "plan"
SCENARIOS_SHEET = "scenarios"
OVERLAY = "+"  # the sheet effects+ holds what the scenarios change in effects
SPARE_ROWS = 1_000  # drop-down lists reach this far below the last row
LONGEST_LIST = 255  # of the text that a drop-down list may be given as

ABOUT_LINES = (
    "This workbook is a plan of Better Care Together. bettercare import reads it back into a folder.",
    "The sheet plan holds the settings. Each other sheet is a table; the notes on its heads say what goes there.",
    "The sheet scenarios says what each scenario is; sheets that end in + hold the rows that scenarios change.",
    "Sheets and columns may stand in any order. Do not rename them. A cell with a formula is refused: paste its value.",
    "Financial years are written 2013/14, codes and years as text.",
)

# Excel reads _x0041_ in a text as the letter A. Writing the x itself in that way keeps such a text what it is.
LOOKS_ESCAPED = re.compile(r"x(?=[0-9A-Fa-f]{4}_)")
ESCAPED_X = "_x0078_"


def export_workbook(plan: Plan, path: str | Path) -> Path:
    """Write the plan (settings, all tables, scenarios) as a workbook, and return its path.

    A file that is there is replaced. Raises UsageError when the path cannot be written or does not end in .xlsx.
    """
    from openpyxl import Workbook

    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{shown(path)} does not end in .xlsx.")
    book = Workbook()
    first = book.active
    assert first is not None
    book.remove(first)
    _plain(book, ABOUT, ("about",), [(line,) for line in ABOUT_LINES], (110,))
    flat = as_flat(plan.settings)
    rows = [(name, setting_cell(flat[name]), key.meaning) for name, key in KEYS.items()]
    _plain(book, SETTINGS_SHEET, ("setting", "value", "meaning"), rows, (30, 50, 80))
    for name, table in schema().items():
        frame = plan.tables[name]
        columns = [frame[column].to_list() for column in table.names]
        _table(book, name, table.columns, zip(*columns, strict=True), frame.height)
    _scenarios(book, plan)
    content = BytesIO()
    book.save(content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.getvalue())  # in one piece: a workbook that was cut short cannot be opened
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be written: {error.strerror}.") from None
    return path


def setting_cell(value: Any) -> Any:
    """A setting as a cell: lists of codes with semicolons, yes and no, numbers and dates as they are."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ";".join(value)
    return value


def _scenarios(book: Workbook, plan: Plan) -> None:
    rows: list[tuple[str, str, Any]] = []
    for name in plan.scenario_names:
        scenario = plan.scenarios[name]
        flat = {**scenario_values(scenario), **{f"settings.{k}": v for k, v in scenario.settings.items()}}
        rows += [(name, key, setting_cell(value)) for key, value in flat.items()]
    _plain(book, SCENARIOS_SHEET, ("scenario", "key", "value"), rows, (25, 30, 90))
    for name, table in schema().items():
        holders = [plan.scenarios[s] for s in plan.scenario_names if name in plan.scenarios[s].tables]
        if not holders:
            continue
        content: list[tuple[Any, ...]] = []
        for scenario in holders:
            frame = scenario.tables[name].select(CHANGE, *table.names)
            content += [(scenario.name, *row) for row in frame.rows()]
        columns = (_extra("scenario", "Scenario that changes the row"), _CHANGE, *table.columns)
        _table(book, name + OVERLAY, columns, content, len(content))


def _extra(name: str, description: str, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", "", False, None, choices, None, None, False, False, None, description)


_CHANGE = _extra(CHANGE, "Write remove to delete the row; blank cells keep the base plan's value", ("remove",))


def _plain(
    book: Workbook, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]], widths: Sequence[int]
) -> None:
    from openpyxl.styles import Alignment

    sheet = book.create_sheet(name)
    _heads(sheet, header)
    for i, row in enumerate(rows, start=2):
        for j, value in enumerate(row, start=1):
            cell = sheet.cell(i, j)
            _fill(cell, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for j, width in enumerate(widths):
        sheet.column_dimensions[chr(ord("A") + j)].width = width


def _heads(sheet: Worksheet, names: Sequence[str]) -> None:
    from openpyxl.styles import Font

    bold = Font(bold=True)
    for j, name in enumerate(names, start=1):
        cell = sheet.cell(1, j)
        _fill(cell, name)
        cell.font = bold
    sheet.freeze_panes = "A2"


def _table(book: Workbook, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], number: int) -> None:
    from openpyxl.comments import Comment
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    _heads(sheet, [column.name for column in columns])
    for i, row in enumerate(rows, start=2):
        for j, value in enumerate(row, start=1):
            if value is not None:
                _fill(sheet.cell(i, j), values.written(columns[j - 1], value) if isinstance(value, bool) else value)
    for j, column in enumerate(columns, start=1):
        comment = Comment(_note(column), "Better Care Together", width=320, height=140)
        sheet.cell(1, j).comment = comment
        dimension = sheet.column_dimensions[get_column_letter(j)]
        dimension.width = 40 if column.type == "text" and not column.choices else 18
        if column.type not in ("integer", "number", "share", "date"):
            dimension.number_format = "@"  # so that what is typed into a blank cell stays what was typed
        _drop_down(sheet, column, get_column_letter(j), number + 1 + SPARE_ROWS)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(2, number + 1)}"


def _note(column: Column) -> str:
    lines = [column.description + "."]
    if column.unit:
        lines.append(f"Unit: {column.unit}.")
    if column.refers_to:
        lines.append(f"A row of {column.refers_to[0]}.")
    if column.choices:
        lines.append(f"One of: {', '.join(column.choices)}.")
    if column.type == "boolean":
        lines.append("yes or no.")
    if column.default is not None:
        lines.append(f"Blank means {column.default}.")
    elif column.required:
        lines.append("Must be filled.")
    return "\n".join(lines)


def _drop_down(sheet: Worksheet, column: Column, letter: str, last: int) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    choices = ("yes", "no") if column.type == "boolean" else column.choices
    listed = ",".join(choices)
    if not choices or len(listed) > LONGEST_LIST:
        return
    validation = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
    validation.error = f"Choose one of: {', '.join(choices)}"[:LONGEST_LIST]
    validation.add(f"{letter}2:{letter}{last}")
    sheet.add_data_validation(validation)


def _fill(cell: Cell, value: Any) -> None:
    """Put a value into a cell. A text is always stored as text: never as a formula, an error or a number."""
    if isinstance(value, str):
        cell.value = LOOKS_ESCAPED.sub(ESCAPED_X, value)
        cell.data_type = "s"
        cell.number_format = "@"
        if value[:1] in "=+-@":
            cell.quotePrefix = True
    else:
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd"
