"""A plan with what is not public left out of every table, so that no page, feed or file made from it can show it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from bettercare.plan.schema import Table, schema

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan
    from bettercare.plan.scenarios import Scenario

INSTEAD = "(not published)"
Hidden = Mapping[str, frozenset[str]]


def hidden(plan: Plan, public: Mapping[str, Any]) -> Hidden:
    """{table: codes} of the initiatives and questions of a plan that are not among the public ones."""
    return {
        "initiatives": frozenset(plan["initiatives"]["code"].to_list()) - frozenset(public["initiative"]),
        "questions": frozenset(plan["questions"]["code"].to_list()) - frozenset(public["question"]),
    }


def only_public(plan: Plan, out: Hidden) -> Plan:
    """The plan without some rows, without all rows that are about them, and without their names in any text.

    A row that refers to a row left out is left out too; a list of codes loses the code.
    """
    if not any(out.values()):
        return plan
    gone = {name: set(codes) for name, codes in out.items() if codes}
    pattern = names_of(plan, out)
    tables = dict(plan.tables)
    again = True
    while again:
        again = False
        for name, table in schema().items():
            kept = _without(table, tables[name], gone)
            if kept.height < tables[name].height and "code" in table.names:
                lost = set(tables[name]["code"].to_list()) - set(kept["code"].to_list()) - gone.get(name, set())
                if lost:
                    gone.setdefault(name, set()).update(lost)
                    again = True
            tables[name] = kept
    tables = {name: _scrubbed(schema()[name], frame, pattern) for name, frame in tables.items()}
    scenarios = {name: _scenario(scenario, gone, pattern) for name, scenario in plan.scenarios.items()}
    return dataclasses.replace(plan, tables=tables, scenarios=scenarios, folder=None)


def _scenario(scenario: Scenario, gone: Mapping[str, set[str]], pattern: re.Pattern[str]) -> Scenario:
    initiatives = gone.get("initiatives", set())
    chosen = scenario.initiatives
    tables = {
        name: _scrubbed(schema()[name], _without(schema()[name], frame, gone), pattern)
        for name, frame in scenario.tables.items()
    }
    said: dict[str, Any] = {
        f: pattern.sub(INSTEAD, getattr(scenario, f)) for f in ("description", "trigger", "fallback")
    }
    return dataclasses.replace(
        scenario,
        initiatives=chosen if isinstance(chosen, str) else tuple(c for c in chosen if c not in initiatives),
        without=tuple(c for c in scenario.without if c not in initiatives),
        tables={name: frame for name, frame in tables.items() if frame.height},
        **said,
    )


def _without(table: Table, frame: pl.DataFrame, gone: Mapping[str, set[str]]) -> pl.DataFrame:
    if table.name in gone and "code" in table.names:
        frame = frame.filter(~pl.col("code").is_in(list(gone[table.name])).fill_null(value=False))
    for column in table.columns:
        codes = gone.get(column.refers_to[0]) if column.refers_to and column.refers_to[1] == "code" else None
        if not codes:
            continue
        if column.type == "codes":
            lists = [_shorter(value, codes) for value in frame[column.name].to_list()]
            frame = frame.with_columns(pl.Series(column.name, lists, pl.String))
        else:
            frame = frame.filter(~pl.col(column.name).is_in(list(codes)).fill_null(value=False))
    return frame


def _shorter(value: str | None, codes: set[str]) -> str | None:
    kept = [code for code in (value or "").split(";") if code and code not in codes]
    return ";".join(kept) or None


def names_of(plan: Plan, out: Hidden) -> re.Pattern[str]:
    """How texts name what is left out: codes and titles of initiatives, codes and words of questions."""
    names = []
    for table, column in (("initiatives", "title"), ("questions", "question")):
        rows = plan[table].filter(pl.col("code").is_in(list(out.get(table, ()))))
        names += [name for row in rows.select("code", column).iter_rows() for name in row if name]
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{listed})(?![\w-])", re.IGNORECASE)


def _scrubbed(table: Table, frame: pl.DataFrame, pattern: re.Pattern[str]) -> pl.DataFrame:
    found = []
    for column in table.columns:
        if column.type == "text" and not column.choices and column.name in frame.columns:
            texts = frame[column.name].to_list()
            clean = [pattern.sub(INSTEAD, text) if text else text for text in texts]
            if clean != texts:
                found.append(pl.Series(column.name, clean, pl.String))
    return frame.with_columns(found) if found else frame
