"""The commands on a workspace: where they look for it, whom they make in it, and what they say when it is not there."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from bettercare import Plan, read_plan
from bettercare.cli import paper as cli_paper
from bettercare.cli import serve as cli_serve
from bettercare.cli.workspace import hidden
from bettercare.foundation.problems import UsageError
from bettercare.workspace import assets, setup

RUN = CliRunner()
NOWHERE = "postgres://somebody:a-password@127.0.0.1:1/nothing"
NAMED = {"BETTERCARE_DATABASE": NOWHERE, "BETTERCARE_DATA": "kept"}
NOT_NAMED = dict.fromkeys(NAMED)


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(cli_serve.serve)
    made.command()(cli_paper.paper)
    made.command()(cli_paper.invite)
    return made


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the workspace is set up with; nothing is made and nothing served."""
    calls: list[Any] = []
    monkeypatch.setattr(assets, "built", lambda: True)
    monkeypatch.setattr(setup, "configure", lambda *given, **named: calls.append((*given, named["demo"])))
    monkeypatch.setattr(setup, "prepare", lambda plan, *, demo: calls.append(demo) or {"reader": "a-password"})
    monkeypatch.setattr(setup, "serve", lambda host, port, ready: ready())
    monkeypatch.setattr(cli_serve, "_see_that_it_is_free", lambda host, port: None)
    return calls


@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        ([], NOT_NAMED, (Path("workspace-data"), None, True)),
        (["--no-demo"], NOT_NAMED, (Path("workspace-data"), None, False)),
        ([], NAMED, (Path("kept"), NOWHERE, False)),
        (["--demo"], NAMED, (Path("kept"), NOWHERE, False)),
        (["--database", NOWHERE], NOT_NAMED, (Path("workspace-data"), NOWHERE, False)),
        (["--data", "other"], NAMED, (Path("other"), NOWHERE, False)),
        ([], {"BETTERCARE_DATABASE": "", "BETTERCARE_DATA": "kept"}, (Path("kept"), None, True)),
    ],
    ids=["nothing", "no demo", "environment", "demo with environment", "option", "option over environment", "empty"],
)
def test_demonstration_people_never_reach_a_named_database(
    app: typer.Typer, configured: list[Any], words: list[str], environment: dict[str, str | None], expected: Any
) -> None:
    done = RUN.invoke(app, ["serve", "llr", *words], env=environment)
    assert done.exit_code == 0, done.exception
    assert configured == [expected, expected[2]]


@pytest.mark.parametrize(
    "words", [["paper", "--meeting", "1", "--out", "x.pdf"], ["invite", "a@example.org", "--partner", "uhl"]]
)
def test_other_commands_look_where_the_environment_says(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    def stop(*given: Any, **named: Any) -> None:
        raise UsageError(str(given))

    monkeypatch.setattr(setup, "configure", stop)
    done = RUN.invoke(app, words, env=NAMED)
    assert str(done.exception) == str((Path("kept"), NOWHERE))


def test_the_arguments_decide_and_not_what_the_environment_holds(tmp_path: Path) -> None:
    """The tests themselves set a workspace up: they must never find a real database in the environment."""
    code = (
        "import sys, pathlib; from bettercare.workspace import setup\n"
        "setup.configure(pathlib.Path(sys.argv[1]), None, demo=False)\n"
        "from django.conf import settings; print(settings.DATABASES['default']['ENGINE'], settings.DEMO)"
    )
    environment = {**os.environ, **NAMED, "BETTERCARE_DEMO": "1"}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["django.db.backends.sqlite3", "False"]


def test_the_demonstration_acts_for_a_partner_with_something_to_do(llr: Plan) -> None:
    assert setup._demonstration_partner(llr) == "lpt"
    assert setup._demonstration_partner(read_plan("empty")) is None
    assert setup.demonstration(read_plan("empty")) == {}
    partners = llr.tables["partners"].with_columns(pl.lit(None, pl.Date).alias("to_date"))
    ended = partners.with_columns(
        pl.when(pl.col("code") == "lpt").then(pl.date(2019, 3, 31)).otherwise(pl.col("to_date")).alias("to_date")
    )
    other = replace(llr, tables={**llr.tables, "partners": ended})
    assert setup._demonstration_partner(other) in ("uhl", "leicestershire-council")


def test_the_plan_that_is_served_is_the_stored_one_and_that_is_said(llr: Plan) -> None:
    assert cli_serve._about(llr, "llr") == [f"Workspace of {llr.settings.title}"]
    first, second = cli_serve._about(read_plan("empty"), "./p2")
    assert first == f"Workspace of {llr.settings.title}"
    assert "./p2" in second and llr.revision in second and "was not put into it" in second


@pytest.mark.parametrize(
    ("database", "says"),
    [
        ("nonsense", "nonsense is not the address of a database."),
        ("mysql://somebody:a-password@host/name", "mysql://somebody:***@host/name is not the address of a database."),
        ("postgres://somebody:a-password@host:port/name", "is not the address of a database."),
    ],
)
def test_an_address_that_is_none_is_said_without_its_password(app: typer.Typer, database: str, says: str) -> None:
    done = RUN.invoke(app, ["invite", "a@example.org", "--partner", "uhl", "--database", database])
    assert isinstance(done.exception, UsageError)
    assert says in str(done.exception) and "a-password" not in str(done.exception)
    assert hidden("postgres://host/name") == "postgres://host/name"


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own: in this one Django has its database."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BETTERCARE_", "DJANGO_"))}
    command = [sys.executable, "-m", "bettercare.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("what", ["no tables", "no database", "unreachable"])
def test_a_database_that_is_no_workspace_is_said_in_words(tmp_path: Path, what: str) -> None:
    file = tmp_path / "workspace.sqlite3"
    words = ["audit", "verify", "--data", str(tmp_path)]
    says = f"{file} is no workspace, or one of an older version. bettercare serve PLAN makes it one.\n"
    if what == "no tables":
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE a (b)")
    elif what == "no database":
        file.write_text("This is a text and no database at all.\n" * 9)
        says = f"{file} is not an SQLite database. Name another file or folder, or restore it from a copy.\n"
    else:
        words = ["serve", "empty", "--data", str(tmp_path), "--port", "59999", "--database", NOWHERE]
        says = "See that the database runs and that its address is right.\n"
    done = _command(*words)
    assert done.returncode == 2 and done.stderr.endswith(says), done.stderr
    assert "Traceback" not in done.stderr and "a-password" not in done.stderr


def test_a_port_that_is_in_use_is_said_before_anything_is_changed(app: typer.Typer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        words = ["serve", "llr", "--port", port, "--data", str(tmp_path / "new")]
        done = RUN.invoke(app, words, env=NOT_NAMED)
    assert (
        str(done.exception)
        == f"127.0.0.1, port {port}: Address already in use. Name another with --port, such as 8001."
    )
    assert not (tmp_path / "new").exists()
    done = RUN.invoke(app, ["serve", "llr", "--host", "nothing.invalid"], env=NOT_NAMED)
    assert "--host nothing.invalid is not an address of this machine." in str(done.exception)
