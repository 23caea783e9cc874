"""`bettercare learn`: what observations do to the effects and the forecast of a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from bettercare.cli.parts import Draws, Json, PlanArgument, Seed, Threads, print_json, read

Observations = Annotated[
    list[str] | None,
    typer.Option(
        "--observations",
        metavar="FILE",
        help="A file of observations; or published, the plan's learning/published.csv; or plan, its own table. "
        "May be given several times.",
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="YEAR", help="Leave out what was seen after this financial year.")
]


def learn(
    plan: PlanArgument,
    observations: Observations = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="Scenario (the plan's main one when left out).")
    ] = None,
    until: Until = None,
    draws: Draws = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Learn from observations: each effect before and after, and the forecast before and after."""
    from rich.console import Console

    from bettercare.appraisal.learned import learn as learn_from
    from bettercare.reporting import learn_answer, terminal

    content = read(plan)
    console = Console(highlight=False, stderr=json)
    with terminal.progress(console, "Learning") as step:
        found = learn_from(
            content,
            observations or (),
            scenario=scenario,
            until=until,
            draws=draws,
            seed=seed,
            threads=threads,
            progress=step,
        )
    if json:
        print_json(learn_answer.as_json(found))
    else:
        terminal.show(learn_answer.lines(found), console)
