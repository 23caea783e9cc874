"""What happens to people, event by event: rules of waiting, beds that open and close, laws that hold in every run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from bettercare.engines.simulate.arrays import ASKED, CANCELLED, LEFT, STARTED
from bettercare.engines.simulate.network import Network, Route, Rule, Station, Stay, Step, Stream
from bettercare.engines.simulate.run import Counted, Simulation
from bettercare.foundation.problems import UsageError
from tests.simulate.runs import agrees, keeps_the_laws, queue, replays, run
from tests.simulate.test_luck import everything

FIXED = Stay(1.0, 0.0, "fixed")


def lines(c: Counted, what: int) -> list[tuple[float, int, int]]:
    """(time, person, station) of one kind of event, in order."""
    return [(x.time, x.person, x.station) for x in c.log if x.what == what]


def test_every_person_can_be_followed_in_a_network_with_everything() -> None:
    found = run(everything(), days=120, replications=3, log=True)
    s = found[0].stations
    for name in ("turned", "cancelled"):  # the network does what it was made for
        assert s[name].sum() > 0, name
    assert s.days_stuck[2] > 0 and found[0].people["lost"] > 0
    assert s.entered[1] > s.started[1]  # people of A&E in the corridor


def test_beds_close_as_people_leave_them_and_open_at_once() -> None:
    """One kind of person, stays of one day; ten of ten beds are taken when four close, and later eight open."""
    n = queue(10, 30.0, FIXED, most_waiting=50)
    n = Network((Station("ward", 10, changes=((5.0, 6), (9.0, 14)), most_waiting=50),), n.rules, n.steps, n.streams)
    (c,) = run(n, days=14, replications=1, tick=0.25, log=True)
    taken = dict(zip(np.arange(0, 14.1, 0.25), c.ticks.taken[:, 0], strict=True))
    assert taken[4.75] == 10  # full; nobody is put out on day 5, and none of those four beds is used again
    assert all(taken[day] == 6 for day in (6.0, 7.5, 8.75))
    assert all(taken[day] == 14 for day in (9.25, 12.0, 14.0))
    assert c.stations.days_open[0] == pytest.approx(5 * 10 + 4 * 6 + 5 * 14)


def test_cancelled_people_come_back() -> None:
    """Patience of half a day, back after three: each time they ask they wait anew, and in the end all are treated."""
    n = queue(3, 3.2, Stay(0.9, 0.5), patience=0.5, back=3.0)
    (c,) = run(n, days=200, replications=1, log=True)
    asked: dict[int, float] = {}
    cancelled: dict[int, float] = {}
    again = 0
    for line in c.log:
        if line.what == STARTED:  # in turn: who asked first, this time, of those who wait
            assert line.person == min(asked, key=lambda person: asked[person])
            del asked[line.person]
        elif line.what == ASKED:
            asked[line.person] = line.time
            if line.person in cancelled:
                assert line.time - cancelled.pop(line.person) == pytest.approx(3.0)
                again += 1
        elif line.what == CANCELLED:
            assert line.time - asked.pop(line.person) == pytest.approx(0.5)
            cancelled[line.person] = line.time
    assert again > 50 and c.people["lost"] == 0 and c.stations.cancelled[0] > 50
    assert all(time > 197.0 for time in cancelled.values())  # these would come back after the end


def test_cancelled_people_who_leave_are_lost() -> None:
    (c,) = run(queue(3, 3.2, Stay(0.9, 0.5), patience=0.5), days=200, replications=1, log=True)
    assert c.people["lost"] == c.stations.cancelled[0] > 50
    assert all(x.what != ASKED or x.time <= 200.0 for x in c.log)


def test_whoever_gives_up_waiting_leaves_the_bed_they_kept() -> None:
    """Community beds are closed to all but one; people wait two days for it in the ward and then go."""
    n = Network(
        (Station("ward", 20), Station("community", 1)),
        (Rule("in turn"), Rule("two days", patience=2.0)),
        (
            Step("ward", (("ward", 1.0),), FIXED, "in turn", (Route("community", 1.0),)),
            Step("community", (("community", 1.0),), Stay(50.0), "two days"),
        ),
        (Stream("people", "ward", 4.0),),
    )
    (c,) = run(n, days=60, replications=1, log=True)
    assert c.stations.cancelled[1] > 150
    stays = dict[int, float]()
    started = {p: t for t, p, j in lines(c, STARTED) if j == 0 and t > -20.0}
    stays = {p: t - started[p] for t, p, j in lines(c, LEFT) if j == 0 and p in started}
    assert sum(stay == pytest.approx(3.0) for stay in stays.values()) > 100  # a day treated, two days waiting
    assert max(stays.values()) < 3.0 + 1e-9


def test_arranging_is_told_apart_from_waiting_for_a_bed() -> None:
    """Half a day to arrange on average, exponential, and beds without limit after it: all delay is arranging."""
    n = Network(
        (Station("ward", None), Station("home", None)),
        (Rule("in turn"),),
        (
            Step(
                "ward", (("ward", 1.0),), FIXED, "in turn", (Route("home", 0.4, 0.5, "care package"), Route(None, 0.6))
            ),
            Step("home", (("home", 1.0),), FIXED, "in turn"),
        ),
        (Stream("people", "ward", 20.0),),
    )
    found = run(n, days=1000, replications=20)
    agrees([c.arranging[0, 1] / 1000 for c in found], 20.0 * 0.4 * 0.5, 0.01)
    agrees([c.stations.days_taken[0] / 1000 for c in found], 20.0 * (1.0 + 0.4 * 0.5), 0.01)
    assert all(not c.blocked.any() and not c.arranging[:, 0].any() for c in found)
    assert n.reasons == ("", "care package")


def two_wards(outlying: float, overflow: float) -> Network:
    return Network(
        (Station("own", 5, outlying=("beside",), overflow=("far",)), Station("beside", 5), Station("far", 50)),
        (Rule("in turn"),),
        (Step("care", (("own", 1.0),), Stay(1.0, 1.0), "in turn", outlying=outlying, overflow=overflow),),
        (Stream("people", "care", 9.0),),
    )


def test_people_are_taken_to_the_nearest_ward_with_a_bed() -> None:
    (c,) = run(two_wards(1.0, 1.0), days=300, replications=1, log=True)
    own, beside, far = c.stations.entered
    assert own > beside > far > 0 and c.stations.sum_wait.sum() == 0.0
    (c,) = run(two_wards(1.0, 0.0), days=300, replications=1, log=True)
    assert c.stations.entered[1] > 0 and c.stations.entered[2] == 0
    # Whatever ward they lie in, they are counted as people of their own.
    assert c.stations.started.tolist()[1:] == [0, 0] and c.stations.waiting[1] == 0


def test_two_wards_that_share_all_people_are_one() -> None:
    """Overflow for everybody makes one pool of two wards: Erlang C with ten beds."""
    found = run(two_wards(1.0, 0.0), days=2000, replications=2)
    n = two_wards(1.0, 0.0)
    pooled = Network(
        (Station("own", 10),), n.rules, (Step("care", (("own", 1.0),), Stay(1.0, 1.0), "in turn"),), n.streams
    )
    for one, other in zip(found, run(pooled, days=2000, replications=2), strict=True):
        assert one.stations.sum_wait[0] == pytest.approx(other.stations.sum_wait[0], rel=1e-9)


def test_a_share_may_be_taken_elsewhere() -> None:
    """With a share of zero nobody is, although there is a ward beside."""
    (c,) = run(two_wards(0.0, 0.0), days=50, replications=1, warm_up=1.0)
    assert c.stations.entered.tolist()[1:] == [0, 0]


def test_those_who_wait_go_before_those_who_come_back_to_the_same_ward() -> None:
    """Somebody gives up their bed and asks for one in the same ward: at the back of its queue."""
    n = Network(
        (Station("ward", 1),),
        (Rule("in turn"), Rule("again", holds=False)),
        (
            Step("first", (("ward", 1.0),), Stay(0.4, 0.0, "fixed"), "in turn", (Route("second", 1.0),)),
            Step("second", (("ward", 1.0),), Stay(0.4, 0.0, "fixed"), "again"),
        ),
        (Stream("people", "first", 1.0),),
    )
    (c,) = run(n, days=300, replications=1, log=True)
    line: list[int] = []
    passed = 0
    for x in c.log:
        if x.what == ASKED:
            line.append(x.person)
        elif x.what == STARTED:
            passed += len(line) > 1
            assert line.pop(0) == x.person
    assert passed > 50


def test_whoever_is_already_there_stays_in_their_bed() -> None:
    """Treatment and then rehabilitation in one full ward: nobody waits for the bed they are in, and none is locked."""
    n = Network(
        (Station("ward", 10, changes=((20.0, 4),)),),
        (Rule("in turn"),),
        (
            Step("treatment", (("ward", 1.0),), Stay(0.5, 0.5), "in turn", (Route("rehabilitation", 1.0),)),
            Step("rehabilitation", (("ward", 1.0),), Stay(0.5, 0.5), "in turn"),
        ),
        (Stream("people", "treatment", 9.0),),
    )
    (c,) = run(n, days=25, replications=1, log=True)
    left = {(p, t) for t, p, _ in lines(c, LEFT)}
    second = [x for x in c.log if x.what == STARTED and (x.person, x.time) in left]
    assert len(second) > 150 and c.stations.days_stuck[0] == 0.0
    assert any(x.time > 20.0 for x in second)


def test_a_closed_ward_that_people_could_overflow_to_forgets_them() -> None:
    """Thousands queue for it in vain, one after the other; their places in its queue are used again."""
    n = queue(20, 100.0, Stay(0.19, 0.19))
    n = Network(
        (Station("ward", 20, outlying=("closed",)), Station("closed", 5, changes=((-27.0, 0),))),
        n.rules,
        (Step("care", (("ward", 1.0),), Stay(0.19, 0.19), "in turn", outlying=1.0),),
        n.streams,
    )
    one = run(n, days=500, replications=1)[0]
    plain = run(queue(20, 100.0, Stay(0.19, 0.19)), days=500, replications=1)[0]
    assert one.stations.started[0] > 40_000 and one.stations.sum_wait[0] == pytest.approx(plain.stations.sum_wait[0])


def test_alarms_of_patient_people_do_not_run_over() -> None:
    """Patience is long and waits are short: far more alarms are set than there are people, and none is lost."""
    patient = run(queue(10, 90.0, 0.1, patience=900.0), days=1000, replications=1)[0]
    endless = run(queue(10, 90.0, 0.1), days=1000, replications=1)[0]
    assert patient.stations.cancelled[0] == 0
    assert patient.stations.sum_wait[0] == endless.stations.sum_wait[0] > 0


def test_a_log_is_whole_however_often_people_come_back() -> None:
    (c,) = run(queue(1, 6.0, 1.0, patience=0.05, back=0.05, most_waiting=40), days=60, replications=1, log=True)
    assert len(c.log) > 6 * c.people["arrived"] + 2_000


def test_a_queue_that_grows_without_end_is_said_to() -> None:
    from bettercare.engines.simulate import run as module

    largest, module.LARGEST_POOL = module.LARGEST_POOL, 5_000
    try:
        with pytest.raises(UsageError, match="grow without end"):
            Simulation(queue(1, 50.0, 1.0), 200.0).run(1)
    finally:
        module.LARGEST_POOL = largest


def test_without_warm_up_people_are_counted_once() -> None:
    (c,) = run(queue(100, 50.0, Stay(2.0, 2.0)), days=5, replications=1, warm_up=0.0, log=True)
    assert c.people["at_warm"] == 0 and c.people["arrived"] > 300


# --- networks at random -------------------------------------------------------------------------------------------

DAYS = 25.0


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One to four stations in a row, with people who go on only to later ones, by rules of all kinds."""
    size = draw(st.integers(1, 4))
    names = [f"station {i}" for i in range(size)]
    stations = tuple(
        Station(
            name,
            draw(st.none() | st.integers(1, 6)),
            changes=tuple(sorted(draw(st.dictionaries(st.floats(1.0, 24.0), st.integers(0, 6), max_size=2)).items())),
            most_waiting=draw(st.none() | st.integers(0, 4)),
            outlying=tuple(names[i + 1 : i + 1 + draw(st.integers(0, 1))]),
            overflow=tuple(names[i + 2 : i + 2 + draw(st.integers(0, 1))]),
        )
        for i, name in enumerate(names)
    )
    patience = st.just(np.inf) | st.floats(0.1, 3.0)
    rules = tuple(
        Rule(
            f"rule {k}", draw(st.integers(0, 3)), draw(patience), draw(st.sampled_from((0.0, 0.7))), draw(st.booleans())
        )
        for k in range(2)
    )
    kinds = st.sampled_from(("lognormal", "gamma", "exponential", "fixed"))
    steps = []
    for i in range(size):
        share = draw(st.floats(0.0, 1.0))
        hold = draw(st.sampled_from((0.0, 0.4)))
        steps.append(
            Step(
                f"step {i}",
                ((names[i], 1.0),),
                Stay(draw(st.floats(0.05, 3.0)), draw(st.floats(0.1, 3.0)), draw(kinds)),
                draw(st.sampled_from(rules)).name,
                (Route(f"step {i + 1}", share, hold, "next"),) if i + 1 < size else (),
                outlying=draw(st.sampled_from((0.0, 0.5, 1.0))),
                overflow=draw(st.sampled_from((0.0, 0.5))),
            )
        )
    streams = tuple(
        Stream(
            f"stream {i}",
            f"step {i}",
            draw(st.floats(0.1, 4.0)),
            surge="day",
            surge_sd=draw(st.sampled_from((0.0, 0.5))),
        )
        for i in range(size)
    )
    try:
        return Network(stations, rules, tuple(steps), streams)
    except UsageError:  # people would be in each other's way where some lie elsewhere: test_refused has such
        reject()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.integers(0, 1000))
def test_any_network_keeps_the_laws_at_every_event(network: Network, seed: int) -> None:
    ((c,),) = Simulation(network, DAYS, 5.0, seed).run(1, log=True, threads=1)
    keeps_the_laws(c)
    replays(network, c, 5.0, DAYS)


@settings(max_examples=60, deadline=None)
@given(
    beds=st.integers(1, 8),
    more=st.integers(1, 4),
    load=st.floats(0.3, 1.3),
    sd=st.floats(0.1, 3.0),
    kind=st.sampled_from(("lognormal", "gamma", "exponential")),
    seed=st.integers(0, 1000),
)
def test_more_beds_never_mean_more_waiting(beds: int, more: int, load: float, sd: float, kind: str, seed: int) -> None:
    """In turn, at one ward, with the same luck, each person starts no later (Kiefer and Wolfowitz 1955)."""
    network = queue(beds, beds * load, Stay(1.0, sd, kind))
    ((few, many),) = Simulation(network, 60.0, 5.0, seed).run(1, beds=[{}, {"ward": more}], log=True, threads=1)
    assert many.stations.days_waiting[0] <= few.stations.days_waiting[0] + 1e-9
    starts = [{p: t for t, p, _ in lines(c, STARTED)} for c in (few, many)]
    assert all(starts[1][p] <= t + 1e-9 for p, t in starts[0].items())
