"""Control charts against published vectors, tables worked by hand, and properties."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bettercare.activity.control_chart import ControlChart, Rebase, xmr
from bettercare.foundation.problems import UsageError

VECTOR = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
SAW = [9, 11] * 6  # mean 10, average moving range 2: limits 4.68 and 15.32, near limits 6.4533 and 13.5467


def months(n: int, first: int = 0) -> list[date]:
    return [date(2013 + (first + i) // 12, (first + i) % 12 + 1, 1) for i in range(n)]


def chart(values, direction="up", **more) -> ControlChart:
    return xmr(values, months(len(values)), direction=direction, **more)


def after(tail, **more) -> ControlChart:
    """The saw of twelve points as baseline, then a tail that does not move the limits."""
    return chart([*SAW, *tail], baseline=12, **more)


def rules(c: ControlChart) -> list[str]:
    return [p.rule for p in c.points]


def rebase(on, reason="New ward opened") -> Rebase:
    return Rebase(on, reason, "A. Person", True, True, True, True)


@pytest.mark.parametrize(("screen", "upl", "lpl"), [(True, 4.60, -0.72), (False, 6.95, -3.06)])
def test_vector_of_the_rules(screen: bool, upl: float, lpl: float) -> None:
    c = chart(VECTOR, screen=screen)
    s = c.segments[0]
    assert (round(s.mean, 2), round(s.upl, 2), round(s.lpl, 2)) == (1.94, upl, lpl)
    assert [i for i, p in enumerate(c.points) if p.rule == "limit"] == [4]
    assert c.screened is screen


def test_limits_by_hand() -> None:
    s = chart(SAW).segments[0]
    assert (s.mean, s.amr) == (10, 2)
    assert (s.upl, s.lpl) == pytest.approx((15.32, 4.68))
    assert (s.near_upl, s.near_lpl) == pytest.approx((10 + 10.64 / 3, 10 - 10.64 / 3))
    assert set(rules(chart(SAW))) == {""}


def test_outside_is_strict() -> None:
    upl = chart(SAW).segments[0].upl
    assert after([upl]).points[-1].rule == ""
    assert after([upl + 1e-6]).points[-1].rule == "limit"


def test_a_trend_needs_six_steps_and_marks_seven_points() -> None:
    assert rules(after([9, 9.1, 9.2, 10.3, 10.4, 10.5]))[12:] == [""] * 6
    assert rules(after([9, 9.1, 9.2, 10.3, 10.4, 10.5, 10.6]))[12:] == ["trend"] * 7
    assert rules(after([9, 9.1, 9.1, 10.3, 10.4, 10.5, 10.6]))[12:] == [""] * 7  # a tie is no step


def test_two_in_three_marks_the_near_points_only() -> None:
    assert rules(after([14, 10.5, 14]))[12:] == ["two-in-three", "", "two-in-three"]
    assert rules(after([14, 9.5, 14]))[12:] == ["", "", ""]  # not all on one side
    assert rules(after([14, 10.5, 16]))[12:] == ["", "", "limit"]  # outside is not near
    assert rules(after([14, 10.5, 10.6, 14]))[12:] == [""] * 4


def test_seven_on_one_side_and_a_point_on_the_mean_breaks_it() -> None:
    above = [10.5, 10.7, 10.5, 10.7, 10.5, 10.7, 10.5]
    assert rules(after([9, *above]))[13:] == ["run"] * 7
    assert rules(after([9, *above[:3], 10, *above[3:]]))[13:] == [""] * 8


def test_the_first_rule_counts() -> None:
    assert rules(after([9, 10.5, 10.7, 10.9, 11.2, 11.4, 11.5, 16]))[13:] == [*["trend"] * 6, "limit"]


def test_run_length_is_a_choice_and_is_stated() -> None:
    tail = [9, 10.5, 10.7, 10.5, 10.7, 10.5, 10.7]
    assert rules(after(tail))[13:] == [""] * 6
    six = after(tail, run=6)
    assert rules(six)[13:] == ["run"] * 6
    assert six.run == 6
    assert "6 points" in six.variation_words


@pytest.mark.parametrize(
    ("direction", "value", "kind"),
    [
        ("up", 16, "improvement_high"),
        ("up", 4, "concern_low"),
        ("down", 16, "concern_high"),
        ("down", 4, "improvement_low"),
        ("neither", 16, "neutral_high"),
        ("neither", 4, "neutral_low"),
        ("up", 10.5, "common_cause"),
    ],
)
def test_variation_is_the_class_of_the_last_point(direction: str, value: float, kind: str) -> None:
    c = after([9, value], direction=direction)
    assert c.variation == kind
    assert c.variation_words


@pytest.mark.parametrize(
    ("direction", "target", "icon"),
    [
        ("up", 16, "fail"),
        ("up", 4, "pass"),
        ("up", 10, "hit_or_miss"),
        ("down", 16, "pass"),
        ("down", 4, "fail"),
        ("down", 10, "hit_or_miss"),
        ("neither", 10, ""),
        ("up", None, ""),
        ("up", 10 + 2.66 * 2, "hit_or_miss"),  # a target on the limit is inside, as in NHSRplotthedots
        ("up", 10 - 2.66 * 2, "hit_or_miss"),
    ],
)
def test_assurance(direction: str, target: float | None, icon: str) -> None:
    assert chart(SAW, direction, target=target).assurance == icon


def test_several_targets_hold_from_their_dates() -> None:
    c = chart(SAW, target=[("2013-01", 4), ("2013-12", 16)])
    assert c.assurance == "fail"
    assert (c.target_at(date(2013, 11, 1)), c.target_at(date(2013, 12, 1)), c.target) == (4, 16, 16)
    assert chart(SAW, target=[("2014-06", 16)]).assurance == ""  # not in force yet


@pytest.mark.parametrize("value", [100, 0.1, 0])
def test_a_constant_series_has_no_limits_and_no_signals(value: float) -> None:
    for target, icon in ((value, "pass"), (value + 1, "fail")):
        c = chart([value] * 15, target=target)
        assert (c.variation, c.assurance, c.segments[0].upl) == ("common_cause", icon, None)
        assert set(rules(c)) == {""}
    assert any("hardly vary" in w for w in c.warnings)


def test_eleven_points_are_for_trial() -> None:
    assert any("Trial" in w for w in chart(SAW[:11]).warnings)
    assert not chart(SAW).warnings
    assert chart([5.0]).variation == "common_cause"


def test_duplicate_dates_are_refused() -> None:
    with pytest.raises(UsageError, match="2013-02-01"):
        xmr([1, 2, 3], ["2013-01", "2013-02", "2013-02"], direction="up")


def test_gaps_are_refused_or_break_the_series() -> None:
    days = [d for i, d in enumerate(months(20)) if i != 16]
    values = [*SAW, 9, *[10.5, 10.7] * 3]
    with pytest.raises(UsageError, match="2014-05-01"):
        xmr(values, days, direction="up", baseline=12)
    with pytest.raises(UsageError, match="2013-03-01"):
        chart([1, 2, None, 3])
    c = xmr([*values, 10.5], [*days, date(2014, 9, 1)], direction="up", baseline=12, gaps=True)
    assert set(rules(c)) == {""}  # 7 above the mean, but not in a row
    assert c.points[16].value is None
    assert any("gap" in w for w in c.warnings)


def test_dates_without_a_common_step_have_no_gaps() -> None:
    assert xmr([1, 2, 1], ["2014-01-09", "2014-03-11", "2014-04-02"], direction="up").points


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError) as error:
        xmr([1, 2], ["2014-13"], direction="sideways", run=1, baseline=1, rebase=[rebase("2014-01", " ")])
    for words in ("sideways", "2014-13", "run of 1", "baseline of 1", "2 values", "needs a reason"):
        assert words in str(error.value)


def test_a_rebase_begins_afresh_and_segments_do_not_see_each_other() -> None:
    later = [v + 20 for v in SAW]
    c = chart([*SAW, *later], rebase=[rebase(months(24)[12])])
    assert [s.mean for s in c.segments] == [10, 30]
    assert set(rules(c)) == {""}
    assert c.segments[1].reason == "New ward opened"
    changed = chart([*[v * 3 for v in SAW], *later], rebase=[rebase(months(24)[12])])
    assert changed.points[12:] == c.points[12:]


def test_a_rebase_is_offered_in_words_and_never_made() -> None:
    c = chart([*SAW, *[v + 20 for v in SAW]])
    assert len(c.segments) == 1
    assert "January 2014" in c.suggestion
    assert "A person may decide" in c.suggestion
    assert chart(SAW).suggestion == ""


def test_a_rebase_that_leaves_nothing_is_refused() -> None:
    for on in ("2012-01", "2015-01"):
        with pytest.raises(UsageError, match="no figure before or none after"):
            chart(SAW, rebase=[rebase(on)])


SERIES = st.lists(st.integers(0, 40).map(float), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(SERIES, st.integers(-1000, 1000), st.sampled_from([0.25, 2.0, 64.0]), st.booleans())
def test_shift_and_scale_change_nothing(values: list[float], shift: int, scale: float, screen: bool) -> None:
    there = [(p.rule, p.kind) for p in chart(values, screen=screen).points]
    assert [(p.rule, p.kind) for p in chart([v * scale + shift for v in values], screen=screen).points] == there


@settings(max_examples=100, deadline=None)
@given(SERIES)
def test_upside_down_is_the_other_way_round(values: list[float]) -> None:
    up, down = chart(values), chart([-v for v in values], "down")
    assert rules(up) == rules(down)
    assert [p.sign for p in up.points] == [-p.sign for p in down.points]
    assert all((p.rule == "") == (p.sign == 0) == (p.kind == "common_cause") for p in up.points)


@settings(max_examples=100, deadline=None)
@given(SERIES, st.integers(0, 100).map(float))
def test_limits_of_percentages_end_at_0_and_100_and_findings_stay(values: list[float], target: float) -> None:
    values = [v * 2.5 for v in values]  # 0 to 100
    free, held = (chart(values, target=target, between=b) for b in (None, (0.0, 100.0)))
    assert held.points == free.points
    assert (held.variation, held.assurance, held.suggestion) == (free.variation, free.assurance, free.suggestion)
    was, now = free.segments[0], held.segments[0]
    assert (now.mean, now.amr) == (was.mean, was.amr)
    if was.upl is not None:
        assert (now.lpl, now.upl) == (max(was.lpl, 0.0), min(was.upl, 100.0))
        assert ("no further than 0 and 100" in " ".join(held.warnings)) == (was.upl > 100 or was.lpl < 0)


def test_a_value_beyond_the_bounds_leaves_the_limits_as_they_are() -> None:
    values = [96, 104] * 6  # of beds taken, say: mean 100, average moving range 8
    assert chart(values, between=(0, 100)).segments == chart(values).segments


@settings(max_examples=60, deadline=None)
@given(SERIES, SERIES)
def test_segments_are_independent(first: list[float], second: list[float]) -> None:
    whole = chart([*first, *second], rebase=[rebase(months(len(first) + 1)[-1])])
    alone = chart(second)
    assert [(p.rule, p.sign) for p in whole.points[len(first) :]] == [(p.rule, p.sign) for p in alone.points]
    assert whole.variation == alone.variation
