"""Made-up returns of two partners of the worked example, with planted disagreements and one saving claimed twice.

None of these figures was ever returned by anybody. They start from the plan's own, filled into the templates; what is
changed is listed in PLANTED, so that a test knows the truth.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from bettercare.appraisal.triangulation_figures import Figures
from bettercare.plan.plan import Plan
from bettercare.reporting.triangulation_template import write_templates

TRUST, PAYER = "uhl", "leicester-ccg"
AS_OF = date(2015, 6, 30)
SAVING = "I070"  # led by the trust; the commissioner counts on it too

# partner, sheet, what identifies the line, year, factor: what is changed against the plan's figure.
PLANTED: tuple[tuple[str, str, dict[str, str], str, float], ...] = (
    (TRUST, "money", {"kind": "received", "counterparty": PAYER}, "2015/16", 1.05),
    (TRUST, "beds", {"service": "emergency-medical", "site": "lri"}, "2016/17", 0.9),
    (TRUST, "staff", {"kind": "needed"}, "2018/19", 1.06),
    (PAYER, "activity", {"kind": "paid-for", "service": "emergency-medical", "counterparty": TRUST}, "2015/16", 0.92),
    (PAYER, "money", {"kind": "paid-into-fund", "fund": "better-care-fund-leicester"}, "2016/17", 0.95),
)
# Changed as well, but within a tolerance of 2%: must not be found.
WITHIN: tuple[tuple[str, str, dict[str, str], str, float], ...] = (
    (TRUST, "activity", {"kind": "delivered", "service": "day-case", "counterparty": PAYER}, "2017/18", 1.015),
    (PAYER, "money", {"kind": "paid", "counterparty": "lpt"}, "2018/19", 0.985),
)
CLAIMS = ((TRUST, "efficiency plan", 900_000.0), (PAYER, "commissioner's savings plan", 750_000.0))


def find(sheet: Any, cells: dict[str, str], year: str) -> Any:
    """The cell of the one line that the texts identify, in the column of a year; blank where the line has no such."""
    heads = [cell.value for cell in sheet[1]]
    known = [name for name in ("kind", "service", "counterparty", "site", "fund", "initiative") if name in heads]
    rows = [
        row
        for row in range(2, sheet.max_row + 1)
        if all((sheet.cell(row, heads.index(name) + 1).value or "") == cells.get(name, "") for name in known)
    ]
    assert len(rows) == 1, (cells, rows)
    return sheet.cell(rows[0], heads.index(year) + 1)


def build(plan: Plan, figures: Figures, folder: Path) -> list[Path]:
    """Write the two returns."""
    paths = write_templates(plan, folder, figures, filled=True, partners=(TRUST, PAYER), as_of=AS_OF)
    for partner, path in zip((TRUST, PAYER), paths, strict=True):
        book = openpyxl.load_workbook(path)
        for _, sheet, cells, year, factor in (p for p in (*PLANTED, *WITHIN) if p[0] == partner):
            cell = find(book[sheet], cells, year)
            cell.value = cell.value * factor
        beds = book["beds"] if partner == TRUST else None
        if beds is not None:
            line = find(beds, {"service": "emergency-medical", "site": "lri"}, "basis")
            line.value = "funded beds"
        _, basis, amount = next(claim for claim in CLAIMS if claim[0] == partner)
        find(book["savings"], {"initiative": SAVING}, "2018/19").value = amount
        find(book["savings"], {"initiative": SAVING}, "basis").value = basis
        book.save(path)
    return paths
