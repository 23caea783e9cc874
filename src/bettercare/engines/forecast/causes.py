"""Causes of change: who is asked, and an array of the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Cause = tuple[str, str]  # kind and code: ("growth", "g-ae"), ("initiative", "I077"), ("demography", "")

OPENING: Cause = ("opening", "")
DEMOGRAPHY: Cause = ("demography", "")
ARRIVED: Cause = ("arrived", "")
PART_FILLED: Cause = ("part-filled", "")
ESTATE: Cause = ("estate", "")
INFLATION: Cause = ("inflation", "")
EFFICIENCY: Cause = ("efficiency", "")
FUNDING: Cause = ("funding", "")
POOLED: Cause = ("pooled-funds", "")
CHANCE: Cause = ("chance", "")
COMMON = (
    OPENING, DEMOGRAPHY, ARRIVED, PART_FILLED, ESTATE, INFLATION, EFFICIENCY, FUNDING, POOLED, CHANCE,
)  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """Parts of a change by cause: `at` are positions in a list of causes, `values` (causes, ...)."""

    at: NDArray[np.int64]
    values: Array

    @classmethod
    def of(cls, parts: Mapping[int, Array], shape: tuple[int, ...]) -> Parts:
        """From arrays of one shape by position."""
        at = np.array(sorted(parts), dtype=np.int64)
        values = np.stack([parts[int(k)] for k in at]) if at.size else np.zeros((0, *shape))
        return cls(at, values)

    def scaled(self, by: Array) -> Parts:
        """Every part times the same array."""
        return Parts(self.at, self.values * by)

    def scale(self, by: Array) -> None:
        """Multiply every part in place."""
        np.multiply(self.values, by, out=self.values)

    def total(self) -> Array:
        """The sum over causes."""
        return np.asarray(self.values.sum(axis=0))


class Sums:
    """Parts by cause, added up: an array (causes, ...) that starts at nothing."""

    def __init__(self, causes: tuple[Cause, ...], shape: tuple[int, ...]) -> None:
        self.causes = causes
        self.values = np.zeros((len(causes), *shape))
        self._at = {c: i for i, c in enumerate(causes)}

    def add(self, cause: Cause, amount: Array) -> None:
        """Add to one cause."""
        self.values[self._at[cause]] += amount

    def add_parts(self, parts: Parts) -> None:
        """Add to several causes."""
        for k, values in zip(parts.at, parts.values, strict=True):
            self.values[k] += values

    def total(self) -> Array:
        """The sum over causes."""
        return np.asarray(self.values.sum(axis=0))

    def items(self) -> Iterator[tuple[Cause, Array]]:
        """Causes that gave anything, and what they gave."""
        for cause, values in zip(self.causes, self.values, strict=True):
            if values.any():
                yield cause, values
