"""Chance: how many people, given how many were expected, and how long they stay together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_EXACT_BELOW = 60.0


def poisson_quantile(position: ArrayLike, expected: ArrayLike) -> Array:
    """Quantile of a Poisson distribution, elementwise; `position` in (0, 1), `expected` >= 0.

    Below 60 expected events by inverting the distribution; above it by the Cornish-Fisher expansion to third order,
    which is then within one event.
    """
    from scipy.special import ndtri, pdtr, pdtrik

    u, lam = np.broadcast_arrays(np.asarray(position, float), np.asarray(expected, float))
    z = ndtri(u)
    root = np.sqrt(np.maximum(lam, 1e-300))
    wide = lam + root * z + (z * z - 1.0) / 6.0 + (z - z**3) / (72.0 * np.maximum(root, 1.0))
    out = np.array(np.ceil(wide - 0.5))
    few = lam < _EXACT_BELOW
    if few.any():
        p, m = u[few], lam[few]
        k = np.ceil(np.where(m > 0.0, pdtrik(p, np.maximum(m, 1e-12)), 0.0))
        k = np.maximum(np.nan_to_num(k), 0.0)
        below = (k >= 1.0) & (pdtr(np.maximum(k - 1.0, 0.0), m) >= p)
        k = np.where(below, k - 1.0, k)
        out[few] = np.where(m > 0.0, k, 0.0)
    return np.asarray(np.maximum(out, 0.0), dtype=np.float64)


def bed_days(number: Array, mean: Array, variance: Array, position: Array) -> Array:
    """Bed days of `number` spells with the given mean and variance of stay, at a quantile position in (0, 1).

    Given N spells, bed days have mean N m and variance N s squared; with many spells they are close to normal.
    """
    from scipy.special import ndtri

    spread = np.sqrt(np.maximum(number * variance, 0.0))
    return np.asarray(np.maximum(number * mean + spread * ndtri(position), 0.0), dtype=np.float64)
