"""`bettercare risk`: what it says, where feeds are too short, and that no small number leaves through it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from typer.testing import CliRunner

from bettercare import Plan, read_plan
from bettercare.activity.disclosure import SMALL, protect
from bettercare.activity.risk_judged import GROUPS, band_of_chance, calibration
from bettercare.activity.risk_need import AGES
from bettercare.cli.commands import app
from bettercare.foundation.problems import UsageError
from tests.activity.attacker import meaning
from tests.activity.made_up import filled


@pytest.fixture(scope="module")
def llr() -> Plan:
    return read_plan("llr")


@pytest.fixture(scope="module")
def store(llr: Plan, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three years of made-up people."""
    return filled(llr, tmp_path_factory.mktemp("risk"), "2016-03", 8000)


def ask(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["risk", "llr", *arguments])


@pytest.fixture(scope="module")
def said(store: str) -> dict[str, Any]:
    return dict(json.loads(ask("--store", store, "--json").stdout))


def test_it_says_what_was_fitted_and_how_it_did(store: str, said: dict[str, Any]) -> None:
    text = " ".join(ask("--store", store).stdout.split())
    assert "They do not foretell what happens to one person." in text
    assert "PEOPLE BY EFI (MADE UP)" in text and "WHO COMES TO NEED SOCIAL CARE (MADE UP)" in text
    assert "year to 31 March 2014" in text and "Guessing gives 50" in text and "Age 85 and over" in text
    assert said["social_care"]["judged_before"] == "2016-04-01"
    assert 0.5 < said["social_care"]["c_statistic"]["value"] < 0.9
    hospital = json.loads(ask("--store", store, "--score", "hfrs", "--json").stdout)
    assert {row["tier"] for row in hospital["tiers"]["people"]} == {"low", "intermediate", "high", "all"}
    assert hospital["social_care"] == said["social_care"]


def test_feeds_that_are_too_short_give_tiers_and_what_is_missing(
    llr: Plan, store: str, tmp_path: Path, said: dict[str, Any]
) -> None:
    short = ask("--store", filled(llr, tmp_path, "2013-05", 1500))
    assert short.exit_code == 0 and "PEOPLE BY EFI" in short.stdout
    assert "2 months (2013-04 to 2013-05). The model needs 36" in " ".join(short.stdout.split())
    later = json.loads(ask("--store", store, "--from", "2014-04-01", "--json").stdout)
    assert later["social_care"] is None and "in a row from 2014-04" in later["no_model_because"]
    assert later["tiers"] == said["tiers"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--from", "soon"), "is not a day"),
        (("--from", "2013-04-02"), "first day of a month"),
        (("--score", "x"), "efi"),
    ],
)
def test_bad_input_is_said_in_words(store: str, given: tuple[str, ...], words: str) -> None:
    done = ask("--store", store, *given)
    assert done.exit_code != 0 and isinstance(done.exception, UsageError) and words in str(done.exception)


def numbers(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the name that it stands under."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner, name)
    else:
        yield name, value


def may_be_shown(text: str) -> bool:
    plain = text.replace(",", "")
    return text in ("0", "*", "..") or (plain.isdigit() and int(plain) % 5 == 0 and int(plain) > SMALL)


def test_how_many_are_judged_is_shown_wherever_another_table_shows_it() -> None:
    """Few in each group: the groupings hide the total with them. The table by place shows it, and so may both."""
    draw, n = np.random.default_rng(8), 120
    judged = pl.DataFrame({
        "age": draw.choice(AGES[:2], n, p=[0.95, 0.05]), "sex": draw.choice(["F", "M"], n, p=[0.93, 0.07]),
        "ethnic_group": draw.choice(["white", "asian"], n, p=[0.96, 0.04]),
        "locality": ["a"] * n, "chance": [0.1] * n, "people": [1] * n,
        "began": (draw.random(n) < 0.15).astype(int),
    })  # fmt: skip
    places = protect(judged.with_columns(chance=band_of_chance()), ["locality", "chance"], ["people"])
    alone = protect(judged, GROUPS, ["began", "people"], within=[("began", "people")]).where()
    assert alone["people_shown"].item() == "..", "the case that this is about"
    everybody = calibration(judged, places).row(0, named=True)
    assert everybody["people"] == places.where()["people_shown"].item() == "120"


def test_no_small_number_leaves(said: dict[str, Any]) -> None:
    model = {"weight", "odds", "value", "low", "high", "expected", "observed"}
    counts = [value for name, value in numbers(said) if name in ("people", "began")]
    assert len(counts) > 60 and [value for value in counts if not may_be_shown(value)] == []
    for name, value in numbers(said):
        assert not isinstance(value, (int, float)) or isinstance(value, bool) or name in model, name
    for row in said["social_care"]["calibration"]:
        if row["observed"] is not None:  # from the counts as shown
            people, began = (int(row[n].replace(",", "")) for n in ("people", "began"))
            assert row["observed"] == round(100 * began / people, 2)
        else:
            assert {row[n] for n in ("expected", "low", "high", "inside")} == {None}


def test_somebody_with_a_solver_cannot_tell_a_hidden_number_from_all_tables_together(said: dict[str, Any]) -> None:
    """The groupings are of the same people as the table by place and chance. Each `*` keeps four values."""
    assert min(widths(said["social_care"])) >= 3


@pytest.mark.parametrize("seed", range(6))
def test_nor_from_the_tables_of_few_people(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(60, 4000))
    chance = draw.choice([0.01, 0.03, 0.07, 0.2], n, p=[0.88, 0.08, 0.03, 0.01])
    judged = pl.DataFrame({
        "age": draw.choice(AGES, n, p=[0.8, 0.12, 0.06, 0.02]), "sex": draw.choice(["F", "M"], n),
        "ethnic_group": draw.choice(["white", "asian", "black", "other"], n, p=[0.9, 0.07, 0.02, 0.01]),
        "locality": draw.choice(["a", "b", "c"], n, p=[0.6, 0.38, 0.02]), "chance": chance, "people": [1] * n,
        "began": (draw.random(n) < 2 * chance).astype(int),
    })  # fmt: skip
    places = protect(judged.with_columns(chance=band_of_chance()), ["locality", "chance"], ["people"])
    rows = places.table.with_columns(pl.col("locality", "chance").replace("", "all"), people="people_shown").to_dicts()
    assert min(widths({"calibration": calibration(judged, places).to_dicts(), "people": rows})) >= 3


def widths(model: dict[str, Any]) -> list[float]:
    """For each `*`, the largest value that it may have less the smallest, to somebody who sees all tables."""
    lines, stars = published(model)
    cells = sorted({cell for line, _ in lines for cell in line})
    place = {cell: i for i, cell in enumerate(cells)}
    matrix = np.zeros((len(lines), len(cells)))
    for number, (line, _) in enumerate(lines):
        for cell, weight in line.items():
            matrix[number, place[cell]] = weight
    rules = LinearConstraint(matrix, [ends[0] for _, ends in lines], [ends[1] for _, ends in lines])
    whole, above = np.ones(len(cells)), Bounds(0, np.inf)
    found = []
    for number in stars:
        least, most = (
            milp(s * matrix[number], constraints=rules, integrality=whole, bounds=above).fun for s in (1, -1)
        )
        found.append(-most - least)
    return found


Line = tuple[dict[tuple[str, ...], int], tuple[float, float]]


def published(model: dict[str, Any]) -> tuple[list[Line], list[int]]:
    """Each published count as the cells that it adds up and the ends of what it may be; and which are `*`."""
    values = {g: [r["value"] for r in model["calibration"] if r["group"] == g] for g in GROUPS}
    cells = [dict(zip(GROUPS, one, strict=True)) for one in product(*values.values())]
    places = [(r["locality"], r["chance"]) for r in model["people"] if "all" not in (r["locality"], r["chance"])]
    lines: list[Line] = []
    stars = []
    for row in model["calibration"]:
        of = [tuple(c.values()) for c in cells if row["group"] == "everybody" or c[row["group"]] == row["value"]]
        for count in ("people", "began"):
            stars += [len(lines)] if row[count] == "*" else []
            lines.append(({(count, *c): 1 for c in of}, meaning(row[count], True)))
    for row in model["people"]:
        one, two = row["locality"], row["chance"]
        of = [p for p in places if one in ("all", p[0]) and two in ("all", p[1])]
        stars += [len(lines)] if row["people"] == "*" else []
        lines.append((dict.fromkeys(of, 1), meaning(row["people"], "all" in (one, two))))
    same = {("people", *c.values()): 1 for c in cells} | dict.fromkeys(places, -1)
    lines.append((same, (0, 0)))
    lines += [({("people", *c.values()): 1, ("began", *c.values()): -1}, (0, np.inf)) for c in cells]
    return lines, stars
