"""`bettercare serve`: the programme workspace."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bettercare.cli.parts import PlanArgument, read
from bettercare.cli.workspace import DatabaseOption, DataOption, configure, in_words

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan


def serve(
    plan: PlanArgument,
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port.", min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option("--host", metavar="NAME", help="Address to listen on.")] = "127.0.0.1",
    database: DatabaseOption = None,
    folder: DataOption = "workspace-data",
    demo: Annotated[
        bool,
        typer.Option("--demo/--no-demo", help="Make demonstration people of every role (never in a named database)."),
    ] = True,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="FOLDER",
            envvar="BETTERCARE_STORE",
            help="The event store for the Nerve Centre; otherwise BETTERCARE_STORE. Without one: published figures.",
        ),
    ] = None,
    synthetic: Annotated[
        int | None,
        typer.Option(
            "--synthetic",
            metavar="N",
            min=1000,
            max=1_000_000,
            help="Fill a new store with records of N made-up people (20000: some 10 seconds where nothing else runs).",
        ),
    ] = None,
) -> None:
    """Open the programme workspace on a plan: roadmap, proposals, decisions, returns, papers, and the public site."""
    from bettercare.workspace import assets, setup

    content = read(plan)
    demo = demo and not database
    _see_that_it_is_free(host, port)  # before the passwords of the one that may run there are made anew
    if not assets.built():
        typer.echo("Building the pages' stylesheets (once) ...")
        assets.build()
    store = _made_up(content, plan, synthetic, Path(store or Path(folder) / "made-up-store")) if synthetic else store
    os.environ["BETTERCARE_STORE"] = store or ""
    configure(folder, database, demo=demo)
    with in_words(folder, database):
        people = setup.prepare(content, demo=demo)
        lines = _about(content, plan)

    def ready() -> None:
        typer.echo(f"{lines[0]}: http://{host}:{port}/")
        for line in lines[1:]:
            typer.echo(line)
        for name, password in people.items():
            typer.echo(f"  {name:<18} password {password}")
        if people:
            typer.echo(
                "These people are for trying out; their passwords are shown only here, and change at each start."
            )
        elif demo:
            typer.echo("No demonstration people were made: the plan has no partner that they could act for.")
        typer.echo("Ctrl-C stops it.")

    setup.serve(host, port, ready)


def _about(given: Plan, name: str) -> list[str]:
    """Which plan the workspace is of, and what it makes of the given one where that is another."""
    from bettercare.workspace.plans import current, plan_of
    from bettercare.workspace.programme.models import Revision

    held = plan_of(current())
    lines = [f"Workspace of {held.settings.title or held.settings.name}"]
    if held.fingerprint == given.fingerprint:
        return lines
    if Revision.objects.filter(fingerprint=given.fingerprint).exists():
        lines.append(f"It has gone on from {name} (revision {given.revision}) to revision {held.revision}.")
    else:
        lines.append(
            f"It holds revision {held.revision}. {name} (revision {given.revision}) is another plan and was not put "
            "into it: here a plan changes by proposals. For a workspace of its own name another --data folder."
        )
    return lines


def _made_up(plan: Plan, name: str, people: int, store: Path) -> str:
    """A store of made-up people; one that is there already is left as it is."""
    from tempfile import TemporaryDirectory

    from bettercare.activity import feed, synth, synth_write
    from bettercare.activity.store import MANIFEST, Store

    if (store / MANIFEST).is_file():
        typer.echo(f"{store} is there already, and is used as it is.")
        return str(store)
    typer.echo(f"Making up {people:,} people and their records (once) ...")
    store.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        feeds = Path(folder) / "feeds"
        synth_write.write(synth.world(plan, people, 1), feeds)
        feed.add(Store.create(store, name), plan, [feeds])
    return str(store)


def _see_that_it_is_free(host: str, port: int) -> None:
    """Raise UsageError where nothing can listen."""
    from bettercare.foundation.problems import UsageError

    wrong = f"--host {host} is not an address of this machine. 127.0.0.1 is its own."
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except socket.gaierror:
        raise UsageError(wrong) from None
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(wrong) from None
        why = os.strerror(error.errno or 0)
        raise UsageError(f"{host}, port {port}: {why}. Name another with --port, such as 8001.") from None
