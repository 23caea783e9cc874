"""A paper as a Word file, for the last edits: real headings, numbering, table headers and alt text."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Any

from docx import Document
from docx.shared import Cm, Pt, RGBColor

from bettercare.reporting.papers import layout, word_parts
from bettercare.reporting.papers.paper import LANGUAGE, Paper

FONT = "Arial"
SIZES = {"board": 11.0, "summary": 11.0, "easy-read": 16.0}
BLUE = RGBColor(0x00, 0x3D, 0x78)
WIDTH = 16.4  # cm of text on A4
PIXELS = 3  # a picture's points, for each of the drawing's


def write_docx(paper: Paper, path: str | Path) -> Path:
    """Write the paper as a Word file; returns the path. The same paper gives the same bytes."""
    target = Path(path)
    target.write_bytes(docx(paper))
    return target


def docx(paper: Paper) -> bytes:
    """The paper as the bytes of a Word file."""
    writer = _Writer(paper)
    for words in layout.front(paper):
        writer.document.add_paragraph().add_run(words).bold = True
    writer.document.add_paragraph(layout.clean(paper.title), style="Title")
    for line in layout.lines(paper):
        writer.write(line)
    out = io.BytesIO()
    writer.document.save(out)
    return word_parts.steady(out.getvalue())


class _Writer:
    """A Word document that is being written."""

    def __init__(self, paper: Paper) -> None:
        self.easy = paper.style == "easy-read"
        self.indent = Cm(1) if paper.style == "board" else Cm(0)
        self.size = SIZES[paper.style]
        self.document = Document()
        self._page(paper)
        self._properties(paper)
        word_parts.set_styles(self.document, FONT, self.size, LANGUAGE, BLUE)
        self.numbering = word_parts.add_numbering(self.document)

    def _page(self, paper: Paper) -> None:
        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm((21 - WIDTH) / 2)
        section.top_margin = section.bottom_margin = Cm(2.2)
        footer = section.footer.paragraphs[0]
        footer.add_run(f"{layout.footer(paper)} \u00b7 Page ")
        word_parts.field(footer, "PAGE")
        footer.add_run(" of ")
        word_parts.field(footer, "NUMPAGES")

    def _properties(self, paper: Paper) -> None:
        about = self.document.core_properties
        about.title = layout.clean(paper.title)[:255]
        about.author = about.last_modified_by = layout.clean(paper.report_of)[:255]
        about.language = LANGUAGE
        about.comments = layout.footer(paper)[:255]
        about.created = about.modified = datetime.combine(paper.day, time())

    def write(self, line: layout.Line) -> None:
        """Add one line of the paper."""
        writers: dict[str, Callable[..., None]] = {
            "heading": self.heading,
            "paragraph": self.paragraph,
            "bullets": self.bullets,
            "letters": self.letters,
            "table": self.table,
            "figure": self.figure,
            "idea": self.idea,
        }
        writers[line.kind](**line.content)

    def heading(self, level: int, text: str) -> None:
        self.document.add_heading(text, level)

    def paragraph(self, number: int, text: str) -> None:
        added = self.document.add_paragraph(text)
        if number:
            word_parts.number(added, self.numbering, 0)

    def bullets(self, items: list[str]) -> None:
        for item in items:
            added = self.document.add_paragraph(item, style="List Bullet")
            if self.indent:
                added.paragraph_format.left_indent = self.indent + Cm(0.6)

    def letters(self, items: list[dict[str, str]]) -> None:
        for item in items:
            before, verb, after = layout.asked(item)
            added = self.document.add_paragraph(before)
            added.add_run(verb).bold = True
            added.add_run(after)
            word_parts.number(added, self.numbering, 1)

    def table(self, caption: str, header: list[str], rows: list[list[str]], weights: list[float], note: str) -> None:
        self.document.add_paragraph(caption, style="Caption")
        made = self.document.add_table(rows=1 + len(rows), cols=len(header), style="Table Grid")
        made.autofit = False
        size = Pt(self.size if self.easy else 9.0)
        widths = [Cm(WIDTH * w / sum(weights)) for w in weights]
        for i, row in enumerate((header, *rows)):
            for cell, words, width in zip(made.rows[i].cells, row, widths, strict=True):
                cell.width = width
                run = cell.paragraphs[0].add_run(words)
                run.bold, run.font.size = i == 0 or None, size
                cell.paragraphs[0].paragraph_format.space_after = Pt(2)
                if i == 0:
                    word_parts.shade(cell, "E8EDEE")
        for column, width in zip(made.columns, widths, strict=True):
            column.width = width
        word_parts.mark_header(made, caption)
        after = self.document.add_paragraph()
        after.add_run(note).font.size = size

    def figure(self, svg: str, alt: str, caption: str, note: str) -> None:
        picture = self.document.add_paragraph()
        picture.paragraph_format.keep_with_next = True
        _picture(picture, svg, alt, Cm(12))
        self.document.add_paragraph(caption, style="Caption").paragraph_format.keep_with_next = None
        if note:
            self.document.add_paragraph().add_run(note).font.size = Pt(self.size if self.easy else 9.0)

    def idea(self, lines: list[str], svg: str, alt: str, symbol: str, leads: bool) -> None:
        made = self.document.add_table(rows=1, cols=2)
        made.autofit = False
        word_parts.describe(made, "A picture, and what it stands for")
        left, right = made.rows[0].cells
        left.width, right.width = Cm(3), Cm(WIDTH - 3)
        _picture(left.paragraphs[0], svg, alt, Cm(2.2))
        right.paragraphs[0].add_run(lines[0])
        for line in lines[1:]:
            right.add_paragraph(line)
        for paragraph in (*left.paragraphs, *right.paragraphs):
            paragraph.paragraph_format.keep_with_next = leads or None


def _picture(paragraph: Any, svg: str, alt: str, width: Any) -> None:
    import vl_convert

    png = vl_convert.svg_to_png(svg, scale=PIXELS)
    shape = paragraph.add_run().add_picture(io.BytesIO(png), width=width)
    shape._inline.docPr.set("descr", alt)
