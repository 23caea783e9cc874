"""The public site under load: requests a second and the slowest hundredth, and the roadmap page by itself.

Starts `bettercare serve llr` in a process of its own and asks for its public pages from two client processes with four
connections each, over kept connections, as a proxy in front of it would. Server and clients share the machine's cores.
"""

from __future__ import annotations

import http.client
import multiprocessing
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

from timing import finish, report

PATHS = (
    "/", "/roadmap", "/initiatives", "/initiatives/I077", "/initiatives/I003", "/questions", "/decisions", "/papers",
    "/changes", "/changes.atom", "/data", "/about-figures", "/api/plan", "/api/roadmap", "/api/questions",
)  # fmt: skip
SECONDS, PROCESSES, CONNECTIONS = 8.0, 2, 4


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def get(connection: http.client.HTTPConnection, path: str) -> float:
    """Ask for a page; seconds until all of it is here."""
    start = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        raise RuntimeError(f"{path}: {response.status}")
    return time.perf_counter() - start


def ask(port: int, seed: int, until: float, times: list[float]) -> None:
    """One connection: pages at random until the time is over."""
    luck, connection = random.Random(seed), http.client.HTTPConnection("127.0.0.1", port)
    while time.time() < until:
        times.append(get(connection, luck.choice(PATHS)))


def client(port: int, seed: int, until: float, answer: multiprocessing.Queue[list[float]]) -> None:
    """One process with several connections."""
    times: list[float] = []
    threads = [threading.Thread(target=ask, args=(port, seed * 100 + n, until, times)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer.put(times)


def wait(port: int) -> None:
    """Until the server answers and the forecast for its pages is made."""
    for _ in range(1200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/initiatives/I077")
            if b"being worked out" not in connection.getresponse().read():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def main() -> None:
    """Start, warm, measure, stop."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bettercare.cli", "serve", "llr", "--port", str(port), "--data", folder]
        server = subprocess.Popen([*command, "--no-demo"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait(port)
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for path in PATHS:
                get(connection, path)
            alone = [get(connection, "/roadmap") for _ in range(50)]
            made = [get(connection, f"/roadmap?locality=rutland&n={n}") for n in range(20)]
            answer: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
            until = time.time() + SECONDS
            clients = [multiprocessing.Process(target=client, args=(port, n, until, answer)) for n in range(PROCESSES)]
            for process in clients:
                process.start()
            times = sorted(t for _ in clients for t in answer.get())
            for process in clients:
                process.join()
        finally:
            server.terminate()
            server.wait()
    finish(
        report("public pages, requests a second", len(times) / SECONDS, 300.0, "1/s", at_least=True),
        report("public pages, 99 of 100 within", 1000 * times[int(0.99 * len(times))], 150.0, "ms"),
        report("the roadmap page, slowest of 50", 1000 * max(alone), 200.0, "ms"),
        report("the roadmap page made anew, middle of 20", 1000 * sorted(made)[10], 200.0, "ms"),
    )


if __name__ == "__main__":
    main()
