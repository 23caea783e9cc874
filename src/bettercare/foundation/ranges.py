"""What is not known about a number: a distribution, and what its low and high mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

KINDS = ("fixed", "uniform", "triangular", "pert", "normal", "lognormal")
# Standard normal point that the stated interval reaches to on each side.
_REACH = {"p5-p95": 1.6448536269514722, "p10-p90": 1.2815515655446004, "ci95": 1.959963984540054}


@dataclass(frozen=True)
class Range:
    """A distribution as a plan writes it: kind, low, mode, high and what low and high mean.

    `uniform`, `triangular` and `pert` take low and high as the whole range. `normal` and `lognormal` take them as the
    quantiles that `interval` names; where the two sides differ, each side has its own spread (two-piece), so that the
    mode stays the median. `fixed` has only its mode.
    """

    kind: str
    mode: float
    low: float | None = None
    high: float | None = None
    interval: str = "range"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Range:
        """The range of a plan's row with the columns distribution, low, mode, high and interval."""
        return cls(row["distribution"], row["mode"], row["low"], row["high"], row["interval"] or "range")

    @property
    def fixed(self) -> bool:
        """Whether nothing about it is uncertain."""
        return self.kind == "fixed" or (self.low == self.high and self.low is not None)

    def at(self, position: ArrayLike) -> Array:
        """The value at a quantile position in (0, 1), elementwise."""
        u = np.asarray(position, dtype=np.float64)
        if self.fixed:
            return np.full(u.shape, self.mode)
        if self.low is None or self.high is None:
            raise ValueError(f"a {self.kind} distribution needs low and high")
        if self.kind == "uniform":
            return self.low + (self.high - self.low) * u
        if self.kind == "triangular":
            return _triangular(u, self.low, self.mode, self.high)
        if self.kind == "pert":
            return _pert(u, self.low, self.mode, self.high)
        if self.kind == "normal":
            return _two_piece(u, self.low, self.mode, self.high, _REACH[self.interval])
        if self.kind == "lognormal":
            logs = (math.log(self.low), math.log(self.mode), math.log(self.high))
            return np.exp(_two_piece(u, *logs, _REACH[self.interval]))
        raise ValueError(f"unknown distribution {self.kind}")


def _triangular(u: Array, low: float, mode: float, high: float) -> Array:
    width = high - low
    split = (mode - low) / width
    rising = low + np.sqrt(u * width * max(mode - low, 0.0))
    falling = high - np.sqrt((1.0 - u) * width * max(high - mode, 0.0))
    return np.where(u < split, rising, falling)


def _pert(u: Array, low: float, mode: float, high: float) -> Array:
    """Beta-PERT (Malcolm and others 1959): a beta distribution with mean (low + 4 mode + high) / 6."""
    from scipy.special import betaincinv

    width = high - low
    a = 1.0 + 4.0 * (mode - low) / width
    b = 1.0 + 4.0 * (high - mode) / width
    return np.asarray(low + width * betaincinv(a, b, u), dtype=np.float64)


def _two_piece(u: Array, low: float, mode: float, high: float, reach: float) -> Array:
    from scipy.special import ndtri

    z = ndtri(u)
    return np.asarray(mode + z * np.where(z < 0.0, mode - low, high - mode) / reach, dtype=np.float64)
