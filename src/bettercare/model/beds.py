"""Beds: how many must be open so that the risk of being full stays what it was.

The number in bed on a day has mean M (bed days over days) and variance phi M: more than Poisson, because admissions
cluster and stays are long. With B beds the risk of being full is P(Z > (B - M) / sqrt(phi M)). The margin
k = (B - M) / sqrt(M) is therefore the same whatever phi is believed to be, as long as the risk is held: the square-root
staffing rule (Halfin and Whitt 1981; Whitt 1992). phi itself follows from a stated risk: phi = (k / z(risk)) squared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

DAYS = 365.0


def margin(beds: ArrayLike, mean_occupied: ArrayLike) -> Array:
    """k = (B - M) / sqrt(M): spare beds for each square root of the mean number occupied; 0 where M is 0."""
    b, m = np.asarray(beds, float), np.asarray(mean_occupied, float)
    spare = np.divide(b - m, np.sqrt(m), out=np.zeros(np.broadcast(b, m).shape), where=m > 0.0)
    return np.asarray(spare, dtype=np.float64)


def needed(mean_occupied: ArrayLike, k: ArrayLike) -> Array:
    """Beds that hold the same risk of being full: M + k sqrt(M)."""
    m = np.asarray(mean_occupied, float)
    return np.asarray(m + np.asarray(k, float) * np.sqrt(m), dtype=np.float64)


def dispersion(k: ArrayLike, full_risk: ArrayLike) -> Array:
    """Variance of daily occupancy over its mean that makes the base year's beds full with the stated risk."""
    from scipy.special import ndtri

    z = -ndtri(np.asarray(full_risk, float))
    return np.asarray(np.square(np.asarray(k, float) / z), dtype=np.float64)


def risk_of_full(beds: ArrayLike, mean_occupied: ArrayLike, phi: ArrayLike) -> Array:
    """Chance that all beds are taken on a day, given the dispersion phi of occupancy."""
    from scipy.special import ndtr

    b, m = np.asarray(beds, float), np.asarray(mean_occupied, float)
    spread = np.sqrt(np.maximum(np.asarray(phi, float) * m, 1e-300))
    return np.asarray(np.where(m > 0.0, ndtr(-(b - m) / spread), 0.0), dtype=np.float64)
