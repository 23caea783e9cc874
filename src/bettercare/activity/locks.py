"""One at a time: a lock that the operating system lets go of when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bettercare.foundation.problems import UsageError

PAUSE = 0.2  # seconds between two looks


@contextmanager
def locked(path: Path, wait: float) -> Iterator[None]:
    """Hold the lock, waiting for another holder at most `wait` seconds. Raises UsageError after that."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + wait
        while not _take(handle):
            if time.monotonic() >= until:
                raise UsageError(f"Somebody else is adding feeds to {path.parent}. Try again when that has ended.")
            time.sleep(PAUSE)
        yield
    finally:
        os.close(handle)  # and with it the lock


def _take(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
