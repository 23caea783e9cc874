"""Write what a simulation found: the report, the tables, the replay, and what is needed to do it again."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from bettercare.appraisal.patient_flow import PatientFlow
from bettercare.appraisal.search import Bought, Cheapest
from bettercare.reporting.report import Run


def write(
    flow: PatientFlow,
    folder: Path,
    scenario: str,
    bought: list[Bought] | None = None,
    cheapest: Cheapest | None = None,
    *,
    replay: bool = True,
    events: bool = False,
) -> dict[str, Path]:
    """Write into a folder that exists; returns what was written, by name."""
    from bettercare.engines.simulate.events import write_events
    from bettercare.reporting.flow_chapter import write_flow_report
    from bettercare.reporting.replay import write_replay

    paths = {
        "report": folder / "patient-flow.html",
        "csv": folder / "patient-flow.csv",
        "parquet": folder / "patient-flow.parquet",
        "delays": folder / "patient-flow-delays.csv",
        "run": folder / "simulate.toml",
    }
    table = flow.table()
    table.write_csv(paths["csv"], float_precision=6)
    table.write_parquet(paths["parquet"])
    flow.years[scenario].delays().write_csv(paths["delays"], float_precision=3)
    if events:
        paths["events"] = folder / "events.parquet"
        write_events(flow.years[scenario], paths["events"], flow.simulations[scenario])
    if replay:
        paths["replay"] = folder / "replay.html"
        write_replay(flow, scenario, paths["replay"])
    about = Run(version("bettercare"), flow.seconds, datetime.now())
    write_flow_report(flow, paths["report"], about, bought, cheapest)
    paths["run"].write_text(_again(flow, scenario), encoding="utf-8")
    return paths


def _again(flow: PatientFlow, scenario: str) -> str:
    """What is needed to make the same numbers again, as TOML; initiatives that were late in a table at its end."""
    facts = {
        "plan": flow.plan.settings.name,
        "revision": flow.plan.revision,
        "scenario": scenario,
        "year": flow.year,
        "replications": flow.replications,
        "seed": flow.seed,
        "version": version("bettercare"),
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in facts.items()]
    if flow.slips:
        lines += ["", "[late]  # months", *(f"{json.dumps(code)} = {months!r}" for code, months in flow.slips.items())]
    return "\n".join(lines) + "\n"
