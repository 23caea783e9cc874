"""What the forecast does not know: named inputs, their luck, and how they move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.foundation.ranges import Range
from bettercare.foundation.streams import normals, uniforms

Array = NDArray[np.float64]

PROGRAMME = "programme"
DATES = "dates"


@dataclass(frozen=True)
class Input:
    """One uncertain number of a plan. `name` is its stream; rows that share a name share their luck.

    `together` is the correlation (0 to 1) of its normal score with the common factor `factor`; `group` is what a reader
    would call its cause (an initiative, a growth, a price); `badge` says how it is known.
    """

    name: str
    label: str
    group: str
    kind: str
    badge: str
    factor: str = ""
    together: float = 0.0


@dataclass(frozen=True)
class Quantity:
    """A range of a plan's row, read at the luck of one named input (-1: it is fixed)."""

    range: Range
    column: int

    def values(self, positions: Array) -> Array:
        """Value in each draw, shape (draws,), from positions of shape (draws, inputs)."""
        if self.column < 0 or self.range.fixed:
            return np.full(positions.shape[0], self.range.mode)
        return self.range.at(positions[:, self.column])


class InputList:
    """Collects the named inputs of a compiled plan."""

    def __init__(self) -> None:
        self.items: list[Input] = []
        self._at: dict[str, int] = {}

    def quantity(self, rng: Range, item: Input) -> Quantity:
        """The quantity for a range; registers the input unless nothing about it is uncertain."""
        if rng.fixed:
            return Quantity(rng, -1)
        return Quantity(rng, self.column(item))

    def column(self, item: Input) -> int:
        """Column of the input, adding it when it is new."""
        if item.name not in self._at:
            self._at[item.name] = len(self.items)
            self.items.append(item)
        return self._at[item.name]


class Positions:
    """Positions in (0, 1) of named inputs in some draws; what scenarios share is drawn once.

    Each input has a normal score of its own; those that share a factor mix it in: z = sqrt(r) common + sqrt(1 - r) own
    (a one-factor Gaussian copula). So weakly evidenced effects succeed or fail together, and dates slip together.
    """

    def __init__(self, seed: int, draws: int, start: int = 0) -> None:
        self._seed, self._draws, self._start = seed, draws, start
        self._factors: dict[str, Array] = {}
        self._known: dict[tuple[str, str, float], Array] = {}

    def of(self, inputs: tuple[Input, ...]) -> Array:
        """Positions of every input in every draw, shape (draws, inputs); each input's draws lie side by side."""
        out = np.empty((len(inputs), self._draws))
        for row, item in zip(out, inputs, strict=True):
            key = (item.name, item.factor, item.together)
            if key not in self._known:
                self._known[key] = self._draw(item)
            row[:] = self._known[key]
        return out.T

    def _draw(self, item: Input) -> Array:
        from scipy.special import ndtr

        name = f"input:{item.name}"
        if not item.factor or item.together <= 0.0:
            position = uniforms(self._seed, name, self._draws, self._start)
        else:
            if item.factor not in self._factors:
                self._factors[item.factor] = normals(self._seed, f"factor:{item.factor}", self._draws, self._start)
            own = normals(self._seed, name, self._draws, self._start)
            position = ndtr(np.sqrt(item.together) * self._factors[item.factor] + np.sqrt(1.0 - item.together) * own)
        return np.clip(position, 1e-12, 1.0 - 1e-12)


def sample(inputs: tuple[Input, ...], seed: int, draws: int, start: int = 0) -> Array:
    """Positions in (0, 1) of every input in every draw, shape (draws, inputs)."""
    return Positions(seed, draws, start).of(inputs)
