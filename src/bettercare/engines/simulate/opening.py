"""How many beds of a station are open when: changes of their number, and hours of the day."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import NO_LIMIT
from bettercare.engines.simulate.network import Station

_CLOSES, _OPENS, _CHANGES = range(3)  # in the order in which they count at one moment: open day and night stays open


def openings_of(station: Station, first: float, last: float, more: int = 0) -> list[tuple[float, int]]:
    """(day, beds open from then on): at `first`, and at every later change up to and at `last`.

    NO_LIMIT beds where nothing limits them. `more` (or, below zero, fewer) are there for the whole time; outside its
    hours a station has none.
    """
    number = NO_LIMIT if station.beds is None else max(0, station.beds + more)
    events = [(day, _CHANGES, max(0, beds + more)) for day, beds in station.changes]
    if station.hours is not None:
        opens, closes = station.hours
        for day in range(math.floor(first) - 1, math.ceil(last) + 1):
            events += [(day + closes, _CLOSES, 0), (day + opens, _OPENS, 0)]
    is_open = station.hours is None
    out = [(first, number if is_open else 0)]
    for time, together in groupby(sorted(events), key=lambda event: event[0]):
        for _, what, beds in together:
            number = beds if what == _CHANGES else number
            is_open = is_open if what == _CHANGES else what == _OPENS
        now = number if is_open else 0
        if time <= first:
            out[0] = (first, now)
        elif time <= last and now != out[-1][1]:
            out.append((time, now))
    return out


def beds_at(station: Station, times: NDArray[np.float64], more: int = 0) -> NDArray[np.int64]:
    """Beds open at each of some times, which are finite."""
    if not times.size:
        return np.zeros(0, dtype=np.int64)
    days, beds = zip(*openings_of(station, float(times.min()), float(times.max()), more), strict=True)
    return np.array(beds, dtype=np.int64)[np.searchsorted(days, times, side="right") - 1]
