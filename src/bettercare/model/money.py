"""Money: stepped costs, prices, discounting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bettercare.model.ledger import log_mean, relative_log_mean

Array = NDArray[np.float64]

_LONG_TERM = (31, 3.0)  # first year of the Green Book's lower rate of money, and the rate in percent
_WHOLE = 1e-9  # so that rounding error does not open a ward


def steps(need: ArrayLike, step_size: ArrayLike) -> Array:
    """Whole wards or teams that must be staffed: one is given up only when a whole one is no longer needed."""
    return np.asarray(np.ceil(np.asarray(need, float) / np.asarray(step_size, float) - _WHOLE))


def price_level(inflation_percent: Array, efficiency_percent: Array) -> tuple[Array, Array]:
    """Price levels since the base year from yearly changes, both of shape (years, ...) with the base year first.

    Returns (inflation, efficiency): products of (1 + i/100) and of (1 - e/100) over the years after the base year.
    """
    up = np.cumprod(1.0 + inflation_percent / 100.0, axis=0)
    down = np.cumprod(1.0 - efficiency_percent / 100.0, axis=0)
    return np.asarray(up, dtype=np.float64), np.asarray(down, dtype=np.float64)


def split_change(
    volume: Array, inflation: Array, efficiency: Array, logs: tuple[Array, Array] | None = None
) -> tuple[Array, Array, Array, Array]:
    """Why volume * inflation * efficiency differs from the base year's volume (first year), by log-mean weights.

    All of shape (years, draws), non-negative. Returns (scale, from_volume, from_inflation, from_efficiency); `scale`
    turns a change of volume at base prices into its part of the change in money, so that
    from_volume = scale * (volume - volume[0]). `logs` are the logarithms of inflation and efficiency, if known.
    """
    base = volume[:1]
    level = inflation * efficiency
    log_inflation, log_efficiency = (np.log(inflation), np.log(efficiency)) if logs is None else logs
    rise = volume - base
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = volume / base
        log_ratio = np.log(ratio)
        scale = relative_log_mean(ratio, log_ratio)
        log_ratio += log_inflation
        log_ratio += log_efficiency
        ratio *= level
        weight = relative_log_mean(ratio, log_ratio)
        np.divide(weight, scale, out=scale)
    weight *= base
    from_inflation, from_efficiency = weight * log_inflation, weight * log_efficiency
    some = (base > 0.0) & (volume > 0.0)
    if not some.all():  # where the line opened or closed, what prices did is the rest
        scale = np.where(some, scale, level)
        from_inflation = np.where(some, from_inflation, volume * level - base - scale * rise)
        from_efficiency = np.where(some, from_efficiency, 0.0)
    return scale, scale * rise, from_inflation, from_efficiency


def split_constant(inflation: Array, efficiency: Array) -> tuple[Array, Array]:
    """`split_change` for one pound that only prices move: (from_inflation, from_efficiency), each (years, draws)."""
    weight = log_mean(np.ones(1), inflation * efficiency)
    return np.asarray(weight * np.log(inflation)), np.asarray(weight * np.log(efficiency))


def discount_factors(years: int, percent: float, after: Sequence[tuple[int, float]] = ()) -> Array:
    """Green Book discount factors for years 0 .. years - 1 at a real rate in percent; shape (years,).

    `after` lists (year, percent) from which a lower rate applies; the factor of a year is the product of one year's
    steps (HM Treasury, The Green Book, 2026 supplement: 3.5% for the first 30 years, 3.0% for years 31 to 75).
    """
    factor = np.ones(years)
    for t in range(1, years):
        rate = percent
        for start, lower in after:
            if t >= start:
                rate = lower
        factor[t] = factor[t - 1] / (1.0 + rate / 100.0)
    return factor


def money_factors(years: int, percent: float) -> Array:
    """Discount factors of money, shape (years,): from year 31 at the Green Book's lower rate, if it is lower."""
    first, lower = _LONG_TERM
    return discount_factors(years, percent, ((first, min(percent, lower)),))
