"""A paper as PDF: tagged for assistive technology (PDF/UA-1) and fit to be kept (PDF/A-2a), the same bytes every time.

The typesetter is Typst. Its own fonts are used, so that the bytes are the same on every machine: Libertinus Serif,
with New Computer Modern and DejaVu Sans Mono for what it lacks. Characters that none of them has are drawn with the
machine's fonts, and those that it lacks too are written as their names in square brackets.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from bettercare.foundation.problems import UsageError, did_you_mean, shown
from bettercare.reporting.papers import glyphs, layout
from bettercare.reporting.papers.paper import LANGUAGE, Paper

FONTS = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono")
STANDARDS: list[Any] = ["ua-1", "a-2a"]
TEMPLATES = {"board": "board.typ", "summary": "board.typ", "easy-read": "easy_read.typ"}


def write_pdf(paper: Paper, path: str | Path, *, font: str = "") -> Path:
    """Write the paper as PDF; returns the path.

    `font` names an installed font to use before Typst's own (a sans serif for easy read, say); the bytes are then the
    same only where that font is. Raises UsageError for a font that is not installed.
    """
    target = Path(path)
    target.write_bytes(pdf(paper, font=font))
    return target


def pdf(paper: Paper, *, font: str = "") -> bytes:
    """The paper as the bytes of a PDF."""
    if font and font not in (known := typst.Fonts().families()):
        raise UsageError(f"The font {shown(font)} is not installed here. {did_you_mean(font, known)}".strip())
    content = _content(paper, ((font,) if font else ()) + FONTS)
    source = _source(TEMPLATES[paper.style])
    try:
        return _compiled(source, content, system=bool(font))
    except typst.TypstError as error:
        if not glyphs.undrawn(error):
            raise
    return _with_names(source, content)


def _with_names(source: bytes, content: dict[str, Any]) -> bytes:
    """With the machine's fonts too, and with the names of those characters that no font has.

    A character may be drawn alone and fail beside another: then those that change their neighbours are named as well,
    and at last every one that is not ASCII.
    """
    rare = {c for c in glyphs.texts(content) if not c.isascii()}
    missing = glyphs.missing(rare, json.dumps(content["fonts"]))
    for characters in (missing, missing | {c for c in rare if glyphs.joins(c)}):
        try:
            return _compiled(source, glyphs.named(content, characters), system=True)
        except typst.TypstError as error:
            if not glyphs.undrawn(error):
                raise
    return _compiled(source, glyphs.named(content, rare), system=True)


def _compiled(source: bytes, content: dict[str, Any], *, system: bool) -> bytes:
    out = typst.compile(
        source,
        format="pdf",
        ignore_system_fonts=not system,
        sys_inputs={"paper": json.dumps(content, ensure_ascii=False)},
        pdf_standards=STANDARDS,
    )
    assert isinstance(out, bytes)
    return out


def _source(name: str) -> bytes:
    folder = files("bettercare.reporting.papers") / "templates"
    return b"\n".join((folder / part).read_bytes() for part in ("common.typ", name))


def _content(paper: Paper, fonts: tuple[str, ...]) -> dict[str, Any]:
    """What the templates print."""
    assert LANGUAGE == "en-GB"  # the templates set it
    return {
        "title": layout.clean(paper.title),
        "author": layout.clean(paper.report_of),
        "day": [paper.day.year, paper.day.month, paper.day.day],
        "footer": layout.footer(paper),
        "front": layout.front(paper),
        "fonts": list(fonts),
        "lines": [_line(paper, line, fonts[0]) for line in layout.lines(paper)],
    }


def _line(paper: Paper, line: layout.Line, font: str) -> dict[str, Any]:
    content = {"kind": line.kind, **line.content}
    if line.kind == "letters":
        parts = [layout.asked(item) for item in content["items"]]
        content["items"] = [
            {"letter": f"{layout.letter(i)})", "before": before, "verb": verb, "after": after}
            for i, (before, verb, after) in enumerate(parts)
        ]
    if line.kind == "bullets":
        content["indented"] = paper.style == "board"
    if line.kind == "figure":
        content["svg"] = re.sub(r'font-family="[^"]*"', f'font-family="{font}"', content["svg"])
    return content
