"""When evidence leaves too few draws alive: draws from where it points, and weights that make up for it.

Adaptive multiple importance sampling (Cornuet, Marin, Mira and Robert 2012, Scandinavian Journal of Statistics 39:798)
on the normal scores of the inputs. Each round fits a normal proposal to the weighted draws, for those inputs that the
evidence speaks of; all others follow from these as the prior has them. The weight of every draw of every round is
prior over the mixture of all proposals, the prior among them, times the likelihood; so no weight can run away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.learn.weights import effective, normalised
from bettercare.foundation.streams import normals

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_INPUTS = 40  # that a proposal moves; of the others the evidence says too little to aim by
_SURE = 3.0  # standard errors by which an input's weighted mean or spread must differ from the prior's
_WIDER = 1.2  # a proposal's variance over the fitted one's: tails of the posterior are to be reached
_RIDGE = 1e-9  # inputs that move as one have a correlation matrix that cannot be inverted without


@dataclass(frozen=True)
class Proposal:
    """A normal distribution of the scores of some inputs; the others follow as in the prior."""

    at: Ints
    mean: Array
    covariance: Array
    prior: Array  # correlation of those inputs under the prior

    def log_ratio(self, scores: Array) -> Array:
        """Log density of scores (draws, inputs) under the proposal over the prior's."""
        some = scores[:, self.at]
        return _log_normal(some - self.mean, self.covariance) - _log_normal(some, self.prior)


@dataclass(frozen=True)
class Pool:
    """The draws of all rounds: normal scores (draws, inputs), log likelihoods, log prior over proposals, rounds."""

    scores: Array
    log_likelihood: Array
    log_ratio: Array
    effective: tuple[float, ...]  # after each round, the prior's own first

    @property
    def weights(self) -> Array:
        return normalised(self.log_likelihood + self.log_ratio)


def adapt(
    scores: Array,
    log_likelihood: Array,
    of: Callable[[Array], Array],
    correlation: Array,
    *,
    enough: float,
    rounds: int = 5,
    draws: int | None = None,
    seed: int = 1,
) -> Pool:
    """Add rounds of draws until the effective number of draws is `enough`, or rounds are used up.

    `scores` (draws, inputs) are the prior's own and `log_likelihood` theirs; `of` gives the log likelihood of new
    scores; `correlation` is the prior's, (inputs, inputs). Every round has `draws` draws (as many as the first).
    """
    size = draws or scores.shape[0]
    sets, likes = [scores], [log_likelihood]
    proposals: list[Proposal] = []
    found = [effective(normalised(log_likelihood))]
    log_ratio = np.zeros(log_likelihood.size)
    while found[-1] < enough and len(proposals) < rounds:
        pooled, like = np.concatenate(sets), np.concatenate(likes)
        proposals.append(_fit(pooled, like, log_ratio, correlation))
        new = _draw(proposals[-1], correlation, size, seed, len(proposals))
        sets.append(new)
        likes.append(of(new))
        pooled, like = np.concatenate(sets), np.concatenate(likes)
        log_ratio = _mixture(pooled, proposals, [s.shape[0] for s in sets])
        found.append(effective(normalised(like + log_ratio)))
    return Pool(np.concatenate(sets), np.concatenate(likes), log_ratio, tuple(found))


def _mixture(scores: Array, proposals: list[Proposal], sizes: list[int]) -> Array:
    """Log of prior over the mixture of prior and proposals, each with its share of the draws."""
    from scipy.special import logsumexp

    part = np.log(np.array(sizes) / sum(sizes))
    logs = np.stack([np.zeros(scores.shape[0]), *(p.log_ratio(scores) for p in proposals)])
    return np.asarray(-logsumexp(logs + part[:, None], axis=0))


def _fit(scores: Array, log_likelihood: Array, log_ratio: Array, correlation: Array) -> Proposal:
    """The proposal for the next round, from weights flattened so far that enough draws have a say."""
    weights = _flattened(log_likelihood, log_ratio, min(0.2 * scores.shape[0], 400.0))
    alive = effective(weights)
    centre = weights @ scores
    spread = weights @ (scores - centre) ** 2
    sure = np.sqrt(alive) * np.maximum(np.abs(centre), np.abs(spread - 1.0) / np.sqrt(2.0))
    order = np.argsort(-sure, kind="stable")
    most = int(max(1, min(MOST_INPUTS, alive / 4.0, scores.shape[1])))
    at = np.sort(order[: max(1, min(most, int((sure > _SURE).sum())))])
    away = scores[:, at] - centre[at]
    fitted = (away * weights[:, None]).T @ away
    prior = correlation[np.ix_(at, at)] + _RIDGE * np.eye(at.size)
    shrink = at.size / (at.size + alive)
    covariance = _WIDER * ((1.0 - shrink) * fitted + shrink * prior)
    return Proposal(at, centre[at], covariance, prior)


def _flattened(log_likelihood: Array, log_ratio: Array, least: float) -> Array:
    """Weights with the likelihood raised to a power of at most 1, the largest that leaves so many draws alive."""
    whole = normalised(log_likelihood + log_ratio)
    if effective(whole) >= least:
        return whole
    low, high = 0.0, 1.0
    finite = np.where(np.isfinite(log_likelihood), log_likelihood, -1e12)
    for _ in range(40):
        power = 0.5 * (low + high)
        if effective(normalised(power * finite + log_ratio)) >= least:
            low = power
        else:
            high = power
    return normalised(low * finite + log_ratio)


def _draw(proposal: Proposal, correlation: Array, draws: int, seed: int, number: int) -> Array:
    """Scores from a proposal: those of its inputs, and the others as the prior has them given these."""
    inputs = correlation.shape[0]
    names = [f"learn:{number}:{i}" for i in range(inputs)]
    fresh = np.stack([normals(seed, name, draws) for name in names], axis=1) @ _root(correlation).T
    own = np.stack([normals(seed, f"{names[i]}:aimed", draws) for i in proposal.at], axis=1)
    aimed = proposal.mean + own @ _root(proposal.covariance).T
    return follow(fresh, proposal.at, aimed, correlation)


def follow(scores: Array, at: Ints, given: Array, correlation: Array) -> Array:
    """Scores whose columns `at` are `given`, the others moved along as their correlation says (Matheron's rule)."""
    prior = correlation[np.ix_(at, at)] + _RIDGE * np.eye(at.size)
    lean = np.linalg.solve(prior, correlation[at])
    out = scores + (given - scores[:, at]) @ lean
    out[:, at] = given
    return np.asarray(out)


def _root(matrix: Array) -> Array:
    """A square root of a symmetric matrix that may be singular."""
    value, vector = np.linalg.eigh(matrix)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)))


def _log_normal(away: Array, covariance: Array) -> Array:
    """Log density without the constant that both sides of a ratio share."""
    root = np.linalg.cholesky(covariance + _RIDGE * np.eye(covariance.shape[0]))
    scaled = np.linalg.solve(root, away.T)
    return np.asarray(-0.5 * np.square(scaled).sum(axis=0) - np.log(np.diag(root)).sum())
