"""From the bytes of a folder to the texts of its cells. Whatever the bytes are, the outcome is problems, not an error.

A source gives the reader raw tables; the folder here and the workbook in `workbook_read.py` are the two kinds.
"""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bettercare.foundation.problems import Problem, command, did_you_mean, shown
from bettercare.plan.schema import schema

LARGEST_FILE = 64 * 1024 * 1024
MOST_ROWS = 500_000
MOST_COLUMNS = 200
MOST_FILES = 2_000
PLAN_FILE = "plan.toml"
SCENARIO_FILE = "scenario.toml"


@dataclass(frozen=True)
class RawTable:
    """A table as it was written: `records` are (row as a spreadsheet shows it, cells)."""

    file: str
    header: tuple[str, ...]
    records: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass
class RawScenario:
    """A scenario as it was written; `text` is its scenario.toml, or None when that is missing."""

    name: str
    file: str
    text: str | None
    tables: dict[str, RawTable] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)


@dataclass
class RawPlan:
    """All that was found. `broken` names the tables that are there but could not be read."""

    folder: Path | None
    settings_file: str = PLAN_FILE
    settings: str | None = None
    tables: dict[str, RawTable] = field(default_factory=dict)
    scenarios: dict[str, RawScenario] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    file_names: Mapping[str, str] = field(default_factory=dict)


def read_folder(folder: Path) -> RawPlan:
    """The raw content of a plan folder. Problems are collected in the result; only the folder itself must exist."""
    raw = RawPlan(folder)
    names = _listing(folder, "", raw.problems)
    if PLAN_FILE in names:
        raw.settings = read_text(folder / PLAN_FILE, PLAN_FILE, raw.problems)
    else:
        near = did_you_mean(PLAN_FILE, [name for name in names if name.lower().endswith(".toml")])
        raw.problems.append(Problem(PLAN_FILE, None, None, "the file is missing.", _missing_hint(near)))
        raw.broken.add(PLAN_FILE)
    if raw.settings is None:
        raw.broken.add(PLAN_FILE)
    _tables(folder, "", names, raw.tables, raw.broken, raw.problems)
    if "scenarios" in names:
        _scenarios(folder / "scenarios", raw)
    return raw


def _missing_hint(near: str) -> str:
    return "Rename the file that was meant." if near else f"Every plan needs it; {command('new')} writes one."


def _scenarios(folder: Path, raw: RawPlan) -> None:
    for name in _listing(folder, "scenarios/", raw.problems):
        place = f"scenarios/{name}/"
        if not _is_folder(folder / name):
            if name.lower().endswith((".csv", ".toml")):
                hint = "Put it in a folder of its own, scenarios/<name>/."
                raw.problems.append(Problem(f"scenarios/{name}", None, None, "the file lies loose.", hint))
            continue
        names = _listing(folder / name, place, raw.problems)
        if not any(n.lower().endswith((".csv", ".toml")) for n in names):
            continue
        scenario = RawScenario(name, place + SCENARIO_FILE, None)
        if SCENARIO_FILE in names:
            scenario.text = read_text(folder / name / SCENARIO_FILE, scenario.file, raw.problems)
        else:
            hint = "A scenario needs it, with at least its title."
            raw.problems.append(Problem(scenario.file, None, None, "the file is missing.", hint))
        _tables(folder / name, place, names, scenario.tables, scenario.broken, raw.problems)
        raw.scenarios[name] = scenario


def _tables(
    folder: Path,
    place: str,
    names: list[str],
    tables: dict[str, RawTable],
    broken: set[str],
    problems: list[Problem],
) -> None:
    known = schema()
    for name in names:
        if not name.lower().endswith(".csv"):
            continue
        table = name[: -len(".csv")]
        if table not in known or not name.endswith(".csv"):
            hint = did_you_mean(name, [t.file for t in known.values()]) or "Rename it, or move it out of the plan."
            problems.append(Problem(place + name, None, None, "is not a table of a plan.", hint))
            continue
        raw = read_csv(folder / name, place + name, problems)
        if raw is None:
            broken.add(table)
        else:
            tables[table] = raw


def _listing(folder: Path, place: str, problems: list[Problem]) -> list[str]:
    try:
        found = sorted(os.listdir(folder))
    except OSError as error:
        problems.append(Problem(place or str(folder), None, None, f"cannot be opened: {error.strerror}."))
        return []
    # Hidden files, and the lock files that spreadsheets leave, are not part of a plan.
    found = [name for name in found if not name.startswith((".", "~"))]
    if len(found) > MOST_FILES:
        hint = f"A folder of a plan holds at most {MOST_FILES:,} files."
        problems.append(Problem(place or str(folder), None, None, f"holds {len(found):,} files.", hint))
    return found[:MOST_FILES]


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def read_text(path: Path, file: str, problems: list[Problem]) -> str | None:
    """The text of a UTF-8 file with plain line ends, or None and a problem."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            problems.append(Problem(file, None, None, "is not a file."))
            return None
        if status.st_size > LARGEST_FILE:
            hint = f"A file of a plan has at most {LARGEST_FILE // 1024**2} MB."
            problems.append(Problem(file, None, None, f"is too large ({status.st_size / 1024**2:,.0f} MB).", hint))
            return None
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not allowed"
        problems.append(Problem(file, None, None, f"cannot be read: {reason}."))
        return None
    return decode(content, file, problems)


def decode(content: bytes, file: str, problems: list[Problem]) -> str | None:
    """UTF-8 bytes as text without a byte order mark and with plain line ends, or None and a problem."""
    save_as = 'In the spreadsheet, save as "CSV UTF-8".' if file.lower().endswith(".csv") else "Save it as UTF-8."
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        problems.append(Problem(file, None, None, "is written in UTF-16, not in UTF-8.", save_as))
        return None
    nul = content.find(b"\0")
    if nul >= 0:
        row = content.count(b"\n", 0, nul) + 1
        problems.append(Problem(file, row, None, "holds a NUL byte, so it is not a text file.", save_as))
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 text (byte 0x{content[error.start]:02X})."
        problems.append(Problem(file, row, None, message, save_as))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_csv(path: Path, file: str, problems: list[Problem]) -> RawTable | None:
    """The cells of a CSV file as text, or None and a problem."""
    text = read_text(path, file, problems)
    return None if text is None else parse_csv(text, file, problems)


def parse_csv(text: str, file: str, problems: list[Problem]) -> RawTable | None:
    """The cells of a CSV text. Rows are counted as a spreadsheet shows them; wholly blank rows are passed over."""
    reader = csv.reader(io.StringIO(text), strict=True)
    header: tuple[str, ...] | None = None
    records: list[tuple[int, tuple[str, ...]]] = []
    number = 0
    try:
        for cells in reader:
            number += 1
            if header is None:
                header = tuple(cells)
            elif any(cells):
                records.append((number, tuple(cells)))
            if number > MOST_ROWS:
                hint = f"A table has at most {MOST_ROWS:,} rows."
                problems.append(Problem(file, None, None, "has too many rows.", hint))
                return None
    except csv.Error as error:
        problems.append(Problem(file, number + 1, None, f"is not well-formed CSV: {error}.", _csv_hint(str(error))))
        return None
    if header is None or not any(cell.strip() for cell in header):
        problems.append(Problem(file, 1, None, "has no header row.", "The first row names the columns."))
        return None
    if len(header) == 1 and records and (";" in header[0] or "\t" in header[0]):
        separator = "semicolons" if ";" in header[0] else "tabs"
        problems.append(Problem(file, 1, None, f"separates its cells with {separator}.", "Save it with commas."))
        return None
    if len(header) > MOST_COLUMNS:
        message = f"has {len(header):,} columns, beginning with {shown(header[0])}."
        problems.append(Problem(file, 1, None, message, "Save the sheet again as CSV."))
        return None
    return RawTable(file, header, tuple(records))


def _csv_hint(error: str) -> str:
    if "limit" in error or "end of data" in error:
        return "A quotation mark opens a cell and nothing closes it."
    return 'A quotation mark inside a cell is written twice: "".'
