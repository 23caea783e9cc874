"""Disclosure control: the one door through which counts of people leave.

The rule is that of Hospital Episode Statistics for counts below national level: 0 is shown, 1 to 7 becomes `*`, 8 and
over is rounded to the nearest 5. Totals are added up from the true counts and then treated in the same way. `protect`
does this to a whole table of counts with all of its totals at once. Then it makes sure that no `*` can be worked out
from the rest: to anybody who knows this rule and sees everything that is published, at least four of the values 1 to 7
stay possible. Rounding alone often sees to that; where it does not, further numbers are hidden as `..`, which may
stand for any count but 0. The proof is by example (`disclosure_walk`): for each `*` four tables were found that differ
there and would all be published as this one is.

What this does not protect against:

- Two releases of the same months that differ by a correction or a late record: the difference may be one person. When
  a feed is corrected, publish the whole series afresh and take the older one down.
- Two tables that overlap but were protected apart, such as one by age and one by sex. What is published side by side
  belongs in one call, with its own `groups` for years or areas.
- Somebody who knows the hidden people already, or who runs this program on guesses of the true table and keeps those
  whose `..` fall in the same places.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from bettercare.foundation.problems import UsageError

SMALL = 7  # the largest count that is hidden
STEP = 5
STAR = "*"  # 1 to 7
HIDDEN = ".."  # would give a `*` away
ALL = ""  # the value of a dimension in a total over it
LARGEST = 400_000  # combinations of the dimensions' values; more would take minutes


def rounded(count: int) -> int | None:
    """A count by the rule: 0, or to the nearest 5 from 8; None for 1 to 7."""
    if count < 0:
        raise UsageError(f"A count cannot be below nought; this one is {count}.")
    if count == 0:
        return 0
    return None if count <= SMALL else (count + STEP // 2) // STEP * STEP


def shown(count: int) -> str:
    """A single count as it may be shown, where nothing beside it adds up with it: `0`, `*`, `10`, `1,235`."""
    value = rounded(count)
    return STAR if value is None else f"{value:,}"


def midpoint6(count: int) -> int:
    """The middle of the count's band of six (1-6, 7-12, ...), for a rate that must have a value; 0 stays 0."""
    return math.ceil(count / 6) * 6 - 3 if count > 0 else 0


def proportion(numerator: int | None, denominator: int | None) -> float | None:
    """A share from two counts as published (rounded, or None where hidden); None where it cannot be said."""
    if numerator is None or not denominator:
        return None
    for count in (numerator, denominator):
        if count % STEP:
            raise UsageError(f"A share is made from published counts, which are multiples of {STEP}; {count} is not.")
    return numerator / denominator


def mean_if(people: int, mean: float) -> float | None:
    """A mean, where it is of 8 people or more; otherwise None."""
    return mean if people > SMALL else None


def organisations(count: int) -> str:
    """A count of organisations, which the rule leaves as it is."""
    return f"{count:,}"


@dataclass(frozen=True)
class Protected:
    """A table that may be published.

    `table` has the dimensions ("" is the total over one), and for each count two columns: `<count>`, the rounded
    number (null where hidden), and `<count>_shown`, the text (`0`, `*`, `..` or the rounded number).
    """

    table: pl.DataFrame
    dimensions: tuple[str, ...]
    counts: tuple[str, ...]
    by: tuple[str, ...] = field(default=())

    def where(self, **values: str) -> pl.DataFrame:
        """The rows with these values of the dimensions; of a dimension that is not named, the total."""
        keys = {**dict.fromkeys(self.dimensions, ALL), **values}
        unknown = set(values) - {*self.dimensions, *self.by}
        if unknown:
            raise UsageError(f"This table has no {', '.join(sorted(unknown))}; it has {', '.join(self.dimensions)}.")
        return self.table.filter(*(pl.col(k) == v for k, v in keys.items()))

    def share(self, numerator: str, denominator: str, name: str = "share") -> pl.DataFrame:
        """The table with a share of one from the rounded counts; null where either is hidden, or nobody is counted."""
        top, under = pl.col(numerator), pl.col(denominator)
        return self.table.with_columns(pl.when(under > 0).then(top / under).alias(name))


def protect(
    cube: pl.DataFrame,
    dimensions: Sequence[str],
    counts: Sequence[str],
    *,
    by: Sequence[str] = (),
    within: Sequence[tuple[str, str]] = (),
    groups: Mapping[str, Mapping[str, str]] | None = None,
) -> Protected:
    """All cells of a cube of counts with all of their totals, as they may be published.

    `by` names columns that are not added over, such as the indicator. `within` names pairs of counts of which the
    first counts some of those whom the second counts, as a reader knows. `groups` gives values of a dimension a
    further total, such as months their year. A row that the cube leaves out is not in the table either: readers take
    it for nought.
    """
    dims, names, by = tuple(dimensions), tuple(counts), tuple(by)
    _check(cube, dims, names, by, within)
    keyed = cube.select(*(pl.col(k).cast(pl.String) for k in (*by, *dims)), *(pl.col(c).cast(pl.Int64) for c in names))
    keyed = keyed.group_by(*by, *dims).agg(pl.col(c).sum() for c in names).sort(*by, *dims)
    tables = [pl.DataFrame(schema=_schema(by, dims, names))]
    for key, part in keyed.partition_by(*by, as_dict=True).items() if by else [((), keyed)]:
        if part.height:
            table = _Table(part, dims, names, within, groups or {}).published()
            tables.append(table.select(*(pl.lit(v).alias(k) for k, v in zip(by, key, strict=True)), pl.all()))
    return Protected(pl.concat(tables), dims, names, by)


def _schema(by: Sequence[str], dims: Sequence[str], counts: Sequence[str]) -> dict[str, pl.DataType]:
    own = {k: v for c in counts for k, v in ((c, pl.Int64()), (f"{c}_shown", pl.String()))}
    return {**dict.fromkeys((*by, *dims), pl.String()), **own}


def _check(
    cube: pl.DataFrame, dims: Sequence[str], counts: Sequence[str], by: Sequence[str], within: Sequence[tuple[str, str]]
) -> None:
    wrong = []
    missing = [c for c in (*by, *dims, *counts) if c not in cube.columns]
    if missing:
        raise UsageError(f"The counts have no column {', '.join(missing)}; they have {', '.join(cube.columns)}.")
    if not dims or not counts:
        raise UsageError("Name at least one dimension and one count to protect.")
    for d in (*by, *dims):
        if cube.filter(pl.col(d).is_null() | (pl.col(d).cast(pl.String) == ALL)).height:
            wrong.append(f"{d} is blank in some rows: a blank means the total, so call it unknown.")
    for c in counts:
        column = cube[c]
        if column.is_null().any():
            wrong.append(f"{c} is missing in some rows: leave such rows out, as a missing count is not nought.")
        elif not column.dtype.is_numeric() or (column.cast(pl.Float64) != column.cast(pl.Float64).floor()).any():
            wrong.append(f"{c} holds something other than whole numbers: only counts can be protected.")
        elif (column.cast(pl.Float64) < 0).any():
            wrong.append(f"{c} is below nought in some rows: only counts can be protected.")
    for part, whole in within:
        if part not in counts or whole not in counts:
            wrong.append(f"{part} within {whole}: both must be counts of this table.")
        elif not wrong and (cube[part] > cube[whole]).any():
            wrong.append(f"{part} is above {whole} in some rows, so it cannot be a part of it.")
    if len({part for part, _ in within}) < len(within):
        wrong.append("A count can be within one other count only.")
    if wrong:
        raise UsageError("\n".join(wrong))


@dataclass(frozen=True)
class _Axis:
    """A dimension: its values, then its groups, then the total. `above[i]` are the places that value i counts in."""

    names: tuple[str, ...]
    size: int
    above: np.ndarray[Any, np.dtype[np.int64]]


def _axis(values: Sequence[str], groups: Mapping[str, str] | None) -> _Axis:
    if groups is None:
        n = len(values)
        return _Axis((*values, ALL), n, np.column_stack([np.arange(n), np.full(n, n)]))
    lost = [v for v in values if not groups.get(v)]
    if lost:
        raise UsageError(f"No group is given for {', '.join(lost[:5])}.")
    own = sorted({groups[v] for v in values})
    both = sorted({*own} & {*values})
    if both:
        raise UsageError(f"{', '.join(both[:5])} is the name of a value and of a group; give the group another name.")
    names = (*values, *own, ALL)
    place = {name: i for i, name in enumerate(names)}
    n = len(values)
    group = np.array([place[groups[v]] for v in values], dtype=np.int64)
    return _Axis(names, n, np.column_stack([np.arange(n), group, np.full(n, len(names) - 1)]))


class _Table:
    """One cube with its totals as flat arrays; see `disclosure_walk` for their form."""

    def __init__(
        self,
        cube: pl.DataFrame,
        dims: Sequence[str],
        counts: Sequence[str],
        within: Sequence[tuple[str, str]],
        groups: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.dims, self.counts = dims, counts
        self.axes = [_axis(sorted(set(cube[d])), groups.get(d)) for d in dims]
        self.shape = np.array([a.size for a in self.axes], dtype=np.int64)
        full = tuple(len(a.names) for a in self.axes)
        if math.prod(full) > LARGEST:
            raise UsageError(
                f"{' by '.join(dims)} gives {math.prod(full):,} numbers, more than the {LARGEST:,} that can be "
                "protected together. Leave a dimension out, or protect fewer months."
            )
        self.stride = np.array([math.prod(map(int, self.shape[k + 1 :])) for k in range(len(dims))], dtype=np.int64)
        steps = [math.prod(full[k + 1 :]) for k in range(len(dims))]
        touch = np.zeros((1, 1), dtype=np.int64)
        for axis, step in zip(self.axes, steps, strict=True):
            further = axis.above * step
            touch = (touch[:, None, :, None] + further[None, :, None, :]).reshape(len(touch) * axis.size, -1)
        self.touch = np.ascontiguousarray(touch)
        self.value, self.present = self._totals(cube, math.prod(full))
        place = {c: i for i, c in enumerate(counts)}
        self.whole = np.full(len(counts), -1, dtype=np.int64)
        for part, total in within:
            self.whole[place[part]] = place[total]
        merged = [
            np.array([1] * a.size + [2 + 2 * (j == len(a.names) - a.size - 1) for j in range(len(a.names) - a.size)])
            for a in self.axes
        ]
        self.rank = np.array([math.prod(map(int, p)) for p in product(*merged)], dtype=np.int64)

    def _totals(self, cube: pl.DataFrame, entries: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        at = np.zeros(cube.height, dtype=np.int64)
        for d, axis, step in zip(self.dims, self.axes, self.stride, strict=True):
            place = {name: i for i, name in enumerate(axis.names[: axis.size])}
            at += np.array([place[v] for v in cube[d]], dtype=np.int64) * int(step)
        value = np.zeros((len(self.counts), entries), dtype=np.int64)
        present = np.zeros(entries, dtype=bool)
        for t in self.touch[at].T:
            present[t] = True
            for i, c in enumerate(self.counts):
                np.add.at(value[i], t, cube[c].to_numpy())
        return value, present

    def hidden(self) -> np.ndarray[Any, Any]:
        """Which entries must be hidden besides the small ones."""
        from bettercare.activity.disclosure_walk import BOUNDLESS, explore

        truth = self.value
        small = (truth > 0) & (truth <= SMALL)
        near = (truth + STEP // 2) // STEP * STEP
        low = np.where(truth == 0, 0, np.where(small, 1, np.maximum(SMALL + 1, near - STEP // 2)))
        high = np.where(truth == 0, 0, np.where(small, SMALL, near + STEP // 2))
        cell = self.rank[None, :] == 1
        cost = np.where((truth == 0) | (small & cell), 0, self.rank[None, :])
        seen = np.where(truth == 0, 0, 1 << np.minimum(truth, 62))
        hidden = np.zeros_like(truth)
        needs = np.flatnonzero(small)
        parts = np.argsort(self.touch, axis=None, kind="stable") // self.touch.shape[1]
        first = np.concatenate([[0], np.cumsum(np.bincount(self.touch.ravel(), minlength=truth.shape[1]))])
        fixed = (self.touch, self.whole, self.shape, self.stride, parts, first, seen)
        # Room for what one change may touch: its corners, times the entries of each, times the counts.
        scratch = np.zeros((6, (1 << len(self.dims)) * self.touch.shape[1] * len(truth) + 2), dtype=np.int64)
        state = truth.copy()
        for round_ in range(6):  # twice there and back without hiding; then hiding
            order = needs if round_ % 2 == 0 else needs[::-1].copy()
            if round_ == 1:
                state = truth.copy()
            if explore(state, low, high, cost, *fixed, order, round_ > 1, hidden, scratch) == 0:
                return hidden
        # Has not been seen to happen; if it does, hide all but the noughts rather than show too much.
        can = cost > 0
        hidden[can] = 1
        low[can & cell], low[can & ~cell], high[can] = SMALL + 1, 1, BOUNDLESS
        explore(state, low, high, cost, *fixed, needs, False, hidden, scratch)
        return hidden

    def published(self) -> pl.DataFrame:
        """The table of `Protected`."""
        hidden = self.hidden()
        keys = list(product(*(a.names for a in self.axes)))
        rows = np.flatnonzero(self.present)
        columns: dict[str, pl.Series] = {
            d: pl.Series([keys[r][k] for r in rows], dtype=pl.String) for k, d in enumerate(self.dims)
        }
        for i, c in enumerate(self.counts):
            numbers, texts = [], []
            for r in rows:
                number = None if hidden[i, r] else rounded(int(self.value[i, r]))
                numbers.append(number)
                texts.append(HIDDEN if hidden[i, r] else shown(int(self.value[i, r])))
            columns[c] = pl.Series(numbers, dtype=pl.Int64)
            columns[f"{c}_shown"] = pl.Series(texts, dtype=pl.String)
        return pl.DataFrame(columns)
