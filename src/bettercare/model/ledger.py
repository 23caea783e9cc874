"""Why a number changed: log-mean weights that add up with no interaction line.

A quantity that goes from x0 to x1 = x0 * f1 * f2 * ... changes by x1 - x0. Factor k is given L(x0, x1) * ln(fk), with
L(a, b) = (b - a) / ln(b / a), the logarithmic mean. The parts add up exactly, and do not depend on the order of the
factors (additive LMDI-I: Ang 2004, Energy Policy 32:1131; zero values as in Ang and Liu 2007, Energy Policy 35:1426).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_NEAR = 1e-5  # closer than this the series is more exact than the quotient


def log_mean(a: ArrayLike, b: ArrayLike) -> Array:
    """Logarithmic mean of two non-negative quantities, elementwise; 0 where either is 0, a where they are equal."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    positive = (x > 0.0) & (y > 0.0)
    step = np.divide(y, x, out=np.ones(np.broadcast(x, y).shape), where=positive) - 1.0
    # log1p is exact close to 1, a difference of logarithms far from it
    far = np.log(np.where(positive, y, 1.0)) - np.log(np.where(positive, x, 1.0))
    ratio = np.where(np.abs(step) < 0.5, np.log1p(np.clip(step, -0.5, 0.5)), far)
    near = np.abs(ratio) < _NEAR
    exact = np.divide(y - x, ratio, out=np.zeros(ratio.shape), where=positive & ~near)
    return np.asarray(np.where(positive & near, x * _series(ratio), exact), dtype=np.float64)


def relative_log_mean(ratio: Array, log_ratio: Array) -> Array:
    """Logarithmic mean of 1 and `ratio`, given ln(ratio) too: L(a, b) = a L(1, b / a). 0 where `ratio` is 0."""
    mean = np.subtract(ratio, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(mean, log_ratio, out=mean)
    near = np.abs(log_ratio) < _NEAR
    if near.any():
        mean[near] = _series(log_ratio[near])
    return mean


def _series(log_ratio: Array) -> Array:
    return 1.0 + log_ratio * (0.5 + log_ratio / 6.0)


def part_of_change(weight: Array, log_factor: Array, start: Array) -> Array:
    """What one factor gives to a change, from the log mean of start and end and the logarithm of the factor.

    Where the factor is 0 (its logarithm is minus infinity: something closed) the whole fall, -start, is its own, and
    as the log mean is then 0 the others give nothing: the limit of the log mean.
    """
    open_ = log_factor > -np.inf
    if not open_.all():
        return np.asarray(np.where(open_, weight * np.where(open_, log_factor, 0.0), -start), dtype=np.float64)
    return np.asarray(weight * log_factor, dtype=np.float64)
