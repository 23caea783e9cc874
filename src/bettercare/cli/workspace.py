"""What the commands on a workspace share: where its data is, and what goes wrong with a database, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

# A person who keeps a workspace's settings in the environment means them for every command.
DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="BETTERCARE_DATA",
        help="Folder of the workspace's data; otherwise BETTERCARE_DATA.",
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="BETTERCARE_DATABASE",
        help="The workspace's database, if it is not in the folder, such as postgres://user@host/name; otherwise "
        "BETTERCARE_DATABASE.",
    ),
]


def configure(folder: str, database: str | None, *, demo: bool = False) -> None:
    """Start Django on a folder and a database. Raises UsageError where they cannot be used."""
    from bettercare.foundation.problems import UsageError

    if database:
        _look_at(database)
    try:
        from bettercare.workspace import setup

        setup.configure(Path(folder), database, demo=demo)
    except OSError as error:
        raise UsageError(f"--data {folder} cannot be used: {error.strerror or error}.") from None


def _look_at(database: str) -> None:
    """Raise UsageError where an address is not one of a kind of database that a workspace can be in."""
    import dj_database_url

    from bettercare.foundation.problems import UsageError

    try:
        engine = dj_database_url.parse(database)["ENGINE"]
    except ValueError:  # also of a scheme that is not known, and of a port that is no number
        engine = ""
    if not engine.endswith(("sqlite3", "postgresql")):
        raise UsageError(
            f"{hidden(database)} is not the address of a database. One is written postgres://user:password@host/name,"
            " or sqlite:///path/to/file."
        )


def hidden(database: str) -> str:
    """The address without its password: what is printed may be kept in a log."""
    return re.sub(r"(//[^:/@]*):.*@", r"\1:***@", database)


@contextmanager
def in_words(folder: str, database: str | None) -> Iterator[None]:
    """Turn what a database refuses into a UsageError that says what to do."""
    from django.core.exceptions import ObjectDoesNotExist
    from django.db import DatabaseError, InterfaceError, OperationalError

    from bettercare.foundation.problems import UsageError, command

    place = hidden(database) if database else f"{folder}/workspace.sqlite3"
    try:
        yield
    except (DatabaseError, InterfaceError, ObjectDoesNotExist) as error:
        said = str(error).strip().partition("\n")[0]
        if isinstance(error, ObjectDoesNotExist) or re.search("no such (table|column)|does not exist", said):
            what, to_do = "is no workspace, or one of an older version", f"{command('serve', 'PLAN')} makes it one."
            if isinstance(error, OperationalError) and "connection" in said:  # the database itself is not there
                what, to_do = f"cannot be opened: {said}", "Make the database, or mend its address."
        elif "not a database" in said or "malformed" in said:
            what, to_do = "is not an SQLite database", "Name another file or folder, or restore it from a copy."
        else:
            what, to_do = f"cannot be used: {said}", "See that the database runs and that its address is right."
        raise UsageError(f"{place} {what}. {to_do}") from None
