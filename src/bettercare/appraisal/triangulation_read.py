"""Read partners' returns: the plan's own template, or another layout that mapping.toml explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bettercare.appraisal.triangulation_lines import Line
from bettercare.appraisal.triangulation_mapping import (
    FIELDS,
    MAPPING,
    SHEETS,
    ReturnMap,
    TableMap,
    read_mapping,
)
from bettercare.appraisal.triangulation_open import Rows, open_workbook
from bettercare.appraisal.triangulation_rows import Names, Place, read_table
from bettercare.foundation.problems import Problem, Problems, UsageError, did_you_mean, shown
from bettercare.foundation.years import YEAR
from bettercare.plan import values
from bettercare.plan.plan import Plan
from bettercare.plan.schema import schema

MOST_FILES = 200
COVER = "return"  # the sheet of a template that says whose return it is
HEAD = ("partner", "plan", "revision", "as-of date", "prepared by")
HELPERS = ("service name", "site name", "counterparty name", "initiative name", "unit")  # for people; not read


@dataclass(frozen=True)
class Returns:
    """What was read: the lines of all returns in a fixed order, and warnings."""

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Head:
    """Whose return it is, and as of when. `missing` is the problem of a template whose date is still blank."""

    partner: str
    as_of: date
    missing: Problem | None = None


def read_returns(plan: Plan, files: Iterable[str | Path]) -> Returns:
    """Read the returns of partners. A folder stands for the workbooks in it.

    Raises Problems with all that is wrong in any of them, and UsageError where there is no file. A return made for
    another revision of the plan, or without figures, is a warning.
    """
    paths = _paths(files)
    problems: list[Problem] = []
    lines: list[Line] = []
    names = Names(plan)
    maps: dict[Path, tuple[ReturnMap, ...]] = {}
    twice = {path.name for path in paths if sum(other.name == path.name for other in paths) > 1}
    broken: set[Path] = set()  # folders whose mapping has mistakes: what it would say is not known
    for path in paths:
        if path.parent not in maps:
            before = len(problems)
            maps[path.parent] = read_mapping(path.parent, problems)
            if len(problems) > before:
                broken.add(path.parent)
        file = str(path) if path.name in twice else path.name
        sheets = open_workbook(path, file, problems)
        if sheets is not None and (path.parent not in broken or _is_template(sheets)):
            lines += _read(plan, names, path.name, file, sheets, maps[path.parent], problems)
    if any(not problem.warning for problem in problems):
        raise Problems(problem for problem in problems if not problem.warning)
    return Returns(tuple(sorted(lines)), tuple(sorted(problems)))


def _paths(files: Iterable[str | Path]) -> list[Path]:
    """The workbooks, each once; a pattern that the shell left alone is filled in here."""
    found: dict[Path, Path] = {}
    for given in files:
        path = Path(given)
        if path.is_dir():
            here = sorted(p for p in path.iterdir() if p.suffix.lower() == ".xlsx")
        elif any(mark in path.name for mark in "*?[") and not path.exists():
            here = sorted(path.parent.glob(path.name))
        else:
            here = [path]
        for one in here:
            if not one.name.startswith(("~$", ".")):  # what a spreadsheet leaves beside an open file
                found.setdefault(one.resolve(), one)
    if not found:
        raise UsageError("There is no return to read. Name workbooks (.xlsx) or the folder that holds them.")
    if len(found) > MOST_FILES:
        raise UsageError(f"These are {len(found):,} files; at most {MOST_FILES} returns are read together.")
    return list(found.values())


def _is_template(sheets: Mapping[str, Rows]) -> bool:
    return any(sheet.strip().lower() == COVER for sheet in sheets)


def _read(
    plan: Plan,
    names: Names,
    name: str,
    file: str,
    sheets: Mapping[str, Rows],
    maps: Sequence[ReturnMap],
    problems: list[Problem],
) -> list[Line]:
    fitting = [m for m in maps if m.fits(name)]
    by_name = {sheet.strip().lower(): sheet for sheet in sheets}
    if fitting:
        head, tables = _mapped_head(plan, names, file, fitting, problems), fitting[0].tables
    elif COVER in by_name:
        head = _head(plan, names, f"{file}, sheet {by_name[COVER]}", sheets[by_name[COVER]], problems)
        tables = tuple(_template_tables(file, sheets, by_name, problems))
    else:
        hint = f"Use the template, or say in {MAPPING} beside it how to read it. Its sheets are: {', '.join(sheets)}."
        message = f"is not the plan's template, and no entry of {MAPPING} fits its name."
        problems.append(Problem(file, None, None, message, hint))
        return []
    if head is None:
        return []
    lines: list[Line] = []
    before = len(problems)
    for table in tables:
        sheet = by_name.get(table.sheet.strip().lower())
        if sheet is None:
            hint = did_you_mean(table.sheet, sheets) or f"Its sheets are: {', '.join(sheets)}."
            problems.append(Problem(file, None, None, f"has no sheet {shown(table.sheet)}.", hint))
            continue
        place = Place(file, sheet, head.partner, head.as_of, mapped=bool(fitting))
        lines += read_table(place, table, sheets[sheet], names, problems)
    if lines and head.missing:
        problems.append(head.missing)
    if not lines and len(problems) == before:
        problems.append(Problem(file, None, None, "holds no figures.", "Fill it in and send it again.", warning=True))
    return lines


def _mapped_head(
    plan: Plan, names: Names, file: str, fitting: Sequence[ReturnMap], problems: list[Problem]
) -> _Head | None:
    chosen = fitting[0]
    if len(fitting) > 1:
        said = " and ".join(shown(m.files) for m in fitting)
        problems.append(Problem(MAPPING, None, "files", f"{said} both fit {file}.", "Make one of them narrower."))
        return None
    partner = names.find("partners", chosen.partner)
    if partner is None:
        hint = did_you_mean(chosen.partner, names.known("partners"))
        problems.append(Problem(MAPPING, None, "partner", f"{shown(chosen.partner)} is not a partner.", hint))
        return None
    _revision(plan, file, None, chosen.revision, problems)
    return _Head(partner, chosen.as_of)


def _revision(plan: Plan, file: str, row: int | None, revision: str, problems: list[Problem]) -> None:
    """Flag a return that was made for another revision; its figures are compared all the same."""
    if revision and revision != plan.revision:
        message = f"was made for revision {shown(revision)}; the plan is now {plan.revision}."
        hint = "Ask the partner whether its figures still stand."
        problems.append(Problem(file, row, "revision", message, hint, warning=True))


def _head(plan: Plan, names: Names, file: str, rows: Rows, problems: list[Problem]) -> _Head | None:
    """The cover sheet of a template: the partner and the as-of date, and a warning for another revision."""
    said: dict[str, tuple[int | None, str]] = {}
    before = len(problems)
    for number, cells in rows:
        label = cells[0].text.strip().lower()
        if label in HEAD and len(cells) > 1:
            if cells[1].formula:
                problems.append(Problem(file, number, label, "holds a formula.", "Type the value."))
            said[label] = (number, cells[1].text)
    nothing: tuple[int | None, str] = (None, "")
    row, text = said.get("partner", nothing)
    partner = names.find("partners", text)
    if not text:
        problems.append(Problem(file, row, "partner", "is missing.", "Fill it in on the cover sheet."))
    elif partner is None:
        hint = did_you_mean(text, names.known("partners"))
        problems.append(Problem(file, row, "partner", f"{shown(text)} is not a partner of the plan.", hint))
    day, as_of = said.get("as-of date", nothing), None
    missing = Problem(file, day[0], "as-of date", "is missing.", "Fill it in on the cover sheet.")
    if day[1]:
        try:
            as_of = values.parse(schema()["submissions"]["received"], day[1])
        except values.CellError as error:
            problems.append(Problem(file, day[0], "as-of date", error.message, error.hint))
    at, revision = said.get("revision", nothing)
    _revision(plan, file, at, revision, problems)
    if partner is None or any(not problem.warning for problem in problems[before:]):
        return None
    return _Head(partner, as_of) if isinstance(as_of, date) else _Head(partner, date.min, missing)


def _template_tables(
    file: str, sheets: Mapping[str, Rows], by_name: Mapping[str, str], problems: list[Problem]
) -> Iterable[TableMap]:
    """How each sheet of a template is read: its headers are the names of the fields, and financial years."""
    for known, item in SHEETS.items():
        sheet = by_name.get(known)
        if sheet is None:
            continue  # a partner without beds has no sheet of beds
        rows = sheets[sheet]
        if not rows or rows[0][0] != 1:
            if rows:
                problems.append(Problem(f"{file}, sheet {sheet}", 1, None, "has no header row.", "Put it back."))
            continue
        columns, years = {}, {}
        for cell in rows[0][1]:
            head = cell.text.strip()
            if head.lower() in FIELDS:
                columns[head.lower()] = head
            elif YEAR.fullmatch(head):
                years[head] = head
            elif head and head.lower() not in HELPERS:
                hint = did_you_mean(head, FIELDS) or "Name it as in the template, or delete the column."
                problems.append(
                    Problem(f"{file}, sheet {sheet}", 1, None, f"the column {shown(head)} is unknown.", hint)
                )
        yield TableMap(sheet=sheet, item=item, columns=columns, years=years)
