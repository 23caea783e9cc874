"""Matched controls against worlds whose truth is known: a real effect is found, and none where there is none."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import polars as pl
import pytest

from bettercare.appraisal.matched import FEWEST, Matched, match
from bettercare.appraisal.matched_effect import _estimates, _poisson, compare
from bettercare.appraisal.matched_history import days
from bettercare.foundation.problems import UsageError
from tests.appraisal.scheme_world import world


@cache
def made(seed: int, effect: float = 0.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    return world(seed, effect=effect)


@cache
def matched(seed: int, effect: float = 0.0) -> Matched:
    return match(*made(seed, effect), "I105")


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, 0.2])
def test_the_interval_covers_the_truth_in_about_90_of_100(effect: float) -> None:
    covered, warned, logs = 0, 0, []
    for seed in range(50):
        found = compare(match(*world(seed, effect=effect), "I105"))
        assert found.outcome.ratio is not None
        covered += found.outcome.ratio.holds(1.0 - effect)
        warned += found.warns
        logs.append(math.log(found.outcome.ratio.value))
    assert covered >= 39  # 45 expected; fewer in one of two hundred
    assert warned <= 11  # 5 expected
    assert abs(np.mean(logs) - math.log(1.0 - effect)) < 0.05


def test_getting_better_after_a_bad_spell_is_not_taken_for_an_effect() -> None:
    """Admissions of those referred fall by themselves; a comparison before and after finds a fall where none is."""
    logs = []
    for seed in range(3):
        one = matched(seed)
        who, day, emergency = one.referred, one.referred_day, one.history.emergency
        before, after = emergency.count(who, day - 60.0, day).sum(), emergency.count(who, day, day + 60.0).sum()
        assert after < 0.8 * before
        found = compare(one).outcome.ratio
        assert found is not None
        logs.append(math.log(found.value))
    assert abs(np.mean(logs)) < 3.0 * 0.11 / math.sqrt(3.0)  # one world's standard error is about 0.11


def test_without_matching_those_referred_look_worse() -> None:
    one = matched(0)
    everybody = np.arange(one.history.ids.size)
    day = np.full(everybody.size, float(np.median(one.referred_day)))
    others = one.history.emergency.count(everybody, day, day + 182.0).mean()
    referred = one.history.emergency.count(one.referred, one.referred_day, one.referred_day + 182.0).mean()
    assert referred > 1.5 * others


def test_pairs_are_alike_and_nobody_is_a_control_twice() -> None:
    one = matched(1)
    record = one.history
    assert np.unique(one.control).size == one.pairs
    assert (one.control_day < record.referred[one.control]).all()
    assert (one.control_day < record.death[one.control]).all()
    assert (record.female[one.referred] == record.female[one.control]).all()
    bands = [record.age(p, d) // 10 for p, d in ((one.referred, one.referred_day), (one.control, one.control_day))]
    assert (bands[0] == bands[1]).all()
    months = [(d * 86400).astype("datetime64[s]").astype("datetime64[M]") for d in (one.referred_day, one.control_day)]
    assert (months[0] == months[1]).all()
    wide = [b for b in one.balance if abs(b.before) > 0.25]
    assert wide and all(abs(b.after) < 0.3 for b in wide)  # chance alone: 0.15 with these 350 pairs
    assert sum(abs(b.after) for b in wide) < 0.25 * sum(abs(b.before) for b in wide)


def test_matching_knows_nothing_of_what_came_after() -> None:
    people, events = made(2)
    last = float(days(events.filter(pl.col("event") == "scheme")["start_at"]).max())
    end = float(days(events["start_at"]).max())
    early = events.filter(pl.Series(days(events["start_at"]) <= last))
    a, b = match(people, events, "I105", until=end), match(people, early, "I105", until=end)
    np.testing.assert_array_equal(a.control, b.control)
    np.testing.assert_array_equal(a.control_day, b.control_day)


def test_a_negative_control_that_differs_warns() -> None:
    people, events = made(3)
    referred = events.filter(pl.col("event") == "scheme").select("person", since="start_at")
    extra = (
        events.filter(pl.col("method") == "day-case")
        .join(referred, on="person")
        .filter(pl.col("start_at") > pl.col("since"))
        .drop("since")
    )
    found = compare(match(people, pl.concat([events, extra, extra]), "I105"))
    assert found.warns and found.negative.ratio is not None and found.negative.ratio.value > 1.5
    assert not compare(matched(3)).warns


def test_too_few_are_refused_and_too_few_events_have_no_number() -> None:
    people, events = made(4)
    scheme = events.filter(pl.col("event") == "scheme")
    few = pl.concat([events.filter(pl.col("event") != "scheme"), scheme.head(FEWEST - 1)])
    with pytest.raises(UsageError, match="at least 30"):
        match(people, few, "I105")
    one = match(people, events, "I105", until=float(days(scheme["start_at"]).max()) - 100.0)
    with pytest.raises(UsageError):
        compare(match(people, events, "I999"))
    quiet = events.filter(pl.col("method") != "day-case")
    assert compare(match(people, quiet, "I105")).negative.ratio is None
    assert one.pairs


def test_the_regression_is_that_of_a_library() -> None:
    from sklearn.linear_model import PoissonRegressor

    rng = np.random.default_rng(5)
    x = np.column_stack([rng.integers(0, 2, 3000).astype(float), np.ones(3000), rng.normal(size=3000)])
    time = rng.uniform(20.0, 180.0, 3000)
    y = rng.poisson(time * np.exp(x @ [-0.3, -5.0, 0.5])).astype(float)
    beta, _ = _poisson(x, y, time)
    peer = PoissonRegressor(alpha=0.0, tol=1e-10, max_iter=1000).fit(x[:, [0, 2]], y / time, sample_weight=time)
    np.testing.assert_allclose(beta, [peer.coef_[0], peer.intercept_, peer.coef_[1]], atol=1e-4)


def test_the_interval_is_that_of_a_bootstrap_of_pairs() -> None:
    rng = np.random.default_rng(6)
    pairs = 400
    shared = rng.gamma(1.0, 1.0, pairs)  # people differ, and pairs are alike
    events = [rng.poisson(shared * rate).astype(float) for rate in (0.5, 0.6)]
    time = [np.full(pairs, 182.6), np.full(pairs, 182.6)]
    ratio, gap = _estimates(events, np.zeros(pairs), time, np.zeros((2 * pairs, 0)), np.arange(pairs), 6)
    assert ratio.value == pytest.approx(events[0].sum() / events[1].sum())
    assert gap.value == pytest.approx(100.0 * (events[0].mean() - events[1].mean()), rel=1e-3)
    again = rng.integers(0, pairs, (4000, pairs))
    logs = np.log(events[0][again].sum(axis=1) / events[1][again].sum(axis=1))
    assert math.log(ratio.high / ratio.low) == pytest.approx(2.0 * 1.645 * logs.std(), rel=0.07)
    gaps = 100.0 * (events[0][again].mean(axis=1) - events[1][again].mean(axis=1))
    assert gap.high - gap.low == pytest.approx(2.0 * 1.645 * gaps.std(), rel=0.07)


def test_controls_who_are_referred_later_do_not_hide_the_effect() -> None:
    """With half of the controls' later events thinned by the effect, the ratio is still that of the effect."""
    rng = np.random.default_rng(1)
    pairs = 20_000
    early, late = rng.poisson(0.4, pairs).astype(float), rng.poisson(0.2 * 0.6, pairs).astype(float)
    referred = rng.poisson(0.6 * 0.6, pairs).astype(float)
    time = [np.full(pairs, 182.6), np.full(pairs, 182.6)]
    found = [
        _estimates([referred, early + late], later, time, np.zeros((2 * pairs, 0)), np.arange(pairs), 6)[0]
        for later in (late, np.zeros(pairs))
    ]
    assert found[0].holds(0.6)
    assert found[0].value == pytest.approx((referred.sum() - late.sum()) / early.sum(), rel=1e-3)  # solved by hand
    assert not found[1].holds(0.6)


def test_where_all_controls_were_referred_before_they_were_admitted_nothing_can_be_said() -> None:
    """Then every ratio fits itself: the search would run to the end of where it may look."""
    later = np.full(400, 1.0)
    time = [np.full(400, 182.6), np.full(400, 182.6)]
    found = _estimates([later * 0.5, later], later, time, np.zeros((800, 0)), np.arange(400), 6)
    assert found == (None, None)
