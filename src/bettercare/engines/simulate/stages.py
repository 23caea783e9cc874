"""From random numbers to stages: which station, which rule, where to next. One pass, compiled, as plain as it reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import STAGE, Records
from bettercare.engines.simulate.compiled import compiled
from bettercare.engines.simulate.network import Network, Stay

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SPLIT = 2.0**26  # one uniform number makes two of 26 bits
KINDS = ("lognormal", "gamma", "exponential", "fixed")


class Tables(NamedTuple):
    """The steps of a network as arrays; the stations of step i are entries first[i] to first[i + 1] of an alias table.

    `until` holds cumulated shares of the routes of each step, (steps, routes), and the others one column more: the last
    is the way home.
    """

    mu: Array
    sigma: Array
    rule: Ints
    outlying: Array
    overflow: Array
    first: Ints
    chance: Array
    own: Ints
    other: Ints
    until: Array
    to: Ints
    hold: Array
    reason: Ints


def tables(n: Network) -> Tables:
    """The tables of a network."""
    step_at = {s.name: i for i, s in enumerate(n.steps)}
    rule_at = {r.name: i for i, r in enumerate(n.rules)}
    reason_at = {r: i for i, r in enumerate(n.reasons)}
    logs = np.array([lognormal(s.stay) for s in n.steps]).reshape(-1, 2)
    size, routes = len(n.steps), max((len(s.routes) for s in n.steps), default=0)
    until, to = np.full((size, routes), 2.0), np.full((size, routes + 1), -1)  # 2: past any uniform number
    hold, reason = np.zeros((size, routes + 1)), np.zeros((size, routes + 1), dtype=np.int64)
    for i, step in enumerate(n.steps):
        until[i, : len(step.routes)] = np.cumsum([r.share for r in step.routes])
        for k, r in enumerate(step.routes):
            to[i, k] = step_at[r.to] if r.to is not None else -1
            hold[i, k], reason[i, k] = r.hold, reason_at[r.reason]
        if step.routes and until[i, len(step.routes) - 1] > 1.0 - 1e-9:  # nobody is left over by rounding
            until[i, len(step.routes) - 1] = 2.0
    chance, own, other, first = _where(n)
    return Tables(
        mu=logs[:, 0].copy(),
        sigma=logs[:, 1].copy(),
        rule=np.array([rule_at[s.rule] for s in n.steps], dtype=np.int64),
        outlying=np.array([s.outlying for s in n.steps], dtype=np.float64),
        overflow=np.array([s.overflow for s in n.steps], dtype=np.float64),
        first=first,
        chance=chance,
        own=own,
        other=other,
        until=until,
        to=to,
        hold=hold,
        reason=reason,
    )


def lognormal(stay: Stay) -> tuple[float, float]:
    """mu and sigma of the lognormal with this mean and standard deviation."""
    if stay.mean <= 0.0:
        return -np.inf, 0.0
    variance = np.log1p((stay.sd / stay.mean) ** 2)
    return float(np.log(stay.mean) - variance / 2.0), float(np.sqrt(variance))


def _where(n: Network) -> tuple[Array, Ints, Ints, Ints]:
    """Alias tables (Walker 1977; Vose 1991) of all steps, one after the other: chance, own and other station."""
    at = {s.name: i for i, s in enumerate(n.stations)}
    chances, own, other, first = [np.zeros(0)], [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], [0]
    for step in n.steps:
        chance, alias = _alias(np.array([p for _, p in step.where]))
        here = np.array([at[name] for name, _ in step.where], dtype=np.int64)
        chances.append(chance)
        own.append(here)
        other.append(here[alias])
        first.append(first[-1] + here.size)
    return np.concatenate(chances), np.concatenate(own), np.concatenate(other), np.array(first, dtype=np.int64)


def _alias(weights: Array) -> tuple[Array, Ints]:
    """An alias table: take entry k with chance[k], else its alias."""
    n = weights.size
    chance = weights * n / weights.sum()
    alias = np.arange(n)
    small = [i for i in range(n) if chance[i] < 1.0]
    large = [i for i in range(n) if chance[i] >= 1.0]
    while small and large:
        a, b = small.pop(), large.pop()
        alias[a] = b
        chance[b] -= 1.0 - chance[a]
        (small if chance[b] < 1.0 else large).append(b)
    for i in (*small, *large):
        chance[i] = 1.0
    return chance, alias


def level(t: Tables, rng: np.random.Generator, step: Ints, made: int) -> tuple[Records, Ints]:
    """One stage of each person, and the steps that those who go on begin next.

    `made` is the number of stages already there; treatment is left as mu + sigma z, to be turned into days.
    """
    out = np.zeros(step.size, dtype=STAGE).view(np.recarray)
    onward = np.empty(step.size, dtype=np.int64)
    score = rng.standard_normal(step.size)
    place, route = rng.random(step.size), rng.random(step.size)
    apart = rng.random(step.size) if t.outlying.any() or t.overflow.any() else place
    going = _fill(t, step, score, place, route, apart, made + step.size, out, onward)
    held = np.flatnonzero(out.hold)
    out.hold[held] *= rng.standard_exponential(held.size)
    return out, onward[:going].copy()


@compiled
def _fill(
    t: Tables,
    step: Ints,
    score: Array,
    place: Array,
    route: Array,
    apart: Array,
    following: int,
    out: Records,
    onward: Ints,
) -> int:
    going = 0
    for i in range(step.shape[0]):
        s = step[i]
        stage = out[i]
        at = place[i] * (t.first[s + 1] - t.first[s])
        k = t.first[s] + int(at)
        stage.station = t.own[k] if at - int(at) < t.chance[k] else t.other[k]
        stage.rule = t.rule[s]
        near = apart[i] * SPLIT  # its whole part decides about another ward, what is left of it about another site
        stage.mode = (1 if int(near) < t.outlying[s] * SPLIT else 0) + (2 if near - int(near) < t.overflow[s] else 0)
        way = 0
        while way < t.until.shape[1] and route[i] >= t.until[s, way]:
            way += 1
        stage.reason = t.reason[s, way]
        stage.hold = t.hold[s, way]
        stage.treatment = t.mu[s] + t.sigma[s] * score[i]
        if t.to[s, way] < 0:
            stage.following = -1
        else:
            stage.following = following + going
            onward[going] = t.to[s, way]
            going += 1
    return going
