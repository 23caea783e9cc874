"""Changes of a plan: each is {table, key: {column: value}, column, before, after}, of one cell or of a whole row.

`before` and `after` are texts as the files hold them. The typed value of a text is what the plan's own reader makes of
it, so that a changed plan is the plan that one would have read. A change of a whole row names no column (""): its texts
are those of `row_text`, and "" is a row that is not there, so a change can add a row or take one out.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from bettercare import Plan, UsageError
from bettercare.plan import values
from bettercare.plan.schema import Column, schema
from bettercare.plan.typed import Row, sort_rows, to_frame

Change = Mapping[str, Any]


def cell_change(plan: Plan, table: str, key: Mapping[str, Any], column: str, after: str) -> dict[str, Any]:
    """The change that puts a text into a cell of the plan."""
    change = {"table": table, "key": dict(key), "column": column}
    written = values.written(_column(change), _typed(_column(change), after))
    change["after"] = written  # as the files would hold it, so that it can be compared with what they hold
    return {**change, "before": cell(plan, change) or ""}


def new_row(table: str, row: Mapping[str, str]) -> dict[str, Any]:
    """The change that adds a row, from the texts of its columns."""
    key = {column.name: row[column.name] for column in schema()[table].columns if column.key}
    return {"table": table, "key": key, "column": "", "before": "", "after": row_text(row)}


def row_text(row: Mapping[str, str]) -> str:
    """A row as one text: what is blank is left out, so that equal rows have equal texts."""
    return json.dumps({name: text for name, text in row.items() if text}, sort_keys=True, ensure_ascii=False)


def row_of(text: str) -> dict[str, str]:
    """The texts of such a row by column; none where there is no row."""
    return dict(json.loads(text)) if text else {}


def changed(plan: Plan, changes: Sequence[Change]) -> Plan:
    """The plan with the changes made. Raises UsageError where a row is not there (any more) or a text is no value."""
    tables = dict(plan.tables)
    for change in changes:
        table, here = tables[change["table"]], _here(change)
        if not change["column"]:
            tables[change["table"]] = _with_row(table, here, change)
            continue
        if table.filter(here).is_empty():
            said = " and ".join(f"{column} {value}" for column, value in change["key"].items())
            raise UsageError(f"{change['table']}.csv has no row with {said} any more.")
        name = change["column"]
        value = pl.lit(_typed(_column(change), str(change["after"])), dtype=table.schema[name])
        tables[change["table"]] = table.with_columns(pl.when(here).then(value).otherwise(pl.col(name)).alias(name))
    return dataclasses.replace(plan, tables=tables)


def cell(plan: Plan, change: Change) -> str | None:
    """What the plan has where a change is made, as text; None where the row of a cell is not there."""
    found = plan.tables[change["table"]].filter(_here(change))
    if not change["column"]:
        there = next(found.iter_rows(named=True), None)
        columns = schema()[change["table"]].columns
        return "" if there is None else row_text({c.name: values.written(c, there[c.name]) for c in columns})
    return None if found.is_empty() else values.written(_column(change), found[change["column"]][0])


def _here(change: Change) -> pl.Expr:
    here = pl.lit(True)
    for column, value in change["key"].items():
        here = here & (pl.col(column).cast(pl.String) == str(value))
    return here


def _with_row(table: pl.DataFrame, here: pl.Expr, change: Change) -> pl.DataFrame:
    """The table, in the reader's order, with a row added or put in another's place, or without it."""
    of = schema()[change["table"]]
    rows = list(table.filter(~here).iter_rows(named=True))
    texts = row_of(str(change["after"]))
    if texts:
        rows.append({c.name: _typed(c, texts.get(c.name, "")) for c in of.columns})
    return to_frame(of, sort_rows(of, [Row(row.items(), of.file, None) for row in rows]))


def _column(change: Change) -> Column:
    return next(c for c in schema()[change["table"]].columns if c.name == change["column"])


def _typed(column: Column, text: str) -> Any:
    if not text.strip():
        return values.blank(column)
    try:
        return values.parse(column, values.clean(text))
    except values.CellError as error:
        raise UsageError(f"{column.name}: {error.message} {error.hint}") from None
