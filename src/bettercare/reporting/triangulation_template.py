"""The return template of each partner, made from the plan: an Excel workbook with the lines that are its to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from bettercare.appraisal.triangulation_figures import Figures
from bettercare.appraisal.triangulation_lines import KINDS, Stated, Subject
from bettercare.foundation.problems import UsageError, did_you_mean, shown
from bettercare.plan.badges import BADGES, weakest
from bettercare.plan.plan import Plan
from bettercare.reporting.labels import Labels
from bettercare.reporting.triangulation_cells import INPUT_COLOUR, heads, put, style_as
from bettercare.reporting.triangulation_cover import cover, read_me

SPARE_ROWS = 100  # lines that a partner may add: lists and colours reach so far below the last row
SHEETS: Mapping[str, tuple[str, ...]] = {
    "activity": ("kind", "service", "service name", "counterparty", "counterparty name", "unit"),
    "beds": ("service", "service name", "site", "site name"),
    "staff": ("kind", "service", "service name"),
    "money": ("kind", "counterparty", "counterparty name", "service", "fund"),
    "savings": ("initiative", "initiative name", "fund"),
}
AFTER = ("basis", "badge")
WIDTHS = {"service name": 34, "counterparty name": 34, "site name": 30, "initiative name": 50, "basis": 32, "note": 40}
SUGGESTED = {
    "activity": ("activity delivered", "activity paid for", "contract plan"),
    "beds": ("KH03 average overnight", "funded beds", "beds open on a day"),
    "staff": ("in post", "funded establishment", "in post with bank and agency"),
    "money": ("accruals in prices of the year", "cash paid", "base-year prices"),
    "savings": ("efficiency plan", "commissioner's savings plan", "Better Care Fund"),
}
NUMBERS = {"staff": "#,##0.0"}


@dataclass
class _Row:
    """A line of a template: what identifies it, and the plan's own figures by year."""

    cells: dict[str, str]
    figures: dict[str, Stated] = field(default_factory=dict)


def write_templates(
    plan: Plan,
    folder: str | Path,
    figures: Figures | None = None,
    *,
    filled: bool = False,
    partners: Sequence[str] = (),
    as_of: date | None = None,
) -> list[Path]:
    """Write a template for each partner of the system that the plan has lines for, and return the paths.

    With `filled` the plan's own figures stand in them, as of the plan's date unless `as_of` says otherwise (`figures`
    then wants a forecast for later years). A file that is there is not replaced. Raises UsageError for an unknown
    partner and for a folder that cannot be written to.
    """
    figures = figures or Figures(plan)
    known = plan.tables["partners"]
    wanted = list(partners) or known.filter(pl.col("in_system"))["code"].to_list()
    for code in wanted:
        if code not in known["code"].to_list():
            raise UsageError(f"{shown(code)} is not a partner. {did_you_mean(code, known['code'].to_list())}".strip())
    target = Path(folder)
    day = as_of or (plan.settings.plan_date if filled else None)
    contents = {}
    for code in wanted:
        sheets = lines_of(plan, figures, code)
        if any(sheets[name] for name in ("activity", "beds", "staff", "money")) or partners:
            contents[target / f"{code}.xlsx"] = _workbook(plan, figures, code, sheets, filled, day)
    try:
        target.mkdir(parents=True, exist_ok=True)
        there = [path.name for path in contents if path.exists()]
        if there:
            raise UsageError(f"{target} holds {', '.join(there)} already. Name another folder, or move them away.")
        for path, content in contents.items():
            path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"The templates cannot be written to {shown(target)}: {error.strerror}.") from None
    return list(contents)


def lines_of(plan: Plan, figures: Figures, partner: str) -> dict[str, list[_Row]]:
    """The lines of each sheet that are a partner's to fill in."""
    labels = Labels(plan)
    rows: dict[str, dict[tuple[str, ...], _Row]] = {name: {} for name in SHEETS}
    run = dict(plan.tables["sites"].select("code", "provider").iter_rows())
    for subject in figures.subjects:
        for sheet, cells, found in _mine(subject, partner, figures, run):
            named = _named(cells, labels, figures)
            key = tuple(named.get(column, "") for column in SHEETS[sheet])
            rows[sheet].setdefault(key, _Row(named)).figures[subject.year] = found
    out = {name: [rows[name][key] for key in _ordered(name, rows[name])] for name in rows}
    out["savings"] = _savings(plan, figures, partner, labels)
    return out


def _mine(
    subject: Subject, partner: str, figures: Figures, run: Mapping[str, str]
) -> Iterable[tuple[str, dict[str, str], Stated]]:
    """The lines about a subject that a partner fills in: sheet, what identifies it, the plan's figure."""
    found = figures.of(subject)
    topic = subject.topic
    if topic == "fund":
        for figure in found:
            if figure.of == partner:
                kind = "paid-into-fund" if figure.role == "pays in" else "received-from-fund"
                yield "money", {"kind": kind, "fund": subject.fund}, figure
    elif topic == "beds":
        if run.get(subject.site) == partner:
            yield "beds", {"service": subject.service, "site": subject.site}, found[0]
    elif topic == "activity":
        if subject.partner == partner:
            cells = {"kind": "delivered", "service": subject.service, "counterparty": subject.counterparty}
            yield "activity", cells, found[0]
        elif subject.counterparty == partner:
            cells = {"kind": "paid-for", "service": subject.service, "counterparty": subject.partner}
            yield "activity", cells, found[0]
    elif topic == "payment":
        if partner in (subject.partner, subject.counterparty) and not subject.service:
            kind = "paid" if subject.counterparty == partner else "received"
            other = subject.partner if kind == "paid" else subject.counterparty
            yield "money", {"kind": kind, "counterparty": other}, found[0]
    elif subject.partner == partner:
        kind = {"staff in post": "in-post", "staff needed": "needed"}.get(topic, topic)
        sheet = "staff" if topic.startswith("staff") else "money"
        yield sheet, {"kind": kind, "service": subject.service}, found[0]


def _named(cells: dict[str, str], labels: Labels, figures: Figures) -> dict[str, str]:
    named = {name: text for name, text in cells.items() if text}
    for column, names in (("service", labels.services), ("counterparty", labels.partners), ("site", labels.sites)):
        if column in named:
            named[f"{column} name"] = names.get(named[column], "")
    if "service" in named:
        named["unit"] = figures.unit(named["service"])
    return named


def _ordered(sheet: str, rows: Mapping[tuple[str, ...], _Row]) -> list[tuple[str, ...]]:
    kinds = list(KINDS.get(sheet, {}))

    def order(key: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        kind = rows[key].cells.get("kind", "")
        return (kinds.index(kind) if kind in kinds else 0, key)

    return sorted(rows, key=order)


def _savings(plan: Plan, figures: Figures, partner: str, labels: Labels) -> list[_Row]:
    """A line for each initiative: those that the partner leads first. Who leads one is filled with its saving."""
    table = plan.tables["initiatives"].select("code", "lead")
    ordered = sorted(table.iter_rows(), key=lambda row: (row[1] != partner, row[0]))
    out = []
    for code, lead in ordered:
        row = _Row({"initiative": code, "initiative name": labels.initiatives.get(code, "")})
        for year in figures.years:
            saving = figures.saving(code, year)
            if lead == partner and saving is not None and saving > 0.0:
                row.figures[year] = Stated("forecast", "", saving, "modelled", "", "")
        out.append(row)
    funds = plan.tables["funds"]["fund"].unique().sort().to_list()
    return out + [_Row({"fund": fund}) for fund in funds]


def _workbook(
    plan: Plan, figures: Figures, partner: str, sheets: Mapping[str, list[_Row]], filled: bool, as_of: date | None
) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "read me"
    name = dict(plan.tables["partners"].select("code", "name").iter_rows())[partner]
    read_me(first, plan, name)
    cover(book.create_sheet("return"), plan, partner, as_of)
    lists = _lists(plan)
    for sheet, rows in sheets.items():
        if rows:
            _sheet(book.create_sheet(sheet), sheet, rows, figures.years, filled, lists)
    hidden = book.create_sheet("lists")
    heads(hidden, list(lists), [30.0] * len(lists))
    for j, values in enumerate(lists.values(), start=1):
        for i, value in enumerate(values, start=2):
            put(hidden.cell(i, j), value)
    hidden.sheet_state = "hidden"
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _lists(plan: Plan) -> dict[str, list[str]]:
    """What the drop-down lists offer, by column."""
    tables = {"service": "services", "site": "sites", "counterparty": "partners", "initiative": "initiatives"}
    found = {column: plan.tables[table]["code"].to_list() for column, table in tables.items()}
    return {**found, "fund": plan.tables["funds"]["fund"].unique().sort().to_list()}


def _sheet(
    sheet: Any, name: str, rows: Sequence[_Row], years: Sequence[str], filled: bool, lists: Mapping[str, list[str]]
) -> None:
    from openpyxl.styles import PatternFill

    columns = (*SHEETS[name], *AFTER, *years, "note")
    heads(sheet, columns, [float(WIDTHS.get(column, 16)) for column in columns])
    basis_and_badge = (len(SHEETS[name]) + 1, len(SHEETS[name]) + 2)
    for i, row in enumerate(rows, start=2):
        for j, column in enumerate(columns, start=1):
            put(sheet.cell(i, j), row.cells.get(column) or None)
        if filled and row.figures:
            put(sheet.cell(i, basis_and_badge[0]), next(iter(row.figures.values())).basis or None)
            put(sheet.cell(i, basis_and_badge[1]), weakest([figure.badge for figure in row.figures.values()]))
            for year, figure in row.figures.items():
                if year in years:
                    put(sheet.cell(i, columns.index(year) + 1), figure.value)
    last = len(rows) + 1 + SPARE_ROWS
    pattern = sheet.cell(2, columns.index(years[0]) + 1)
    pattern.fill, pattern.number_format = PatternFill("solid", fgColor=INPUT_COLOUR), NUMBERS.get(name, "#,##0")
    for i in range(2, last + 1):
        for year in years:
            style_as(sheet.cell(i, columns.index(year) + 1), pattern)
    _validate(sheet, name, columns, years, last, lists)


def _validate(
    sheet: Any, name: str, columns: Sequence[str], years: Sequence[str], last: int, lists: Mapping[str, list[str]]
) -> None:
    """Drop-down lists, and figures that are numbers. A basis may be written in other words than those offered."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    def add(check: Any, column: str, error: str) -> None:
        letter = get_column_letter(columns.index(column) + 1)
        check.error, check.showErrorMessage = error, True
        check.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(check)

    words = {"kind": tuple(KINDS.get(name, {})), "badge": BADGES, "basis": SUGGESTED[name]}
    for column in columns:
        if column in ("kind", "badge"):
            offered = ",".join(words[column])
            add(DataValidation(type="list", formula1=f'"{offered}"'), column, f"Choose one of: {offered}.")
        elif column == "basis":
            check = DataValidation(type="list", formula1=f'"{",".join(words["basis"])}"')
            check.errorStyle = "information"
            add(check, column, "This is not one of the usual bases. Keep it if it says how you count.")
        elif lists.get(column):
            place = get_column_letter(list(lists).index(column) + 1)
            reach = f"lists!${place}$2:${place}${len(lists[column]) + 1}"
            add(DataValidation(type="list", formula1=reach), column, f"Choose a {column} of the plan.")
        elif column in years:
            check = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0")
            if name == "money":
                check = DataValidation(type="decimal", operator="between", formula1="-1E15", formula2="1E15")
            add(check, column, "Write a number: no formulas, no text, no currency signs.")
