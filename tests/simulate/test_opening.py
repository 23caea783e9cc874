"""When beds are open: changes of their number, hours of the day, and beds that are added."""

from __future__ import annotations

import numpy as np
import pytest

from bettercare.engines.simulate.arrays import NO_LIMIT
from bettercare.engines.simulate.network import Network, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.opening import beds_at, openings_of
from bettercare.engines.simulate.results import open_beds
from bettercare.engines.simulate.run import Simulation
from bettercare.foundation.problems import UsageError
from tests.simulate.logs import problems
from tests.simulate.runs import queue, run

DAY = (8.0 / 24.0, 20.0 / 24.0)


def test_changes_count_from_their_day_and_more_beds_all_the_time() -> None:
    ward = Station("ward", 10, changes=((9.0, 14), (5.0, 6), (-30.0, 12), (99.0, 1)))
    assert openings_of(ward, -28.0, 20.0) == [(-28.0, 12), (5.0, 6), (9.0, 14)]
    assert openings_of(ward, -28.0, 20.0, more=-8) == [(-28.0, 4), (5.0, 0), (9.0, 6)]
    assert openings_of(Station("home", None), 0.0, 5.0, more=3) == [(0.0, NO_LIMIT)]


def test_outside_its_hours_a_station_has_no_beds_whatever_is_added() -> None:
    clinic = Station("clinic", 4, changes=((1.0, 6), (1.5, 2)), hours=DAY)
    for more in (0, 3):
        assert openings_of(clinic, 0.0, 2.0, more) == [
            (0.0, 0), (DAY[0], 4 + more), (DAY[1], 0), (1.0 + DAY[0], 6 + more), (1.5, 2 + more), (1.0 + DAY[1], 0)
        ]  # fmt: skip
    assert beds_at(clinic, np.array([0.1, 0.5, 0.9, 1.4, 1.6])).tolist() == [0, 4, 0, 6, 2]


def test_a_station_may_be_open_over_midnight_or_all_the_time() -> None:
    night = Station("night", 3, hours=(20.0 / 24.0, 6.0 / 24.0))
    assert openings_of(night, 0.0, 1.0) == [(0.0, 3), (0.25, 0), (20.0 / 24.0, 3)]
    assert openings_of(Station("day and night", 3, hours=(0.0, 1.0)), -7.0, 14.0) == [(-7.0, 3)]


def test_hours_hold_when_beds_are_added_and_for_longer_than_a_year() -> None:
    n = queue(2, 5.0, 0.1)
    n = Network((Station("ward", 2, hours=DAY),), n.rules, n.steps, n.streams)
    simulation = Simulation(n, 400.0, 7.0)
    ((some, more),) = simulation.run(1, beds=[{}, {"ward": 2}], log=True)
    assert problems(simulation, some) == problems(simulation, more, {"ward": 2}) == []
    assert some.stations.days_open[0] == pytest.approx(2 * 400 / 2)
    assert more.stations.days_open[0] == pytest.approx(4 * 400 / 2)
    run(n, days=30, replications=1, log=True)


def test_beds_of_a_network_are_those_of_its_hours() -> None:
    n = queue(2, 5.0, 0.1)
    stations = (Station("ward", 2, hours=DAY, service="clinic", site="here"),)
    assert open_beds(Network(stations, n.rules, n.steps, n.streams)) == {("clinic", "here"): 2}


def test_hours_that_are_not_within_a_day_are_refused() -> None:
    n = queue(2, 5.0, 0.1)
    with pytest.raises(UsageError, match='Station "ward" opens or closes at a time that is not within the day'):
        Network((Station("ward", 2, hours=(8.0, 20.0)),), n.rules, n.steps, n.streams)


def test_replications_below_zero_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot be run -1 times"):
        Simulation(queue(2, 5.0, 0.1), 10.0).run(-1)


def test_waits_of_those_who_gave_up_are_not_waits_of_those_who_were_placed() -> None:
    """At a full ward most wait a day and go; the wait of the others does not have theirs in it."""
    n = Network(
        (Station("ward", 1),),
        (Rule("in turn", patience=1.0),),
        (Step("care", (("ward", 1.0),), Stay(1.0, 0.0, "fixed"), "in turn"),),
        (Stream("people", "care", 10.0),),
    )
    (c,) = run(n, days=200, replications=1, log=True)
    s = c.stations
    assert s.cancelled[0] > 5 * s.started[0]
    assert s.sum_wait[0] / s.started[0] > 5.0  # all waiting, over those placed
    assert s.wait_started[0] / s.started[0] <= 1.0  # nobody waited longer than a day
    middle = (np.arange(c.wait.shape[1]) + 0.5) / 96.0
    assert s.wait_started[0] == pytest.approx((c.wait[0] * middle).sum(), rel=0.02)
    assert s.time_left[0] == pytest.approx(s.wait_started[0] + s.left[0], rel=0.01)
