"""Triangulation as a Word document: what a finance group takes into its meeting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from bettercare.appraisal.triangulation import Triangulation
from bettercare.plan.plan import Plan
from bettercare.reporting import badges
from bettercare.reporting.text import counted
from bettercare.reporting.triangulation_cells import UNPRINTABLE
from bettercare.reporting.triangulation_words import WHAT_THIS_IS_NOT, Words


def document(plan: Plan, found: Triangulation) -> bytes:
    """The findings, each with its figures in a table, and room to write what was agreed."""
    from docx import Document

    words = Words(plan, found)
    doc = Document()
    _settings(doc, f"Triangulation of partners' returns: {plan.settings.title}")
    doc.add_heading("Do the partners' returns agree?", 0)
    for line in (words.headline(), words.basis_of_comparison(), WHAT_THIS_IS_NOT):
        _say(doc, line)
    doc.add_heading("Where figures disagree", 1)
    if not found.disagreements:
        _say(doc, "Nowhere beyond the tolerance.")
    for number, item in enumerate(found.disagreements, start=1):
        doc.add_heading(_clean(f"{number}. {words.title(item.subject)}"), 2)
        rows = [
            (words.who(f), words.amount(f.value, item.unit), badges.plain(f.badge), f.basis or "not stated", f.where)
            for f in item.figures
        ]
        _table(doc, ("Who", f"Figure ({item.unit})", "Badge", "Basis", "Where it stands"), rows)
        for line in (words.gap(item), words.basis(item), words.asked(item), "Agreed:"):
            _say(doc, line)
    doc.add_heading("Which savings are claimed twice, or beyond the forecast", 1)
    if not found.double_claims:
        _say(doc, "None.")
    for number, claim in enumerate(found.double_claims, start=1):
        doc.add_heading(_clean(f"{number}. {words.claim_title(claim)}"), 2)
        claimed = [
            (
                words.partner(c.partner),
                c.year,
                words.amount(c.value, "GBP"),
                badges.plain(c.badge),
                c.basis or "not stated",
                c.where,
            )
            for c in claim.claims
        ]
        _table(doc, ("Who", "Year", "Claim", "Badge", "Claimed in", "Where it stands"), claimed)
        for line in (words.claim_why(claim), *words.claim_years(claim), words.asked(claim), "Agreed:"):
            _say(doc, line)
    _rest(doc, found)
    content = BytesIO()
    doc.save(content)
    return content.getvalue()


def _rest(doc: Any, found: Triangulation) -> None:
    if found.unmatched:
        doc.add_heading("What could not be compared", 1)
        reasons: dict[str, int] = {}
        for item in found.unmatched:
            reasons[item.reason] = reasons.get(item.reason, 0) + 1
        for reason, number in reasons.items():
            _say(doc, f"{counted(number, 'figure')}. {reason}")
    if found.problems:
        doc.add_heading("Warnings", 1)
        for problem in found.problems:
            _say(doc, str(problem))


def _settings(doc: Any, title: str) -> None:
    """Title and language, which screen readers announce; Arial, and pages wide enough for the tables."""
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    doc.core_properties.title = _clean(title)
    doc.core_properties.author = "Better Care Together"
    doc.core_properties.language = "en-GB"
    doc.core_properties.comments = ""
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        style = doc.styles[name]
        style.font.name = "Arial"
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            if attribute.endswith("Theme"):  # or the theme's font would win
                del fonts.attrib[attribute]
        language = style.element.rPr.makeelement(qn("w:lang"), {qn("w:val"): "en-GB"})
        style.element.rPr.append(language)
    doc.styles["Normal"].font.size = Pt(10.5)
    section = doc.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = Cm(2.0)


def _table(doc: Any, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table whose first row is marked as its header, so that it is announced and repeated."""
    from docx.oxml.ns import qn

    table = doc.add_table(rows=1, cols=len(heads), style="Table Grid")
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].add_run(_clean(head)).bold = True
    properties = table.rows[0]._tr.get_or_add_trPr()
    properties.append(properties.makeelement(qn("w:tblHeader"), {}))
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = _clean(value)
    for row in table.rows:
        properties = row._tr.get_or_add_trPr()
        properties.insert(0, properties.makeelement(qn("w:cantSplit"), {}))
    doc.add_paragraph()


def _say(doc: Any, line: str) -> None:
    doc.add_paragraph(_clean(line))


def _clean(text: str) -> str:
    """Without control characters, which a document cannot hold. Nothing in a paragraph is ever a formula or a field."""
    return UNPRINTABLE.sub(" ", text)
