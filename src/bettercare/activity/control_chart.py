"""Control charts of single values (XmR), by the rules of Making Data Count.

They tell change from chance: a point is marked when chance alone would rarely put it there. Each segment (from one
rebase to the next) is judged by itself; the first rule that a point meets counts:

1. it lies strictly outside the limits (mean plus or minus 2.66 average moving ranges);
2. it is one of `run` points (7 unless told otherwise) that rise or fall without a break;
3. it is one of two among three consecutive points on one side of the mean that lie between the near limit (two thirds
   of the way) and the limit;
4. it is one of `run` consecutive points strictly on one side of the mean.

Choices where published tools differ: a target that equals a limit counts as inside the limits (hit or miss), as in
NHSRplotthedots. Where the average moving range is nought (always 100%, say) no limit is drawn and no point is outside;
the target is then passed when the mean meets it. Comparisons allow for the rounding of computer arithmetic. Limits of
a percentage are drawn and said no further than 0 and 100 (`between`); rules and target are judged by the limits as
reckoned, because the moving range knows of no bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from bettercare.activity import control_words
from bettercare.activity.control_series import DIRECTIONS, Targets, checked

LIMIT = 2.66
NEAR = 2.0 * LIMIT / 3.0
SCREEN = 3.267
FEW = 12  # with fewer points in a segment the limits are for trial


@dataclass(frozen=True)
class Rebase:
    """A person's decision to draw the limits afresh from a date on, with the four answers that it needs."""

    on: date | str
    reason: str
    by: str
    significant_change: bool
    cause_understood: bool
    expected_to_persist: bool
    enough_points: bool


@dataclass(frozen=True)
class Point:
    """One value. `rule` is limit, trend, two-in-three, run or blank; `kind` is as `ControlChart.variation`."""

    when: date
    value: float | None
    segment: int
    rule: str = ""
    sign: int = 0  # +1 high or rising, -1 low or falling
    kind: str = "common_cause"


@dataclass(frozen=True)
class Segment:
    """From one rebase to the next: the mean and limits, as drawn. The limits are None where the values do not vary."""

    first: int
    last: int
    mean: float
    amr: float
    upl: float | None
    lpl: float | None
    near_upl: float | None
    near_lpl: float | None
    points: int
    reason: str = ""


@dataclass(frozen=True)
class ControlChart:
    """A judged series. `variation` and `assurance` are those of its last point and last limits."""

    points: tuple[Point, ...]
    segments: tuple[Segment, ...]
    direction: str
    run: int
    screened: bool
    targets: tuple[tuple[date, float], ...]
    variation: str  # common_cause, improvement_high/low, concern_high/low, neutral_high/low
    assurance: str  # pass, fail, hit_or_miss or blank
    warnings: tuple[str, ...] = ()
    suggestion: str = ""  # of a rebase; never applied
    rebases: tuple[Rebase, ...] = field(default=())

    @property
    def variation_words(self) -> str:
        """What the variation means, for anybody."""
        return control_words.variation(self.variation, self.last.rule, self.run)

    @property
    def assurance_words(self) -> str:
        """What the limits say of the target, for anybody; blank without a target."""
        return control_words.ASSURANCE[self.assurance]

    @property
    def last(self) -> Point:
        """The last point that has a value."""
        return next(p for p in reversed(self.points) if p.value is not None)

    @property
    def target(self) -> float | None:
        """The target in force at the last point."""
        return self.target_at(self.last.when)

    def target_at(self, when: date) -> float | None:
        """The target in force on a day."""
        return next((value for start, value in reversed(self.targets) if start <= when), None)


def xmr(
    values: Sequence[float | None],
    dates: Sequence[date | str],
    *,
    direction: str,
    target: Targets = None,
    rebase: Sequence[Rebase] = (),
    baseline: int | None = None,
    screen: bool = True,
    run: int = 7,
    gaps: bool = False,
    between: tuple[float, float] | None = None,
) -> ControlChart:
    """Judge a series. `direction` says which way is better: up, down or neither.

    `target` is one value, or pairs of the date from which it holds and the value. `baseline` takes mean and limits of
    each segment from its first so many points. `screen` leaves out moving ranges above 3.267 times their average when
    the limits are set. A missing value or month is refused unless `gaps`: then no moving range, trend or run reaches
    across it. `between` is the least and the most that a value can be, 0 and 100 for a percentage: no limit is drawn
    beyond them (unless a value lies there, as when more than all beds are taken).
    """
    series, targets, starts = checked(values, dates, direction, target, rebase, baseline, run, gaps)
    cuts = [0, *starts, len(series)]
    points: list[Point] = []
    segments, warnings = [], []
    reasons = ["", *(r.reason for r in rebase)]
    for number, (first, last) in enumerate(pairwise(cuts)):
        part = series[first:last]
        segment = _segment([v for _, v in part], first, baseline, screen, reasons[number])
        segments.append(segment)
        warnings += control_words.cautions(segment.points, segment.upl is None, number, len(cuts) - 1, baseline, FEW)
        judged = _judge([v for _, v in part], segment, run)
        points += [
            Point(when, value, number, rule, sign, _kind(sign, DIRECTIONS[direction]))
            for (when, value), (rule, sign) in zip(part, judged, strict=True)
        ]
    holes = sum(p.value is None for p in points)
    if holes:
        warnings.append(control_words.holes(holes))
    end = next(p for p in reversed(points) if p.value is not None)
    held = next((value for start, value in reversed(targets) if start <= end.when), None)
    drawn = _drawn(segments, [p.value for p in points if p.value is not None], between)
    if between and drawn != segments:
        warnings.append(control_words.bounded(*between))
    return ControlChart(
        tuple(points), tuple(drawn), direction, run, screen, targets, end.kind,
        _assurance(segments[-1], held, DIRECTIONS[direction]), tuple(warnings),
        _suggestion(points, segments[-1], run), tuple(rebase),
    )  # fmt: skip


def _segment(values: list[float | None], first: int, baseline: int | None, screen: bool, reason: str) -> Segment:
    """Mean and limits of a segment."""
    there = [i for i, v in enumerate(values) if v is not None]
    used = values[: there[baseline - 1] + 1] if baseline and baseline <= len(there) else values
    known = [v for v in used if v is not None]
    mean = known[0] if min(known) == max(known) else math.fsum(known) / len(known)
    ranges = [abs(b - a) for a, b in pairwise(used) if a is not None and b is not None]
    amr = math.fsum(ranges) / len(ranges) if ranges else 0.0
    if screen and amr > 0:
        kept = [r for r in ranges if r < SCREEN * amr]
        amr = math.fsum(kept) / len(kept)
    up, down, near_up, near_down = (mean + k * amr if amr > 0 else None for k in (LIMIT, -LIMIT, NEAR, -NEAR))
    return Segment(first, first + len(values) - 1, mean, amr, up, down, near_up, near_down, len(there), reason)


def _drawn(segments: list[Segment], values: list[float], between: tuple[float, float] | None) -> list[Segment]:
    """The segments with limits that lie where values can lie."""
    if between is None or min(values) < between[0] or max(values) > between[1]:
        return segments
    low, high = between

    def within(limit: float | None) -> float | None:
        return None if limit is None else min(max(limit, low), high)

    return [
        replace(s, upl=within(s.upl), lpl=within(s.lpl), near_upl=within(s.near_upl), near_lpl=within(s.near_lpl))
        for s in segments
    ]


def _judge(values: list[float | None], segment: Segment, run: int) -> list[tuple[str, int]]:
    """Rule and sign of each point of a segment."""
    n = len(values)
    size = max((abs(v) for v in values if v is not None), default=0.0)
    noise = 1e-12 * size  # what arithmetic may add; far below anything that is counted

    def beyond(value: float | None, line: float | None) -> int:
        """+1 strictly above the line, -1 strictly below, 0 on it."""
        if value is None or line is None or abs(value - line) <= noise:
            return 0
        return 1 if value > line else -1

    side = [beyond(v, segment.mean) for v in values]
    outside = [max(0, beyond(v, segment.upl)) + min(0, beyond(v, segment.lpl)) for v in values]
    near = [
        0 if o else max(0, beyond(v, segment.near_upl)) + min(0, beyond(v, segment.near_lpl))
        for v, o in zip(values, outside, strict=True)
    ]
    steps = [0 if a is None else beyond(b, a) for a, b in pairwise(values)]
    trend, two, row = [0] * n, [0] * n, [0] * n
    for i in range(n - run + 1):
        rising = set(steps[i : i + run - 1])
        if len(rising) == 1 and 0 not in rising:
            trend[i : i + run] = [t or steps[i] for t in trend[i : i + run]]  # a turning point keeps its first trend
        sides = set(side[i : i + run])
        if len(sides) == 1 and 0 not in sides:
            row[i : i + run] = [side[i]] * run
    for i in range(n - 2):
        three = range(i, i + 3)
        if abs(sum(side[j] for j in three)) == 3 and sum(abs(near[j]) for j in three) >= 2:
            for j in three:
                two[j] = two[j] or near[j]
    found = []
    for signs in zip(outside, trend, two, row, strict=True):
        named = zip(("limit", "trend", "two-in-three", "run"), signs, strict=True)
        found.append(next(((rule, sign) for rule, sign in named if sign), ("", 0)))
    return found


def _kind(sign: int, better: int) -> str:
    if not sign:
        return "common_cause"
    group = {1: "improvement", -1: "concern", 0: "neutral"}[sign * better]
    return f"{group}_{'high' if sign > 0 else 'low'}"


def _assurance(segment: Segment, target: float | None, better: int) -> str:
    if target is None or not better:
        return ""
    if segment.upl is None or segment.lpl is None:
        return "pass" if (segment.mean - target) * better >= 0 else "fail"
    worst, best = (segment.lpl, segment.upl) if better > 0 else (segment.upl, segment.lpl)
    if (target - best) * better > 0:
        return "fail"
    return "pass" if (worst - target) * better > 0 else "hit_or_miss"


def _suggestion(points: Sequence[Point], segment: Segment, run: int) -> str:
    """Words that offer a rebase where the series has moved and stayed; a person decides."""
    there = [p for p in points[segment.first :] if p.value is not None]
    sides = [0 if p.value == segment.mean else 1 if (p.value or 0.0) > segment.mean else -1 for p in there]
    length = next((k for k, s in enumerate(reversed(sides)) if s != sides[-1]), len(sides))
    if length < run or length == len(there) or not sides[-1]:
        return ""
    return control_words.suggestion(there[-length].when, length, sides[-1] > 0, FEW)
