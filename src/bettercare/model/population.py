"""Cohort-component population projection in five-year age bands.

The method is that of Preston, Heuveline and Guillot, *Demography: Measuring and Modeling Population Processes*
(Blackwell, 2001): the life table of chapter 3, the projection of chapter 6 (section 6.3; migration as in box 6.2: half
of it enters when the step begins and is exposed to death, half enters when it ends). Migration by age follows Rogers
and Castro, *Model Migration Schedules* (IIASA, 1981). Everything here is a pure function on arrays.

Shapes: an array of people is ``(..., sexes, bands)``: the last axis holds the age bands 0-4, 5-9, ... and an open last
band. A step is as long as a band, five years, so that everyone moves up exactly one band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

YEARS = 5.0
"""Width of an age band and length of a step, in years."""

MALE_SHARE_AT_BIRTH = 105.0 / 205.0
"""105 boys are born for 100 girls (Preston and others, section 6.3.1)."""


@dataclass(frozen=True)
class Survival:
    """Shares of people who live through a step.

    ``birth`` (..., sexes): of those born during the step, the share alive at its end. ``band`` (..., sexes, bands): of
    those in a band at the start, the share alive five years later (in the next band; the open band keeps its own).
    """

    birth: Array
    band: Array


@dataclass(frozen=True)
class Step:
    """One projected step: people at its end and everything that made the difference (all in people).

    ``people`` and ``migrants`` (..., sexes, bands); ``births`` (..., sexes); ``deaths`` (..., sexes). For each sex
    ``end = start + births + migrants - deaths``, exactly.
    """

    people: Array
    births: Array
    deaths: Array
    migrants: Array


def survival(deaths: Array, people: Array, *, infant_years_lived: float = 0.5) -> Survival:
    """Survival through a step from one year's deaths and the people at risk, through a life table.

    With m the deaths per person-year of a band, n = 5 years and a the years lived in the band by those who die there
    (n/2; ``infant_years_lived`` in the first band, where most deaths are in the first weeks)::

        q = n m / (1 + (n - a) m)        l(0) = 1,  l(x+n) = l(x) (1 - q)
        L = n l(x+n) + a l(x) q          the open band: L = l / m
        birth: L(0) / (n l(0))           band: L(x+n) / L(x)
        next to last and open band together: L(open) / (L(last closed) + L(open))

    The last is T(85)/T(80) in the textbook's notation, the same for both last bands. (Preston and others, 3.2 and 6.3.)

    Shapes: both arrays (..., sexes, bands). Errors: ValueError where people or deaths are negative, where nobody is at
    risk, or where nobody dies in the open band.
    """
    if np.any(people <= 0.0) or np.any(deaths < 0.0):
        raise ValueError("people must be above zero and deaths must not be negative in every band")
    if np.any(deaths[..., -1] <= 0.0):
        raise ValueError("the open age band needs deaths, or nobody in it would ever die")
    rate = deaths / people
    lived = np.full(rate.shape, YEARS / 2.0)
    lived[..., 0] = infant_years_lived
    dying = np.minimum(YEARS * rate / (1.0 + (YEARS - lived) * rate), 1.0)
    dying[..., -1] = 1.0
    alive = np.cumprod(1.0 - dying, axis=-1)
    start = np.concatenate([np.ones_like(alive[..., :1]), alive[..., :-1]], axis=-1)
    years = YEARS * alive + lived * start * dying
    years[..., -1] = start[..., -1] / rate[..., -1]
    band = np.empty_like(years)
    band[..., :-2] = years[..., 1:-1] / years[..., :-2]
    last = years[..., -1] / (years[..., -2] + years[..., -1])
    band[..., -2] = last
    band[..., -1] = last
    return Survival(birth=years[..., 0] / YEARS, band=band)


def step(people: Array, survive: Survival, fertility: Array, migrants: Array) -> Step:
    """Project people one step of five years.

    ``people`` (..., 2, bands), women first; ``fertility`` (..., bands): births a year for each woman of the band;
    ``migrants`` (..., 2, bands): net migrants over the whole step by the band that they are in at its end.

    Half of the migrants of a band are there from the start (one band younger, and exposed to death), half arrive at the
    end. Births are fertility times the mean of women at the start and at the end, five times; they survive by
    ``survive.birth``, and half of the migrants of the youngest band arrive at the end like all others; the other half
    are counted as born elsewhere and arrived in time, alive. (Preston and others, 6.3.1 and box 6.2.)

    Errors: ValueError where a band would fall below zero.
    """
    early = np.zeros_like(migrants)
    early[..., :-2] = migrants[..., 1:-1] / 2.0
    # The open band is filled from two bands: its early migrants join each in proportion to the people there.
    oldest = people[..., -2:]
    split = oldest / np.maximum(oldest.sum(axis=-1, keepdims=True), 1e-12)
    early[..., -2:] += migrants[..., -1:] / 2.0 * split
    exposed = people + early
    if np.any(exposed < 0.0):
        raise ValueError("more people leave an age band than live in it")
    living = exposed * survive.band
    end = np.zeros_like(people)
    end[..., 1:-1] = living[..., :-2]
    end[..., -1] = living[..., -2] + living[..., -1]
    late = migrants / 2.0
    late[..., 0] = migrants[..., 0]
    end = end + late
    women = (people[..., 0, :] + end[..., 0, :]) / 2.0
    born = YEARS * (fertility * women).sum(axis=-1)
    births = np.stack([born * (1.0 - MALE_SHARE_AT_BIRTH), born * MALE_SHARE_AT_BIRTH], axis=-1)
    end[..., 0] += births * survive.birth
    if np.any(end < 0.0):
        raise ValueError("an age band would fall below zero")
    deaths = (exposed * (1.0 - survive.band)).sum(axis=-1) + births * (1.0 - survive.birth)
    return Step(people=end, births=births, deaths=deaths, migrants=migrants)


def fertility_from_births(births: Array, women: Array, pattern: Array) -> Array:
    """Births a year for each woman of a band, from a year's births and an age pattern.

    ``births`` (...), ``women`` (..., bands), ``pattern`` (bands): relative fertility by age, any scale. Returns
    (..., bands) such that its sum over women gives the births.
    """
    scale = births / (women * pattern).sum(axis=-1)
    return np.asarray(np.asarray(scale)[..., None] * pattern)


def held_migrants(people: Array, survive: Survival, held: NDArray[np.bool_]) -> Array:
    """Net migration that keeps the held bands at their number, and none elsewhere.

    A method for special populations: where students dominate an age band, each leaver is replaced by a newcomer of the
    same age, so that the band does not grow old. ``held`` (..., 1 or 2, bands); the first and the last band cannot be
    held. Returns migrants (..., sexes, bands) for ``step``: with half of them exposed to death in the band below,
    ``M = (target - people below x S) / (S/2 + 1/2)``.

    Errors: ValueError where a band that cannot be held is marked.
    """
    marked = np.broadcast_to(held, people.shape)
    if np.any(marked[..., 0]) or np.any(marked[..., -1]):
        raise ValueError("the youngest and the oldest age band cannot be held")
    migrants = np.zeros_like(people)
    below = survive.band[..., :-1]
    need = people[..., 1:] - people[..., :-1] * below
    migrants[..., 1:] = need / (below / 2.0 + 0.5)
    return np.where(marked, migrants, 0.0)


def rogers_castro(
    ages: Array,
    *,
    childhood: tuple[float, float] = (0.02, 0.10),
    working: tuple[float, float, float, float] = (0.06, 20.0, 0.10, 0.40),
    constant: float = 0.003,
) -> Array:
    """Relative migration at each age: the reduced model schedule of Rogers and Castro (1981).

    ``m(x) = a1 exp(-b1 x) + a2 exp(-b2 (x - mu) - exp(-l (x - mu))) + c`` with ``childhood`` (a1, b1) and ``working``
    (a2, mu, b2, l); the defaults are their standard values. ``ages`` in years, any shape; the result has that shape.
    """
    a1, b1 = childhood
    a2, peak, b2, rise = working
    since = ages - peak
    return np.asarray(a1 * np.exp(-b1 * ages) + a2 * np.exp(-b2 * since - np.exp(-rise * since)) + constant)


def spread_migrants(total: Array, people: Array, schedule: Array, held: NDArray[np.bool_]) -> Array:
    """Spread a total of net migration over sex and age by a schedule, nothing in the held bands.

    ``total`` (...), ``people`` (..., sexes, bands), ``schedule`` (bands): relative intensity by age, which is not a
    share: people times intensity gives the weights, so that a place with few in an age band sends and gets few.
    """
    weights = np.where(np.broadcast_to(held, people.shape), 0.0, people * schedule)
    share: Array = weights / weights.sum(axis=(-2, -1), keepdims=True)
    return np.asarray(np.asarray(total)[..., None, None] * share)


def between(start: Array, end: Array, share: float) -> Array:
    """People a share of the step after its start (0 to 1), on a straight line in every band; below 0 looks back."""
    return start + (end - start) * share
