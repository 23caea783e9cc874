"""The tables of a plan, as `schema/*.csv` describes them.

One schema file for each table is the only place where a column is defined. The reader, the checks, the reference
pages, the workbook template and the tests all use what is loaded here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

TYPES = ("code", "codes", "text", "integer", "number", "share", "boolean", "year", "date")

# A plan without these says nothing that could be forecast.
REQUIRED_TABLES = ("partners", "localities", "population", "services", "sites", "activity")

# The order in which the tables are shown: who and where, people, care, money, programme, measures, sources.
ORDER = (
    "partners", "duties", "localities", "zones", "population", "settings", "pathways", "services", "sites",
    "capacity", "catchments", "activity", "profiles", "flows", "patient_flow", "growth", "prices", "allocations",
    "contracts", "costs", "workforce", "finances", "capital", "funds", "outcomes", "workstreams", "initiatives",
    "placements", "milestones", "effects", "investments", "overlaps", "submissions", "options", "indicators",
    "observations", "questions", "consultations", "evidence",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: what it may hold, and what that means.

    `minimum` and `maximum` are the ends of a range; `above_minimum` says that the minimum itself is not allowed.
    `refers_to` is (table, column) or None. `default` is the text that a blank stands for, or None.
    """

    name: str
    type: str
    unit: str
    key: bool
    refers_to: tuple[str, str] | None
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    above_minimum: bool
    required: bool
    default: str | None
    description: str


@dataclass(frozen=True)
class Table:
    """One table: its name and its columns in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """The file that holds it."""
        return f"{self.name}.csv"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The names of the columns that together tell its rows apart."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def has_distribution(self) -> bool:
        """Whether a row holds an uncertain value (distribution, low, mode, high, interval)."""
        return "distribution" in self.names

    @property
    def counts_evidence(self) -> bool:
        """Whether every row must name its evidence or say why its number was assumed."""
        return "evidence" in self.names and "assumed" in self.names

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def polars_schema(self) -> dict[str, Any]:
        """The polars type of each column."""
        return {column.name: polars_type(column) for column in self.columns}


def polars_type(column: Column) -> pl.DataType | type[pl.DataType]:
    """The polars type that holds the values of a column."""
    import polars as pl

    return {
        "integer": pl.Int64,
        "number": pl.Float64,
        "share": pl.Float64,
        "boolean": pl.Boolean,
        "date": pl.Date,
    }.get(column.type, pl.String)


def _limits(allowed: str) -> tuple[tuple[str, ...], float | None, float | None, bool]:
    if not allowed:
        return (), None, None, False
    if allowed.startswith(">="):
        return (), float(allowed[2:]), None, False
    if allowed.startswith(">"):
        return (), float(allowed[1:]), None, True
    if ".." in allowed:
        low, high = allowed.split("..")
        return (), float(low), float(high), False
    return tuple(allowed.split("|")), None, None, False


def _column(table: str, row: Mapping[str, str]) -> Column:
    choices, minimum, maximum, above = _limits(row["allowed"])
    target: tuple[str, str] | None = None
    if row["refers_to"]:
        to_table, _, to_column = row["refers_to"].partition(".")
        target = (to_table, to_column or "code")
    if row["type"] not in TYPES:
        raise ValueError(f"schema/{table}.csv: {row['column']} has the unknown type {row['type']!r}")
    return Column(
        name=row["column"],
        type=row["type"],
        unit=row["unit"],
        key=row["key"] == "yes",
        refers_to=target,
        choices=choices,
        minimum=0.0 if row["type"] == "share" and minimum is None else minimum,
        maximum=1.0 if row["type"] == "share" and maximum is None else maximum,
        above_minimum=above,
        required=row["required"] == "yes",
        default=row["default"] or None,
        description=row["description"],
    )


@cache
def schema() -> Mapping[str, Table]:
    """All tables by name, in the order in which they are shown."""
    folder = files("bettercare.plan").joinpath("schema")
    tables: dict[str, Table] = {}
    for name in ORDER:
        tables[name] = read_table(name, folder.joinpath(f"{name}.csv").read_text(encoding="utf-8"))
    return MappingProxyType(tables)


def read_table(name: str, text: str) -> Table:
    """A table from the text of its schema file; feeds (`activity/schema`) are described in the same way."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    return Table(name, tuple(_column(name, row) for row in rows))
