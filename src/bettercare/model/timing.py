"""When an initiative starts and how much of a year it works.

Times are months since the start of the base year (1 April), as floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Milestone:
    """A dated event: its initiative's slip moves it, and it waits for those it depends on."""

    month: float
    slip: int  # column of the slips that moves it (-1: it never moves)
    after: tuple[int, ...] = ()  # positions of the milestones that must come first
    gap_months: float = 0.0


def order(milestones: Sequence[Milestone]) -> list[int]:
    """Positions in an order in which each comes after all that it depends on; ValueError names a cycle's members."""
    state = [0] * len(milestones)
    out: list[int] = []

    def visit(i: int, path: tuple[int, ...]) -> None:
        if state[i] == 2:
            return
        if state[i] == 1:
            raise ValueError(f"milestones wait for each other: {path}")
        state[i] = 1
        for j in milestones[i].after:
            visit(j, (*path, j))
        state[i] = 2
        out.append(i)

    for i in range(len(milestones)):
        visit(i, (i,))
    return out


def starts(milestones: Sequence[Milestone], slips: Array) -> Array:
    """Month in which each milestone comes, shape (milestones, draws), given slips in months, shape (slips, draws).

    A milestone comes on its planned date plus its slip, or `gap_months` after the last of those that it waits for,
    whichever is later: so one delay passes through all that depends on it.
    """
    draws = slips.shape[1]
    out = np.empty((len(milestones), draws))
    for i in order(milestones):
        m = milestones[i]
        when = np.full(draws, m.month) + (slips[m.slip] if m.slip >= 0 else 0.0)
        for j in m.after:
            np.maximum(when, out[j] + m.gap_months, out=when)
        out[i] = when
    return out


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
