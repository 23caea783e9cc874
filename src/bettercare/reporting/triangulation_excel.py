"""Triangulation as an Excel workbook, and its lines as rows of the plan's table `submissions`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

from bettercare.appraisal.triangulation import Triangulation
from bettercare.plan.plan import Plan
from bettercare.plan.schema import schema
from bettercare.plan.values import written
from bettercare.reporting.text import first_upper
from bettercare.reporting.triangulation_cells import harmless, put, table
from bettercare.reporting.triangulation_words import WHAT_THIS_IS_NOT, Words

DISAGREEMENTS = {
    "number": 9, "what": 50, "year": 10, "who": 34, "figure": 16, "unit": 12, "badge": 11, "basis": 30, "gap": 16,
    "gap in %": 10, "between": 34, "asked to resolve it": 34, "because": 40, "by": 12,
    "agreed": 30, "where it stands": 44,
}  # fmt: skip
CLAIMS = {
    "number": 9, "saving": 50, "why": 40, "year": 10, "who": 34, "claimed in": 28, "initiative": 12, "fund": 26,
    "claimed GBP": 16, "badge": 11, "all claims GBP": 16, "forecast's saving GBP": 16, "too much GBP": 16,
    "asked to resolve it": 34, "because": 40, "by": 12, "agreed": 30, "where it stands": 44,
}  # fmt: skip


def workbook(plan: Plan, found: Triangulation) -> bytes:
    """The whole of it: summary, disagreements (a row for each figure), savings, what was not compared, all lines."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    words = Words(plan, found)
    book = Workbook()
    first: Any = book.active
    first.title = "summary"
    first.column_dimensions["A"].width = 110
    lines = (
        "Triangulation",
        words.headline(),
        words.basis_of_comparison(),
        WHAT_THIS_IS_NOT,
        *map(str, found.problems),
    )
    for i, line in enumerate(lines, start=1):
        put(first.cell(i, 1), line)
        first.cell(i, 1).alignment = Alignment(wrap_text=True, vertical="top")
    first["A1"].font = Font(bold=True, size=14)
    for name, columns, rows in (
        ("disagreements", DISAGREEMENTS, _disagreements(words)),
        ("savings claimed twice", CLAIMS, _claims(words)),
    ):
        table(book.create_sheet(name), list(columns), list(columns.values()), rows)
    table(book.create_sheet("not compared"), ("why", *LINE), (60, *LINE.values()), _unmatched(found))
    table(book.create_sheet("lines"), list(LINE), list(LINE.values()), (_line(line) for line in found.lines))
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _disagreements(words: Words) -> Iterator[tuple[Any, ...]]:
    for number, item in enumerate(words.found.disagreements, start=1):
        between = first_upper(words.between(item))
        rest = (item.gap, round(100.0 * item.share, 2), between, words.partner(item.asked), item.because, item.by, None)
        for f in item.figures:
            what = (number, words.title(item.subject), item.subject.year)
            yield (*what, words.who(f), f.value, item.unit, f.badge, f.basis, *rest, f.where)


def _claims(words: Words) -> Iterator[tuple[Any, ...]]:
    for number, item in enumerate(words.found.double_claims, start=1):
        years = {year.year: year for year in item.years}
        for line in item.claims:
            year = years[line.year]
            yield (
                number, words.claim_title(item), words.claim_why(item), line.year, words.partner(line.partner),
                line.basis, line.initiative, line.fund, line.value, line.badge, year.claimed, year.saving,
                max(year.too_much, 0.0), words.partner(item.asked), item.because, item.by, None, line.where,
            )  # fmt: skip


LINE = {
    "partner": 26, "item": 10, "kind": 16, "service": 26, "site": 20, "counterparty": 26, "initiative": 12, "fund": 26,
    "year": 10, "value": 16, "unit": 12, "basis": 30, "badge": 11, "note": 30, "received": 12, "where": 44,
}  # fmt: skip


def _line(line: Any) -> tuple[Any, ...]:
    return tuple(getattr(line, name) for name in LINE)


def _unmatched(found: Triangulation) -> Iterator[tuple[Any, ...]]:
    return ((item.reason, *_line(item.line)) for item in found.unmatched)


def submissions(found: Triangulation) -> str:
    """The lines as CSV in the form of the plan's table `submissions`, in a fixed order."""
    columns = schema()["submissions"].columns
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    numbers: dict[str, int] = {}
    for line in found.lines:
        numbers[line.partner] = numbers.get(line.partner, 0) + 1
        row = line.submission(f"return-{line.partner}-{numbers[line.partner]:04d}")
        writer.writerow(
            [
                harmless(row[column.name])
                if isinstance(row.get(column.name), str)
                else written(column, row.get(column.name))
                for column in columns
            ]
        )
    return out.getvalue()
