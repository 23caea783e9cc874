"""From a draw before evidence to its counterpart after it, so that both share all luck that the evidence leaves alone.

Where the evidence speaks of few inputs, each draw is carried by a smooth map (Knothe and Rosenblatt): input by input,
a draw keeps its place in the distribution given the inputs before it. The distribution after the evidence is taken from
the weighted draws, with a quadratic mean given the inputs before it and the spread around that as it is. Where it
speaks of many, each draw is paired with the nearest of the weighted draws (optimal assignment).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.learn.weights import quantiles, resampled

Array = NDArray[np.float64]

FEW = 12  # inputs up to which the map is used
_TOGETHER = 250  # draws paired at once: the time grows with the cube


def carried(before: Array, pool: Array, weights: Array, correlation: Array, seed: int) -> Array:
    """Normal scores after the evidence for each row of those before, (draws, inputs).

    `pool` (draws, inputs) with `weights` is the distribution after; `correlation` that of the scores before.
    """
    few = before.shape[1] <= FEW
    return mapped(before, pool, weights, correlation) if few else paired(before, pool, weights, seed)


def mapped(before: Array, pool: Array, weights: Array, correlation: Array) -> Array:
    """The smooth map."""
    from scipy.special import ndtr

    out = np.empty_like(before)
    for j in range(before.shape[1]):
        lean = np.linalg.lstsq(correlation[:j, :j], correlation[:j, j], rcond=None)[0]
        own = max(1.0 - float(correlation[j, :j] @ lean), 1e-12)
        place = ndtr((before[:, j] - before[:, :j] @ lean) / np.sqrt(own))
        terms, new = _terms(pool[:, :j]), _terms(out[:, :j])
        root = np.sqrt(weights)[:, None]
        mean = np.linalg.lstsq(terms * root, pool[:, j] * root[:, 0], rcond=None)[0]
        out[:, j] = new @ mean + quantiles(pool[:, j] - terms @ mean, weights, place)
    return out


def _terms(x: Array) -> Array:
    squares = [x[:, i] * x[:, k] for i in range(x.shape[1]) for k in range(i + 1)]
    return np.column_stack([np.ones(x.shape[0]), x, *squares])


def paired(before: Array, pool: Array, weights: Array, seed: int) -> Array:
    """Each draw before with a draw after, so that together they move least."""
    from scipy.optimize import linear_sum_assignment

    starts = range(0, before.shape[0], _TOGETHER)
    chosen = resampled(weights, _TOGETHER * len(starts), seed)
    out = np.empty_like(before)
    for part, start in enumerate(starts):
        rows = before[start : start + _TOGETHER]
        dealt = chosen[part :: len(starts)]  # every part has draws of all kinds
        after = pool[dealt[np.linspace(0, dealt.size - 1, rows.shape[0]).astype(np.intp)]]
        square = np.square(rows).sum(axis=1)[:, None] + np.square(after).sum(axis=1) - 2.0 * rows @ after.T
        out[start : start + _TOGETHER] = after[linear_sum_assignment(square)[1]]
    return out
