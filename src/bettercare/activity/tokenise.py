"""Tokens in place of people: what a data custodian runs before anything leaves their machine.

From an extract with names, dates of birth, postcodes and NHS numbers comes a feed that holds none of them: the person
and the twelve match keys (`match_keys`) as keyed hashes. Without the key a token cannot be worked out from a name, not
even by trying all names. `tokenise_files` does it for files; the functions here do it for tables in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import polars as pl

from bettercare.activity import keyed_hash, match_keys

PEOPLE = (
    "local_id", "nhs_number", "forename", "surname", "birth_date", "sex", "postcode", "ethnic_group", "zone",
    "residence", "recorded_on",
)  # fmt: skip
PEOPLE_FEED = (
    "person", "recorded_on", "nhs_status", "nhs", *match_keys.CODES, "sex", "birth_year", "ethnic_group", "zone",
    "residence",
)  # fmt: skip
EVENT_COLUMNS = (
    "event", "start", "end", "service", "site", "method", "priority", "diagnosis", "diagnoses", "procedure",
    "clock_start", "clock_stop", "ready", "outcome", "code", "value", "cost_gbp",
)  # fmt: skip
EVENTS = ("local_id", "record_id", *EVENT_COLUMNS)
EVENTS_FEED = ("person", "record", *EVENT_COLUMNS)


@dataclass(frozen=True)
class Feed:
    """A feed as it is made: the tokens as numbers, and the columns that go beside them."""

    names: tuple[str, ...]  # of the tokens, the person first
    made: list[keyed_hash.Words]
    known: list[keyed_hash.Known]
    plain: pl.DataFrame

    def frame(self, columns: tuple[str, ...]) -> pl.DataFrame:
        """As a table."""
        tokens = map(keyed_hash.as_text, self.names, self.made, self.known)
        return pl.DataFrame(list(tokens)).with_columns(self.plain).select(columns)

    def lines(self, columns: tuple[str, ...], keep: keyed_hash.Known) -> memoryview:
        """As lines of a CSV, of the rows to keep. The columns beside the tokens hold no comma or quotation mark."""
        places = [columns.index(name) for name in self.names]
        middle, rest = columns[1 : places[1]], columns[places[-1] + 1 :]
        return keyed_hash.lines(self.made, self.known, keep, self._cells(middle), self._cells(rest))

    def _cells(self, columns: tuple[str, ...]) -> keyed_hash.Texts:
        """The columns with a comma before each; what is missing is blank."""
        if not columns:
            return keyed_hash.blank(len(self.plain))
        cells = [piece for name in columns for piece in (pl.lit(","), pl.col(name))]
        return keyed_hash.texts(self.plain.select(pl.concat_str(cells, ignore_nulls=True).alias("cells"))["cells"])


def people(frame: pl.DataFrame, key: bytes, organisation: str, *, synthetic: bool = False) -> pl.DataFrame:
    """The people feed of an identified extract (columns `PEOPLE`; those left out are blank).

    `synthetic` says that the people are invented: their NHS numbers are of the test range and make tokens all the same.
    """
    frame = match_keys.text_columns(_with(frame, PEOPLE))
    return people_made(frame, key, organisation, synthetic=synthetic).frame(PEOPLE_FEED)


def people_made(frame: pl.DataFrame, key: bytes, organisation: str, *, synthetic: bool = False) -> Feed:
    """The same of columns that are text without blanks, before it is a table."""
    frame = _with(frame, PEOPLE)
    parts = match_keys.parts(frame, synthetic=synthetic)
    local, number = keyed_hash.texts(frame["local_id"]), keyed_hash.texts(parts["nhs"])
    texts: list[Callable[[], keyed_hash.Padded]] = [
        partial(keyed_hash.joined, f"person|{organisation}|", [local]),
        partial(keyed_hash.joined, "nhs|", [number]),
        *match_keys.composites(parts),
    ]
    plain = parts.select("nhs_status", match_keys.part("born_year").alias("birth_year"))
    plain = plain.with_columns(frame.select("sex", "recorded_on", "ethnic_group", "zone", "residence"))
    return Feed(("person", "nhs", *match_keys.CODES), *_hashed(texts, key), plain)


def events(frame: pl.DataFrame, key: bytes, organisation: str) -> pl.DataFrame:
    """The events feed of an identified extract (columns `EVENTS`; those left out are blank)."""
    return events_made(match_keys.text_columns(_with(frame, EVENTS)), key, organisation).frame(EVENTS_FEED)


def events_made(frame: pl.DataFrame, key: bytes, organisation: str) -> Feed:
    """The same of columns that are text without blanks, before it is a table."""
    frame = _with(frame, EVENTS)
    texts = [
        partial(keyed_hash.joined, f"{what}|{organisation}|", [keyed_hash.texts(frame[column])])
        for what, column in (("person", "local_id"), ("record", "record_id"))
    ]
    return Feed(("person", "record"), *_hashed(texts, key), frame.select(EVENT_COLUMNS))


def person_text(local_id: pl.Series, organisation: str) -> pl.Series:
    """What is hashed for a person: their number in one organisation, so that it says nothing in another."""
    return pl.select((f"person|{organisation}|" + local_id).alias("person"))["person"]


def _hashed(
    texts: Iterable[Callable[[], keyed_hash.Padded]], key: bytes
) -> tuple[list[keyed_hash.Words], list[keyed_hash.Known]]:
    def one(text: Callable[[], keyed_hash.Padded]) -> tuple[keyed_hash.Words, keyed_hash.Known]:
        padded = text()
        return keyed_hash.hashed(padded, key), padded.counts > 0

    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        made = list(pool.map(one, texts))
    return [words for words, _ in made], [known for _, known in made]


def _with(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in frame.columns]
    return frame.with_columns(missing).select(names)
