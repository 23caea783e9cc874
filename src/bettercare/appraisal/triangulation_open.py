"""The cells of a workbook that a partner sent.

Nothing in it is evaluated: a formula is only marked as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bettercare.foundation.problems import Problem
from bettercare.plan.source import MOST_COLUMNS
from bettercare.plan.workbook_open import SAVE_AS, Limits, open_book, refusal

LIMITS = Limits(20, 200, "Send the sheets of the return alone.")
MOST_ROWS = 20_000


class Cell(NamedTuple):
    """A cell as text, and whether it holds a formula (its text is then empty)."""

    text: str
    formula: bool = False


Rows = list[tuple[int, list[Cell]]]  # the row as a spreadsheet numbers it; blank rows are left out


def open_workbook(path: Path, file: str, problems: list[Problem]) -> dict[str, Rows] | None:
    """The cells of every sheet by its name, or None and a problem that says why the file is refused."""
    reason = refusal(path, LIMITS)
    if reason is None:
        try:
            return _sheets(path, file, problems)
        except Exception as error:  # noqa: BLE001  (a damaged workbook makes openpyxl raise whatever its XML reader does)
            reason = (f"cannot be read as an Excel workbook ({type(error).__name__}).", SAVE_AS)
    problems.append(Problem(file, None, None, *reason))
    return None


def _sheets(path: Path, file: str, problems: list[Problem]) -> dict[str, Rows]:
    book = open_book(path)
    try:
        found = {}
        for sheet in book.worksheets:
            rows = list(_rows(sheet))
            if rows and rows[-1][0] > MOST_ROWS:
                message = f"has more than {MOST_ROWS:,} rows."
                problems.append(
                    Problem(f"{file}, sheet {sheet.title}", None, None, message, "Delete the rows below the figures.")
                )
                rows = []
            found[sheet.title] = rows
        return found
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    """The rows that hold something, and one beyond the most that there may be."""
    sheet.reset_dimensions()  # what a program wrote there about its size may be wrong
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        texts = [Cell("", True) if cell.data_type == "f" else Cell(_text(cell.value)) for cell in cells]
        if number > MOST_ROWS:
            yield number, texts
            return
        if any(cell.text or cell.formula for cell in texts):
            yield number, texts


def _text(value: Any) -> str:
    """The text of a cell as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).replace("\r\n", "\n").strip()
