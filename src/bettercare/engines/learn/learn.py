"""Learn: weigh the draws of a forecast by how well each foretold what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.learn.adapt import adapt, follow
from bettercare.engines.learn.check import Check, checks
from bettercare.engines.learn.likelihood import Observation, log_likelihood
from bettercare.engines.learn.transport import carried
from bettercare.engines.learn.weights import effective, quantiles
from bettercare.foundation.problems import UsageError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
ForecastOf = Callable[[Array], Array]

LEAST_SHARE, LEAST_DRAWS = 0.1, 100.0  # of the draws that must be left in effect, or fresh ones are made
_EDGE = 1e-12


@dataclass(frozen=True, eq=False)
class Learned:
    """What evidence makes of the inputs of a forecast.

    `positions` (draws, inputs) are those of the prior (the first `prior_draws`) and of every adapted round; `weights`
    add up to 1 over all of them; `predicted` is (draws, observations). `effective` is the effective number of draws
    after each round, the first before any was adapted. `informed` are the inputs that the observations depend on.
    """

    observations: tuple[Observation, ...]
    positions: Array
    predicted: Array
    log_likelihood: Array
    weights: Array
    prior_draws: int
    effective: tuple[float, ...]
    enough: float
    informed: Ints
    correlation: Array
    checks: tuple[Check, ...]
    seed: int

    @property
    def ess(self) -> float:
        """Effective number of draws in the end (Kish)."""
        return self.effective[-1]

    @property
    def conflicts(self) -> tuple[Check, ...]:
        """The observations that surprise the forecast as it stood before."""
        return tuple(c for c in self.checks if c.in_conflict)

    def quantiles(self, values: Array, at: Sequence[float]) -> Array:
        """Quantiles after the evidence of a number that has a value in each draw of `positions`."""
        return quantiles(values, self.weights, list(at))

    def equally_weighted(self, prior: Array) -> Array:
        """Positions after the evidence, equally weighted, one row for each row of `prior` (draws, inputs).

        Each row moves only as far as the evidence asks (`transport`), and the inputs that no observation speaks of
        follow as they move together with those. So a forecast from these positions shares its luck with the forecast
        before, and the difference between the two is the evidence and not chance.
        """
        from scipy.special import ndtr

        before, at = _scores(prior), self.informed
        pool, together = _scores(self.positions[:, at]), self.correlation[np.ix_(at, at)]
        after = carried(before[:, at], pool, self.weights, together, self.seed)
        out = follow(before, at, after, self.correlation)
        return np.asarray(np.clip(ndtr(out), _EDGE, 1.0 - _EDGE))


def learn(
    forecast_of: ForecastOf,
    observations: Sequence[Observation],
    positions: Array,
    *,
    correlation: Array | None = None,
    informed: Sequence[int] | None = None,
    least_share: float = LEAST_SHARE,
    rounds: int = 5,
    seed: int = 1,
    threads: int | None = None,
) -> Learned:
    """Weigh draws by observations.

    `forecast_of` takes positions of the named inputs, (draws, inputs) in (0, 1), and gives what each observation is
    expected to be, (draws, observations). `positions` are the prior's draws. `correlation` is that of the inputs'
    normal scores (none when left out); `informed` the inputs that the predictions depend on (all when left out). Where
    fewer draws than `least_share` of them, or than 100, are left in effect, fresh ones are made where the evidence
    points, at most `rounds` times.
    """
    from scipy.special import ndtr

    if not observations:
        raise UsageError("There is nothing to learn from: no observation is about a number of the forecast.")
    draws, inputs = positions.shape
    matrix = np.eye(inputs) if correlation is None else correlation
    at = np.arange(inputs) if informed is None else np.array(sorted(set(informed)), dtype=np.int64)
    kept: list[Array] = []
    at_positions: list[Array] = [positions]

    def likelihood(where: Array) -> Array:
        kept.append(forecast_of(where))
        return log_likelihood(kept[-1], observations, threads)

    def fresh(scores: Array) -> Array:
        at_positions.append(np.clip(ndtr(scores), _EDGE, 1.0 - _EDGE))
        return likelihood(at_positions[-1])

    enough = min(max(least_share * draws, LEAST_DRAWS), 0.9 * draws)
    pool = adapt(_scores(positions), likelihood(positions), fresh, matrix, enough=enough, rounds=rounds, seed=seed)
    predicted = np.concatenate(kept)
    weights = pool.weights
    return Learned(
        observations=tuple(observations),
        positions=np.concatenate(at_positions),
        predicted=predicted,
        log_likelihood=pool.log_likelihood,
        weights=weights,
        prior_draws=draws,
        effective=(*pool.effective[:-1], effective(weights)),
        enough=enough,
        informed=at,
        correlation=matrix,
        checks=checks(observations, kept[0], predicted, weights, seed),
        seed=seed,
    )


def _scores(positions: Array) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(positions, _EDGE, 1.0 - _EDGE)), dtype=np.float64)
