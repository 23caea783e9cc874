"""A table that is missing, empty or unreadable is said once; what refers to it is not held against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bettercare.plan.check_missing import HOLDS
from bettercare.plan.read import check
from bettercare.plan.schema import schema
from bettercare.plan.workbook import export_workbook
from bettercare.plan.workbook_read import read_workbook
from tests.plan import small

# Counted by hand in tests/plan/small.py.
MISSING = {
    "services.csv": "It holds the services, and in what their activity is counted. "
    "79 rows need it (activity.csv 40, catchments.csv 11, contracts.csv 7, effects.csv 6, 5 other files 15).",
    "sites.csv": "It holds the places where services are given, and who runs them. "
    "20 rows need it (catchments.csv 11, capacity.csv 4, costs.csv 4, capital.csv 1).",
    "effects.csv": "It holds what initiatives do to the use of services. "
    "6 rows need it (initiatives.csv 4, overlaps.csv 1, scenarios/as-planned/effects.csv 1).",
    "milestones.csv": "It holds when initiatives begin, and what must come first. "
    "11 rows need it (effects.csv 6, investments.csv 3, capital.csv 1, scenarios/as-planned/milestones.csv 1).",
    "workstreams.csv": "It holds the groups of work that initiatives belong to. 2 rows of placements.csv need it.",
    "options.csv": "",
    "population.csv": "It holds how many people live where, by sex, age and year. 28 rows of activity.csv need it.",
    "capacity.csv": "It holds the beds and slots of each service and site by year.",
    "flows.csv": "It holds which service people come to from which.",
}


def lines(folder: Path) -> list[str]:
    """The problems and warnings of a plan, as a person reads them."""
    report = check(folder)
    return [str(problem) for problem in (*report.problems, *report.warnings)]


def without(folder: Path, name: str, text: str | None = None) -> Path:
    """The small plan without a file, or with another text in it."""
    files = small.files()
    del files[name]
    return small.write(folder, files if text is None else {**files, name: text})


@pytest.mark.parametrize(("file", "said"), MISSING.items(), ids=list(MISSING))
def test_a_missing_file_is_one_problem(tmp_path: Path, file: str, said: str) -> None:
    found = lines(without(tmp_path / "plan", file))
    if not said:  # nothing needs it
        assert found == []
        return
    assert len(found) == 1, "\n".join(found)
    assert found[0].startswith(f"{file}: the file is missing. {said}")
    assert "Put it back, or begin from the empty one that bettercare new blank --from empty makes." in found[0]


@pytest.mark.parametrize("name", [name for name in schema() if f"{name}.csv" in small.files()])
def test_no_missing_empty_or_unreadable_table_buries_its_cause(tmp_path: Path, name: str) -> None:
    file = f"{name}.csv"
    text = small.files()[file]
    header, rest = text.split("\n", 1)
    folder = without(tmp_path / "gone", file)
    assert {line.split(":")[0] for line in lines(folder)} <= {file, "effects.csv, row 4"}, lines(folder)
    folder = without(tmp_path / "empty", file, f"{header}\n")
    assert {line.split(":")[0] for line in lines(folder)} <= {file, "effects.csv, row 4"}
    folder = without(tmp_path / "header", file, "?" + header.replace(",", "?,") + "\n" + rest)
    assert {line.split(",")[0] for line in lines(folder)} == {file}
    (folder / file).write_bytes(text.encode("utf-16"))
    assert len(lines(folder)) == 1
    assert lines(folder)[0].startswith(f"{file}: is written in UTF-16")


def test_two_lost_files_are_two_problems(tmp_path: Path) -> None:
    folder = without(tmp_path / "plan", "services.csv")
    (folder / "sites.csv").unlink()
    assert [line.split(":")[0] for line in lines(folder)] == ["services.csv", "sites.csv"]
    assert str(check(folder)).split("\n")[-1] == "2 problems in 2 files. Nothing was run."


def test_an_unreadable_table_of_a_scenario_is_one_problem(tmp_path: Path) -> None:
    """Its other rows move care to a site whose beds stand in the table that cannot be read."""
    files = small.files()
    place = "scenarios/as-planned/"
    files[place + "sites.csv"] = small.files()["sites.csv"].split("\n")[0] + (
        "\nnew,New Hospital,acute,hospital,hospital,,,,no,Open,returns,\n"
    )
    files[place + "catchments.csv"] = (
        "service,locality,site,share,evidence\nelective,north,new,0.5,returns\nelective,north,general,0.5,returns\n"
    )
    files[place + "capacity.csv"] = "service,site,year,available,basis,evidence\nelective,new,2013/14,40,A,returns\n"
    assert lines(small.write(tmp_path / "right", files)) == []
    files[place + "capacity.csv"] = files[place + "capacity.csv"].replace("service,", "?")
    found = lines(small.write(tmp_path / "plan", files))
    assert {line.split(",")[0] for line in found} == {place + "capacity.csv"}, found


def test_a_scenario_may_bring_a_table_that_the_plan_does_not_have(tmp_path: Path) -> None:
    files = small.files()
    files["scenarios/as-planned/workstreams.csv"] = files.pop("workstreams.csv")
    files["scenarios/as-planned/placements.csv"] = files.pop("placements.csv")
    assert lines(small.write(tmp_path / "plan", files)) == []


def test_nothing_is_said_of_levers_when_the_effects_are_lost(tmp_path: Path) -> None:
    assert "with a lever on activity" not in str(check(without(tmp_path / "plan", "effects.csv")))


def test_a_missing_sheet_is_one_problem(tmp_path: Path) -> None:
    import openpyxl

    from bettercare.foundation.problems import Problems
    from bettercare.plan.read import read_plan

    path = export_workbook(read_plan(small.build(tmp_path / "plan")), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    del book["services"]
    book.save(path)
    with pytest.raises(Problems) as caught:
        read_workbook(path)
    (problem,) = caught.value.items
    assert problem.file == "plan.xlsx, sheet services"
    assert problem.message.startswith("the sheet is missing. It holds the services")
    assert "bettercare export empty --to blank.xlsx" in problem.hint


def test_every_table_says_what_it_holds() -> None:
    assert set(HOLDS) == set(schema())
