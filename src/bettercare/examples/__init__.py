"""The plans that are shipped: the worked example, an empty plan to begin with, and a broken one to learn from."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = ("llr", "empty", "broken")


def example_folder(name: str) -> Path:
    """The folder of a shipped example. Raises ValueError for a name that is not in `EXAMPLES`."""
    if name not in EXAMPLES:
        raise ValueError(f"{name!r} is not a shipped example; there are {', '.join(EXAMPLES)}")
    return Path(__file__).resolve().parent / name
