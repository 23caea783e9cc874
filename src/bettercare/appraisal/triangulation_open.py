"""Open a workbook that somebody sent, without trusting it.

Nothing in it is evaluated: a formula is only marked as one. A workbook that is not what it seems, or too large, is
refused with a sentence.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bettercare.foundation.problems import Problem
from bettercare.plan.source import MOST_COLUMNS

LARGEST_FILE = 20 * 1024**2
LARGEST_CONTENT = 200 * 1024**2  # when unpacked, so that a small file cannot fill the memory
MOST_PARTS = 2_000
MOST_ROWS = 20_000
SAVE_AS = "Save it again as an Excel workbook (.xlsx)."
OLD_EXCEL = b"\xd0\xcf\x11\xe0"  # also what an encrypted workbook begins with
# No spreadsheet writes a document type; in a hostile file it defines entities that grow without end.
DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))


class Cell(NamedTuple):
    """A cell as text, and whether it holds a formula (its text is then empty)."""

    text: str
    formula: bool = False


Rows = list[tuple[int, list[Cell]]]  # the row as a spreadsheet numbers it; blank rows are left out


def open_workbook(path: Path, file: str, problems: list[Problem]) -> dict[str, Rows] | None:
    """The cells of every sheet by its name, or None and a problem that says why the file is refused."""
    reason = _refusal(path)
    if reason is None:
        try:
            return _sheets(path, file, problems)
        except Exception as error:  # noqa: BLE001  (a damaged workbook makes openpyxl raise whatever its XML reader does)
            reason = (f"cannot be read as an Excel workbook ({type(error).__name__}).", SAVE_AS)
    problems.append(Problem(file, None, None, *reason))
    return None


def _refusal(path: Path) -> tuple[str, str] | None:
    """Why a file is not opened, and what to do; None for one that may be."""
    try:
        if not path.is_file():
            return "there is no such file.", "Check the name and the folder."
        size = path.stat().st_size
        if size > LARGEST_FILE:
            return f"is too large ({size / 1024**2:,.0f} MB).", f"A return has at most {LARGEST_FILE // 1024**2} MB."
        with path.open("rb") as stream:
            start = stream.read(len(OLD_EXCEL))
        if start == OLD_EXCEL:
            return "is an old Excel workbook (.xls), or is protected by a password.", SAVE_AS
        if path.suffix.lower() != ".xlsx":
            return "is not an Excel workbook (.xlsx).", SAVE_AS
        with zipfile.ZipFile(path) as archive:
            return _refused_content(archive)
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return "is not an Excel workbook.", SAVE_AS


def _refused_content(archive: zipfile.ZipFile) -> tuple[str, str] | None:
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)  # zipfile reads no more of a part than it says here
    if size > LARGEST_CONTENT or len(parts) > MOST_PARTS:
        return f"is too large ({size / 1024**2:,.0f} MB when unpacked).", "Send the sheets of the return alone."
    names = {part.filename.lower() for part in parts}
    if len(names) < len(parts):
        return "holds two parts of one name.", SAVE_AS
    if any(name.endswith(("vbaproject.bin", ".exe", ".dll")) for name in names):
        return "holds macros.", "Save it without them, as an Excel workbook (.xlsx)."
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")) and any(t in archive.read(part) for t in DOCTYPES):
            return "holds a document type definition, which no spreadsheet writes.", SAVE_AS
    return None


def _sheets(path: Path, file: str, problems: list[Problem]) -> dict[str, Rows]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
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
