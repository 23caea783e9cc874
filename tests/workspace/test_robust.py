"""The workspace under many people at once and when it is killed: on SQLite, and on PostgreSQL where there is one.

A real server in a process of its own, people with sessions and form tokens, and afterwards what the database holds.
`BETTERCARE_TEST_POSTGRES` is the address of a database on a server where databases may be made.
"""

from __future__ import annotations

import http.client
import itertools
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.workspace.robust_inside import MOST
from tests.workspace.robust_server import Answer, Place, Postgres, Someone, together

NewPlace = Callable[[], Place]
pytestmark = pytest.mark.slow
POSTGRES = os.environ.get("BETTERCARE_TEST_POSTGRES", "")
SHARED = "I077"  # an initiative of the partner that everybody here acts for
WITHOUT_EFFECT = ("I001", "I002")  # which move nothing in the forecast, so that the office may adopt a small change
WRITES, WRITERS = 1000, 8
OVERTAKEN = "Somebody else reported while you wrote"
# The steps of an adoption in their order, all in one transaction; the last is the audit trail's.
STEPS = ("store", "make_current", "_end", "_decide", "record")


@pytest.fixture(autouse=True)
def workspace() -> None:
    """In place of the workspace in this process, which these tests do not use."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Place]]:
    """Makes workspaces with fifty people and a running server."""
    if request.param == "postgresql" and not POSTGRES:
        pytest.skip("no PostgreSQL here (BETTERCARE_TEST_POSTGRES)")
    postgres = Postgres(POSTGRES) if request.param == "postgresql" else None
    base = Place(tmp_path_factory.mktemp("base"), postgres.address(postgres.new()) if postgres else "")
    places = []
    try:
        base.sessions = base.inside("people")

        def make() -> Place:
            place = base.copied(tmp_path_factory.mktemp("place") / "data", postgres)
            places.append(place)
            place.start()
            return place

        yield make
    finally:
        for place in places:
            place.kill()
        if postgres:
            postgres.remove()


@pytest.fixture
def place(new_place: NewPlace) -> Iterator[Place]:
    """One such workspace."""
    made = new_place()
    yield made
    made.kill()


# What people do


def report(person: Someone, milestone: str, version: int, note: str) -> Answer:
    return person.post(f"/work/milestones/{milestone}", version=version, note=note)


def comment(person: Someone, text: str) -> Answer:
    return person.post("/work/comments", about=f"initiative:{SHARED}", comment=text)


def propose(person: Someone, code: str) -> int:
    """A month later, as a proposal; its number."""
    preview = person.post(f"/work/initiatives/{code}/slip", months=1).text
    hidden = dict(re.findall(r'name="(base|new)" value="([^"]+)"', preview))
    sent = person.post(f"/work/initiatives/{code}/propose", title=code, reason="No staff", partner="lpt", **hidden)
    assert sent.saved, sent.text
    return int(sent.location.rpartition("/")[2])


def endorse(person: Someone, number: int, overlay: str, partner: str) -> str:
    """Say that a partner's board agreed; what the workspace says to that."""
    fields = {"met_on-day": 9, "met_on-month": 6, "met_on-year": 2015, "minute": person.name, "answer": "agreed"}
    sent = person.post(
        f"/work/proposals/{number}/endorse", overlay=overlay, partner=partner, meeting="Governing body", **fields
    )
    assert sent.saved
    return person.get("/account").text


def adopt(person: Someone, number: int, version: int = 1) -> Answer:
    day = {"decided_on-day": 2, "decided_on-month": 6, "decided_on-year": 2015}
    return person.post(
        f"/work/proposals/{number}/decide", version=version, outcome="adopted", board="Partnership Board",
        decision_minute="15/50", **day,
    )  # fmt: skip


# What must be true of every workspace, whatever happened


def is_sound(state: Any) -> None:
    """The trail holds; each thing written has its entry, and each entry what it is about."""
    assert state["wrong"] == []
    entries = state["entries"]
    said = [(e["after"]["comment"], e["after"]["text"]) for e in entries if e["action"] == "comment"]
    assert sorted(said) == [(c["pk"], c["text"]) for c in state["comments"]]
    for milestone in {e["what"] for e in entries if e["action"] == "report-progress"}:
        found = [e for e in entries if e["what"] == milestone and e["action"] == "report-progress"]
        assert found[0]["before"] is None
        for one, other in itertools.pairwise(found):
            assert other["before"] == one["after"]  # nobody wrote over what they had not seen
        row = state["progress"][milestone.partition(" ")[2]]
        assert (row["version"], row["note"]) == (len(found), found[-1]["after"]["note"])
    assert len(state["progress"]) == len({e["what"] for e in entries if e["action"] == "report-progress"})
    _adoptions_are_whole(state)


def _adoptions_are_whole(state: Any) -> None:
    """From the current revision back to the first are all revisions that there are, each with all that it needs."""
    line, code = [], state["current"][0]
    while code is not None:
        line.append(code)
        code = state["revisions"][code]
    assert set(line) == set(state["revisions"]) and len(state["current"]) == 1
    adopted = [p for p in state["proposals"] if p["state"] == "adopted"]
    made = sorted((p["pk"], p["adopted_as__code"]) for p in adopted)
    assert sorted(code for _, code in made) == sorted(line[:-1])
    assert all(state["revisions"][p["adopted_as__code"]] == p["base__code"] for p in adopted)
    assert sorted((d["proposal"], d["revision__code"]) for d in state["decisions"]) == made
    said = [e for e in state["entries"] if e["action"] == "adopt"]
    assert sorted((int(e["what"].split()[1]), e["after"]["adopted_as"]) for e in said) == made
    assert all(p["adopted_as__code"] is None for p in state["proposals"] if p["state"] != "adopted")


# Fifty people at once


def test_fifty_people_at_once(place: Place) -> None:
    people = [place.someone(f"lead{n}") for n in range(MOST)]
    number = propose(people[0], SHARED)
    overlay = re.search(r'name="overlay" value="(\w+)"', people[0].get(f"/work/proposals/{number}").text)
    assert overlay
    first = one_of_fifty_reports(people)
    partners = place.sessions["partners"].split(",")
    minutes = one_answer_of_each_partner(people, number, overlay[1], partners)
    done = together(people, everything_at_once)

    place.kill()
    state = place.state()
    is_sound(state)
    there = [(e["partner"], e["minute"], e["by__username"]) for e in state["endorsements"]]
    assert sorted(there) == sorted((partner, name, name) for partner, name in minutes.items())
    comments = [text for comments, _ in done for text in comments]
    assert Counter(comments) == Counter(c["text"] for c in state["comments"])
    notes = [first] + [note for _, notes in done for note in notes]
    kept = [e["after"]["note"] for e in state["entries"] if e["action"] == "report-progress"]
    assert Counter(notes) == Counter(kept)
    assert "Traceback" not in place.log()


def one_of_fifty_reports(people: list[Someone]) -> str:
    """All have the same form before them and send it: one is saved, and each other is shown both. The one's note."""
    path = f"/work/milestones/{SHARED}-live"
    seen = together(people, lambda person: person.version(path))
    assert set(seen) == {0}
    answers = together(people, lambda person: report(person, f"{SHARED}-live", 0, f"first of {person.name},"))
    (winner,) = [p for p, a in zip(people, answers, strict=True) if a.saved]
    for person, answer in zip(people, answers, strict=True):
        if person is not winner:
            assert OVERTAKEN in answer.text
            assert f"first of {winner.name}," in answer.text and f"first of {person.name}," in answer.text
    return f"first of {winner.name},"


def one_answer_of_each_partner(people: list[Someone], number: int, overlay: str, partners: list[str]) -> dict[str, str]:
    """Two people of each partner answer at once, with minutes of their own; {partner: whose was recorded}."""
    assert len(partners) == MOST // 2
    at = {person.name: partners[n // 2] for n, person in enumerate(people)}
    answers = together(people, lambda person: endorse(person, number, overlay, at[person.name]))
    recorded = {}
    for person, answer in zip(people, answers, strict=True):
        if "Recorded: " in answer:
            assert at[person.name] not in recorded
            recorded[at[person.name]] = person.name
        else:
            assert "recorded before yours" in answer and f"minute {person.name}) was not saved" in answer
    assert set(recorded) == set(partners)
    return recorded


def everything_at_once(person: Someone) -> tuple[list[str], list[str]]:
    """Comments and reports in any order, on milestones that others report on too; what was acknowledged of each."""
    luck = random.Random(person.name)
    acts = ["comment"] * 3 + ["report"] * 2
    luck.shuffle(acts)
    comments, notes = [], []
    for turn, act in enumerate(acts):
        text = f"{person.name}, turn {turn}"
        if act == "comment":
            assert comment(person, text).saved
            comments.append(text)
            continue
        milestone = luck.choice([f"{SHARED}-live", "I078-live"])
        answer = report(person, milestone, person.version(f"/work/milestones/{milestone}"), text)
        if answer.saved:
            notes.append(text)
        else:
            assert OVERTAKEN in answer.text
    return comments, notes


# Killed in the middle of writing


@dataclass
class Diary:
    """What a writer sent: what was acknowledged, and what nobody knows of because the server died."""

    name: str
    milestone: str
    left: list[str]
    comments: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        """How many writes."""
        return len(self.comments) + len(self.notes)

    def write(self, place: Place) -> None:
        """Send what is left, a comment and a report in turn, until all is sent or the server is dead."""
        text = ""
        try:
            person = place.someone(self.name)
            version = person.version(f"/work/milestones/{self.milestone}")
            while self.left:
                text = self.left.pop()
                if len(self.left) % 2:
                    assert comment(person, text).saved
                    self.comments.append(text)
                else:
                    assert report(person, self.milestone, version, text).saved
                    self.notes.append(text)
                    version += 1
                text = ""
        except (OSError, http.client.HTTPException):
            self.unknown += [text] if text else []


def adopting(place: Place, over: threading.Event) -> None:
    """Propose and adopt, again and again, until the server is dead."""
    try:
        office = place.someone("office0")
        while not over.wait(0.5):
            adopt(office, propose(office, WITHOUT_EFFECT[0]))
    except (OSError, http.client.HTTPException):
        pass


def write_all(place: Place, diaries: list[Diary], until: int | None) -> None:
    """Everybody writes, beside somebody who adopts; the server is killed once so many writes were acknowledged."""
    over = threading.Event()
    writers = [threading.Thread(target=diary.write, args=(place,)) for diary in diaries]
    threads = [*writers, threading.Thread(target=adopting, args=(place, over))]
    for thread in threads:
        thread.start()
    if until is not None:
        while sum(d.acknowledged for d in diaries) < until and any(t.is_alive() for t in writers):
            time.sleep(0.002)
        place.kill()
    for thread in writers:
        thread.join()
    over.set()
    threads[-1].join()


def holds(state: Any, diaries: list[Diary]) -> None:
    """All that was acknowledged is there, once; beyond that at most what was on its way when the server died."""
    is_sound(state)
    comments = Counter(c["text"] for c in state["comments"])
    notes = Counter(e["after"]["note"] for e in state["entries"] if e["action"] == "report-progress")
    assert all(n == 1 for n in (*comments.values(), *notes.values()))
    assert {t for d in diaries for t in d.comments} <= set(comments)
    assert {t for d in diaries for t in d.notes} <= set(notes)
    sent = {t for d in diaries for t in (*d.comments, *d.notes, *d.unknown)}
    assert set(comments) | set(notes) <= sent


def test_killed_in_the_middle_of_a_thousand_writes(place: Place, llr: Any) -> None:
    initiatives = llr.tables["initiatives"]
    codes = initiatives.filter(initiatives["lead"] == "lpt")["code"].to_list()
    known = set(llr.tables["milestones"]["code"].to_list())
    milestones = [f"{c}-live" for c in codes if f"{c}-live" in known and c not in WITHOUT_EFFECT]
    each = WRITES // WRITERS
    diaries = [Diary(f"lead{n}", milestones[n], [f"write {i} of lead{n}" for i in range(each)]) for n in range(WRITERS)]
    for until in (WRITES * 3 // 10, WRITES * 6 // 10):
        write_all(place, diaries, until)
        assert any(d.left for d in diaries)  # it was in the middle
        state = place.state()
        holds(state, diaries)
        place.start()
    write_all(place, diaries, None)
    place.kill()
    state = place.state()
    holds(state, diaries)
    unknown = sum(len(d.unknown) for d in diaries)
    assert unknown <= 2 * WRITERS
    assert sum(d.acknowledged for d in diaries) == WRITES - unknown
    assert any(p["state"] == "adopted" for p in state["proposals"])


def test_an_adoption_is_whole_or_not_at_all(place: Place) -> None:
    number = propose(place.someone("lead0"), WITHOUT_EFFECT[0])
    before = place.state()
    is_sound(before)
    with ThreadPoolExecutor() as pool:
        for died in pool.map(lambda step: place.beside("adopt", str(number), step), STEPS):
            assert died.returncode == -signal.SIGKILL, died.stderr
    assert place.state() == before
    # The server that ran beside all that still adopts it, whole.
    assert adopt(place.someone("office0"), number).saved
    after = place.state()
    is_sound(after)
    assert [p["state"] for p in after["proposals"]] == ["adopted"]
    assert after["current"] != before["current"]


# Two adoptions at once


def test_of_two_adoptions_at_once_one_is_told_to_rebase(place: Place) -> None:
    offices = [place.someone(f"office{n}") for n in range(2)]
    start = place.state()["current"]
    for turn in range(2):
        numbers = dict(zip(offices, [propose(o, c) for o, c in zip(offices, WITHOUT_EFFECT, strict=True)], strict=True))
        answers = dict(zip(offices, together(offices, lambda o: adopt(o, numbers[o])), strict=True))  # noqa: B023
        winner, loser = sorted(offices, key=lambda office: not answers[office].saved)
        assert answers[winner].saved and not answers[loser].saved
        assert "rebase" in answers[loser].text.lower()
        state = place.state()
        is_sound(state)
        proposals = {p["pk"]: p for p in state["proposals"]}
        assert state["current"] == [proposals[numbers[winner]]["adopted_as__code"]]
        assert proposals[numbers[loser]]["state"] == "open" and [proposals[numbers[loser]]["base__code"]] == start
        assert len(state["revisions"]) == 2 * turn + 2
        # What the other proposed is not lost: on the new revision it is adopted after it.
        assert loser.post(f"/work/proposals/{numbers[loser]}/rebase", version=1).saved
        assert adopt(loser, numbers[loser], version=2).saved
        last = place.state()
        is_sound(last)
        assert len(last["revisions"]) == 2 * turn + 3
        start = last["current"]
