"""The base-year activity from events: the plan's own within chance, safe to publish, in a plan that passes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from bettercare.activity import baseline as base
from bettercare.activity import feed, synth, synth_write
from bettercare.activity.store import Store
from bettercare.activity.views import give
from bettercare.engines.forecast import forecast
from bettercare.foundation.problems import UsageError
from bettercare.plan.new import new_plan
from bettercare.plan.plan import Plan
from bettercare.plan.read import check, read_plan
from bettercare.plan.schema import schema

SERVICES = ("emergency-medical", "ae-major", "home-care", "maternity", "critical-care", "community-inpatient")
SHARE = 1.0  # of the activity of the plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan("llr")


@pytest.fixture(scope="module")
def connection(plan: Plan) -> duckdb.DuckDBPyConnection:
    """Events drawn from the plan's own activity: one a unit, with the plan's ages and stays."""
    rng = np.random.default_rng(7)
    rows = plan["activity"].filter(pl.col("service").is_in(SERVICES) & (pl.col("locality") != "outside"))
    currency = dict(plan["services"].select("code", "currency").iter_rows())
    frames = []
    for row in rows.iter_rows(named=True):
        n = int(rng.poisson(row["count"] * SHARE))
        mean, sd = row["mean_los_days"] or 0.0, row["sd_los_days"] or 0.0
        stay = rng.gamma((mean / sd) ** 2, sd * sd / mean, n) if mean and sd else np.zeros(n)
        middle = (row["age_low"] + min(row["age_high"], 98)) // 2
        frames.append(
            pl.DataFrame(
                {
                    "service": [row["service"]] * n,
                    "locality": [row["locality"]] * n,
                    "sex": ["F" if row["sex"] == "P" else row["sex"]] * n,
                    "age": np.full(n, middle + 1),
                    "day": rng.integers(0, 365, n),
                    "stay": stay,
                    "event": [
                        {"week-of-care": "care", "attendance": "attendance"}.get(currency[row["service"]], "spell")
                    ]
                    * n,
                }
            )
        )
    out = duckdb.connect()
    give(out, "drawn", pl.concat(frames))
    out.execute("""
        create table events as select row_number() over () as id, row_number() over () as person, event, service,
            locality, sex,
            -- whoever has not had the birthday yet counts as a year younger, so the year of birth gives a year more
            (age - if(hash(row_number() over ()) % 365 < dayofyear(timestamp '2013-04-01' + to_days(day::int)),
                1, 0))::int as age,
            timestamp '2013-04-01' + to_days(day::int) as start_at,
            timestamp '2013-04-01' + to_days(day::int) + to_seconds(stay * 86400) as end_at,
            strftime(timestamp '2013-04-01' + to_days(day::int), '%Y-%m') as month, null::varchar as outcome from drawn;
        create table persons as select distinct person as id, locality from events;
    """)
    return out


def area(plan: Plan) -> int:
    chosen = plan["population"].filter(
        pl.col("year") == "2013/14", pl.col("variant") == "principal", pl.col("locality") != "outside"
    )
    return int(chosen["people"].sum())


@pytest.fixture(scope="module")
def found(plan: Plan, connection: duckdb.DuckDBPyConnection) -> base.Baseline:
    return base.baseline(connection, plan, sample=round(area(plan) * SHARE))


@pytest.mark.parametrize("service", SERVICES)
def test_baseline_is_the_plans_activity_within_poisson_error(found: base.Baseline, plan: Plan, service: str) -> None:
    for locality in ("leicester", "leicestershire", "rutland"):
        here = (pl.col("service") == service) & (pl.col("locality") == locality)
        was, now = (t.filter(here)["count"].sum() for t in (plan["activity"], found.activity))
        drawn = was * SHARE
        assert abs(now - was) * SHARE < 4 * np.sqrt(drawn + 1) + 3, locality  # 3: rounding of the total to 5


def test_ages_and_stays_come_through(found: base.Baseline, plan: Plan) -> None:
    here = (pl.col("service") == "emergency-medical") & (pl.col("locality") == "leicestershire")
    was, now = (t.filter(here).sort("sex", "age_low") for t in (plan["activity"], found.activity))
    error = np.sqrt(was["count"].to_numpy() * SHARE)
    assert (np.abs(now["count"].to_numpy() - was["count"].to_numpy()) * SHARE < 4.5 * error + 4).all()
    means = [(t["count"] * t["mean_los_days"]).sum() / t["count"].sum() for t in (was, now)]
    assert means[1] == pytest.approx(means[0], rel=0.06)


def test_cells_are_not_true_counts_but_middles_of_bands(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    found = base.baseline(connection, plan)
    here = (pl.col("service") == "maternity") & (pl.col("locality") == "rutland")
    counts = found.activity.filter(here)["count"].to_numpy()
    first = counts[counts > 0].min()
    middles = [counts / first * smallest for smallest in range(3, 60, 6)]  # 3, 9, 15, ...: one of them is the scale
    assert any(np.abs((m - 3) / 6 - np.round((m - 3) / 6)).max() < 0.1 for m in middles)
    assert round(counts.sum()) % 5 == 0


def test_it_passes_the_check_in_a_copy_of_the_plan(found: base.Baseline, plan: Plan, tmp_path: Path) -> None:
    new_plan(tmp_path / "copy", "llr")
    made = base.write(found, plan, tmp_path / "out")
    for name in ("activity.csv", "evidence.csv"):
        (tmp_path / "copy" / name).write_bytes((made / name).read_bytes())
    report = check(str(tmp_path / "copy"))
    assert report.ok, str(report)


@pytest.mark.slow
def test_a_made_up_partnership_gets_back_its_plan(plan: Plan, tmp_path: Path) -> None:
    """20,000 made-up people, their feeds in a store (which takes every row), a baseline from it in a copy of the plan:
    the copy passes, and the forecast's base year is the plan's within 10%. (A standard error of chance is 2% of
    emergency admissions, 5% of elective ones, 6% of maternity.)"""
    world = synth.world(plan, 20_000, 1, "2013-04", "2014-06")
    sent = synth_write.write(world, tmp_path / "feeds")
    store = Store.create(tmp_path / "store", "llr")
    received = feed.add(store, plan, [tmp_path / "feeds"])
    assert len(received) == len(sent)
    assert sum(one.rows for one in sent) == sum(one.counted for one in received)
    with store.connect(plan) as connection:
        assert connection.execute("select count(*) from events").fetchone() == (world.events.height,)
        found = base.baseline(connection, plan, sample=20_000, synthetic=True)
    new_plan(tmp_path / "copy", "llr")
    made = base.write(found, plan, tmp_path / "out")
    for name in ("activity.csv", "evidence.csv"):
        (tmp_path / "copy" / name).write_bytes((made / name).read_bytes())
    report = check(str(tmp_path / "copy"))
    assert report.ok, str(report)
    assert {"emergency-medical", "emergency-surgical", "maternity", "elective-inpatient"} <= set(found.counted)
    assert {"mental-health-inpatient", "community-inpatient"} <= set(found.kept)  # 46 and 65 stays a year
    totals = [base_year(one) for one in (plan, read_plan(str(tmp_path / "copy")))]
    for measure in ("emergency_admissions", "elective_admissions", "maternity_admissions", "acute_beds_occupied",
                    "community_beds_occupied", "mental_health_beds_occupied"):  # fmt: skip
        assert totals[1][measure] == pytest.approx(totals[0][measure], rel=0.1), measure
    assert totals[1]["emergency_admissions"] != totals[0]["emergency_admissions"]  # it was counted, not kept
    assert any("emergency-medical" in note for note in found.notes if "against the plan" in note)


def base_year(plan: Plan) -> dict[str, float]:
    """The forecast's own totals of the base year."""
    table = forecast(plan, ["do-nothing"], draws=20).table()
    whole = table.filter(year="2013/14", statistic="mean", place="", service="", partner="")
    return dict(whole.select("measure", "value").iter_rows())


def test_a_sample_that_says_too_little_leaves_the_plan_as_it_was(
    connection: duckdb.DuckDBPyConnection, plan: Plan, tmp_path: Path
) -> None:
    """By hand: of n people with one unit each, one in f is drawn, so their sum has a standard error of
    sqrt((1 - 1/f) / n): 4% for the least of A&E attendances below, and at least 14% for community stays."""
    path = str(tmp_path / "some.parquet")
    connection.execute(f"copy (select * from events where person % 200 = 0) to '{path}'")
    some = duckdb.connect()
    some.execute(f"create table events as select * from '{path}'; create table persons as select * from '{path}'")
    small = base.baseline(some, plan, sample=round(area(plan) / 200))
    inside = plan["activity"].filter(pl.col("locality") != "outside").group_by("service").agg(pl.col("count").sum())
    drawn = {code: count / 200 for code, count in inside.iter_rows() if code in SERVICES}
    assert drawn["ae-major"] > 500
    assert "ae-major" in small.counted
    assert drawn["community-inpatient"] < 50
    assert "community-inpatient" in small.kept
    rows = [t.filter(pl.col("service") == "community-inpatient") for t in (small.activity, plan["activity"])]
    assert rows[0].equals(rows[1].sort(schema()["activity"].key))
    said = next(note for note in small.notes if "says too little" in note)
    assert "community-inpatient" in said
    assert "ae-major" not in said


def test_notes_say_what_differs(found: base.Baseline, plan: Plan) -> None:
    for service in ("emergency-medical", "community-inpatient"):
        here = pl.col("service") == service
        new, old = (t.filter(here)["count"].sum() for t in (found.activity, plan["activity"]))
        said = next(note for note in found.notes if note.startswith("How much is used"))
        assert (f"{service} {new / old - 1:+.0%}" in said) == (abs(new / old - 1) >= 0.01)


def test_no_month_of_the_base_year_is_said(plan: Plan, connection: duckdb.DuckDBPyConnection) -> None:
    empty = duckdb.connect()
    empty.execute("create table events (month varchar)")
    with pytest.raises(UsageError, match="no events of the base year 2013/14"):
        base.baseline(empty, plan)
    with pytest.raises(UsageError, match="sample of 0"):
        base.baseline(connection, plan, sample=0)
