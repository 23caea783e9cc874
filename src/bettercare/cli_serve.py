"""`bettercare serve`: the programme workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bettercare.cli_parts import PlanArgument, read


def serve(
    plan: PlanArgument,
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port.", min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Address to listen on.")] = "127.0.0.1",
    database: Annotated[
        str | None, typer.Option("--database", metavar="URL", help="For example postgres://user@host/name.")
    ] = None,
    folder: Annotated[
        str, typer.Option("--data", metavar="DIR", help="Folder for the workspace's database and secret.")
    ] = "workspace-data",
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Make demonstration people of every role (SQLite only).")
    ] = True,
) -> None:
    """Open the programme workspace on a plan: roadmap, proposals, decisions, returns, papers, and the public site."""
    from bettercare.workspace import assets, setup

    content = read(plan)
    demo = demo and database is None
    if not assets.built():
        typer.echo("Building the pages' stylesheets (once) ...")
        assets.build()
    setup.configure(Path(folder), database, demo=demo)
    people = setup.prepare(content, demo=demo)

    def ready() -> None:
        typer.echo(f"Workspace of {content.settings.title or content.settings.name}: http://{host}:{port}/")
        for name, password in people.items():
            typer.echo(f"  {name:<18} password {password}")
        if people:
            typer.echo(
                "These people are for trying out; their passwords are shown only here, and change at each start."
            )
        typer.echo("Ctrl-C stops it.")

    setup.serve(host, port, ready)
