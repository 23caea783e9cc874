"""Matched controls for 3,400 referrals out of 90,000 people of 65 and over, and the choice of pairs in plain numpy.

The peer is what one would write first: for each person referred, in the same order, one pass in numpy over all
candidates for those alike in every exact respect, within the caliper and not yet taken, and the nearest of them. When
ours looks at all candidates too, the pairs must be the same before times are compared. As it is used it looks at the
nearest 48: how many pairs stay the same is printed. The people are those of the tests of matching.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bettercare.appraisal import matched
from timing import best_of, finish, peak_mib, report, seconds

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

PEOPLE = 90_000
SAME = 0.95


def make() -> tuple[Any, Any]:
    """Made-up people, and what was recorded of them."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.appraisal.scheme_world import world

    return world(1, people=PEOPLE)


def asked(people: Any, events: Any) -> tuple[matched.Matched, tuple[Any, ...]]:
    """A match, and what its choice of pairs was given."""
    given: list[tuple[Any, ...]] = []
    ours = matched._pairs

    def kept(*arguments: Any) -> Whole:
        given.append(arguments)
        return ours(*arguments)

    matched._pairs = kept
    try:
        return matched.match(people, events, "I105"), given[0]
    finally:
        matched._pairs = ours


def peer(near: Array, stratum: Whole, who: Whole, other: Whole) -> Whole:
    """The reference: a pass over all candidates for each person referred."""
    n = who.size
    pair = np.full(n, -1, dtype=np.int64)
    free = np.ones(other.size, dtype=bool)
    for one in np.unique(stratum[:n]):
        mine = np.flatnonzero(stratum[:n] == one)
        for i in mine[np.argsort(-near[mine, 0], kind="stable")]:
            fit = (stratum[n:] == one) & free & (other != who[i]) & (np.abs(near[n:, 0] - near[i, 0]) <= 1.0)
            there = np.flatnonzero(fit)
            if there.size:
                pair[i] = there[np.argmin(((near[n + there] - near[i]) ** 2).sum(axis=1))]
                free[other == other[pair[i]]] = False
    return pair


def main() -> None:
    people, events = make()
    before = peak_mib()
    found, given = asked(people, events)
    whole = best_of(3, lambda: matched.match(people, events, "I105"))
    more = peak_mib() - before
    pair = matched._pairs(*given)
    quick = best_of(3, lambda: matched._pairs(*given))
    others: list[Whole] = []
    slow = seconds(lambda: others.append(peer(*given)))
    same = float((others[0] == pair).mean())
    matched.NEAREST = given[3].size
    if not (matched._pairs(*given) == others[0]).all():
        raise SystemExit("the two ways do not choose the same pairs")
    print(f"{given[2].size:,} referred, {given[3].size:,} candidates, {events.height:,} events, {found.pairs:,} pairs")
    kept = [
        report("history, propensity, pairs and balance", whole, 8.0),
        report("memory beyond the records", more, 1024.0, "MiB"),
        report("pairs that plain numpy chooses too", same, SAME, "", at_least=True),
        report("choice of pairs, against plain numpy", slow / quick, 2.0, "times", at_least=True),
    ]
    finish(*kept)


if __name__ == "__main__":
    main()
