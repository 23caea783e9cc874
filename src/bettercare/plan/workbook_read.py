"""Read a plan from an Excel workbook, with the same strictness as from a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bettercare.foundation.problems import Problem, UsageError, did_you_mean, shown
from bettercare.plan.check import find_problems
from bettercare.plan.load import finish, load
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.plan.schema import schema
from bettercare.plan.settings import KEYS
from bettercare.plan.source import MOST_ROWS, RawPlan, RawScenario, RawTable
from bettercare.plan.values import NUMBER
from bettercare.plan.workbook import ABOUT, OVERLAY, SCENARIOS_SHEET, SETTINGS_SHEET
from bettercare.plan.workbook_cells import Formula, Rows, read_sheets
from bettercare.plan.write import literal, new_folder, write_plan


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
    sheets = read_sheets(path)
    raw = RawPlan(None, settings_file=_file(path, SETTINGS_SHEET))
    raw.file_names = {name: _file(path, name) for name in schema()}
    for name in sheets.others:
        if name != ABOUT:
            near = did_you_mean(name, [*schema(), SETTINGS_SHEET, SCENARIOS_SHEET])
            hint = near or "Rename it, or move it out of the workbook."
            raw.problems.append(Problem(_file(path, name), None, None, "is not a table of a plan.", hint))
    for name in sheets.too_long:
        raw.problems.append(Problem(_file(path, name), None, None, "has too many rows.", f"At most {MOST_ROWS:,}."))
        raw.broken.add(name)
        del sheets.rows[name]
    _settings(raw, sheets.rows.get(SETTINGS_SHEET))
    for name in schema():
        table = _table(_file(path, name), sheets.rows.get(name), raw.problems)
        if table is not None:
            raw.tables[name] = table
        elif sheets.rows.get(name):
            raw.broken.add(name)
    _scenarios(path.name, raw, sheets.rows)
    loaded = load(raw)
    formulas = [_formula(path, formula, sheets.rows[formula.sheet]) for formula in sheets.formulas]
    return finish(loaded, [*formulas, *_not_from(formulas, find_problems(loaded))])


def _file(path: Path, sheet: str) -> str:
    """How a sheet is named to a person."""
    return f"{path.name}, sheet {sheet}"


def _formula(path: Path, formula: Formula, rows: Rows) -> Problem:
    """The problem of a cell that holds a formula; its column is named as other problems of the sheet name it."""
    texts = dict(rows)
    if formula.sheet == SETTINGS_SHEET:
        name = _pair(texts[formula.row], 0)[0]
    elif formula.sheet == SCENARIOS_SHEET:
        name = _pair(texts[formula.row], 1)[0].removeprefix("settings.")
    else:
        header = texts[1]
        name = header[formula.column].strip() if formula.row > 1 and formula.column < len(header) else ""
    message = f"cell {formula.cell} holds a formula."
    hint = "Copy the cell and paste its value."
    if not formula.worked_out:
        message = f"cell {formula.cell} holds a formula, and the workbook does not hold its value."
        hint = "Open and save the workbook in a spreadsheet, then copy the cell and paste its value."
    return Problem(_file(path, formula.sheet), formula.row, name or None, message, hint)


def _not_from(formulas: Iterable[Problem], problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems but for those of a cell that holds a formula: they only follow from that."""
    places = {(problem.file, problem.row, problem.column) for problem in formulas}
    return (problem for problem in problems if (problem.file, problem.row, problem.column) not in places)


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
