"""Likelihoods against scipy and closed forms; weights; benefits; the same evidence twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bettercare.engines.learn.benefit import claim, judged, points
from bettercare.engines.learn.likelihood import Observation, log_likelihood
from bettercare.engines.learn.once import Entry, settled
from bettercare.engines.learn.weights import effective, normalised, quantiles, resampled
from bettercare.foundation.problems import UsageError
from bettercare.foundation.ranges import Range


def one(observation: Observation, predicted: np.ndarray) -> np.ndarray:
    return log_likelihood(predicted[:, None], [observation])


@pytest.mark.parametrize("discrepancy", [0.03, 0.4])
def test_counts_shares_and_values_agree_with_scipy(discrepancy: float) -> None:
    expected = np.linspace(2.0, 3000.0, 500)
    size = 1.0 / discrepancy**2
    seen = Observation("a", "count", 700.0, discrepancy=discrepancy)
    assert np.allclose(one(seen, expected), stats.nbinom.logpmf(700, size, size / (size + expected)), rtol=1e-9)
    share = np.linspace(0.001, 0.999, 500)
    known = 1.0 / (discrepancy**2 * share * (1.0 - share)) - 1.0
    seen = Observation("b", "share", 40.0, out_of=300.0, discrepancy=discrepancy)
    exact = stats.betabinom.logpmf(40, 300, known * share, known * (1.0 - share))
    assert np.allclose(one(seen, share), exact, rtol=1e-7, atol=1e-7)
    seen = Observation("c", "value", 20.0, sd=2.0, discrepancy=discrepancy)
    level = np.linspace(-10.0, 50.0, 500)
    assert np.allclose(one(seen, level), stats.norm.logpdf(20.0, level, np.hypot(2.0, discrepancy * level)))


def test_without_discrepancy_counts_are_poisson_and_shares_binomial() -> None:
    expected, share = np.linspace(0.5, 90.0, 200), np.linspace(0.01, 0.99, 200)
    assert np.allclose(
        one(Observation("a", "count", 31.0, discrepancy=0.0), expected), stats.poisson.logpmf(31, expected)
    )
    seen = Observation("b", "share", 3.0, out_of=11.0, discrepancy=0.0)
    assert np.allclose(one(seen, share), stats.binom.logpmf(3, 11, share))


def test_an_estimate_is_a_mixture_of_normals_in_few_draws_and_in_many() -> None:
    rng = np.random.default_rng(1)
    middle = rng.normal(10.0, 30.0, 300)
    seen = Observation("a", "estimate", 10.0, sd=5.0, points=middle)
    few, many = np.linspace(-100.0, 100.0, 50), np.linspace(-100.0, 100.0, 20_000)
    exact = [np.log(stats.norm.pdf(x, middle, 5.0).mean()) for x in few]
    assert np.allclose(one(seen, few), exact)
    assert np.allclose(
        one(seen, many)[::2000], [np.log(stats.norm.pdf(x, middle, 5.0).mean()) for x in many[::2000]], atol=1e-3
    )


def test_a_large_count_leaves_more_than_one_draw_alive() -> None:
    expected = np.random.default_rng(2).normal(1e6, 5e4, 10_000)
    plain = effective(normalised(one(Observation("a", "count", 1_010_000.0, discrepancy=0.0), expected)))
    usual = effective(normalised(one(Observation("a", "count", 1_010_000.0), expected)))
    assert usual > 10.0 * plain


def test_one_step_and_several_give_the_same_weights() -> None:
    rng = np.random.default_rng(3)
    predicted = np.column_stack(
        [rng.normal(500.0, 40.0, 2000), rng.uniform(0.2, 0.4, 2000), rng.normal(9.0, 1.0, 2000)]
    )
    seen = [
        Observation("a", "count", 510.0),
        Observation("b", "share", 31.0, out_of=100.0),
        Observation("c", "value", 9.4, sd=0.3),
    ]
    together = normalised(log_likelihood(predicted, seen))
    steps = np.zeros(2000)
    for j in (2, 0, 1):
        steps += log_likelihood(predicted[:, [j]], [seen[j]])
    assert np.allclose(together, normalised(steps), rtol=1e-9)


def test_weights() -> None:
    assert effective(np.full(50, 0.02)) == pytest.approx(50.0)
    assert effective(np.eye(50)[0]) == pytest.approx(1.0)
    values = np.random.default_rng(4).normal(size=40_000)
    weights = normalised(values * 1.0)  # exp(x) tilts a standard normal to mean 1
    assert np.allclose(
        quantiles(values, weights, [0.05, 0.5, 0.95]), stats.norm.ppf([0.05, 0.5, 0.95]) + 1.0, atol=0.08
    )
    chosen = resampled(np.array([0.5, 0.0, 0.25, 0.25]), 8, 1)
    assert np.bincount(chosen, minlength=4).tolist() == [4, 0, 2, 2]
    with pytest.raises(UsageError, match="No draw"):
        normalised(np.full(3, -np.inf))


@pytest.mark.parametrize(
    ("avoided", "referrals", "share", "low", "high"),
    [(112, 147, 0.762, 0.688, 0.825), (133, 141, 0.943, 0.896, 0.973), (229, 2599, 0.088, 0.078, 0.099)],
)
def test_published_schemes_have_the_jeffreys_intervals_of_the_rules(
    avoided: int, referrals: int, share: float, low: float, high: float
) -> None:
    found = judged(avoided, referrals)
    assert avoided / referrals == pytest.approx(share, abs=5e-4)
    assert found.interval(0.95) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_a_claim_for_a_year_is_what_was_claimed_with_the_interval_of_its_share() -> None:
    found = claim(229, 2599, 4)
    assert found.a_year[0] == 687.0  # three times what was reported, and what the plan of the example has
    ends = stats.beta(229.5, 2370.5).ppf([0.05, 0.95])
    assert found.share == (pytest.approx(229 / 2599), *(pytest.approx(p) for p in ends))
    assert found.a_year[1:] == tuple(pytest.approx(7797.0 * p) for p in ends)
    all_of_them, none = claim(5, 5, 12), claim(0, 5, 12)
    assert all_of_them.share[0] == all_of_them.share[2] == 1.0 and none.share[0] == none.share[1] == 0.0


def test_earlier_evidence_counts_by_its_power() -> None:
    assert judged(5, 10, (50, 100), 0.0) == judged(5, 10)
    whole, half = judged(5, 10, (50, 100), 1.0), judged(5, 10, (50, 100), 0.5)
    assert (whole.a, whole.b) == (55.5, 55.5)
    assert (half.a, half.b) == (30.5, 30.5)


def test_attribution_scales_a_benefit_and_adds_its_own_uncertainty() -> None:
    share = judged(112, 147)
    whole = points(share, 441.0, Range("fixed", 1.0, 1.0, 1.0))
    assert whole.mean() == pytest.approx(441.0 * share.mean, rel=0.002)
    some = points(share, 441.0, Range("pert", 0.0, -0.5, 1.0))
    assert some.mean() == pytest.approx(441.0 * share.mean * 0.5 / 6.0, rel=0.02)
    assert some.std() > 3.0 * whole.std()


def entry(
    id_: str, kind: str = "indicator", subject: str = "x", place: str = "", first: int = 0, last: int = 11
) -> Entry:
    return Entry(id_, kind, subject, frozenset({"emergency"}), place, first, last, "seen.csv", 2)


def test_the_same_evidence_enters_once() -> None:
    def said(*entries: Entry) -> list[str]:
        return [p.message for p in settled(entries)[1]]

    assert "same id" in said(entry("a"), entry("a", subject="y", first=20, last=31))[0]
    assert "same indicator" in said(entry("a"), entry("b", first=6, last=17))[0]
    assert "same effect" in said(entry("a", "benefit", place="north"), entry("b", "benefit", place=""))[0]
    assert "benefit and an indicator both" in said(entry("a"), entry("b", "benefit", "effect:E1", "north", 3, 5))[0]
    assert not said(entry("a"), entry("b", first=12, last=23), entry("c", place="north"), entry("d", subject="y"))
    assert not said(entry("a", place="south"), entry("b", "benefit", "effect:E1", "north"))


def test_a_comparison_takes_the_place_of_a_judgement_of_the_same_people_and_of_no_other() -> None:
    judged_one = entry("judged", "benefit", "effect:E1", "north", 0, 3)
    found = replace(entry("compared", "benefit", "effect:E1", "north", 3, 6), compared=True)
    for order in ((judged_one, found), (found, judged_one)):
        gone, problems = settled(order)
        assert not problems and [order[i].id for i in gone] == ["judged"]
        assert [order[g.to].id for g in gone.values()] == ["compared"]
    for other in (replace(found, first=4), replace(found, place="south"), replace(found, subject="effect:E2")):
        assert settled((judged_one, other)) == ({}, [])
    assert "same effect" in settled((found, replace(found, id="again")))[1][0].message
    counted = entry("counted", first=4, last=4)
    assert "benefit and an indicator both" in settled((counted, found))[1][0].message


def test_what_records_offer_gives_way_to_what_a_person_entered() -> None:
    offered = replace(entry("offered", "benefit", "effect:E1", "north", 0, 3), compared=True, offered=True)
    entered = replace(offered, id="entered", offered=False)
    counted = entry("counted", place="north")
    for other in (entered, counted):
        gone, problems = settled((offered, other))
        assert not problems and list(gone) == [0] and other.id in gone[0].why
    judged_one = entry("judged", "benefit", "effect:E1", "north", 0, 3)
    assert list(settled((judged_one, offered))[0]) == [0]  # but a judgement gives way to it
    assert list(settled((judged_one, offered, entered))[0]) == [1, 0]
