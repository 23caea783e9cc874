"""The audit trail: nothing changes it, and where somebody did all the same, it is found."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import typer
from django.db import DatabaseError, connection, transaction
from django.test import Client
from typer.testing import CliRunner

from bettercare.cli import paper as cli_paper
from bettercare.workspace.audit.frozen import thaw
from bettercare.workspace.audit.models import Entry, Head, record, verify
from tests.workspace.conftest import FOLDER

RUN = CliRunner()


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.add_typer(cli_paper.audit, name="audit")
    made.command()(cli_paper.invite)
    return made


@pytest.fixture
def entries() -> list[Entry]:
    return [record("Mary <m@example.org>", "comment", f"thing {i}", after={"text": f"ü {i}"}) for i in range(5)]


def behind_the_back(sql: str) -> None:
    """As somebody would who has the database and drops its trigger first."""
    with connection.schema_editor() as editor:
        thaw(editor, "audit_entry")
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_model_refuses(entries: list[Entry]) -> None:
    entries[0].who = "somebody else"
    with pytest.raises(TypeError, match="never changed"):
        entries[0].save()
    with pytest.raises(TypeError, match="never removed"):
        entries[0].delete()


@pytest.mark.parametrize(
    "change",
    [
        lambda: Entry.objects.all().update(who="x"),
        lambda: Entry.objects.all().delete(),
        lambda: connection.cursor().execute("UPDATE audit_entry SET who = 'x' WHERE number = 1"),
        lambda: connection.cursor().execute("DELETE FROM audit_entry WHERE number = 1"),
    ],
    ids=["update", "delete", "update in SQL", "delete in SQL"],
)
def test_the_database_refuses(entries: list[Entry], change: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        change()
    assert Entry.objects.filter(who="x").count() == 0 and verify() == []


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE audit_entry SET who = 'x' WHERE number = 3", "entry 3 was changed after it was written"),
        ("UPDATE audit_entry SET allowed = NOT allowed WHERE number = 2", "entry 2 was changed after it was written"),
        ("DELETE FROM audit_entry WHERE number = 4", "entry 4 is missing: the next is 5"),
        ("DELETE FROM audit_entry WHERE number = 5", "the trail ends with entry 4, and 5 were written"),
    ],
)
def test_a_change_behind_the_back_is_found_with_its_number(entries: list[Entry], sql: str, found: str) -> None:
    assert [e.number for e in entries] == [1, 2, 3, 4, 5]
    behind_the_back(sql)
    assert found in verify()


def test_an_entry_made_anew_breaks_what_follows(entries: list[Entry]) -> None:
    """Who also reckons the changed entry's hash anew is betrayed by the next one."""
    entry = Entry.objects.get(number=2)
    entry.who = "x"
    behind_the_back(f"UPDATE audit_entry SET who = 'x', hash = '{entry.reckoned()}' WHERE number = 2")
    assert verify() == ["entry 3 does not follow the one before it"]


def test_the_command_says_whether_it_holds(app: typer.Typer, entries: list[Entry]) -> None:
    good = RUN.invoke(app, ["audit", "verify", "--data", str(FOLDER), "--expect", entries[2].hash])
    assert good.exit_code == 0 and "5 entries" in good.output and entries[-1].hash in good.output
    other = RUN.invoke(app, ["audit", "verify", "--data", str(FOLDER), "--expect", "0" * 64])
    assert other.exit_code == 1 and "no entry has the hash" in other.output
    behind_the_back("UPDATE audit_entry SET what = 'another' WHERE number = 3")
    bad = RUN.invoke(app, ["audit", "verify", "--data", str(FOLDER)])
    assert bad.exit_code == 1 and "entry 3 was changed" in bad.output


def test_a_folder_without_a_workspace_is_said(app: typer.Typer, tmp_path: object) -> None:
    done = RUN.invoke(app, ["audit", "verify", "--data", str(tmp_path)], env={"BETTERCARE_DATABASE": None})
    assert "There is no workspace" in str(done.exception)


def test_the_first_administrator_comes_by_the_command_line(app: typer.Typer, public: Client) -> None:
    done = RUN.invoke(app, ["invite", "first@example.org", "--partner", "uhl", "--data", str(FOLDER)])
    path = done.output.split("<address of the workspace>")[1].strip()
    words = "correct horse battery staple"
    answer = public.post(path, {"full_name": "First", "new_password1": words, "new_password2": words})
    assert answer.status_code == 302
    assert public.get("/work/people")["Location"] == "/account/second-factor"


def test_writers_at_once_make_one_chain() -> None:
    def write(name: str) -> None:
        for i in range(10):
            record(name, "comment", str(i))
        connection.close()

    threads = [threading.Thread(target=write, args=(f"t{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Entry.objects.count() == 80 and verify() == [] and Head.objects.get().number == 80


def test_the_page_shows_what_was_asked_and_no_markup(client_as: Callable[..., Client], entries: list[Entry]) -> None:
    record("<b>x</b>", "comment", "thing <script>", allowed=False, before={"a": "1"}, after="2")
    text = client_as("assurer").get("/work/audit?denied=1&action=comment").content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in text and "<script>" not in text.replace("<script src", "")
    assert "thing 3" not in text
    assert client_as("assurer").get("/work/audit?page=abc&action=none&who=Mary").status_code == 200


def test_the_page_offers_every_action_that_was_written(client_as: Callable[..., Client]) -> None:
    for action in ("adopt", "rebase", "refused", "withdrawn", "sign-out"):
        record("Mary", action, f"thing of {action}")
        text = client_as("assurer").get(f"/work/audit?action={action}").content.decode()
        assert f'<option value="{action}" selected>' in text and text.count("<br>thing of ") == 1
