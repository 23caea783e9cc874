"""A workspace's real server as a process of its own that can be killed, and people who use it over HTTP."""

from __future__ import annotations

import html
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

INSIDE = Path(__file__).with_name("robust_inside.py")
PATIENCE = 300.0  # seconds that an answer may take before the test gives up; nothing is asserted about it
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
Answered = TypeVar("Answered")


def environment() -> dict[str, str]:
    """The environment without what the tests in this process have set for themselves."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("BETTERCARE_", "DJANGO_"))}


class Postgres:
    """Databases of one test run on a PostgreSQL server; each is removed at the end."""

    def __init__(self, url: str) -> None:
        self.url, self.made = url, list[str]()

    def new(self, template: str = "template1") -> str:
        """A new database; its name."""
        name = f"bettercare_test_{uuid.uuid4().hex[:12]}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.made.append(name)
        return name

    def address(self, name: str) -> str:
        """Where a database is."""
        return urllib.parse.urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def remove(self) -> None:
        """Drop what was made."""
        while self.made:
            self._do(f"DROP DATABASE IF EXISTS {self.made.pop()} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass
class Place:
    """A workspace's folder and database, its people's sessions, and its server when it runs."""

    folder: Path
    database: str
    sessions: dict[str, str] = field(default_factory=dict)
    port: int = 0
    server: subprocess.Popen[bytes] | None = None

    def inside(self, what: str, *rest: str) -> Any:
        """What the program beside the server answers."""
        done = self.beside(what, *rest)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def beside(self, what: str, *rest: str) -> subprocess.CompletedProcess[str]:
        """Run the program beside the server."""
        command = [sys.executable, str(INSIDE), what, str(self.folder), self.database, *rest]
        return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)

    def state(self) -> Any:
        """What the database holds."""
        return self.inside("state")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        more = ["--database", self.database] if self.database else []
        command = [sys.executable, "-m", "bettercare.cli", "serve", "llr", "--no-demo", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.server = subprocess.Popen(
                [*command, "--data", str(self.folder), *more], stdout=log, stderr=log, env=environment()
            )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.server.poll() is None, self.log()
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def log(self) -> str:
        """What the server said."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """SIGKILL: no more instruction of the server is carried out."""
        if self.server is not None:
            self.server.kill()
            self.server.wait()

    def someone(self, name: str) -> Someone:
        """A person at a browser."""
        return Someone(name, self.port, self.sessions[name])

    def copied(self, folder: Path, postgres: Postgres | None) -> Place:
        """Another workspace in the same state."""
        shutil.copytree(self.folder, folder)
        database = ""
        if postgres is not None:
            database = postgres.address(postgres.new(self.database.rpartition("/")[2]))
        return Place(folder, database, self.sessions)


@dataclass(frozen=True)
class Answer:
    """What the server sent."""

    status: int
    text: str
    location: str

    @property
    def saved(self) -> bool:
        """Whether the write was acknowledged: the browser is sent on."""
        return self.status == 302


class Someone:
    """A person with a session: one kept connection, cookies, and the token of the last form that was seen."""

    def __init__(self, name: str, port: int, session: str) -> None:
        self.name, self.token = name, ""
        self.cookies = {"sessionid": session}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def get(self, path: str) -> Answer:
        """Look at a page."""
        return self._ask("GET", path)

    def post(self, path: str, **fields: object) -> Answer:
        """Send a form."""
        if not self.token:
            self.get("/account")
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": self.token, **fields})
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def version(self, path: str) -> int:
        """The version that a form carries."""
        found = re.search(r'name="version" value="(\d+)"', self.get(path).text)
        assert found, path
        return int(found[1])

    def _ask(self, method: str, path: str, body: str | None = None, more: dict[str, str] | None = None) -> Answer:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **(more or {})}
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = html.unescape(response.read().decode())
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := TOKEN.search(text):
            self.token = found[1]
        assert response.status in (200, 302, 409), f"{method} {path}: {response.status} {text[:2000]}"
        assert "/sign-in" not in (response.headers["Location"] or ""), f"{self.name} is not signed in"
        return Answer(response.status, text, response.headers["Location"] or "")


def together(people: Sequence[Someone], act: Callable[[Someone], Answered]) -> list[Answered]:
    """Everyone does it at the same moment; what each got, in their order. The first failure is raised."""
    gate, out, failed = threading.Barrier(len(people)), dict[int, Answered](), list[BaseException]()

    def one(number: int, person: Someone) -> None:
        try:
            gate.wait()
            out[number] = act(person)
        except BaseException as error:  # noqa: BLE001  (raised again below, in the thread of the test)
            failed.append(error)

    threads = [threading.Thread(target=one, args=(n, p)) for n, p in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return [out[n] for n in range(len(people))]
