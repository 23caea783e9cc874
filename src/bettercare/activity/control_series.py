"""What a control chart is drawn from: values by date, targets, and where limits begin afresh; all checked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from bettercare.activity import control_words
from bettercare.foundation.problems import UsageError

if TYPE_CHECKING:
    from bettercare.activity.control_chart import Rebase

DIRECTIONS = {"up": 1, "down": -1, "neither": 0}
Targets = float | Sequence[tuple[date | str, float]] | None


def _day(value: date | str, wrong: list[str]) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    except ValueError:
        wrong.append(f"{value!r} is not a date: write 2014-04-30, or 2014-04 for a month.")
        return None


def checked(
    values: Sequence[float | None],
    dates: Sequence[date | str],
    direction: str,
    target: Targets,
    rebase: Sequence[Rebase],
    baseline: int | None,
    run: int,
    gaps: bool,
) -> tuple[list[tuple[date, float | None]], tuple[tuple[date, float], ...], list[int]]:
    """The series in order, the targets, and where each rebase begins; or a `UsageError` that says all that is wrong."""
    wrong: list[str] = []
    if direction not in DIRECTIONS:
        wrong.append(f"The direction is {direction!r}; it must be up, down or neither.")
    if run < 3:
        wrong.append(f"A run of {run} is too short to mean anything; use 7, or at least 3.")
    if baseline is not None and baseline < 2:
        wrong.append(f"A baseline of {baseline} has no moving range; use 12 or more points, or leave it out.")
    if len(values) != len(dates):
        wrong.append(f"There are {len(values)} values and {len(dates)} dates; each value needs its date.")
    days = [_day(d, wrong) for d in dates]
    twice = [str(d) for d, n in Counter(d for d in days if d).items() if n > 1]
    if twice:
        wrong.append(f"There is more than one value for {', '.join(twice[:5])}; a date may occur once.")
    series = sorted(((d, v) for d, v in zip(days, values, strict=False) if d), key=lambda pair: pair[0])
    series = [(d, None if v is None or math.isnan(v) else v) for d, v in series]
    if any(v is not None and math.isinf(v) for _, v in series):
        wrong.append("A value is infinite; leave it out.")
    if all(v is None for _, v in series):
        wrong.append("There are no values to draw.")
    given: list[tuple[date, float]] = []
    if isinstance(target, int | float):
        given = [(date.min, float(target))]
    elif target is not None:
        given = sorted((d, float(v)) for d, v in ((_day(d, wrong), v) for d, v in target) if d)
    if not all(math.isfinite(v) for _, v in given) or len({d for d, _ in given}) < len(given):
        wrong.append("Each target needs a date of its own and a finite value.")
    if not wrong:
        series, lacking = control_words.spread(series)
        if lacking and not gaps:
            wrong.append(
                f"There is no value for {', '.join(map(str, lacking[:5]))}: runs and moving ranges cannot reach across "
                "a gap. Give the value, or pass gaps=True to break the series there."
            )
    starts = _starts([d for d, _ in series], [v is not None for _, v in series], rebase, wrong)
    if wrong:
        raise UsageError("\n".join(wrong))
    return series, tuple(given), starts


def _starts(days: list[date], there: list[bool], rebase: Sequence[Rebase], wrong: list[str]) -> list[int]:
    starts: list[int] = []
    for r in rebase:
        day = _day(r.on, wrong)
        if not r.reason.strip() or not r.by.strip():
            wrong.append(f"The rebase on {r.on} needs a reason and the name of who decided it.")
        if day is None or not days:
            continue
        at = next((i for i, d in enumerate(days) if d >= day), len(days))
        if not any(there[starts[-1] if starts else 0 : at]) or not any(there[at:]):
            wrong.append(
                f"Limits drawn afresh from {day.day} {day:%B %Y} would leave no figure before or none after that day. "
                "Choose a day with figures on both sides, after the last one chosen."
            )
        starts.append(at)
    return starts
