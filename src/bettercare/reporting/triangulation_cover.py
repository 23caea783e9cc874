"""The first two sheets of a return template: how to fill it in, and whose return it is."""

from __future__ import annotations

from datetime import date
from typing import Any

from bettercare.appraisal.triangulation_lines import KINDS
from bettercare.plan.plan import Plan
from bettercare.reporting.triangulation_cells import INPUT_COLOUR, put


def read_me(sheet: Any, plan: Plan, name: str) -> None:
    """What a finance lead needs to know to fill the template in."""
    from openpyxl.styles import Alignment, Font

    meanings = [f"{kind}: {text}." for kinds in KINDS.values() for kind, text in kinds.items()]
    lines = (
        f"Return of {name}",
        f"For the plan {plan.settings.title}, revision {plan.revision}.",
        (
            "Your figures are held against those of the other partners and of the plan. They are kept beside the plan "
            "and never change it."
        ),
        "1. On the sheet return, fill in the as-of date: the day up to which your figures are known.",
        (
            "2. On each other sheet, fill in the yellow cells that you have a figure for. Leave the others blank: a "
            "blank says nothing, a 0 says that there is none."
        ),
        (
            "3. Say for each line how it is counted (basis), and whether it is measured, modelled or assumed (badge). "
            "A line without a badge is read as assumed."
        ),
        (
            "4. Under savings, fill in only what your own plans count on: full-year pounds of that year, as positive "
            "numbers. Say in the basis in which plan the saving stands. Use one line for each plan."
        ),
        "5. You may add lines below the last one and delete lines that are not yours. Do not rename sheets or columns.",
        "Write values, not formulas: a formula is refused. Copy the cells and paste their values.",
        "Money is in pounds (not thousands), beds and activity in whole units, staff in whole-time equivalents.",
        "What the kinds of line mean:",
        *meanings,
    )
    sheet.column_dimensions["A"].width = 110
    for i, line in enumerate(lines, start=1):
        cell = sheet.cell(i, 1)
        put(cell, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet["A1"].font = Font(bold=True, size=14)


def cover(sheet: Any, plan: Plan, partner: str, as_of: date | None) -> None:
    """Whose return it is, for which revision of the plan, and as of when."""
    from openpyxl.styles import Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    rows: tuple[tuple[str, Any], ...] = (
        ("partner", partner),
        ("plan", plan.settings.name),
        ("revision", plan.revision),
        ("as-of date", as_of),
        ("prepared by", None),
    )
    for i, (label, value) in enumerate(rows, start=1):
        put(sheet.cell(i, 1), label)
        sheet.cell(i, 1).font = Font(bold=True)
        put(sheet.cell(i, 2), value)
    for row in (4, 5):
        sheet.cell(row, 2).fill = PatternFill("solid", fgColor=INPUT_COLOUR)
    sheet["B4"].number_format = "yyyy-mm-dd"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 40
    check = DataValidation(type="date", operator="greaterThan", formula1="36526", allow_blank=True)
    check.error, check.prompt = "Write a date.", "The day up to which your figures are known."
    check.showInputMessage = True
    check.add("B4")
    sheet.add_data_validation(check)
