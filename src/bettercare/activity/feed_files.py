"""From the paths that a person gives to feeds: a table, its manifest, and whether the bytes are those sent."""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bettercare.activity import agreements as agreed
from bettercare.activity.tables import FEEDS, looks_identified, table
from bettercare.foundation.problems import Problem, Problems, UsageError, shown

CHUNK = 1 << 20
LARGEST_MANIFEST = 100_000  # bytes
LONGEST_HEADER = 10_000
FEED_DIGITS = 12
MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])", re.ASCII)
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
HEX = re.compile(r"[0-9a-f]+", re.ASCII)
GLOB = re.compile(r"[*?\[\]{}]")  # DuckDB would read these as a pattern for several files
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # what .xlsx (a zip file) and .xls begin with
RUN_TOKENISE = "It looks identified. Nothing of it was kept: run `bettercare tokenise` on it first."


@dataclass(frozen=True)
class Sent:
    """A feed as it was sent. `to` and `from_` are months, blank for people."""

    path: Path
    organisation: str
    kind: str
    purpose: str
    from_: str
    to: str
    extracted_at: str
    rows: int
    sha256: str
    key: str
    synthetic: bool

    @property
    def feed(self) -> str:
        """Its name in the store: the same bytes with the same manifest have the same."""
        said = [self.organisation, self.kind, self.purpose, self.from_, self.to, self.extracted_at, self.sha256]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:FEED_DIGITS]

    def months(self) -> list[str]:
        """The months that it covers; people stand under the blank month."""
        if self.kind == "people":
            return [""]
        first, last = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (self.from_, self.to))
        return [f"{n // 12}-{n % 12 + 1:02}" for n in range(first, last + 1)]

    def as_dict(self) -> dict[str, Any]:
        """What the store's manifest keeps of it."""
        return {
            "organisation": self.organisation, "kind": self.kind, "purpose": self.purpose, "from": self.from_,
            "to": self.to, "extracted_at": self.extracted_at, "rows": self.rows, "sha256": self.sha256,
            "key": self.key, "synthetic": self.synthetic,
        }  # fmt: skip


def collect(paths: Iterable[str | Path]) -> tuple[list[Path], list[Path]]:
    """The tables of feeds and the files of agreements among some paths; a folder stands for its files."""
    files: set[Path] = set()
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files |= {one for one in path.iterdir() if one.suffix in (".csv", ".json") and one.is_file()}
        elif path.is_file():
            files.add(path)
        else:
            raise UsageError(f"{shown(given)} is not there. Name the .csv files of feeds, or their folder.")
    agreements = sorted(one for one in files if one.name == agreed.FILE)
    tables = sorted({one.with_suffix(".csv") for one in files if one.suffix in (".csv", ".json")} - set(agreements))
    other = sorted(one.name for one in files if one.suffix not in (".csv", ".json"))
    if other:
        raise UsageError(f"{shown(other[0])} is no feed: a feed is a .csv file (not packed) beside a .json file.")
    if not tables and not agreements:
        raise UsageError("There is no feed here. A feed is a .csv file beside a .json file, as `tokenise` writes them.")
    return tables, agreements


def read_manifest(path: Path) -> Sent:
    """What the manifest beside a table says. Raises Problems with everything that is wrong with it."""
    beside = path.with_suffix(".json")
    problems: list[Problem] = []

    def wrong(column: str | None, message: str, hint: str = "") -> None:
        problems.append(Problem(beside.name, None, column, message, hint))

    if not path.is_file():
        raise Problems([Problem(path.name, None, None, "is missing beside its .json file.", "Give both files.")])
    if GLOB.search(str(path.resolve())):
        hint = "Rename it or its folder, with letters, digits and hyphens."
        raise Problems([Problem(path.name, None, None, "the path has one of the characters * ? [ ] { }.", hint)])
    content = _json(beside, wrong)
    if content is None:
        raise Problems(problems)
    text = {name: content.get(name, "") for name in ("organisation", "kind", "purpose", "from", "to", "extracted_at")}
    text |= {name: content.get(name, "") for name in ("sha256", "key")}
    for name, value in text.items():
        if not isinstance(value, str):
            text[name] = ""
    _judge(content, text, wrong)
    if problems:
        raise Problems(problems)
    events = text["kind"] == "events"
    return Sent(
        path.resolve(), text["organisation"], text["kind"], text["purpose"], text["from"] if events else "",
        text["to"] if events else "", text["extracted_at"], content["rows"], text["sha256"], text["key"],
        content["synthetic"],
    )  # fmt: skip


def _json(path: Path, wrong: Any) -> dict[str, Any] | None:
    if not path.is_file():
        wrong(
            None,
            "is missing: it says what the feed is.",
            "Give both files that `bettercare tokenise` writes; agreements stand in agreements.csv.",
        )
        return None
    if path.stat().st_size > LARGEST_MANIFEST:
        wrong(None, "is too large for a manifest.", "Give the file that `bettercare tokenise` writes.")
        return None
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        wrong(None, "cannot be read as JSON.", "Give the file that `bettercare tokenise` writes.")
        return None
    return content


def _judge(content: dict[str, Any], text: dict[str, str], wrong: Any) -> None:
    if content.get("format") != 1:
        wrong("format", "is not 1.", "Tokenise the extract with this version of the program.")
    for name in ("organisation", "purpose"):
        if not CODE.fullmatch(text[name]):
            wrong(name, "is not a code.", "Write small letters, digits and hyphens.")
    if text["kind"] not in FEEDS:
        wrong("kind", "is neither people nor events.")
    if text["kind"] == "events":
        for name in ("from", "to"):
            if not MONTH.fullmatch(text[name]):
                wrong(name, "is not a month.", "Write it as 2013-04.")
        if text["from"] > text["to"]:
            wrong("to", "the last month comes before the first.")
    if not _moment(text["extracted_at"]):
        wrong("extracted_at", "is not a time.", "Write it as 2014-04-20T09:00:00.")
    rows = content.get("rows")
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        wrong("rows", "is not a number of rows.")
    for name, digits in (("sha256", 64), ("key", 8)):
        if len(text[name]) != digits or not HEX.fullmatch(text[name]):
            wrong(name, f"is not {digits} hexadecimal digits.")
    if not isinstance(content.get("synthetic"), bool):
        wrong("synthetic", "is neither true nor false.", "Say whether the people of the feed are made up.")


def _moment(text: str) -> bool:
    try:
        return len(text) == 19 and datetime.fromisoformat(text).tzinfo is None and text[10] == "T"
    except ValueError:
        return False


def verify(sent: Sent) -> tuple[str, ...]:
    """The header of the table, when its bytes are those that the manifest describes. Raises Problems otherwise."""
    name = sent.path.name
    digest, decoder, rows = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 1
    with sent.path.open("rb") as file:
        header = _header(file.readline(LONGEST_HEADER), sent)
        file.seek(0)
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            nul = chunk.find(b"\0")
            if nul >= 0:
                row = rows + chunk.count(b"\n", 0, nul)
                raise Problems([Problem(name, row, None, "holds a NUL byte, so it is not text.", "Extract it again.")])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                row = rows + chunk.count(b"\n", 0, max(error.start, 0))
                hint = "Save it as UTF-8 and tokenise it again."
                raise Problems([Problem(name, row, None, "is not UTF-8 text.", hint)]) from None
            rows += chunk.count(b"\n")
    if digest.hexdigest() != sent.sha256:
        hint = "It was cut short or changed on the way: send it again."
        raise Problems([Problem(name, None, None, "is not the file that its manifest describes (sha256).", hint)])
    return header


def _header(line: bytes, sent: Sent) -> tuple[str, ...]:
    """The names of the columns. A name that is not known is not repeated: it may be a cell of a file without header."""
    name = sent.path.name
    if line.startswith(WORKBOOKS):
        hint = "Give the .csv file that `bettercare tokenise` writes."
        raise Problems([Problem(name, None, None, "is an Excel workbook or another packed file, not CSV.", hint)])
    if line[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Problems([Problem(name, 1, None, "is written in UTF-16, not in UTF-8.", "Save it as UTF-8.")])
    try:
        cells = next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        raise Problems([Problem(name, 1, None, "has no header that can be read.", "Save it as UTF-8.")]) from None
    known, problems = table(sent.kind), []
    identified = sorted({cell for cell in cells if looks_identified(cell)} - set(known.names))
    if identified:
        raise Problems(
            [Problem(name, 1, shown(column), "is not a column of a feed.", RUN_TOKENISE) for column in identified]
        )
    for place, cell in enumerate(cells, start=1):
        if cell not in known.names:
            hint = f"The columns are {', '.join(known.names)}."
            problems.append(Problem(name, 1, None, f"column {place} is not a column of a {sent.kind} feed.", hint))
        elif cell in cells[: place - 1]:
            problems.append(Problem(name, 1, cell, "the column is there twice.", "Keep one of them."))
    for column in known.columns:
        if column.required and column.name not in cells:
            problems.append(Problem(name, 1, column.name, "the column is missing.", f"Add it: {column.description}."))
    if problems:
        raise Problems(problems)
    return tuple(cells)
