"""`bettercare benefits`: a scheme's benefit as its staff judged it, and compared with like people."""

from __future__ import annotations

import csv
from typing import Annotated

import typer

from bettercare.cli.parts import Json, PlanArgument, Seed, print_json, read

Store = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR", help="The event store (BETTERCARE_STORE, or store, when left out)."),
]


def benefits(
    plan: PlanArgument,
    initiative: Annotated[str, typer.Argument(metavar="INITIATIVE", help="Code of the initiative, for example I105.")],
    store: Store = None,
    months: Annotated[int, typer.Option("--months", help="Months to follow people for.", min=1, max=24)] = 6,
    effect: Annotated[
        str | None, typer.Option("--effect", metavar="CODE", help="The plan's effect that --observation is of.")
    ] = None,
    observation: Annotated[
        str | None,
        typer.Option("--observation", metavar="FILE", help="Write the comparison as a file for `bettercare learn`."),
    ] = None,
    seed: Seed = None,
    json: Json = False,
) -> None:
    """Set a scheme's claimed benefit beside what like people without it tell."""
    from rich.console import Console

    from bettercare.activity.store import Store as EventStore
    from bettercare.appraisal.benefits import benefits as judge
    from bettercare.appraisal.benefits_observed import people_each, to_observation
    from bettercare.reporting import benefits_answer, terminal

    content = read(plan)
    held = EventStore.open(store)
    connection = held.connect(content)
    found = judge(content, connection, initiative, months, 1 if seed is None else seed)
    if observation is not None:
        row = to_observation(found, effect, people_each(content, connection) if held.synthetic else None)
        with open(observation, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerow(row)
    if json:
        print_json(benefits_answer.as_json(found, synthetic=held.synthetic))
        return
    last = f"Wrote {observation}." if observation is not None else ""
    terminal.show(benefits_answer.lines(found, synthetic=held.synthetic), Console(highlight=False), last)
