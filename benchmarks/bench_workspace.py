"""The workspace under load: its public site, the roadmap, what a slipped date does, and the memory that all pages take.

Starts `bettercare serve llr` in a process of its own. The public pages are asked for by two client processes with four
connections each, over kept connections, as a proxy in front of it would. Server and clients share the machine's cores.
The date-slip preview is asked for by a signed-in person, each time with another date, so that 500 draws are made anew.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from timing import finish, report

PATHS = (
    "/", "/roadmap", "/initiatives", "/initiatives/I077", "/initiatives/I003", "/questions", "/decisions", "/papers",
    "/changes", "/changes.atom", "/data", "/about-figures", "/api/plan", "/api/roadmap", "/api/questions",
)  # fmt: skip
SLIP = "/work/initiatives/I077/slip"
SECONDS, PROCESSES, CONNECTIONS = 8.0, 2, 4
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LINKS = re.compile(r'href="(/[^"#]*)')
FILES = re.compile(r"/(static|data|api)/|\.(pdf|docx|xlsx|atom|ico)$")


class Person:
    """A kept connection with cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.cookies: dict[str, str] = {}
        self.token = self.text = ""

    def ask(self, path: str, expected: int = 200, **fields: object) -> float:
        """Ask for a page, or send a form; seconds until all of the answer is here."""
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": self.token, **fields}) if fields else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        start = time.perf_counter()
        self.connection.request("POST" if fields else "GET", path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        took = time.perf_counter() - start
        if response.status != expected:
            raise RuntimeError(f"{path}: {response.status}")
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.text = content.decode(errors="replace")
        self.token = found[1] if (found := TOKEN.search(self.text)) else self.token
        return took

    def sign_in(self, name: str, password: str) -> None:
        """As a demonstration person."""
        self.ask("/sign-in")
        self.ask("/sign-in", 302, username=name, password=password)
        self.ask("/account")


@contextmanager
def serving() -> Iterator[tuple[int, int, dict[str, str]]]:
    """(port, number of the process, passwords of the demonstration people) of a workspace of its own."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bettercare.cli", "serve", "llr", "--port", str(port), "--data", folder]
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        try:
            passwords = {}
            for line in server.stdout or ():
                if found := re.fullmatch(r"\s+(\S+)\s+password (\S+)\s*", line):
                    passwords[found[1]] = found[2]
                if "Ctrl-C" in line:
                    break
            yield port, server.pid, passwords
        finally:
            server.terminate()
            server.wait()


def asking(port: int, seed: int, until: float, times: list[float]) -> None:
    """One connection: pages at random until the time is over."""
    luck, person = random.Random(seed), Person(port)
    while time.time() < until:
        times.append(person.ask(luck.choice(PATHS)))
        person.cookies.clear()


def client(port: int, seed: int, until: float, answer: multiprocessing.Queue[list[float]]) -> None:
    """One process with several connections."""
    times: list[float] = []
    threads = [threading.Thread(target=asking, args=(port, seed * 100 + n, until, times)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer.put(times)


def under_load(port: int) -> list[float]:
    """Seconds of each answer, the quickest first."""
    answer: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    until = time.time() + SECONDS
    clients = [multiprocessing.Process(target=client, args=(port, n, until, answer)) for n in range(PROCESSES)]
    for process in clients:
        process.start()
    times = sorted(t for _ in clients for t in answer.get())
    for process in clients:
        process.join()
    return times


def previews(port: int, passwords: dict[str, str]) -> list[float]:
    """Seconds of the date-slip preview, each for another date."""
    person = Person(port)
    person.sign_in("contributor", passwords["contributor"])
    person.ask(SLIP)
    person.ask(SLIP, months=1)  # the plan as it is has its forecast from here on
    times = []
    for months in range(2, 14):
        times.append(person.ask(SLIP, months=months))
        if "preview-heading" not in person.text:
            raise RuntimeError("no preview was shown")
    return times


def every_page(port: int, passwords: dict[str, str]) -> int:
    """Follow all links as the public and as the programme office; how many pages there were."""
    seen: set[str] = set()
    for name in ("", "programme-office"):
        person = Person(port)
        if name:
            person.sign_in(name, passwords[name])
        left, here = ["/"] + (["/work/", "/triangulation"] if name else []), set[str]()
        while left:
            path = left.pop()
            place = path.partition("?")[0]
            if place in here or FILES.search(place) or place.startswith("/sign"):
                continue
            here.add(place)
            try:
                person.ask(path)
            except RuntimeError:
                person.connection.close()
                continue
            left += LINKS.findall(person.text)
        seen |= {name + place for place in here}
    return len(seen)


def memory(pid: int) -> tuple[float, float]:
    """(now, at its largest) of a process, in MiB; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    text = status.read_text(encoding="ascii") if status.exists() else ""
    now, most = (re.search(rf"{name}:\s+(\d+) kB", text) for name in ("VmRSS", "VmHWM"))
    return (int(now[1]) / 1024 if now else 0.0, int(most[1]) / 1024 if most else 0.0)


def main() -> None:
    """Start, measure, stop."""
    with serving() as (port, pid, passwords):
        begun, _ = memory(pid)
        person = Person(port)
        first = person.ask("/roadmap")
        while person.ask("/initiatives/I077") and "being worked out" in person.text:
            time.sleep(0.2)
        for path in PATHS:
            person.ask(path)
        alone = [person.ask("/roadmap") for _ in range(50)]
        made = [person.ask(f"/roadmap?locality=rutland&n={n}") for n in range(20)]
        times = under_load(port)
        slips = previews(port, passwords)
        busy = os.getloadavg()[0]
        pages = every_page(port, passwords)
        now, most = memory(pid)
    print(f"load of the machine in the last minute: {busy:.1f}")
    print(f"memory of the server: {begun:.0f} MiB at first, {now:.0f} after {pages} pages, {most:.0f} at its largest")
    finish(
        report("public pages, requests a second", len(times) / SECONDS, 300.0, "1/s", at_least=True),
        report("public pages, 99 of 100 within", 1000 * times[int(0.99 * len(times))], 150.0, "ms"),
        report("the roadmap page, first of a new server", 1000 * first, 200.0, "ms"),
        report("the roadmap page, slowest of 50", 1000 * max(alone), 200.0, "ms"),
        report("the roadmap page made anew, slowest of 20", 1000 * max(made), 200.0, "ms"),
        report("a slipped date, 500 draws anew, middle of 12", statistics.median(slips), 1.0),
        report("a slipped date, quickest of 12", min(slips), 1.0),
    )


if __name__ == "__main__":
    main()
