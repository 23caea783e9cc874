"""What the forecast does not know: named inputs, their luck, and how they move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.foundation.ranges import Range
from bettercare.foundation.streams import normals

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


def sample(inputs: tuple[Input, ...], seed: int, draws: int, start: int = 0) -> Array:
    """Positions in (0, 1) of every input in every draw, shape (draws, inputs).

    Each input has a normal score of its own; those that share a factor mix it in: z = sqrt(r) common + sqrt(1 - r) own
    (a one-factor Gaussian copula). So weakly evidenced effects succeed or fail together, and dates slip together.
    """
    from scipy.special import ndtr

    factors = {f: normals(seed, f"factor:{f}", draws, start) for f in sorted({i.factor for i in inputs if i.factor})}
    out = np.empty((draws, len(inputs)))
    for column, item in enumerate(inputs):
        z = normals(seed, f"input:{item.name}", draws, start)
        if item.factor and item.together > 0.0:
            z = np.sqrt(item.together) * factors[item.factor] + np.sqrt(1.0 - item.together) * z
        out[:, column] = ndtr(z)
    return np.clip(out, 1e-12, 1.0 - 1e-12)
