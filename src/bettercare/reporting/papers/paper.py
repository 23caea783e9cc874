"""A paper as a value: what it says, in order, with no thought of how it is printed.

A paper is made from live records (`board`, `summary`, `easy_read`), then written as PDF (`typst_pdf`) or as Word
(`word`). All its texts are data: no writer reads markup in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bettercare.reporting.chart_style import Table
from bettercare.reporting.text import Figure as Number
from bettercare.reporting.text import Sentence

LANGUAGE = "en-GB"
STATUSES = ("draft", "published")
STYLES = ("board", "summary", "easy-read")
VERBS = ("note", "recommend", "approve", "decide")

# The order of a board paper: that of the report to a Health and Wellbeing Board of 27 September 2018.
SHAPE = {
    "purpose": "Purpose of report",
    "link": "Link to the local health and care system",
    "recommendations": "Recommendations",
    "policy": "Policy framework and previous decisions",
    "background": "Background",
    "progress": "Progress",
    "finance": "Finance",
    "consultation": "Consultation and involvement",
    "officer": "Officer to contact",
    "appendices": "Appendices",
}


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Sentences; each that holds a number carries its badge."""

    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Bullets:
    """A list of points."""

    items: tuple[Sentence, ...]


@dataclass(frozen=True)
class Recommendation:
    """What somebody is asked: `verb` is one of `VERBS`; `whom` is who is asked."""

    verb: str
    text: str
    whom: str

    def __post_init__(self) -> None:
        if self.verb not in VERBS:
            raise ValueError(f"a recommendation asks to {', '.join(VERBS[:-1])} or {VERBS[-1]}, not to {self.verb!r}")


@dataclass(frozen=True)
class Figure:
    """A picture (SVG that refers to nothing outside itself) with its words and, where there is one, its table."""

    svg: str
    alt: str
    caption: str
    table: Table | None = None
    note: str = ""

    def __post_init__(self) -> None:
        closed(self.svg)
        if not self.alt.strip():
            raise ValueError("a figure needs words for those who cannot see it")


@dataclass(frozen=True)
class Idea:
    """One idea of an easy-read document: a line or two beside a picture (a name of `symbols.SYMBOLS`).

    `leads` says that the next idea belongs to it, as an answer to its question: both stand on one page.
    """

    sentences: tuple[str, ...]
    symbol: str
    leads: bool = False


Block = Heading | Paragraph | Bullets | Table | Figure | Recommendation | Idea


@dataclass(frozen=True)
class Section:
    """A part of a paper under its own heading."""

    code: str
    heading: str
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if not self.blocks:
            raise ValueError(f"the section {self.heading!r} is empty; say why there is nothing")


@dataclass(frozen=True)
class Run:
    """Where the figures come from: what to run to get them again. `seed` is None where nothing was forecast."""

    version: str
    on: date
    seed: int | None = None
    draws: int = 0


@dataclass(frozen=True)
class Paper:
    """A paper for a board, a public summary or an easy-read document.

    `day` is the day of the meeting (of the document, where there is no meeting); the files carry it as their date.
    """

    title: str
    day: date
    plan_revision: str
    run: Run
    sections: tuple[Section, ...]
    style: str = "board"
    status: str = "draft"
    board: str = ""
    venue: str = ""
    item_number: str = ""
    report_of: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES or self.style not in STYLES:
            raise ValueError(f"a paper has no status {self.status!r} or no style {self.style!r}")
        if self.style == "board" and [s.code for s in self.sections] != list(SHAPE):
            raise ValueError(f"a board paper has the sections {', '.join(SHAPE)}, in this order")
        if not self.title.strip():
            raise ValueError("a paper needs a title")

    def blocks(self) -> Iterator[Block]:
        """All blocks in order."""
        for section in self.sections:
            yield from section.blocks

    def numbers(self) -> list[Number]:
        """The numbers in its sentences that name the result they show, with their exact values: what to freeze."""
        found = []
        for block in self.blocks():
            said = (
                block.sentences if isinstance(block, Paragraph) else block.items if isinstance(block, Bullets) else ()
            )
            found += [part for sentence in said for part in sentence.parts if isinstance(part, Number)]
        return found


def paragraph(*sentences: Sentence | str) -> Paragraph:
    """A paragraph from sentences; a plain text states no figure."""
    return Paragraph(tuple(s if isinstance(s, Sentence) else Sentence((s,)) for s in sentences))


def bullets(*items: Sentence | str) -> Bullets:
    """A list from sentences; a plain text states no figure."""
    return Bullets(paragraph(*items).sentences)


def closed(svg: str) -> None:
    """Raise ValueError for a picture that would load something from elsewhere."""
    if re.search(r"""(?:href|src)\s*=\s*["'](?!#)|url\(\s*["']?(?!["']?#)|@import|<!|<script""", svg, re.IGNORECASE):
        raise ValueError("the picture refers to something outside itself")
