"""Adding feeds: what counts, what is rejected, what is refused, and that nothing counts twice."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bettercare.activity import feed
from bettercare.activity.store import Store
from bettercare.foundation.problems import Problems, UsageError
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from tests.activity.feeds import AGREEMENTS, event, person, token, write

NOW = datetime(2014, 5, 1)
LATER = "2014-04-20T09:00:00"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan("llr")


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "agreements.csv").write_text(AGREEMENTS)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store", "llr")


def added(store: Store, plan: Plan, *paths: Path, **more: Any) -> list[feed.Received]:
    return feed.add(store, plan, paths, link=False, now=NOW, **more)


def months(store: Store, plan: Plan) -> dict[str, int]:
    found = store.connect(plan).execute("SELECT month, count(*) FROM events GROUP BY month ORDER BY month").fetchall()
    return dict(found)


def spells(number: int, start: str = "2013-04-{:02}") -> list[dict[str, object]]:
    return [event("uhl", i % 5, i, start.format(1 + i % 28)) for i in range(number)]


def only(received: list[feed.Received]) -> feed.Received:
    assert len(received) == 1
    return received[0]


def test_a_feed_counts_and_is_counted_once(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "e", "uhl", "events", spells(40))
    write(sent, "p", "uhl", "people", [person("uhl", i) for i in range(5)])
    events, people = sorted(added(store, plan, sent), key=lambda one: one.kind)
    assert (events.counted, events.rejected, events.months) == (40, 0, ["2013-04", "2013-05", "2013-06"])
    assert people.counted == 5
    assert all(one.already for one in added(store, plan, sent))
    assert months(store, plan) == {"2013-04": 40}
    row = store.connect(plan).execute("SELECT DISTINCT age, sex, locality, organisation FROM events").fetchall()
    assert row == [(73, "F", "leicester", "uhl")]


BAD = {
    "start": [("2013-02-31", "exists"), ("2013-07-01", "outside"), ("01/04/2013", "written"), ("", "missing"),
              ("2013-04-01T24:61", "exists")],
    "end": [("2013-03-31", "before start"), ("2013-04-31", "exists")],
    "event": [("party", "is not attendance")],
    "service": [("surgery-on-mars", "services")],
    "site": [("=cmd|' /C calc'!A0", "sites"), ("x" * 5000, "sites")],
    "person": [("Margaret Smith", "token"), ("9434765919", "token"), ("A" * 32, "token"), ("", "missing")],
    "record": [("12", "token")],
    "diagnosis": [("LE1 5WW", "code such as")],
    "code": [("SMITH", "initiative")],
    "outcome": [("smith", "home")],
    "value": [("many", "number"), ("nan", "between"), ("9434765919", "between")],
    "cost_gbp": [("-1", "between")],
}  # fmt: skip


@pytest.mark.parametrize(("column", "value", "words"), [(c, v, w) for c, cases in BAD.items() for v, w in cases])
def test_a_bad_cell_rejects_its_row_and_is_not_repeated(
    store: Store, plan: Plan, sent: Path, column: str, value: str, words: str
) -> None:
    rows = spells(40)
    rows[7][column] = value
    write(sent, "e", "uhl", "events", rows)
    out = only(added(store, plan, sent))
    assert not out.refused
    assert (out.counted, out.rejected) == (39, 1)
    assert out.reasons[0].row == 9
    assert any(one.column == column and words in one.reason for one in out.reasons), out.reasons
    kept = b"".join(path.read_bytes() for path in store.folder.rglob("*") if path.is_file())
    if len(value) > 6 and not value.startswith("20"):
        assert value.encode() not in kept


def test_rows_of_a_wrong_shape_are_rejected_and_the_others_keep_their_numbers(
    store: Store, plan: Plan, sent: Path
) -> None:
    rows = spells(60)
    rows[50]["event"] = "party"
    rows[2]["event"] = "party"
    path = write(sent, "e", "uhl", "events", rows)
    lines = path.read_text().splitlines()
    lines[10] += ",more"
    lines[20] = "few,cells"
    write(sent, "e", "uhl", "events", "\n".join(lines) + "\n")
    out = only(added(store, plan, sent))
    assert out.refused  # four of sixty are more than one in twenty
    assert [one.row for one in out.refused if one.row] == [4, 11, 21, 52]


def test_row_numbers_behind_rows_of_a_wrong_shape(store: Store, plan: Plan, sent: Path) -> None:
    rows = spells(100)
    rows[60]["event"] = "party"
    path = write(sent, "e", "uhl", "events", rows)
    lines = path.read_text().splitlines()
    lines[10], lines[11], lines[90] = "few,cells", lines[11] + ",more", "few"
    write(sent, "e", "uhl", "events", "\n".join(lines) + "\n")
    out = only(added(store, plan, sent))
    assert (out.counted, [one.row for one in out.reasons]) == (96, [11, 12, 62, 91])


def test_a_later_row_of_a_record_is_rejected(store: Store, plan: Plan, sent: Path) -> None:
    rows = spells(40)
    rows[30]["record"] = rows[3]["record"]
    write(sent, "e", "uhl", "events", rows)
    out = only(added(store, plan, sent))
    assert [(one.row, one.column) for one in out.reasons] == [(32, "record")]
    assert months(store, plan) == {"2013-04": 39}


def test_a_later_extract_replaces_months_and_an_earlier_one_does_not(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "first", "uhl", "events", [*spells(10), *[event("uhl", 1, 99, "2013-05-01")]])
    added(store, plan, sent)
    later = write(sent, "second", "uhl", "events", spells(4), to="2013-04", extracted_at=LATER)
    out = only([one for one in added(store, plan, sent) if not one.already])
    assert (out.file, out.replaced) == (later.name, ["2013-04"])
    assert months(store, plan) == {"2013-04": 4, "2013-05": 1}
    older = write(
        sent, "third", "uhl", "events", [event("uhl", 1, 7, "2013-03-05"), event("uhl", 1, 8, "2013-04-05")],
        **{"from": "2013-03", "to": "2013-04"}, extracted_at="2013-05-01T00:00:00",
    )  # fmt: skip
    out = only([one for one in added(store, plan, older, sent / "agreements.csv") if not one.already])
    assert (out.months, out.kept) == (["2013-03"], ["2013-04"])
    assert out.counted == 1
    assert months(store, plan) == {"2013-03": 1, "2013-04": 4, "2013-05": 1}


def test_an_event_moved_to_another_month_counts_once(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "first", "uhl", "events", [event("uhl", 1, 1, "2013-04-30"), event("uhl", 1, 2, "2013-04-02")])
    moved = [event("uhl", 1, 1, "2013-07-01")]
    write(sent, "second", "uhl", "events", moved, **{"from": "2013-07", "to": "2013-07"}, extracted_at=LATER)
    added(store, plan, sent)
    assert months(store, plan) == {"2013-04": 1, "2013-07": 1}


def damaged(text: bytes, how: str) -> bytes:
    return {
        "cut": text[:-20], "latin": text.replace(b"lri", b"\xe9ri"), "nul": text.replace(b"lri", b"l\0i", 1),
        "utf16": text.decode().encode("utf-16"), "zip": b"PK\x03\x04" + text,
    }[how]  # fmt: skip


@pytest.mark.parametrize(("how", "words"), [
    ("cut", "rows"), ("latin", "UTF-8"), ("nul", "NUL"), ("utf16", "UTF-16"), ("zip", "Excel workbook"),
])  # fmt: skip
def test_a_damaged_feed_is_refused_whole(store: Store, plan: Plan, sent: Path, how: str, words: str) -> None:
    path = write(sent, "e", "uhl", "events", spells(40))
    data = path.read_bytes()
    path.write_bytes(damaged(data, how))
    changed = only(added(store, plan, sent))  # not what the manifest says
    assert changed.refused
    write(sent, "e", "uhl", "events", damaged(data, how), rows=40)  # the manifest says it, and it is no better
    out = only(added(store, plan, sent))
    assert out.refused or (how == "cut" and out.rejected == 1)
    assert how == "cut" or words in str(out.refused[0])
    assert how == "cut" or not store.manifest.feeds


def test_rows_that_the_manifest_does_not_promise(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "e", "uhl", "events", spells(40), rows=41)
    assert "41" in str(only(added(store, plan, sent)).refused[0])


def test_a_byte_order_mark_is_no_fault(store: Store, plan: Plan, sent: Path) -> None:
    path = write(sent, "e", "uhl", "events", spells(3))
    write(sent, "e", "uhl", "events", b"\xef\xbb\xbf" + path.read_bytes())
    assert only(added(store, plan, sent)).counted == 3


def test_an_identified_file_is_refused_and_not_kept(store: Store, plan: Plan, sent: Path) -> None:
    text = "local_id,nhs_number,forename,surname\n1,9434765919,Margaret,Blenkinsop\n"
    write(sent, "p", "uhl", "people", text)
    out = only(added(store, plan, sent))
    assert "tokenise" in str(out.refused[0])
    write(sent, "p", "uhl", "people", "9434765919,Margaret,Blenkinsop\n" * 3)  # without a header
    said = "".join(map(str, only(added(store, plan, sent)).refused))
    for value in ("9434765919", "Margaret", "Blenkinsop"):
        assert value not in said
        assert not any(value.encode() in path.read_bytes() for path in store.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("change", "words"), [
    (("a-uhl", "b-uhl"), ""), (("uhl,people;events", "uhl,people"), "no agreement"),
    (("uhl,people", "lpt,people"), "no"),
    (("made up,yes", "made up,no"), "opt-outs"), (("2099-12-31", "2013-02-01"), "in force"),
    (("planning", "care"), "no"),
])  # fmt: skip
def test_no_feed_without_an_agreement(
    store: Store, plan: Plan, sent: Path, change: tuple[str, str], words: str
) -> None:
    (sent / "agreements.csv").write_text(AGREEMENTS.replace(*change))
    write(sent, "e", "uhl", "events", spells(3), synthetic=False)
    refused = only(added(store, plan, sent)).refused
    assert bool(refused) == bool(words)
    assert words in "".join(map(str, refused))


def test_a_changed_agreement_needs_a_word(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "e", "uhl", "events", spells(3))
    added(store, plan, sent)
    (sent / "agreements.csv").write_text(AGREEMENTS.replace("2099-12-31", "2016-03-31", 1))
    with pytest.raises(Problems, match="replace-agreements"):
        added(store, plan, sent)
    assert {str(one.expires) for one in store.agreements()} == {"2099-12-31"}
    added(store, plan, sent, replace_agreements=True)
    assert {str(one.expires) for one in store.agreements()} == {"2099-12-31", "2016-03-31"}


HOSTILE = [
    {"organisation": "../../etc"}, {"organisation": "nobody"}, {"kind": "prices"}, {"from": "2013-13"},
    {"to": "2012-01"}, {"extracted_at": "yesterday"}, {"extracted_at": "2013-07-20T09:00:00+01:00"}, {"rows": "many"},
    {"rows": True}, {"sha256": "0" * 63}, {"sha256": 7}, {"format": 2}, {"synthetic": "no"}, {"purpose": "x\ny"},
    {"to": "9999-12"}, {"organisation": ["uhl"]},
]  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE)
def test_a_manifest_that_says_nonsense(store: Store, plan: Plan, sent: Path, change: dict[str, Any]) -> None:
    write(sent, "e", "uhl", "events", spells(3), **change)
    assert only(added(store, plan, sent)).refused
    assert not store.manifest.feeds


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 50_000, "\x00", json.dumps({"format": 1})])
def test_a_manifest_that_is_none(store: Store, plan: Plan, sent: Path, text: str) -> None:
    write(sent, "e", "uhl", "events", spells(3)).with_suffix(".json").write_text(text)
    assert only(added(store, plan, sent)).refused


def test_files_that_are_no_feeds(store: Store, plan: Plan, sent: Path) -> None:
    (sent / "e.csv").write_text("person\n")
    assert "missing" in str(only(added(store, plan, sent)).refused[0])
    (sent / "e.csv").rename(sent / "e.csv.gz")
    for path in (sent / "e.csv.gz", sent / "nowhere"):
        with pytest.raises(UsageError):
            added(store, plan, path)


def test_one_bad_feed_does_not_keep_others_out(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "a", "uhl", "events", spells(3), rows=9)
    write(sent, "b", "lpt", "events", [event("lpt", 1, 1, "2013-04-01", service="district-nursing", site="lpt-teams")])
    assert sorted((one.organisation, one.counted) for one in added(store, plan, sent)) == [("lpt", 1), ("uhl", 0)]


KILLED = """
import os, sys
from pathlib import Path
from bettercare.activity import feed, feed_load
from bettercare.activity.store import Store
from bettercare.plan.read import read_plan
stage, folder, sent = sys.argv[1:]
def die(*args, **kwargs):
    os._exit(9)
if stage == "staged":
    feed_load._write = die
elif stage == "month":
    times = []
    feed_load.sync = lambda path: times.append(path) if not times else die()
else:
    Store.save = die
feed.add(Store.open(folder), read_plan("llr"), [sent], link=False)
"""


@pytest.mark.parametrize("stage", ["staged", "month", "manifest"])
def test_killed_half_way_nothing_counts(store: Store, plan: Plan, sent: Path, stage: str) -> None:
    write(sent, "old", "uhl", "events", spells(10))
    added(store, plan, sent)
    before = months(store, plan)
    corrected = [*spells(20), *[event("uhl", 1, 100 + i, "2013-05-02") for i in range(5)]]
    write(sent, "new", "uhl", "events", corrected, extracted_at=LATER)
    done = subprocess.run([sys.executable, "-c", KILLED, stage, str(store.folder), str(sent)], check=False)
    assert done.returncode == 9
    again = Store.open(store.folder)
    assert months(again, plan) == before
    out = only([one for one in added(again, plan, sent) if not one.already])
    assert out.counted == 25
    assert months(again, plan) == {"2013-04": 20, "2013-05": 5}
    added(again, plan, sent)  # clears what no longer counts
    counted = set(again.manifest.paths("events"))
    assert {path.relative_to(again.folder).as_posix() for path in again.folder.rglob("*.parquet")} == counted
    assert not (again.folder / "incoming").exists()


def test_two_at_once(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "e", "uhl", "events", spells(10))
    with store.writing():
        told = pytest.raises(UsageError, match="Somebody else")
        with told:
            added(Store.open(store.folder), plan, sent, wait=0.1)
    both = [threading.Thread(target=added, args=(Store.open(store.folder), plan, sent)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert months(Store.open(store.folder), plan) == {"2013-04": 10}


def test_the_store_keeps_its_key_to_itself_and_no_token_as_sent(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "p", "uhl", "people", [person("uhl", 1)])
    added(store, plan, sent)
    assert stat.S_IMODE((store.folder / "secret.key").stat().st_mode) == 0o600
    kept = b"".join(path.read_bytes() for path in store.folder.rglob("*.parquet"))
    assert token("uhl", 1).encode() not in kept
    assert store.people()["uhl"]["person"].dtype.is_integer()


def test_people_are_linked_across_organisations(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "a", "uhl", "people", [person("uhl", i) for i in range(6)])
    write(sent, "b", "lpt", "people", [person("lpt", i) for i in range(4)])
    feed.add(store, plan, [sent], now=NOW)
    found = store.connect(plan).execute("SELECT count(*), count(locality) FROM persons").fetchone()
    assert found == (6, 6)


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="feed add"):
        Store.open(tmp_path)
    (tmp_path / "letter.txt").write_text("here before")
    with pytest.raises(UsageError, match="there already"):
        Store.create(tmp_path)


def test_an_agreement_about_made_up_people_covers_nobody_else(store: Store, plan: Plan, sent: Path) -> None:
    (sent / "agreements.csv").write_text(AGREEMENTS.replace("made up,made up", "none,SYNTHETIC"))
    write(sent, "real", "uhl", "events", [event("uhl", 1, "r1", "2013-04-05")], synthetic=False)
    [received] = added(store, plan, sent)
    assert "there is no agreement" in received.refused[0].message


def test_a_store_counts_by_the_places_of_one_plan(store: Store, plan: Plan, sent: Path) -> None:
    write(sent, "one", "uhl", "events", [event("uhl", 1, "r1", "2013-04-05")])
    added(store, plan, sent)
    other = read_plan("empty")
    with pytest.raises(UsageError, match="other localities or zones"):
        Store.open(store.folder).connect(other)
    with pytest.raises(UsageError, match="other localities or zones"):
        added(store, other, sent)
