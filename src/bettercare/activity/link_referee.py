"""How good links are where nobody knows the truth: the NHS number is the referee.

Two records with the same number are taken for one person. What their links are worth is tried out: the numbers of one
record in four are withheld, everybody is linked again in the same way, and the numbers say afterwards which pairs were
found, missed or wrong. That stands for the pairs of which a number is missing in earnest. Pairs with two numbers are
seen as they are, but for numbers that are themselves wrong: their share is that of pairs which agree in both names,
date of birth and postcode (key k04) and differ in the number.

By pair of organisations, the links without a number times the share of them that is right are the right ones, and
these over the share found are the true pairs (the estimator of a total under unequal chances: Horvitz and Thompson
1952). Precision is right links over links, recall right links over true pairs.

What it is not: it takes people without a number to be written down as well as those with one. Where they are written
down worse (visitors, people without a home), recall is lower than it says. A number that was typed for another person
and agrees with that person's date of birth or name counts as right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import polars as pl

from bettercare.activity.link import MOST_COPIES, Links, as_numbers, link
from bettercare.activity.match_keys import KEYS

WITHHELD = 4  # of one record in so many the number is withheld
FEWEST = 500  # withheld pairs for an estimate: a share of them in whole hundredths gives no small count away
FEWEST_OF_TWO = 200  # for a share of their own for two organisations; otherwise that of all organisations
SURE = "k04"
NUMBERS = ("nhs", *(key.code for key in KEYS if key.with_number))
RECORD = ("row", "id", "again", "nhs", "sure", "withheld")


@dataclass(frozen=True)
class Estimate:
    """Precision and recall of links, None where too few pairs have two numbers; `pairs` are those it was tried on.

    `tried` has a row a withheld pair: row (of `Links.people`, a record whose number was withheld) and found.
    """

    precision: float | None
    recall: float | None
    pairs: int
    tried: pl.DataFrame


def estimate(links: Links, frames: Mapping[str, pl.DataFrame]) -> Estimate:
    """What is to be thought of `links`, which `link(frames)` gave. Links everybody a second time."""
    records = _records(links, frames)
    seen = [_of_two(one, other) for one, other in combinations(records.partition_by("organisation"), 2)]
    tried = pl.concat([pl.DataFrame(schema={"row": pl.UInt32, "found": pl.Boolean}), *(one.tried for one in seen)])
    if tried.height < FEWEST:
        return Estimate(None, None, tried.height, tried)
    usual = _shares(tried, sum(one.wrong for one in seen))
    right = found = float(sum(one.linked_with for one in seen))
    true = sum(one.same_number for one in seen) / (1.0 - _wrong_numbers(links))
    for one in seen:
        are_right, are_found = _shares(one.tried, one.wrong) if one.tried.height >= FEWEST_OF_TWO else usual
        found += one.linked_without
        right += one.linked_without * are_right
        true += one.linked_without * are_right / are_found
    return Estimate(right / found if found else 1.0, min(right / true, 1.0), tried.height, tried)


def _shares(tried: pl.DataFrame, wrong: int) -> tuple[float, float]:
    """Share of links without a number that is right, and share of pairs found; half a pair keeps both above nought."""
    found = int(tried["found"].sum()) + 0.5
    return found / (found + wrong), found / (tried.height + 0.5)


def _wrong_numbers(links: Links) -> float:
    agree, differ = links.referee[SURE]
    return differ / (agree + differ) if agree else 0.0


def _records(links: Links, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """A row a record: organisation, id, id when linked again, NHS number and key k04 as numbers, and withheld."""
    hidden = {name: _withheld(frame) for name, frame in frames.items()}
    again = link({name: _without(frame, hidden[name]) for name, frame in frames.items()}).people
    numbers = pl.concat(
        frame.select(
            pl.lit(name).alias("organisation"), "person", pl.Series("nhs", as_numbers(frame["nhs"])),
            pl.Series("sure", as_numbers(frame[SURE])), pl.Series("withheld", hidden[name]),
        ) for name, frame in frames.items()
    )  # fmt: skip
    keys = ["organisation", "person"]
    return links.people.with_row_index("row").join(again.rename({"id": "again"}), on=keys).join(numbers, on=keys)


def _withheld(frame: pl.DataFrame) -> pl.Series:
    """By lot, but the same each time: a token is as good as a random number."""
    return pl.Series(as_numbers(frame["person"]) % WITHHELD == 0) & pl.Series(as_numbers(frame["nhs"]) != 0)


def _without(frame: pl.DataFrame, hidden: pl.Series) -> pl.DataFrame:
    return frame.with_columns(pl.when(~hidden).then(pl.col(name)).alias(name) for name in NUMBERS)


@dataclass(frozen=True)
class _OfTwo:
    """The pairs of two organisations: linked with two numbers and without, those whose numbers are the same, the
    withheld ones among these, and links that were made while a number was withheld and that the numbers belie."""

    linked_with: int
    linked_without: int
    same_number: int
    tried: pl.DataFrame
    wrong: int


def _of_two(one: pl.DataFrame, other: pl.DataFrame) -> _OfTwo:
    both = (pl.col("nhs") != 0) & (pl.col("nhs_right") != 0)
    either = pl.col("withheld") | pl.col("withheld_right")
    linked = _pairs(one, other, "id").select(both.sum().alias("with"), (~both).sum().alias("without")).row(0)
    same = _pairs(_usual(one), _usual(other), "nhs")
    tried = same.filter(either).select(
        pl.when("withheld").then("row").otherwise("row_right").alias("row"),
        (pl.col("again") == pl.col("again_right")).alias("found"),
    )
    same_person = (pl.col("sure") != 0) & (pl.col("sure") == pl.col("sure_right"))  # whatever the numbers say
    differ = both & either & (pl.col("nhs") != pl.col("nhs_right")) & ~same_person
    wrong = _pairs(one, other, "again").filter(differ).height
    return _OfTwo(int(linked[0]), int(linked[1]), same.height, tried, wrong)


def _pairs(one: pl.DataFrame, other: pl.DataFrame, on: str) -> pl.DataFrame:
    return one.select(RECORD).join(other.select(RECORD), on=on, coalesce=False)


def _usual(records: pl.DataFrame) -> pl.DataFrame:
    """Records with a number that is no stand-in value."""
    return records.filter(pl.col("nhs") != 0).filter(pl.len().over("nhs") <= MOST_COPIES)
