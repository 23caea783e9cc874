"""The worked example: what it was calibrated to comes out, and everything adds up."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bettercare.engines.forecast import Forecast, forecast, published_gap
from bettercare.engines.forecast.activity import project
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.inputs import sample
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan

BASE = "2013/14"


@pytest.fixture(scope="module")
def llr() -> Plan:
    return read_plan("llr")


@pytest.fixture(scope="module")
def run(llr: Plan) -> Forecast:
    return forecast(llr, draws=60)


def test_the_base_year_reproduces_open_beds_and_occupancy(run: Forecast) -> None:
    """KH03 2013/14: 1,671 acute beds open overnight, 87% occupied (rounded); 437 at the community trust, 89%."""
    for result in run.scenarios.values():
        assert result.draws("acute_beds_open", BASE) == pytest.approx(1671)
        assert result.draws("acute_beds_needed", BASE) == pytest.approx(1671, rel=1e-6)
        assert result.draws("acute_beds_occupied", BASE) == pytest.approx(0.87 * 1671, rel=1e-3)
        trust = [result.draws(f"{k}_beds_occupied", BASE) for k in ("community", "mental_health")]
        assert sum(trust) == pytest.approx(0.89 * 437, rel=1e-3)


def test_the_base_year_reproduces_published_positions(run: Forecast) -> None:
    """Accounts of 2013/14: the acute trust 39.655m short, the community trust 2.911m over; councils balance."""
    published = {"uhl": 39.655e6, "lpt": -2.911e6, "leicester-council": 0.0, "rutland-council": 0.0}
    for partner, gap in published.items():
        found = run.scenarios["do-nothing"].draws("gap_gbp", BASE, partner=partner)
        assert found == pytest.approx(gap, abs=0.01 * max(abs(gap), 1e6))


def test_every_ledger_adds_up(run: Forecast) -> None:
    for name, result in run.scenarios.items():
        measures = {measure for measure, _ in result.ledger}
        assert {
            "gap_gbp",
            "emergency_admissions",
            "acute_beds_needed",
            "community_beds_needed",
            "staff_wte",
        } <= measures
        for measure in measures:
            ledger = run.ledger(name, measure)
            for year in run.years:
                total = ledger.filter(pl.col("year") == year)["value"].sum()
                assert total == pytest.approx(result.draws(measure, year).mean(), rel=1e-9, abs=1e-3), (name, measure)


def test_the_ledger_of_every_service_place_year_and_draw_adds_up(llr: Plan) -> None:
    for scenario in ("as-planned", "two-acute-sites"):
        system = compile_plan(llr.under(scenario))
        activity = project(system, sample(system.inputs, 1, 40))
        for causes, total in ((activity.count_causes, activity.total[0]), (activity.day_causes, activity.total[1])):
            for s in range(len(system.services)):
                change = total[s] - total[s][:, :1]
                assert np.all(np.abs(causes[s].total() - change) <= 1e-9 * np.maximum(total[s], 1.0))


def test_partner_gaps_add_up_to_the_system(run: Forecast) -> None:
    for result in run.scenarios.values():
        partners = [k.partner for k in result.keys if k.measure == "gap_gbp" and k.partner]
        for year in run.years:
            total = sum(result.draws("gap_gbp", year, partner=p) for p in partners)
            assert total == pytest.approx(result.draws("gap_gbp", year), abs=1.0)


def test_the_scenarios_say_what_they_should(run: Forecast) -> None:
    year = "2018/19"

    def mean(scenario: str, measure: str) -> float:
        return run.summary(scenario, year, measure)["mean"]

    assert mean("as-planned", "gap_gbp") < mean("as-evidenced-2014", "gap_gbp") < mean("do-nothing", "gap_gbp")
    assert mean("funding-high", "gap_gbp") < mean("as-evidenced-2014", "gap_gbp") < mean("funding-flat", "gap_gbp")
    for measure in ("emergency_admissions", "acute_beds_needed"):  # if the shift fails the hospital is as full as ever
        nothing, fails = (run.scenarios[s].draws(measure, year) for s in ("do-nothing", "shift-fails"))
        assert fails == pytest.approx(nothing, rel=1e-9)
    assert mean("as-planned", "acute_beds_open") < 1300 < 1671 == mean("do-nothing", "acute_beds_open")
    sites = run.scenarios["two-acute-sites"]
    assert sites.draws("beds_needed", year, "emergency-medical", "lgh") == pytest.approx(0.0)
    assert sites.draws("acute_beds_open", year) == pytest.approx(1671)


def test_published_gaps_stand_beside_ours(run: Forecast) -> None:
    table = published_gap(run, "2018/19")
    assert table.height >= 4
    assert (table["modelled_mean"] - table["published"]).to_list() == pytest.approx(table["difference"].to_list())
