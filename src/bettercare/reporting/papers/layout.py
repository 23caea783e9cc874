"""A paper as a flat list of things to print, numbered and worded once, so that PDF and Word say the same.

Badges become words here: a sentence ends "(modelled)"; a table has a column, or a note where all its rows have the
same badge. The paragraphs of a board paper are numbered, so that a minute can refer to them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from bettercare.reporting import text
from bettercare.reporting.chart_style import Table
from bettercare.reporting.papers import symbols
from bettercare.reporting.papers.paper import (
    Bullets,
    Figure,
    Heading,
    Idea,
    Paper,
    Paragraph,
    Recommendation,
)
from bettercare.reporting.text import Sentence

BASIS = "Basis"
DRAFT = "Draft: not yet published"
LINE = 105.0  # characters of a table's type on a line of the page
LONGEST_WORD = 22  # what is longer may break
# Characters that turn the direction of what follows could make a text read as another; marks and isolates may stay.
OVERRIDES = dict.fromkeys((0x202A, 0x202B, 0x202C, 0x202D, 0x202E))


@dataclass(frozen=True)
class Line:
    """One thing to print. `kind` is heading, paragraph, bullets, letters, table, figure or idea.

    `content` is as its kind needs it, made of texts, numbers, lists and dictionaries only, so that it can be JSON.
    """

    kind: str
    content: dict[str, Any]


@dataclass
class _Counts:
    """How far the numbering has come."""

    paragraphs: int = 0
    tables: int = 0
    figures: int = 0


def lines(paper: Paper) -> list[Line]:
    """The paper's body in order."""
    counts, out = _Counts(), []
    for section in paper.sections:
        out.append(Line("heading", {"level": 1, "text": clean(section.heading)}))
        numbered = paper.style == "board" and section.code != "appendices"
        for block in section.blocks:
            if isinstance(block, Recommendation):
                _recommend(out, block)
            else:
                out += _lines(block, counts, numbered)
    return out


def _lines(block: Any, counts: _Counts, numbered: bool) -> list[Line]:
    if isinstance(block, Heading):
        return [Line("heading", {"level": 2, "text": clean(block.text)})]
    if isinstance(block, Paragraph):
        counts.paragraphs += numbered
        said = " ".join(badged(s) for s in block.sentences)
        return [Line("paragraph", {"number": counts.paragraphs if numbered else 0, "text": said})]
    if isinstance(block, Bullets):
        return [Line("bullets", {"items": [badged(s) for s in block.items]})]
    if isinstance(block, Table):
        counts.tables += 1
        return [Line("table", table(block, counts.tables))]
    if isinstance(block, Idea):
        said_ = [clean(s) for s in block.sentences]
        svg, alt = symbols.SYMBOLS[block.symbol]
        return [Line("idea", {"lines": said_, "svg": svg, "alt": alt, "symbol": block.symbol, "leads": block.leads})]
    if isinstance(block, Figure):
        counts.figures += 1
        caption = f"Figure {counts.figures}: {clean(block.caption)}"
        out = [
            Line("figure", {"svg": block.svg, "alt": clean(block.alt), "caption": caption, "note": clean(block.note)})
        ]
        return [*out, *(_lines(block.table, counts, numbered) if block.table else ())]
    raise TypeError(f"a paper cannot print {block!r}")


def _recommend(out: list[Line], block: Recommendation) -> None:
    """Add to the lettered list that stands last, or begin one."""
    if out[-1].kind != "letters":
        out.append(Line("letters", {"items": []}))
    item = {"whom": clean(block.whom), "verb": block.verb, "text": clean(block.text)}
    out[-1].content["items"].append(item)


def letter(place: int) -> str:
    """0 is a, 25 is z, 26 is aa."""
    out = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        out = chr(ord("a") + rest) + out
    return out


def asked(item: dict[str, str]) -> tuple[str, str, str]:
    """A recommendation in three parts, of which the second, the verb, stands out."""
    return f"{text.first_upper(item['whom'])} is asked to ", item["verb"], f" {text.ended(item['text'])}"


def table(block: Table, number: int) -> dict[str, Any]:
    """A table with its badges in words and the weight of each column."""
    header, rows = [clean(h) for h in block.headers], [[clean(c) for c in row] for row in block.rows]
    kinds, notes = set(block.badges), [clean(block.note)]
    if len(kinds) == 1 and kinds != {""}:
        notes.append(f"All figures in this table are {kinds.pop()}.")
    elif kinds - {""}:
        header.append(BASIS)
        rows = [[*row, badge] for row, badge in zip(rows, block.badges, strict=True)]
    return {
        "caption": f"Table {number}: {clean(block.caption)}",
        "header": header,
        "rows": rows,
        "weights": weights(header, rows),
        "note": " ".join(n for n in notes if n),
    }


def weights(header: list[str], rows: list[list[str]]) -> list[float]:
    """How wide each column should be, in characters: its longest word, then a part of what is left by what it says."""
    least, more = [], []
    for head, *cells in zip(header, *rows, strict=True):
        word = max([len(w) for c in cells for w in c.split()] + [1.15 * len(w) for w in head.split()], default=1)
        least.append(min(word, LONGEST_WORD) + 3.0)
        mean = sum(len(c) for c in cells) / max(len(cells), 1)
        wanted = max(0.6 * min(mean, 90) + 0.4 * min(max((len(c) for c in cells), default=0), 90), 0.8 * len(head))
        more.append(max(wanted - least[-1], 1.0))
    left = max(LINE - sum(least), 0.0) / sum(more)
    return [round(a + left * b, 3) for a, b in zip(least, more, strict=True)]


def badged(sentence: Sentence) -> str:
    """The sentence with its badge before its last full stop: `It is short by £110m (modelled).`"""
    said = clean(sentence.plain)
    if not sentence.badge:
        return said
    body, end = (said[:-1], said[-1]) if said.endswith((".", "!", "?", ":")) else (said, "")
    return f"{body} ({sentence.badge}){end}"


def clean(words: str) -> str:
    """A text on one line, without what neither PDF nor XML can hold: control characters,
    halves of characters, and characters of private use, which mean nothing outside one font."""
    kept = []
    for c in words.translate(OVERRIDES):
        kind = unicodedata.category(c)
        if c.isspace() or kind == "Cc":
            kept.append(" ")
        elif kind in ("Cs", "Co") or ord(c) & 0xFFFE == 0xFFFE:
            kept.append("\N{REPLACEMENT CHARACTER}")
        else:
            kept.append(c)
    return re.sub(" +", " ", "".join(kept)).strip(" ")


def footer(paper: Paper) -> str:
    """Plan revision, seed and date of the run: what to run again."""
    run = paper.run
    seed = "" if run.seed is None else f" \u00b7 seed {run.seed}"
    made = "made" if run.seed is None else "run of"
    return clean(f"Plan revision {paper.plan_revision}{seed} \u00b7 {made} {text.day(run.on)}")


def front(paper: Paper) -> list[str]:
    """The lines above the title, as a council sets them."""
    if paper.style != "board":
        return [DRAFT] if paper.status == "draft" else []
    item = f"Agenda item {paper.item_number}" if paper.item_number else ""
    found = (
        f"{paper.board}: {text.day(paper.day)}",
        ". ".join(part for part in (paper.venue, item) if part),
        f"Report of {paper.report_of}" if paper.report_of else "",
        DRAFT if paper.status == "draft" else "",
    )
    return [clean(line) for line in found if line]
