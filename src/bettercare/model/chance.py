"""Chance: how many people, given how many were expected, and how long they stay together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_EXACT_BELOW = 60.0


def poisson_quantile(position: ArrayLike, expected: ArrayLike, score: Array | None = None) -> Array:
    """Quantile of a Poisson distribution, elementwise; `position` in (0, 1), `expected` >= 0.

    `score` is the normal score of `position`, where the caller has it already.

    Below 60 expected events by inverting the distribution; above it by the Cornish-Fisher expansion to third order,
    which is then within one event.
    """
    from scipy.special import ndtri

    u, lam = np.broadcast_arrays(np.asarray(position, float), np.asarray(expected, float))
    z = np.asarray(ndtri(u) if score is None else score)
    out, root, more = np.empty(u.shape), np.empty(u.shape), np.empty(u.shape)
    np.sqrt(lam, out=root)
    # lam + root z + (z z - 1) / 6 - z (z z - 1) / (72 root), rounded up from its middle
    np.multiply(root, z, out=out)
    out += lam
    np.multiply(z, z, out=more)
    more -= 1.0
    out += more / 6.0
    more *= z
    more /= 72.0 * np.maximum(root, 1.0)
    out -= more
    out -= 0.5
    np.ceil(out, out=out)
    np.maximum(out, 0.0, out=out)
    few = (lam < _EXACT_BELOW) & (lam > 0.0)
    if few.any():
        out[few] = _settle(out[few], u[few], lam[few])
    out *= lam > 0.0
    return out


def _settle(guess: Array, u: Array, lam: Array) -> Array:
    """The smallest k whose distribution function reaches u, from a guess a few steps away."""
    from scipy.special import pdtr

    k = guess
    left = np.arange(k.size)
    while left.size:
        now, p, m = k[left], u[left], lam[left]
        short = pdtr(now, m) < p
        long = ~short & (now > 0.0) & (pdtr(np.maximum(now - 1.0, 0.0), m) >= p)
        k[left] = now + short - long
        left = left[short | long]
    return k


def bed_days(number: Array, mean: Array, variance: Array, score: Array) -> Array:
    """Bed days of `number` spells with the given mean and variance of stay, at a standard normal score.

    Given N spells, bed days have mean N m and variance N s squared; with many spells they are close to normal.
    """
    spread = np.sqrt(np.maximum(number * variance, 0.0))
    return np.asarray(np.maximum(number * mean + spread * score, 0.0), dtype=np.float64)
