"""The changes of a proposal in words: what each is about, from what to what, with units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bettercare import Plan
from bettercare.plan.schema import Column, schema
from bettercare.reporting.labels import LEVERS, Labels, unit
from bettercare.reporting.text import MINUS
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.overlay import row_of
from bettercare.workspace.words import day

COLUMNS = {
    "low": "low end",
    "mode": "most likely value",
    "high": "high end",
    "interval": "what its low and high end are",
    "distribution": "shape of its range",
    "evidence": "where it comes from",
    "assumed": "why this value was assumed",
}
INTERVALS = {
    "range": "all that is possible",
    "p5-p95": "a 90% range",
    "p10-p90": "an 80% range",
    "ci95": "a 95% interval",
}


def words(plan: Plan, change: Mapping[str, Any]) -> dict[str, str]:
    """A change for a person: `where` it is, which `column`, and what is `before` and `after`. `plan` has it before."""
    table = change["table"]
    row = facts.row(plan, table, **change["key"]) or {}
    where = str(row.get("title") or row.get("name") or ", ".join(str(v) for v in change["key"].values()))
    if not change["column"]:
        before, after = (_row(plan, table, str(change[side])) for side in ("before", "after"))
        what = "taken out" if not after else "changed" if before else "new"
        where = f"{table.replace('_', ' ').capitalize()}, {where}"
        return {"where": where, "column": what, "before": before or "nothing", "after": after or "nothing"}
    column = next(c for c in schema()[table].columns if c.name == change["column"])
    if table == "effects" and row:
        labels = Labels(plan)
        of = labels.initiatives.get(row["initiative"], row["initiative"])
        where = f"{of}, effect {row['code']} ({LEVERS[row['lever']]}: {labels.service(row['service'])})"
    before, after = (_said(plan, column, str(change[side]), _unit(plan, column, row)) for side in ("before", "after"))
    return {"where": where, "column": _name(column), "before": before or "blank", "after": after or "blank"}


def _name(column: Column) -> str:
    return COLUMNS.get(column.name, column.name.replace("_", " "))


def _row(plan: Plan, table: str, text: str) -> str:
    row = row_of(text)
    columns = [column for column in schema()[table].columns if column.name in row]
    said = (f"{_name(c)}: {_said(plan, c, row[c.name], _unit(plan, c, row))}" for c in columns if not c.key)
    return "; ".join(said)


def _unit(plan: Plan, column: Column, row: Mapping[str, Any]) -> str:
    """The unit of a column; where the row says which of two it is, that one."""
    if column.unit != "share or units a year":
        return "share" if column.type == "share" else column.unit
    if row.get("unit") == "share":
        return "share of the care that it reaches"
    currency = (facts.row(plan, "services", code=row.get("service")) or {}).get("currency", "")
    return f"{unit('bed-day' if row.get('lever') == 'shorten' else currency)} a year"


def _said(plan: Plan, column: Column, text: str, of: str) -> str:
    """A text of a cell as people read it: the whole value, since a proposal is decided on what it says."""
    if not text:
        return ""
    if column.type in ("number", "integer", "share"):
        return _number(float(text), of)
    if column.type == "date":
        return day(date.fromisoformat(text))
    if column.name == "interval":
        return INTERVALS.get(text, text)
    if column.refers_to and column.type == "code":
        there = facts.row(plan, column.refers_to[0], **{column.refers_to[1]: text}) or {}
        name = there.get("name") or there.get("title") or there.get("citation")
        return f"{name} ({text})" if name else text
    return text


def _number(value: float, of: str) -> str:
    if of.startswith("share"):
        value, of = 100.0 * value, f"%{of.removeprefix('share')}"
    size = f"{abs(value):,.6f}".rstrip("0").rstrip(".")
    sign = MINUS if value < 0.0 else ""
    if of == "calendar year":
        return f"{value:.0f}"
    if of.startswith("GBP"):
        return f"{sign}£{size}{of.removeprefix('GBP')}"
    return f"{sign}{size}{'' if of.startswith('%') else ' '}{of}".rstrip()
