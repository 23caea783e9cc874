"""From a folder to typed rows that remember where they were written, and from those to a plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bettercare.examples import EXAMPLES, example_folder
from bettercare.foundation.problems import Problem, Problems, UsageError, command, did_you_mean, shown
from bettercare.plan import settings as settings_module
from bettercare.plan.check_missing import missing_tables, template_command
from bettercare.plan.plan import Plan
from bettercare.plan.scenarios import ReadScenario, Scenario, overlay_rows, read_scenario
from bettercare.plan.schema import schema
from bettercare.plan.settings import Settings
from bettercare.plan.source import PLAN_FILE, RawPlan
from bettercare.plan.typed import CHANGE, read_table, sort_rows, to_frame
from bettercare.plan.view import View


@dataclass
class Loaded:
    """A plan while it is checked: rows know where they were written; nothing is thrown away because it is wrong."""

    folder: Path | None
    settings: Settings | None
    view: View
    scenarios: list[tuple[ReadScenario, View]]
    problems: list[Problem]
    scenario_names: frozenset[str]  # of all that were found, readable or not


def find_folder(where: str | Path) -> Path:
    """The folder that `where` means: a folder, or the name of a shipped example. Raises UsageError.

    A folder of that name in the working directory comes first.
    """
    try:
        path = Path(where)
        if str(where).strip() and path.is_dir():
            if not any((path / name).exists() for name in (PLAN_FILE, *(table.file for table in schema().values()))):
                raise UsageError(f"{shown(where)} is not a plan: it has no plan.toml and none of the tables.")
            return path
        if str(where).strip() and path.exists():
            hint = f"({command('import')} reads a workbook.)"
            raise UsageError(f"{shown(where)} is a file; a plan is a folder. {hint}")
    except (OSError, ValueError):
        raise UsageError(f"{shown(where)} is not the name of a folder.") from None
    if isinstance(where, str) and where in EXAMPLES:
        return example_folder(where)
    hint = did_you_mean(str(where), EXAMPLES) or f"Shipped examples are {', '.join(EXAMPLES)}."
    raise UsageError(f"There is no folder {shown(where)}. {hint}")


def load(raw: RawPlan) -> Loaded:
    """The typed rows of a raw plan and of its scenarios."""
    problems = list(raw.problems)
    settings: Settings | None = None
    if raw.settings is not None:
        settings = settings_module.read_settings(raw.settings, raw.settings_file, problems)
    broken = set(raw.broken)
    tables = {
        name: sort_rows(table, read_table(table, raw.tables[name], broken, problems)) if name in raw.tables else []
        for name, table in schema().items()
    }
    view = View(settings, tables, broken, raw.settings_file, files=dict(raw.file_names))
    read = [read_scenario(raw_scenario, problems) for raw_scenario in raw.scenarios.values()]
    usable = [scenario for scenario in read if scenario is not None]
    absent = {name for name in schema() if name not in raw.tables}
    kind = "sheet" if raw.folder is None else "file"
    problems += missing_tables(view, absent, usable, kind, template_command(kind))
    scenarios = [(scenario, _under(view, scenario, problems)) for scenario in usable]
    return Loaded(raw.folder, settings, view, scenarios, problems, frozenset(raw.scenarios))


def _under(base: View, scenario: ReadScenario, problems: list[Problem]) -> View:
    tables = dict(base.tables)
    broken = base.broken | scenario.broken
    for name, changes in scenario.rows.items():
        if name not in broken:
            tables[name] = overlay_rows(schema()[name], base.tables[name], changes, problems)
    settings = base.settings
    file = base.settings_file
    if settings is not None and scenario.settings:
        settings = settings_module.build({**settings_module.as_flat(settings), **scenario.settings})
        file = scenario.file
        found = settings_module.together(settings, scenario.text, file)
        problems.extend(found)
        if any(problem.column in settings_module.HORIZON for problem in found):
            settings = None
    return View(settings, tables, broken, file, scenario, base.files)


def finish(loaded: Loaded, problems: list[Problem]) -> Plan:
    """The plan, or Problems when any of them is more than a warning."""
    errors = [problem for problem in problems if not problem.warning]
    if errors:
        raise Problems(errors)
    assert loaded.settings is not None
    tables = {name: to_frame(table, loaded.view.tables[name]) for name, table in schema().items()}
    scenarios = {scenario.name: _scenario(scenario) for scenario, _ in loaded.scenarios}
    return Plan(loaded.settings, tables, dict(sorted(scenarios.items())), loaded.folder)


def _scenario(read: ReadScenario) -> Scenario:
    import polars as pl

    frames = {}
    for name in sorted(read.rows):
        table = schema()[name]
        rows = sort_rows(table, read.rows[name])
        if rows:
            change = pl.Series(CHANGE, [row[CHANGE] for row in rows], dtype=pl.String)
            frames[name] = to_frame(table, rows).with_columns(change)
    return Scenario(name=read.name, settings=read.settings, tables=frames, **read.content)
