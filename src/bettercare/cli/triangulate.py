"""`bettercare triangulate`: partners' own returns held against each other and against the plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bettercare.cli.parts import Draws, Json, PlanArgument, print_json, read

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

Returns = Annotated[
    list[str] | None, typer.Argument(metavar="[RETURNS]...", help="Returns (.xlsx), or the folder that holds them.")
]
Partner = Annotated[
    list[str] | None,
    typer.Option("--partner", metavar="CODE", help="A template for this partner only; may be given several times."),
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", metavar="DATE", help="As-of date to put into the templates.", formats=["%Y-%m-%d"]),
]


def triangulate(
    plan: PlanArgument,
    returns: Returns = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="FOLDER", help="Write a return template for each partner.")
    ] = None,
    filled: Annotated[bool, typer.Option("--filled", help="Put the plan's own figures into the templates.")] = False,
    partner: Partner = None,
    as_of: AsOf = None,
    tolerance: Annotated[
        str,
        typer.Option("--tolerance", metavar="PERCENT", help="How far figures may differ, as a share of the larger."),
    ] = "2%",
    days: Annotated[
        int, typer.Option("--days", metavar="N", help="Working days to resolve a question.", min=0, max=1000)
    ] = 10,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="Scenario whose forecast stands for later years.")
    ] = None,
    draws: Draws = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Write the result as Excel, Word and CSV there.")
    ] = None,
    json: Json = False,
) -> None:
    """Hold partners' returns against each other and the plan: what disagrees, which saving is claimed twice."""
    from bettercare.foundation.problems import UsageError, command

    share = _share(tolerance)
    if bool(returns) == bool(template):
        raise UsageError(
            f"Name returns to read, or write templates: {command('triangulate', plan, '--template', 'DIR')}"
        )
    content = read(plan)
    chosen = scenario or content.settings.main
    if scenario or filled or returns:
        content.under(chosen)  # raises UsageError with the nearest name
    if template:
        names = _templates(content, template, scenario, filled, partner or (), as_of, draws)
        typer.echo(f"Wrote {len(names)} templates to {template}: {', '.join(names)}.")
        typer.echo(f"When they are filled in: {command('triangulate', plan, template)}")
        return
    from rich.console import Console

    from bettercare.appraisal.triangulation import triangulate as hold
    from bettercare.appraisal.triangulation_read import read_returns
    from bettercare.engines.forecast import forecast
    from bettercare.reporting import triangulation_screen, triangulation_write, write

    found = read_returns(content, returns or [])
    folder = write.prepare(out) if out else None
    f = forecast(content, [chosen], draws=draws)
    result = hold(content, found.lines, f, share, scenario=chosen, working_days=days, problems=found.problems)
    written = triangulation_write.write(content, result, folder) if folder else []
    if json:
        print_json(result.to_dict())
    else:
        triangulation_screen.show(content, result, Console(highlight=False), written)


def _templates(
    plan: Plan,
    folder: str,
    scenario: str | None,
    filled: bool,
    partners: Sequence[str],
    as_of: datetime | None,
    draws: int | None,
) -> list[str]:
    """Write a template for each partner; their names."""
    from bettercare.appraisal.triangulation_figures import Figures
    from bettercare.engines.forecast import forecast
    from bettercare.reporting.triangulation_template import write_templates

    run = forecast(plan, [scenario or plan.settings.main], draws=draws) if filled else None
    day = as_of.date() if as_of else None
    figures = Figures(plan, run, scenario)
    return [path.name for path in write_templates(plan, folder, figures, filled=filled, partners=partners, as_of=day)]


def _share(text: str) -> float:
    """A tolerance written `2%` or `2` as a share."""
    from bettercare.foundation.problems import UsageError

    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0.0 <= percent <= 100.0:
        raise UsageError(f'--tolerance "{text}" is not a percentage from 0 to 100, for example 2%')
    return percent / 100.0
