"""`bettercare feed`: what partners send goes into the store, is checked, and is counted once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bettercare.cli.parts import Json, print_json, read

if TYPE_CHECKING:
    from bettercare.activity.feed import Received
    from bettercare.activity.link_report import LinkReport, Share

SHOWN = 5  # rejected rows of a feed; all of them stand in the store's folder rejected/
STANDARD_PLAN = "llr"

feed = typer.Typer(
    help="Add partners' feeds to the store, and list what it holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="FOLDER", help="Folder of the store (BETTERCARE_STORE, or store, when left out)."),
]


@feed.command("add")
def add(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="FEED...", help="Feeds (.csv beside .json), agreements.csv, or folders of them, in any order."
        ),
    ],
    store: StoreOption = None,
    plan: Annotated[
        str | None,
        typer.Option("--plan", metavar="PLAN", help="Plan whose codes feeds use (that of the store when left out)."),
    ] = None,
    replace_agreements: Annotated[
        bool, typer.Option("--replace-agreements", help="Let an agreement that has changed replace the one held.")
    ] = False,
    json: Json = False,
) -> None:
    """Check feeds, count them once, and link their people across organisations."""
    from bettercare.activity import feed as feeds
    from bettercare.activity.feed_files import collect
    from bettercare.activity.store import MANIFEST, Store, where

    folder = where(store)
    collect(paths)  # so that a mistyped name makes no store
    if (folder / MANIFEST).is_file():
        held = Store.open(folder)
        content = read(plan or held.manifest.plan or STANDARD_PLAN)
    else:
        content = read(plan or STANDARD_PLAN)
        held = Store.create(folder, _lasting(plan or STANDARD_PLAN))
    received = feeds.add(held, content, paths, replace_agreements=replace_agreements)
    if json:
        print_json({"store": str(folder), "feeds": [_as_dict(one) for one in received]})
    else:
        for one in received:
            for line in _lines(one, folder):
                typer.echo(line)
        typer.echo(_closing(received, folder))
    raise typer.Exit(1 if any(one.refused for one in received) else 0)


@feed.command("list")
def list_feeds(store: StoreOption = None, json: Json = False) -> None:
    """List the feeds that count."""
    from bettercare.activity.store import Store, described

    held = Store.open(store).manifest.feeds
    rows = sorted(
        ({"feed": feed, **one, "months": sorted(one["files"])} for feed, one in held.items() if one["files"]),
        key=lambda one: (one["organisation"], one["kind"], one["extracted_at"]),
    )
    if json:
        print_json([{name: value for name, value in row.items() if name != "files"} for row in rows])
        return
    for row in rows:
        of = "" if row["kind"] == "people" else f", {len(row['months'])} months count"
        made_up = ", made up" if row["synthetic"] else ""
        said = f"{row['counted']:,} rows, {row['rejected']:,} rejected{of}, extracted {row['extracted_at']}{made_up}"
        typer.echo(f"{row['feed']}  {described(row)}: {said}")
    if not rows:
        typer.echo("The store holds no feeds yet.")


@feed.command("links")
def links(store: StoreOption = None, json: Json = False) -> None:
    """Say how many records are linked across organisations, how good the links are, and for whom they are worse."""
    from bettercare.activity.link_report import report
    from bettercare.activity.store import Store

    held = Store.open(store)
    with held.connect(read(held.manifest.plan or STANDARD_PLAN)) as connection:
        found = report(held, connection)
    if json:
        print_json(None if found is None else found.as_dict())
    elif found is None:
        typer.echo("The store holds no registers of people yet, so nobody is linked.")
    else:
        for text in _of_links(found):
            typer.echo(text)


@feed.command("agreements")
def list_agreements(store: StoreOption = None, json: Json = False) -> None:
    """List the agreements under which feeds are counted, and which of them are in force today."""
    from datetime import datetime

    from bettercare.activity.store import Store

    today = datetime.now(UTC).date()
    found = Store.open(store).agreements()
    if json:
        print_json([{**asdict(one), "in_force": one.in_force(today)} for one in found])
        return
    for one in found:
        state = "in force" if one.in_force(today) else "NOT in force"
        typer.echo(
            f"{one.code}: {one.organisation}, {one.kinds.replace(';', ' and ')}, for {one.purpose}, "
            f"{one.from_date} to {one.expires}, {state}"
        )
    if not found:
        typer.echo("The store has no agreements yet. `feed add` takes them from agreements.csv.")


def _of_links(found: LinkReport) -> Iterator[str]:
    """A report on links, in lines."""
    from bettercare.activity.link_quality import GROUPINGS
    from bettercare.activity.link_report import HEADS, HEADS_OF_KEYS, shares

    yield f"Figures are {found.badge}. 1 to 7 is shown as *, other counts to the nearest 5."
    yield f"{found.records} records are of {found.people} people."
    yield str(found.error)
    for name, head in HEADS.items():
        yield f"\nRecords linked with another organisation's, by {head.lower()}"
        yield from map(_share, shares(found.linked[name]))
    if not found.tried:
        yield "\nHow good these links are has not been measured. The next `bettercare feed add` does it."
        return
    worse = found.worse()
    yield ("\nLinks are worse for" if worse else "\nNo group is found less often by more than chance.")
    yield from (f"  {one}" for one in worse)
    for name in GROUPINGS:
        yield f"\nPairs known by their NHS number that are found without it, by {HEADS[name].lower()}"
        yield from map(_share, shares(found.tried[name]))
    yield f"\n{'Key':<5}{HEADS_OF_KEYS[1]:<58}" + "  ".join(HEADS_OF_KEYS[2:])
    for code, parts, *numbers in found.keys:
        cells = (f"{n:>{len(head)}}" for n, head in zip(numbers, HEADS_OF_KEYS[2:], strict=True))
        yield f"{code:<5}{parts:<58}" + "  ".join(cells)


def _share(one: Share) -> str:
    return f"  {one.value or 'all':<26}{one.part:>9} of {one.whole:>9}{one.share:>6}"


def _lasting(plan: str) -> str:
    """How the store remembers a plan: a shipped example by its name, a folder by its full path."""
    path = Path(plan)
    return str(path.resolve()) if path.is_dir() else plan


def _as_dict(one: Received) -> dict[str, Any]:
    return {**asdict(one), "reasons": [asdict(row) for row in one.reasons], "refused": [str(p) for p in one.refused]}


def _lines(one: Received, folder: Path) -> Iterator[str]:
    """What became of a feed, in a few lines."""
    from bettercare.foundation.problems import count, listed

    if one.refused:
        yield f"{one.file}: refused, nothing of it counts."
        yield from (f"  {line}" for line in listed(one.refused))
        return
    if one.already:
        yield f"{one.file}: is in the store already."
        return
    if not one.months:
        yield f"{one.file}: passed over: an extract as late or later is in the store."
        return
    yield f"{one.file}: {count(one.counted, 'row')} counted, {one.rejected:,} rejected."
    for row in one.reasons[:SHOWN]:
        yield f"  row {row.row}: {row.column + ' ' if row.column else ''}{row.reason}"
    if len(one.reasons) > SHOWN:
        yield f"  and more: all in {folder / 'rejected' / (one.feed + '.csv')}"
    if one.replaced:
        yield "  replaces what was held" + (f" of {_span(one.replaced)}" if one.kind == "events" else "")
    if one.kept:
        yield f"  passed over, because an extract as late or later holds them: {_span(one.kept)}"
    yield from (f"  Note: {note}" for note in one.notes)


def _span(months: list[str]) -> str:
    return ", ".join(months) if len(months) < 4 else f"{len(months)} months, {months[0]} to {months[-1]}"


def _closing(received: list[Received], folder: Path) -> str:
    from bettercare.foundation.problems import count

    added = [one for one in received if one.months and not one.refused]
    rows, refused = sum(one.counted for one in added), sum(1 for one in received if one.refused)
    end = f" {count(refused, 'feed')} refused." if refused else ""
    made_up = " Some of it is made up (synthetic)." if any(one.synthetic for one in added) else ""
    return f"{count(len(added), 'feed')} added to {folder}, {count(rows, 'row')}.{end}{made_up}"
