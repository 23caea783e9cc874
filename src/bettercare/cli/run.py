"""`bettercare run` and `bettercare backtest`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bettercare.cli.parts import Draws, Json, PlanArgument, Seed, Threads, print_json, read

CHAPTER_YEARS = 10  # simulated for the report's chapter on patient flow


def run(
    plan: PlanArgument,
    draws: Draws = None,
    seed: Seed = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="Only this scenario; may be given several times."),
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the report and the results.")] = "out",
    threads: Threads = None,
    json: Json = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Leave out report.html.")] = False,
    patient_flow: Annotated[
        bool, typer.Option("--patient-flow", help="Add a chapter that simulates the main scenario's patients.")
    ] = False,
    after_evidence: Annotated[
        bool, typer.Option("--after-evidence", help="Learn first, as the command learn does, and forecast after it.")
    ] = False,
) -> None:
    """Forecast a plan: one screen here, and a report, results.parquet, results.csv and run.toml in a folder."""
    import os
    import time
    from contextlib import nullcontext
    from datetime import datetime

    from bettercare.foundation.problems import UsageError
    from bettercare.reporting.drawing import Drawer

    if no_report and patient_flow:
        raise UsageError("--patient-flow adds a chapter to the report, which --no-report leaves out. Give one of them.")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # matrices here are small: its own threads would only wait
    with nullcontext() if no_report else Drawer() as drawer:  # first of all: it loads while the plan is read
        from importlib.metadata import version

        from rich.console import Console

        from bettercare.engines.forecast import forecast
        from bettercare.reporting import learn_chapter, screen, terminal, write
        from bettercare.reporting.as_json import as_json
        from bettercare.reporting.material import Material
        from bettercare.reporting.report import Run

        began = time.perf_counter()
        content = read(plan)
        names = _scenarios(content, scenario)
        folder = write.prepare(out)
        console = Console(highlight=False, stderr=json)
        if not json:
            console.print(screen.checked(content), markup=False, soft_wrap=True)
        found = _learned(content, draws, seed, threads, console) if after_evidence else None
        inputs = found.inputs(names or content.scenario_names) if found else None
        with terminal.progress(console, "Forecasting") as step:
            f = forecast(content, names, draws=draws, seed=seed, threads=threads, progress=step, inputs=inputs)
        more = [learn_chapter.chapter(found)] if found else []
        more += _simulated(content, seed, threads, console) if patient_flow else []
        material = Material(f)
        evidence = tuple(u.seen.id for u in found.used) if found else ()
        about = Run(version("bettercare"), time.perf_counter() - began, datetime.now(), evidence)
        paths = write.write(f, folder, about, material if drawer else None, drawer, more)
        if json:
            print_json(as_json(f, time.perf_counter() - began, evidence))
        else:
            screen.show(material, console, paths[-1] if drawer else None)


def _learned(plan: Any, draws: int | None, seed: int | None, threads: int | None, console: Any) -> Any:
    """What the plan's observations teach; says so, since every figure after it rests on them."""
    from bettercare.appraisal.learned import learn
    from bettercare.reporting import learn_answer, terminal

    with terminal.progress(console, "Learning") as step:
        found = learn(plan, draws=draws, seed=seed, threads=threads, progress=step)
    for line in terminal.wrapped(["After evidence:", *learn_answer.opening(found)], indent=0):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return found


def _simulated(plan: Any, seed: int | None, threads: int | None, console: Any) -> list[Any]:
    """The chapter on patient flow under the main scenario in the headline year."""
    from bettercare.appraisal.patient_flow import simulate
    from bettercare.reporting import terminal
    from bettercare.reporting.flow_chapter import chapter

    with terminal.progress(console, "Simulating") as step:
        flow = simulate(plan, replications=CHAPTER_YEARS, seed=seed, threads=threads, progress=step)
    return [chapter(flow)]


def _scenarios(plan: Any, wanted: list[str] | None) -> list[str] | None:
    """The scenarios to run: those asked for and the one that all are held against, in the plan's order."""
    from bettercare.foundation.problems import UsageError

    empty = [name for name in ("partners", "population", "activity") if plan.tables[name].is_empty()]
    if empty:
        files = ", ".join(f"{name}.csv" for name in empty)
        raise UsageError(f"There is nothing to forecast yet: {files} {'has' if len(empty) == 1 else 'have'} no rows.")
    if not plan.scenarios:
        raise UsageError(
            "This plan has no scenario, so there is nothing to run. Add scenarios/do-nothing/scenario.toml."
        )
    if not wanted:
        return None
    for name in wanted:
        plan.under(name)  # raises UsageError with the nearest name
    return [name for name in plan.scenario_names if name in wanted or name == plan.settings.comparison]


def backtest(
    plan: PlanArgument,
    observations: Annotated[
        str | None,
        typer.Option(
            "--observations",
            metavar="FOLDER",
            help="Folder with observations.csv (and indicators.csv) to test on instead.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Hold the forecast against what happened: how often it lay inside the range, and by how much it missed."""
    from bettercare.engines.forecast import backtest as score
    from bettercare.engines.forecast import coverage, forecast
    from bettercare.reporting.backtest import read_observations, said

    content = read(plan)
    _scenarios(content, None)
    seen, indicators = read_observations(observations, content) if observations else (None, None)
    scores = score(forecast(content), seen, indicators)
    if json:
        print_json(
            {
                "revision": content.revision,
                "scores": scores.to_dicts(),
                "coverage": coverage(scores).to_dicts() if scores.height else [],
            }
        )
        return
    for line in said(content, scores):
        typer.echo(line)
