"""The network of a plan: the same activity as the forecast, the base year as published, and what cannot be refused."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import numpy as np
import polars as pl
import pytest

from bettercare import UsageError, read_plan
from bettercare.appraisal.census import census
from bettercare.appraisal.patient_flow import against_published, simulate
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.expected import Expected, expected_activity
from bettercare.engines.simulate.arrays import STARTED
from bettercare.engines.simulate.from_plan import network_of
from bettercare.engines.simulate.network import Network
from bettercare.engines.simulate.people import FLOW_KEY, named
from bettercare.engines.simulate.results import open_beds
from bettercare.engines.simulate.run import Simulation
from bettercare.engines.simulate.wards import days_live, openings
from bettercare.foundation.problems import Problems
from bettercare.plan.plan import Plan


@pytest.fixture(scope="module")
def llr() -> Plan:
    return read_plan("llr")


@pytest.fixture(scope="module")
def expected(llr: Plan) -> Expected:
    return expected_activity(llr.under("do-nothing"), "2018/19")


@pytest.fixture(scope="module")
def unlimited(llr: Plan, expected: Expected) -> Network:
    return network_of(llr.under("do-nothing"), "2018/19", expected.activity, expected.dispersion, unlimited=True)


def in_network(plan: Plan, year: str, service: str, locality: str) -> float:
    """The share of a locality's use of a service that does not go elsewhere."""
    elsewhere = dict(plan.tables["sites"].select("code", "elsewhere").iter_rows())
    latest: dict[str, tuple[str, float]] = {}
    for row in plan.tables["catchments"].iter_rows(named=True):
        start = row["from_year"] or ""
        here = (row["service"], row["locality"]) == (service, locality)
        if here and latest.get(row["site"], ("", 0.0))[0] <= start <= year:
            latest[row["site"]] = (start, row["share"])
    return sum(share for site, (_, share) in latest.items() if not elsewhere[site])


def by_service(network: Network) -> tuple[dict[str, float], dict[str, float]]:
    """People a year and bed days a year of each service, if nothing limits them."""
    people: dict[str, float] = defaultdict(float)
    days: dict[str, float] = defaultdict(float)
    for step, rate in zip(network.steps, network.rates(), strict=True):
        service = step.name.split("|")[0]
        people[service] += 365.0 * rate
        days[service] += 365.0 * rate * (step.stay.mean + sum(r.share * r.hold for r in step.routes))
    return people, days


def test_expected_activity_is_the_forecasts(llr: Plan, expected: Expected) -> None:
    from bettercare.engines.forecast.run import evaluate

    system = compile_plan(llr.under("do-nothing"))
    batch = evaluate(system, np.full((1, len(system.inputs)), 0.5))
    want = {k.service: v[5, 0] for k, v in batch.values.items() if k.measure == "activity" and not k.place}
    days = {k.service: v[5, 0] for k, v in batch.values.items() if k.measure == "bed_days" and not k.place}
    for service, count in want.items():
        assert expected.total(service) == pytest.approx(count, rel=1e-9, abs=1e-9)
    for service, total in days.items():
        assert expected.total(service, "days") == pytest.approx(total, rel=1e-9, abs=1e-9)


def test_where_nothing_limits_it_activity_and_bed_days_are_the_forecasts(
    llr: Plan, expected: Expected, unlimited: Network
) -> None:
    people, days = by_service(unlimited)
    for service in people:
        rows = expected.activity.filter(pl.col("service") == service).iter_rows(named=True)
        count = length = 0.0
        for row in rows:
            share = in_network(llr, "2018/19", service, row["locality"])
            count, length = count + share * row["count"], length + share * row["days"]
        if length and service != "critical-care":  # its unit is the bed day, which patient_flow turns into people
            assert people[service] == pytest.approx(count, rel=1e-6)
            assert days[service] == pytest.approx(length, rel=1e-6)
        elif service == "critical-care":
            assert days[service] == pytest.approx(count, rel=1e-6)
        elif service != "reablement":
            assert people[service] == pytest.approx(count, rel=1e-6)


def test_a_simulation_without_limits_has_that_activity(unlimited: Network) -> None:
    people, days = by_service(unlimited)
    runs = Simulation(unlimited, seed=3).run(4)
    where: dict[str, list[int]] = defaultdict(list)
    for i, station in enumerate(unlimited.stations):
        where[station.service].append(i)
    for service, at in where.items():
        entered = np.array([r[0].stations[at].entered.sum() for r in runs])
        taken = np.array([r[0].stations[at].days_taken.sum() for r in runs])
        spread = 4.0 * np.sqrt(people[service] / 4.0)
        assert abs(entered.mean() - people[service]) < spread + 4.0 * entered.std(ddof=1) / 2.0
        # a day's stay varies about as much as it is long, and long stays make few independent years
        assert taken.mean() == pytest.approx(days[service], rel=max(0.01, 12.0 / np.sqrt(people[service])))
        assert all(not r[0].stations[at].cancelled.any() and not r[0].stations[at].turned.any() for r in runs)


def test_the_census_has_the_mean_of_the_network(unlimited: Network) -> None:
    _, days = by_service(unlimited)
    found = {c.service: c for c in census(unlimited, {})}
    assert set(found) == set(days)
    for service, one in found.items():
        assert one.mean == pytest.approx(days[service] / 365.0, rel=1e-9)
        assert one.busiest >= one.mean * (1.0 - 1e-9)


def test_the_base_year_is_near_what_was_published(llr: Plan) -> None:
    flow = simulate(llr, "do-nothing", "2013/14", 4, seed=1)
    table = against_published(flow.base)
    assert set(table["indicator"]) == {"acute-occupancy", "lpt-occupancy", "ae-four-hours", "delayed-days"}
    assert table["near"].all(), table


def test_a_site_without_beds_is_refused_with_its_row(llr: Plan) -> None:
    plan = changed(llr, "catchments", pl.col("from_year").is_null())
    with pytest.raises(Problems) as error:
        network(plan, "2018/19")
    assert str(error.value.items[0]) == (
        'catchments.csv, share: the row "community-inpatient, leicestershire, ashby, (blank)": 7.2% of'
        " community-inpatient from leicestershire goes to ashby, which has no beds in 2018/19."
        " Send them to another site from that year on (from_year), or open beds in capacity.csv."
    )


def test_flows_that_bring_more_than_there_are_are_refused_with_their_row(llr: Plan) -> None:
    flows = llr.tables["flows"].with_columns(
        share=pl.when(pl.col("to_service") == "critical-care").then(0.4).otherwise(pl.col("share"))
    )
    with pytest.raises(Problems) as error:
        network(with_table(llr, "flows", flows), "2013/14")
    rows = {named(r, *FLOW_KEY) for r in flows.filter(to_service="critical-care").iter_rows(named=True)}
    for problem in error.value.items:
        row, _, what = problem.message.partition(" and others: ")
        assert (problem.file, problem.row, problem.column) == ("flows.csv", None, "share") and row in rows
        assert " to critical-care in 2013/14, and the forecast has" in what


def test_delays_longer_than_the_stay_are_refused_with_their_row(llr: Plan) -> None:
    flows = llr.tables["flows"].with_columns(
        delay_days=pl.when(pl.col("to_service") == "care-home").then(900.0).otherwise(pl.col("delay_days"))
    )
    with pytest.raises(Problems) as error:
        network(with_table(llr, "flows", flows), "2013/14")
    row, _, what = str(error.value.items[0]).partition(": people aged ")
    assert " days in " in what and " delays alone would take " in what
    assert row.removeprefix("flows.csv, delay_days: ") in {
        named(r, *FLOW_KEY) for r in flows.filter(to_service="care-home").iter_rows(named=True)
    }


def test_a_plan_that_says_nothing_of_patient_flow_is_refused(llr: Plan) -> None:
    plan = with_table(llr, "patient_flow", llr.tables["patient_flow"].clear())
    with pytest.raises(Problems, match="nothing to simulate"):
        network(plan, "2013/14")


def test_an_unknown_scenario_or_initiative_is_named(llr: Plan) -> None:
    with pytest.raises(UsageError, match="two-acute-sites"):
        simulate(llr, "two-acute-site", "2018/19", 2)
    with pytest.raises(UsageError, match='no initiative "I999"'):
        simulate(llr, "do-nothing", "2018/19", 2, slips={"I999": 6.0})


def test_beds_that_close_with_an_initiative_wait_for_it_and_what_it_depends_on(llr: Plan) -> None:
    """I055 closes acute beds: they close on its date, and later when it or what it waits for is late."""
    rows = llr.tables["capacity"]
    closing = rows.filter(pl.col("service") == "emergency-medical", pl.col("site") == "lri").with_columns(
        year=pl.lit("2018/19"), available=pl.lit(400.0), initiative=pl.lit("I055")
    )
    plan = with_table(llr, "capacity", pl.concat([rows, closing]))
    live = plan.tables["milestones"].filter(pl.col("initiative") == "I055", pl.col("kind") == "live")["date"][0]
    planned = max((live - date(2018, 4, 1)).days, 0)
    here = openings(plan, "2018/19", {})["emergency-medical", "lri"]
    late = openings(plan, "2018/19", {"I055": 2.0})["emergency-medical", "lri"]
    never = openings(plan, "2018/19", {"I055": 60.0})["emergency-medical", "lri"]
    day = here.changes[0][0] if here.changes else 0.0
    assert day == planned
    assert (here.changes[-1][1] if here.changes else here.beds) == 400
    assert late.beds == 443
    assert late.changes == ((pytest.approx(day + 365.0 / 6.0, abs=2.0), 400),)
    assert never.beds == 443
    assert not never.changes
    nothing = openings(plan.under("do-nothing"), "2018/19", {})["emergency-medical", "lri"]
    assert (nothing.beds, nothing.changes) == (443, ())  # where it does not happen, nothing closes


def test_a_delay_that_is_no_number_of_months_is_refused(llr: Plan) -> None:
    for months in (float("nan"), float("inf"), -5_000.0):
        with pytest.raises(UsageError, match=r"I055 cannot be .* months late; say for example I055=6"):
            openings(llr, "2018/19", {"I055": months})


def test_the_day_on_which_an_initiative_goes_live_is_the_day_of_its_milestone(llr: Plan) -> None:
    rows = llr.tables["milestones"].filter(pl.col("depends_on").is_null() & (pl.col("kind") == "live"))
    found = days_live(llr, "2016/17", {})
    assert rows.height > 5
    for row in rows.iter_rows(named=True):
        assert found[row["initiative"]] == (row["date"] - date(2016, 4, 1)).days


def test_a_winter_ward_opens_and_closes_within_the_year(llr: Plan) -> None:
    rows = llr.tables["capacity"]
    ward = rows.filter(pl.col("service") == "emergency-medical", pl.col("site") == "glenfield").with_columns(
        year=pl.lit("2018/19")
    )
    winter = [
        ward.with_columns(available=pl.lit(249.0), from_date=pl.lit(date(2018, 11, 1))),
        ward.with_columns(available=pl.lit(221.0), from_date=pl.lit(date(2019, 3, 1))),
    ]
    plan = with_table(llr, "capacity", pl.concat([rows, *winter]))
    here = openings(plan, "2018/19", {})["emergency-medical", "glenfield"]
    assert (here.beds, here.changes) == (221, ((214.0, 249), (334.0, 221)))
    counted = Simulation(network(plan, "2018/19"), seed=2).run(1)[0][0]
    at = [
        i for i, s in enumerate(network(plan, "2018/19").stations) if s.name.startswith("emergency-medical@glenfield")
    ]
    opened = np.diff(counted.ticks["days_open"][:, at].sum(axis=1))
    assert opened[[0, 213, 214, 333, 334, 364]] == pytest.approx([221, 221, 249, 249, 221, 221])
    # The forecast takes the average of the year: 120 days of 28 more.
    system = compile_plan(plan.under("do-nothing"))
    row = next(
        b
        for b in system.beds
        if system.services[b.service] == "emergency-medical" and system.sites[b.site] == "glenfield"
    )
    assert row.open[-1] == pytest.approx(221.0 + 28.0 * 120.0 / 365.0)


def test_a_service_with_opening_hours_takes_nobody_new_outside_them(llr: Plan) -> None:
    rules = llr.tables["patient_flow"].with_columns(
        opens_hour=pl.when(pl.col("service") == "ae-minor").then(8).otherwise(pl.col("opens_hour")),
        closes_hour=pl.when(pl.col("service") == "ae-minor").then(20).otherwise(pl.col("closes_hour")),
    )
    plan = with_table(llr, "patient_flow", rules)
    found = network(plan, "2013/14")
    always = open_beds(network(llr, "2013/14"))
    assert open_beds(found) == always  # beds of the time when it is open
    late = expected_activity(plan.under("do-nothing"), "2013/14")
    free = network_of(plan.under("do-nothing"), "2013/14", late.activity, late.dispersion, unlimited=True)
    assert {(s.beds, s.hours) for s in free.stations} == {(None, None)}
    counted = Simulation(found, 28.0, 7.0, 2).run(1, log=True)[0][0]
    minor = [i for i, s in enumerate(found.stations) if s.service == "ae-minor"]
    began = counted.log[(counted.log.what == STARTED) & np.isin(counted.log.station, minor)]
    hour = (began.time % 1.0) * 24.0
    assert began.size > 5_000
    assert (hour >= 8.0 - 1e-6).all()
    assert (hour < 20.0 + 1e-6).all()


def network(plan: Plan, year: str) -> Network:
    under = plan.under("do-nothing")
    found = expected_activity(under, year)
    return network_of(under, year, found.activity, found.dispersion)


def changed(plan: Plan, table: str, keep: pl.Expr) -> Plan:
    return with_table(plan, table, plan.tables[table].filter(keep))


def with_table(plan: Plan, name: str, frame: pl.DataFrame) -> Plan:
    return Plan(plan.settings, {**plan.tables, name: frame}, plan.scenarios, plan.folder)
