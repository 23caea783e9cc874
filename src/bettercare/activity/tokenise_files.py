"""From an identified extract to a feed, file by file, in flat memory: what `bettercare tokenise` does."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.activity import extract_rows, key_file, keyed_hash, tokenise
from bettercare.activity.quality import Quality
from bettercare.foundation.problems import Problem, Problems, UsageError, shown

MOST_LEFT_OUT = 0.05
AHEAD = 2  # blocks in the making at once
LISTED = 100_000  # rows that the list of rows left out names
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)


@dataclass(frozen=True)
class Made:
    """A feed that was written."""

    path: Path
    manifest: dict[str, object]
    quality: Quality
    report: Path
    noted: int


@dataclass(frozen=True)
class Asked:
    """What a feed is of, and for. Months are `2013-04`; blank: those of the events themselves."""

    organisation: str
    purpose: str
    months: tuple[str, str] | None = None
    synthetic: bool = False
    extracted_at: str = ""  # when left out, when the extract's file was last changed

    def __post_init__(self) -> None:
        for what, text in (("--organisation", self.organisation), ("--purpose", self.purpose)):
            if not _CODE.fullmatch(text):
                raise UsageError(f"{what} {shown(text)} is not a code. Write small letters, digits and hyphens.")
        if self.months is not None:
            first, last = (extract_rows.month(m, o) for m, o in zip(self.months, ("--from", "--to"), strict=True))
            if first > last:
                raise UsageError(f"--to {last} comes before --from {first}.")


def run(extract: str | Path, key: bytes, asked: Asked, out: str | Path = ".", block: int | None = None) -> Made:
    """Tokenise an extract into `<organisation>-<kind>.csv` and `.json`. Nothing is there before all of it is.

    Raises Problems, which name rows and columns, when the extract cannot be read or more than 5% of it is of no use,
    and UsageError where a feed of that name is there: it may have been sent.
    """
    source, folder = Path(extract), Path(out)
    kind, columns = extract_rows.header(source)
    path = folder / f"{asked.organisation}-{kind}.csv"
    if path.exists():
        raise UsageError(f"{path} is there already. Name another folder with --out, or move it away first.")
    (folder / "quality").mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".csv.part")
    quality, passing = Quality(asked.organisation, kind, asked.synthetic), _Passing(asked, kind, key)
    try:
        digest = hashlib.sha256()
        with part.open("wb") as file:
            for data in _feed(extract_rows.blocks(source, columns, block or extract_rows.BLOCK), passing, quality):
                digest.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _judge(source, quality, passing)
        manifest = _manifest(source, asked, kind, passing, quality, digest.hexdigest(), key)
        os.replace(part, path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    _write(path.with_suffix(".json"), json.dumps(manifest, indent=1) + "\n")
    report = folder / "quality" / f"{asked.organisation}-{kind}.txt"
    _write(report, "\n".join([*quality.lines(), *passing.lines()]) + "\n")
    return Made(path, manifest, quality, report, passing.noted)


@dataclass(frozen=True)
class _Block:
    rows: int
    good: pl.DataFrame
    notes: pl.DataFrame
    feed: tokenise.Feed


class _Passing:
    """What goes from block to block: the notes, the people seen, and the months."""

    def __init__(self, asked: Asked, kind: str, key: bytes) -> None:
        self.asked, self.kind, self.key = asked, kind, key
        self.notes: list[pl.DataFrame] = []
        self.noted = 0
        self.seen = np.zeros(0, dtype=np.uint64)
        self.first, self.last = "9999-99", ""
        self.columns = tokenise.PEOPLE_FEED if kind == "people" else tokenise.EVENTS_FEED

    def made(self, frame: pl.DataFrame) -> _Block:
        """A block of the extract made into a part of the feed; it may run beside another."""
        good, notes = extract_rows.looked_through(frame, self.kind, self.asked.months)
        if self.kind == "people":
            feed = tokenise.people_made(good, self.key, self.asked.organisation, synthetic=self.asked.synthetic)
        else:
            feed = tokenise.events_made(good, self.key, self.asked.organisation)
        return _Block(len(frame), good, notes, feed)

    def passed(self, block: _Block, quality: Quality) -> memoryview:
        """The lines of the feed for a block, in the order of the extract."""
        good, notes, feed = block.good, block.notes, block.feed
        keep = np.ones(len(good), dtype=np.bool_)
        if self.kind == "people":
            again = self._again(keyed_hash.first_64(feed.made[0]))
            plain = feed.plain
            if again.any():
                twice = good.filter(again).select("row", column=pl.lit("local_id"), left_out=pl.lit(True))
                twice = twice.with_columns(reason=pl.lit("is there twice; the first row counts."))
                notes = pl.concat([notes, twice.select(notes.columns)])
                good, plain, keep = good.filter(~again), plain.filter(~again), ~again.to_numpy()
            quality.count(good, plain)
        elif len(good):
            months = good["start"].str.head(7)
            self.first, self.last = min(self.first, str(months.min())), max(self.last, str(months.max()))
        quality.rows += block.rows
        quality.left_out += block.rows - len(good)
        if self.noted < LISTED:
            self.notes.append(notes.head(LISTED - self.noted))
        self.noted += len(notes)
        return feed.lines(self.columns, keep)

    def _again(self, values: NDArray[np.uint64]) -> pl.Series:
        """The rows whose person was in an earlier one."""
        again = ~pl.Series(values).is_first_distinct()
        if len(self.seen):
            place = np.minimum(np.searchsorted(self.seen, values), len(self.seen) - 1)
            again = again | pl.Series(self.seen[place] == values)
        self.seen = np.sort(np.concatenate((self.seen, values)))
        return again

    def lines(self) -> list[str]:
        """The notes as lines: row, column and what is wrong."""
        if not self.noted:
            return []
        rows = pl.concat(self.notes)
        out = ["", f"Notes ({self.noted:,}):"]
        return out + [f"row {row}, {column}: {reason}" for row, column, reason, _ in rows.iter_rows()]

    def problems(self, file: str) -> list[Problem]:
        """The notes as problems."""
        rows = pl.concat(self.notes) if self.notes else extract_rows.EMPTY
        return [Problem(file, row, column, reason) for row, column, reason, _ in rows.head(5000).iter_rows()]


def _feed(frames: Iterator[pl.DataFrame], passing: _Passing, quality: Quality) -> Iterator[bytes | memoryview]:
    """The bytes of the feed. One block is made while the one before it is written, so that no core waits."""
    yield (",".join(passing.columns) + "\n").encode()
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting: deque[Future[_Block]] = deque()
        for frame in frames:
            waiting.append(pool.submit(passing.made, frame))
            if len(waiting) > AHEAD:
                yield passing.passed(waiting.popleft().result(), quality)
        while waiting:
            yield passing.passed(waiting.popleft().result(), quality)


def _judge(source: Path, quality: Quality, passing: _Passing) -> None:
    if quality.rows == 0:
        raise Problems([Problem(source.name, None, None, "holds no rows.", "Extract it again.")])
    if quality.left_out > MOST_LEFT_OUT * quality.rows:
        said = f"{quality.left_out:,} of {quality.rows:,} rows are of no use, more than {MOST_LEFT_OUT:.0%}."
        hint = "Mend the extract; no feed was written."
        raise Problems([Problem(source.name, None, None, said, hint), *passing.problems(source.name)])


def _manifest(
    source: Path, asked: Asked, kind: str, passing: _Passing, quality: Quality, sha256: str, key: bytes
) -> dict[str, object]:
    when = asked.extracted_at or datetime.fromtimestamp(int(source.stat().st_mtime)).isoformat()
    first, last = asked.months or (passing.first, passing.last)
    return {
        "format": 1, "organisation": asked.organisation, "kind": kind, "purpose": asked.purpose,
        **({"from": first, "to": last} if kind == "events" else {}),
        "extracted_at": when, "rows": quality.rows - quality.left_out, "sha256": sha256,
        "key": key_file.fingerprint(key), "synthetic": asked.synthetic,
    }  # fmt: skip


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, path)
