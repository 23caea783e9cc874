"""A published count of delayed transfers is held against the places that it is about, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from bettercare import read_plan
from bettercare.appraisal.patient_flow import against_published
from bettercare.engines.simulate.network import Network, Route, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.results import YearOfFlow
from bettercare.engines.simulate.run import Simulation
from bettercare.plan.plan import Plan
from tests.plan import small

ABOUT = {
    "all": {},
    "hospital": {"partner": "hospital"},
    "elective": {"service": "elective"},
    "cottage": {"site": "cottage"},
    "home": {"service": "home-team"},
}


def published(plan: Plan) -> Plan:
    """The small plan with one published count of delayed days for each of ABOUT."""
    indicators, observations = plan.tables["indicators"], plan.tables["observations"]
    place = {"partner": None, "service": None, "site": None}
    lines = [{"code": code, "measure": "delayed_days", **place, **about} for code, about in ABOUT.items()]
    blank = indicators.drop("code", "measure", *place)[:1]
    rows = pl.concat([pl.DataFrame(line, schema_overrides=dict.fromkeys(place, pl.String)) for line in lines])
    seen = pl.concat([observations[:1].with_columns(indicator=pl.lit(code)) for code in ABOUT])
    named = pl.concat([rows, pl.concat([blank] * rows.height)], how="horizontal").select(indicators.columns)
    return replace(plan, tables={**plan.tables, "indicators": named, "observations": seen})


def year_of(plan: Plan) -> YearOfFlow:
    """People who wait a day in each of three wards, on average, until what follows is arranged."""
    wards = (("emergency", "general", 40.0), ("elective", "general", 20.0), ("community-ward", "cottage", 10.0))
    stay = Stay(0.1, 0.1, "exponential")
    onward = (Route(None, 1.0, 1.0, "social care"),)
    network = Network(
        tuple(Station(service, 200, service=service, site=site) for service, site, _ in wards),
        (Rule("in turn"),),
        tuple(Step(service, ((service, 1.0),), stay, "in turn", onward) for service, _, _ in wards),
        tuple(Stream(service, service, rate) for service, _, rate in wards),
    )
    counted = [found[0] for found in Simulation(network, seed=2).run(3)]
    return YearOfFlow(plan, "do-nothing", "2013/14", network, counted)


def test_delayed_days_are_those_of_the_places_that_the_indicator_names(tmp_path: Path) -> None:
    year = year_of(published(read_plan(small.build(tmp_path / "plan"))))
    found = {row["indicator"]: row["mean"] for row in against_published(year).iter_rows(named=True)}
    assert found["all"] == pytest.approx(365.0 * 70.0, rel=0.03)
    assert found["hospital"] == pytest.approx(365.0 * 60.0, rel=0.03)
    assert found["elective"] == pytest.approx(365.0 * 20.0, rel=0.03)
    assert found["hospital"] + found["cottage"] == pytest.approx(found["all"])
    assert found["all"] == pytest.approx(year.counted_delays().mean())
    assert "home" not in found
