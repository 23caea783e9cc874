"""`bettercare feed`, and what queries see of the store."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bettercare.activity import feed
from bettercare.activity.store import Store
from bettercare.cli.commands import app
from bettercare.plan.read import read_plan
from tests.activity.feeds import AGREEMENTS, event, person, write

NOW = datetime(2014, 5, 1)


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BETTERCARE_STORE", str(tmp_path / "store"))
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "agreements.csv").write_text(AGREEMENTS)
    rows = [event("uhl", i % 5, i, f"2013-04-{1 + i % 28:02}") for i in range(40)]
    rows[4]["end"] = "2013-03-01"
    write(folder, "uhl-events", "uhl", "events", rows)
    write(folder, "uhl-people", "uhl", "people", [person("uhl", i) for i in range(5)])
    return folder


def typed(*words: object) -> Result:
    return CliRunner().invoke(app, ["feed", *map(str, words)])


def test_add_list_and_agreements(sent: Path) -> None:
    out = typed("add", *sent.iterdir())
    assert out.exit_code == 0, out.output
    assert "39 rows counted, 1 rejected" in out.output
    assert "row 6: end comes before start" in out.output
    assert "2 feeds added" in out.output
    assert "in the store already" in typed("add", sent).output
    assert "uhl events 2013-04 to 2013-06: 39 rows, 1 rejected" in typed("list").output
    assert "in force" in typed("agreements").output
    assert {one["kind"] for one in json.loads(typed("list", "--json").stdout)} == {"people", "events"}
    assert len(json.loads(typed("agreements", "--json").stdout)) == 2


def test_a_refused_feed_is_named_and_the_exit_code_says_so(sent: Path) -> None:
    write(sent, "lpt-people", "lpt", "people", "forename,surname\nMargaret,Smith\n")
    out = typed("add", sent, "--json")
    assert out.exit_code == 1
    refused = [one for one in json.loads(out.stdout)["feeds"] if one["refused"]]
    assert [one["file"] for one in refused] == ["lpt-people.csv"]
    assert "Margaret" not in out.output


def test_a_mistyped_name_makes_no_store(sent: Path) -> None:
    assert typed("add", sent / "nowhere").exit_code == 1
    assert not (sent.parent / "store").exists()
    assert typed("list").exit_code == 1


def test_a_person_is_what_the_latest_register_that_knows_says(sent: Path, tmp_path: Path) -> None:
    plan = read_plan("llr")
    store = Store.create(tmp_path / "other")
    here = {"recorded_on": "2014-01-01", "residence": "care-home", "ethnic_group": "asian", "zone": "E01013601"}
    write(sent, "uhl-people", "uhl", "people", [person("uhl", 1, **here)])
    there = {"recorded_on": "2014-03-01", "residence": "", "ethnic_group": "not-stated", "zone": "", "sex": "U"}
    write(sent, "lpt-people", "lpt", "people", [person("lpt", 1, **there)])
    feed.add(store, plan, [sent], now=NOW)
    query = "SELECT residence, ethnic_group, zone, locality, sex FROM persons"
    connection = store.connect(plan)
    assert connection.execute(query).fetchall() == [("care-home", "asian", "E01013601", "leicester", "F")]


def test_an_empty_store_has_the_views(tmp_path: Path) -> None:
    connection = Store.create(tmp_path / "store").connect(read_plan("llr"))
    for view in ("events", "persons", "registers"):
        assert connection.execute(f"SELECT count(*) FROM {view}").fetchone() == (0,)
    names = [row[0] for row in connection.execute("DESCRIBE events").fetchall()]
    assert {"id", "person", "start_at", "end_at", "month", "locality", "sex", "age", "feed", "received_at"} <= set(
        names
    )


def test_a_person_without_a_register_still_counts(tmp_path: Path, sent: Path) -> None:
    plan = read_plan("llr")
    store = Store.create(tmp_path / "other")
    (sent / "uhl-people.csv").unlink()
    (sent / "uhl-people.json").unlink()
    feed.add(store, plan, [sent], now=NOW)
    query = "SELECT count(*), count(person), count(DISTINCT person), count(locality) FROM events"
    assert store.connect(plan).execute(query).fetchone() == (39, 39, 5, 0)


def test_links_of_a_store_with_few_people_are_not_known(sent: Path) -> None:
    assert typed("links").exit_code == 1
    assert typed("add", *sent.iterdir()).exit_code == 0
    out = typed("links")
    assert out.exit_code == 0, out.output
    assert "(assumed)" in out.output and "have not been" not in out.output
    said = json.loads(typed("links", "--json").stdout)
    assert said["quality"] == {"precision": 0.99, "recall": 0.95, "badge": "assumed", "pairs": ""}


def test_a_store_without_registers_links_nobody(sent: Path) -> None:
    for name in ("uhl-people.csv", "uhl-people.json"):
        (sent / name).unlink()
    typed("add", sent)
    assert "no registers" in typed("links").output
    assert json.loads(typed("links", "--json").stdout) is None
