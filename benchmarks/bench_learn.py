"""Weighing 10,000 draws of a forecast by 60 months of 40 indicators, against scipy's own distributions in a loop.

The indicators are 24 counts, 10 shares and 6 levels. The peer is what one would write first: `logpmf` or `logpdf` of
scipy.stats (negative binomial, beta-binomial, normal) for each observation over all draws. Both must give the same
log likelihoods before their time is compared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bettercare.engines.learn.likelihood import DISCREPANCY, Observation, log_likelihood
from bettercare.engines.learn.weights import effective, normalised
from timing import best_of, finish, peak_mib, report, seconds

Array = NDArray[np.float64]

DRAWS, MONTHS = 10_000, 60
KINDS = {"count": 24, "share": 10, "value": 6}


def make() -> tuple[Array, list[Observation]]:
    """Made-up predictions, (draws, observations), and what was seen."""
    rng = np.random.default_rng(1)
    columns = sum(KINDS.values()) * MONTHS
    predicted = np.empty((DRAWS, columns))
    seen = []
    kinds = [kind for kind, number in KINDS.items() for _ in range(number * MONTHS)]
    for j, kind in enumerate(kinds):
        error = rng.normal(1.0, 0.03, DRAWS)
        level = {"count": rng.uniform(50.0, 5000.0), "share": rng.uniform(0.3, 0.9), "value": 20.0}[kind]
        predicted[:, j] = np.minimum(level * error, 0.999) if kind == "share" else level * error
        if kind == "count":
            seen.append(Observation(str(j), kind, float(rng.poisson(level))))
        elif kind == "share":
            seen.append(Observation(str(j), kind, float(rng.binomial(800, level)), out_of=800.0))
        else:
            seen.append(Observation(str(j), kind, float(rng.normal(level, 0.5)), sd=0.5))
    return predicted, seen


def peer(predicted: Array, seen: list[Observation]) -> Array:
    """The reference: scipy.stats, one observation at a time."""
    out = np.zeros(predicted.shape[0])
    size = 1.0 / DISCREPANCY**2
    for j, o in enumerate(seen):
        x = predicted[:, j]
        if o.kind == "count":
            out += stats.nbinom.logpmf(o.value, size, size / (size + x))
        elif o.kind == "share":
            known = 1.0 / (DISCREPANCY**2 * x * (1.0 - x)) - 1.0
            out += stats.betabinom.logpmf(o.value, int(o.out_of), known * x, known * (1.0 - x))
        else:
            out += stats.norm.logpdf(o.value, x, np.hypot(o.sd, DISCREPANCY * x))
    return out


def main() -> None:
    predicted, seen = make()
    before = peak_mib()
    found = log_likelihood(predicted, seen)
    quick = best_of(3, lambda: effective(normalised(log_likelihood(predicted, seen))))
    more = peak_mib() - before
    some = slice(0, DRAWS // 10)
    slow = 10.0 * seconds(lambda: peer(predicted[some], seen))  # a tenth of the draws: its time is in proportion
    if not np.allclose(found[some], peer(predicted[some], seen), rtol=0.0, atol=1e-5):
        raise SystemExit("the two ways do not give the same log likelihoods")
    kept = [
        report("10,000 draws by 60 months of 40 indicators", quick, 2.0),
        report("memory beyond the predictions", more, 256.0, "MiB"),
        report("against scipy.stats, one observation at a time", slow / quick, 2.0, "times", at_least=True),
    ]
    finish(*kept)


if __name__ == "__main__":
    main()
