"""Who is who across organisations: records that agree in a match key are one person, unless something speaks against.

Each of the twelve keys is compared between organisations. Four rules keep strangers apart:

- a key that several people of one organisation have in common (twins, a common name) is no evidence;
- two records with different NHS numbers are never one person, and neither are two of different sex that agree only in
  a key without the NHS number;
- what holds for two records holds for all that are joined through them: a group with two NHS numbers, or with two
  people of one organisation, is taken apart again, the weakest links first;
- one organisation's own records are joined only by the strongest keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.activity.match_keys import CODES, KEYS

Ints = NDArray[np.int64]
Numbers = NDArray[np.uint64]
Flags = NDArray[np.bool_]

MOST_COPIES = 4  # records of one organisation with the same strong key: more are a stand-in value, not one person
NUMBER_KEYS = sum(1 << i for i, key in enumerate(KEYS) if key.with_number)
COLUMNS = ("person", "nhs", *CODES, "sex")


@dataclass(frozen=True)
class Links:
    """Who is who.

    `people` has a row a record: organisation, person, id (records with one id are one person). `pairs` has a row a
    link: the rows of two records in `people` and a column a key, true where it says so; `kept` is false where the link
    was taken back. `vetoed` counts, by key, pairs that agreed and were refused; `ambiguous` counts shared values.
    `referee` is, by key, (pairs whose NHS numbers agree, and disagree): of the surest key, how often numbers are wrong.
    """

    people: pl.DataFrame
    pairs: pl.DataFrame
    vetoed: dict[str, int]
    ambiguous: dict[str, int]
    referee: dict[str, tuple[int, int]]
    taken_apart: int


def link_people(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The id of every record of every organisation's register (columns person, nhs, k01 ... k12, sex)."""
    return link(frames).people


def link(frames: Mapping[str, pl.DataFrame]) -> Links:
    """Link the registers of organisations; each is a people feed, with tokens as text or as numbers."""
    table, organisation = _stacked(frames)
    keys = {code: _numbers(table[code]) for code in CODES}
    nhs, _ = _numbers(table["nhs"])
    sex = table["sex"].replace_strict({"F": 1, "M": 2}, default=0, return_dtype=pl.Int8).to_numpy()
    own = _own_copies(keys, organisation, nhs)
    found: list[tuple[Ints, int]] = []
    vetoed, ambiguous, referee = {}, {}, {}
    for place, key in enumerate(KEYS):
        pairs, shared = _pairs(*keys[key.code], organisation, own)
        number_differs = _differ(nhs, pairs)
        refused = number_differs if key.with_number else number_differs | _differ(sex, pairs)
        both = (nhs[pairs[0]] != 0) & (nhs[pairs[1]] != 0)
        referee[key.code] = (int((both & ~number_differs).sum()), int(number_differs.sum()))
        vetoed[key.code], ambiguous[key.code] = int(refused.sum()), shared
        found.append((pairs[:, ~refused], place))
    first, second, mask = _together(found, len(table))
    copies = np.flatnonzero(own != np.arange(len(own)))
    left, right = np.concatenate((first, own[copies])), np.concatenate((second, copies))
    group, dropped = _groups(left, right, mask, len(first), organisation, own, nhs)
    kept = np.ones(len(first), dtype=bool)
    kept[dropped] = False
    smallest = table.select("person", group=pl.Series(group)).select(pl.col("person").min().over("group").alias("id"))
    people = table.select("organisation", "person").with_columns(smallest["id"])
    said = {key.code: pl.Series((mask >> place) & 1, dtype=pl.Boolean) for place, key in enumerate(KEYS)}
    pairs_found = pl.DataFrame({"first": first, "second": second, **said, "kept": kept})
    return Links(people, pairs_found, vetoed, ambiguous, referee, len(dropped))


def _stacked(frames: Mapping[str, pl.DataFrame]) -> tuple[pl.DataFrame, Ints]:
    names = sorted(frames)
    parts = [frames[name].select(pl.lit(name).alias("organisation"), *COLUMNS) for name in names]
    table = pl.concat(parts).sort("organisation", "person")  # the order of rows in a feed must not matter
    place = table["organisation"].replace_strict(names, range(len(names)), return_dtype=pl.Int64)
    return table, place.to_numpy()


def as_numbers(column: pl.Series) -> Numbers:
    """Tokens, as text or as numbers, as whole numbers; 0 where there is none."""
    if column.dtype == pl.String:
        column = column.str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64)
    numbers: Numbers = column.cast(pl.UInt64).fill_null(0).to_numpy()
    return numbers


def _numbers(column: pl.Series) -> tuple[Numbers, Flags]:
    numbers = as_numbers(column)
    return numbers, numbers != 0


def _differ(values: NDArray[Any], pairs: Ints) -> Flags:
    """Pairs for which both values are known (not 0), and are not the same."""
    one, other = values[pairs[0]], values[pairs[1]]
    differ: Flags = (one != 0) & (other != 0) & (one != other)
    return differ


def _runs(values: Numbers, known: Flags, organisation: Ints) -> tuple[Ints, Ints]:
    """Rows with a known value in order of it (then of organisation), and the number of the run that each is in."""
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(values[rows], kind="stable")]  # rows are in order of organisation already
    sorted_values = values[rows]
    starts = np.concatenate(([True], sorted_values[1:] != sorted_values[:-1])) if len(rows) else np.zeros(0, dtype=bool)
    run = np.cumsum(starts) - 1
    several = np.bincount(run)[run] > 1 if len(rows) else starts
    return rows[several], run[several]


def _lagged(rows: Ints, run: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
    """All pairs within runs: those one apart, then those two apart, until there are none. (first, second, run)"""
    apart = 1
    while apart < len(rows):
        same = np.flatnonzero(run[apart:] == run[:-apart])
        if not len(same):
            return
        yield rows[same], rows[same + apart], run[same]
        apart += 1


def _own_copies(keys: Mapping[str, tuple[Numbers, Flags]], organisation: Ints, nhs: Numbers) -> Ints:
    """For each row, the first row of the same organisation that is the same person by one of the strongest keys."""
    own = np.arange(len(organisation))
    for key in KEYS:
        if not key.strong:
            continue
        values, known = keys[key.code]
        rows, run = _runs(values, known, organisation)
        if not len(rows):
            continue
        place = run * (int(organisation.max()) + 1) + organisation[rows]
        size = np.unique(place, return_inverse=True, return_counts=True)
        few = size[2][size[1]] <= MOST_COPIES
        for one, other, _ in _lagged(rows[few], place[few]):
            fine = ~_differ(nhs, np.stack((one, other)))
            for a, b in zip(one[fine].tolist(), other[fine].tolist(), strict=True):
                low, high = sorted((int(own[a]), int(own[b])))
                if low != high and (nhs[low] == 0 or nhs[high] == 0 or nhs[low] == nhs[high]):
                    own[own == high] = low
    return own


def _pairs(values: Numbers, known: Flags, organisation: Ints, own: Ints) -> tuple[Ints, int]:
    """Pairs of records of different organisations that agree in a key, and how many values were no evidence."""
    rows, run = _runs(values, known, organisation)
    if not len(rows):
        return np.zeros((2, 0), dtype=np.int64), 0
    following = run[1:] == run[:-1]
    # Rows of a run are in order of organisation, but copies of several people of one may alternate: compare neighbours.
    clash = following & (organisation[rows[1:]] == organisation[rows[:-1]]) & (own[rows[1:]] != own[rows[:-1]])
    shared = np.unique(run[1:][clash])
    good = ~np.isin(run, shared)
    found = [np.stack((a, b)) for a, b, _ in _lagged(rows[good], run[good])]
    pairs = np.concatenate(found, axis=1) if found else np.zeros((2, 0), dtype=np.int64)
    return pairs[:, organisation[pairs[0]] != organisation[pairs[1]]], len(shared)


def _together(found: list[tuple[Ints, int]], count: int) -> tuple[Ints, Ints, Ints]:
    """Each pair once, with the keys that found it as the bits of a number."""
    code = np.concatenate([np.minimum(*pairs) * count + np.maximum(*pairs) for pairs, _ in found])
    bits = np.concatenate([np.full(pairs.shape[1], 1 << place, dtype=np.int64) for pairs, place in found])
    order = np.argsort(code, kind="stable")
    code, bits = code[order], bits[order]
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    mask = np.bitwise_or.reduceat(bits, starts) if len(code) else bits
    different = code[starts]
    return different // max(count, 1), different % max(count, 1), mask


def _groups(
    left: Ints, right: Ints, mask: Ints, links: int, organisation: Ints, own: Ints, nhs: Numbers
) -> tuple[Ints, Ints]:
    """The group of each row, and the links that were taken back so that no group contradicts itself.

    The first `links` of the edges are links between organisations; the others tie an organisation's own copies.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(organisation)

    def parts(use: Flags) -> Ints:
        ones = np.ones(int(use.sum()), dtype=np.int8)
        graph = coo_matrix((ones, (left[use], right[use])), shape=(count, count))
        labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
        return labels

    use = np.ones(len(left), dtype=bool)
    group = parts(use)
    holder = group * (int(organisation.max(initial=0)) + 1) + organisation
    bad = np.union1d(_several(group, nhs, nhs != 0), _several(holder, own, None, group))
    doubtful = np.flatnonzero(np.isin(group[left], bad))
    dropped = _take_apart(doubtful, left, right, mask, links, organisation, own, nhs)
    use[dropped] = False
    return (parts(use) if len(dropped) else group), dropped


def _several(place: Ints, values: NDArray[Any], known: Flags | None, report: Ints | None = None) -> Ints:
    """The places (or what `report` has for them) in which more than one different value occurs."""
    rows = np.arange(len(place)) if known is None else np.flatnonzero(known)
    rows = rows[np.lexsort((values[rows], place[rows]))]
    one, other = rows[:-1], rows[1:]
    differ = (place[one] == place[other]) & (values[one] != values[other])
    return np.unique((place if report is None else report)[one[differ]])


def _take_apart(
    edges: Ints, left: Ints, right: Ints, mask: Ints, links: int, organisation: Ints, own: Ints, nhs: Numbers
) -> Ints:
    """Join anew within groups that contradict themselves, strongest links first; the links that no longer fit."""
    up: dict[int, int] = {}
    numbers: dict[int, set[int]] = {}
    holders: dict[int, dict[int, int]] = {}

    def top(row: int) -> int:
        while up.setdefault(row, row) != row:
            up[row] = up[up[row]]
            row = up[row]
        if row not in numbers:
            numbers[row] = {int(nhs[row])} - {0}
            holders[row] = {int(organisation[row]): int(own[row])}
        return row

    def strength(edge: int) -> tuple[bool, bool, int]:
        if edge >= links:
            return True, True, 0
        bits = int(mask[edge])
        return False, bool(bits & NUMBER_KEYS), bits.bit_count()

    dropped = []
    for edge in sorted(edges.tolist(), key=strength, reverse=True):
        one, other = top(int(left[edge])), top(int(right[edge]))
        if one == other:
            continue
        clash = any(holders[one].get(place, who) != who for place, who in holders[other].items())
        if clash or len(numbers[one] | numbers[other]) > 1:
            dropped.append(edge)
            continue
        up[other] = one
        numbers[one] |= numbers.pop(other)
        holders[one] |= holders.pop(other)
    return np.array(dropped, dtype=np.int64)
