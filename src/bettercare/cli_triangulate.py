"""`bettercare triangulate`: partners' own returns held against each other and against the plan."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bettercare.cli_parts import Json, PlanArgument, print_json, read


def triangulate(
    plan: PlanArgument,
    returns: Annotated[
        list[str] | None, typer.Argument(metavar="[RETURNS]...", help="Returns (.xlsx), or the folder that holds them.")
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="FOLDER", help="Write a return template for each partner.")
    ] = None,
    filled: Annotated[bool, typer.Option("--filled", help="Put the plan's own figures into the templates.")] = False,
    partner: Annotated[
        list[str] | None,
        typer.Option("--partner", metavar="CODE", help="A template for this partner only; may be given several times."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", metavar="DATE", help="As-of date to put into the templates.", formats=["%Y-%m-%d"]),
    ] = None,
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
    draws: Annotated[int | None, typer.Option("--draws", metavar="N", help="Possible futures to draw.", min=20)] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Write the result as Excel, Word and CSV there.")
    ] = None,
    json: Json = False,
) -> None:
    """Hold partners' returns against each other and the plan: what disagrees, which saving is claimed twice."""
    from bettercare.appraisal.triangulation import triangulate as hold
    from bettercare.appraisal.triangulation_figures import Figures
    from bettercare.appraisal.triangulation_read import read_returns
    from bettercare.engines.forecast import forecast
    from bettercare.foundation.problems import UsageError, command
    from bettercare.reporting import triangulation_screen, triangulation_write, write
    from bettercare.reporting.triangulation_template import write_templates

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
        run = forecast(content, [chosen], draws=draws) if filled else None
        figures = Figures(content, run, scenario)
        day = as_of.date() if as_of else None
        paths = write_templates(content, template, figures, filled=filled, partners=partner or (), as_of=day)
        typer.echo(f"Wrote {len(paths)} templates to {template}: {', '.join(path.name for path in paths)}.")
        typer.echo(f"When they are filled in: {command('triangulate', plan, template)}")
        return
    found = read_returns(content, returns or [])
    folder = write.prepare(out) if out else None
    f = forecast(content, [chosen], draws=draws)
    result = hold(content, found.lines, f, share, scenario=chosen, working_days=days, problems=found.problems)
    written: list[Path] = triangulation_write.write(content, result, folder) if folder else []
    if json:
        print_json(result.to_dict())
        return
    from rich.console import Console

    triangulation_screen.show(content, result, Console(highlight=False), written)


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
