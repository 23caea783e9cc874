"""Claimed and compared benefits: only protected counts leave, and the plan learns the comparison."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from bettercare.activity.views import give
from bettercare.appraisal.benefits import Benefits, benefits, from_frames, to_observation
from bettercare.appraisal.learned_read import read_observations
from bettercare.engines.learn.benefit import judged, points
from bettercare.foundation.problems import UsageError
from bettercare.plan import Plan, read_plan
from bettercare.reporting import benefits_answer
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


def test_both_numbers_stand_side_by_side_and_the_plan_uses_the_lower() -> None:
    one = found()
    assert one.claimed.a_year is not None and one.compared is not None and one.compared.avoided_a_year is not None
    assert one.uses == "compared"
    assert one.compared.avoided_a_year.value < one.claimed.a_year.value
    text = "\n".join(benefits_answer.lines(one))
    assert "Claimed" in text and "Compared" in text and "95% interval" in text and "E010" in text
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
    with pytest.raises(UsageError, match="may not be shown"):
        to_observation(one)


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
    row = to_observation(found())
    path = tmp_path / "seen.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    (seen,) = read_observations(plan(), (str(path),))
    assert seen.effect == "E010" and seen.count is not None and seen.out_of is not None and seen.attribution is not None
    a_year = points(judged(seen.count, seen.out_of), seen.out_of * 12.0 / seen.months, seen.attribution)
    compared = found().compared
    assert compared is not None and compared.avoided_a_year is not None
    assert a_year.mean() == pytest.approx(compared.avoided_a_year.value, rel=0.01)
    wide = compared.avoided_a_year.high - compared.avoided_a_year.low
    assert np.hypot(seen.sd, a_year.std()) == pytest.approx(wide / 3.92, rel=0.05)


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
