"""What is written of a triangulation: the screen, Excel, Word and CSV agree, and nothing becomes a formula."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import typer
from docx import Document
from typer.testing import CliRunner

import bettercare
from bettercare.appraisal.triangulation import Triangulation, triangulate
from bettercare.appraisal.triangulation_lines import Line
from bettercare.cli.triangulate import triangulate as command
from bettercare.reporting.triangulation_cells import harmless
from bettercare.reporting.triangulation_screen import lines as screen
from bettercare.reporting.triangulation_template import write_templates
from bettercare.reporting.triangulation_write import write
from tests.plan import small

DAY = date(2015, 6, 30)
HOSTILE = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "  =1", "＝1", "\x07=1")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> bettercare.Plan:
    return bettercare.read_plan(small.build(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def found(plan: bettercare.Plan) -> Triangulation:
    def line(partner: str, item: str, kind: str, value: float, year: str = "2013/14", **more: str) -> Line:
        return Line(
            partner, item, kind, year, value, received=DAY, file=f"={partner}.xlsx", sheet="money", row=2, **more
        )

    lines = [
        line("north-ccg", "money", "paid", 2_600_000.0, counterparty="community-trust", basis="=cash", unit="GBP"),
        line(
            "community-trust", "money", "received", 2_800_000.0, counterparty="north-ccg", basis="accruals", unit="GBP"
        ),
        line("hospital", "saving", "claimed", 400_000.0, "2015/16", initiative="home-first", unit="GBP"),
        line("north-ccg", "saving", "claimed", 300_000.0, "2015/16", initiative="home-first", unit="GBP"),
    ]
    lines += [replace(lines[0], row=9 + n, service="elective", value=1.0, note=note) for n, note in enumerate(HOSTILE)]
    return triangulate(plan, lines)


def test_screen(plan: bettercare.Plan, found: Triangulation) -> None:
    lines = screen(plan, found)
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "1 figure disagrees by more than 2%, and 1 saving is claimed twice" in text
    for part in ("£2,600,000", "£2,800,000", "Apart by £200,000 (7.1%)", "The bases differ.", "by 14 July 2015"):
        assert part in text


def test_what_is_written_holds_no_formula(plan: bettercare.Plan, found: Triangulation, tmp_path: Path) -> None:
    excel, word, lines = write(plan, found, tmp_path)
    book = openpyxl.load_workbook(excel)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 100
    for cell in cells:
        assert cell.data_type != "f"
        assert not isinstance(cell.value, str) or cell.value[0] not in "=+-@\t"
    gaps = {(row[3].value, row[4].value, row[8].value) for row in book["disagreements"].iter_rows(min_row=2)}
    assert {(value, gap) for _, value, gap in gaps} == {(2_600_000, 200_000), (2_800_000, 200_000)}
    assert {row[8].value for row in book["savings claimed twice"].iter_rows(min_row=2)} == {400_000, 300_000}
    for text in lines.read_text().split(","):
        assert not text.strip('"').startswith(("=", "+", "-", "@", "\t"))
    doc = Document(str(word))
    headings = [p.text for p in doc.paragraphs if p.style is not None and p.style.name == "Heading 2"]
    assert len(headings) == 2 and "2013/14" in headings[0] and headings[1].endswith("(home-first)")
    assert [cell.text for cell in doc.tables[0].columns[1].cells][1:] == ["£2,800,000", "£2,600,000", "£2,800,000"]
    assert "tblHeader" in doc.tables[0].rows[0]._tr.xml
    assert "14 July 2015" in "\n".join(p.text for p in doc.paragraphs)


@pytest.mark.parametrize("text", HOSTILE)
def test_harmless(text: str) -> None:
    assert harmless(text)[0] in "' "
    assert harmless(text).lstrip()[0] not in "=+-@＝"
    assert harmless("a=b") == "a=b" and harmless("") == ""


def test_lines_are_rows_of_the_plans_table(plan: bettercare.Plan, found: Triangulation, tmp_path: Path) -> None:
    """submissions.csv can stand in the plan's folder as it is, and every line is a row of it."""
    path = write(plan, found, tmp_path)[2]
    files = small.files() | {"submissions.csv": path.read_text()}
    table = bettercare.read_plan(small.write(tmp_path / "plan", files)).tables["submissions"]
    assert table.height == len(found.lines)
    row = table.filter(partner="community-trust").row(0, named=True)
    assert (row["value"], row["unit"], row["counterparty"]) == (2_800_000.0, "GBP received", "north-ccg")
    assert row["received"] == DAY and "Basis: accruals." in row["note"]


def test_command_line(plan: bettercare.Plan, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(command)
    folder = str(small.build(tmp_path / "small"))
    run = CliRunner().invoke
    done = run(
        app, [folder, "--template", str(tmp_path / "returns"), "--filled", "--as-of", "2015-06-30", "--draws", "20"]
    )
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "returns").iterdir())
    assert names == sorted(p.name for p in write_templates(plan, tmp_path / "again"))
    args = [folder, str(tmp_path / "returns"), "--draws", "20", "--out", str(tmp_path / "out")]
    done = run(app, [*args, "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["disagreements"] == said["double_claims"] == said["unmatched"] == said["problems"] == []
    assert said["as_of"] == "2015-06-30" and len(said["lines"]) > 50 and said["revision"] == plan.revision
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "submissions.csv", "triangulation.docx", "triangulation.xlsx",
    ]  # fmt: skip
    assert "No figures disagree by more than 2%, and no saving is claimed twice" in " ".join(
        run(app, args).output.split()
    )
    for wrong in (["--tolerance", "lots"], ["--tolerance", "200%"], ["--scenario", "as-planed"], []):
        failed = run(app, [folder, *([str(tmp_path / "returns")] if wrong else []), *wrong])
        assert isinstance(failed.exception, bettercare.UsageError)
