"""The files of a triangulation: a workbook, a Word document, the lines as CSV."""

from __future__ import annotations

from pathlib import Path

from bettercare.appraisal.triangulation import Triangulation
from bettercare.foundation.problems import UsageError
from bettercare.plan.plan import Plan
from bettercare.reporting.triangulation_excel import submissions, workbook
from bettercare.reporting.triangulation_word import document

EXCEL, WORD, LINES = "triangulation.xlsx", "triangulation.docx", "submissions.csv"


def write(plan: Plan, found: Triangulation, folder: Path) -> list[Path]:
    """Write all three into a folder that exists, each in one piece, and return the paths. Raises UsageError."""
    contents = {
        EXCEL: workbook(plan, found),
        WORD: document(plan, found),
        LINES: submissions(found).encode("utf-8"),
    }
    try:
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}.") from None
    return [folder / name for name in contents]
