"""What the benchmarks share: timing, and saying whether a limit was kept."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def best_of(times: int, work: Callable[[], object]) -> float:
    """Shortest time in seconds of several calls: the one that was least disturbed."""
    return min(seconds(work) for _ in range(times))


def seconds(work: Callable[[], object]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(command: Sequence[str], **more: object) -> str:
    """Run a command, which must succeed; what it prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout  # type: ignore[call-overload]


def peak_mib() -> float:
    """Largest memory that this process has had, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # what `getrusage` says can be that of the process which started this one
        high = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(high.split()[1]) / 1024.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024.0 if sys.platform != "darwin" else peak / 1024.0**2


def report(what: str, value: float, limit: float, unit: str = "s", at_least: bool = False) -> bool:
    """Print a measurement beside its limit; whether it was kept."""
    kept = value >= limit if at_least else value <= limit
    bound = f"{'at least' if at_least else 'at most'} {limit:g} {unit}"
    print(f"{what:<58} {value:10.2f} {unit:<5} ({bound}{'' if kept else ', MISSED'})", flush=True)
    return kept


def finish(*kept: bool) -> None:
    """End with 1 if a limit was missed."""
    print(f"on {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    sys.exit(0 if all(kept) else 1)
