"""What the commands share: the arguments that several have, reading a plan, and printing JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

PlanArgument = Annotated[
    str, typer.Argument(metavar="PLAN", help="Folder of the plan, or a shipped example: llr, empty, broken.")
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of the random draws.", min=0)]
Draws = Annotated[int | None, typer.Option("--draws", metavar="N", help="Possible futures to draw.", min=20)]
Threads = Annotated[
    int | None, typer.Option("--threads", metavar="N", help="Threads; the numbers do not depend on it.", min=1)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def read(where: str) -> Plan:
    """Read a plan; of several, problems say which one they are of."""
    from bettercare.foundation.problems import Problems
    from bettercare.plan.read import read_plan

    try:
        return read_plan(where)
    except Problems:
        typer.echo(f"In {where}:", err=True)
        raise


def print_json(value: object) -> None:
    """Print a value as JSON."""
    from json import dumps

    typer.echo(dumps(value, indent=2, ensure_ascii=False, default=str))
