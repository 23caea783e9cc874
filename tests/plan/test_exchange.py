# ruff: noqa: E501, ISC004  (long lines are lines that a person sees)
"""Differences in words; workbooks and data packages without loss; new plans."""

from __future__ import annotations

import contextlib
import datetime
import json
import random
import tempfile
import warnings
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bettercare.examples import example_folder
from bettercare.foundation.problems import Problems, UsageError
from bettercare.plan.datapackage import export_datapackage
from bettercare.plan.diff import diff
from bettercare.plan.new import new_plan
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.plan.schema import schema
from bettercare.plan.workbook import export_workbook
from bettercare.plan.workbook_read import import_plan, import_workbook, read_workbook
from tests.plan import small

NASTY = (
    "=1+1", "=HYPERLINK(\"x\")", "+1", "-1", "@x", "#REF!x", "007", "1e5", "TRUE", "2014-09-30", "5-9", "_x0041_", "_x005F_x0041_",
    "ax005F_b", "_x0078_", "_x000A_", 'say "so", twice', "one\ntwo", "tab\there", "é ü 中 😀", "<b>&amp;", "'quoted", "x" * 32_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return read_plan(small.build(tmp_path_factory.mktemp("small")))


def with_notes(folder: Path, notes: list[str]) -> Plan:
    """The small plan with a partner for each note."""
    import csv
    import io

    files = small.files()
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        [f"p{n}", note, "voluntary", "", "yes", "", "", "", note] for n, note in enumerate(notes)
    )
    files["partners.csv"] += buffer.getvalue().replace("\r\n", "\n")
    return read_plan(small.write(folder, files))


def test_no_difference(plan: Plan) -> None:
    assert diff(plan, plan) == []


def test_differences_in_words(plan: Plan, tmp_path: Path) -> None:
    files = small.files()
    for file, old, new in (
        ("plan.toml", "draws = 200", "draws = 300"),
        ("effects.csv", "range,moderate,0.1", "range,weak,"),
        ("workstreams.csv", "planned,Planned care,\n", "estates,Buildings,\n"),
        ("placements.csv", "planned", "estates"),
        ("scenarios/as-planned/effects.csv", "e-home,0.1", "e-home,0.12"),
        ("scenarios/as-planned/scenario.toml", '"flat"', '"middle"'),
        ("population.csv", "north,F,0,64,2014/15,principal,40200.0", "north,F,0,64,2014/15,principal,40250"),
    ):
        assert old in files[file]
        files[file] = files[file].replace(old, new, 1)
    files["scenarios/late/scenario.toml"] = 'title = "Late"\n'
    changes = [str(change) for change in diff(plan, read_plan(small.write(tmp_path, files)))]
    assert changes == [
        "plan.toml: draws 200 -> 300",
        "population.csv: north, F, 0, 64, 2014/15, principal people 40200 -> 40250",
        "workstreams.csv: estates added (name Buildings)",
        "workstreams.csv: planned removed (name Planned care)",
        "placements.csv: one-record, fewer-stays, estates, 2015 added (evidence strategy)",
        "placements.csv: one-record, fewer-stays, planned, 2015 removed (evidence strategy)",
        "effects.csv: e-home grade moderate -> weak",
        "effects.csv: e-home claimed 0.1 -> (blank)",
        "scenarios/as-planned/scenario.toml: settings.funding.variant flat -> middle",
        "scenarios/as-planned/effects.csv: e-home mode 0.1 -> 0.12",
        "scenarios: late added (Late)",
    ]


def test_long_texts_show_where_they_part(plan: Plan, tmp_path: Path) -> None:
    files = small.files()
    files["workstreams.csv"] = files["workstreams.csv"].replace("care,\n", f"care,{'word ' * 30}one\n", 1)
    before = read_plan(small.write(tmp_path / "a", files))
    files["workstreams.csv"] = files["workstreams.csv"].replace("one\n", "two\n")
    (change,) = diff(before, read_plan(small.write(tmp_path / "b", files)))
    assert str(change) == "workstreams.csv: urgent note ...word word one -> ...word word two"


def test_workbook_and_back(plan: Plan, tmp_path: Path) -> None:
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    again = import_workbook(path, tmp_path / "copy")
    assert diff(plan, again) == []
    assert read_plan(tmp_path / "copy").revision == plan.revision


def test_nasty_texts_go_through_a_workbook(tmp_path: Path) -> None:
    plan = with_notes(tmp_path / "plan", list(NASTY))
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    assert diff(plan, read_workbook(path)) == []
    book = openpyxl.load_workbook(path)
    assert not [c.coordinate for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=20))
def test_any_text_goes_through_a_workbook(texts: list[str]) -> None:
    notes = [text.strip() or "x" for text in texts if "\ufffe" not in text and "\uffff" not in text] or ["x"]
    with tempfile.TemporaryDirectory() as name:
        plan = with_notes(Path(name) / "plan", notes)
        assert diff(plan, read_workbook(export_workbook(plan, Path(name) / "plan.xlsx"))) == []


def test_the_workbook_explains_itself(plan: Plan, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export_workbook(plan, tmp_path / "plan.xlsx"))
    assert set(schema()) < set(book.sheetnames)
    sheet = book["effects"]
    heads = {cell.value: cell for cell in sheet[1]}
    assert list(heads) == list(schema()["effects"].names)
    assert heads["lever"].comment is not None
    assert "One of: avoid, shift, shorten, convert, add." in heads["lever"].comment.text
    lists = {str(v.sqref).split(":")[0]: v.formula1 for v in sheet.data_validations.dataValidation}
    assert lists["C2"] == '"avoid,shift,shorten,convert,add"'
    assert "007" in [cell.value for cell in book["partners"]["D"]]
    assert book["evidence"]["F2"].value == datetime.datetime(2014, 7, 1)


def test_what_people_do_to_workbooks(plan: Plan, tmp_path: Path) -> None:
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    book["capacity"]["C2"] = datetime.datetime(2010, 11, 1)
    book["effects"]["D2"] = "emergancy"
    book["plan"]["B5"] = "last"
    book["effects+"]["A2"] = "as-plant"
    book["scenarios"]["C2"] = None
    book.create_sheet("efects")
    book.save(path)
    with pytest.raises(Problems) as caught:
        import_workbook(path, tmp_path / "copy")
    assert str(caught.value).split("\n") == [
        'plan.xlsx, sheet capacity, row 2, year: "Nov-10" is a date that the spreadsheet made of a financial year. '
        "Format the column as text and write 2010/11.",
        'plan.xlsx, sheet efects: is not a table of a plan. Did you mean "effects"?',
        'plan.xlsx, sheet effects, row 2, service: "emergancy" is not in plan.xlsx, sheet services. '
        'Did you mean "emergency"?',
        'plan.xlsx, sheet effects+, row 2, scenario: "as-plant" is not a scenario. Did you mean "as-planned"?',
        'plan.xlsx, sheet plan, row 5, base_year: "last" is not a financial year; write 2013/14. '
        "Financial year whose activity and money the plan starts from.",
        'plan.xlsx, sheet scenarios, title: the title is missing. Write title = "..."',
        "6 problems in 6 files. Nothing was run.",
    ]
    assert not (tmp_path / "copy").exists()


def test_formulas_are_reported_with_all_other_problems(plan: Plan, tmp_path: Path) -> None:
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    heads = {cell.value: cell.column_letter for cell in book["effects"][1]}
    book["effects"][f"{heads['mode']}2"] = "=0.1+0.05"
    book["effects"][f"{heads['service']}5"] = '="emergency"'
    book["effects"]["D6"] = "emergancy"
    book["effects+"]["C2"] = "=B2"
    book["plan"]["B5"] = '="2013/14"'
    book["scenarios"]["C2"] = '="Do"&" nothing"'
    book["about"]["A2"] = "=1+1"  # nobody reads that
    book.create_sheet("mine")["A1"] = "=1+1"
    book.save(path)
    with pytest.raises(Problems) as caught:
        read_workbook(path)
    lost = " holds a formula, and the workbook does not hold its value. Open and save the workbook in a spreadsheet, "
    lost += "then copy the cell and paste its value."
    assert str(caught.value).split("\n") == [
        f"plan.xlsx, sheet effects, row 2, mode: cell {heads['mode']}2{lost}",
        f"plan.xlsx, sheet effects, row 5, service: cell {heads['service']}5{lost}",
        'plan.xlsx, sheet effects, row 6, service: "emergancy" is not in plan.xlsx, sheet services. '
        'Did you mean "emergency"?',
        f"plan.xlsx, sheet effects+, row 2, code: cell C2{lost}",
        "plan.xlsx, sheet mine: is not a table of a plan. Rename it, or move it out of the workbook.",
        f"plan.xlsx, sheet plan, row 5, base_year: cell B5{lost}",
        f"plan.xlsx, sheet scenarios, row 2, title: cell C2{lost}",
        "7 problems in 5 files. Nothing was run.",
    ]


def with_kept_value(path: Path, sheet: str, formula: str, value: str) -> None:
    """Put the value that a spreadsheet would have kept beside a formula into a saved workbook (openpyxl keeps none)."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    cell = f"<f>{formula}</f><v></v>".encode()
    assert sum(cell in part or cell.replace(b"<v></v>", b"<v />") in part for part in parts.values()) == 1, sheet
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            for empty in (b"<v></v>", b"<v />"):
                part = part.replace(f"<f>{formula}</f>".encode() + empty, f"<f>{formula}</f><v>{value}</v>".encode())
            archive.writestr(name, part)


def test_a_formula_with_its_value_is_checked_with_that(plan: Plan, tmp_path: Path) -> None:
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    (mode,) = (cell.column_letter for cell in book["effects"][1] if cell.value == "mode")
    book["effects"][f"{mode}2"] = "=1-0.6"
    book.save(path)
    with_kept_value(path, "effects", "1-0.6", "0.4")
    with pytest.raises(Problems) as caught:
        read_workbook(path)
    first, second = caught.value.items
    assert str(second) == (
        f"plan.xlsx, sheet effects, row 2, mode: cell {mode}2 holds a formula. Copy the cell and paste its value."
    )
    # 0.4 lies above the row's high of 0.05, as a person will see after pasting it
    assert str(first).startswith("plan.xlsx, sheet effects, row 2: mode 0.4 is above high ")


def test_a_sheet_without_a_header_is_one_problem(plan: Plan, tmp_path: Path) -> None:
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    book["services"].delete_rows(1, 100)
    book["services"]["A2"] = "emergency"
    book.save(path)
    with pytest.raises(Problems) as caught:
        read_workbook(path)
    assert [str(problem) for problem in caught.value.items] == [
        "plan.xlsx, sheet services, row 1: has no header row. The first row names the columns."
    ]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04junk", b"not a workbook", b"\x00" * 100])
def test_what_is_not_a_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(Problems, match=r"x.xlsx: is not an Excel workbook"):
        import_workbook(path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("xl/vbaProject.bin", b"x", "holds macros. Save it without them, as an Excel workbook (.xlsx)."),
        ("xl/more.xml", b"<!-- " + b" " * 1024**2 + b"--><!DOCTYPE a>", "holds a document type definition, which no"),
        (
            "xl/wide.xml",
            '<!DOCTYPE a [<!ENTITY b "c">]>'.encode("utf-16"),
            "holds a document type definition, which no",
        ),
        ("xl/workbook.xml", b"x", "holds two parts of one name."),
    ],
)
def test_a_workbook_that_may_do_harm_is_not_opened(
    plan: Plan, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        archive.writestr(name, content)
    with pytest.raises(Problems) as caught:
        read_workbook(path)
    assert [str(problem).startswith(f"plan.xlsx: {said}") for problem in caught.value.items] == [True]


def test_a_damaged_workbook_is_refused(plan: Plan, tmp_path: Path) -> None:
    path = export_workbook(plan, tmp_path / "plan.xlsx")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    rng = random.Random(1)
    for n in range(40):
        name = rng.choice(sorted(parts))
        content = bytearray(parts[name])
        for _ in range(rng.randint(1, 30)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        damaged = tmp_path / f"{n}.xlsx"
        with zipfile.ZipFile(damaged, "w") as archive:
            for other, text in parts.items():
                archive.writestr(other, bytes(content) if other == name else text)
        with contextlib.suppress(Problems):
            read_workbook(damaged)


def test_data_package_and_back(plan: Plan, tmp_path: Path) -> None:
    folder = export_datapackage(plan, tmp_path / "package")
    assert diff(plan, read_plan(folder)) == []
    assert diff(plan, import_plan(folder / "datapackage.json", tmp_path / "copy")) == []
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    resources = {resource["name"]: resource for resource in package["resources"]}
    assert all((folder / resource["path"]).is_file() for resource in resources.values())
    assert package["version"] == plan.revision
    assert package["licenses"][0]["name"] == "OGL-UK-3.0"
    effects = resources["effects"]["schema"]
    assert effects["primaryKey"] == ["code"]
    assert {"fields": ["service"], "reference": {"resource": "services", "fields": ["code"]}} in effects["foreignKeys"]
    lever = next(field for field in effects["fields"] if field["name"] == "lever")
    assert lever["constraints"]["enum"] == ["avoid", "shift", "shorten", "convert", "add"]


def test_new_plans(tmp_path: Path) -> None:
    folder = new_plan(tmp_path / "mine", "empty")
    assert [(c.file, c.key, c.after) for c in diff(read_plan("empty"), read_plan(folder))] == [
        ("plan.toml", "name", "mine")  # a copy has a name of its own, and nothing else
    ]
    assert (folder / "README.md").is_file()
    with pytest.raises(UsageError, match="is there already"):
        new_plan(folder, "empty")
    with pytest.raises(UsageError, match=r'There is no folder "llrr"\. Did you mean "llr"'):
        new_plan(tmp_path / "other", "llrr")
    assert not (tmp_path / "other").exists()


def test_the_empty_example_has_every_table() -> None:
    for table in schema().values():
        header = (example_folder("empty") / table.file).read_text(encoding="utf-8").split("\n")[0]
        assert header.split(",") == list(table.names)


def test_a_path_that_cannot_be_written(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        export_workbook(plan, tmp_path / "file" / "plan.xlsx")
    with pytest.raises(UsageError, match=r"does not end in \.xlsx"):
        export_workbook(plan, tmp_path / "plan.xls")
