"""A walk through tables that read the same when published: proof that a hidden small number stays hidden.

Starting from the true table, one count at a time goes up or down by one, others making up for it where they must, and
never so that anything published would read differently. Whoever sees only what is published cannot tell any of the
tables on the way from the true one; a hidden cell that took four values on the way can therefore not be known more
closely than that, whatever method is used. Where the walk is stuck, more is hidden, and it goes on.

Arrays: `value`, `low` and `high` hold a row a count and a column an entry (cells and margins alike); `touch[cell]` are
the entries that a cell is part of, the cell itself first, and the cells of an entry are
`parts[first[entry] : first[entry + 1]]`; `scratch` is room to work in;
`whole[count]` is the count that it is part of, or -1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

ENOUGH = 4  # values that must remain possible
TOP = 62  # values above share the last bit of `seen`
BOUNDLESS = 1 << 40
Ints = np.ndarray[Any, np.dtype[np.int64]]
F = TypeVar("F", bound=Callable[..., Any])


def _compiled(function: F) -> F:
    """The function compiled on its first call and kept on disk; nothing allocates, so no references are counted."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
    return cast(F, njit(**options)(function))


@_compiled
def _bits(mask: int) -> int:
    n = 0
    while mask:
        mask &= mask - 1
        n += 1
    return n


@_compiled
def _corners(cell: int, axes: int, pick: int, shape: Ints, stride: Ints, out: Ints) -> int:
    """The corners of the box between a cell and the one that `pick` stands for; its number of corners is returned.

    Corners at an odd number of steps from the cell get the opposite change, so that the margins along `axes` keep.
    """
    n = 1
    out[0] = cell
    for k in range(len(shape)):
        if axes >> k & 1:
            own = cell // stride[k] % shape[k]
            other = pick % (shape[k] - 1)
            pick //= shape[k] - 1
            if other >= own:
                other += 1
            for i in range(n):
                out[n + i] = out[i] + (other - own) * stride[k]
            n *= 2
    return n


@_compiled
def _boxes(axes: int, shape: Ints) -> int:
    n = 1
    for k in range(len(shape)):
        if axes >> k & 1:
            n *= shape[k] - 1
    return n


@_compiled
def _kin(whole: Ints, count: int) -> int:
    """The count that one is part of, or else its own part; -1 where there is neither."""
    if whole[count] >= 0:
        return int(whole[count])
    for part in range(len(whole)):
        if whole[part] == count:
            return part
    return -1


@_compiled
def _shift(value: Ints, touch: Ints, whole: Ints, count: int, cell: int, step: int, kin: int) -> int:
    """Change one cell of a count; a whole grows with its part and a part shrinks with its whole where it must.

    With `kin` (not -1) that count changes too, as if somebody who is in both came or went. Returned is which counts
    changed, as bits.
    """
    own = touch[cell, 0]
    moved = 1 << count
    for k in range(touch.shape[1]):
        t = touch[cell, k]
        value[count, t] += step
    if kin >= 0:
        moved |= 1 << kin
        for k in range(touch.shape[1]):
            t = touch[cell, k]
            value[kin, t] += step
    again = True
    while again:
        again = False
        for part in range(len(whole)):
            if whole[part] >= 0 and value[part, own] > value[whole[part], own]:
                other = whole[part] if step > 0 else part
                moved |= 1 << other
                again = True
                for k in range(touch.shape[1]):
                    t = touch[cell, k]
                    value[other, t] += step
    return moved


@_compiled
def _apply(
    value: Ints, touch: Ints, whole: Ints, count: int, kin: int, corners: Ints, n: int, step: int, moved: Ints
) -> None:
    for i in range(n):
        moved[i] = _shift(value, touch, whole, count, corners[i], step if _bits(i) % 2 == 0 else -step, kin)


@_compiled
def _undo(value: Ints, touch: Ints, corners: Ints, n: int, step: int, moved: Ints) -> None:
    for i in range(n):
        back = -step if _bits(i) % 2 == 0 else step
        for c in range(len(value)):
            if moved[i] >> c & 1:
                for k in range(touch.shape[1]):
                    t = touch[corners[i], k]
                    value[c, t] += back


@_compiled
def _fits(value: Ints, low: Ints, high: Ints, touch: Ints, corners: Ints, n: int, moved: Ints) -> bool:
    for i in range(n):
        for c in range(len(value)):
            if moved[i] >> c & 1:
                for k in range(touch.shape[1]):
                    t = touch[corners[i], k]
                    if value[c, t] < low[c, t] or value[c, t] > high[c, t]:
                        return False
    return True


@_compiled
def _movable(
    value: Ints, low: Ints, high: Ints, cost: Ints, touch: Ints, count: int, corners: Ints, n: int, step: int, pay: bool
) -> bool:
    """Whether the corners themselves can change, some perhaps at a price; quicker to say than all the rest."""
    for i in range(n):
        t = touch[corners[i], 0]
        new = value[count, t] + (step if _bits(i) % 2 == 0 else -step)
        if low[count, t] == high[count, t] or not (low[count, t] <= new <= high[count, t] or (pay and cost[count, t])):
            return False
    return True


@_compiled
def _price(
    value: Ints, low: Ints, high: Ints, cost: Ints, touch: Ints, corners: Ints, n: int, moved: Ints, found: Ints
) -> int:
    """What it costs to hide all that stands in the way of a change, and which entries (`found`); -1: impossible."""
    total, entries = 0, 0
    width = value.shape[1]
    for i in range(n):
        for c in range(len(value)):
            if moved[i] >> c & 1:
                for k in range(touch.shape[1]):
                    t = touch[corners[i], k]
                    if low[c, t] <= value[c, t] <= high[c, t]:
                        continue
                    if cost[c, t] <= 0:
                        return -1
                    known = False
                    for j in range(1, entries + 1):
                        known |= found[j] == c * width + t
                    if not known:
                        entries += 1
                        found[entries] = c * width + t
                        total += cost[c, t]
    found[0] = entries
    return total


@_compiled
def _seek(
    value: Ints, low: Ints, high: Ints, cost: Ints, touch: Ints, whole: Ints, shape: Ints, stride: Ints, parts: Ints,
    first: Ints, seen: Ints, count: int, entry: int, step: int, best: Ints, pay: bool,
    scratch: Ints,
) -> int:  # fmt: skip
    """Change an entry by `step` (0 is returned), or say at what price of hiding it could be (`best` lists what).

    -1: not at any price. Without `pay` no price is asked for.
    """
    corners, moved, found = scratch[0], scratch[1], scratch[2]
    cheapest = -1
    before = value[count, entry]
    kin = _kin(whole, count)
    for axes in range(1 << len(shape)):
        for at in range(first[entry], first[entry + 1]):
            cell = parts[at]
            if low[count, touch[cell, 0]] == high[count, touch[cell, 0]]:
                continue
            for pick in range(_boxes(axes, shape)):
                n = _corners(cell, axes, pick, shape, stride, corners)
                if not _movable(value, low, high, cost, touch, count, corners, n, step, pay):
                    continue
                for together in range(1 if kin < 0 else 2):
                    _apply(value, touch, whole, count, kin if together else -1, corners, n, step, moved)
                    right = value[count, entry] == before + step
                    if right and _fits(value, low, high, touch, corners, n, moved):
                        for i in range(n):
                            for c in range(len(value)):
                                for k in range(touch.shape[1]):
                                    t = touch[corners[i], k]
                                    seen[c, t] |= 1 << max(0, min(value[c, t], TOP))
                        return 0
                    if right and pay:
                        price = _price(value, low, high, cost, touch, corners, n, moved, found)
                        if price > 0 and (cheapest < 0 or price < cheapest):
                            cheapest = price
                            for j in range(found[0] + 1):
                                best[j] = found[j]
                    _undo(value, touch, corners, n, step, moved)
    return cheapest


@_compiled
def explore(
    value: Ints, low: Ints, high: Ints, cost: Ints, touch: Ints, whole: Ints, shape: Ints, stride: Ints, parts: Ints,
    first: Ints, seen: Ints, needs: Ints, hide: bool, hidden: Ints, scratch: Ints,
) -> int:  # fmt: skip
    """Walk until every entry of `needs` took enough values; how many did not is returned.

    With `hide`, what stands in the way is hidden: `low` and `high` open, and `hidden` is set. `cost` is the price of
    hiding an entry (1: a cell, 0: never); a cell opens to 8 and above only, as no smaller cell is ever hidden so.
    """
    best, price = scratch[3:5], scratch[5]
    width = value.shape[1]
    left = 0
    for need in needs:
        c, t = need // width, need % width
        while _bits(seen[c, t]) < ENOUGH:
            for way in range(2):  # up as far as it goes, then down
                price[way] = 0
                while _bits(seen[c, t]) < ENOUGH and price[way] == 0:
                    price[way] = -1
                    if value[c, t] < high[c, t] if way == 0 else value[c, t] > low[c, t]:
                        price[way] = _seek(
                            value, low, high, cost, touch, whole, shape, stride, parts, first, seen, c, t, 1 - 2 * way,
                            best[way], hide, scratch,
                        )  # fmt: skip
            if _bits(seen[c, t]) >= ENOUGH:
                break
            if price[0] < 0 and price[1] < 0:
                left += 1
                break
            chosen = best[0 if price[1] < 0 or 0 < price[0] <= price[1] else 1]
            for j in range(1, chosen[0] + 1):
                row, column = chosen[j] // width, chosen[j] % width
                hidden[row, column] = 1
                low[row, column] = 8 if cost[row, column] == 1 else 1
                high[row, column] = BOUNDLESS
                cost[row, column] = 0
    return left
