"""Compile a function with numba where it is installed; without it, or with NUMBA_DISABLE_JIT=1, it runs as it is read.

The kernel draws no random numbers and calls nothing but arithmetic, so both ways give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function compiled on its first call, kept on disk; it lets other threads run.

    The kernel allocates nothing, so it needs none of numba's reference counts (`_nrt`): passing arrays from function to
    function would otherwise take longer than the work (measured: 6 us an event with them).
    """
    try:
        from numba import njit
    except ImportError:  # pragma: no cover - numba is a dependency; this is for platforms without it
        return function
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "forceinline": True, "_nrt": False}
    made: F = njit(**options)(function)
    return made
