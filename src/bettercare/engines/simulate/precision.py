"""Intervals over replications, and how many replications are enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CONFIDENCE = 0.95
LOOK_AHEAD = 5  # further replications over which the precision must hold
FEWEST, MOST = 5, 100


def interval(values: Array, confidence: float = CONFIDENCE) -> tuple[Array, Array, Array]:
    """(mean, low, high) over the first axis, by Student's t; low and high are the mean where there is one value."""
    from scipy.special import stdtrit

    n = values.shape[0]
    mean = values.mean(axis=0)
    if n < 2:
        return mean, mean, mean
    half = stdtrit(n - 1, 0.5 + confidence / 2.0) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


def precise_from(values: Array, precision: float) -> int | None:
    """How many replications reach a precision for every column of (replications, measures), or None if these do not.

    The precision is half the 95% interval over the mean; it must hold at that number and at each of the next
    LOOK_AHEAD (confidence interval method with look-ahead: Hoad, Robinson and Davies 2010, "Automated selection of the
    number of replications for a discrete-event simulation", JORS 61:1632).
    """
    run = 0
    for n in range(FEWEST, values.shape[0] + 1):
        mean, low, _ = interval(values[:n])
        good = bool(np.all(mean - low <= precision * np.abs(mean) + 1e-12))
        run = run + 1 if good else 0
        if run == LOOK_AHEAD + 1:
            return n - LOOK_AHEAD
    return None
