"""Give memory back: a forecast takes 100 MB for a moment, and each thread of a server would keep as much for itself."""

from __future__ import annotations

import ctypes
import functools
import sys
from typing import Any

M_ARENA_MAX = -8  # malloc.h of the GNU C library


@functools.cache
def _libc() -> Any:
    """The C library, where it is one that can be told; otherwise None."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def share() -> None:
    """Let all threads take from two heaps, where they would have eight for each core. Called before they start."""
    if (library := _libc()) is not None:
        library.mallopt(M_ARENA_MAX, 2)


def give_back() -> None:
    """Return to the system what is free at the moment."""
    if (library := _libc()) is not None:
        library.malloc_trim(0)
