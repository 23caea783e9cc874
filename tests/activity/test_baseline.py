"""The base-year activity from events: the plan's own within chance, safe to publish, in a plan that passes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from bettercare.activity import baseline as base
from bettercare.activity.views import give
from bettercare.foundation.problems import UsageError
from bettercare.plan.new import new_plan
from bettercare.plan.plan import Plan
from bettercare.plan.read import check, read_plan

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


def test_no_month_of_the_base_year_is_said(plan: Plan, connection: duckdb.DuckDBPyConnection) -> None:
    empty = duckdb.connect()
    empty.execute("create table events (month varchar)")
    with pytest.raises(UsageError, match="no events of the base year 2013/14"):
        base.baseline(empty, plan)
    with pytest.raises(UsageError, match="sample of 0"):
        base.baseline(connection, plan, sample=0)
