"""Does what was seen fit? Before evidence (conflict with the prior) and after it (posterior predictive checks)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.learn.likelihood import Observation, log_likelihoods, spread_of_count
from bettercare.engines.learn.weights import resampled
from bettercare.foundation.streams import generator

Array = NDArray[np.float64]

CONFLICT = 0.05  # one observation in twenty lies this far out by luck alone
_REPLICATES, _DRAWS = 400, 400


@dataclass(frozen=True)
class Check:
    """One observation held against what the forecast expected of it.

    `prior` and `posterior` are 5%, 50% and 95% points of what would be seen. `conflict` is the prior predictive
    probability of anything as unlikely as what was seen (Evans and Moshonov 2006, Bayesian Analysis 1:893), `p_value`
    the posterior predictive probability of anything as far out on either side.
    """

    id: str
    seen: float
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    conflict: float
    p_value: float

    @property
    def in_conflict(self) -> bool:
        """Whether the observation surprises the forecast as it stood before the evidence."""
        return self.conflict < CONFLICT


def checks(
    observations: Sequence[Observation], prior: Array, predicted: Array, weights: Array, seed: int
) -> tuple[Check, ...]:
    """A check of each observation; `prior` and `predicted` are (draws, observations), the second weighted."""
    after = predicted[resampled(weights, _REPLICATES, seed, "check")]
    before = prior[np.linspace(0, prior.shape[0] - 1, min(_REPLICATES, prior.shape[0])).astype(np.intp)]
    rng = generator(seed, "learn:check")
    return tuple(_check(seen, before[:, j], after[:, j], rng) for j, seen in enumerate(observations))


def _check(seen: Observation, before: Array, after: Array, rng: np.random.Generator) -> Check:
    told, retold = replicated(seen, before, rng), replicated(seen, after, rng)
    at = [0.05, 0.5, 0.95]
    low, middle, high = np.quantile(told, at)
    low_after, middle_after, high_after = np.quantile(retold, at)
    conflict = _two_sided(told, seen.value) if seen.kind == "estimate" else _surprise(seen, before, told)
    return Check(
        id=seen.id,
        seen=seen.value,
        prior=(float(low), float(middle), float(high)),
        posterior=(float(low_after), float(middle_after), float(high_after)),
        conflict=conflict,
        p_value=_two_sided(retold, seen.value),
    )


def replicated(seen: Observation, predicted: Array, rng: np.random.Generator) -> Array:
    """What might have been seen instead, one for each predicted value, (draws,)."""
    if seen.kind == "count":
        relative = float(spread_of_count(*(np.array(x) for x in (seen.value, seen.sd, seen.discrepancy))))
        size = 1.0 / max(relative, 1e-9) ** 2
        expected = np.maximum(predicted, 0.0)
        if relative > 1e-9:
            expected = expected * rng.gamma(size, 1.0 / size, predicted.size)
        return rng.poisson(np.minimum(expected, 1e15)).astype(np.float64)
    if seen.kind == "share":
        share = np.clip(predicted, 1e-12, 1.0 - 1e-12)
        if seen.discrepancy > 1e-9:
            known = 1.0 / (seen.discrepancy**2 * share * (1.0 - share)) - 1.0
            share = rng.beta(known * share, known * (1.0 - share))
        return rng.binomial(int(seen.out_of), share).astype(np.float64)
    if seen.kind == "value":
        return predicted + rng.normal(size=predicted.size) * np.hypot(seen.sd, seen.discrepancy * predicted)
    error = rng.choice(seen.points, predicted.size) - seen.points.mean()
    return np.asarray(predicted - error + seen.sd * rng.normal(size=predicted.size))


def _surprise(seen: Observation, before: Array, told: Array) -> float:
    """Prior predictive probability of what is no more likely than what was seen."""
    values = [seen.value, *told[:_REPLICATES].tolist()]
    moved = [Observation(seen.id, seen.kind, v, seen.out_of, seen.sd, seen.discrepancy) for v in values]
    some = before[:_DRAWS, None]
    density = np.exp(log_likelihoods(np.broadcast_to(some, (some.size, len(moved))), moved)).mean(axis=0)
    return float((density[1:] <= density[0] * (1.0 + 1e-9)).mean())


def _two_sided(told: Array, value: float) -> float:
    """Probability of lying as far out as `value` on either side, with half of what is equal to it."""
    below = float((told < value).mean() + 0.5 * (told == value).mean())
    return min(1.0, 2.0 * min(below, 1.0 - below))
