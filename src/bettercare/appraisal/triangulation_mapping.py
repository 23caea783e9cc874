"""How the tables of a return are laid out: the template's own way, or a partner's, mapped by hand in mapping.toml.

`mapping.toml` lies beside the returns, so that what was mapped once is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bettercare.appraisal.triangulation_lines import KINDS
from bettercare.appraisal.triangulation_open import MOST_ROWS
from bettercare.foundation.problems import Problem, did_you_mean, shown
from bettercare.plan.settings import parse_toml
from bettercare.plan.source import read_text

MAPPING = "mapping.toml"
LARGEST_SCALE = 1_000_000_000

# The columns of a table: what a header of the template, or the left side of `columns` in mapping.toml, may be.
FIELDS = ("kind", "service", "site", "counterparty", "fund", "initiative", "basis", "badge", "note")
LONG = ("year", "value")  # of a table that has a row for each year
SHEETS = {"activity": "activity", "beds": "beds", "staff": "staff", "money": "money", "savings": "saving"}


@dataclass(frozen=True)
class TableMap:
    """Where the figures of one sheet stand, and how its words translate.

    `columns` names the header of each field, `years` the financial year that a header stands for, `fixed` the fields
    that are the same in every row, `names` the codes that a partner's own words stand for, `ignore` words of a field
    whose rows are passed over (totals). Values are multiplied by `scale`.
    """

    sheet: str
    item: str
    header_row: int = 1
    last_row: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    years: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignore: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scale: float = 1.0


@dataclass(frozen=True)
class ReturnMap:
    """How the workbooks of one partner whose names fit `files` are read."""

    partner: str
    files: str
    as_of: date
    revision: str
    tables: tuple[TableMap, ...]

    def fits(self, name: str) -> bool:
        """Whether it says how a file of this name is read; letter case does not matter."""
        return fnmatchcase(name.lower(), self.files.lower())


_RETURN = {"partner": str, "files": str, "as_of": date, "revision": str, "table": list}
_TABLE = {
    "sheet": str,
    "item": str,
    "header_row": int,
    "last_row": int,
    "columns": dict,
    "years": dict,
    "fixed": dict,
    "names": dict,
    "ignore": dict,
    "scale": (int, float),
}  # fmt: skip
_WORDS: dict[Any, str] = {
    str: "a text",
    date: "a date, 2015-06-30 without quotes",
    list: "a list of tables",
    dict: "a table",
    int: "a whole number",
}


def read_mapping(folder: Path, problems: list[Problem]) -> tuple[ReturnMap, ...]:
    """What mapping.toml in a folder says; nothing where there is none. Problems are collected."""
    path = folder / MAPPING
    if not path.exists():
        return ()
    text = read_text(path, MAPPING, problems)
    if text is None:
        return ()
    content = parse_toml(text, MAPPING, problems)
    return () if content is None else _Reader(problems).returns(content)


class _Reader:
    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def wrong(self, place: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(MAPPING, None, place or None, message, hint))

    def returns(self, content: Mapping[str, Any]) -> tuple[ReturnMap, ...]:
        known = len(self.problems)
        if not self._shape("", content, {"return": list}, ("return",)):
            return ()
        found = [self._return(f"return {n}", entry) for n, entry in enumerate(content["return"], start=1)]
        return () if len(self.problems) > known else tuple(one for one in found if one is not None)

    def _return(self, place: str, entry: Any) -> ReturnMap | None:
        if not isinstance(entry, dict):
            self.wrong(place, "is not a table.", "Begin each with [[return]].")
            return None
        if not self._shape(place, entry, _RETURN, ("partner", "files", "as_of", "table")):
            return None
        maps = [self._table(f"{place}, table {k}", table) for k, table in enumerate(entry["table"], start=1)]
        tables = tuple(one for one in maps if one is not None)
        return ReturnMap(entry["partner"], entry["files"], entry["as_of"], entry.get("revision", ""), tables)

    def _shape(self, place: str, entry: Mapping[str, Any], keys: Mapping[str, Any], needed: tuple[str, ...]) -> bool:
        """Whether all keys are known, of their kind, and none is missing; what is not so becomes a problem."""
        before = len(self.problems)
        for key, value in entry.items():
            if key not in keys:
                hint = did_you_mean(key, keys) or f"There are: {', '.join(keys)}."
                self.wrong(place, f"the key {shown(key)} is unknown.", hint)
            elif not isinstance(value, keys[key]) or isinstance(value, bool | datetime):
                self.wrong(place, f"{key} is not {_WORDS.get(keys[key], 'a number')}.")
        for key in needed:
            if key not in entry:
                self.wrong(place, f"{key} is missing.")
        return len(self.problems) == before

    def _table(self, place: str, entry: Any) -> TableMap | None:
        if not isinstance(entry, dict):
            self.wrong(place, "is not a table.", "Begin each with [[return.table]].")
            return None
        if not self._shape(place, entry, _TABLE, ("sheet", "item", "columns")):
            return None
        before = len(self.problems)
        if entry["item"] not in KINDS:
            self.wrong(place, f"{shown(entry['item'])} is not an item.", f"Write one of {', '.join(KINDS)}.")
        for key, allowed in (("columns", FIELDS + LONG), ("fixed", FIELDS), ("names", FIELDS), ("ignore", FIELDS)):
            for name, value in (entry.get(key) or {}).items():
                if name not in allowed:
                    hint = did_you_mean(name, allowed) or f"There are: {', '.join(allowed)}."
                    self.wrong(place, f"{key}: {shown(name)} is not a column.", hint)
                elif not _right(key, value):
                    self.wrong(place, f"{key}.{name} is not {_KINDS_OF_VALUE[key]}.")
        scale = entry.get("scale", 1.0)
        if not 0 < scale <= LARGEST_SCALE:
            message = f"scale is not a number above 0 and at most {LARGEST_SCALE:,}."
            self.wrong(place, message, "Write 1000 for figures in thousands.")
        for key in ("header_row", "last_row"):
            if not 1 <= entry.get(key, 1) <= MOST_ROWS:
                self.wrong(place, f"{key} is not a row from 1 to {MOST_ROWS:,}.", "Write the number beside the row.")
        columns, years = entry["columns"], entry.get("years") or {}
        if not all(isinstance(value, str) for value in years.values()):
            self.wrong(
                place, "years does not name a financial year for each header.", 'Write "Plan 15/16" = "2015/16".'
            )
        if bool(years) == all(name in columns for name in LONG):
            hint = "Give either years (a column for each) or the columns year and value."
            self.wrong(place, "it is not said where the figures stand.", hint)
        if len(self.problems) > before:
            return None
        ignore = {name: tuple(words) for name, words in (entry.get("ignore") or {}).items()}
        plain = {name: value for name, value in entry.items() if name != "ignore"}
        return TableMap(**{**plain, "ignore": ignore, "scale": float(scale)})


_KINDS_OF_VALUE = {
    "columns": "a header",
    "fixed": "a text",
    "names": "a table of words and codes",
    "ignore": "a list of words",
}


def _right(key: str, value: Any) -> bool:
    if key == "names":
        return isinstance(value, dict) and all(isinstance(code, str) for code in value.values())
    if key == "ignore":
        return isinstance(value, list) and all(isinstance(word, str) for word in value)
    return isinstance(value, str)
