"""Why a number changed: log-mean weights that add up with no interaction line.

A quantity that goes from x0 to x1 = x0 * f1 * f2 * ... changes by x1 - x0. Factor k is given L(x0, x1) * ln(fk), with
L(a, b) = (b - a) / ln(b / a), the logarithmic mean. The parts add up exactly, and do not depend on the order of the
factors (additive LMDI-I: Ang 2004, Energy Policy 32:1131; zero values as in Ang and Liu 2007, Energy Policy 35:1426).
"""

from __future__ import annotations

from collections.abc import Sequence

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


def contributions(start: ArrayLike, factors: Sequence[ArrayLike]) -> list[Array]:
    """What each factor gives to the change from `start` to `start` times all factors; the parts add up to it.

    `start` and `factors` are non-negative and broadcast together. Where a factor is 0 (something closed), the whole
    fall belongs to the factors that are 0, in equal parts, and the others give nothing: the limit of the log mean.
    """
    x0 = np.asarray(start, dtype=np.float64)
    fs = [np.asarray(f, dtype=np.float64) for f in factors]
    end = x0
    for f in fs:
        end = end * f
    weight = log_mean(np.broadcast_to(x0, end.shape), end)
    closed: Array | None = None
    if any((f <= 0.0).any() for f in fs):
        zeros = [np.broadcast_to(f <= 0.0, end.shape) for f in fs]
        closed = np.sum(zeros, axis=0, dtype=np.float64)
    parts = []
    for f in fs:
        safe = np.where(f > 0.0, f, 1.0)
        part = weight * np.log(safe)
        if closed is not None:
            part = np.where(
                closed > 0.0, np.where(f <= 0.0, -np.broadcast_to(x0, end.shape), 0.0) / np.maximum(closed, 1.0), part
            )
        parts.append(part)
    return parts
