"""What changed between two plans, row by row and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bettercare.plan import values
from bettercare.plan.schema import Column, Table, schema
from bettercare.plan.settings import as_flat
from bettercare.plan.source import PLAN_FILE, SCENARIO_FILE
from bettercare.plan.typed import CHANGE
from bettercare.plan.write import scenario_values

if TYPE_CHECKING:
    import polars as pl

    from bettercare.plan.plan import Plan

LONGEST = 60
COLUMNS_SHOWN = 4
REMOVE = Column(CHANGE, "text", "", False, None, (), None, None, False, False, None, "remove deletes the row")


@dataclass(frozen=True)
class Change:
    """One difference: a row (or file) that was added or removed, or one value that changed.

    `key` names the row (the setting, for a TOML file); `before` and `after` are texts as the files hold them, None
    where a row was added or removed.
    """

    file: str
    kind: Literal["added", "removed", "changed"]
    key: str
    column: str | None
    before: str | None
    after: str | None

    def __str__(self) -> str:
        name = f"{self.key} {self.column}" if self.column else self.key
        if self.kind == "changed":
            before, after = _apart(self.before or "", self.after or "")
            return f"{self.file}: {name} {before} -> {after}"
        said = self.after if self.kind == "added" else self.before
        return f"{self.file}: {name} {self.kind}" + (f" ({said})" if said else "")


def diff(a: Plan, b: Plan) -> list[Change]:
    """All differences from plan `a` to plan `b`: settings, then tables in the plan's order, then scenarios."""
    changes = list(_flat(PLAN_FILE, as_flat(a.settings), as_flat(b.settings)))
    for name, table in schema().items():
        changes += _rows(table, table.file, a.tables[name], b.tables[name])
    for name in sorted({*a.scenarios, *b.scenarios}):
        changes += _scenario(name, a, b)
    return changes


def _short(text: str | None) -> str:
    if not text:
        return "(blank)"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _apart(before: str, after: str) -> tuple[str, str]:
    """Two texts, shortened in such a way that the first difference is seen."""
    before, after = " ".join(before.split()), " ".join(after.split())
    same = next(
        (i for i, (x, y) in enumerate(zip(before, after, strict=False)) if x != y), min(len(before), len(after))
    )
    if before and after and same > LONGEST - 20 and max(len(before), len(after)) > LONGEST:
        skip = before.rfind(" ", 0, same - 10) + 1
        before, after = "..." + before[skip:], "..." + after[skip:]
    return _short(before), _short(after)


def _flat(file: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*a, *b]):
        before, after = _said(a.get(key)), _said(b.get(key))
        if before != after:
            yield Change(file, "changed", key, None, before, after)


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _rows(table: Table, file: str, a: pl.DataFrame | None, b: pl.DataFrame | None) -> Iterator[Change]:
    if a is not None and b is not None and a.equals(b):
        return
    one, other = _by_key(table, a), _by_key(table, b)
    columns = [*table.columns, REMOVE]
    for key in sorted({*one, *other}, key=lambda k: tuple((part is not None, part or 0) for part in k)):
        said = ", ".join(str(part) for part in key if part is not None) or "(blank)"
        before, after = one.get(key), other.get(key)
        if before is None or after is None:
            kind: Literal["added", "removed"] = "added" if before is None else "removed"
            text = _summary(table, before or after or {})
            yield Change(file, kind, said, None, None if before is None else text, None if after is None else text)
            continue
        for column in columns:
            old, new = before.get(column.name), after.get(column.name)
            if old != new:
                texts = values.written(column, old), values.written(column, new)
                yield Change(file, "changed", said, column.name, *texts)


def _by_key(table: Table, frame: pl.DataFrame | None) -> dict[tuple[Any, ...], dict[str, Any]]:
    if frame is None:
        return {}
    return {tuple(row[name] for name in table.key): row for row in frame.iter_rows(named=True)}


def _summary(table: Table, row: Mapping[str, Any]) -> str:
    """The first filled columns of a row, without its key and what only stands there by default."""
    if row.get(CHANGE):
        return str(row[CHANGE])
    filled = [
        f"{column.name} {_short(values.written(column, row[column.name]))}"
        for column in table.columns
        if not column.key and row[column.name] is not None and row[column.name] != values.blank(column)
    ]
    return ", ".join(filled[:COLUMNS_SHOWN]) + (", ..." if len(filled) > COLUMNS_SHOWN else "")


def _scenario(name: str, a: Plan, b: Plan) -> Iterator[Change]:
    place = f"scenarios/{name}"
    one, other = a.scenarios.get(name), b.scenarios.get(name)
    if one is None or other is None:
        there = one or other
        assert there is not None
        text = there.title
        yield Change(
            "scenarios",
            "added" if one is None else "removed",
            name,
            None,
            text if one else None,
            text if other else None,
        )
        return
    flat = [{**scenario_values(s), **{f"settings.{k}": v for k, v in s.settings.items()}} for s in (one, other)]
    yield from _flat(f"{place}/{SCENARIO_FILE}", flat[0], flat[1])
    for table in schema().values():
        if table.name in one.tables or table.name in other.tables:
            yield from _rows(table, f"{place}/{table.file}", one.tables.get(table.name), other.tables.get(table.name))
