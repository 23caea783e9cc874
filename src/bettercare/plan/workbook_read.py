"""Read a plan from an Excel workbook, with the same strictness as from a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bettercare.foundation.problems import Problem, Problems, UsageError, did_you_mean, shown
from bettercare.plan.check import find_problems
from bettercare.plan.load import finish, load
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.plan.schema import Column, schema
from bettercare.plan.settings import KEYS
from bettercare.plan.source import MOST_COLUMNS, MOST_ROWS, RawPlan, RawScenario, RawTable
from bettercare.plan.values import NUMBER
from bettercare.plan.workbook import ABOUT, ESCAPED_X, OVERLAY, SCENARIOS_SHEET, SETTINGS_SHEET
from bettercare.plan.write import literal, new_folder, write_plan

LARGEST_CONTENT = 1024**3  # of a workbook when unpacked, so that a small file cannot fill the memory

Rows = list[tuple[int, list[str]]]


def import_plan(source: str | Path, folder: str | Path) -> Plan:
    """Import a workbook, or a folder (a data package, or any plan folder), as a plan folder; see `import_workbook`."""
    path = Path(source)
    if path.name == "datapackage.json":
        path = path.parent
    if not path.is_dir():
        return import_workbook(path, folder)
    target = new_folder(folder)
    plan = read_plan(path)
    write_plan(plan, target)
    return plan


def import_workbook(path: str | Path, folder: str | Path) -> Plan:
    """Read and check a workbook, write it as a plan folder, and return the plan.

    Raises Problems with everything that is wrong (nothing is then written), and UsageError when there is no such file
    or the folder holds something already.
    """
    target = new_folder(folder)
    plan = read_workbook(path)
    write_plan(plan, target)
    return plan


def read_workbook(path: str | Path) -> Plan:
    """The plan in a workbook. Raises Problems and UsageError; nothing is written."""
    path = Path(path)
    try:
        there = path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UsageError(f"There is no file {shown(path)}.")
    sheets = _sheets(path)
    raw = RawPlan(None, settings_file=f"{path.name}, sheet {SETTINGS_SHEET}")
    raw.file_names = {name: f"{path.name}, sheet {name}" for name in schema()}
    known = [*schema(), SETTINGS_SHEET, SCENARIOS_SHEET]
    overlays = [name + OVERLAY for name in schema()]
    for name in sheets:
        if name != ABOUT and name not in known and name not in overlays:
            hint = did_you_mean(name, known) or "Rename it, or move it out of the workbook."
            raw.problems.append(Problem(f"{path.name}, sheet {name}", None, None, "is not a table of a plan.", hint))
    _settings(raw, sheets.get(SETTINGS_SHEET))
    for name in schema():
        table = _table(f"{path.name}, sheet {name}", sheets.get(name), raw.problems)
        if table is not None:
            raw.tables[name] = table
    _scenarios(path.name, raw, sheets)
    loaded = load(raw)
    return finish(loaded, find_problems(loaded))


def _sheets(path: Path) -> dict[str, Rows]:
    """The cells of every sheet as texts. Raises Problems when the file is not a workbook that can be read."""

    def refuse(message: str, hint: str = "Save it again as an Excel workbook (.xlsx).") -> Problems:
        return Problems([Problem(path.name, None, None, message, hint)])

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_CONTENT:
            raise refuse(f"is too large ({size / 1024**2:,.0f} MB when unpacked).")
    except (OSError, ValueError, zipfile.BadZipFile):
        raise refuse("is not an Excel workbook.") from None
    from openpyxl import load_workbook

    problems: list[Problem] = []
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
        sheets = {sheet.title: _cells(path.name, sheet, problems) for sheet in book.worksheets}
        book.close()
    except Exception as error:  # noqa: BLE001  (a damaged workbook makes openpyxl raise whatever its XML reader does)
        raise refuse(f"cannot be read as an Excel workbook ({type(error).__name__}).") from None
    if problems:
        raise Problems(problems)
    return sheets


def _cells(book: str, sheet: Any, problems: list[Problem]) -> Rows:
    file = f"{book}, sheet {sheet.title}"
    table = schema().get(sheet.title.removesuffix(OVERLAY))
    sheet.reset_dimensions()  # what a program wrote there about its size may be wrong
    rows: Rows = []
    columns: list[Column | None] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > MOST_ROWS:
            problems.append(Problem(file, None, None, "has too many rows.", f"At most {MOST_ROWS:,}."))
            break
        texts = []
        for place, cell in enumerate(cells[:MOST_COLUMNS]):
            if cell.data_type == "f":
                hint = "Copy the cell and paste its value."
                problems.append(Problem(file, number, None, f"cell {cell.coordinate} holds a formula.", hint))
            texts.append(_text(cell.value, columns[place] if place < len(columns) else None))
        if number == 1 and table is not None:
            columns = [table[name] if name in table.names else None for name in texts]
        if number == 1 or any(texts):
            rows.append((number, texts))
    return rows


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


def _table(file: str, rows: Rows | None, problems: list[Problem]) -> RawTable | None:
    if not rows or rows[0][0] != 1 or not any(text.strip() for text in rows[0][1]):
        if rows:
            problems.append(Problem(file, 1, None, "has no header row.", "The first row names the columns."))
        return None
    header = list(rows[0][1])
    while header and not header[-1].strip():
        header.pop()
    # A sheet has no last column of its own: short rows are filled up, blank cells beyond the header left out.
    width = len(header)
    records = []
    for number, texts in rows[1:]:
        cells = texts + [""] * (width - len(texts))
        while len(cells) > width and not cells[-1]:
            cells.pop()
        records.append((number, tuple(cells)))
    return RawTable(file, tuple(header), tuple(records))


def _settings(raw: RawPlan, rows: Rows | None) -> None:
    if rows is None:
        hint = "It holds the settings: one setting a row, with its value."
        raw.problems.append(Problem(raw.settings_file, None, None, "the sheet is missing.", hint))
        raw.broken.add("plan.toml")
        return
    lines: dict[int, str] = {}
    for number, texts in rows[1:]:
        name, value = _pair(texts, 0)
        if name:
            key = KEYS.get(name)
            lines[number] = f"{_key(name)} = {_value(value, key.kind if key else 'text')}"
            if key is not None and not value and key.default is not None:
                lines.pop(number)  # a blank takes the default
    raw.settings = _numbered(lines)


def _pair(texts: list[str], first: int) -> tuple[str, str]:
    cells = [*texts, "", "", ""]
    return cells[first].strip(), cells[first + 1].strip()


def _key(name: str) -> str:
    """A dotted name as TOML writes it; what is not a name is quoted, so that it is reported as unknown."""
    parts = name.split(".")
    return name if all(part.replace("_", "").isalnum() and part.isascii() for part in parts) else literal(name)


def _value(text: str, kind: str) -> str:
    """The TOML of a cell; what does not fit its kind is written as text, which the reader then reports."""
    if kind in ("integer", "number") and NUMBER.fullmatch(text):
        return repr(int(text)) if kind == "integer" and text.lstrip("+-").isdigit() else repr(float(text))
    if kind == "codes":
        return literal([part.strip() for part in text.split(";") if part.strip()])
    if kind == "boolean" and text.lower() in ("yes", "no", "true", "false"):
        return "true" if text.lower() in ("yes", "true") else "false"
    return literal(text)


def _numbered(lines: Mapping[int, str]) -> str:
    """Lines of TOML, each in the row of the sheet that it comes from, so that problems name that row."""
    return "\n".join(lines.get(number, "") for number in range(1, max(lines, default=1) + 1)) + "\n"


def _scenarios(book: str, raw: RawPlan, sheets: Mapping[str, Rows]) -> None:
    file = f"{book}, sheet {SCENARIOS_SHEET}"
    lines: dict[str, dict[int, str]] = {}
    for number, texts in sheets.get(SCENARIOS_SHEET, [])[1:]:
        name = texts[0].strip()
        key, value = _pair(texts, 1)
        if name and key:
            lines.setdefault(name, {})[number] = f"{_key(key)} = {_scenario_value(key, value)}"
        elif any(texts):
            message = f"the {'key' if name else 'scenario'} is missing."
            raw.problems.append(Problem(file, number, None, message, "Fill it in, or empty the row."))
    for name, own in lines.items():
        raw.scenarios[name] = RawScenario(name, file, _numbered(own))
    for table in schema():
        sheet = f"{book}, sheet {table}{OVERLAY}"
        whole = _table(sheet, sheets.get(table + OVERLAY), raw.problems)
        if whole is not None:
            _split(whole, table, raw)


def _scenario_value(key: str, value: str) -> str:
    if key.startswith("settings."):
        known = KEYS.get(key.removeprefix("settings."))
        return _value(value, known.kind if known else "text")
    if key == "without" or (key == "initiatives" and value not in ("all", "none")):
        return _value(value, "codes")
    return _value(value, "boolean" if key == "hindsight" else "text")


def _split(whole: RawTable, table: str, raw: RawPlan) -> None:
    """Give each scenario its rows of a sheet that holds those of all."""
    if "scenario" not in whole.header:
        raw.problems.append(Problem(whole.file, 1, "scenario", "the column is missing.", "It names the scenario."))
        return
    place = whole.header.index("scenario")
    header = whole.header[:place] + whole.header[place + 1 :]
    by_name: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for number, cells in whole.records:
        by_name.setdefault(cells[place].strip(), []).append((number, cells[:place] + cells[place + 1 :]))
    for name, records in by_name.items():
        if name in raw.scenarios:
            raw.scenarios[name].tables[table] = RawTable(whole.file, header, tuple(records))
            continue
        hint = did_you_mean(name, raw.scenarios) or f"Add it to the sheet {SCENARIOS_SHEET}."
        message = f"{shown(name)} is not a scenario." if name else "the scenario is missing."
        raw.problems.append(Problem(whole.file, records[0][0], "scenario", message, hint))
