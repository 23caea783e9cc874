"""Learning from a plan's observations: files, the worked example, and a forecast from given inputs."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from bettercare.appraisal.learned import LearnedPlan, learn
from bettercare.appraisal.learned_read import TABLE, period_of
from bettercare.cli.commands import app
from bettercare.engines.forecast import forecast
from bettercare.foundation.problems import Problems, UsageError
from bettercare.plan.new import new_plan
from bettercare.plan.read import read_plan
from tests.forecast.plans import plan

HEAD = ",".join(TABLE.names) + "\n"
BENEFIT = "b1,benefit,,E003,2015-01/2015-04,,,133,141,,0,0.3,1,,\n"


@pytest.fixture(scope="module")
def found() -> LearnedPlan:
    return learn(read_plan("llr"), ["published"], draws=400)


def write(folder: Path, rows: str) -> str:
    path = folder / "seen.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return str(path)


def test_the_three_published_schemes_move_what_they_speak_of_and_nothing_like_as_far_as_claimed(
    found: LearnedPlan,
) -> None:
    assert [(c.avoided, c.referrals) for c in found.claims] == [(133, 141), (112, 147), (229, 2599)]
    for claim in found.claims:
        assert claim.claimed > claim.elsewhere.p95  # no evaluation elsewhere leaves room for the claim
        assert claim.posterior.p95 - claim.posterior.p5 < claim.elsewhere.p95 - claim.elsewhere.p5
        assert claim.posterior.mean < 0.2 * claim.claimed
        assert claim.chance[0] < 0.01
    direct = {e.effect for e in found.effects if e.informed}
    assert {"E003", "E008", "E010"} <= direct
    assert "E001" in direct  # it shares the luck of E003
    beds = next(c for c in found.changes("2018/19") if c.measure == "acute_beds_needed")
    assert 0.0 < abs(beds.change.mean) < 20.0
    assert found.learned.ess > 1000


def test_inputs_after_evidence_go_to_every_scenario_that_assumes_the_same_of_them(found: LearnedPlan) -> None:
    inputs = found.inputs(["do-nothing", "as-evidenced-2014", "as-planned"])
    assert "effect:E008" in inputs["as-evidenced-2014"].columns
    assert "effect:E008" not in inputs["as-planned"].columns  # there it is as large as was hoped
    assert not any(c.startswith("effect:") for c in inputs["do-nothing"].columns)


def test_a_forecast_of_its_own_exported_inputs_is_the_same_forecast(tmp_path: Path) -> None:
    p = plan(tmp_path)
    first = forecast(p, ["as-planned"], draws=100)
    table = first.scenarios["as-planned"].input_table()
    again = forecast(p, ["as-planned"], inputs=table)
    assert again.draws == 100
    assert np.array_equal(again.scenarios["as-planned"].values, first.scenarios["as-planned"].values)
    moved = forecast(p, inputs=table.select(pl.lit(0.9).alias("population"), pl.exclude("population")))
    assert (moved.scenarios["do-nothing"].inputs[:, 0] == 0.9).all()
    for wrong, said in (
        (table.with_columns(population=pl.lit(1.0)), "between 0 and 1"),
        (table.select(pl.col("population").alias("people")), "none of the columns"),
    ):
        with pytest.raises(UsageError, match=said):
            forecast(p, ["as-planned"], inputs=wrong)
    with pytest.raises(UsageError, match="one row a draw"):
        forecast(p, ["as-planned"], draws=50, inputs=table)


def test_the_same_evidence_twice_is_refused(tmp_path: Path) -> None:
    llr = read_plan("llr")
    again = BENEFIT.replace("b1", "b2").replace("E003", "E001")  # another name for the same claim
    with pytest.raises(Problems, match="same effect"):
        learn(llr, [write(tmp_path, BENEFIT + again)])
    counted = "i1,indicator,adult-emergency-medical-admissions,,2014/15,,,50000,,,,,,,\n"
    with pytest.raises(Problems, match="both"):
        learn(llr, [write(tmp_path, BENEFIT + counted)])


def test_mistakes_in_a_file_are_named_all_at_once(tmp_path: Path) -> None:
    rows = (
        "b1,benefit,,E999,2015-01/2015-04,,,133,141,,0,0.3,1,,\n"
        "b2,benefit,,E003,early 2015,,,150,141,,0,0.3,1,,\n"
        "b3,benefit,,E008,2015-01,,,,147,,,,,,\n"
        "i1,indicator,growth-over-65,,2014/15,,3,,,,,,,,\n"
        "i2,indicator,gap,,2014/15,,,,,,,,,nowhere,\n"
    )
    with pytest.raises(Problems) as wrong:
        learn(read_plan("llr"), [write(tmp_path, rows)])
    said = str(wrong.value)
    for part in (
        "E999",
        "row 3, period",
        "150 is more than",
        "row 4, count",
        "attribution",
        "names no measure",
        "nowhere",
    ):
        assert part in said
    with pytest.raises(UsageError, match="There is no file"):
        learn(read_plan("llr"), [str(tmp_path / "none.csv")])


def test_periods() -> None:
    assert period_of("2014/15") == (2014 * 12 + 3, 2014 * 12 + 14)
    assert period_of("2015-01/2015-04") == (2015 * 12, 2015 * 12 + 3)
    assert period_of("2015-13") is None
    assert period_of("2015-04/2015-01") is None


def test_the_command_prints_prior_and_posterior_and_the_forecast_before_and_after() -> None:
    done = CliRunner().invoke(app, ["learn", "llr", "--draws", "200", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["effective_draws"]["end"] > 100
    assert {"prior", "posterior"} <= answer["effects"][0].keys()
    assert {"before", "after", "change"} <= answer["forecast"]["2018/19"]["gap_gbp"].keys()
    shown = CliRunner().invoke(app, ["learn", "llr", "--draws", "200"]).stdout
    assert "133 of 141" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_run_after_evidence_says_what_it_was_learnt_from(tmp_path: Path) -> None:
    folder = new_plan(tmp_path / "mine", "llr")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bettercare.cli", "run", str(folder), "--after-evidence", "--draws", "100"]
    done = subprocess.run(
        [*command, "--scenario", "do-nothing", "--no-report", "--json", "--out", str(out)],
        capture_output=True,
        check=True,
    )
    known = ["crisis-2015", "assessment-unit-2015", "falls-2015"]
    assert json.loads(done.stdout)["after_evidence"] == known
    assert tomllib.loads((out / "run.toml").read_text(encoding="utf-8"))["after_evidence"] == known
