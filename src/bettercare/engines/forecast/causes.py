"""Causes of change: who is asked, and an array of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

    def total(self) -> Array:
        """The sum over causes."""
        return np.asarray(self.values.sum(axis=0))


class Sheet:
    """Parts of a service's change since the base year by cause, (causes, localities, years, draws), added up."""

    def __init__(self, causes: Iterable[int], shape: tuple[int, ...]) -> None:
        at = sorted(causes)
        self.parts = Parts(np.array(at, dtype=np.int64), np.zeros((len(at), *shape)))
        self._row = {cause: row for row, cause in enumerate(at)}

    def add(self, cause: int, place: int | slice, amount: Array) -> None:
        """Add to one cause at one locality, (years after the base year, draws), or at all of them."""
        self.parts.values[self._row[cause], place, 1:] += amount


class Sums:
    """Parts by cause, added up: an array (causes, ...) that starts at nothing."""

    def __init__(self, causes: tuple[Cause, ...], shape: tuple[int, ...]) -> None:
        self.causes = causes
        self.values = np.zeros((len(causes), *shape))
        self._at = {c: i for i, c in enumerate(causes)}

    def of(self, cause: Cause) -> Array:
        """What one cause gives so far: a view that can be added to."""
        view: Array = self.values[self._at[cause]]
        return view

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
