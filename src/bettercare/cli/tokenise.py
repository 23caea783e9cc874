"""`bettercare tokenise`: what a data custodian runs on their own machine."""

from __future__ import annotations

from typing import Annotated

import typer

from bettercare.cli.parts import Json, print_json

Extract = Annotated[
    str | None, typer.Argument(metavar="EXTRACT", help="CSV of people or of events, with names and numbers in it.")
]
KeyFile = Annotated[str, typer.Option("--key-file", metavar="FILE", help="The custodian's key; only they may read it.")]
Purpose = Annotated[str, typer.Option("--purpose", metavar="WORD", help="What the feed is for, as agreed.")]
Organisation = Annotated[str, typer.Option("--organisation", metavar="CODE", help="Partner whose extract it is: uhl.")]
Out = Annotated[str, typer.Option("--out", metavar="FOLDER", help="Where the feed is written.")]
From = Annotated[str | None, typer.Option("--from", metavar="MONTH", help="First month of the events, as 2013-04.")]
To = Annotated[str | None, typer.Option("--to", metavar="MONTH", help="Last month of the events.")]
NewKey = Annotated[bool, typer.Option("--new-key", help="Make the key file first. It must not be there yet.")]
Synthetic = Annotated[bool, typer.Option("--synthetic", help="The people are made up; the feed says so.")]


def tokenise(
    extract: Extract = None,
    *,
    key_file: KeyFile,
    purpose: Purpose = "planning",
    organisation: Organisation = "",
    out: Out = "feeds",
    from_: From = None,
    to: To = None,
    new_key: NewKey = False,
    synthetic: Synthetic = False,
    json: Json = False,
) -> None:
    """Turn an identified extract into a feed of tokens, on the custodian's own machine."""
    from bettercare.activity import key_file as keys
    from bettercare.activity import tokenise_files
    from bettercare.foundation.problems import UsageError, command

    if extract is None and not new_key:
        raise UsageError("Name the extract, or give --new-key to make a key file.")
    if (from_ is None) != (to is None):
        raise UsageError("Give --from and --to both, or neither.")
    if extract is not None and not organisation:
        raise UsageError("Say whose extract it is with --organisation, for example --organisation uhl.")
    months = None if from_ is None or to is None else (from_, to)
    asked = tokenise_files.Asked(organisation, purpose, months, synthetic) if extract is not None else None
    if new_key:
        keys.new(key_file, purpose)
        keep = "Keep a copy in a safe place: without it no token can be made again."
        typer.echo(f"Made the key {key_file}. {keep}", err=json)
    if extract is None or asked is None:
        return
    made = tokenise_files.run(extract, keys.read(key_file, purpose), asked, out)
    if json:
        print_json({**made.manifest, "file": made.path, "report": made.report, "notes": made.noted})
        return
    for line in made.quality.lines():
        typer.echo(line)
    if made.noted:
        typer.echo(f"{made.noted:,} notes on rows are in {made.report}.")
    beside = made.path.with_suffix(".json").name
    typer.echo(f"Wrote {made.path} and {beside}. Next: {command('feed', 'add', made.path)}")
