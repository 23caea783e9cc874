"""Learning against closed forms, an adapted proposal against a long plain run, conflict, and calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from bettercare.appraisal.learned_model import correlation
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.inputs import sample
from bettercare.engines.forecast.run import evaluate
from bettercare.engines.learn import Observation, learn
from bettercare.engines.learn.check import replicated
from bettercare.engines.learn.learn import ForecastOf
from tests.forecast.plans import plan

WORLDS = 200


def uniform(draws: int, inputs: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((draws, inputs))


def score(column: int) -> ForecastOf:
    return lambda positions: np.asarray(ndtri(positions[:, [column]]))


@pytest.mark.parametrize(("seen", "sd"), [(1.0, 1.0), (3.0, 0.05)])
def test_a_normal_prior_and_a_normal_observation_have_their_exact_posterior(seen: float, sd: float) -> None:
    found = learn(score(0), [Observation("a", "value", seen, sd=sd, discrepancy=0.0)], uniform(4000, 6), seed=2)
    mean, spread = seen / (1.0 + sd**2), np.sqrt(sd**2 / (1.0 + sd**2))
    z = ndtri(found.positions[:, 0])
    assert found.ess >= found.enough
    assert found.weights @ z == pytest.approx(mean, abs=5.0 * spread / np.sqrt(found.ess))
    assert np.sqrt(found.weights @ (z - mean) ** 2) == pytest.approx(spread, rel=0.15)
    after = ndtri(found.equally_weighted(uniform(4000, 6)))
    assert after[:, 0].mean() == pytest.approx(mean, abs=5.0 * spread / np.sqrt(found.ess))
    assert np.allclose(after[:, 1:].mean(axis=0), 0.0, atol=0.2)


def test_a_uniform_share_and_a_binomial_count_have_a_beta_posterior() -> None:
    seen = Observation("a", "share", 133.0, out_of=141.0, discrepancy=0.0)
    found = learn(lambda p: p[:, :1], [seen], uniform(20_000, 1), seed=3)
    exact = stats.beta(134, 9).ppf([0.05, 0.5, 0.95])
    assert np.allclose(found.quantiles(found.positions[:, 0], [0.05, 0.5, 0.95]), exact, atol=0.004)


def test_fresh_draws_find_what_a_long_plain_run_finds() -> None:
    together = np.full((8, 8), 0.5) + 0.5 * np.eye(8)
    mixed = np.linalg.cholesky(together)

    def prior(draws: int, seed: int) -> np.ndarray:
        return stats.norm.cdf(np.random.default_rng(seed).normal(size=(draws, 8)) @ mixed.T)

    def of(positions: np.ndarray) -> np.ndarray:
        z = ndtri(positions)
        return np.column_stack([1000.0 * np.exp(0.1 * z[:, 0] + 0.05 * z[:, 1]), 200.0 + 20.0 * z[:, 2] * z[:, 3]])

    seen = [
        Observation("a", "count", 1350.0, discrepancy=0.005),
        Observation("b", "value", 240.0, sd=3.0, discrepancy=0.0),
    ]
    adapted = learn(of, seen, prior(1000, 5), correlation=together, seed=4)
    plain = learn(of, seen, prior(400_000, 6), correlation=together, seed=4, rounds=0)
    assert adapted.effective[0] < 100.0 <= adapted.ess
    for value in (lambda p: ndtri(p[:, 0]), lambda p: ndtri(p[:, 2] * 0.5 + p[:, 3] * 0.5), lambda p: ndtri(p[:, 7])):
        near, far = (f.weights @ value(f.positions) for f in (adapted, plain))
        spread = np.sqrt(plain.weights @ (value(plain.positions) - far) ** 2)
        assert near == pytest.approx(far, abs=4.0 * spread * np.sqrt(1.0 / adapted.ess + 1.0 / plain.ess))


def test_evidence_that_the_forecast_did_not_expect_is_flagged_and_other_is_not() -> None:
    usual, odd = (
        learn(score(0), [Observation("a", "value", seen, sd=0.5, discrepancy=0.0)], uniform(4000, 2), seed=5)
        for seen in (0.4, 4.5)
    )
    assert not usual.conflicts
    assert [c.id for c in odd.conflicts] == ["a"]
    assert usual.checks[0].conflict == pytest.approx(2 * stats.norm.sf(0.4, scale=np.hypot(1, 0.5)), abs=0.1)


def test_a_draw_keeps_its_luck_where_evidence_says_nothing() -> None:
    prior = uniform(1000, 5, 7)
    found = learn(score(2), [Observation("a", "value", 1.0, sd=0.5)], prior, informed=[2], seed=6)
    after = found.equally_weighted(prior)
    others = [0, 1, 3, 4]
    assert np.allclose(after[:, others], prior[:, others])
    assert (np.diff(after[np.argsort(prior[:, 2]), 2]) >= 0.0).all()


def test_on_200_synthetic_worlds_intervals_hold_the_truth_as_often_as_they_say(tmp_path: Path) -> None:
    """Simulation-based calibration (Talts and others 2018) on the small plan: counts, a level and a judged effect."""
    system = compile_plan(plan(tmp_path).under("as-planned"))
    together = correlation(system)
    wanted = [("activity", "emergency", "north"), ("activity", "emergency", "south"), ("activity", "day-case", "north")]
    first, last = 1, len(system.years) - 1

    def measures(positions: np.ndarray) -> np.ndarray:
        """Expected activity in the year seen, acute beds, an effect, and emergency admissions in the last year."""
        found = {(k.measure, k.service, k.place): v for k, v in evaluate(system, positions).values.items()}
        columns = [found[key][first] for key in wanted]
        effect = system.effects[0].size.values(positions)
        return np.column_stack(
            [*columns, found["acute_beds_needed", "", ""][first], effect, found["activity", "emergency", ""][last]]
        )

    prior = sample(system.inputs, 11, 600)
    before = measures(prior)
    truths = sample(system.inputs, 12, WORLDS)
    true = measures(truths)
    rng = np.random.default_rng(13)
    spread = 0.5 * before[:, 4].std()
    template = [
        *(Observation(f"count {j}", "count", 1.0, discrepancy=0.01) for j in range(3)),
        Observation("beds", "value", 1.0, sd=2.0, discrepancy=0.01),
        Observation("effect", "value", 1.0, sd=spread, discrepancy=0.0),
    ]
    ranks = np.empty((WORLDS, 3))
    for w in range(WORLDS):
        seen = []
        for j, o in enumerate(template):
            value = float(replicated(o, true[w, j : j + 1], rng)[0])
            seen.append(Observation(o.id, o.kind, value, 0.0, o.sd, o.discrepancy))
        kept = [before]

        def of(positions: np.ndarray, kept: list[np.ndarray] = kept) -> np.ndarray:
            if positions is not prior:
                kept.append(measures(positions))
            return kept[-1][:, :5]

        found = learn(of, seen, prior, correlation=together, seed=w, rounds=3, threads=1)
        values = np.concatenate(kept)
        for m, column in enumerate((0, 4, 5)):
            ranks[w, m] = found.weights @ (values[:, column] < true[w, column])
    for level in (0.5, 0.8, 0.9):
        inside = np.abs(ranks - 0.5) < 0.5 * level
        error = np.sqrt(level * (1.0 - level) / WORLDS)
        assert (np.abs(inside.mean(axis=0) - level) < 3.0 * error).all(), (level, inside.mean(axis=0))
    for m in range(3):
        histogram = np.bincount(np.minimum((ranks[:, m] * 10).astype(int), 9), minlength=10)
        assert stats.chisquare(histogram).pvalue > 0.002, histogram
