"""What the limits of a control chart say of its target, by the rules of Making Data Count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bettercare.activity.control_chart import Ends, Point, Segment


def target_verdicts(
    points: Sequence[Point], ends: Sequence[Ends | None], segment: Segment, target: float | None, better: int
) -> set[str]:
    """The verdicts (pass, fail, hit_or_miss or blank) with the limits as they are, and moved as rounding may have.

    `ends` are the least and the most that each value may truly be: their means say how far the mean may be off.
    `better` is +1 where up is better, -1 where down is, and 0 where neither is.
    """
    known = [(p.value, e) for p, e in zip(points, ends, strict=True) if p.value is not None and e]
    off = [(least - value, most - value) for value, (least, most) in known]
    moved = (0.0, *(math.fsum(side) / len(off) for side in zip(*off, strict=True)))
    return {_assurance(_moved(segment, by), target, better) for by in moved}


def _moved(segment: Segment, by: float) -> Segment:
    upl, lpl = (None if limit is None else limit + by for limit in (segment.upl, segment.lpl))
    return replace(segment, mean=segment.mean + by, upl=upl, lpl=lpl)


def _assurance(segment: Segment, target: float | None, better: int) -> str:
    if target is None or not better:
        return ""
    if segment.upl is None or segment.lpl is None:
        return "pass" if (segment.mean - target) * better >= 0 else "fail"
    worst, best = (segment.lpl, segment.upl) if better > 0 else (segment.upl, segment.lpl)
    if (target - best) * better > 0:
        return "fail"
    return "pass" if (worst - target) * better > 0 else "hit_or_miss"
