"""Indicators as they may be shown: nothing small, days that cannot be had by taking away, intervals, and charts."""

from __future__ import annotations

import json
import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bettercare.activity import indicators
from bettercare.activity.disclosure import ALL
from bettercare.activity.indicator_series import LinkError, interval, publish, series
from bettercare.cli.indicators import as_json
from bettercare.plan.read import read_plan
from tests.activity.event_rows import connect, some_events, some_people

MONTHS = [f"2014-{m:02}" for m in range(1, 13)] + [f"2015-{m:02}" for m in range(1, 7)]


HELD = dict.fromkeys(("uhl", "lpt"), (MONTHS[0], MONTHS[-1]))


def cube(code: str, seed: int, parts: tuple[str, ...] = ("",), most: int = 60) -> pl.DataFrame:
    draw = random.Random(seed)
    rows = []
    for month in MONTHS:
        for partner in ("uhl", "lpt"):
            for locality in ("leicester", "rutland"):
                for part in parts:
                    under = draw.randrange(most)
                    rows.append((code, part, month, partner, locality, draw.randrange(under + 1), under))
    schema = dict.fromkeys(indicators.COLUMNS, pl.String) | {"numerator": pl.Int64, "denominator": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_small_counts_are_hidden_and_percentages_come_from_rounded_ones() -> None:
    table = publish(cube("ae-four-hours", 1))
    texts = set(table["numerator_shown"]) | set(table["denominator_shown"])
    assert not texts & {str(n) for n in (*range(1, 10), 11, 12, 13, 14, 16)}
    seen = table.filter(pl.col("value").is_not_null())
    assert (seen["value"] - 100 * seen["numerator"] / seen["denominator"]).abs().max() < 1e-9


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_no_hidden_days_stand_alone_in_a_line(seed: int) -> None:
    days = cube("delayed-days", seed, most=14).with_columns(numerator=pl.col("denominator") * 9)
    table = publish(days)
    away = pl.col("numerator").is_null()
    assert table.filter(pl.col("denominator").is_null() & ~away).is_empty()
    for axis in ("month", "partner", "locality"):
        others = [k for k in ("month", "partner", "locality") if k != axis]
        lines = (
            table.filter(away | (pl.col("numerator") != 0))
            .group_by(others)
            .agg(away.sum().alias("n"), pl.len().alias("of"))
        )
        assert lines.filter((pl.col("n") == 1) & (pl.col("of") > 1)).is_empty()


def test_groups_of_parts_are_indicators_of_their_own() -> None:
    parts = ("child", "medical-15-64", "medical-65-over", "surgical-15-64", "surgical-65-over")
    found = series(publish(cube("emergency-admissions", 2, parts, 400)), read_plan("llr"), HELD)
    by_code = {one.code: one for one in found if not one.partner and not one.locality}
    assert by_code["child-emergency-admissions"].outcome == "O1"
    assert by_code["adult-emergency-medical-admissions"].outcome == "O2"
    whole = by_code["emergency-admissions"].rows["numerator"].sum()
    pieces = sum(by_code[f"emergency-admissions:{p}"].rows["numerator"].sum() for p in parts[1:])
    assert whole == pytest.approx(pieces + by_code["child-emergency-admissions"].rows["numerator"].sum(), rel=0.02)


def test_what_gets_worse_comes_first_and_targets_are_the_plans() -> None:
    good, bad = cube("day-cases", 3, most=2), cube("ae-four-hours", 4)
    bad = bad.with_columns(
        denominator=pl.lit(200, pl.Int64),
        numerator=pl.when(pl.col("month") > "2014-10").then(100).otherwise(190).cast(pl.Int64),
    )
    found = series(publish(pl.concat([good, bad])), read_plan("llr"), HELD)
    assert found[0].code == "ae-four-hours"
    assert found[0].target == 95
    assert found[0].chart is not None
    assert found[0].chart.variation == "concern_low"
    assert json.loads(json.dumps(as_json(found[0])))["partner"] is None


def judged(numerators: list[int], under: int) -> Any:
    """The whole-area chart of a share of the same number of people every month, who are all in one place."""
    one = indicators.find("ae-four-hours").code
    rows = [(one, "", month, "uhl", "leicester", n, under) for month, n in zip(MONTHS, numerators, strict=True)]
    schema = dict.fromkeys(indicators.COLUMNS, pl.String) | {"numerator": pl.Int64, "denominator": pl.Int64}
    found = series(publish(pl.DataFrame(rows, schema=schema, orient="row")), read_plan("llr"), HELD)
    return next(s for s in found if not s.partner and not s.locality)


def test_few_people_are_not_judged_where_rounding_could_explain_it() -> None:
    """29 or 28 of 35, then 27: published as 30, 30 and 25 of 35. Seven shares of 71.4% lie below a mean of 80.2%.

    By hand: the mean is (11 x 85.71 + 7 x 71.43) / 18 = 80.16. A published 25 of 35 is at most 27 of 33, 81.82%: above
    the mean, so there may be no run at all. Of 300 and then 250 of 350, the last are at most 252 of 348, 72.41%: a run.
    """
    few = judged([29, 28] * 5 + [29] + [27] * 7, 35)
    assert few.rows["numerator_shown"].unique(maintain_order=True).to_list() == ["30", "25"]
    last = few.rows.row(-1, named=True)
    assert (last["least"], last["most"]) == (pytest.approx(100 * 23 / 37), pytest.approx(100 * 27 / 33))
    assert few.chart.segments[-1].mean == pytest.approx(80.16, abs=0.01) and few.chart.segments[-1].upl is None
    assert few.chart.variation == "common_cause" and few.chart.last.rule == "" and few.chart.suggestion == ""
    assert few.chart.variation_words.startswith("No verdict: rounding")
    many = judged([300] * 11 + [250] * 7, 350)
    assert many.chart.variation == "concern_low" and many.chart.last.rule == "run" and many.attention >= 3


def test_a_target_near_the_limits_has_no_verdict_where_rounding_could_explain_it() -> None:
    """A target of 95%, and 45 of 50 each month (at most 47 of 48: 97.9%), or 450 of 500 (at most 452 of 498: 90.8%).

    And 30 of 50 misses it wherever the truth lies: 32 of 48 is 66.7%.
    """
    unsure, missed, low = (judged([n] * 18, of).chart for n, of in ((45, 50), (450, 500), (30, 50)))
    assert (unsure.assurance, missed.assurance, low.assurance) == ("", "fail", "fail")
    assert unsure.assurance_words.startswith("No verdict on the target") and unsure.unsure == ("assurance",)
    assert not missed.unsure and judged([45] * 18, 50).attention == 0


@given(st.lists(st.integers(0, 60), min_size=18, max_size=18))
@settings(max_examples=8, deadline=None)
def test_a_true_share_lies_between_the_ends_that_rounding_leaves(numerators: list[int]) -> None:
    rows = judged(numerators, 60).rows
    for true, row in zip(numerators, rows.iter_rows(named=True), strict=True):
        assert row["least"] is None or row["least"] - 1e-9 <= 100 * true / 60 <= row["most"] + 1e-9


def test_a_month_without_a_row_is_nought_for_a_count_and_a_gap_for_a_share() -> None:
    counts = cube("day-cases", 5, most=50).filter(pl.col("month") != "2014-05")
    shares = cube("ae-four-hours", 6).with_columns(denominator=pl.lit(40, pl.Int64), numerator=pl.lit(30, pl.Int64))
    shares = shares.filter(pl.col("month") != "2014-06")
    found = {
        s.code: s
        for s in series(publish(pl.concat([counts, shares])), read_plan("llr"), HELD)
        if not s.partner and not s.locality
    }
    assert found["day-cases"].rows.filter(pl.col("month") == "2014-05")["numerator_shown"].to_list() == ["0"]
    assert found["ae-four-hours"].rows.filter(pl.col("month") == "2014-06")["value"].to_list() == [None]


def test_noughts_end_with_the_months_that_the_feeds_hold() -> None:
    """The trust sent until March 2015 and had no day case after January; the other sent until June, and has none."""
    held = {"uhl": (MONTHS[0], "2015-03"), "lpt": (MONTHS[0], "2015-06")}
    cases = cube("day-cases", 5, most=50).filter(pl.col("partner") == "uhl", pl.col("month") <= "2015-01")
    waits = cube("ae-four-hours", 6).with_columns(denominator=pl.lit(40, pl.Int64), numerator=pl.lit(30, pl.Int64))
    waits = waits.filter((pl.col("partner") == "lpt") | (pl.col("month") <= "2015-02"))
    table = publish(pl.concat([cases, waits]))
    found = {(s.code, s.partner): s.rows for s in series(table, read_plan("llr"), held) if not s.locality}
    for partner in ("", "uhl"):
        rows = found["day-cases", partner]
        assert rows["month"][-1] == "2015-03"
        assert rows.filter(pl.col("month") > "2015-01")["numerator_shown"].to_list() == ["0", "0"]
    assert ("day-cases", "lpt") not in found
    ends = {partner: found["ae-four-hours", partner]["month"][-1] for partner in ("", "uhl", "lpt")}
    assert ends == {"": "2015-06", "uhl": "2015-03", "lpt": "2015-06"}


def test_a_share_ends_where_its_sequel_is_not_known_yet() -> None:
    again = cube("emergency-readmissions", 7).filter(pl.col("month") < "2015-06")
    others = cube("day-cases", 8)
    found = series(publish(pl.concat([again, others])), read_plan("llr"), HELD)
    ends = {s.code: s.rows["month"][-1] for s in found if not s.partner and not s.locality}
    assert ends == {"emergency-readmissions": "2015-05", "day-cases": "2015-06"}


def test_link_error_widens_the_interval_of_what_joins_organisations() -> None:
    low, high = interval(50, 100)
    assert low == pytest.approx(40.38, abs=0.01)  # Wilson
    assert high == pytest.approx(59.62, abs=0.01)
    joined = interval(50, 100, True, LinkError(0.99, 0.9))
    assert joined[0] < low
    assert joined[1] > high
    assert interval(0, 10)[0] == pytest.approx(0)
    assert interval(10, 10, True)[1] == pytest.approx(100)


def test_random_worlds_publish_without_a_small_number() -> None:
    people = some_people(9)
    table = publish(indicators.run(connect(people, some_events(9, people, 400)), read_plan("llr")))
    assert not set(table["numerator_shown"]) & {str(n) for n in range(1, 10)}
    assert ALL in set(table["partner"])
    assert series(table, read_plan("llr"), HELD)
