"""The plan as a value: settings, typed tables, scenarios, and one fingerprint of all of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bettercare.foundation.problems import Problems, UsageError, did_you_mean, shown
from bettercare.plan.scenarios import Scenario, overlay_rows
from bettercare.plan.schema import schema
from bettercare.plan.settings import Settings, as_flat, build
from bettercare.plan.typed import Row, to_frame

if TYPE_CHECKING:
    import polars as pl

REVISION_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan that has been read and checked.

    `tables` holds every table of the schema as a polars frame in key order (code, codes, text and year columns are
    strings, blanks null, defaults filled in). `scenario` is the overlay that has been applied, or None for the plan
    itself; `base` is then the plan without it.
    """

    settings: Settings
    tables: Mapping[str, pl.DataFrame]
    scenarios: Mapping[str, Scenario]
    folder: Path | None = None
    scenario: Scenario | None = None
    base: Plan | None = None

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.tables[table]

    def __repr__(self) -> str:
        under = f" under {self.scenario.name}" if self.scenario else ""
        return f"<Plan {self.settings.name}{under}, revision {self.revision}>"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of the content; row and column order, line ends and folder do not matter."""
        text = json.dumps(content(self), sort_keys=True, ensure_ascii=True, default=str, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def revision(self) -> str:
        """The first twelve digits of the fingerprint: how a person names this content of the plan."""
        return self.fingerprint[:REVISION_DIGITS]

    @cached_property
    def scenario_names(self) -> tuple[str, ...]:
        """The names of the scenarios in the plan's order; those that it does not mention follow by name."""
        first = [name for name in self.settings.scenario_order if name in self.scenarios]
        return (*first, *sorted(name for name in self.scenarios if name not in first))

    @cached_property
    def initiatives(self) -> tuple[str, ...]:
        """The codes of the initiatives that happen under the scenario (all of them when there is none)."""
        known = tuple(self.tables["initiatives"]["code"].to_list())
        if self.scenario is None:
            return known
        chosen = self.scenario.initiatives
        if chosen == "none":
            return ()
        return tuple(
            code for code in known if (chosen == "all" or code in chosen) and code not in self.scenario.without
        )

    def under(self, name: str) -> Plan:
        """The plan with the overlay of a scenario applied. Raises UsageError for a name that is not a scenario."""
        base = self.base or self
        scenario = base.scenarios.get(name)
        if scenario is None:
            near = did_you_mean(name, base.scenarios)
            hint = near or f"The scenarios are: {', '.join(base.scenario_names) or 'none'}."
            raise UsageError(f"{shown(name)} is not a scenario of this plan. {hint}")
        tables = dict(base.tables)
        for table, frame in scenario.tables.items():
            tables[table] = _overlaid(table, base.tables[table], frame)
        settings = base.settings
        if scenario.settings:
            settings = build({**as_flat(settings), **scenario.settings})
        return dataclasses.replace(base, settings=settings, tables=tables, scenario=scenario, base=base)


def _overlaid(name: str, base: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    table = schema()[name]
    file = table.file
    rows = [Row(row.items(), file, None) for row in base.iter_rows(named=True)]
    changed = [Row(row.items(), file, None) for row in changes.iter_rows(named=True)]
    problems: list[Any] = []
    result = overlay_rows(table, rows, changed, problems)
    if problems:  # only possible for a plan that was not made by the reader
        raise Problems(problems)
    return to_frame(table, result)


def content(plan: Plan) -> dict[str, Any]:
    """All that makes a plan what it is, in a form that does not depend on how it was written down.

    Tables without rows and columns without values are left out, so that a newer schema with another table gives the
    same fingerprint.
    """
    return {
        "settings": as_flat(plan.settings),
        "tables": {name: rows for name in plan.tables if (rows := _rows(plan.tables[name]))},
        "scenarios": {
            scenario.name: {
                **{f: getattr(scenario, f) for f in SCENARIO_FIELDS},
                "settings": dict(scenario.settings),
                "tables": {name: rows for name in scenario.tables if (rows := _rows(scenario.tables[name]))},
            }
            for scenario in plan.scenarios.values()
        },
    }


SCENARIO_FIELDS = (
    "name", "title", "description", "label", "initiatives", "without", "hindsight", "trigger", "cost_note", "fallback",
)  # fmt: skip


def _rows(frame: pl.DataFrame) -> dict[str, Any]:
    if frame.height == 0:
        return {}
    used = [name for name in sorted(frame.columns) if frame[name].null_count() < frame.height]
    return {"columns": used, "rows": frame.select(used).rows()}
