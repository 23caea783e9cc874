"""The commands of `bettercare`: each calls one public function and prints its result.

Libraries are imported inside the commands, so that help is quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from bettercare.cli import (
    activity,
    benefits,
    flow,
    indicators,
    learn,
    paper,
    risk,
    run,
    serve,
    synth,
    tokenise,
    triangulate,
)
from bettercare.cli.parts import Json, PlanArgument, print_json, read
from bettercare.foundation.problems import UsageError, command, count

app = typer.Typer(
    name="bettercare",
    help="Open planning for health and care systems: check, forecast and compare a plan that is a folder of tables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def check(plan: PlanArgument, json: Json = False) -> None:
    """Check a plan: all problems at once, with file, row and column, and what its numbers rest on."""
    from bettercare.plan.read import check as check_plan

    report = check_plan(plan)
    if json:
        print_json(report.as_dict())
    else:
        typer.echo(str(report))
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def new(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Folder to make; it must not exist yet, or be empty.")
    ],
    from_: Annotated[
        str, typer.Option("--from", metavar="PLAN", help="What to begin from: llr, empty, or the folder of a plan.")
    ] = "empty",
) -> None:
    """Begin a plan of your own from the worked example or from nothing."""
    from bettercare.plan.new import new_plan

    path = new_plan(folder, from_)
    typer.echo(f"Made {path} from {from_}. Next: {command('check', path)}")


@app.command()
def diff(
    a: Annotated[str, typer.Argument(metavar="PLAN", help="The plan before: a folder or a shipped example.")],
    b: Annotated[str, typer.Argument(metavar="OTHER", help="The plan after.")],
    json: Json = False,
) -> None:
    """Say in words what differs between two plans, row by row."""
    from bettercare.plan.diff import diff as diff_plans

    before, after = read(a), read(b)
    changes = diff_plans(before, after)
    if json:
        found = [{**vars(change), "text": str(change)} for change in changes]
        print_json({"from": before.revision, "to": after.revision, "changes": found})
        return
    for change in changes:
        typer.echo(str(change))
    files = len({change.file for change in changes})
    said = f"{count(len(changes), 'change')} in {count(files, 'file')}." if changes else "No difference."
    typer.echo(f"{said} Revisions {before.revision} and {after.revision}.")


@app.command()
def export(
    plan: PlanArgument,
    to: Annotated[
        str,
        typer.Option("--to", metavar="PATH", help="An Excel workbook (name.xlsx), or a new folder for a data package."),
    ],
) -> None:
    """Write a plan as an Excel workbook, or as a Frictionless data package."""
    if to.lower().endswith((".xls", ".xlsm", ".ods")):
        raise UsageError(f"{to}: only .xlsx can be written. Name the workbook {to.rsplit('.', 1)[0]}.xlsx.")
    if to.lower().endswith(".xlsx"):
        from bettercare.plan.workbook import export_workbook

        path = export_workbook(read(plan), to)
    else:
        from bettercare.plan.datapackage import export_datapackage

        path = export_datapackage(read(plan), to)
    typer.echo(f"Wrote {path}.")


@app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="An Excel workbook, or the folder of a data package.")
    ],
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Folder to make; it must not exist yet, or be empty.")
    ],
) -> None:
    """Read a plan from an Excel workbook or a data package, check it, and write it as a folder."""
    from bettercare.plan.workbook_read import import_plan

    plan = import_plan(source, folder)
    typer.echo(f"Wrote {folder}, revision {plan.revision}. Next: {command('check', folder)}")


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of

    typer.echo(version_of("bettercare"))


app.command()(run.run)
app.command()(run.backtest)
app.command()(flow.simulate)
app.command()(learn.learn)
app.command()(benefits.benefits)
app.command()(serve.serve)
app.command()(paper.paper)
app.command()(paper.invite)
app.add_typer(paper.audit, name="audit")
app.add_typer(activity.feed, name="feed")
app.command()(synth.synth)
app.command()(tokenise.tokenise)
app.command()(indicators.indicators)
app.command()(indicators.baseline)
app.command()(risk.risk)
app.command()(triangulate.triangulate)


def _version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command."""
