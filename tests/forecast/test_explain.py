"""Comparing, explaining and scoring a forecast."""

from __future__ import annotations

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
    savings,
    tornado,
    variance_shares,
)
from tests.forecast.plans import NO_EFFECT, plan

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
    """With one uncertain input left the share is near 1 for it; shuffled draws explain no more than the noise floor."""
    f = forecast(plan(tmp_path), ["as-planned"], draws=2000)
    shares = variance_shares(f.scenarios["as-planned"], YEAR)
    assert shares["group"][0] == "price:cost"
    assert shares["share"].max() <= 1.0 and shares["share"].sum() < 1.3
    assert shares["noise_floor"].max() < 0.02


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
