"""Changes of cells on a plan: each is {table, key: {column: value}, column, before, after}.

`before` and `after` are texts as the files hold them. The typed value of a text is what the plan's own reader makes of
it, so that a changed plan is the plan that one would have read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from bettercare import Plan, UsageError
from bettercare.plan import values
from bettercare.plan.schema import Column, schema

Change = Mapping[str, Any]


def changed(plan: Plan, changes: Sequence[Change]) -> Plan:
    """The plan with the changes made. Raises UsageError where a row is not there (any more) or a text is no value."""
    tables = dict(plan.tables)
    for change in changes:
        table, here = tables[change["table"]], _here(change)
        if table.filter(here).is_empty():
            said = " and ".join(f"{column} {value}" for column, value in change["key"].items())
            raise UsageError(f"{change['table']}.csv has no row with {said} any more.")
        name = change["column"]
        value = pl.lit(_typed(_column(change), str(change["after"])), dtype=table.schema[name])
        tables[change["table"]] = table.with_columns(pl.when(here).then(value).otherwise(pl.col(name)).alias(name))
    return dataclasses.replace(plan, tables=tables)


def cell(plan: Plan, change: Change) -> str | None:
    """What the plan has where a change is made, as text; None where the row is not there."""
    found = plan.tables[change["table"]].filter(_here(change))
    return None if found.is_empty() else values.written(_column(change), found[change["column"]][0])


def _here(change: Change) -> pl.Expr:
    here = pl.lit(True)
    for column, value in change["key"].items():
        here = here & (pl.col(column).cast(pl.String) == str(value))
    return here


def _column(change: Change) -> Column:
    return next(c for c in schema()[change["table"]].columns if c.name == change["column"])


def _typed(column: Column, text: str) -> Any:
    if not text.strip():
        return values.blank(column)
    try:
        return values.parse(column, values.clean(text))
    except values.CellError as error:
        raise UsageError(f"{column.name}: {error.message} {error.hint}") from None
