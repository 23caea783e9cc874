"""Scenarios: overlays of changed rows and settings on a plan.

A scenario is a folder `scenarios/<name>/` with a `scenario.toml` and, for each table that it changes, a CSV file with
the changed rows. A row has the key columns in full; other blank cells keep the base plan's value; `remove` in the
column `change` deletes the row; a key that the base does not have is a new row, which must be complete.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bettercare.foundation.problems import Problem, did_you_mean, shown
from bettercare.plan import settings as settings_module
from bettercare.plan import values
from bettercare.plan.schema import Table, schema
from bettercare.plan.source import RawScenario
from bettercare.plan.typed import CHANGE, Row, key_of, read_table, sort_rows
from bettercare.plan.values import CODE

if TYPE_CHECKING:
    import polars as pl

TEXTS = ("title", "description", "label", "trigger", "cost_note", "fallback")
KNOWN = ("name", *TEXTS, "initiatives", "without", "hindsight", "settings")


@dataclass(frozen=True, eq=False)
class Scenario:
    """An overlay on a plan.

    `initiatives` is "all", "none" or the codes of those that happen; `without` names some that do not. `settings` are
    the changed settings by dotted name; `tables` the changed rows by table (all columns of the table, blanks null, and
    `change`, which is "remove" or null). `trigger`, `cost_note` and `fallback` are prose for scenarios that warn.
    """

    name: str
    title: str
    description: str
    label: str
    initiatives: Literal["all", "none"] | tuple[str, ...]
    without: tuple[str, ...]
    settings: Mapping[str, Any]
    tables: Mapping[str, pl.DataFrame]
    hindsight: bool
    trigger: str
    cost_note: str
    fallback: str


@dataclass
class ReadScenario:
    """A scenario while it is read: its rows still know where they were written. `broken` tables could not be read."""

    name: str
    file: str
    content: dict[str, Any]
    settings: dict[str, Any]
    rows: dict[str, list[Row]]
    text: str
    broken: set[str]


def read_scenario(raw: RawScenario, problems: list[Problem]) -> ReadScenario | None:
    """The typed scenario, or None when its scenario.toml cannot be read. Problems are collected."""
    broken = set(raw.broken)
    rows = {
        name: read_table(schema()[name], table, broken, problems, overlay=True)
        for name, table in raw.tables.items()
    }  # fmt: skip
    if not CODE.fullmatch(raw.name):
        hint = "Use letters, digits, dots, hyphens and underscores."
        problems.append(Problem(raw.file, None, None, f"{shown(raw.name)} is not a name for a scenario.", hint))
        return None
    content = settings_module.parse_toml(raw.text, raw.file, problems) if raw.text is not None else None
    if content is None:
        return None
    assert raw.text is not None
    good = _content(raw, content, problems)
    overlay = content.get("settings", {})
    changed: dict[str, Any] = {}
    if isinstance(overlay, dict):
        flat = settings_module.flatten(overlay)
        changed = settings_module.check_values(flat, raw.text, raw.file, problems, overlay=True)
    else:
        problems.append(Problem(raw.file, None, "settings", "is not a section.", "Write [settings.funding]."))
    return ReadScenario(raw.name, raw.file, good, changed, rows, raw.text, broken)


def _content(raw: RawScenario, content: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    text = raw.text or ""
    good: dict[str, Any] = dict.fromkeys(TEXTS, "")
    good |= {"initiatives": "all", "without": (), "hindsight": False}

    def problem(key: str, message: str, hint: str = "") -> None:
        problems.append(Problem(raw.file, settings_module.line_of(text, key), key, message, hint))

    for key, value in content.items():
        if key not in KNOWN:
            hint = did_you_mean(key, KNOWN)
            if key in {name.split(".")[0] for name in settings_module.KEYS}:
                hint = f"A changed setting stands under [settings], for example [settings.{key}]."
            row = settings_module.line_of(text, key)
            problems.append(Problem(raw.file, row, None, f"{shown(key)} is not a key of a scenario.", hint))
        elif key in TEXTS:
            try:
                if not isinstance(value, str):
                    raise ValueError(f"{shown(value)} is not a text; put it in quotes.")
                good[key] = settings_module.check_text(value)
            except ValueError as error:
                problem(key, str(error))
        elif key == "hindsight":
            if not isinstance(value, bool):
                problem(key, f"{shown(value)} is neither true nor false.", "Write true or false.")
            else:
                good[key] = value
        elif key == "name":
            if value != raw.name:
                problem(key, f"{shown(value)} is not the name of the folder.", f"Write {shown(raw.name)}.")
        elif key in ("initiatives", "without"):
            _initiatives(key, value, good, problem)
    if not good["title"]:
        problems.append(Problem(raw.file, None, "title", "the title is missing.", 'Write title = "..."'))
    return good


def _initiatives(key: str, value: Any, good: dict[str, Any], problem: Any) -> None:
    if key == "initiatives" and value in ("all", "none"):
        good[key] = value
    elif isinstance(value, list) and all(isinstance(v, str) and CODE.fullmatch(v) for v in value):
        good[key] = tuple(sorted(set(value)))
    else:
        choices = '"all", "none" or a list of codes' if key == "initiatives" else "a list of codes"
        problem(key, f"{shown(value)} is not understood.", f"Write {choices}.")


def overlay_rows(table: Table, base: Sequence[Row], changes: Sequence[Row], problems: list[Problem]) -> list[Row]:
    """The base rows with the changes applied, in key order. What does not fit is added to `problems`.

    A changed row takes the place in its file of the change, so that a problem of it names the scenario's file.
    """
    by_key = {key_of(table, row): row for row in base}
    done: dict[tuple[Any, ...], Row] = {}
    for change in changes:
        key = key_of(table, change)
        if change.bad:
            continue
        if key in done:
            first = f"row {done[key].row}"
            problems.append(change.problem(None, f"has the same key as {first}: {_said(key)}.", "Keep one."))
            continue
        done[key] = change
        if change[CHANGE] == "remove":
            if by_key.pop(key, None) is None:
                hint = did_you_mean(str(key[0]), [str(k[0]) for k in by_key]) if len(key) == 1 else ""
                problems.append(change.problem(CHANGE, f"there is no row {_said(key)} to remove.", hint))
        elif key in by_key:
            by_key[key] = _changed(table, by_key[key], change)
        else:
            by_key[key] = _added(table, change, by_key, problems)
    return sort_rows(table, by_key.values())


def _said(key: tuple[Any, ...]) -> str:
    return shown(", ".join("(blank)" if part is None else str(part) for part in key))


def _changed(table: Table, base: Row, change: Row) -> Row:
    content = [(name, base[name] if change[name] is None else change[name]) for name in table.names]
    return Row(content, change.file, change.row, base.bad or change.bad, overlay=True)


def _added(table: Table, change: Row, base: Collection[tuple[Any, ...]], problems: list[Problem]) -> Row:
    content = [(c.name, values.blank(c) if change[c.name] is None else change[c.name]) for c in table.columns]
    missing = [table[name].name for name, value in content if value is None and table[name].required]
    if missing:
        key = key_of(table, change)
        near = did_you_mean(str(key[0]), [str(k[0]) for k in base]) if len(key) == 1 else ""
        message = f"{table.file} has no row {_said(key)}, so this is a new row, and {', '.join(missing)} are missing."
        if len(missing) == 1:
            message = message.replace(" are missing.", " is missing.")
        problems.append(change.problem(None, message, near or "Correct the key, or complete the row."))
    return Row(content, change.file, change.row, change.bad or bool(missing), overlay=True)
