"""`bettercare synth`: made-up people and records to try everything on."""

from __future__ import annotations

from typing import Annotated

import typer

from bettercare.cli.parts import Json, PlanArgument, Seed, print_json, read
from bettercare.foundation.problems import UsageError, command

People = Annotated[int, typer.Option("--people", metavar="N", help="How many people to make.")]
Out = Annotated[str, typer.Option("--out", metavar="FOLDER", help="New folder for the feeds.")]
From = Annotated[str | None, typer.Option("--from", metavar="MONTH", help="First month, for example 2013-04.")]
To = Annotated[str | None, typer.Option("--to", metavar="MONTH", help="Last month, for example 2015-06.")]
Services = Annotated[
    str | None,
    typer.Option(
        "--services", metavar="CODES", help="Services with commas between, or all (those of huge volume too)."
    ),
]
Hidden = Annotated[
    str | None,
    typer.Option(
        "--hidden", metavar="FOLDER", help="Also write the identified extracts and the truth to this new folder."
    ),
]
Effect = Annotated[
    list[str] | None,
    typer.Option("--effect", metavar="CODE=SHARE", help="What a scheme truly prevents, for example I105=0.2."),
]


def synth(
    plan: PlanArgument,
    people: People = 100_000,
    out: Out = "feeds",
    seed: Seed = 1,
    from_: From = None,
    to: To = None,
    services: Services = None,
    effect: Effect = None,
    hidden: Hidden = None,
    json: Json = False,
) -> None:
    """Make up people and their records, consistent with a plan, as feeds. Nobody in them exists."""
    from bettercare.activity import synth as making
    from bettercare.activity import synth_write

    chosen = None if services is None else [one.strip() for one in services.split(",") if one.strip()]
    effects = _effects(effect or [])
    content = read(plan)
    world = making.world(content, people, 1 if seed is None else seed, from_, to, chosen, effects)
    written = synth_write.write(world, out, hidden)
    if json:
        feeds = [{**vars(one), "path": str(one.path)} for one in written]
        print_json({"people": len(world.people), "events": world.events.height, "synthetic": True, "feeds": feeds})
        return
    for one in written:
        typer.echo(f"{one.organisation:<26} {one.kind:<7} {one.rows:>10,} rows  {one.path.name}")
    left = [code for code in content["services"]["code"].to_list() if code not in world.services]
    typer.echo(f"Made up {len(world.people):,} people and {world.events.height:,} events. Nobody in them exists.")
    typer.echo(f"Left out: {', '.join(left) or 'no service'}.")
    typer.echo(f"Next: {command('feed', 'add', out)}")


def _effects(given: list[str]) -> dict[str, float]:
    """Initiatives and shares from arguments of the form CODE=SHARE."""
    out = {}
    for text in given:
        code, _, share = text.partition("=")
        try:
            out[code.strip()] = float(share)
        except ValueError:
            raise UsageError(f'--effect "{text}" is not of the form CODE=SHARE, for example I105=0.2') from None
    return out
