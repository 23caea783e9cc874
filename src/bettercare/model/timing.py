"""When an initiative starts and how much of a year it works.

Times are months since the start of the base year (1 April), as floats.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bettercare.foundation.years import DAYS_PER_MONTH

Array = NDArray[np.float64]
Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True)
class Milestone:
    """A dated event: its initiative's slip moves it, and it waits for those it depends on."""

    month: float
    slip: int  # column of the slips that moves it (-1: it never moves)
    after: tuple[int, ...] = ()  # positions of the milestones that must come first
    gap_months: float = 0.0


def ordered(after: Mapping[Node, Iterable[Node]], wanted: Iterable[Node]) -> list[Node]:
    """What is wanted and all that it waits for, each after what it waits for; ValueError names those in a circle.

    Works without recursion, so that a chain of any length does.
    """
    done: dict[Node, None] = {}
    for first in wanted:
        way = {} if first in done else {first: iter(after[first])}  # from the first, each waiting for the next
        while way:
            here = next(reversed(way))
            for before in way[here]:
                if before in way:
                    names = list(way)
                    circle = ", ".join(map(str, names[names.index(before) :]))
                    raise ValueError(f"milestones wait for each other: {circle}")
                if before not in done:
                    way[before] = iter(after[before])
                    break
            else:
                del way[here]
                done[here] = None
    return list(done)


def starts(milestones: Sequence[Milestone], slips: Array) -> Array:
    """Month in which each milestone comes, shape (milestones, draws), given slips in months, shape (slips, draws).

    A milestone comes on its planned date plus its slip, or `gap_months` after the last of those that it waits for,
    whichever is later: so one delay passes through all that depends on it.
    """
    draws = slips.shape[1]
    out = np.empty((len(milestones), draws))
    for i in ordered({i: m.after for i, m in enumerate(milestones)}, range(len(milestones))):
        m = milestones[i]
        when = np.full(draws, m.month) + (slips[m.slip] if m.slip >= 0 else 0.0)
        for j in m.after:
            np.maximum(when, out[j] + m.gap_months, out=when)
        out[i] = when
    return out


def days_after(first: date, months: float) -> float:
    """Days from a first of the month to a moment given in months from it, as `years.months_between` counts them."""
    whole = math.floor(months)
    month = first.year * 12 + first.month - 1 + whole
    month = min(max(month, 12), 12 * date.max.year + 11)  # the calendar begins and ends there
    begins = date(month // 12, month % 12 + 1, 1)
    return round((begins - first).days + (months - whole) * DAYS_PER_MONTH, 9)  # so that a date is found to the day


def average_ramp(start: Array, ramp_months: float, years: int) -> Array:
    """Average effect, 0 to 1, over each of `years` years from the base year, shape (years, draws).

    The effect rises in a straight line from 0 at `start` to 1 `ramp_months` later. The base year's own value is 0 by
    definition: what was already working is in the base-year counts.
    """
    edges = 12.0 * np.arange(years + 1)[:, None]
    since = np.maximum(edges - start[None, :], 0.0)
    if ramp_months > 0.0:
        rising = np.minimum(since, ramp_months)
        area = rising * rising / (2.0 * ramp_months) + (since - rising)
    else:
        area = since
    ramp = np.diff(area, axis=0) / 12.0
    ramp[0] = 0.0
    return np.asarray(ramp, dtype=np.float64)
