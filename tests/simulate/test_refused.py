"""Networks that cannot be are refused with a sentence that names what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bettercare.engines.simulate.network import Network, Route, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.run import Simulation
from bettercare.foundation.problems import UsageError
from tests.simulate.runs import queue, run

PARTS: dict[str, Any] = {
    "stations": (Station("ward", 10), Station("home", 5)),
    "rules": (Rule("in turn"),),
    "steps": (
        Step("in", (("ward", 1.0),), Stay(2.0, 1.0), "in turn", (Route("out", 0.5),)),
        Step("out", (("home", 1.0),), Stay(5.0, 1.0), "in turn"),
    ),
    "streams": (Stream("people", "in", 3.0),),
}


def network(part: str, at: int, **changes: Any) -> Network:
    """The small network with one thing changed."""
    parts = dict(PARTS)
    parts[part] = tuple(replace(x, **changes) if i == at else x for i, x in enumerate(parts[part]))
    return Network(**parts)


def test_the_network_is_sound_before_it_is_broken() -> None:
    assert Network(**PARTS).rates().tolist() == [3.0, 1.5]


@pytest.mark.parametrize(
    ("part", "at", "changes", "said"),
    [
        ("streams", 0, {"step": "nowhere"}, 'Stream "people" comes to "nowhere", and there is no such step'),
        ("steps", 0, {"rule": "none"}, 'Step "in" waits by rule "none"'),
        ("steps", 0, {"where": (("elsewhere", 1.0),)}, 'Step "in" is at "elsewhere"'),
        ("steps", 0, {"routes": (Route("lost", 0.5),)}, 'Step "in" sends people to "lost"'),
        ("stations", 0, {"outlying": ("attic",)}, 'Station "ward" names "attic" beside it'),
        ("stations", 1, {"name": "ward"}, 'station "ward" occurs more than once'),
        ("steps", 0, {"stay": Stay(-1.0)}, 'Step "in" has a length of stay below zero'),
        ("steps", 0, {"stay": Stay(1.0, -1.0)}, 'Step "in" has a length of stay below zero'),
        ("steps", 0, {"stay": Stay(np.nan)}, 'Step "in" has a length of stay below zero'),
        ("steps", 0, {"stay": Stay(1.0, 1.0, "weibull")}, 'Step "in" has a length of stay of kind "weibull"'),
        ("steps", 0, {"where": (("ward", 0.5), ("home", 0.4))}, 'Step "in" has shares of its stations'),
        ("steps", 0, {"where": (("ward", 1.5), ("home", -0.5))}, 'Step "in" has shares of its stations'),
        ("steps", 0, {"where": ()}, 'Step "in" has shares of its stations'),
        ("steps", 0, {"routes": (Route("out", 0.7), Route(None, 0.7))}, 'Step "in" sends on shares'),
        ("steps", 0, {"routes": (Route("out", -0.1),)}, 'Step "in" sends on shares'),
        ("steps", 0, {"routes": (Route("out", 0.1, -1.0),)}, 'Step "in" has a delay below zero'),
        ("steps", 0, {"overflow": 1.5}, 'Step "in" has a share of people taken elsewhere'),
        ("rules", 0, {"patience": -1.0}, 'Rule "in turn" has a time below zero'),
        ("rules", 0, {"patience": np.nan}, 'Rule "in turn" has a time below zero'),
        ("rules", 0, {"back": -1.0}, 'Rule "in turn" has a time below zero'),
        ("rules", 0, {"priority": 4}, 'Rule "in turn" has priority 4; it can be 0 to 3'),
        ("streams", 0, {"rate": -1.0}, 'Stream "people" has a rate of -1 a day'),
        ("streams", 0, {"rate": np.inf}, 'Stream "people" has a rate of inf a day'),
        ("streams", 0, {"surge_sd": -0.1}, 'Stream "people" has a rate of 3 a day that varies by -0.1'),
        ("streams", 0, {"hour": (1.0,) * 23}, 'Stream "people" needs 24 weights by hour'),
        ("streams", 0, {"weekday": (0.0,) * 7}, 'Stream "people" needs 7 weights by weekday'),
        ("streams", 0, {"month": (-1.0,) + (1.0,) * 11}, 'Stream "people" needs 12 weights by month'),
        ("stations", 0, {"beds": -1}, 'Station "ward" has fewer than no beds'),
        ("stations", 0, {"changes": ((3.0, -1),)}, 'Station "ward" has fewer than no beds'),
        ("stations", 0, {"changes": ((np.nan, 1),)}, 'Station "ward" changes its beds on a day'),
        ("stations", 0, {"most_waiting": -1}, 'Station "ward" has room for fewer than nobody'),
        ("stations", 1, {"beds": 0}, 'Step "out" goes to "home", which is closed all the time'),
        ("steps", 1, {"routes": (Route("out", 1.0),)}, 'People who come to step "in" never leave'),
    ],
)
def test_what_cannot_be_is_named(part: str, at: int, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as found:
        network(part, at, **changes)
    assert said in str(found.value)


def test_a_station_that_opens_later_is_not_closed() -> None:
    network("stations", 1, beds=0, changes=((5.0, 3),))


def circle(back: Rule, beside: Callable[[Step], Step] = lambda step: step) -> Network:
    """Ward to home care, and one in ten back to the ward."""
    steps = (
        beside(PARTS["steps"][0]),
        replace(PARTS["steps"][1], routes=(Route("again", 0.1),)),
        Step("again", (("ward", 1.0),), Stay(2.0, 1.0), back.name),
    )
    return Network(PARTS["stations"], (Rule("in turn"), back), steps, PARTS["streams"])


def test_beds_that_would_wait_for_each_other_are_refused() -> None:
    with pytest.raises(UsageError, match='Beds of "home", "ward" would wait for each other'):
        circle(Rule("holds"))


def test_those_who_leave_first_or_give_up_do_not_lock_beds() -> None:
    for rule in (Rule("leaves first", holds=False), Rule("gives up", patience=2.0)):
        for counted in run(circle(rule), days=300, replications=2, log=True):
            assert counted.stations.left[1] > 200


def test_people_who_lie_elsewhere_can_close_a_circle() -> None:
    """Ward people in home care's beds wait for the clinic, and the clinic's people for home care."""
    stations = (Station("ward", 3, overflow=("home",)), Station("home", 3), Station("clinic", 3))

    def made(overflow: float) -> Network:
        steps = (
            Step("in", (("ward", 1.0),), Stay(1.0), "in turn", (Route("clinic", 1.0),), overflow=overflow),
            Step("clinic", (("clinic", 1.0),), Stay(1.0), "in turn", (Route("home", 1.0),)),
            Step("home", (("home", 1.0),), Stay(1.0), "in turn"),
        )
        return Network(stations, PARTS["rules"], steps, (Stream("people", "in", 1.0),))

    made(0.0)
    with pytest.raises(UsageError, match='Beds of "clinic", "home" would wait'):
        made(0.2)


def test_a_way_out_for_everybody_is_not_a_circle() -> None:
    """All who come back may also be taken to a ward from which people only go home."""
    stations = (Station("ward", 10, overflow=("hospice",)), Station("home", 5), Station("hospice", 4))
    steps = (
        Step("in", (("ward", 1.0),), Stay(2.0, 1.0), "in turn", (Route("out", 0.5),)),
        Step("out", (("home", 1.0),), Stay(5.0, 1.0), "in turn", (Route("again", 0.1),)),
        Step("again", (("ward", 1.0),), Stay(2.0, 1.0), "in turn", overflow=1.0),
    )
    Network(stations, PARTS["rules"], steps, PARTS["streams"])


def test_runs_that_cannot_be_are_refused() -> None:
    n = queue(5, 1.0, 1.0)
    for wrong in ({"days": 0.0}, {"days": np.nan}, {"warm_up": -1.0}, {"tick": 0.0}):
        with pytest.raises(UsageError, match="number of days above zero"):
            Simulation(n, **wrong)
    with pytest.raises(UsageError, match='no station "wrad"'):
        Simulation(n).run(1, beds=[{"wrad": 1}])


def test_no_beds_can_be_taken_away_that_are_not_there() -> None:
    n = queue(5, 1.0, 1.0, most_waiting=0)
    ((c,),) = Simulation(n, 20.0).run(1, beds=[{"ward": -9}])
    assert c.stations.beds[0] == 0 and c.people["refused"] == c.people["arrived"]
