"""Weights of draws: what evidence makes of draws that were equally likely before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bettercare.foundation.problems import UsageError
from bettercare.foundation.streams import uniforms

Array = NDArray[np.float64]


def normalised(log_weights: Array) -> Array:
    """Weights that add up to 1; logs are added up before this, in one step or in several, with the same result."""
    largest = float(np.max(log_weights)) if log_weights.size else -np.inf
    if not np.isfinite(largest):
        raise UsageError(
            "No draw of the forecast is possible under these observations. Look for a wrong unit or year among them."
        )
    weights = np.exp(log_weights - largest)
    return np.asarray(weights / weights.sum())


def effective(weights: Array) -> float:
    """How many equally weighted draws would know as much (Kish 1965): 1 over the sum of squares."""
    return float(1.0 / np.square(weights).sum())


def mean(values: Array, weights: Array) -> Array:
    """Weighted mean over the last axis."""
    return np.asarray(values @ weights)


def quantiles(values: Array, weights: Array, at: Array | list[float]) -> Array:
    """Weighted quantiles of one row of draws: straight lines between the middles of the draws' weights."""
    order = np.argsort(values, kind="stable")
    ordered, kept = values[order], weights[order]
    middle = np.cumsum(kept) - 0.5 * kept
    return np.asarray(np.interp(np.asarray(at, dtype=np.float64), middle, ordered))


def resampled(weights: Array, draws: int, seed: int, name: str = "resample") -> NDArray[np.int64]:
    """Which draws stand for the weighted ones when all are to weigh the same (systematic resampling)."""
    start = float(uniforms(seed, f"learn:{name}", 1)[0])
    points = (np.arange(draws) + start) / draws
    return np.minimum(np.searchsorted(np.cumsum(weights), points), weights.size - 1).astype(np.int64)
