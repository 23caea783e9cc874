"""The log as a table: whole, in words, and enough to find again everything that the simulation counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bettercare import read_plan
from bettercare.engines.forecast.expected import expected_activity
from bettercare.engines.simulate.arrays import ASKED, LEFT, READY, STARTED, Records
from bettercare.engines.simulate.events import beds_at, counts_at, events, write_events
from bettercare.engines.simulate.from_plan import network_of
from bettercare.engines.simulate.network import Network, Station, Stay
from bettercare.engines.simulate.results import YearOfFlow
from bettercare.engines.simulate.run import Counted, Simulation
from bettercare.foundation.problems import UsageError
from tests.simulate.logs import problems
from tests.simulate.runs import queue
from tests.simulate.test_events import networks
from tests.simulate.test_luck import everything

DAYS = 14.0


@pytest.fixture(scope="module")
def fortnight() -> tuple[YearOfFlow, Simulation]:
    """The first two weeks of a year of the example."""
    plan = read_plan("llr").under("two-acute-sites")
    expected = expected_activity(plan, "2018/19")
    simulation = Simulation(network_of(plan, "2018/19", expected.activity, expected.dispersion), DAYS, seed=2)
    ((c,),) = simulation.run(1, log=True)
    return YearOfFlow(plan, "two-acute-sites", "2018/19", simulation.network, [c]), simulation


@pytest.fixture(scope="module")
def table(fortnight: tuple[YearOfFlow, Simulation]) -> pl.DataFrame:
    return events(*fortnight)


def test_patients_are_conserved_in_a_network_with_everything() -> None:
    simulation = Simulation(everything(), 60.0, 7.0, seed=4)
    beds: list[dict[str, int]] = [{}, {"ward": 2, "ae": -3}]
    for found in simulation.run(4, beds=beds, log=True):
        for c, change in zip(found, beds, strict=True):
            assert problems(simulation, c, change) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.integers(0, 1000))
def test_patients_are_conserved_in_any_network(network: Network, seed: int) -> None:
    simulation = Simulation(network, 25.0, 5.0, seed)
    ((c,),) = simulation.run(1, log=True, threads=1)
    assert problems(simulation, c) == []


def test_patients_are_conserved_in_the_example(fortnight: tuple[YearOfFlow, Simulation]) -> None:
    year, simulation = fortnight
    assert len(year.counted[0].log) > 100_000
    assert problems(simulation, year.counted[0]) == []


def of(log: Records, what: int, k: int = 200) -> int:
    """The place in the log of the k-th line of a kind."""
    return int(np.flatnonzero(log.what == what)[k])


def without(log: Records, line: int) -> Records:
    return np.delete(log, line).view(np.recarray)


def changed(log: Records, line: int, **fields: float) -> Records:
    log = log.copy()
    for name, value in fields.items():
        log[name][line] = value
    return log


def twice(log: Records, line: int) -> Records:
    return np.insert(log, line, log[line]).view(np.recarray)


def swapped(log: Records, line: int) -> Records:
    log = log.copy()
    log[[line, line + 1]] = log[[line + 1, line]]
    return log


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda log: without(log, of(log, STARTED)), "in two beds at once, or leaves one"),
        (lambda log: without(log, of(log, LEFT)), "leaves before they are ready|in two beds|counts|simulation"),
        (lambda log: without(log, of(log, ASKED)), "given what they did not ask for"),
        (lambda log: without(log, of(log, READY)), "leaves before they are ready"),
        (lambda log: twice(log, of(log, ASKED)), "asks twice at once"),
        (lambda log: twice(log, of(log, READY)), "ready twice"),
        (lambda log: twice(log, of(log, STARTED)), "in two beds at once"),
        (lambda log: changed(log, of(log, LEFT), station=4), "leaves another ward"),
        (lambda log: changed(log, of(log, STARTED, 0), station=4), "does not suit them|another ward"),
        (lambda log: changed(log, of(log, STARTED), person=10**6), "did not ask for"),
        (lambda log: changed(log, of(log, READY), time=999.0), "order of time"),
        (lambda log: log[:-40], "in the simulation"),
        (lambda log: log[:0], "no events"),
    ],
)
def test_what_is_wrong_with_a_log_is_found(damage: Callable[[Records], Records], said: str) -> None:
    simulation = Simulation(everything(), 30.0, 7.0, seed=4)
    ((c,),) = simulation.run(1, log=True)
    found = problems(simulation, replace(c, log=damage(c.log)))
    assert found
    assert re.search(said, " ".join(found)), found


def test_more_people_than_beds_are_found() -> None:
    """The log of a run with more beds is no log of the network as it is."""
    simulation = Simulation(queue(5, 20.0, 0.3), 20.0, 7.0)
    ((few, many),) = simulation.run(1, beds=[{}, {"ward": 2}], log=True)
    assert problems(simulation, few) == problems(simulation, many, {"ward": 2}) == []
    assert any("6 in 5 beds" in line for line in problems(simulation, many))


def test_beds_that_close_hold_people_until_they_leave() -> None:
    n = queue(10, 30.0, Stay(1.0, 0.0, "fixed"), most_waiting=50)
    n = Network((Station("ward", 10, changes=((5.0, 6),), most_waiting=50),), n.rules, n.steps, n.streams)
    simulation = Simulation(n, 8.0)
    ((c,),) = simulation.run(1, log=True)
    assert problems(simulation, c) == []
    times = np.array([4.9, 5.0, 5.01, 6.1])
    taken, beds = counts_at(c.log, 1, times).taken[:, 0], beds_at(n, times)[:, 0]
    assert beds.tolist() == [10, 6, 6, 6]
    assert taken.tolist()[:2] == [10, 10] and taken[2] > 6 and taken[3] == 6


def test_the_table_says_what_happened_in_words(table: pl.DataFrame, fortnight: tuple[YearOfFlow, Simulation]) -> None:
    year, _ = fortnight
    log, stations = year.counted[0].log, year.network.stations
    assert table.columns == ["day", "at", "person", "use", "service", "site", "ward", "event", "waits_for"]
    for k in (0, len(log) // 2, len(log) - 1):
        row, line = table.row(k, named=True), log[k]
        station = stations[line.station]
        assert (row["ward"], row["service"], row["site"]) == (station.name, station.service, station.site)
        assert abs(row["at"] - datetime(2018, 4, 1) - timedelta(days=float(line.time))) < timedelta(milliseconds=1)
    asked = table.filter(pl.col("event") == "asked")
    assert (asked["waits_for"].cast(pl.String) == asked["service"].cast(pl.String)).all()
    put_off = table.filter(pl.col("event") == "put off")
    assert set(put_off["service"].cast(pl.String)) <= {"elective-inpatient", "specialised"}
    # Whoever was put off asks for the same again, two weeks later.
    again = table.filter(pl.col("event") == "asked").filter(pl.col("use").is_in(put_off["use"].implode()))
    gaps = again.group_by("use").agg((pl.col("day").max() - pl.col("day").min()).alias("gap"))["gap"]
    assert put_off.height > 0 and (gaps.filter(gaps > 0) > 14.0).all()


def test_counts_of_the_simulation_are_in_the_table(
    table: pl.DataFrame, fortnight: tuple[YearOfFlow, Simulation]
) -> None:
    """Beds taken at every midnight, and who came in, from the table alone."""
    year, _ = fortnight
    c: Counted = year.counted[0]
    for (service, site), at in year.places.items():
        here = table.filter((pl.col("service") == service) & (pl.col("site") == site))
        came, left = (here.filter(pl.col("event") == word)["day"].to_numpy() for word in ("came in", "left"))
        for day in (0, 7, 14):
            assert (came < day).sum() - (left < day).sum() == c.ticks.taken[day, at].sum()
        assert (came >= 0).sum() == c.stations.entered[at].sum()


def test_days_delayed_are_in_the_table(table: pl.DataFrame, fortnight: tuple[YearOfFlow, Simulation]) -> None:
    """From ready to leave until they left, by what people wait for: what the simulation added up."""
    year, _ = fortnight
    c = year.counted[0]
    ready = table.filter(pl.col("event") == "ready to leave").select("use", "waits_for", "day")
    left = table.filter(pl.col("event") == "left").select("use", pl.col("day").alias("left"))
    spans = ready.join(left, on="use", how="left").with_columns(pl.col("left").fill_null(DAYS))
    days = spans["left"].clip(lower_bound=0.0) - spans["day"].clip(lower_bound=0.0)
    found = dict(spans.with_columns(days.alias("days")).group_by("waits_for").agg(pl.col("days").sum()).iter_rows())
    kept = (c.arranging + c.blocked).sum(axis=0)
    assert kept[1:].min() > 0.0
    for k, reason in enumerate(year.network.reasons):
        assert found.get(reason or None, 0.0) == pytest.approx(kept[k], rel=1e-9, abs=1e-6), reason


def test_without_the_people_the_table_knows_only_what_they_asked_for(fortnight: tuple[YearOfFlow, Simulation]) -> None:
    year, simulation = fortnight
    with_, without_ = events(year, simulation), events(year)
    assert with_.drop("waits_for").equals(without_.drop("waits_for"))
    both = without_["waits_for"].is_not_null()
    assert with_["waits_for"].filter(both).equals(without_["waits_for"].filter(both))
    assert "home-care" in with_["waits_for"].cast(pl.String) and "home-care" not in without_["waits_for"].cast(
        pl.String
    )


def test_parquet_keeps_the_table(table: pl.DataFrame, fortnight: tuple[YearOfFlow, Simulation], tmp_path: Path) -> None:
    path = write_events(fortnight[0], tmp_path / "events.parquet", fortnight[1])
    assert pl.read_parquet(path).equals(table)


def test_a_year_without_events_says_so(fortnight: tuple[YearOfFlow, Simulation]) -> None:
    year, _ = fortnight
    empty = replace(year, counted=[replace(year.counted[0], log=year.counted[0].log[:0])])
    with pytest.raises(UsageError, match="events=True"):
        events(empty)
