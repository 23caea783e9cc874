"""How likely what was seen is under each draw of a forecast.

A forecast is never quite right even with the right inputs. Every observation therefore has a model discrepancy: a
relative standard deviation by which the truth may lie off what a draw expects. Without it a count of a hundred
thousand would leave a single draw alive. Its default is an assumption, and is shown as one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Terms = Callable[[Array], Array]

DISCREPANCY = 0.03  # assumed: a draw with all inputs right is still taken to miss by about 3%
KINDS = ("count", "share", "value", "estimate")
_BLOCK = 32_768  # numbers worked on at once: few enough to stay in cache
_PLAIN = 1e-4  # a discrepancy below this is none: the exact formula would lose its digits
_TINY = 1e-300
_LARGE = 12.0  # from here on Stirling's series is good to 1e-12


@dataclass(frozen=True)
class Observation:
    """One thing that was seen, and what a forecast's number for it is.

    `count`: a number of events, `value`; the forecast is its expectation. `share`: `value` of `out_of`; the forecast is
    the share, 0 to 1. `value`: a rate or level with standard error `sd`. `estimate`: what an effect is estimated to be,
    as equally likely `points` with a further normal error `sd`. `discrepancy` is relative: to the expectation for
    counts and values, to the odds for shares.
    """

    id: str
    kind: str
    value: float
    out_of: float = 0.0
    sd: float = 0.0
    discrepancy: float = DISCREPANCY
    points: Array = field(default_factory=lambda: np.zeros(0))


def log_likelihood(predicted: Array, observations: Sequence[Observation], threads: int | None = None) -> Array:
    """Log likelihood of all observations in each draw, (draws,); `predicted` is (draws, observations)."""
    groups = [(kind, [j for j, o in enumerate(observations) if o.kind == kind]) for kind in KINDS]
    made = [(at, _terms(kind, [observations[j] for j in at])) for kind, at in groups if at]
    step = max(1, _BLOCK // max(len(observations), 1))
    out = np.zeros(predicted.shape[0])

    def work(start: int) -> None:
        block = predicted[start : start + step]
        for at, terms in made:
            together = at[-1] - at[0] + 1 == len(at)  # side by side: nothing need be copied
            out[start : start + step] += terms(block[:, at[0] : at[-1] + 1] if together else block[:, at]).sum(axis=1)

    with ThreadPoolExecutor(max_workers=threads or min(os.cpu_count() or 1, 4)) as pool:
        list(pool.map(work, range(0, out.size, step)))
    return out


def log_likelihoods(predicted: Array, observations: Sequence[Observation]) -> Array:
    """Log likelihood of each of some observations of one kind in each draw, (draws, observations)."""
    return _terms(observations[0].kind, observations)(predicted)


def _terms(kind: str, items: Sequence[Observation]) -> Terms:
    """What gives the log likelihood of each of some observations of one kind, (draws, observations)."""
    from scipy.special import gammaln

    value, out_of, sd, discrepancy = (
        np.array([getattr(o, name) for o in items], dtype=np.float64)
        for name in ("value", "out_of", "sd", "discrepancy")
    )
    if kind == "count":
        return _counts(value, spread_of_count(value, sd, discrepancy))
    if kind == "share":
        ways = gammaln(out_of + 1.0) - gammaln(value + 1.0) - gammaln(out_of - value + 1.0)
        return lambda predicted: _shares(predicted, value, out_of, discrepancy, ways)
    if kind == "value":
        return lambda predicted: _values(predicted, value, sd, discrepancy)
    return lambda predicted: _estimates(predicted, items)


def spread_of_count(value: Array, sd: Array, discrepancy: Array) -> Array:
    """Relative standard deviation of a count beyond luck: the discrepancy, and an error of counting if there is one."""
    return np.asarray(np.hypot(discrepancy, sd / np.maximum(value, 1.0)))


def _counts(value: Array, relative: Array) -> Terms:
    """Negative binomial counts: Poisson, with a gamma error of the expectation that has this relative spread."""
    from scipy.special import gammaln

    plain = relative < _PLAIN
    size = 1.0 / np.where(plain, 1.0, relative) ** 2
    spread = gammaln(value + size) - gammaln(size) + size * np.log(size)
    constant = np.where(plain, 0.0, spread) - gammaln(value + 1.0)
    both = value + size

    def terms(predicted: Array) -> Array:
        expected = np.maximum(predicted, _TINY)
        out = np.log(expected)
        out *= value
        out += constant
        over = expected + size
        np.log(over, out=over)
        over *= both
        if plain.any():
            over[:, plain] = expected[:, plain]
        out -= over
        return np.asarray(out)

    return terms


def _shares(predicted: Array, value: Array, out_of: Array, discrepancy: Array, ways: Array) -> Array:
    """Beta-binomial counts out of a number: the share's own spread is the discrepancy of the odds, carried over."""
    share = np.clip(predicted, 1e-12, 1.0 - 1e-12)
    missed = out_of - value
    plain = discrepancy < _PLAIN
    odds = share * (1.0 - share)
    odds *= np.where(plain, 1.0, discrepancy) ** 2
    known = 1.0 / odds
    known -= 1.0
    a = known * share
    b = known - a
    out = _steps(a, value)
    out += _steps(b, missed)
    out -= _steps(known, out_of)
    out += ways
    if plain.any():
        some = share[:, plain]
        out[:, plain] = ways[plain] + value[plain] * np.log(some) + missed[plain] * np.log1p(-some)
    return np.asarray(out)


def _steps(x: Array, n: Array) -> Array:
    """log gamma(x + n) - log gamma(x), where possible by Stirling's series, which is many times quicker."""
    if x.min() < _LARGE:
        from scipy.special import gammaln

        return np.asarray(gammaln(x + n) - gammaln(x))
    y = x + n
    out = (y - 0.5) * np.log(y)
    out -= (x - 0.5) * np.log(x)
    out -= n
    out += _series(y)
    out -= _series(x)
    return np.asarray(out)


def _series(x: Array) -> Array:
    inverse = 1.0 / x
    square = inverse * inverse
    out = square * (-1.0 / 1680.0)
    out += 1.0 / 1260.0
    out *= square
    out -= 1.0 / 360.0
    out *= square
    out += 1.0 / 12.0
    out *= inverse
    return np.asarray(out)


def _values(predicted: Array, value: Array, sd: Array, discrepancy: Array) -> Array:
    """Normal densities, the discrepancy relative to what was expected."""
    variance = np.maximum(sd**2 + (discrepancy * predicted) ** 2, _TINY)
    away = value - predicted
    return np.asarray(-0.5 * (away * away / variance + np.log(2.0 * np.pi * variance)))


def _estimates(predicted: Array, items: Sequence[Observation]) -> Array:
    """Log densities of effects that are estimated as equally likely points with a normal error.

    Many draws are read off a table with straight lines between its rows, which lie a small part of that error apart.
    """
    out = np.empty(predicted.shape)
    for j, seen in enumerate(items):
        sd = max(seen.sd, 1e-9 * max(float(np.ptp(seen.points)), 1.0))
        low, high = float(predicted[:, j].min()), float(predicted[:, j].max())
        rows = int(min((high - low) / (0.02 * sd), 1e9)) + 2
        if rows < predicted.shape[0]:
            at = np.linspace(low, high, rows)
            out[:, j] = np.interp(predicted[:, j], at, _density(at, seen.points, sd))
        else:
            out[:, j] = _density(predicted[:, j], seen.points, sd)
    return out


def _density(at: Array, points: Array, sd: float) -> Array:
    from scipy.special import logsumexp

    out = np.empty(at.shape)
    step = max(1, 8 * _BLOCK // points.size)
    for start in range(0, at.size, step):
        away = (at[start : start + step, None] - points) / sd
        out[start : start + step] = logsumexp(-0.5 * away * away, axis=1)
    return np.asarray(out - np.log(points.size * sd * np.sqrt(2.0 * np.pi)))
