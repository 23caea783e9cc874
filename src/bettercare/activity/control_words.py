"""What a control chart says, in words that need no training; and the months that a series leaves out."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from bettercare.foundation.problems import count

VARIATION = {
    "common_cause": "No clear change: it goes up and down as chance would have it",
    "improvement_high": "Getting better: higher than chance explains",
    "improvement_low": "Getting better: lower than chance explains",
    "concern_high": "Getting worse: higher than chance explains",
    "concern_low": "Getting worse: lower than chance explains",
    "neutral_high": "Changed: higher than chance explains (neither way is better)",
    "neutral_low": "Changed: lower than chance explains (neither way is better)",
}
ASSURANCE = {
    "": "",
    "pass": "As things are, the target will be met every time",
    "fail": "As things are, the target will be missed every time: something has to change",
    "hit_or_miss": "As things are, whether the target is met is a matter of chance",
}
ROUNDING = "No verdict: rounding of the counts alone could explain the change"
ROUNDING_TARGET = "No verdict on the target: it is nearer to the limits than rounding of the counts can tell"
RULES = {
    "limit": "the last point is outside the limits",
    "trend": "the last {run} points all go the same way",
    "two-in-three": "two of the last three points are close to a limit",
    "run": "{run} points in a row are on one side of the average",
}


def variation(kind: str, rule: str, run: int) -> str:
    """The finding, with the rule that it rests on: `Getting better: ... (7 points in a row are on one side ...)`."""
    why = RULES.get(rule, "").format(run=run)
    return VARIATION[kind] + (f" \u2013 {why}" if why else "")


def rounded() -> str:
    """That counts are rounded, and what follows from it."""
    return "Counts are rounded, so each point may be a little off; what rounding alone could explain is no finding."


def cautions(points: int, flat: bool, number: int, segments: int, baseline: int | None, few: int) -> list[str]:
    """What a reader should keep in mind about the limits of a segment."""
    where = "" if segments == 1 else f" in part {number + 1} of {segments}"
    found = []
    if points < few:
        found.append(f"Trial limits: only {count(points, 'point')}{where}; with fewer than {few} they may still move.")
    if flat:
        found.append(f"The values hardly vary{where}, so there are no limits and no point can be outside them.")
    if baseline and baseline > points:
        found.append(f"The baseline of {baseline} points is longer than the series{where}: all points were used.")
    return found


def holes(missing: int) -> str:
    """That values are missing."""
    return (
        f"{count(missing, 'value is', 'values are')} missing or hidden to protect people; "
        "no trend, run or moving range reaches across the gap."
    )


def bounded(low: float, high: float) -> str:
    """That limits were drawn no further than values can go."""
    return f"Limits are drawn no further than {low:g} and {high:g}, because no value can lie beyond."


def suggestion(start: date, length: int, high: bool, few: int) -> str:
    """An offer to draw the limits afresh."""
    words = (
        f"The last {length} points are all {'above' if high else 'below'} the average. A person may decide to draw the "
        f"limits afresh from {start:%B %Y}, if the change is large, its cause is understood, it is expected to last, "
        "and there are enough points."
    )
    return words + (f" There are {length} so far; {few} are better." if length < few else "")


def spread(series: list[tuple[date, float | None]]) -> tuple[list[tuple[date, float | None]], list[date]]:
    """The series with a place for each date that it leaves out, and the dates without a value.

    A series by months, quarters, weeks or days is recognised by its smallest step; dates without a common step (the
    days of meetings, say) leave nothing out.
    """
    days = [d for d, _ in series]
    filled = dict(series)
    if len(days) > 2 and len({d.day for d in days}) == 1 and days[0].day <= 28:
        at = [12 * d.year + d.month - 1 for d in days]
        step = min(b - a for a, b in pairwise(at))
        if all((a - at[0]) % step == 0 for a in at):
            for month in range(at[0], at[-1] + 1, step):
                filled.setdefault(date(month // 12, month % 12 + 1, days[0].day), None)
    elif len(days) > 2:
        steps = [(b - a).days for a, b in pairwise(days)]
        step = min(steps)
        if step in (1, 7, 14) and all(s % step == 0 for s in steps):
            for i in range(0, (days[-1] - days[0]).days + 1, step):
                filled.setdefault(days[0] + timedelta(days=i), None)
    whole = sorted(filled.items())
    return whole, [d for d, v in whole if v is None]
