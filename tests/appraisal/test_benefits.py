"""Claimed and compared benefits: only protected counts leave, and the plan learns the comparison."""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from bettercare.activity.views import give
from bettercare.appraisal.benefits import Benefits, benefits, from_frames
from bettercare.appraisal.benefits_observed import to_observation
from bettercare.appraisal.learned_read import read_observations
from bettercare.cli.commands import app
from bettercare.foundation.problems import UsageError
from bettercare.plan import Plan, read_plan
from bettercare.plan.new import new_plan
from bettercare.reporting import benefits_answer
from tests.appraisal.scheme_store import scheme_store
from tests.appraisal.scheme_world import world


@cache
def plan() -> Plan:
    return read_plan("llr")


@cache
def made(effect: float = 0.2) -> tuple[pl.DataFrame, pl.DataFrame]:
    return world(3, effect=effect)


@cache
def found() -> Benefits:
    return from_frames(plan(), *made(), "I105")


def test_both_numbers_stand_side_by_side_and_the_plan_learns_from_the_comparison() -> None:
    one = found()
    assert one.claimed.a_year is not None and one.compared is not None and one.compared.avoided_a_year is not None
    assert one.uses == "compared"
    assert one.compared.avoided_a_year.value < one.claimed.a_year.value
    text = "\n".join(benefits_answer.lines(one))
    assert "Claimed" in text and "Compared" in text and "90% interval" in text and "E010" in text
    assert "above the interval" in " ".join(one.words)


def test_every_count_that_leaves_is_protected() -> None:
    answer = benefits_answer.as_json(found())
    counts = [answer["claimed"]["counts"], answer["compared"]["counts"], answer["compared"]["taken_on"]]
    for row in (row for rows in counts for row in rows):
        for name, text in row.items():
            if name not in ("judged", "group", "matched"):
                assert text in ("*", "..") or int(text.replace(",", "")) % 5 == 0
    json.dumps(answer)


def test_a_claim_of_few_people_is_not_shown_in_any_form() -> None:
    people, events = made()
    scheme = events.filter(pl.col("event") == "scheme").with_columns(
        outcome=pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("avoided")).otherwise(pl.lit("not"))
    )
    one = from_frames(plan(), people, pl.concat([events.filter(pl.col("event") != "scheme"), scheme]), "I105")
    assert one.claimed.share is None and one.claimed.a_year is None and one.claimed.avoided is None
    assert "cannot be shown" in "\n".join(benefits_answer.lines(one))
    row = to_observation(one)
    assert not {"count", "out_of"} & row.keys()  # the comparison leaves without it


def test_without_a_comparison_the_plan_keeps_what_it_assumes() -> None:
    people, events = made()
    scheme = events.filter(pl.col("event") == "scheme").head(20)
    one = from_frames(plan(), people, pl.concat([events.filter(pl.col("event") != "scheme"), scheme]), "I105")
    assert one.compared is None and one.uses == "neither" and "keeps what it assumes" in one.words[0]
    assert "20" not in one.why_not  # no count of people in a message
    with pytest.raises(UsageError, match="no comparison"):
        to_observation(one)
    assert benefits_answer.as_json(one)["compared"] is None


def test_the_comparison_is_an_observation_that_learning_reads(tmp_path: Path) -> None:
    path = written(tmp_path / "seen.csv", to_observation(found()))
    (seen,) = read_observations(plan(), (str(path),))
    compared = found().compared
    assert compared is not None and compared.avoided_a_year is not None
    assert seen.compared and seen.effect == "E010" and seen.attribution is None and not seen.made_up
    assert seen.value == pytest.approx(compared.avoided_a_year.value, abs=0.1)
    wide = compared.avoided_a_year.high - compared.avoided_a_year.low
    assert seen.sd == pytest.approx(wide / 2.0 / 1.6449, rel=0.01)
    with pytest.raises(UsageError, match="no effect of I105"):
        to_observation(found(), "E003")


def written(path: Path, row: dict[str, object]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    return path


def test_what_a_store_shows_of_a_known_effect_moves_the_plan_towards_it(tmp_path: Path) -> None:
    """From feeds to store, `benefits --observation` and `learn --observations`, unchanged: 40% prevented, 113 a year.

    The plan is told of an effect that may be anything, at its own scale: it has 24 people for each made-up one.
    """
    made = scheme_store(plan(), tmp_path)
    folder = new_plan(tmp_path / "mine", "llr")
    effects = folder / "effects.csv"
    before = "count-a-year,normal,-137,100,358,ci95,moderate,687,safer1-2014"
    text = effects.read_text(encoding="utf-8")
    assert text.count(f"E010,I105,avoid,emergency-medical,,,,P,65,120,1,{before}") == 1
    effects.write_text(text.replace(before, before.replace("-137,100,358", "-4000,500,5000")), encoding="utf-8")
    runner, file = CliRunner(), str(tmp_path / "seen.csv")
    about = ["benefits", str(folder), "I105", "--store", str(made.folder), "--observation", file]
    done = runner.invoke(app, about)
    assert done.exit_code == 0, done.output
    row = next(csv.DictReader(Path(file).read_text(encoding="utf-8").splitlines()))
    each = float(re.search(r"stands for ([\d,]+) people of the plan", row["note"])[1])
    truth = made.avoided_a_year * each
    assert row["made_up"] == "yes" and 20.0 < each < 30.0
    done = runner.invoke(app, ["learn", str(folder), "--observations", file, "--draws", "20", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    (benefit,) = answer["benefits"]
    prior, posterior = benefit["elsewhere"], benefit["posterior"]
    assert abs(posterior["mean"] - truth) < 0.5 * abs(prior["mean"] - truth)
    assert posterior["p5"] < truth < posterior["p95"]
    assert posterior["p95"] - posterior["p5"] < 0.7 * (prior["p95"] - prior["p5"])
    assert benefit["basis"] == "compared" and benefit["made_up"] and answer["observations"][0]["made_up"]
    shown = runner.invoke(app, ["learn", str(folder), "--observations", file, "--draws", "20"]).stdout
    assert "rests on synthetic records" in " ".join(shown.split())


def test_the_views_of_a_store_give_the_same() -> None:
    people, events = made()
    connection = duckdb.connect()
    zones = pl.DataFrame({"code": [f"Z{q}" for q in range(1, 6)], "deprivation_quintile": range(1, 6)})
    persons = people.with_columns(zone="Z" + pl.col("deprivation_quintile").cast(pl.String))
    give(connection, "zones", zones)
    give(connection, "persons", persons.drop("deprivation_quintile"))
    give(connection, "events", events.with_columns(organisation=pl.lit("emas")))
    one = benefits(plan(), connection, "I105")
    assert one.claimed.judged_by == ("emas",)
    assert one.compared is not None and one.compared.ratio is not None
    assert one.compared.ratio.low < 0.8 < one.compared.ratio.high
    with pytest.raises(UsageError, match="no referrals to I104"):
        benefits(plan(), connection, "I104")
    with pytest.raises(UsageError, match="is no initiative"):
        benefits(plan(), connection, "I999")


def test_the_order_of_rows_does_not_matter() -> None:
    people, events = made()
    mixed = from_frames(plan(), people.reverse(), events.sample(fraction=1.0, shuffle=True, seed=1), "I105")
    assert benefits_answer.as_json(mixed) == benefits_answer.as_json(found())
