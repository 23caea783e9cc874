"""What one more bed buys and the cheapest beds, on two small wards whose sums can be done apart from the search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from bettercare import UsageError, read_plan
from bettercare.appraisal.search import (
    _without_waste,
    bed_cost,
    cheapest_beds,
    more_beds,
    risk_of_long_wait,
    what_a_bed_buys,
    where_it_blocks,
)
from bettercare.engines.simulate.network import Network, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.results import YearOfFlow
from bettercare.engines.simulate.run import Simulation
from bettercare.plan.plan import Plan
from tests.plan import small

EMERGENCY, ELECTIVE = ("emergency", "general"), ("elective", "general")
COSTS = {EMERGENCY: 1_600_000 / 28, ELECTIVE: 1_400_000 / 24}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return read_plan(small.build(tmp_path_factory.mktemp("search") / "plan"))


def network(emergency: tuple[int, ...] = (12,), elective: int = 11) -> Network:
    """Ten people a day who stay a day on average, at each of two services of one site."""
    wards = tuple(Station(f"e{k}", beds, service="emergency", site="general") for k, beds in enumerate(emergency))
    shares = tuple((ward.name, 1.0 / len(wards)) for ward in wards)
    stay = Stay(1.0, 1.0, "exponential")
    return Network(
        (*wards, Station("planned", elective, service="elective", site="general")),
        (Rule("in turn"),),
        (Step("emergency", shares, stay, "in turn"), Step("elective", (("planned", 1.0),), stay, "in turn")),
        (Stream("come", "emergency", 10.0), Stream("are called", "elective", 10.0)),
    )


def simulated(plan: Plan, net: Network, replications: int = 3) -> tuple[Simulation, YearOfFlow]:
    simulation = Simulation(net, seed=5)
    counted = [found[0] for found in simulation.run(replications)]
    return simulation, YearOfFlow(plan, "do-nothing", "2013/14", net, counted)


def risk(plan: Plan, simulation: Simulation, beds: dict[str, int], first: int, replications: int) -> list[float]:
    """The share of waits over four hours, reckoned from the counted waits (in quarters of an hour) of both wards."""
    runs = simulation.run(replications, first=first, beds=[beds])
    waits = [counted.wait.sum(axis=0) for (counted,) in runs]
    return [float(wait[16:].sum() / wait.sum()) for wait in waits]


def test_more_beds_are_spread_over_the_wards_of_a_place() -> None:
    net = network((5, 5, 5))
    assert more_beds(net, EMERGENCY, 7) == {"e0": 3, "e1": 2, "e2": 2}
    assert more_beds(net, EMERGENCY, 2) == {"e0": 1, "e1": 1}
    assert more_beds(net, ELECTIVE, 3) == {"planned": 3}


def test_a_bed_costs_its_part_of_a_step(plan: Plan) -> None:
    assert bed_cost(plan, "emergency") == pytest.approx(1_600_000 / 28)
    assert bed_cost(plan, "community-ward") == pytest.approx(800_000 / 12)


def test_a_price_that_the_plan_does_not_give_is_not_made_up(plan: Plan) -> None:
    costs = plan.tables["costs"].filter(pl.col("service") != "elective")
    unpriced = replace(plan, tables={**plan.tables, "costs": costs})
    assert bed_cost(unpriced, "elective") is None
    simulation, year = simulated(unpriced, network())
    assert [(b.service, b.site) for b in what_a_bed_buys(simulation, year, 2)] == [EMERGENCY]
    with pytest.raises(UsageError, match=r"does not say what a bed of elective costs. Write step_gbp and step_size"):
        cheapest_beds(simulation, year, 0.01)


def test_what_a_bed_buys_is_the_difference_that_it_makes(plan: Plan) -> None:
    simulation, year = simulated(plan, network())
    assert where_it_blocks(year) == [ELECTIVE, EMERGENCY]  # the fuller first
    bought = {(b.service, b.site): b for b in what_a_bed_buys(simulation, year, 4)}
    runs = simulation.run(4, beds=[{}, {"planned": 2}])
    for at, found in ((ELECTIVE, bought[ELECTIVE]), (EMERGENCY, bought[EMERGENCY])):
        assert (found.added, found.cost_gbp) == (2, COSTS[at])
    days = [(before.stations.sum_wait.sum() - after.stations.sum_wait.sum()) / 2 for before, after in runs]
    late = [(before.wait[:, 16:].sum() - after.wait[:, 16:].sum()) / 2 for before, after in runs]
    assert bought[ELECTIVE].person_days[0] == pytest.approx(np.mean(days), rel=1e-6)
    assert bought[ELECTIVE].long_waits[0] == pytest.approx(np.mean(late))
    assert bought[ELECTIVE].person_days[1] > 0.0
    assert bought[ELECTIVE].person_days[0] > bought[EMERGENCY].person_days[0]


def test_the_cheapest_beds_hold_the_risk_at_what_they_cost(plan: Plan) -> None:
    simulation, year = simulated(plan, network())
    target = 0.02
    found = cheapest_beds(simulation, year, target, replications=2)
    beds: dict[str, int] = {}
    for where, more in found.added.items():
        beds |= more_beds(simulation.network, where, more)
    assert found.reached and found.replications == 6
    assert found.cost_gbp == pytest.approx(sum(COSTS[where] * more for where, more in found.added.items()))
    assert found.risk[0] == pytest.approx(np.mean(risk(plan, simulation, beds, 10_000, 6)))
    assert found.before[0] == pytest.approx(np.mean(risk(plan, simulation, {}, 10_000, 6)))
    assert found.risk[0] <= target < found.before[0]
    assert found.added[ELECTIVE] >= 2  # the fuller of the two gains most


def test_nothing_is_added_where_the_level_is_held_already(plan: Plan) -> None:
    simulation, year = simulated(plan, network((30,), 30))
    found = cheapest_beds(simulation, year, 0.05, replications=2)
    assert (found.added, found.cost_gbp, found.reached) == ({}, 0.0, True)
    assert found.before == found.risk == (0.0, 0.0, 0.0)
    assert risk_of_long_wait(year) == 0.0


def test_what_is_not_needed_is_taken_away_again() -> None:
    def held_by_four(added: object) -> float:
        assert isinstance(added, dict)
        return 0.0 if added.get(EMERGENCY, 0) >= 4 else 1.0

    assert _without_waste({EMERGENCY: 8, ELECTIVE: 4}, 0.5, COSTS, held_by_four) == {EMERGENCY: 4, ELECTIVE: 2}
    assert _without_waste({EMERGENCY: 4, ELECTIVE: 1}, 0.5, COSTS, held_by_four) == {EMERGENCY: 4}
    assert _without_waste({EMERGENCY: 3}, 0.5, COSTS, held_by_four) == {EMERGENCY: 3}
