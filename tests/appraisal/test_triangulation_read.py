"""Reading returns: every problem at once with its cell, hostile files refused, other layouts mapped by hand."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import bettercare
from bettercare.appraisal.triangulation_open import MOST_ROWS
from bettercare.appraisal.triangulation_read import read_returns
from bettercare.reporting.triangulation_template import write_templates
from tests.appraisal.returns import find
from tests.plan import small

DAY = date(2015, 6, 30)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> bettercare.Plan:
    return bettercare.read_plan(small.build(tmp_path_factory.mktemp("small")))


@pytest.fixture
def template(plan: bettercare.Plan, tmp_path: Path) -> Path:
    (path,) = write_templates(plan, tmp_path, filled=True, partners=("hospital",), as_of=DAY)
    return path


def edited(path: Path, change: Callable[[Any], None]) -> Path:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def problems(plan: bettercare.Plan, *paths: Path) -> list[str]:
    with pytest.raises(bettercare.Problems) as caught:
        read_returns(plan, paths)
    return [str(problem) for problem in caught.value.items]


def test_a_line_is_what_its_row_says(plan: bettercare.Plan, template: Path) -> None:
    (line,) = [
        one
        for one in read_returns(plan, [template]).lines
        if (one.kind, one.service, one.counterparty, one.year) == ("delivered", "emergency", "north-ccg", "2013/14")
    ]
    assert (line.partner, line.item, line.unit, line.badge) == ("hospital", "activity", "spell", "measured")
    assert (line.value, line.received, line.basis) == (pytest.approx(6_300), DAY, "activity delivered")
    sheet = openpyxl.load_workbook(template)["activity"]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.cell(line.row, heads.index(line.column) + 1).value == pytest.approx(6_300)


THOUSANDS = '"12,300" is not a number. Write 12300 (no commas, spaces or currency signs).'
KIND = (
    '"recieved" is not one of paid, received, income, cost, paid-into-fund, received-from-fund. '
    'Did you mean "received"?'
)


def test_every_problem_at_once_with_its_cell(plan: bettercare.Plan, template: Path) -> None:
    places: dict[str, int] = {}

    def spoil(book: Any) -> None:
        activity, money = book["activity"], book["money"]
        cell = find(activity, {"kind": "delivered", "service": "elective"}, "2013/14")
        cell.value = "=SUM(A1:A9)"
        places["formula"] = cell.row
        cell = find(activity, {"kind": "delivered", "service": "emergency"}, "2013/14")
        cell.value = "12,300"
        places["text"] = cell.row
        cell = find(activity, {"kind": "delivered", "service": "day-case"}, "2013/14")
        cell.value = -5
        places["minus"] = cell.row
        cell = find(activity, {"kind": "delivered", "service": "elective", "counterparty": "south-ccg"}, "service")
        cell.value = "electve"
        places["service"] = cell.row
        cell = find(money, {"kind": "received", "counterparty": "south-ccg"}, "kind")
        cell.value = "recieved"
        places["kind"] = cell.row
        cell = find(money, {"kind": "cost"}, "badge")
        cell.value = "guessed"
        places["badge"] = cell.row

    edited(template, spoil)
    with pytest.raises(bettercare.Problems) as caught:
        read_returns(plan, [template])
    found = {
        (p.file[len("hospital.xlsx, sheet ") :], p.row, p.column): f"{p.message} {p.hint}" for p in caught.value.items
    }
    assert found == {
        ("activity", places["minus"], "2013/14"): "-5 is not allowed. It must be 0 or more.",
        (
            "activity",
            places["service"],
            "service",
        ): '"electve" is not in the plan\'s services. Did you mean "elective"?',
        ("activity", places["formula"], "2013/14"): "holds a formula. Copy the cell and paste its value.",
        ("activity", places["text"], "2013/14"): THOUSANDS,
        ("money", places["badge"], "badge"): '"guessed" is not one of measured, modelled, assumed. ',
        ("money", places["kind"], "kind"): KIND,
    }


def test_a_column_that_nobody_knows(plan: bettercare.Plan, template: Path) -> None:
    def spoil(book: Any) -> None:
        book["beds"].cell(1, 12).value = "bassis"

    assert problems(plan, edited(template, spoil)) == [
        'hospital.xlsx, sheet beds, row 1: the column "bassis" is unknown. Did you mean "basis"?'
    ]


def test_cover_sheet(plan: bettercare.Plan, template: Path) -> None:
    def spoil(book: Any) -> None:
        book["return"]["B1"] = "hospitall"
        book["return"]["B4"] = "30/06/2015"

    sheet = "hospital.xlsx, sheet return"
    assert problems(plan, edited(template, spoil)) == [
        f'{sheet}, row 1, partner: "hospitall" is not a partner of the plan. Did you mean "hospital"?',
        f'{sheet}, row 4, as-of date: "30/06/2015" is not a date. Write 2015-06-30.',
    ]
    edited(template, lambda book: book["return"].__setitem__("B1", "hospital"))
    blank = edited(template, lambda book: book["return"].__setitem__("B4", None))
    assert problems(plan, blank) == [
        "hospital.xlsx, sheet return, row 4, as-of date: is missing. Fill it in on the cover sheet."
    ]


def test_another_revision_is_flagged_not_refused(plan: bettercare.Plan, template: Path) -> None:
    edited(template, lambda book: book["return"].__setitem__("B3", "0123456789ab"))
    read = read_returns(plan, [template])
    assert len(read.lines) > 20
    assert [(p.warning, p.row, 'revision "0123456789ab"' in p.message) for p in read.problems] == [(True, 3, True)]


def test_a_blank_template_is_a_warning(plan: bettercare.Plan, tmp_path: Path) -> None:
    paths = write_templates(plan, tmp_path)
    read = read_returns(plan, paths)
    assert read.lines == () and len(read.problems) == len(paths) >= 5
    assert all(p.warning and p.message == "holds no figures." for p in read.problems)
    with pytest.raises(bettercare.UsageError, match="already"):
        write_templates(plan, tmp_path)


# Files that are not what they seem.


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_files_that_are_refused(plan: bettercare.Plan, tmp_path: Path) -> None:
    (tmp_path / "a-text.xlsx").write_text("service,2013/14\n")
    (tmp_path / "b-old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    (tmp_path / "c-csv.csv").write_text("service,2013/14\n")
    zipped(tmp_path / "d-empty.xlsx", {"x": b"y"})
    zipped(tmp_path / "e-macro.xlsx", {"xl/vbaProject.bin": b"y"})
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    zipped(tmp_path / "f-entity.xlsx", {"xl/workbook.xml": bomb})
    with zipfile.ZipFile(tmp_path / "g-bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(21):
            archive.writestr(f"xl/{n}.xml", bytes(10 * 1024**2))
    (tmp_path / "h-cut.xlsx").write_bytes((tmp_path / "g-bomb.xlsx").read_bytes()[:1000])
    found = problems(plan, *sorted(tmp_path.iterdir()), tmp_path / "i-none.xlsx")
    save = "Save it again as an Excel workbook (.xlsx)."
    assert found == [
        f"a-text.xlsx: is not an Excel workbook. {save}",
        f"b-old.xls: is an old Excel workbook (.xls), or is protected by a password. {save}",
        f"c-csv.csv: is not an Excel workbook (.xlsx). {save}",
        f"d-empty.xlsx: cannot be read as an Excel workbook (KeyError). {save}",
        "e-macro.xlsx: holds macros. Save it without them, as an Excel workbook (.xlsx).",
        f"f-entity.xlsx: holds a document type definition, which no spreadsheet writes. {save}",
        "g-bomb.xlsx: is too large (210 MB when unpacked). Send the sheets of the return alone.",
        f"h-cut.xlsx: is not an Excel workbook. {save}",
        "i-none.xlsx: there is no such file. Check the name and the folder.",
    ]


def test_a_sheet_with_too_many_rows(plan: bettercare.Plan, template: Path) -> None:
    edited(template, lambda book: book["beds"].cell(MOST_ROWS + 9, 1).__setattr__("value", "x"))
    assert problems(plan, template) == [
        "hospital.xlsx, sheet beds: has more than 20,000 rows. Delete the rows below the figures."
    ]


# Layouts of a partner's own.

MAPPING = """
[[return]]
partner = "hospital"
files = "Board pack *.xlsx"
as_of = 2015-06-30

[[return.table]]
sheet = "Contracts"
item = "money"
header_row = 3
scale = 1000
columns = { counterparty = "Commissioner", note = "Remark" }
fixed = { kind = "received", basis = "accruals", badge = "measured" }
years = { "Plan 13-14" = "2013/14" }
ignore = { counterparty = ["Total"] }
names.counterparty = { "North" = "north-ccg", "South" = "south-ccg" }

[[return.table]]
sheet = "Activity"
item = "activity"
columns = { service = "Specialty", year = "FY", value = "Spells", kind = "What" }
names.kind = { "Done" = "delivered" }
"""


HEAD = '[[return]]\npartner = "hospital"\nfiles = "*"\nas_of = 2015-06-30\n'
HUGE = "0x1" + "0" * 5000  # more digits than Python writes
HOSTILE = (
    ("return = 5\n", ": return is not a list of tables."),
    (HEAD + "table = 5\n", ", return 1: table is not a list of tables."),
    (HEAD + "table = [5]\n", ", return 1, table 1: is not a table."),
    ("x = " + "9" * 5000, ": is not TOML"),
    ("x = " + "[" * 5000, ": is not TOML"),
    (
        MAPPING.replace("scale = 1000", f"scale = {HUGE}"),
        ", return 1, table 1: scale is not a number above 0 and at most",
    ),
    (MAPPING.replace("scale = 1000", "scale = nan"), ", return 1, table 1: scale is not a number above 0"),
    (
        MAPPING.replace("header_row = 3", f"header_row = {HUGE}"),
        ", return 1, table 1: header_row is not a row from 1 to",
    ),
    (MAPPING.replace("header_row = 3", "last_row = 0"), ", return 1, table 1: last_row is not a row from 1 to 20,000."),
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Contracts"
    for row in (
        ("Hospital trust: month 3",),
        (),
        ("Commissioner", "Plan  13-14", "Remark"),
        ("North", 21_470, "=cmd|' /C calc'!A0"),
        ("South", 24_500, None),
        ("Total", 45_970, None),
    ):
        sheet.append(row)
    sheet["C4"].data_type = "s"  # a text that only looks like a formula
    activity = book.create_sheet("Activity")
    for line in (("Specialty", "FY", "Spells", "What"), ("emergency", "2013/14", 13_300, "Done")):
        activity.append(line)
    path = tmp_path / "Board Pack June.xlsx"
    book.save(path)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    return path


def test_a_layout_of_its_own(plan: bettercare.Plan, pack: Path) -> None:
    lines = read_returns(plan, [pack]).lines
    assert [(one.item, one.kind, one.counterparty, one.service, one.year, one.value) for one in lines] == [
        ("activity", "delivered", "", "emergency", "2013/14", 13_300.0),
        ("money", "received", "north-ccg", "", "2013/14", 21_470_000.0),
        ("money", "received", "south-ccg", "", "2013/14", 24_500_000.0),
    ]
    assert (
        lines[1].note == "=cmd|' /C calc'!A0"
        and lines[1].where == "Board Pack June.xlsx, sheet Contracts, row 4, Plan 13-14"
    )


def test_names_that_no_mapping_knows(plan: bettercare.Plan, pack: Path) -> None:
    edited(pack, lambda book: book["Contracts"].__setitem__("A5", "Suoth"))
    assert problems(plan, pack) == [
        (
            'Board Pack June.xlsx, sheet Contracts, row 5, Commissioner: "Suoth" is not in the plan\'s partners. '
            "Say in mapping.toml what it stands for, under names.counterparty."
        )
    ]


def test_a_mapping_with_mistakes(plan: bettercare.Plan, pack: Path) -> None:
    text = MAPPING.replace("header_row", "headerrow").replace('item = "activity"', 'item = "acts"')
    (pack.parent / "mapping.toml").write_text(text)
    assert problems(plan, pack) == [
        'mapping.toml, return 1, table 1: the key "headerrow" is unknown. Did you mean "header_row"?',
        'mapping.toml, return 1, table 2: "acts" is not an item. Write one of activity, beds, staff, money, saving.',
    ]
    (pack.parent / "mapping.toml").write_text("[[return]\n")
    assert problems(plan, pack)[-1].startswith("mapping.toml, row 1: is not TOML")
    for text, said in HOSTILE:
        (pack.parent / "mapping.toml").write_text(text)
        assert problems(plan, pack)[0].startswith(f"mapping.toml{said}"), said
    (pack.parent / "mapping.toml").unlink()
    assert problems(plan, pack) == [
        (
            "Board Pack June.xlsx: is not the plan's template, and no entry of mapping.toml fits its name. "
            "Use the template, or say in mapping.toml beside it how to read it. Its sheets are: Contracts, Activity."
        )
    ]
