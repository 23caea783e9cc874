"""Text and cells that go into workbooks, papers and CSV files, made harmless: nothing becomes a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from datetime import date
from typing import Any

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LOOKS_ESCAPED = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)")  # Excel reads _x0041_ as the letter A
STARTERS = (
    "=+-@\t\r\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
HEAD_COLOUR, INPUT_COLOUR = "D8DDE0", "FFFBE6"


def harmless(text: str) -> str:
    """The text without control characters; one that a spreadsheet might take for a formula begins with '."""
    text = UNPRINTABLE.sub(" ", text)
    return f"'{text}" if text.lstrip(" \n")[:1] and text.lstrip(" \n")[0] in STARTERS else text


def put(cell: Any, value: Any, style: str = "") -> None:
    """Put a value into a cell of a workbook. A text is stored as text, whatever it looks like."""
    if isinstance(value, str):
        cell.value = LOOKS_ESCAPED.sub("_x005F_x", harmless(value))
        cell.data_type = "s"
        cell.number_format = "@"
    elif value is not None:
        cell.value = value
        cell.number_format = "yyyy-mm-dd" if isinstance(value, date) else style or "General"


def style_as(cell: Any, other: Any) -> None:
    """Give a cell the style of another: many times quicker than to set every part of it again."""
    cell._style = copy(other._style)


def heads(sheet: Any, names: Sequence[str], widths: Sequence[float]) -> None:
    """The header row of a sheet: bold, grey, frozen, repeated on every printed page."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for j, (name, width) in enumerate(zip(names, widths, strict=True), start=1):
        cell = sheet.cell(1, j)
        put(cell, name)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=HEAD_COLOUR)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(j)].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def table(sheet: Any, names: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[Any]]) -> None:
    """A whole sheet: header and rows, with a filter."""
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    heads(sheet, names, widths)
    last = 1
    seen: dict[type, Any] = {}  # the first cell of each type, styled
    for i, row in enumerate(rows, start=2):
        last = i
        for j, value in enumerate(row, start=1):
            if value is None:
                continue
            cell = sheet.cell(i, j)
            put(cell, value, "#,##0.##")
            if type(value) in seen:
                style_as(cell, seen[type(value)])
            else:
                cell.alignment = Alignment(wrap_text=isinstance(value, str), vertical="top")
                seen[type(value)] = cell
    if last > 1:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(names))}{last}"
