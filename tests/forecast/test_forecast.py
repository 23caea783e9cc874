"""What must hold of every forecast: conservation, ledgers, luck that stays where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bettercare.engines.forecast.activity import project
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.inputs import sample
from bettercare.engines.forecast.money import value
from bettercare.engines.forecast.places import bed_causes, beds_needed
from bettercare.engines.forecast.results import QUANTILES
from bettercare.engines.forecast.run import Luck, forecast, happen
from bettercare.foundation.problems import UsageError
from tests.forecast.plans import NO_EFFECT, plan
from tests.plan.small import files

DRAWS = 200


def _parts(folder: Path):  # type: ignore[no-untyped-def]
    system = compile_plan(plan(folder).under("as-planned"))
    positions = sample(system.inputs, 1, DRAWS)
    return system, positions, project(system, positions)


def test_the_ledger_of_every_service_place_year_and_draw_adds_up(tmp_path: Path) -> None:
    system, _, activity = _parts(tmp_path)
    for causes, total in ((activity.count_causes, activity.total[0]), (activity.day_causes, activity.total[1])):
        for s in range(len(system.services)):
            change = total[s] - total[s][:, :1]
            explained = causes[s].total()
            assert np.all(np.abs(explained - change) <= 1e-9 * np.maximum(total[s], 1.0))


def test_the_ledger_of_the_gap_adds_up_in_every_draw(tmp_path: Path) -> None:
    system, positions, activity = _parts(tmp_path)
    mean, needed = beds_needed(system, activity.total[1])
    causes = bed_causes(system, activity, mean)
    count, days = happen(system, activity, Luck(1, 0, DRAWS))
    money = value(system, activity, needed, causes, count, beds_needed(system, days)[1], positions)
    gap = money.gap[system.inside].sum(axis=0)
    scale = money.cost[system.inside].sum(axis=0)
    assert np.all(np.abs(money.causes.total() - gap) <= 1e-9 * scale)
    assert np.all(np.abs(money.kinds.sum(axis=1) - money.gap) <= 1e-9 * np.maximum(money.cost, 1.0))


def test_shifted_activity_arrives(tmp_path: Path) -> None:
    system, _, activity = _parts(tmp_path)
    at = {e.code: i for i, e in enumerate(system.effects)}
    team = system.services.index("home-team")
    moved = activity.out[at["e-home"]]
    new = -activity.out[at["e-find"]]
    assert activity.total[0, team].sum(axis=0) == pytest.approx(8.0 * moved + new)
    day_case = system.services.index("day-case")
    found = activity.count_causes[day_case]
    same_day = system.causes.index(("initiative", "same-day"))
    converted = found.values[found.at.tolist().index(same_day)].sum(axis=0)
    assert converted == pytest.approx(activity.out[at["e-day"]])


def test_payments_inside_the_system_net_to_nothing(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path), draws=DRAWS)
    for result in f.scenarios.values():
        for year in f.years:
            partners = [k.partner for k in result.keys if k.measure == "gap_gbp" and k.partner]
            total = sum(result.draws("gap_gbp", year, partner=p) for p in partners)
            assert total == pytest.approx(result.draws("gap_gbp", year))
            paid = sum(
                result.draws("paid_net_gbp", year, partner=k.partner)
                for k in result.keys
                if k.measure == "paid_net_gbp"
            )
            outside = result.real["outside"][f.years.index(year)]
            if year == f.years[0]:  # at base-year prices: what leaves the system is all that does not cancel
                assert paid == pytest.approx(outside)


def test_zero_effects_reproduce_do_nothing_exactly(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path, NO_EFFECT), draws=DRAWS)
    for key in f.scenarios["do-nothing"].keys:
        if key.measure in ("activity", "bed_days", "beds_needed", "emergency_admissions", "staff_wte"):
            where = (key.service, key.place, key.partner)
            for year in f.years:
                nothing = f.scenarios["do-nothing"].draws(key.measure, year, *where)
                assert np.array_equal(nothing, f.scenarios["as-planned"].draws(key.measure, year, *where)), key


def test_more_effect_never_means_more_activity(tmp_path: Path) -> None:
    weak = plan(tmp_path / "a", {"scenarios/as-planned/effects.csv": [("e-home,0.1", "e-home,0.12")]})
    strong = plan(tmp_path / "b", {"scenarios/as-planned/effects.csv": [("e-home,0.1", "e-home,0.2")]})
    less, more = (
        project(s, sample(s.inputs, 1, DRAWS)) for s in (compile_plan(p.under("as-planned")) for p in (weak, strong))
    )
    emergency = 0 + compile_plan(weak.under("as-planned")).services.index("emergency")
    assert np.all(more.total[0, emergency] <= less.total[0, emergency] + 1e-9)


def test_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    p = plan(tmp_path)
    tables = [forecast(p, draws=1200, threads=n).table() for n in (1, 2, 5)]
    written = []
    for i, table in enumerate(tables):
        table.write_csv(tmp_path / f"{i}.csv")
        table.write_parquet(tmp_path / f"{i}.parquet")
        written.append(((tmp_path / f"{i}.csv").read_bytes(), (tmp_path / f"{i}.parquet").read_bytes()))
    assert written[0] == written[1] == written[2]


def test_a_draw_is_the_same_among_few_and_many(tmp_path: Path) -> None:
    p = plan(tmp_path)
    few = forecast(p, ["as-planned"], draws=100).scenarios["as-planned"]
    many = forecast(p, ["as-planned"], draws=10_000).scenarios["as-planned"]
    assert np.array_equal(few.values, many.values[..., :100])
    assert np.array_equal(few.inputs, many.inputs[:100])


def test_a_new_initiative_changes_no_other_draw(tmp_path: Path) -> None:
    """The new one works on planned care: luck elsewhere, chance included, stays bit for bit what it was."""
    new = {
        "initiatives.csv": [
            ("falls,Falls", "aaa-new,New,New one,service,hospital,planned,acute,,6,proposed,no,,strategy,\nfalls,Falls")
        ],
        "milestones.csv": [
            ("falls-live,falls", "aaa-live,aaa-new,Begins,live,2014-12-01,,0,strategy,\nfalls-live,falls")
        ],
        "effects.csv": [
            (
                "e-day,same-day",
                "a-new,aaa-new,avoid,elective,,,,P,65,120,0.5,share,pert,0,0.1,0.3,range,weak,,,Judged\ne-day,same-day",
            )
        ],
    }
    before = forecast(plan(tmp_path / "a"), ["as-planned"], draws=DRAWS).scenarios["as-planned"]
    after = forecast(plan(tmp_path / "b", new), ["as-planned"], draws=DRAWS).scenarios["as-planned"]
    old = before.input_table()
    assert old.equals(after.input_table().select(old.columns))
    for service in ("emergency", "community-ward", "home-team", "day-case"):
        for year in before.system.years:
            assert np.array_equal(before.draws("activity", year, service), after.draws("activity", year, service))
    assert (
        after.draws("activity", "2015/16", "elective").mean() < before.draws("activity", "2015/16", "elective").mean()
    )


def test_the_base_year_is_what_the_plan_says(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path), draws=DRAWS)
    for result in f.scenarios.values():
        assert np.all(result.draws("activity", "2013/14", "emergency") == 14_000)
        assert np.all(result.draws("beds_needed", "2013/14", "emergency", "general") == pytest.approx(215.0))
        assert result.draws("risk_of_full", "2013/14", "emergency", "general") == pytest.approx(0.01)


def test_a_forecast_by_hand(tmp_path: Path) -> None:
    """Fixed inputs, one scenario: emergency admissions in the second year to the last digit."""
    fixed = {
        "plan.toml": [
            ("low_months = -1", "low_months = 0"),
            ("mode_months = 2", "mode_months = 0"),
            ("high_months = 9", "high_months = 0"),
        ],
        "effects.csv": [("pert,0,0.15,0.3,range", "fixed,,0.2,,"), *NO_EFFECT["effects.csv"][1:]],
        "scenarios/as-planned/effects.csv": [("e-home,0.1", "e-home,0.2")],
    }
    p = plan(tmp_path, fixed)
    system = compile_plan(p.under("as-planned"))
    middle = np.full((1, len(system.inputs)), 0.5)
    out = project(system, middle).total[0, system.services.index("emergency")].sum(axis=0)[:, 0]
    rates = {g.code: float(g.rate.values(middle)[0]) for g in system.growth}
    # home first goes live on 1 January 2015 (month 21) and takes a year to reach half of those over 65, a fifth each
    start, full = 21.0, 33.0
    first = (24 - start) ** 2 / (2 * 12) / 12
    second = ((full - start) ** 2 / 24 - (24 - start) ** 2 / 24 + (36 - full)) / 12
    for y, ramp in ((1, first), (2, second)):
        young, old = 4 * 2000 * 1.005**y, 4 * 1500 * 1.03**y
        for row in p.tables["growth"].iter_rows(named=True):
            if row["service"] == "emergency":
                factor = (1 + rates[row["code"]] / 100) ** y
                young *= factor if row["age_low"] == 0 else 1.0
                old *= factor
        assert out[y] == pytest.approx(young + old * (1 - 0.5 * 0.2 * ramp), rel=1e-9)


def test_a_trend_in_stays_changes_bed_days_and_not_counts(tmp_path: Path) -> None:
    columns = files()["growth.csv"].splitlines()[0].split(",")
    row = dict.fromkeys(columns, "")
    row |= {"code": "stays", "service": "elective", "kind": "length-of-stay", "distribution": "fixed", "mode": "-5"}
    row |= {"age_low": "0", "age_high": "120", "assumed": "For the test"}
    grown = files()["growth.csv"] + ",".join(row[c] for c in columns) + "\n"
    before = compile_plan(plan(tmp_path / "a").under("do-nothing"))
    after = compile_plan(plan(tmp_path / "b", growth=grown).under("do-nothing"))
    at = before.services.index("elective")
    old, new = (project(s, np.full((1, len(s.inputs)), 0.5)).total for s in (before, after))
    assert new[0, at] == pytest.approx(old[0, at])
    for y in range(3):
        assert new[1, at][:, y] == pytest.approx(old[1, at][:, y] * 0.95**y)
        assert new[2, at][:, y] == pytest.approx(old[2, at][:, y] * 0.95 ** (2 * y))


def test_wrong_use_is_said_plainly(tmp_path: Path) -> None:
    p = plan(tmp_path)
    with pytest.raises(UsageError, match="as-plannd"):
        forecast(p, ["as-plannd"])
    with pytest.raises(UsageError, match="20 draws"):
        forecast(p, draws=3)


def test_results_are_tidy(tmp_path: Path) -> None:
    table = forecast(plan(tmp_path), draws=DRAWS).table()
    keys = ["scenario", "statistic", "year", "place", "service", "partner", "measure"]
    assert table.select(keys).is_duplicated().sum() == 0
    assert table["value"].is_finite().all()
    assert set(table["badge"].unique()) <= {"measured", "modelled", "assumed"}
    assert table.filter(pl.col("unit") == "").is_empty()


def test_statistics_are_quantiles_and_means_of_the_draws(tmp_path: Path) -> None:
    result = forecast(plan(tmp_path), ["as-planned"], draws=123).scenarios["as-planned"]
    found = result.statistics
    assert found[:-1] == pytest.approx(np.quantile(result.values, list(QUANTILES.values()), axis=2), rel=1e-12)
    assert found[-1] == pytest.approx(result.values.mean(axis=2), rel=1e-12)
