"""Factors on the cells of a service, alone and multiplied together.

Arrays here hold the years after the base year ("later years"): the base year is known and all its factors are 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bettercare.model.ledger import relative_log_mean

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """One factor on some cells of a service: its logarithm, (later years, draws), and the effect it comes from.

    `cause` is a position in the system's causes. `size` is the share that the effect by itself takes away or adds,
    (later years, draws).
    """

    cause: int
    rows: tuple[int, ...]
    log: Array
    effect: int = -1
    size: Array = field(default_factory=lambda: np.zeros(()))


class Joint:
    """Factors on the cells of a service, multiplied: worked out once for each distinct set of them.

    Its arrays, (cells, later years, draws), are new each time that they are asked for: to be changed in place.
    """

    def __init__(self, factors: Sequence[Factor], cells: int, shape: tuple[int, ...]) -> None:
        self.factors = factors
        sets = [0] * cells  # of each cell: its factors as a bit mask
        for i, factor in enumerate(factors):
            for row in factor.rows:
                sets[row] |= 1 << i
        number = {mask: u for u, mask in enumerate(dict.fromkeys(sets))}
        self._which = np.array([number[mask] for mask in sets], dtype=np.intp)
        self._log = np.zeros((len(number), *shape))
        for mask, u in number.items():
            for i, factor in enumerate(factors):
                if mask >> i & 1:
                    self._log[u] += factor.log
        self._ratio = np.exp(self._log)

    @property
    def log(self) -> Array:
        """Logarithm of the product in every cell."""
        return self._log[self._which]

    @property
    def ratio(self) -> Array:
        """The product in every cell."""
        return self._ratio[self._which]

    @property
    def weight(self) -> Array:
        """Logarithmic mean of 1 and the product in every cell."""
        return relative_log_mean(self._ratio, self._log)[self._which]


def distinct(weights: Array) -> list[tuple[float, tuple[int, ...]]]:
    """Each weight other than 0 and the cells that have it."""
    rows: dict[float, list[int]] = {}
    for row, weight in enumerate(weights.tolist()):
        if weight:
            rows.setdefault(weight, []).append(row)
    return [(weight, tuple(at)) for weight, at in rows.items()]


def by_rows(factors: Iterable[Factor]) -> list[tuple[tuple[int, ...], list[Factor]]]:
    """Factors together that work on the same cells."""
    found: dict[tuple[int, ...], list[Factor]] = {}
    for factor in factors:
        found.setdefault(factor.rows, []).append(factor)
    return list(found.items())


def by_place(home: Sequence[int], rows: Iterable[int], values: Array) -> dict[int, Array]:
    """Sum of `values` (cells, later years, draws) over some cells, for each locality that they lie in."""
    out: dict[int, Array] = {}
    for row in rows:
        place = home[row]
        out[place] = out[place] + values[row] if place in out else values[row]
    return out
