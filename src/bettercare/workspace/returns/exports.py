"""The triangulation as Excel and Word, with what was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from bettercare import Plan
from bettercare.appraisal.triangulation import Triangulation
from bettercare.reporting.triangulation_cells import table
from bettercare.reporting.triangulation_excel import workbook
from bettercare.reporting.triangulation_word import document
from bettercare.workspace.programme.models import Resolution
from bettercare.workspace.words import day

HEADS = ("About", "Who is asked", "By when", "What was agreed", "Written by", "On")


def _rows(titles: Mapping[str, str], agreed: Mapping[str, Resolution]) -> list[tuple[str, ...]]:
    return [
        (titles.get(code, code), row.asked, day(row.due), row.agreed or "Nothing yet", row.by, day(row.at))
        for code, row in sorted(agreed.items())
    ]


def excel(plan: Plan, found: Triangulation, titles: Mapping[str, str], agreed: Mapping[str, Resolution]) -> bytes:
    """The engine's workbook with a sheet of what was agreed."""
    from openpyxl import load_workbook

    content = workbook(plan, found)
    book = load_workbook(BytesIO(content))
    table(book.create_sheet("agreed"), HEADS, (50, 24, 18, 60, 34, 18), _rows(titles, agreed))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def word(plan: Plan, found: Triangulation, titles: Mapping[str, str], agreed: Mapping[str, Resolution]) -> bytes:
    """The engine's document with a chapter of what was agreed."""
    from docx import Document
    from docx.oxml import OxmlElement

    doc = Document(BytesIO(document(plan, found)))
    doc.add_heading("What was agreed", level=1)
    rows = _rows(titles, agreed)
    if not rows:
        doc.add_paragraph("Nothing yet.")
    else:
        grid = doc.add_table(rows=1, cols=len(HEADS))
        grid.style = "Table Grid"
        repeat = OxmlElement("w:tblHeader")  # announced by screen readers and repeated on each page
        grid.rows[0]._tr.get_or_add_trPr().append(repeat)
        for cell, text in zip(grid.rows[0].cells, HEADS, strict=True):
            cell.text = text
        for row in rows:
            for cell, text in zip(grid.add_row().cells, row, strict=True):
                cell.text = "".join(c for c in text if c.isprintable() or c == "\n")
    out = BytesIO()
    doc.save(out)
    return out.getvalue()
