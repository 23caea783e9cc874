"""Learning from a plan's observations: files, the worked example, and a forecast from given inputs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer.testing import CliRunner

from bettercare.activity.synth_rates import days_of_year
from bettercare.appraisal.learned import LearnedPlan, learn
from bettercare.appraisal.learned_read import TABLE, period_of
from bettercare.appraisal.learned_update import update
from bettercare.appraisal.months import part
from bettercare.cli.commands import app
from bettercare.engines.forecast import forecast
from bettercare.foundation.problems import Problems, UsageError
from bettercare.plan.new import new_plan
from bettercare.plan.read import read_plan
from bettercare.reporting import learn_answer, learn_chapter
from bettercare.reporting.chart_style import Table
from tests.forecast.plans import plan

HEAD = ",".join(n for n in TABLE.names if n != "made_up") + "\n"
BENEFIT = "b1,benefit,,E003,2015-01/2015-04,,,133,141,,0,0.3,1,,\n"
COMPARED = "c1,benefit,,E003,2015-02/2015-05,,60,,,40,,,,,\n"


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
    claims = [b.claim for b in found.benefits if b.claim is not None]
    assert [(c.avoided, c.referrals) for c in claims] == [(133, 141), (112, 147), (229, 2599)]
    planned = dict(read_plan("llr")["effects"].select("code", "claimed").iter_rows())
    assert [c.a_year[0] for c in claims] == [planned[b.effect] for b in found.benefits]  # reckoned as the plan has it
    for benefit, claim in zip(found.benefits, claims, strict=True):
        assert claim.a_year[0] > benefit.elsewhere.p95  # no evaluation elsewhere leaves room for the claim
        assert benefit.posterior.p95 - benefit.posterior.p5 < benefit.elsewhere.p95 - benefit.elsewhere.p5
        assert benefit.posterior.mean < 0.2 * claim.a_year[0]
        assert benefit.chance is not None and benefit.chance[0] < 0.01
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


def test_a_comparison_is_a_normal_likelihood_and_takes_the_place_of_the_judgement(tmp_path: Path) -> None:
    """Against the closed form: a normal prior (0, 90% within 130) and an estimate of 60 with standard error 40."""
    llr = read_plan("llr")
    found = learn(llr, [write(tmp_path, BENEFIT + COMPARED)], draws=50)
    (benefit,) = found.benefits
    prior, error = 130.0 / stats.norm.ppf(0.95), np.hypot(40.0, 0.03 * 60.0)  # the discrepancy is all but nothing
    weight = prior**2 / (prior**2 + error**2)
    assert benefit.posterior.mean == pytest.approx(60.0 * weight, abs=1.5)
    assert (benefit.posterior.p95 - benefit.posterior.p5) / 2.0 == pytest.approx(
        prior * np.sqrt(1.0 - weight) * stats.norm.ppf(0.95), rel=0.03
    )
    assert (benefit.own.p5, benefit.own.p95) == tuple(pytest.approx(60.0 + s * 40.0 * 1.6449, abs=0.1) for s in (-1, 1))
    assert (benefit.elsewhere.p5, benefit.elsewhere.p95) == (pytest.approx(-130.0), pytest.approx(130.0))
    assert benefit.replaces == "b1" and benefit.claim is not None and benefit.claim.a_year[0] == 399.0
    assert [(s.id, why) for s, why in found.left_out] == [
        ("b1", 'the comparison with like people "c1" takes its place, as both rest on the same people')
    ]
    alone = learn(llr, [write(tmp_path, COMPARED)], draws=50)
    assert alone.benefits[0].posterior == benefit.posterior  # the judgement has no say at all
    assert alone.benefits[0].claim is None and alone.benefits[0].chance is None
    told = " ".join(learn_answer.lines(alone))
    assert "Compared here with like people" in told and "attribution" not in told and "judged" not in told
    rows = update(found, "I117")
    assert rows.effects["E003"]["grade"] == "moderate" and rows.effects["E003"]["assumed"] == ""
    assert rows.evidence[0]["grade"] == "controlled" and "60 a year" in rows.evidence[0]["where"]


def test_months_are_held_against_their_own_part_of_the_year() -> None:
    llr = read_plan("llr")
    months = [2014 * 12 + 3 + m for m in range(12)]
    for measure, service in (("activity", "emergency-medical"), ("emergency_admissions", ""), ("gap_gbp", "")):
        parts = [part(llr, measure, service, m, m) for m in months]
        assert sum(parts) == pytest.approx(1.0) and part(llr, measure, service, months[0], months[-1]) == 1.0
        assert part(llr, measure, service, months[2], months[4]) == pytest.approx(sum(parts[2:5]))
    weights = llr["profiles"].filter(pl.col("service") == "emergency-medical", pl.col("dimension") == "month")
    rates = weights.sort("position")["weight"].to_list()
    days = [30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28, 31]
    december = 31 * rates[8] / sum(d * r for d, r in zip(days, rates, strict=True))
    assert part(llr, "activity", "emergency-medical", months[8], months[8]) == pytest.approx(december)
    assert part(llr, "acute_beds_needed", "", months[0], months[0]) == 1.0  # as many in a month as in a year
    assert part(llr, "gap_gbp", "", months[10], months[10]) == pytest.approx(1.0 / 12.0)
    assert part(llr, "activity", "outpatient-first", months[10], months[10]) == pytest.approx(28.0 / 365.0)


def test_the_made_up_people_of_a_plan_come_in_the_months_that_learning_expects() -> None:
    """The maker of records and learning read the same seasons: over many people each month has its part."""
    llr = read_plan("llr")
    days, until = days_of_year(llr, "emergency-child", "2014/15")
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    share = np.diff(until, prepend=0.0)
    first = 2014 * 12 + 3
    for m in range(12):
        made = share[month == month[0] + m].sum()
        assert part(llr, "activity", "emergency-child", first + m, first + m) == pytest.approx(made, rel=0.02)


def test_mistakes_in_a_file_are_named_all_at_once(tmp_path: Path) -> None:
    rows = (
        "b1,benefit,,E999,2015-01/2015-04,,,133,141,,0,0.3,1,,\n"
        "b2,benefit,,E003,early 2015,,,150,141,,0,0.3,1,,\n"
        "b3,benefit,,E008,2015-01,,,,147,,,,,,\n"
        "i1,indicator,growth-over-65,,2014/15,,3,,,,,,,,\n"
        "i2,indicator,gap,,2014/15,,,,,,,,,nowhere,\n"
        "c1,benefit,,E003,2015-01,,50,,,,,,,,\n"
        "c2,benefit,,E003,2015-02,,50,10,20,5,0,0.5,1,,\n"
        "b4,benefit,,E003,2015-03,,,133,141,9,0,0.3,1,,\n"
    )
    with pytest.raises(Problems) as wrong:
        learn(read_plan("llr"), [write(tmp_path, rows)])
    said = str(wrong.value)
    for message in (
        "E999",
        "row 3, period",
        "150 is more than",
        "row 4, count",
        "attribution",
        "names no measure",
        "nowhere",
        "row 7, sd: is blank or 0",
        "row 8, count: stands beside the value",
        "row 8, attribution_low",
        "row 9, sd: is that of a comparison",
    ):
        assert message in said
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
    assert answer["interval"] == 0.9
    assert answer["draws"]["forecast"] == 200 and answer["draws"]["learning"] == 20_000
    shown = CliRunner().invoke(app, ["learn", "llr", "--draws", "200"]).stdout
    assert "133 of 141" in shown
    for said in (answer["draws"]["said"], re.sub(r"\s+", " ", shown)):
        assert "have 200 draws each. Learning used 20,000, the least that it needs." in said
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


def test_the_chapter_names_the_scenario_by_its_title_and_shows_no_marks_of_code(found: LearnedPlan) -> None:
    tables = [b for b in learn_chapter.chapter(found).blocks if isinstance(b, Table)]
    assert any(t.caption.endswith("scenario “As the evidence of 2014 supports”") for t in tables)
    told = " ".join(f"{t.caption} {t.note}" for t in tables)
    assert "`" not in told and "as-evidenced" not in told


def test_a_comparison_of_made_up_people_says_that_it_was_raised_to_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "seen.csv"
    note = "Matched controls: -689 a year. Each made-up person stands for 21 people of the plan"
    path.write_text(
        HEAD.replace("note", "note,made_up") + COMPARED.replace("60,,,40,,,,,", f"-689,,,400,,,,,{note},yes"),
        encoding="utf-8",
    )
    made = learn(read_plan("llr"), [str(path)], draws=50)
    told = " ".join(learn_answer.lines(made))
    told = re.sub(r"\s+", " ", told)
    assert "what was counted of them is raised to the scale of the plan. Matched controls: −689 a year." in told
    assert "Each made-up person stands for 21 people of the plan." in told
    (update_row,) = update(made, "I117").evidence
    assert update_row["citation"].startswith("Made-up records") and update_row["badge"] == "assumed"
    real = learn(read_plan("llr"), [write(tmp_path, COMPARED)], draws=50)
    assert "raised" not in " ".join(learn_answer.lines(real))
