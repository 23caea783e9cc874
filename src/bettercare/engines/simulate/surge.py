"""How much more than Poisson arrivals vary, from how much occupancy does.

In an infinite pool with arrivals at rate lambda a day times a factor of mean 1 and variance v that each day draws, and
stays with survival S, the number in bed has variance M + v lambda^2 sum S(k)^2 on top of what the seasons move it (a
Cox process seen through M/G/infinity). v is what the dispersion phi = variance / M leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.network import Stay
from bettercare.engines.simulate.people import DAYS, Use
from bettercare.engines.simulate.stages import lognormal

Array = NDArray[np.float64]

LARGEST = 0.5  # a day with half as many again is the most that is believed of an ordinary spread


def surge_sd(uses: Sequence[Use], dispersion: Mapping[str, float], profile: Mapping[str, Any]) -> float:
    """Standard deviation of the day's factor of a service; 0 where occupancy varies no more than Poisson and seasons.

    `dispersion` is phi by site; sites count by what they would hold if people were spread evenly over them.
    """
    people = sum(u.people for u in uses)
    if people <= 0.0 or not dispersion:
        return 0.0
    survival = _survival(uses)
    rate = people / DAYS / len(dispersion)
    mean = rate * float(sum(u.people * u.mean_days for u in uses)) / people
    seasons = _seasons(profile, survival) * rate**2
    spread = rate**2 * float((survival**2).sum())
    found = [max(0.0, (phi - 1.0) * mean - seasons) / spread for phi in dispersion.values()]
    return float(min(np.sqrt(np.mean(found)), LARGEST))


def _survival(uses: Sequence[Use]) -> Array:
    """Share of people still in bed k days after they came, for k = 0, 1, ... a year."""
    from scipy.special import ndtr

    days = np.arange(int(DAYS)) + 0.5
    out = np.zeros(days.size)
    for use in uses:
        mu, sigma = lognormal(Stay(use.mean_days, use.sd_days))
        out += use.people * (ndtr((mu - np.log(days)) / sigma) if sigma > 0.0 else (days < use.mean_days))
    return np.asarray(out / sum(u.people for u in uses))


def _seasons(profile: Mapping[str, Any], survival: Array) -> float:
    """Variance over the year of the number in bed for one arrival a day, from months and weekdays alone."""
    weekday = np.tile(np.asarray(profile.get("weekday", [1.0] * 7)), 53)[: int(DAYS)]
    month = np.repeat(np.asarray(profile.get("month", [1.0] * 12)), 31)[: int(DAYS)]
    rate = weekday / weekday.mean() * month / month.mean()
    inside = np.fft.irfft(np.fft.rfft(rate) * np.fft.rfft(survival), rate.size)
    return float(inside.var())
