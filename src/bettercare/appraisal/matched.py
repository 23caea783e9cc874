"""Matched controls: for each person whom a scheme took on, one like person whom it had not, on a like day.

The propensity is that of being referred on a day, given what was known before it. Candidates are days of people who
had not been referred by then: one day by lot, and the days after each urgent contact, because that is when schemes take
people on. A day is a candidate for what happened before it and never for what came after, so that those who were
referred later are candidates too: leaving them out would leave out those who went on to do badly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.appraisal.matched_history import AGE_TOP, DAY_US, SINCE, Array, History, Whole, history, standardised
from bettercare.foundation.problems import UsageError

CALIPER = 0.2  # standard deviations of the logit of the propensity (Austin 2011)
BALANCED = 0.1  # standardised mean difference above which groups are not called alike
FEWEST = 30  # pairs; with fewer, the errors that allow for clusters are too small
DELAY = 14.0  # days after an urgent contact within which a referral is taken to follow from it
PER_REFERRED = 60  # candidates fitted at most for each person referred
NEAREST = 48
HELD_NEAR = ("age", "frailty", "0 to 7 days", "7 to 30 days", "30 to 90 days", "90 to 365 days", "log")


@dataclass(frozen=True)
class Balance:
    """One thing held alike: standardised mean differences between the two groups, before and after matching."""

    name: str
    before: float
    after: float

    @property
    def alike(self) -> bool:
        """Whether it is within the limit after matching."""
        return abs(self.after) <= BALANCED


@dataclass(frozen=True, eq=False)
class Matched:
    """Pairs: places of people in `history.ids`, and their index days. `cluster` joins pairs that share a person."""

    history: History
    initiative: str
    referred: Whole
    referred_day: Array
    control: Whole
    control_day: Array
    cluster: Whole
    referred_known: Array  # what was known of each, a row a pair
    control_known: Array
    referred_logit: Array
    control_logit: Array
    unmatched: int
    no_like_propensity: int  # of those referred, how many lie outside the range of the candidates
    balance: tuple[Balance, ...]

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return int(self.referred.size)

    @property
    def unbalanced(self) -> tuple[Balance, ...]:
        """What the pairs still differ in."""
        return tuple(b for b in self.balance if not b.alike)

    @property
    def later_referred(self) -> int:
        """Controls who were referred after their index day."""
        return int(np.isfinite(self.history.referred[self.control]).sum())


def match(
    people: pl.DataFrame, events: pl.DataFrame, initiative: str, *, until: float | None = None, seed: int = 1
) -> Matched:
    """Match the people referred to a scheme (events `scheme` with its code) to like people not referred by that day.

    Exact on sex, ten years of age, calendar month, in hospital or not, and urgent contact within 14 days or not; then
    nearest on the logit of the propensity, within a caliper, and on what matters most. Nobody is a control twice.
    """
    from threadpoolctl import threadpool_limits

    record = history(people, events, initiative, until)
    who = np.flatnonzero(np.isfinite(record.referred) & (record.referred < np.minimum(record.death, record.last)))
    if who.size < FEWEST:
        raise UsageError(
            f"Too few people were referred to {initiative} to compare them with others; at least {FEWEST} are needed, "
            "because the interval of fewer would be too narrow. Add a longer period of its events (event scheme)."
        )
    day = record.referred[who]
    rng = np.random.default_rng(seed)
    other, other_day = _candidates(record, who, day, rng)
    if not other.size:
        raise UsageError(f"Nobody can be compared with the people referred to {initiative}: all others are too unlike.")
    known, names = record.known(np.concatenate([who, other]), np.concatenate([day, other_day]))
    taken = np.arange(known.shape[0]) < who.size
    with threadpool_limits(1):  # many small sums: threads would wait for each other
        lately = known[:, names.index(SINCE)] <= np.log1p(DELAY)
        logit, caliper = _propensity(known, taken, lately)
        stratum = _strata(record, np.concatenate([who, other]), np.concatenate([day, other_day]), lately)
        # A caliper's width of the logit weighs as much as half a standard deviation of any one thing.
        held = [i for i, name in enumerate(names) if any(word in name for word in HELD_NEAR)]
        near = np.column_stack([logit / caliper, _scaled(np.log1p(known[:, held])) / 0.5])
        pair = _pairs(near, stratum, who, other)
    a, b = np.flatnonzero(pair >= 0), pair[pair >= 0]
    outside = (logit[taken] > logit[~taken].max()) | (logit[taken] < logit[~taken].min())
    before = standardised(known[taken], known[~taken])
    after = standardised(known[a], known[who.size + b]) if a.size else before
    return Matched(
        record,
        initiative,
        who[a],
        day[a],
        other[b],
        other_day[b],
        _clusters(who[a], other[b], record.ids.size),
        known[a],
        known[who.size + b],
        logit[a],
        logit[who.size + b],
        int(who.size - a.size),
        int(outside.sum()),
        tuple(Balance(n, float(x), float(y)) for n, x, y in zip(names, before, after, strict=True)),
    )


def _candidates(record: History, who: Whole, day: Array, rng: np.random.Generator) -> tuple[Whole, Array]:
    """Days of people not referred by then: a day by lot for everybody, and days after urgent contacts."""
    first, last = day.min(), day.max()
    low, high = np.quantile(record.age(who, day), [0.0, 1.0])
    everybody = np.arange(record.ids.size)
    by_lot = rng.choice(day, everybody.size)
    gap = record.urgent.since(who, day)
    delays = gap[gap <= DELAY]
    person, when = everybody, by_lot
    if delays.size:
        near = (record.urgent_day >= first - DELAY) & (record.urgent_day <= last)
        after, contact = record.urgent_person[near], record.urgent_day[near]
        person = np.concatenate([person, after])
        when = np.concatenate([when, contact + rng.choice(delays, contact.size)])
    if (day == np.floor(day)).all():  # the scheme writes dates without times: so must its controls
        when = np.floor(when)
    age = record.age(person, when)
    fit = (when >= first) & (when <= last) & (when < record.death[person]) & (when < record.referred[person])
    fit &= (age >= low - 5.0) & (age <= high + 5.0)
    chosen = np.flatnonzero(fit)
    most = PER_REFERRED * who.size
    if chosen.size > most:
        chosen = np.sort(rng.choice(chosen, most, replace=False))
    return person[chosen], when[chosen]


def _propensity(known: Array, taken: NDArray[np.bool_], lately: NDArray[np.bool_]) -> tuple[Array, Array]:
    """The logit of the propensity of being referred, by logistic regression on what was known, and its caliper.

    Fitted apart for days soon after an urgent contact and for others. Being soon after one says so much that in one
    fit it would leave the caliper wide enough for everything else to differ.
    """
    from sklearn.linear_model import LogisticRegression

    logit, caliper = np.zeros(taken.size), np.ones(taken.size)
    for part in (lately, ~lately):
        if not taken[part].any() or taken[part].all():
            continue
        x = _scaled(np.log1p(known[part]))  # of counts, the tenth says less than the first
        model = LogisticRegression(C=1.0, max_iter=300, tol=1e-4).fit(x, taken[part])
        logit[part] = model.decision_function(x)
        caliper[part] = CALIPER * (logit[part].std() or 1.0)
    return logit, caliper


def _scaled(x: Array) -> Array:
    spread = x.std(axis=0)
    return np.asarray((x - x.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0))


def _pairs(near: Array, stratum: Whole, who: Whole, other: Whole) -> Whole:
    """For each person referred the candidate who is paired with them, or -1. The first column of `near` is the logit
    in widths of its caliper."""
    from sklearn.neighbors import NearestNeighbors

    n = who.size
    pair = np.full(n, -1, dtype=np.int64)
    used: set[int] = set()
    for one in np.unique(stratum[:n]):
        a, b = np.flatnonzero(stratum[:n] == one), np.flatnonzero(stratum[n:] == one)
        if not b.size:
            continue
        search = NearestNeighbors(n_neighbors=min(NEAREST, b.size), algorithm="kd_tree").fit(near[n + b])
        found = search.kneighbors(near[a], return_distance=False)
        for row in np.argsort(-near[a, 0], kind="stable"):  # first those for whom there are fewest
            i = int(a[row])
            for j in b[found[row]]:
                person = int(other[j])
                if person != who[i] and person not in used and abs(near[n + j, 0] - near[i, 0]) <= 1.0:
                    pair[i] = j
                    used.add(person)
                    break
    return pair


def _strata(record: History, person: Whole, day: Array, lately: NDArray[np.bool_]) -> Whole:
    """Sex, ten years of age, calendar month, in hospital or not, urgent contact lately or not, as one number."""
    month = np.floor(day * DAY_US).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    band = np.minimum(record.age(person, day), AGE_TOP).astype(np.int64) // 10
    sex = record.female[person].astype(np.int64)
    place = record.in_hospital(person, day).astype(np.int64) * 2 + lately.astype(np.int64)
    return np.asarray(((month * 20 + band) * 2 + sex) * 4 + place)


def _clusters(a: Whole, b: Whole, people: int) -> Whole:
    """A number for each pair, the same where pairs share a person (one referred after having been a control)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(a.size), (a, b)), shape=(people, people))
    label = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
    return label[a]
