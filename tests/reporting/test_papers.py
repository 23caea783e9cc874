"""Papers: the shape of a board paper, figures that are the run's, files that everybody can read, and hostile texts."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pypdf
import pytest
from docx.oxml.ns import qn

from bettercare.engines.forecast import Forecast, forecast
from bettercare.foundation.problems import UsageError
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.reporting.material import Material
from bettercare.reporting.papers import (
    Paper,
    content,
    next_steps,
    paper_from_plan,
    pdf,
    summary_of_plan,
    typst_pdf,
    word,
    write_docx,
    write_pdf,
)
from bettercare.reporting.papers import paper as shapes
from bettercare.reporting.papers.easy_read import ASSUMED, LONGEST, WORDING
from bettercare.reporting.papers.layout import letter
from bettercare.reporting.papers.symbols import SYMBOLS

RAN = date(2014, 12, 1)
MEETING = {
    "on": "2015-01-20",
    "venue": "County Hall",
    "item_number": "9",
    "by": "The partners",
    "officer": {"name": "A. N. Officer", "job_title": "Director of Strategy", "email": "officer@example.org"},
    "background_papers": ["The strategy of 2014"],
}
DECISIONS = [
    {
        "title": "The strategy",
        "met_on": date(2014, 6, 30),
        "board": "Partnership Board",
        "outcome": "Agreed",
        "minute": "14",
        "revision": "0123456789ab",
        "override": "Winter would not wait",
    }
]
# The order of the report of 27 September 2018, written out: what a board secretary expects.
ORDER = [
    "Purpose of report",
    "Link to the local health and care system",
    "Recommendations",
    "Policy framework and previous decisions",
    "Background",
    "Progress",
    "Finance",
    "Consultation and involvement",
    "Officer to contact",
    "Appendices",
]
HOSTILE = [
    '#import "x.typ": *',
    '#panic("no") #read("paper.typ")',
    "$x^2$ and \\ and \\u{41}",
    "@ref <label> *b* _i_ `c` = h",
    "<script>alert(1)</script> &amp; ]]>",
    "// gone? /* gone? */ [a](b)",
    "=cmd|' /C calc'!A0",
    "{{ paper }} {% if %} %s {0}",
]


@pytest.fixture(scope="module")
def board(plan: Plan, f: Forecast) -> Paper:
    return paper_from_plan(plan, f, board="hospital", meeting=MEETING, decisions=DECISIONS, ran_on=RAN)


@pytest.fixture(scope="module")
def board_pdf(board: Paper) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf(board)))


@pytest.fixture(scope="module")
def board_docx(board: Paper) -> Any:
    return docx.Document(io.BytesIO(word.docx(board)))


def text_of(reader: pypdf.PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def squeezed(text: str) -> str:
    """Without spaces of any kind, which an extractor puts where lines and glyphs end."""
    return re.sub(r"[\s\u200b\u200c\u200d]+", "", text)


def tags(node: Any) -> Iterator[Any]:
    """The elements of a PDF's structure, in reading order."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            yield from tags(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from tags(node["/K"])


def structure(reader: pypdf.PdfReader) -> list[Any]:
    return list(tags(reader.trailer["/Root"]["/StructTreeRoot"]))


def small(text: str, **changes: Any) -> Paper:
    """A paper with the text in every kind of place."""
    from bettercare.reporting.chart_style import Table

    blocks = (
        shapes.paragraph(text),
        shapes.bullets(text),
        shapes.Heading(text),
        shapes.Recommendation("note", text, text),
        Table(text, (text, "B"), ((text, "c"),), ("assumed",), text),
    )
    sections = tuple(shapes.Section(code, heading, blocks) for code, heading in shapes.SHAPE.items())
    made = Paper(text, date(2015, 1, 20), "0123", shapes.Run("1", RAN, 1, 10), sections, board=text, report_of=text)
    return dataclasses.replace(made, **changes)


def test_the_shape_of_2018(board: Paper, board_pdf: pypdf.PdfReader, board_docx: Any) -> None:
    assert [s.heading for s in board.sections] == ORDER
    outline = [entry.title for entry in board_pdf.outline if not isinstance(entry, list)]
    assert outline == ORDER
    assert [p.text for p in board_docx.paragraphs if p.style.name == "Heading 1"] == ORDER
    said = text_of(board_pdf)
    assert "General Hospital Trust: 20 January 2015" in said
    assert "County Hall. Agenda item 9" in said
    assert "Draft: not yet published" in said
    with pytest.raises(ValueError, match="sections"):
        dataclasses.replace(board, sections=board.sections[::-1])


def test_figures_are_the_runs(board: Paper, f: Forecast, plan: Plan, board_pdf: pypdf.PdfReader) -> None:
    numbers = board.numbers()
    assert len({n.of for n in numbers}) >= 10
    said = squeezed(text_of(board_pdf))
    for number in numbers:
        measure, scenario, year, part = number.of.split("|")
        assert number.value == pytest.approx(f.summary(scenario, year, measure)[part], rel=1e-12), number.of
        assert squeezed(number.text) in said
    figure = next(b for b in board.blocks() if isinstance(b, shapes.Figure))
    assert figure.table is not None
    for name, row in zip(f.scenarios, figure.table.rows, strict=True):
        gap = f.summary(name, plan.settings.headline_year, "gap_gbp")
        assert pounds(row[1]) == pytest.approx(gap["mean"], abs=0.05e6 if abs(gap["mean"]) < 9.95e6 else 0.5e6)
        assert all(squeezed(cell) in said for cell in row)


def pounds(shown: str) -> float:
    found = re.fullmatch(r"(\u2212?)£([\d.,]+)(bn|m|)", shown)
    assert found, shown
    return (-1 if found[1] else 1) * float(found[2].replace(",", "")) * {"bn": 1e9, "m": 1e6, "": 1}[found[3]]


def test_a_figure_says_what_it_rests_on(board: Paper) -> None:
    """Every sentence with a named result has its badge as a word, and every table of the forecast too."""
    from bettercare.reporting.papers.layout import lines

    shown = [line.content for line in lines(board)]
    gap = next(c["text"] for c in shown if "In 2015/16, the system" in c.get("text", ""))
    assert re.search(r"given these assumptions(?: \(minus is a surplus\))? \(modelled\)\.", gap)
    notes = [c["note"] for c in shown if "rows" in c and "Gap" in c["caption"]]
    assert notes
    assert all("All figures in this table are modelled." in note for note in notes)
    mixed = next(c for c in shown if "Milestones" in c.get("caption", ""))
    assert mixed["header"][-1] == "Basis" or "assumed" in mixed["note"]


def test_pdf_for_everybody(board: Paper, board_pdf: pypdf.PdfReader) -> None:
    root = board_pdf.trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"].value
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value
    assert board_pdf.metadata is not None
    assert board_pdf.metadata.title == board.title
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:part>2</pdfaid:part>" in xmp and "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
    found = structure(board_pdf)
    kinds = [str(e["/S"]) for e in found]
    assert kinds.count("/H1") == len(ORDER)
    pictures = [e for e in found if e["/S"] == "/Figure"]
    assert pictures and all(len(e["/Alt"]) > 20 for e in pictures)
    heads = [e for e in found if e["/S"] == "/TH"]
    assert heads and all(any(a.get("/Scope") == "/Column" for a in e["/A"]) for e in heads)
    assert kinds.count("/Table") == kinds.count("/THead") > 2
    pages = len(board_pdf.pages)
    for number, page in enumerate(board_pdf.pages, 1):
        foot = squeezed(page.extract_text())
        assert squeezed(f"Plan revision {board.plan_revision} · seed 1 · run of 1 December 2014") in foot
        assert squeezed(f"Page {number} of {pages}") in foot


def test_word_says_the_same(board: Paper, board_pdf: pypdf.PdfReader, board_docx: Any) -> None:
    footer = squeezed(f"Plan revision {board.plan_revision} · seed 1 · run of 1 December 2014")
    pages = "".join(re.sub(footer + r"Page\d+of\d+", "", squeezed(page.extract_text())) for page in board_pdf.pages)
    paragraphs = [p.text for p in board_docx.paragraphs if p.text]
    cells = [cell.text for table in board_docx.tables for row in table.rows for cell in row.cells]
    assert len(paragraphs) > 40 and len(cells) > 60
    for words in (*paragraphs, *cells):
        assert squeezed(words) in pages, words
    assert board_docx.core_properties.title == board.title
    assert board_docx.core_properties.language == "en-GB"
    languages = {e.get(qn("w:val")) for e in board_docx.styles.element.iter(qn("w:lang"))} - {None}
    assert languages == {"en-GB"}
    for table in board_docx.tables:
        header = table.rows[0]._tr.trPr
        assert header is not None and header.find(qn("w:tblHeader")) is not None
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
    assert all(shape._inline.docPr.get("descr") for shape in board_docx.inline_shapes)
    assert len(board_docx.inline_shapes) == 1
    numbered = [p for p in board_docx.paragraphs if p._p.pPr is not None and p._p.pPr.numPr is not None]
    assert len(numbered) > 20


def test_numbers_of_paragraphs(board_pdf: pypdf.PdfReader) -> None:
    """Paragraphs count on from the first section to the last, as a minute needs."""
    body = text_of(board_pdf).split("Appendix A")[0]
    found = [int(n) for n in re.findall(r"^(\d+)\. [A-Z\u201c]", body, flags=re.MULTILINE)]
    assert found == list(range(1, len(found) + 1))
    assert len(found) > 15
    assert [letter(i) for i in (0, 25, 26, 51, 52, 701, 702)] == ["a", "z", "aa", "az", "ba", "zz", "aaa"]


def test_same_paper_same_bytes(board: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digest(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    first = digest(write_pdf(board, tmp_path / "a.pdf")), digest(write_docx(board, tmp_path / "a.docx"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.chdir(tmp_path)
    again = dataclasses.replace(board, sections=tuple(board.sections))
    assert (digest(write_pdf(again, tmp_path / "b.pdf")), digest(write_docx(again, tmp_path / "b.docx"))) == first
    later = dataclasses.replace(board, status="published")
    assert digest(write_pdf(later, tmp_path / "c.pdf")) != first[0]


def test_the_day_of_the_run(plan: Plan, f: Forecast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1420070400")  # the first second of 2015
    assert paper_from_plan(plan, f, board="hospital", meeting=MEETING).run.on == date(2015, 1, 1)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    paper = small(text)
    pages = squeezed(text_of(pypdf.PdfReader(io.BytesIO(pdf(paper)))))
    # title, front twice, and in each section: paragraph, point, heading, whom and what, caption, header, cell, note
    assert pages.count(squeezed(text)) >= 3 + 9 * len(ORDER)
    document = docx.Document(io.BytesIO(word.docx(paper)))
    assert sum(text in p.text for p in document.paragraphs) >= 3 + 6 * len(ORDER)
    assert all(t.rows[0].cells[0].text == text and t.rows[1].cells[0].text == text for t in document.tables)


def test_long_words_stay_on_the_page() -> None:
    text = "w" * 400
    paper = small(text)
    paper = dataclasses.replace(paper, style="summary", sections=paper.sections[:1])
    reader = pypdf.PdfReader(io.BytesIO(pdf(paper)))
    assert text in squeezed(text_of(reader))
    lines = [line for page in reader.pages for line in page.extract_text().splitlines()]
    assert max(squeezed(line).count("w") for line in lines) < 80


@pytest.mark.parametrize("text", ["قلم عربي", "שלום עולם", "中文字", "smile 😀 👨‍👩‍👧 🇬🇧 👍🏽", "Zoë Łódź naïve Ωμέγα"])
def test_every_script(text: str) -> None:
    """In Word as it is; in the PDF as it is where a font here has it, and as the names of its characters where not."""
    import unicodedata

    paper = small(text)
    said = squeezed(text_of(pypdf.PdfReader(io.BytesIO(pdf(paper)))))
    for c in text:
        if not c.isspace() and unicodedata.category(c) not in ("Cf", "Mn", "Sk"):
            assert c in said or squeezed(unicodedata.name(c).lower()) in said.lower(), c
    assert sum(text in p.text for p in docx.Document(io.BytesIO(word.docx(paper))).paragraphs) > len(ORDER)


def test_what_no_file_can_hold() -> None:
    """Control characters, halves of characters and marks that turn the reading direction are taken out."""
    paper = small("ab\x00c\x07 \ud800 d\ufffe \u202eevil\u202c \ue000\U000f0000 e\r\n\tf")
    said = text_of(pypdf.PdfReader(io.BytesIO(pdf(paper))))
    assert "evil" in said and "\u202e" not in said and "\x00" not in said
    document = docx.Document(io.BytesIO(word.docx(paper)))
    assert any("evil" in p.text and "\u202e" not in p.text and "e f" in p.text for p in document.paragraphs)


def test_hostile_names_in_the_plan(plan: Plan, f: Forecast) -> None:
    """Also where the text goes through a chart."""
    import polars as pl

    odd = '#x $y$ <b> & "q" \\ 中😀'
    scenarios = {n: dataclasses.replace(s, title=f"{odd} {n}") for n, s in plan.scenarios.items()}
    table = plan.tables["initiatives"].with_columns(pl.lit(odd).alias("title"))
    bad = dataclasses.replace(plan, scenarios=scenarios, tables={**plan.tables, "initiatives": table})
    result = dataclasses.replace(f, plan=bad)
    paper = paper_from_plan(bad, result, board=odd, meeting={**MEETING, "title": odd}, items=["falls"], ran_on=RAN)
    said = squeezed(text_of(pypdf.PdfReader(io.BytesIO(pdf(paper)))))
    assert said.count(squeezed('#x $y$ <b> & "q" \\')) > 8
    assert any(odd in p.text for p in docx.Document(io.BytesIO(word.docx(paper))).paragraphs)


def test_no_picture_from_elsewhere() -> None:
    for bad in (
        '<svg><image href="http://example.org/a.png"/></svg>',
        "<svg><image xlink:href='file:///etc/passwd'/></svg>",
        '<svg><style>@import "a.css"</style></svg>',
        '<svg><rect fill="url(http://example.org/#a)"/></svg>',
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>',
    ):
        with pytest.raises(ValueError, match="outside"):
            shapes.Figure(bad, "A picture", "Caption")
    shapes.Figure('<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(#a)"/></svg>', "A picture", "Caption")
    with pytest.raises(ValueError, match="words"):
        shapes.Figure("<svg/>", " ", "Caption")


def test_symbols_are_ours() -> None:
    for name, (svg, words) in SYMBOLS.items():
        shapes.closed(svg)
        root = ElementTree.fromstring(svg)
        assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {"svg", "path", "circle"}, name
        assert words


def test_items_and_who_is_asked(plan: Plan, f: Forecast) -> None:
    items = [
        {"verb": "decide", "initiative": "home-first"},
        {"verb": "approve", "text": "the classes", "whom": "the Council"},
        "falls",
    ]
    progress = {"home-first": "Half the staff in post", "home-first-staff": "Late by a month"}
    words = {"background": ["Written by the secretary."]}
    paper = paper_from_plan(
        plan, f, board="hospital", meeting=MEETING, items=items, progress=progress, words=words, ran_on=RAN
    )
    said = text_of(pypdf.PdfReader(io.BytesIO(pdf(paper)))).replace("\n", " ").replace("  ", " ")
    assert "a) General Hospital Trust is asked to decide \u201cHome first\u201d." in said
    assert "b) The Council is asked to approve the classes." in said
    assert "c) General Hospital Trust is asked to note \u201cFalls prevention\u201d." in said
    for words_ in ("Half the staff in post", "Late by a month", "Written by the secretary."):
        assert squeezed(words_) in squeezed(said)
    assert "Will the cottage hospital close?" in said and "Autumn 2015" in said


def test_decisions_are_told_with_their_override(board_pdf: pypdf.PdfReader) -> None:
    said = " ".join(text_of(board_pdf).split())
    assert "30 June 2014: The strategy: Agreed (Partnership Board, minute 14, plan revision 0123456789ab)" in said
    assert "decided while a gate was still open, because: Winter would not wait." in said


def test_a_board_without_a_duty_recommends(plan: Plan, f: Forecast) -> None:
    """The rule of answers to proposals: whom the plan's list does not name never decides, and who decides is asked."""
    items = [{"verb": v, "text": f"the {v} item"} for v in ("note", "approve", "decide")]
    items.append({"verb": "approve", "text": "its share", "whom": "the Council"})

    def asked(board: str) -> list[str]:
        paper = paper_from_plan(plan, f, board=board, meeting=MEETING, items=items, ran_on=RAN)
        return [b.verb for b in paper.blocks() if isinstance(b, shapes.Recommendation)][:4]

    assert asked("A board of the programme") == ["note", "recommend", "recommend", "approve"]
    assert asked("hospital") == ["note", "approve", "decide", "approve"]
    gone = dataclasses.replace(plan, tables={**plan.tables, "duties": plan.tables["duties"].clear()})
    with pytest.raises(UsageError, match="asks General Hospital Trust to do nothing; a paper cannot ask it to approve"):
        paper_from_plan(
            gone, dataclasses.replace(f, plan=gone), board="hospital", meeting=MEETING, items=items, ran_on=RAN
        )


def test_the_count_of_questions_says_what_they_are_about(plan: Plan, f: Forecast) -> None:
    def said(code: str) -> list[str]:
        paper = paper_from_plan(plan, f, board="hospital", meeting=MEETING, items=[code], ran_on=RAN)
        return [b.text for b in paper.blocks() if isinstance(b, shapes.Recommendation) and "question" in b.text]

    about = "about the initiatives in this paper, or about the plan as a whole, is not yet decided"
    assert said("home-first") == [f"that 1 question of the public {about}, and when each will be"]
    assert said("falls") == []  # the plan's only question is about another


def test_how_to_get_the_figures_again(plan: Plan, f: Forecast) -> None:
    """Only a plan that everybody has is named; for any other, the paper says where it is."""
    told = "\n".join(s.plain for p in content.how_made(Material(f), shapes.Run("1", RAN, 1, 100)) for s in spoken(p))
    assert "bettercare run small" not in told
    assert f"plan-{plan.revision}.zip" in told
    assert f"bettercare run plan-{plan.revision} --draws 100 --seed 1" in told
    llr = read_plan("llr")
    made = forecast(llr, [llr.settings.main], draws=20)
    told = "\n".join(s.plain for p in content.how_made(Material(made), shapes.Run("1", RAN, 1, 20)) for s in spoken(p))
    assert "To get them again: bettercare run llr --draws 20 --seed 1" in told and ".zip" not in told
    other = dataclasses.replace(llr, settings=dataclasses.replace(llr.settings, title="Adopted since"))
    again = content.how_made(Material(dataclasses.replace(made, plan=other)), shapes.Run("1", RAN, 1, 20))
    told = "\n".join(s.plain for p in again for s in spoken(p))
    assert "bettercare run llr" not in told and f"plan-{other.revision}.zip" in told


def spoken(block: Any) -> tuple[Any, ...]:
    return block.sentences if isinstance(block, shapes.Paragraph) else block.items


def test_a_sign_stays_with_its_pounds() -> None:
    """At every width of a column: a line never ends between the sign and the figure."""
    from bettercare.reporting.chart_style import Table

    amounts = ["\u2212£16m", "\u2212£1.23bn", "+£850,000", "\u2212£2.0m to \u2212£16m"]
    heads = ("x" * 20, *("ab " * n for n in range(1, 9)))
    table = Table("Widths", heads, tuple((a, *((f"{'w ' * n}{a}") for n in range(8))) for a in amounts), (), "")
    paper = small(" ".join(amounts * 30))
    sections = (dataclasses.replace(paper.sections[0], blocks=(*paper.sections[0].blocks, table)),)
    reader = pypdf.PdfReader(io.BytesIO(pdf(dataclasses.replace(paper, style="summary", sections=sections))))
    said = text_of(reader)
    assert said.count("£16m") > 60
    assert not re.search(r"[\u2212+]\s*\n\s*£", said)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": ["fals"]}, '"fals" is not an initiative of this plan. Did you mean "falls"?'),
        ({"items": [{"verb": "ignore", "text": "x"}]}, "note, recommend, approve or decide"),
        ({"items": [{"verb": "note"}]}, "a text or an initiative"),
        ({"items": [{"vreb": "note"}]}, 'Did you mean "verb"?'),
        ({"meeting": {"venue": "x"}}, 'A meeting needs "on"'),
        ({"meeting": "27 September"}, '"27 September" is not a dictionary. Give each meeting as one'),
        ({"meeting": {"on": "27/09/2018"}}, "is not a day"),
        ({"progress": {"falls-liv": "x"}}, 'Did you mean "falls-live"?'),
        ({"words": {"financ": ["x"]}}, 'Did you mean "finance"?'),
        ({"board": "council", "items": [{"verb": "decide", "text": "x"}]}, "asks The Council to be consulted"),
        ({"board": " "}, "Name the board"),
    ],
)
def test_wrong_requests(plan: Plan, f: Forecast, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        paper_from_plan(plan, f, **{"board": "hospital", "meeting": MEETING, **changes})


def test_a_forecast_of_another_revision(plan: Plan, f: Forecast) -> None:
    other = dataclasses.replace(plan, settings=dataclasses.replace(plan.settings, title="Another"))
    with pytest.raises(UsageError, match="Run the forecast again"):
        paper_from_plan(other, f, board="hospital", meeting=MEETING)


def test_easy_read_is_easy(plan: Plan) -> None:
    """Our own sentences are short; all others come from the plan; the type is large; each idea has a picture."""
    sample = {"when": "27 September 2018", "who": "{who}", "what": "{what}"}
    for words in (*WORDING.values(), ASSUMED):
        assert len(words.format(**sample).split()) <= LONGEST, words
        assert len(re.findall(r"[.!?](?:\s|$)", words)) <= 1, words
    paper = next_steps(plan, DECISIONS, on=date(2014, 9, 1), ran_on=RAN)
    ours = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(words)) for words in (*WORDING.values(), ASSUMED)]
    data = " ".join([plan.settings.title, "The strategy.", "Winter would not wait.", "Autumn 2015."])
    data += " ".join(plan.tables["questions"]["question"].to_list())
    data += ". ".join(plan.tables["milestones"]["title"].to_list()) + "."
    for block in paper.blocks():
        assert isinstance(block, shapes.Idea)
        for sentence in block.sentences:
            assert any(re.fullmatch(o, sentence) for o in ours) or sentence in data, sentence
    reader = pypdf.PdfReader(io.BytesIO(pdf(paper)))
    sizes: dict[float, str] = {}

    def note(words: str, cm: Any, tm: Any, font: Any, size: float) -> None:
        if words.strip():
            sizes[round(size * tm[3] * cm[3], 1)] = sizes.get(round(size * tm[3] * cm[3], 1), "") + words

    for page in reader.pages:
        page.extract_text(visitor_text=note)
    assert all(size >= 16 or "Plan revision" in words for size, words in sizes.items()), sizes
    pictures = [e for e in structure(reader) if e["/S"] == "/Figure"]
    assert len(pictures) == len(list(paper.blocks()))
    assert all(e["/Alt"] for e in pictures)


def test_easy_read_is_not_older_than_what_it_reports(plan: Plan) -> None:
    later = [{"title": "The ward stays", "met_on": date(2030, 7, 20), "override": "Winter would not wait"}]
    paper = next_steps(plan, later)
    assert paper.day == paper.run.on == date(2030, 7, 20)
    assert next_steps(plan, DECISIONS).day == plan.settings.plan_date
    said = [s for block in paper.blocks() if isinstance(block, shapes.Idea) for s in block.sentences]
    assert said[said.index("The ward stays.") + 1] == "It was decided although a check was not passed."
    for days in ({"on": date(2030, 7, 19)}, {"on": date(2031, 1, 1), "ran_on": RAN}):
        with pytest.raises(UsageError, match="cannot report a decision of 20 July 2030"):
            next_steps(plan, later, **days)


def test_a_question_and_its_answer_stand_on_one_page(plan: Plan) -> None:
    """Wherever the questions happen to fall on the page: texts of every length stand before them."""
    asked = [
        {"question": f"Question {n}?", "answer": f"Answer {n}.", "status": "x", "due": f"Day {n}"} for n in range(9)
    ]
    for lines in range(1, 9):
        paper = next_steps(plan, [{**DECISIONS[0], "title": "Words. " * lines}], asked, ran_on=RAN)
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf(paper))).pages]
        for n in range(9):
            (page,) = (p for p in pages if f"Question {n}?" in p)
            assert f"Answer {n}." in page and f"Day {n}." in page
        assert "Hard words" in pages[-1] and "A board is" in pages[-1]  # not the last line of it alone


def test_easy_read_in_word(plan: Plan) -> None:
    paper = next_steps(plan, [], on=date(2030, 1, 1), ran_on=RAN)
    document = docx.Document(io.BytesIO(word.docx(paper)))
    said = [c.text for t in document.tables for c in t.rows[0].cells]
    assert "Nothing has been decided yet." in said and "The plan names no next step." in said
    normal = document.styles["Normal"].font.size  # type: ignore[attr-defined]
    assert normal is not None and normal.pt >= 16
    assert all(shape._inline.docPr.get("descr") for shape in document.inline_shapes)  # type: ignore[attr-defined]


def test_fonts(board: Paper, board_pdf: pypdf.PdfReader) -> None:
    """Only Typst's own fonts, all of them embedded; another has to be asked for by name."""
    names = set()
    for page in board_pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            names.add(str(font.get_object()["/BaseFont"]).partition("+")[2])
    assert names and all(name.startswith(("LibertinusSerif", "NewCM", "DejaVuSansMono")) for name in names), names
    with pytest.raises(UsageError, match="not installed"):
        typst_pdf.pdf(board, font="No such font")


def test_summary_of_a_small_plan(plan: Plan, f: Forecast) -> None:
    paper = summary_of_plan(plan, f, on=date(2014, 12, 2), ran_on=RAN)
    said = " ".join(text_of(pypdf.PdfReader(io.BytesIO(pdf(paper)))).split())
    assert "Fewer people go into hospital in an emergency" in said
    assert "14,400 spells (2014/15)" in said  # the newest observation, 14,350, to three digits
    assert "Home first (decided, planned for January 2015)" in said
    assert {n.of.split("|")[0] for n in paper.numbers()} >= {"gap_gbp", "acute_beds_needed"}


@pytest.mark.slow
def test_the_worked_example() -> None:
    plan = read_plan("llr")
    f = forecast(plan, draws=100)
    meeting = {**MEETING, "on": date(2018, 9, 27)}
    paper = paper_from_plan(plan, f, board="hwb-leicestershire", meeting=meeting, ran_on=RAN)
    said = " ".join(text_of(pypdf.PdfReader(io.BytesIO(pdf(paper)))).split())
    assert "The plan has 132 initiatives: 122 are proposed" in said
    assert "The plan works for 7 outcomes" in said
    assert "to decide or note. The partners' documents differ on this" in said
    assert "With hindsight" not in said
    nothing = f.summary("do-nothing", "2018/19", "gap_gbp")["mean"]
    assert f"the system spends more each year than it receives: £{round(nothing / 1e6)}m a year" in said
    for number in paper.numbers():
        measure, scenario, year, part = number.of.split("|")
        assert number.value == pytest.approx(f.summary(scenario, year, measure)[part], rel=1e-12)
    for other in (summary_of_plan(plan, f, ran_on=RAN), next_steps(plan, [], ran_on=RAN)):
        assert pypdf.PdfReader(io.BytesIO(pdf(other))).trailer["/Root"]["/Lang"] == "en-GB"
    with pytest.raises(UsageError, match="be consulted"):
        paper_from_plan(
            plan, f, board="scrutiny-joint", meeting=meeting, items=[{"verb": "decide", "initiative": "I055"}]
        )
