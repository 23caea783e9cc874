"""Comparing, explaining and scoring a forecast."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bettercare.engines.forecast import (
    backtest,
    causes,
    compare,
    crps,
    forecast,
    initiative_table,
    net_present_value,
    partner_causes,
    partner_table,
    published_gap,
    savings,
    tornado,
    variance_shares,
)
from bettercare.engines.forecast.compare import real_cost
from bettercare.engines.forecast.results import ScenarioResult
from bettercare.foundation.problems import UsageError
from tests.forecast.plans import NO_EFFECT, plan
from tests.plan.small import files

YEAR = "2015/16"


def test_tables_agree_with_each_other(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path), draws=200)
    gap = f.summary("as-planned", YEAR, "gap_gbp")["mean"]
    nothing = f.summary("do-nothing", YEAR, "gap_gbp")["mean"]
    assert causes(f, "as-planned", YEAR)["value"].sum() == pytest.approx(gap)
    partners = partner_table(f, "as-planned", YEAR)
    assert partners["gap"].sum() == pytest.approx(gap)
    assert partners["change"].sum() == pytest.approx(gap - nothing)
    assert (partners["own_change"] + partners["payment_change"]).to_list() == pytest.approx(
        partners["change"].to_list()
    )
    assert partner_causes(f, "as-planned", YEAR)["gap"].sum() == pytest.approx(gap)
    difference = compare(f, "do-nothing", "as-planned", YEAR)
    row = difference.filter((pl.col("measure") == "gap_gbp") & (pl.col("partner") == ""))
    assert row["mean"][0] == pytest.approx(gap - nothing)
    council = partners.filter(pl.col("partner") == "council")
    assert council["funding_label"][0] == "unfunded pressure"


def test_overlap_is_claimed_but_not_counted(tmp_path: Path) -> None:
    table = initiative_table(forecast(plan(tmp_path), ["as-planned"], draws=200), "as-planned", YEAR)
    falls = table.row(by_predicate=pl.col("effect") == "e-falls", named=True)
    assert falls["claimed"] == -100.0 and falls["overlap_with"] == "e-home-avoid"
    assert falls["alone"] < falls["mean"] < 0.0
    find = table.row(by_predicate=pl.col("effect") == "e-find", named=True)
    assert find["mean"] > 0.0


def test_savings_add_up_and_money_that_only_moves_is_apart(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path), draws=200)
    found = dict(savings(f, "as-planned", YEAR).select("kind", "mean").iter_rows())
    assert found["cash-releasing"] + found["cost-avoiding"] + found["investment"] == pytest.approx(found["net"])
    assert found["cash-releasing"] >= 0.0 and found["moved between partners"] > 0.0
    chosen, nothing = f.scenarios["as-planned"], f.scenarios["do-nothing"]
    y = f.years.index(YEAR)

    def recurrent(result: ScenarioResult) -> float:
        once = result.real["once_real"][y] + result.draws("capital_gbp", YEAR)
        return float((real_cost(result)[y] - once).mean())

    assert found["net"] == pytest.approx(recurrent(nothing) - recurrent(chosen))


def test_a_plan_that_only_costs_is_worth_less_than_nothing(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path, NO_EFFECT), draws=100)
    worth = net_present_value(f, "as-planned")
    assert worth["p95"] < 0.0 and worth["discount_percent"] == 3.5
    assert net_present_value(f, "do-nothing")["mean"] == 0.0


def test_the_tornado_moves_one_input_at_a_time(tmp_path: Path) -> None:
    t = tornado(plan(tmp_path), "as-planned", YEAR)
    assert t.table["swing"].is_sorted(descending=True)
    lowest, highest = t.joint
    assumed = t.table.filter(pl.col("badge") == "assumed")
    assert lowest <= assumed.select(pl.min_horizontal("low", "high").min()).item() + 1e-6
    assert highest >= assumed.select(pl.max_horizontal("low", "high").max()).item() - 1e-6


def test_variance_shares_find_what_drives_the_answer(tmp_path: Path) -> None:
    """The index of most costs moves the answer most; what shuffled draws would explain is very little."""
    f = forecast(plan(tmp_path), ["as-planned"], draws=2000)
    shares = variance_shares(f.scenarios["as-planned"], YEAR)
    assert shares["group"][0] == "price:cost"
    assert shares["share"].sum() < 1.3
    assert 0.0 < shares["noise_floor"].max() < 0.02


def test_one_uncertain_input_explains_all_but_chance(tmp_path: Path) -> None:
    """Inflation of costs alone is uncertain: its share is what chance, known from the same luck without it, leaves."""
    fixed = {
        **NO_EFFECT,
        "plan.toml": [("low_months = -1", "low_months = 2"), ("high_months = 9", "high_months = 2")],
        "growth.csv": [("triangular,0,1,2.5,range", "fixed,,1,,"), ("normal,-1,-0.5,0,p10-p90", "fixed,,-0.5,,")],
        "investments.csv": [("triangular,1200000,1500000,2000000,range", "fixed,,1500000,,")],
        "capital.csv": [("triangular,3000000,4000000,6000000,range", "fixed,,4000000,,")],
        "prices.csv": [
            (f"tariff,{year},inflation,triangular,1,2,3.5,range", f"tariff,{year},inflation,fixed,,2,,")
            for year in ("2014/15", "2015/16")
        ],
    }
    people = [line for line in files()["population.csv"].splitlines() if ",low," not in line and ",high," not in line]
    known = [(old.replace("tariff", "cost"), new.replace("tariff", "cost")) for old, new in fixed["prices.csv"]]
    nothing = {**fixed, "prices.csv": fixed["prices.csv"] + known}
    one, none = (
        forecast(plan(tmp_path / name, changes, population="\n".join(people) + "\n"), ["as-planned"], draws=2000)
        for name, changes in (("one", fixed), ("none", nothing))
    )
    assert not none.scenarios["as-planned"].system.inputs
    chance, whole = (f.scenarios["as-planned"].draws("gap_gbp", YEAR).var() for f in (none, one))
    shares = variance_shares(one.scenarios["as-planned"], YEAR)
    assert shares["group"].to_list() == ["price:cost"]
    assert 0.5 < 1.0 - chance / whole < 1.0
    assert shares["share"][0] == pytest.approx(1.0 - chance / whole, abs=0.03)


CHARITY = {
    "partners.csv": [("council,The Council", "charity,A charity,voluntary,,yes,,,,\ncouncil,The Council")],
    "investments.csv": [
        ("i-stay,short", "i-falls,falls,charity,recurrent,cost,fixed,,90000,,,,Judged\ni-stay,short"),
    ],
}
SUBMISSIONS = (
    "code,partner,file,received,item,counterparty,year,value,unit,note\n"
    "gap-charity,charity,plan.pdf,2015-01-31,money,,2015/16,50000,GBP gap,A gap. It grew.\n"
    "gap-both,charity,plan.pdf,2015-01-31,money,council,2015/16,60000,GBP gap,Of both\n"
)


def test_published_gaps_of_a_partner_without_money_stand_beside_nothing(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path, CHARITY, submissions=SUBMISSIONS), draws=100)
    found = {r["code"]: r for r in published_gap(f, YEAR).iter_rows(named=True)}
    assert found["gap-charity"]["modelled_mean"] == 0.0 and found["gap-charity"]["difference"] == -50_000.0
    assert found["gap-both"]["modelled_mean"] == pytest.approx(
        f.summary("do-nothing", YEAR, "gap_gbp", partner="council")["mean"]
    )
    alone = forecast(f.plan, ["as-planned"], draws=100)  # nothing else to stand beside
    table = published_gap(alone, YEAR)
    assert table.filter(pl.col("code") == "gap-charity")["modelled_mean"][0] > 0.0


def test_a_partner_may_have_money_in_one_scenario_alone(tmp_path: Path) -> None:
    f = forecast(plan(tmp_path, CHARITY), draws=100)
    row = partner_table(f, "as-planned", YEAR).row(by_predicate=pl.col("partner") == "charity", named=True)
    assert row["gap_base"] == row["gap_do_nothing"] == 0.0 < row["gap"] == row["change"] == row["own_change"]
    back = dataclasses.replace(f.plan, settings=dataclasses.replace(f.plan.settings, comparison="as-planned"))
    row = partner_table(dataclasses.replace(f, plan=back), "do-nothing", YEAR).row(
        by_predicate=pl.col("partner") == "charity", named=True
    )
    assert row["gap"] == 0.0 < row["gap_do_nothing"] == -row["change"]


def test_what_is_not_known_is_refused_in_words(tmp_path: Path) -> None:
    p = plan(tmp_path)
    f = forecast(p, draws=20)
    with pytest.raises(UsageError, match=r"no scenario \"as-plan\" in this forecast\. Did you mean \"as-planned\"\?"):
        compare(f, "do-nothing", "as-plan", YEAR)
    for use in (
        lambda year: compare(f, "do-nothing", "as-planned", year),
        lambda year: savings(f, "as-planned", year),
        lambda year: tornado(p, "as-planned", year),
        lambda year: partner_table(f, "as-planned", year),
        lambda year: initiative_table(f, "as-planned", year),
        lambda year: partner_causes(f, "as-planned", year),
        lambda year: causes(f, "as-planned", year),
        lambda year: variance_shares(f.scenarios["as-planned"], year),
        lambda year: f.summary("as-planned", year, "gap_gbp"),
    ):
        with pytest.raises(UsageError, match='no year "2015"; its years are 2013/14 to 2015/16'):
            use("2015")
    for ask in (
        lambda: tornado(p, "as-planned", YEAR, "gap"),
        lambda: variance_shares(f.scenarios["as-planned"], YEAR, "gap"),
    ):
        with pytest.raises(UsageError, match='no measure "gap" in this forecast'):
            ask()
    with pytest.raises(UsageError, match='no ledger of the measure "gap"'):
        causes(f, "as-planned", YEAR, "gap")


def test_crps_is_the_published_formula_for_a_normal() -> None:
    """CRPS of N(0, 1) at y: y (2 Phi(y) - 1) + 2 phi(y) - 1/sqrt(pi) (Gneiting and Raftery 2007, eq. 21)."""
    from scipy.stats import norm

    draws = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    for y in (-1.5, 0.0, 0.7):
        exact = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)
        assert crps(draws, y) == pytest.approx(exact, abs=1e-3)


def test_the_back_test_says_which_observations_the_builders_knew(tmp_path: Path) -> None:
    scores = backtest(forecast(plan(tmp_path), draws=400))
    assert scores.height == 2 and set(scores["year"]) == {"2014/15"}
    assert not scores["known_to_builders"].any()
    assert (
        scores.select((pl.col("p5") <= pl.col("value")) & (pl.col("value") <= pl.col("p95"))).to_series().to_list()
        == scores["inside90"].to_list()
    )
