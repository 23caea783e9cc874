"""No small number leaves: the rule, the totals, and an attacker with a solver."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bettercare.activity.disclosure import (
    mean_if,
    midpoint6,
    organisations,
    proportion,
    protect,
    rounded,
    shown,
)
from bettercare.foundation.problems import UsageError
from tests.activity.attacker import Attacker

DIMS = ["month", "partner", "place"]


def cube(values: list[int], shape: tuple[int, ...], name: str = "n") -> pl.DataFrame:
    keys = list(product(*([f"{d}{i}" for i in range(n)] for d, n in zip(DIMS, shape, strict=False))))
    return pl.DataFrame(
        {**{d: [k[i] for k in keys] for i, d in enumerate(DIMS[: len(shape)])}, name: values[: len(keys)]}
    )


def line(*values: int) -> list[str]:
    """What is shown of a row of counts, its total last."""
    return protect(cube(list(values), (len(values),)), ["month"], ["n"]).table["n_shown"].to_list()


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (1, "*"), (7, "*"), (8, "10"), (12, "10"), (13, "15"), (17, "15"), (1234, "1,235"), (1232, "1,230")],
)
def test_the_rule(count: int, text: str) -> None:
    assert shown(count) == text
    assert rounded(count) == (None if text == "*" else int(text.replace(",", "")))


def test_small_helpers() -> None:
    assert [midpoint6(n) for n in (0, 1, 6, 7, 12, 13)] == [0, 3, 3, 9, 9, 15]
    assert proportion(10, 40) == 0.25
    assert proportion(None, 40) is None
    assert proportion(0, 0) is None
    assert proportion(10, None) is None
    with pytest.raises(UsageError, match="not"):
        proportion(9, 40)
    assert mean_if(8, 2.5) == 2.5
    assert mean_if(7, 2.5) is None
    assert organisations(3) == "3"


def test_totals_are_added_up_then_rounded() -> None:
    assert line(9, 9, 9) == ["10", "10", "10", "25"]


def test_a_total_that_would_pin_its_parts_is_hidden() -> None:
    assert line(1, 1, 1, 1, 1, 1, 1)[-1] == ".."
    assert line(7, 7, 7, 7, 7, 7, 7)[-1] == ".."
    assert line(3, 4, 0) == ["*", "*", "0", "*"]  # each can still be 1 to 6
    assert line(0, 0) == ["0", "0", "0"]


def test_a_cell_that_would_pin_its_neighbour_is_hidden() -> None:
    # 18 to 22 in all, of whom 8 to 12 are not in the small cell, would leave 6 or 7.
    assert line(7, 12) == ["*", "..", "20"]
    assert line(5, 95) == ["*", "95", "100"]  # rounding alone is enough


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([(4,), (9,), (2, 2), (3, 4), (2, 2, 2), (3, 2, 2)]),
    st.sampled_from([(0, 1), (1, 2), (6, 9), (0, 12), (1, 60)]),
    st.data(),
)
def test_an_attacker_with_a_solver_cannot_tell(shape: tuple[int, ...], ends: tuple[int, int], data) -> None:
    size = int(np.prod(shape))
    values = data.draw(st.lists(st.integers(*ends), min_size=size, max_size=size))
    published = protect(cube(values, shape), DIMS[: len(shape)], ["n"])
    assert all(n >= 4 for n in Attacker(published.table, DIMS[: len(shape)], ["n"]).left())


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([(3,), (2, 3), (2, 2, 2)]), st.sampled_from([2, 8, 30]), st.data())
def test_nor_with_a_part_and_its_whole(shape: tuple[int, ...], most: int, data) -> None:
    size = int(np.prod(shape))
    parts = data.draw(st.lists(st.integers(0, most), min_size=size, max_size=size))
    rest = data.draw(st.lists(st.integers(0, most), min_size=size, max_size=size))
    both = cube(parts, shape).with_columns(d=pl.col("n") + pl.Series(rest))
    dims = DIMS[: len(shape)]
    published = protect(both, dims, ["n", "d"], within=[("n", "d")])
    assert all(n >= 4 for n in Attacker(published.table, dims, ["n", "d"], [("n", "d")]).left())


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=12, max_size=12))
def test_nor_with_years_beside_months(values: list[int]) -> None:
    groups = {"month": {f"month{i}": f"year{i // 2}" for i in range(4)}}
    published = protect(cube(values, (4, 3)), DIMS[:2], ["n"], groups=groups)
    assert published.where(month="year1").height == 1
    assert all(n >= 4 for n in Attacker(published.table, DIMS[:2], ["n"], groups=groups).left())


def test_the_attacker_finds_what_rounding_alone_gives_away() -> None:
    table = pl.DataFrame({"month": [*"abcdefg", ""], "n_shown": ["*"] * 8})
    assert set(Attacker(table, ["month"], ["n"]).left()) == {1}


def test_nothing_small_is_in_the_table_and_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    c = cube(rng.poisson(6, 60).tolist(), (5, 4, 3))
    table = protect(c, DIMS, ["n"]).table
    assert table.equals(protect(c.sample(fraction=1, shuffle=True, seed=3), DIMS, ["n"]).table)
    assert (table["n"].drop_nulls() % 5 == 0).all()
    hidden = table["n"].is_null()
    assert (hidden == table["n_shown"].is_in(["*", ".."])).all()
    assert table.filter(pl.all_horizontal(pl.col(d) == "" for d in DIMS)).height == 1


def test_indicators_are_kept_apart_and_missing_rows_stay_missing() -> None:
    c = pl.DataFrame({"indicator": ["a", "a", "b"], "month": ["1", "2", "1"], "n": [20, 3, 0]})
    p = protect(c, ["month"], ["n"], by=["indicator"])
    assert p.where(indicator="a", month="1")["n"].item() == 20
    assert p.where(indicator="b")["n_shown"].item() == "0"
    assert p.where(indicator="b", month="2").height == 0
    empty = protect(c.clear(), ["month"], ["n"], by=["indicator"])
    assert empty.table.columns == p.table.columns
    assert empty.table.height == 0


def test_shares_come_from_rounded_counts() -> None:
    c = pl.DataFrame({"month": ["1", "2", "3"], "n": [12, 3, 0], "d": [21, 30, 0]})
    table = protect(c, ["month"], ["n", "d"], within=[("n", "d")]).share("n", "d")
    assert table["share"].to_list()[:3] == [0.5, None, None]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"month": ["", "a"], "n": [1, 2]}, "blank"),
        ({"month": ["b", "a"], "n": [1, None]}, "missing"),
        ({"month": ["b", "a"], "n": [1.5, 2]}, "whole"),
        ({"month": ["b", "a"], "n": [-1, 2]}, "below nought"),
        ({"months": ["b", "a"], "n": [1, 2]}, "no column month"),
    ],
)
def test_what_is_not_a_count_is_refused(frame: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        protect(pl.DataFrame(frame), ["month"], ["n"])


def test_an_indicator_takes_about_a_second() -> None:
    rng = np.random.default_rng(2)
    n = rng.poisson(rng.gamma(0.5, 2, 2160) * 5)
    c = cube(n.tolist(), (36, 12, 5)).with_columns(d=pl.Series(n + rng.poisson(20, 2160)))
    start = time.process_time()
    protect(c, DIMS, ["n", "d"], within=[("n", "d")])
    assert time.process_time() - start < 6  # about 1 s on a quiet machine
