"""How several effects on the same people combine."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST_EFFECT = 0.95  # no set of initiatives is believed to abolish a service: closing one is a capacity decision
LARGEST_GROUP = 14  # effects that overlap with each other, directly or through others


def remaining(effects: Array, shared: Array) -> Array:
    """What each effect leaves, as a factor; the product over the first axis is what all leave together.

    `effects` has shape (effects, ...), each a share removed (negative: a share added) of one cohort; `shared` has shape
    (effects, effects), symmetric: 0 where two effects are on distinct people or independent, 1 where they are the same.
    Without overlap the factor is 1 - e, so together they take 1 - product(1 - e), never the sum. With overlap each
    effect keeps a part p of itself, (1 - e) ** p: the largest all of it, each smaller one what it adds to those above
    it. Of two that are the same only the larger counts; more effect never means more activity.

    Method: a Choquet integral of the effects' intensities -ln(1 - e) (Grabisch 1996, "The application of fuzzy
    integrals in multicriteria decision making", EJOR 89:445), over the number of distinct effects in each set.
    """
    return np.asarray(np.exp(log_remaining(effects, shared)))


def log_remaining(effects: Array, shared: Array) -> Array:
    """The logarithm of `remaining`: adding over the first axis gives what all leave together."""
    limited = np.minimum(effects, LARGEST_EFFECT)
    logs = np.log1p(-limited)
    for group in overlapping(shared):
        if len(group) > 1:
            logs[group] *= _part_kept(limited[group], shared[np.ix_(group, group)])
    return logs


def overlapping(shared: Array) -> list[list[int]]:
    """Sets of effects that overlap with each other, directly or through others; one that overlaps with none alone."""
    near = [[j for j, share in enumerate(row) if share > 0.0] for row in shared.tolist()]
    found: list[list[int]] = []
    seen: set[int] = set()
    for first in range(len(near)):
        if first in seen:
            continue
        group, edge = [first], [first]
        seen.add(first)
        while edge:
            new = [j for j in near[edge.pop()] if j not in seen]
            seen.update(new)
            group += new
            edge += new
        found.append(sorted(group))
    return found


def _part_kept(effects: Array, shared: Array) -> Array:
    """Part of each effect that counts: what it adds to the set of larger effects; same shape as `effects`.

    Effects that turn out as harm are counted among themselves in the same way: the same harm is not done twice.
    """
    gains = _gains(tuple(map(tuple, shared.tolist())))
    good = _added(np.maximum(effects, 0.0), gains)
    harm = effects < 0.0
    if harm.any():
        np.copyto(good, _added(np.maximum(-effects, 0.0), gains), where=harm)
    return good


def _added(sizes: Array, gains: Array) -> Array:
    """How many distinct effects each one adds to those larger than it, from `gains` (effects, sets by bit mask)."""
    larger = np.zeros(sizes.shape, dtype=np.int16)  # bit mask of the effects that come before each one
    for i in range(len(sizes)):
        for j in range(i):
            before = sizes[j] >= sizes[i]  # of two that are equal the first comes first
            larger[i] |= before * np.int16(1 << j)
            larger[j] |= ~before * np.int16(1 << i)
    return np.stack([gain[mask] for gain, mask in zip(gains, larger, strict=True)])


@lru_cache(maxsize=64)
def _gains(shared: tuple[tuple[float, ...], ...]) -> Array:
    """How many distinct effects each effect adds to each set that it is not in, (effects, sets by bit mask)."""
    table = np.array(_distinct(shared))
    masks = np.arange(table.size)
    return np.stack([table[masks | (1 << i)] - table for i in range(len(shared))])


def _distinct(shared: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    """How many distinct effects each set holds, by bit mask: its size less the most that it can share along a tree.

    Never less than that of a smaller set within it, so that adding an effect never takes any away.
    """
    n = len(shared)
    if n > LARGEST_GROUP:
        raise ValueError(f"{n} effects overlap with each other; at most {LARGEST_GROUP} can")
    links = sorted(((shared[i][j], i, j) for i in range(n) for j in range(i) if shared[i][j] > 0.0), reverse=True)
    out = [0.0] * (1 << n)
    for mask in range(1, 1 << n):
        size = mask.bit_count()
        best = size - _tree_weight(mask, links)
        for i in range(n):
            if mask >> i & 1:
                best = max(best, out[mask ^ (1 << i)])
        out[mask] = best
    return tuple(out)


def _tree_weight(mask: int, links: list[tuple[float, int, int]]) -> float:
    """Weight of the heaviest spanning forest of the links within a set (Kruskal 1956)."""
    root = {i: i for i in range(mask.bit_length()) if mask >> i & 1}

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    total = 0.0
    for weight, i, j in links:
        if mask >> i & 1 and mask >> j & 1:
            a, b = find(i), find(j)
            if a != b:
                root[a] = b
                total += weight
    return total
