"""What is kept and shown of links: of made-up feeds in a store, whose truth is known, and of stores made before."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from bettercare.activity import feed, link_quality, synth, synth_write
from bettercare.activity.disclosure import SMALL, protect, rounded
from bettercare.activity.indicator_series import LinkError
from bettercare.activity.link import link_people
from bettercare.activity.link_report import HEADS, OTHERS, LinkReport, report, shares
from bettercare.activity.store import Store
from bettercare.cli.commands import app
from bettercare.foundation.problems import UsageError
from bettercare.plan.read import read_plan

PLAN = read_plan("llr")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of made-up feeds; beside it the feeds, and who is who in `hidden`."""
    made = tmp_path_factory.mktemp("links")
    synth_write.write(synth.world(PLAN, 8000, 4, "2013-04", "2014-03"), made / "feeds", made / "hidden")
    feed.add(Store.create(made / "store", "llr"), PLAN, [made / "feeds"])
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> LinkReport:
    store = Store.open(folder / "store")
    with store.connect(PLAN) as connection:
        made = report(store, connection)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def records(folder: Path) -> pl.DataFrame:
    """Every record of the registers, with its id and groups: true counts."""
    with Store.open(folder / "store").connect(PLAN) as connection:
        rows = connection.execute("SELECT organisation, person, id, sex, birth_year FROM registers").fetchall()
    schema = {"organisation": pl.String, "person": pl.UInt64, "id": pl.UInt64, "sex": pl.String, "birth_year": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(link_quality.age_band(2014))


def test_the_estimate_that_a_store_keeps_is_near_the_truth(folder: Path) -> None:
    """The truth has one person's records of all organisations; true pairs over which linking had to decide."""
    truth = pl.read_csv(folder / "hidden" / "truth-people.csv", infer_schema=False)
    tokens = pl.concat(
        pl.read_csv(folder / "feeds" / f"{one}-people.csv", infer_schema=False).select(
            pl.lit(one).alias("organisation"), "person", "nhs", "k01", "k02", "k03", "k04", "k05", "k06", "k07", "k08",
            "k09", "k10", "k11", "k12", "sex",
        )
        for one in truth["organisation"].unique().sort()
    )  # fmt: skip
    people = link_people({one[0]: rows for one, rows in tokens.partition_by("organisation", as_dict=True).items()})
    true = link_quality.against_truth(people, truth.select("organisation", "person", truth="true_id"))
    kept = Store.open(folder / "store").link_quality()
    assert kept is not None
    assert kept["recall"] == pytest.approx(true.recall, abs=0.02)
    assert kept["precision"] == pytest.approx(true.precision, abs=0.02)
    said = LinkError.of(Store.open(folder / "store"))
    assert said.badge == "made up"
    assert said.recall <= 0.99 and said.recall == pytest.approx(kept["recall"], abs=0.011)


def test_shares_linked_are_those_of_the_records(found: LinkReport, records: pl.DataFrame) -> None:
    linked = records.with_columns(linked=pl.col("organisation").n_unique().over("id") > 1)
    for name in ("organisation", "age", "sex"):
        true = {row[0]: row[1:] for row in linked.group_by(name).agg(pl.len(), pl.col("linked").sum()).iter_rows()}
        shown = {one.value: one for one in shares(found.linked[name]) if one.value not in ("", OTHERS)}
        assert len(shown) > 1
        for value, one in shown.items():
            assert (one.whole, one.part) == tuple(f"{rounded(n):,}" for n in true[value])
        for value in set(true) - set(shown):
            assert min(n for n in true[value] if n) <= SMALL or OTHERS in {s.value for s in shares(found.linked[name])}


def test_nothing_small_is_shown_and_nothing_hidden_can_be_had_from_another_table(found: LinkReport) -> None:
    tables = [*found.linked.values(), *found.tried.values()]
    assert len(tables) == len(HEADS) + 3
    for table in tables:
        for count in table.counts:
            assert table.table[count].null_count() == 0
            assert ((table.table[count] % 5 == 0) & (table.table[count] != 5)).all()
    for name in HEADS:
        assert shares(found.linked[name])[-1] == shares(found.linked["sex"])[-1]


def test_groups_are_named_that_are_worse_by_more_than_chance(found: LinkReport) -> None:
    """Of 2,000 pairs 95% are found. Of a group of 200 four in five are, of one of 50 nine in ten: that can be chance.

    Of a group of 13 twelve are; rounded it looks like 10 of 15.
    """
    rows = [("white", 1737, 1683), ("asian", 200, 160), ("mixed", 50, 45), ("black", 13, 12)]
    cube = pl.DataFrame(rows, schema=["ethnic_group", "pairs", "found"], orient="row")
    table = protect(cube, ["ethnic_group"], ["pairs", "found"], within=[("found", "pairs")])
    (worse,) = replace(found, tried={"ethnic_group": table}).worse()
    assert str(worse) == "ethnic group asian: 80.0% found, against 95.0% of all"
    assert replace(found, tried={}).worse() == []


def test_an_older_store_opens_and_the_next_adding_measures_it(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "store", tmp_path / "store")
    (kept,) = (tmp_path / "store" / "links").glob("*.json")
    kept.unlink()
    store = Store.open(tmp_path / "store")
    assert LinkError.of(store) == LinkError()
    words = ["feed", "links", "--store", str(store.folder)]
    assert "has not been measured" in CliRunner().invoke(app, words).output
    feed.add(store, PLAN, [folder / "feeds"])
    assert LinkError.of(store).badge == "made up"
    assert len(list((store.folder / "links").iterdir())) == 3  # the links before are cleared away by the next adding
    feed.add(store, PLAN, [folder / "feeds"])
    assert len(list((store.folder / "links").iterdir())) == 2
    next((store.folder / "links").glob("*.json")).write_text("{")
    with pytest.raises(UsageError, match="Delete it"):
        store.link_quality()


def test_indicators_say_which_error_of_links_they_used(folder: Path, tmp_path: Path) -> None:
    words = ["indicators", "llr", "--store", str(folder / "store"), "--only", "emergency-readmissions"]
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert said["links"]["badge"] == "made up"
    assert "pairs known by NHS number" in said["links"]["words"]
    out = CliRunner().invoke(app, [*words, "--csv", str(tmp_path / "nowhere" / "x.csv")])
    assert isinstance(out.exception, UsageError)
    assert str(out.exception).endswith("cannot be written: No such file or directory.")
