"""What a check looks at: a plan as its rows were written, either bare or under one scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from bettercare.foundation.problems import Problem
from bettercare.foundation.years import start
from bettercare.plan.scenarios import ReadScenario
from bettercare.plan.settings import Settings
from bettercare.plan.typed import Row

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

SETTINGS = "plan.toml"  # stands among the tables that a rule reads
DAYS = 365.0


@dataclass
class View:
    """The rows of all tables, and what is known of their state.

    `broken` are tables whose file could not be read; rules that need them are left out, because their findings would
    only repeat that.
    """

    settings: Settings | None
    tables: dict[str, list[Row]]
    broken: set[str]
    settings_file: str = SETTINGS
    scenario: ReadScenario | None = None
    files: dict[str, str] = field(default_factory=dict)
    _clean: dict[str, list[Row]] = field(default_factory=dict)
    _indexes: dict[str, dict[str, Row]] = field(default_factory=dict)

    @property
    def plan(self) -> Settings:
        """The settings; a rule that uses them says that it reads `plan.toml`."""
        assert self.settings is not None
        return self.settings

    def rows(self, table: str) -> list[Row]:
        """The rows without problems: their required cells are filled and have their type."""
        if table not in self._clean:
            self._clean[table] = [row for row in self.tables[table] if not row.bad]
        return self._clean[table]

    def by_code(self, table: str) -> dict[str, Row]:
        """The rows without problems by their code."""
        if table not in self._indexes:
            self._indexes[table] = {row["code"]: row for row in self.rows(table)}
        return self._indexes[table]

    def whole_groups(self, table: str, *columns: str) -> dict[tuple[Any, ...], list[Row]]:
        """The rows by some columns, for sums: only groups in which, and as far as is known, no row has a problem."""
        bad = [row for row in self.tables[table] if row.bad]
        if any(row[column] is None for row in bad for column in columns):
            return {}  # such a row may belong anywhere
        spoilt = {tuple(row[column] for column in columns) for row in bad}
        return {key: rows for key, rows in group(self.rows(table), *columns).items() if key not in spoilt}

    def has_bad(self, table: str) -> bool:
        """Whether some of the table's rows have problems, so that its sums cannot be judged."""
        return len(self.rows(table)) < len(self.tables[table])

    def file(self, table: str) -> str:
        """How a person knows the file (or sheet) of a table."""
        return self.files.get(table, f"{table}.csv")

    def forget(self) -> None:
        """Drop what was derived from the rows, because some have since been marked bad."""
        self._clean.clear()
        self._indexes.clear()


Found = Iterable[Problem]


@dataclass(frozen=True)
class Rule:
    """A check: what it reads, which of these must be without problems for it to make sense, and the function."""

    reads: tuple[str, ...]
    whole: tuple[str, ...]
    find: Callable[[View], Found]

    def applies(self, view: View) -> bool:
        """Whether everything that it reads could be read."""
        if any(name in view.broken for name in self.reads):
            return False
        if SETTINGS in self.reads and view.settings is None:
            return False
        return not any(view.has_bad(name) for name in self.whole)


def rule(*reads: str, whole: bool | tuple[str, ...] = False) -> Callable[[Callable[[View], Found]], Rule]:
    """Make a function a rule. `whole` says that the tables (or those named) must have no bad row at all."""
    tables = tuple(name for name in reads if name != SETTINGS)
    must = tables if whole is True else (whole or ())

    def make(find: Callable[[View], Found]) -> Rule:
        return Rule(reads, must, find)

    return make


def group(rows: Iterable[Row], *columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """The rows by the values of some columns, in the order of first appearance."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    pick = itemgetter(*columns)
    for row in rows:
        key = pick(row)
        groups.setdefault(key if len(columns) > 1 else (key,), []).append(row)
    return groups


AnyRow = TypeVar("AnyRow", bound=Mapping[str, Any])


def in_force(rows: Iterable[AnyRow], year: str, *key: str) -> list[AnyRow]:
    """Of rows that may begin in a later year (`from_year`), those that apply in a year: the latest of each key."""
    latest: dict[tuple[Any, ...], AnyRow] = {}
    for row in sorted(rows, key=lambda r: r["from_year"] or ""):
        if row["from_year"] is None or row["from_year"] <= year:
            latest[tuple(row[name] for name in key)] = row
    return list(latest.values())


def turning_years(rows: Iterable[Row], base_year: str) -> list[str]:
    """The base year and each later year in which some row begins to apply."""
    return sorted({base_year, *(row["from_year"] for row in rows if row["from_year"] and row["from_year"] > base_year)})


def capacity_rows(plan: Plan) -> list[dict[str, Any]]:
    """The rows of capacity.csv that hold under a plan's scenario, in order of year and date.

    A row may name the initiative that changes the capacity. Where that does not happen the row does not hold, as the
    initiative's effects and costs do not.
    """
    happens = {None, *plan.initiatives}
    table = plan.tables["capacity"].sort("year", "from_date", nulls_last=False, maintain_order=True)
    return [row for row in table.iter_rows(named=True) if row["initiative"] in happens]


def average_open(rows: Sequence[Mapping[str, Any]], years: Sequence[str]) -> list[float]:
    """Average number open in each of some years, from the capacity rows of one service and site in order of date.

    A number stays until the next. An initiative that is late moves the day in the simulation; here a row holds from its
    date, or the year's first day.
    """
    level = next((row["available"] for row in reversed(rows) if row["year"] < years[0]), 0.0)
    opened = []
    for year in years:
        since, total = 0.0, 0.0
        for row in rows:
            if row["year"] == year:
                at = (row["from_date"] - start(year)).days / DAYS if row["from_date"] else 0.0
                total += level * (at - since)
                since, level = at, row["available"]
        opened.append(total + level * (1.0 - since))
    return opened
