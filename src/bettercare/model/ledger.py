"""Why a number changed: log-mean weights that add up with no interaction line.

A quantity that goes from x0 to x1 = x0 * f1 * f2 * ... changes by x1 - x0. Factor k is given L(x0, x1) * ln(fk), with
L(a, b) = (b - a) / ln(b / a), the logarithmic mean. The parts add up exactly, and do not depend on the order of the
factors (additive LMDI-I: Ang 2004, Energy Policy 32:1131; zero values as in Ang and Liu 2007, Energy Policy 35:1426).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_NEAR = 1e-6  # below this relative difference the series is more exact than the quotient


def log_mean(a: ArrayLike, b: ArrayLike) -> Array:
    """Logarithmic mean of two non-negative quantities, elementwise; 0 where either is 0, a where they are equal."""
    x = np.asarray(a, dtype=np.float64)
    y = np.asarray(b, dtype=np.float64)
    x, y = np.broadcast_arrays(x, y)
    positive = (x > 0.0) & (y > 0.0)
    ratio = np.divide(y, x, out=np.ones(x.shape), where=positive)
    step = ratio - 1.0
    near = np.abs(step) < _NEAR
    # log1p is exact close to 1, a difference of logarithms far from it
    far = (step < -0.5) | (step > 1.0)
    logs = np.log(np.where(positive, y, 1.0)) - np.log(np.where(positive, x, 1.0))
    log_ratio = np.where(far, logs, np.log1p(np.where(near | far, 1.0, step)))
    exact = np.divide(y - x, log_ratio, out=np.zeros(x.shape), where=~near)
    series = x * (1.0 + step / 2.0 - step * step / 12.0)
    return np.where(positive, np.where(near, series, exact), 0.0)


def part_of_change(weight: Array, log_factor: Array, start: Array) -> Array:
    """What one factor gives to a change, from the log mean of start and end and the logarithm of the factor.

    Where the factor is 0 (its logarithm is minus infinity: something closed) the whole fall, -start, is its own, and
    as the log mean is then 0 the others give nothing: the limit of the log mean.
    """
    if np.isneginf(log_factor).any():
        open_ = ~np.isneginf(log_factor)
        return np.asarray(np.where(open_, weight * np.where(open_, log_factor, 0.0), -start), dtype=np.float64)
    return np.asarray(weight * log_factor, dtype=np.float64)
