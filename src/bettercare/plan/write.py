"""Write a plan as a folder: the texts that the reader turns into the same plan again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bettercare.foundation.problems import UsageError, shown
from bettercare.plan import values
from bettercare.plan.scenarios import TEXTS, Scenario
from bettercare.plan.schema import REQUIRED_TABLES, Table, schema
from bettercare.plan.settings import as_flat
from bettercare.plan.source import PLAN_FILE, SCENARIO_FILE
from bettercare.plan.typed import CHANGE

if TYPE_CHECKING:
    import polars as pl

    from bettercare.plan.plan import Plan


def write_plan(plan: Plan, folder: str | Path) -> Path:
    """Write the plan's files into a new or empty folder and return it. Raises UsageError when it holds something."""
    path = new_folder(folder)
    write_files(path, plan_files(plan))
    return path


def new_folder(folder: str | Path) -> Path:
    """The path of a folder that does not exist yet or is empty. Raises UsageError otherwise."""
    path = Path(folder)
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{shown(folder)} is there already. Name a new folder; nothing was written.")
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown(folder)} cannot be used: {error}.") from None
    return path


def write_files(folder: Path, content: Mapping[str, str | bytes]) -> None:
    """Write texts (as UTF-8) and bytes by name into a folder. Raises UsageError when that is not possible."""
    try:
        for name, text in content.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown(folder)} cannot be written: {getattr(error, 'strerror', None) or error}.") from None


def plan_files(plan: Plan) -> dict[str, str]:
    """The texts of all files of a plan by name; tables without rows are left out unless every plan needs them."""
    files = {PLAN_FILE: settings_text(as_flat(plan.settings))}
    for name, table in schema().items():
        frame = plan.tables[name]
        if frame.height or name in REQUIRED_TABLES:
            files[table.file] = table_text(table, frame)
    for scenario in plan.scenarios.values():
        place = f"scenarios/{scenario.name}/"
        files[place + SCENARIO_FILE] = scenario_text(scenario)
        for name, frame in scenario.tables.items():
            files[f"{place}{name}.csv"] = overlay_text(schema()[name], frame)
    return files


def literal(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(literal(part) for part in value) + "]"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False)


def settings_text(flat: Mapping[str, Any], prefix: str = "") -> str:
    """Settings by dotted name as TOML, in sections; `prefix` stands before each section's name."""
    lines = [f"{name} = {literal(value)}" for name, value in flat.items() if "." not in name]
    if prefix and lines:
        lines.insert(0, f"[{prefix}]")
    sections = dict.fromkeys(name.split(".")[0] for name in flat if "." in name)
    for section in sections:
        lines += ["", f"[{prefix}.{section}]" if prefix else f"[{section}]"]
        for name, value in flat.items():
            if name.startswith(section + "."):
                lines.append(f"{name.partition('.')[2]} = {literal(value)}")
    return "\n".join(lines).lstrip("\n") + "\n"


def scenario_text(scenario: Scenario) -> str:
    """A scenario.toml."""
    flat = scenario_values(scenario)
    text = "".join(f"{name} = {literal(value)}\n" for name, value in flat.items())
    return text + ("\n" + settings_text(scenario.settings, "settings") if scenario.settings else "")


def scenario_values(scenario: Scenario) -> dict[str, Any]:
    """What a scenario.toml says apart from settings; what is empty is left out."""
    flat: dict[str, Any] = {name: getattr(scenario, name) for name in TEXTS if getattr(scenario, name)}
    flat["initiatives"] = scenario.initiatives
    if scenario.without:
        flat["without"] = scenario.without
    if scenario.hindsight:
        flat["hindsight"] = True
    return flat


def table_text(table: Table, frame: pl.DataFrame) -> str:
    """A table as CSV."""
    columns = [[values.written(table[name], value) for value in frame[name].to_list()] for name in table.names]
    return _csv(table.names, zip(*columns, strict=True))


def overlay_text(table: Table, frame: pl.DataFrame) -> str:
    """The changed rows of a scenario as CSV: the key, `change` where a row is removed, and the columns that change."""
    names = [n for n in table.names if table[n].key or frame[n].null_count() < frame.height]
    columns = [[values.written(table[name], value) for value in frame[name].to_list()] for name in names]
    if frame[CHANGE].null_count() < frame.height:
        names.append(CHANGE)
        columns.append([value or "" for value in frame[CHANGE].to_list()])
    return _csv(names, zip(*columns, strict=True))


def _csv(header: Any, rows: Any) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()
