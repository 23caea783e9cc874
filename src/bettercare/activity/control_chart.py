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

Where values come from rounded counts (`rounding`), a point has a finding only if its rule holds wherever the true
values lie between their ends, beside mean and limits as drawn. A verdict on a target stands only if it is the same with
the limits moved as far as rounding may have moved the mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from bettercare.activity import control_words
from bettercare.activity.control_series import DIRECTIONS, Targets, checked
from bettercare.activity.control_target import target_verdicts

LIMIT = 2.66
NEAR = 2.0 * LIMIT / 3.0
SCREEN = 3.267
Ends = tuple[float, float]  # the least and the most that a value may truly be
TO_JUDGE = 7  # with fewer points no run or trend can be seen, so nothing calls for attention
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
    unsure: tuple[str, ...] = ()  # "variation", "assurance": there is no verdict, as rounding could explain it

    @property
    def variation_words(self) -> str:
        """What the variation means, for anybody."""
        if "variation" in self.unsure:
            return control_words.ROUNDING
        return control_words.variation(self.variation, self.last.rule, self.run)

    @property
    def assurance_words(self) -> str:
        """What the limits say of the target, for anybody; blank without a target."""
        if "assurance" in self.unsure:
            return control_words.ROUNDING_TARGET
        return control_words.ASSURANCE[self.assurance]

    @property
    def enough(self) -> bool:
        """Whether there are points enough to say whether it changes."""
        return sum(p.value is not None for p in self.points) >= TO_JUDGE

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
    rounding: Mapping[date, Ends] | None = None,
) -> ControlChart:
    """Judge a series. `direction` says which way is better: up, down or neither.

    `target` is one value, or pairs of the date from which it holds and the value. `baseline` takes mean and limits of
    each segment from its first so many points. `screen` leaves out moving ranges above 3.267 times their average when
    the limits are set. A missing value or month is refused unless `gaps`: then no moving range, trend or run reaches
    across it. `between` is the least and the most that a value can be, 0 and 100 for a percentage: no limit is drawn
    beyond them (unless a value lies there, as when more than all beds are taken). `rounding` gives the least and the
    most that the true value of a day may be, where counts behind it were rounded.
    """
    series, targets, starts = checked(values, dates, direction, target, rebase, baseline, run, gaps)
    cuts = [0, *starts, len(series)]
    points: list[Point] = []
    segments, warnings = [], []
    reasons = ["", *(r.reason for r in rebase)]
    ends = [None if v is None else (rounding or {}).get(d, (v, v)) for d, v in series]
    for number, (first, last) in enumerate(pairwise(cuts)):
        part = series[first:last]
        segment = _segment([v for _, v in part], first, baseline, screen, reasons[number])
        segments.append(segment)
        warnings += control_words.cautions(segment.points, segment.upl is None, number, len(cuts) - 1, baseline, FEW)
        judged = _judge(ends[first:last], segment, run)
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
    if rounding:
        warnings.append(control_words.rounded())
    own = slice(segments[-1].first, None)
    changed = _hidden_by_rounding(points[own], segments[-1], run)
    verdicts = target_verdicts(points[own], ends[own], segments[-1], held, DIRECTIONS[direction])
    unsure = (*(("variation",) if changed else ()), *(("assurance",) if len(verdicts) > 1 else ()))
    return ControlChart(
        tuple(points), tuple(drawn), direction, run, screen, targets, end.kind,
        verdicts.pop() if len(verdicts) == 1 else "", tuple(warnings),
        "" if changed else _suggestion(points, segments[-1], run), tuple(rebase), unsure,
    )  # fmt: skip


def _hidden_by_rounding(points: Sequence[Point], segment: Segment, run: int) -> bool:
    """Whether the last value would have a finding, were it exact, and has none."""
    plain = _judge([None if p.value is None else (p.value, p.value) for p in points], segment, run)
    last = max(i for i, p in enumerate(points) if p.value is not None)
    return bool(plain[last][0]) and not points[last].rule


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


def _judge(values: Sequence[Ends | None], segment: Segment, run: int) -> list[tuple[str, int]]:
    """Rule and sign of each point of a segment; of each value the least and the most that it may be."""
    n = len(values)
    size = max((abs(v) for ends in values if ends for v in ends), default=0.0)
    noise = 1e-12 * size  # what arithmetic may add; far below anything that is counted

    def beyond(value: Ends | None, line: Ends | None) -> int:
        """+1 strictly above the line wherever both may be, -1 strictly below, 0 on it or not known."""
        if value is None or line is None:
            return 0
        return int(value[0] - line[1] > noise) - int(line[0] - value[1] > noise)

    def against(line: float | None) -> list[int]:
        return [beyond(v, None if line is None else (line, line)) for v in values]

    side = against(segment.mean)
    outside = [max(0, up) + min(0, down) for up, down in zip(against(segment.upl), against(segment.lpl), strict=True)]
    near = [
        0 if o else max(0, up) + min(0, down)
        for up, down, o in zip(against(segment.near_upl), against(segment.near_lpl), outside, strict=True)
    ]
    steps = [beyond(b, a) for a, b in pairwise(values)]
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


def _suggestion(points: Sequence[Point], segment: Segment, run: int) -> str:
    """Words that offer a rebase where the series has moved and stayed; a person decides."""
    there = [p for p in points[segment.first :] if p.value is not None]
    sides = [0 if p.value == segment.mean else 1 if (p.value or 0.0) > segment.mean else -1 for p in there]
    length = next((k for k, s in enumerate(reversed(sides)) if s != sides[-1]), len(sides))
    if length < run or length == len(there) or not sides[-1]:
        return ""
    return control_words.suggestion(there[-length].when, length, sides[-1] > 0, FEW)
