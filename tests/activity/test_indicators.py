"""The indicators against their slow oracle, at the edges of their rules, and what they say of themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from bettercare.activity import indicators
from bettercare.foundation.problems import UsageError
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from tests.activity.event_rows import Event, Person, connect, some_events, some_people
from tests.activity.indicator_oracle import Oracle

CODES = [one.code for one in indicators.known()]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan("llr")


@pytest.fixture(scope="module", params=[1, 2, 3])
def world(request: pytest.FixtureRequest, plan: Plan) -> tuple[Oracle, pl.DataFrame]:
    people = some_people(request.param)
    events = some_events(request.param, people)
    return Oracle(people, events, plan), indicators.run(connect(people, events), plan)


@pytest.mark.parametrize("code", CODES)
def test_each_indicator_counts_as_its_definition_says(code: str, world: tuple[Oracle, pl.DataFrame]) -> None:
    oracle, table = world
    expected = {k: tuple(v) for k, v in getattr(oracle, code.replace("-", "_"))().items() if oracle.held(k[2], k[1])}
    found = table.filter(pl.col("indicator") == code).drop("indicator").rows()
    assert {row[:4]: row[4:] for row in found} == expected
    assert len(found) == len(expected)


def test_random_rows_reach_every_indicator(world: tuple[Oracle, pl.DataFrame]) -> None:
    counted = set(world[1].filter(pl.col("numerator") > 0)["indicator"])
    assert set(CODES) - counted <= {"end-of-life-contacts", "mental-health-contacts"}


def one(code: str, plan: Plan, *events: Event, people: tuple[Person, ...] = (Person(1),)) -> tuple[int, int | None]:
    table = indicators.run(connect(people, events), plan, only=[code])
    return int(table["numerator"].sum()), table["denominator"].sum()


NINE = datetime(2014, 1, 5, 9)


@pytest.mark.parametrize(("minutes", "counted"), [(-1, 0), (0, 1), (119, 1), (120, 1), (121, 0), (None, 0)])
def test_two_hours_are_120_minutes(plan: Plan, minutes: int | None, counted: int) -> None:
    stop = None if minutes is None else NINE + timedelta(minutes=minutes)
    row = Event(1, "contact", NINE, service="crisis-response", priority="2h", clock_start=NINE, clock_stop=stop)
    assert one("urgent-response-two-hours", plan, row) == (counted, 1)


@pytest.mark.parametrize(("days", "counted"), [(0, 1), (29, 1), (30, 0)])
def test_readmission_is_29_days_after_leaving_at_most(plan: Plan, days: int, counted: int) -> None:
    home = NINE + timedelta(days=2)
    index = Event(1, "spell", NINE, home, service="emergency-medical", method="emergency", outcome="home")
    again = Event(
        1, "spell", home + timedelta(days=days), service="emergency-medical", method="emergency", organisation="lpt"
    )
    later = Event(1, "contact", datetime(2014, 6, 1), service="district-nursing")
    assert one("emergency-readmissions", plan, index, again, later) == (counted, 1)


def test_cancer_births_and_the_dead_do_not_come_back(plan: Plan) -> None:
    home = NINE + timedelta(days=2)
    again = Event(1, "spell", home, service="emergency-medical", method="emergency")
    later = Event(1, "contact", datetime(2014, 6, 1), service="district-nursing")
    for change in ({"diagnosis": "C509"}, {"diagnosis": "O80"}, {"outcome": "died"}, {"method": "maternity"}):
        index = Event(1, "spell", NINE, home, **{"service": "emergency-medical", "method": "emergency", **change})  # type: ignore[arg-type]
        assert one("emergency-readmissions", plan, index, again, later)[0] == 0


def test_every_outcome_of_the_example_has_an_indicator(plan: Plan) -> None:
    measured = {o for one in indicators.known() for o in (one.outcome, *(group[1] for group in one.groups))}
    assert [code for code in plan["outcomes"]["code"].to_list() if code not in measured] == []


def test_plan_indicators_that_are_named_are_there_and_better_the_same_way(plan: Plan) -> None:
    directions = dict(plan["indicators"].select("code", "direction").iter_rows())
    for one_ in indicators.known():
        assert set(one_.plan) <= set(directions), one_.code
        if one_.code in directions:
            assert directions[one_.code] == one_.direction, one_.code


def test_what_is_missing_at_the_top_is_named() -> None:
    with pytest.raises(UsageError, match=r"wrong.sql does not say its numerator"):
        indicators.parse("wrong", "-- name: A name\nselect 1\n")
    with pytest.raises(UsageError, match="not known"):
        indicators.parse("wrong", "-- colour: blue\nselect 1\n")
    with pytest.raises(UsageError, match="Did you mean"):
        indicators.find("ae-four-hour")


def test_an_empty_store_gives_an_empty_table(plan: Plan) -> None:
    assert indicators.run(connect([], []), plan).is_empty()
