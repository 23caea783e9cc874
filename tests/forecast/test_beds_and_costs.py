"""Beds, staff and costs whose rows change from year to year, or belong to an initiative."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bettercare.engines.forecast import Forecast, forecast
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.compile_activity import _keep
from bettercare.engines.forecast.measures import Batch
from bettercare.engines.forecast.run import evaluate
from bettercare.plan.plan import Plan
from tests.forecast.plans import plan
from tests.plan.small import files

HERE = {"service": "emergency", "place": "general"}


def middle(p: Plan, scenario: str = "as-planned") -> Batch:
    """All measures with every input at its middle, and no chance."""
    system = compile_plan(p.under(scenario))
    return evaluate(system, np.full((1, len(system.inputs)), 0.5))


def values(batch: Batch, measure: str, **where: str) -> list[float]:
    """A measure in each year."""
    wanted = (measure, *(where.get(c, "") for c in ("service", "place", "partner")))
    (found,) = [v for k, v in batch.values.items() if (k.measure, k.service, k.place, k.partner) == wanted]
    return [float(x) for x in found[:, 0]]


def adds_up(f: Forecast, measure: str) -> None:
    for name, result in f.scenarios.items():
        for year in f.years:
            parts = f.ledger(name, measure).filter(pl.col("year") == year)["value"].sum()
            assert parts == pytest.approx(result.draws(measure, year).mean(), rel=1e-9), (name, year)


def test_beds_that_an_initiative_closes_stay_where_it_does_not_happen(tmp_path: Path) -> None:
    p = plan(tmp_path)
    assert values(middle(p), "beds_open", **HERE) == [215.0, 215.0, 205.0]
    assert values(middle(p, "do-nothing"), "beds_open", **HERE) == [215.0] * 3
    assert values(middle(p, "do-nothing"), "acute_beds_open") == [215.0 + 52.0] * 3


def test_open_beds_wear_the_badge_of_their_row_and_results_are_modelled(tmp_path: Path) -> None:
    table = forecast(plan(tmp_path), draws=20).table().filter(pl.col("statistic") == "mean")

    def badges(scenario: str, measure: str, place: str = "general", service: str = "emergency") -> list[str]:
        rows = table.filter(scenario=scenario, measure=measure, place=place, service=service)
        return rows.sort("year")["badge"].to_list()

    assert badges("do-nothing", "beds_open") == ["measured"] * 3
    assert badges("as-planned", "beds_open") == ["measured", "measured", "assumed"]  # the strategy's 205
    assert badges("as-planned", "acute_beds_open", "", "") == ["measured", "measured", "assumed"]
    for measure in ("beds_needed", "beds_occupied", "risk_of_full"):
        assert badges("as-planned", measure) == ["modelled"] * 3


def test_a_ward_that_opens_during_the_year_lowers_its_badge_to_the_weaker_row(tmp_path: Path) -> None:
    capacity = files()["capacity.csv"].replace("site,year,", "site,year,from_date,").replace(",2013/14,", ",2013/14,,")
    capacity = capacity.replace(",2015/16,205,", ",2014/15,2014-10-01,205,")
    system = compile_plan(plan(tmp_path, capacity=capacity).under("as-planned"))
    (row,) = [b for b in system.beds if system.services[b.service] == "emergency" and b.open.any()]
    assert row.badges == ("measured", "assumed", "assumed") and row.badge == "assumed"
    assert row.open == pytest.approx([215.0, 215.0 - 10.0 * 182 / 365, 205.0])


COSTS = "provider,service,site,from_year,fixed_gbp,step_size,step_gbp,marginal_gbp,index,evidence,assumed,note"


def with_costs(folder: Path, *home_team: str, sites: bool = False) -> Plan:
    """The small plan with other costs of the home team; with `sites` it has a second base."""
    rows = [
        ",".join([*line.split(",")[:3], "", *line.split(",")[3:]])
        for line in files()["costs.csv"].splitlines()[1:]
        if ",home-team," not in line
    ]
    costs = "\n".join([COSTS, *rows, *home_team]) + "\n"
    second: dict[str, list[tuple[str, str]]] = {
        "sites.csv": [
            ("elsewhere,Outside", "base-2,Second base,home,community-trust,,,,,no,Open,returns,\nelsewhere,Outside")
        ],
        "catchments.csv": [("home-team,south,base,1", "home-team,south,base-2,1")],
    }
    return plan(folder, second if sites else None, costs=costs)


def home_staff(p: Plan, size: dict[str, list[float]]) -> tuple[list[float], list[float]]:
    """Staff of the home team, and what they should be: two for each step, at each base."""
    system = compile_plan(p.under("as-planned"))
    batch = middle(p)
    visits = {x: values(batch, "activity", service="home-team", place=x) for x in ("north", "south")}
    at = {site: system.catchment[system.services.index("home-team")][:, system.sites.index(site)] for site in size}
    want = [
        sum(
            2.0 * np.ceil(sum(at[site][i, y] * visits[x][y] for i, x in enumerate(system.localities)) / sizes[y])
            for site, sizes in size.items()
        )
        for y in range(3)
    ]
    return values(batch, "staff_wte", partner="community-trust"), want


def test_staff_of_whole_steps_follow_the_steps_of_each_site_and_year(tmp_path: Path) -> None:
    north, south = "community-trust,home-team,base,", "community-trust,home-team,base-2,"
    p = with_costs(
        tmp_path,
        f"{north},0,100,90000,10,cost,,For the test,",
        f"{north}2015/16,0,300,90000,10,cost,,For the test,",
        f"{south},0,700,90000,10,cost,,For the test,",
        sites=True,
    )
    found, want = home_staff(p, {"base": [100.0, 100.0, 300.0], "base-2": [700.0] * 3})
    assert found == want and want[2] > 0.0
    adds_up(forecast(p, draws=60), "staff_wte")
    adds_up(forecast(p, draws=60), "gap_gbp")


def test_a_cost_that_changes_its_index_follows_the_new_one_from_that_year(tmp_path: Path) -> None:
    row = "community-trust,home-team,base"
    first, later = f"{row},,500000,1000,,10,{{}},,For the test,", f"{row},2015/16,500000,1000,,10,{{}},,For the test,"
    both = with_costs(tmp_path / "a", first.format("cost"), later.format("tariff"))
    cost, tariff = (with_costs(tmp_path / x, first.format(x)) for x in ("cost", "tariff"))
    index = next(c.index for c in compile_plan(both).accounts.costs if len(set(c.index)) > 1)
    assert index == ("cost", "cost", "tariff")
    found, old, new = (values(middle(p), "cost_gbp", partner="community-trust") for p in (both, cost, tariff))
    assert found == pytest.approx([*old[:2], new[2]]) and old[2] != pytest.approx(new[2])
    adds_up(forecast(both, draws=60), "gap_gbp")


def test_a_chain_of_many_milestones_is_followed(tmp_path: Path) -> None:
    steps = "".join(f"step-{i},home-first,Step {i},step,2014-09-01,step-{i + 1},0,strategy,\n" for i in range(1_500))
    last = "step-1500,home-first,The first step,step,2014-09-01,,0,strategy,\n"
    milestones = files()["milestones.csv"].replace(",2014-10-01,,", ",2014-10-01,step-0,") + steps + last
    system = compile_plan(plan(tmp_path, milestones=milestones).under("as-planned"))
    assert len(system.milestones) > 1_500
    assert all(j < i for i, m in enumerate(system.milestones) for j in m.after)


def test_what_is_kept_for_the_next_scenario_can_be_asked_for_by_many_threads() -> None:
    tables = [(pl.DataFrame({"a": [k]}),) for k in range(40)]

    def ask(k: int) -> bool:
        return _keep(tables[k % 40], ("test",), lambda: k % 40) == k % 40

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(40_000)))
