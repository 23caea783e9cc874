"""What a scheme's own judgement of avoided admissions says about its effect.

Staff judge that k of n people referred would otherwise have been admitted. The share k/n has a beta distribution. What
was judged avoided is not what would have happened without the scheme, which only a comparison shows; the attribution
factor says how much of a judged admission is truly avoided, and is itself not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.foundation.ranges import Range

Array = NDArray[np.float64]

JEFFREYS = 0.5
LEVEL = 0.9  # of every interval of a claim, a comparison or an effect: that of all ranges of the forecast
_SHARES, _FACTORS = 15, 75  # equally likely points of the judged share and of the attribution


@dataclass(frozen=True)
class Judged:
    """Beta distribution of the share of referrals judged avoided."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    def at(self, position: Array | float) -> Array:
        """The share at a quantile position in (0, 1)."""
        from scipy.special import betaincinv

        return np.asarray(betaincinv(self.a, self.b, position), dtype=np.float64)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval with this probability, as much left out below as above."""
        low, high = self.at(np.array([0.5 - level / 2.0, 0.5 + level / 2.0]))
        return float(low), float(high)


def judged(avoided: float, referrals: float, earlier: tuple[float, float] = (0.0, 0.0), power: float = 1.0) -> Judged:
    """Beta-binomial update from Jeffreys' prior.

    `earlier` is (avoided, referrals) of an earlier or other study; `power` (0 to 1) is how much of it is believed to
    bear on this scheme (a power prior, Ibrahim and Chen 2000).
    """
    k, n = earlier
    return Judged(JEFFREYS + power * k + avoided, JEFFREYS + power * (n - k) + referrals - avoided)


@dataclass(frozen=True)
class Claim:
    """What staff claim, and how sure the counts leave the share: `share` of referrals and `a_year` are each (as judged,
    low, high) at LEVEL. `a_year` is avoided admissions a year at the pace of the period, were all of it real.
    """

    avoided: float
    referrals: float
    referrals_a_year: float
    share: tuple[float, float, float]
    a_year: tuple[float, float, float]


def claim(avoided: float, referrals: float, months: int) -> Claim:
    """The claim of `avoided` among `referrals` in some months: the one place where it is put for a year.

    The middle is what was claimed itself, with nothing taken off; the ends are those of the judged share.
    """
    a_year = 12.0 / months
    middle = avoided / referrals
    low, high = judged(avoided, referrals).interval()
    share = (middle, min(low, middle), max(high, middle))  # where none or all were judged, Jeffreys' leaves that out
    year = (avoided * a_year, referrals * a_year * share[1], referrals * a_year * share[2])
    return Claim(avoided, referrals, referrals * a_year, share, year)


def points(share: Judged, referrals_a_year: float, attribution: Range) -> Array:
    """Equally likely values of the effect a year: referrals times judged share times attribution, neither known."""
    shares = share.at((np.arange(_SHARES) + 0.5) / _SHARES)
    factors = attribution.at((np.arange(_FACTORS) + 0.5) / _FACTORS)
    if attribution.fixed:
        factors = factors[:1]
    return np.asarray(referrals_a_year * np.outer(shares, factors).ravel())
