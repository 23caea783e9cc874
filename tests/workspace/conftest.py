"""A workspace on the plan of Leicester, Leicestershire and Rutland, shared by all tests of it.

Django is set up when this file is read, so that test modules may import models at their top. The database is prepared
once for the session and put back to that state after every test, so a test may write what it likes. Every test runs in
real transactions: other threads and the server see what it writes.

- `public`: a test client with no account. `client_as("contributor", "uhl")`: one signed in.
- `live_server_url`: the same workspace behind a real server in a thread; `signed_in_tab(role)` a browser tab in it.
- `tab(width, scripts)`: a tab of headless Chromium that keeps all that the console said; `faults(tab)`: what is wrong
  with the page in it (accessibility, width, headings, console, policy), as a list of words that must be empty.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bettercare import Plan, read_plan
from bettercare.workspace import assets, setup

PATIENCE = 120_000  # milliseconds: a forecast may have to be made, and a machine may be slow
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FOLDER = Path(tempfile.mkdtemp(prefix="bettercare-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
# The browser's driver keeps an event loop in the thread of the tests; what they do in the database is not in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ.pop("BETTERCARE_STORE", None)  # a person's own must not be read
setup.configure(FOLDER, os.environ.get("BETTERCARE_TEST_DATABASE"), demo=False)

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from bettercare.workspace.accounts.models import Membership, Person  # noqa: E402

ClientAs = Callable[..., Client]


@pytest.fixture(scope="session")
def llr() -> Plan:
    """The plan that the workspace begins with."""
    return read_plan("llr")


@pytest.fixture(scope="session")
def prepared(llr: Plan) -> Callable[[], None]:
    """The database as it is before every test; calling it puts the database back to that."""
    setup.prepare(llr, demo=False)
    if connection.vendor == "sqlite":
        return _copy_of_file()
    rows = connection.creation.serialize_db_to_string()

    def back() -> None:
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        connection.creation.deserialize_db_from_string(rows)

    return back


def _copy_of_file() -> Callable[[], None]:
    name = str(connection.settings_dict["NAME"])
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with sqlite3.connect(name) as live:
        live.backup(kept)
    live.close()

    def back() -> None:
        target = sqlite3.connect(name, timeout=20)
        kept.backup(target)
        target.close()

    return back


@pytest.fixture(autouse=True)
def workspace(prepared: Callable[[], None]) -> Iterator[None]:
    """The prepared workspace, put back afterwards."""
    yield
    connections.close_all()
    prepared()
    _forget()


def _forget() -> None:
    """Drop what the public pages keep in memory."""
    from bettercare.workspace.public import publish

    getattr(publish, "forget", lambda: None)()


@pytest.fixture
def public() -> Client:
    """A client with no account."""
    return Client(HTTP_HOST="localhost")


@pytest.fixture
def person_as(llr: Plan) -> Callable[..., Person]:
    """Somebody who holds a role at a partner (the first of the plan unless told)."""

    def make(role: str, partner: str | None = None) -> Person:
        partner = partner or llr.tables["partners"].filter(llr.tables["partners"]["in_system"])["code"][0]
        name = f"{role}-{partner}"
        person, new = Person.objects.get_or_create(
            username=name, defaults={"full_name": f"A {role} of {partner}", "email": f"{name}@example.org"}
        )
        if new:
            Membership.objects.create(person=person, role=role, partner=partner)
        return person

    return make


@pytest.fixture
def client_as(person_as: Callable[..., Person]) -> ClientAs:
    """`client_as(role, partner=None, csrf=False)`: a client signed in as somebody with a role at a partner."""

    def sign_in(role: str, partner: str | None = None, *, csrf: bool = False) -> Client:
        client = Client(HTTP_HOST="localhost", enforce_csrf_checks=csrf)
        client.force_login(person_as(role, partner), backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["second_factor"] = True  # as after the code of an app, which some roles must give
        session.save()
        return client

    return sign_in


@pytest.fixture
def propose(person_as: Callable[..., Any]) -> Callable[..., Any]:
    """`propose(to, code, size, months)`: an open proposal that slips an initiative's date."""
    from tests.workspace.proposals import proposed

    return lambda *about, **named: proposed(person_as("contributor", "lpt"), *about, **named)


@pytest.fixture(scope="session")
def live_server_url(prepared: Callable[[], None]) -> Iterator[str]:
    """Address of the workspace behind a real server on a free port, without the last slash."""
    from waitress import create_server

    from bettercare.workspace.wsgi import application

    if not assets.built():
        assets.build()
    server = create_server(application, host="127.0.0.1", port=0, threads=8, ident=None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


@pytest.fixture
def tab(browser: Any, live_server_url: str) -> Iterator[Callable[..., Any]]:
    """`tab(width=1280, scripts=True, client=None)`: a tab whose `said` lists console messages and failed requests.

    `client` is a signed-in test client whose session the tab shares. `tab().goto("/roadmap")` is relative.
    """
    contexts = []

    def make(width: int = 1280, *, scripts: bool = True, client: Client | None = None) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts, base_url=live_server_url
        )
        contexts.append(context)
        for name, morsel in (client.cookies if client else {}).items():
            context.add_cookies([{"name": name, "value": morsel.value, "url": live_server_url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.said = []
        page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("requestfailed", lambda request: page.said.append(f"failed: {request.url}"))
        page.on("request", lambda request: _outside(page, request.url, live_server_url))
        _read_when_loaded(page)
        return page

    yield make
    for context in contexts:
        context.close()


def _read_when_loaded(page: Any) -> None:
    """What is read after a click is the whole page that it leads to: a click returns when that begins to arrive."""
    for name in ("evaluate", "inner_text", "locator"):
        setattr(page, name, _waiting(page, getattr(page, name)))


def _waiting(page: Any, read: Callable[..., Any]) -> Callable[..., Any]:
    def loaded(*about: Any, **named: Any) -> Any:
        page.wait_for_load_state()
        return read(*about, **named)

    return loaded


def _outside(page: Any, url: str, inside: str) -> None:
    if not url.startswith((inside, "data:", "blob:", "about:")):
        page.said.append(f"asked elsewhere: {url}")


@pytest.fixture
def signed_in_tab(tab: Callable[..., Any], client_as: ClientAs) -> Callable[..., Any]:
    """`signed_in_tab(role, partner=None, width=1280, scripts=True)`: a tab signed in with a role."""

    def make(role: str, partner: str | None = None, width: int = 1280, *, scripts: bool = True) -> Any:
        return tab(width, scripts=scripts, client=client_as(role, partner))

    return make


BASICS = """() => {
  const wrong = [];
  const shown = e => e.checkVisibility();
  const levels = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].filter(shown).map(h => +h.tagName[1]);
  if (levels.filter(l => l === 1).length !== 1) wrong.push('not one h1');
  levels.forEach((l, i) => { if (i && l - levels[i - 1] > 1) wrong.push('heading order at ' + i); });
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  ids.forEach((id, i) => { if (ids.indexOf(id) !== i) wrong.push('id twice: ' + id); });
  document.querySelectorAll('table').forEach(t => {
    if (!t.querySelector('th[scope=col]')) wrong.push('table without column heads');
  });
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(
    'wider than the window: ' + document.documentElement.scrollWidth + ' of ' + innerWidth);
  return wrong;
}"""


@pytest.fixture(scope="session")
def faults() -> Callable[[Any], list[str]]:
    """`faults(tab)`: what is wrong with the page that a tab (with scripts) shows: axe, headings, width, console."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def find(page: Any) -> list[str]:
        found = list(page.evaluate(BASICS))
        run = axe.run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        for broken in run.response["violations"]:
            where = "; ".join(str(node["target"]) + " " + node["html"][:120] for node in broken["nodes"][:3])
            found.append(f"{broken['id']} ({', '.join(broken['tags'])}): {where}")
        return found + page.said

    return find
