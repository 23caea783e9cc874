"""The range of something uncertain in a few numbers, at the one level that claims, comparisons and effects share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.learn.benefit import LEVEL
from bettercare.foundation.ranges import Range

Array = NDArray[np.float64]

PARTS = (0.5 - LEVEL / 2.0, 0.5, 0.5 + LEVEL / 2.0)
STEPS = 20_000  # equally likely points by which the mean of a range is found


@dataclass(frozen=True)
class Spread:
    """Mean, and 5%, 50% and 95% points: between the first and the last lies 90%."""

    mean: float
    p5: float
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Array) -> Spread:
        """Of equally likely values."""
        p5, p50, p95 = np.quantile(values, PARTS)
        return cls(float(values.mean()), float(p5), float(p50), float(p95))

    @classmethod
    def of_range(cls, assumed: Range) -> Spread:
        """Of a range as a plan writes it, whatever interval its low and high are of."""
        p5, p50, p95 = assumed.at(np.array(PARTS))
        return cls(float(assumed.at((np.arange(STEPS) + 0.5) / STEPS).mean()), float(p5), float(p50), float(p95))

    @classmethod
    def of_estimate(cls, value: float, sd: float) -> Spread:
        """Of an estimate with a normal error."""
        from statistics import NormalDist

        if sd <= 0.0:
            return cls(value, value, value, value)
        p5, p50, p95 = (NormalDist(value, sd).inv_cdf(p) for p in PARTS)
        return cls(value, p5, p50, p95)

    def times(self, factor: float) -> Spread:
        """The same in another unit; `factor` is not negative."""
        return Spread(self.mean * factor, self.p5 * factor, self.p50 * factor, self.p95 * factor)
