"""The revision depends on what a plan says and on nothing else; overlays change what they say and nothing else."""

from __future__ import annotations

import csv
import io
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bettercare.foundation.problems import UsageError
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.plan.write import write_plan
from tests.plan import small


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return read_plan(small.build(tmp_path_factory.mktemp("small")))


def rewritten(text: str, rng: random.Random, quoting: int, line_end: str) -> str:
    """A CSV text with its rows and columns in another order and written in another way."""
    rows = list(csv.reader(io.StringIO(text)))
    order = rng.sample(range(len(rows[0])), len(rows[0]))
    body = rng.sample(rows[1:], len(rows) - 1)
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=quoting, lineterminator=line_end)
    for row in [rows[0], *body]:
        writer.writerow([f" {row[i]} " if quoting == csv.QUOTE_ALL else row[i] for i in order])
        if quoting == csv.QUOTE_ALL and rng.random() < 0.1:
            buffer.write(line_end)  # a blank row
    return buffer.getvalue()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_how_it_is_written_does_not_matter(plan: Plan, seed: int, quoting: int, line_end: str, mark: bool) -> None:
    rng = random.Random(seed)
    files = {}
    for name, text in small.files().items():
        text = rewritten(text, rng, quoting, line_end) if name.endswith(".csv") else text.replace("\n", line_end)
        files[name] = ("\ufeff" if mark else "") + text
    with tempfile.TemporaryDirectory() as folder:
        again = read_plan(small.write(Path(folder), files))
    assert again.revision == plan.revision
    for name, frame in plan.tables.items():
        assert frame.equals(again.tables[name])


def test_the_revision_is_the_same_on_every_machine(plan: Plan) -> None:
    """A change of this value means that the canonical form changed, and with it every plan's revision."""
    assert plan.revision == "b068e9c6d3a0"
    assert plan.fingerprint.startswith(plan.revision)
    assert len(plan.fingerprint) == 64


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plan.toml", "draws = 200", "draws = 201"),
        ("effects.csv", "0,60,120", "0,60,121"),
        ("effects.csv", "Judged", "Judged."),
        ("scenarios/as-planned/effects.csv", "0.1", "0.11"),
        ("scenarios/as-planned/scenario.toml", '"flat"', '"middle"'),
    ],
)
def test_what_it_says_matters(plan: Plan, tmp_path: Path, file: str, old: str, new: str) -> None:
    files = small.files()
    files[file] = files[file].replace(old, new, 1)
    assert read_plan(small.write(tmp_path, files)).revision != plan.revision


def test_numbers_and_defaults_may_be_written_differently(plan: Plan, tmp_path: Path) -> None:
    files = small.files()
    files["effects.csv"] = (
        files["effects.csv"].replace("0.5,share,pert,0,0.15", "0.50,,pert,0.0,1.5e-1").replace(",P,", ",,")
    )
    assert read_plan(small.write(tmp_path, files)).revision == plan.revision


def test_written_and_read_again(plan: Plan, tmp_path: Path) -> None:
    again = read_plan(write_plan(plan, tmp_path / "copy"))
    assert again.revision == plan.revision
    with pytest.raises(UsageError, match="is there already"):
        write_plan(plan, tmp_path / "copy")


def test_an_overlay_of_nothing_changes_nothing(tmp_path: Path) -> None:
    files = small.files()
    files["scenarios/nothing/scenario.toml"] = 'title = "Nothing"\n[settings]\n'
    files["scenarios/nothing/effects.csv"] = "code,mode,change\ne-home,,\n"
    files["scenarios/nothing/services.csv"] = "code\n"
    plan = read_plan(small.write(tmp_path, files))
    under = plan.under("nothing")
    assert under.settings == plan.settings
    assert all(frame.equals(under.tables[name]) for name, frame in plan.tables.items())
    assert under.revision == plan.revision
    assert under.initiatives == plan.initiatives


def test_an_overlay_changes_removes_and_adds(tmp_path: Path) -> None:
    files = small.files()
    files["scenarios/as-planned/effects.csv"] = (
        "code,initiative,lever,service,distribution,mode,grade,assumed,change\n"
        "e-home,,,,,0.2,,,\n"
        "e-find,,,,,,,,remove\n"
        "e-new,falls,avoid,elective,fixed,0.01,weak,Judged,\n"
    )
    files["scenarios/as-planned/scenario.toml"] += "[settings.slippage]\nhigh_months = 12\n"
    plan = read_plan(small.write(tmp_path, files))
    under = plan.under("as-planned")
    rows = {row["code"]: row for row in under["effects"].iter_rows(named=True)}
    assert rows["e-home"]["mode"] == 0.2
    assert rows["e-home"]["high"] == 0.3
    assert "e-find" not in rows
    assert (rows["e-new"]["reach"], rows["e-new"]["sex"], rows["e-new"]["age_high"]) == (1.0, "P", 120)
    assert list(rows) == sorted(rows)
    assert (under.settings.funding.variant, under.settings.slippage.high_months) == ("flat", 12.0)
    assert under.scenario is plan.scenarios["as-planned"]
    assert plan["effects"].filter(code="e-home")["mode"].item() == 0.15
    assert under.under("do-nothing").tables["effects"].equals(plan["effects"])


def test_which_initiatives_happen(tmp_path: Path) -> None:
    files = small.files()
    files["scenarios/some/scenario.toml"] = (
        'title = "Some"\ninitiatives = ["falls", "home-first"]\nwithout = ["falls"]\n'
    )
    plan = read_plan(small.write(tmp_path, files))
    assert plan.under("do-nothing").initiatives == ()
    assert plan.under("some").initiatives == ("home-first",)
    assert len(plan.under("as-planned").initiatives) == 5
    assert plan.scenario_names == ("do-nothing", "as-planned", "some")


def test_an_unknown_scenario_is_named_with_what_is_near(plan: Plan) -> None:
    with pytest.raises(UsageError, match=r'"do-nothin" is not a scenario of this plan\. Did you mean "do-nothing"'):
        plan.under("do-nothin")
