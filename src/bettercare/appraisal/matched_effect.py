"""What happened after: the two groups of matched pairs compared, never one number without its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bettercare.appraisal.matched import FEWEST, Matched
from bettercare.appraisal.matched_history import Array, Times, Whole
from bettercare.engines.learn.benefit import LEVEL
from bettercare.foundation.problems import UsageError

MONTH = 365.25 / 12.0
MONTHS = 6
ENOUGH_EVENTS = 8  # in each group; fewer may not be shown at all, and have no interval worth the name
EVENTS_A_TERM = 15  # of both groups, for each further term of the regression
STEPS = 50
MOST = 3.0  # logarithm of a ratio beyond which it is not looked for
LEAST = 0.05
SETTLED = 1e-3  # logarithm of a ratio


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its interval, at the LEVEL of all intervals of effects (90%)."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies within the interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Outcome:
    """One outcome in both groups. `ratio` and `difference` are None where there are too few events to say.

    `difference` is for each 100 people taken on, over the months followed.
    """

    name: str
    referred_events: int
    control_events: int
    ratio: Estimate | None
    difference: Estimate | None


@dataclass(frozen=True, eq=False)
class Compared:
    """The outcomes of matched pairs. Counts are PRIVATE: `appraisal.benefits` puts them through disclosure."""

    matched: Matched
    months: int
    outcome: Outcome
    negative: Outcome  # what the scheme cannot change
    referred_years: float
    control_years: float
    referred_deaths: int
    control_deaths: int

    @property
    def warns(self) -> bool:
        """Whether the negative control outcome differs: then the groups were not alike to begin with."""
        return self.negative.ratio is not None and not self.negative.ratio.holds(1.0)


def compare(matched: Matched, months: int = MONTHS) -> Compared:
    """Emergency admissions in the months after the index day, of those referred and of their controls.

    Time is counted until death or the end of the records. The ratio is that of a Poisson regression with the pair as
    cluster, which allows for people being admitted again and again.
    """
    if matched.pairs < FEWEST:
        raise UsageError(
            f"Fewer than {FEWEST} people referred to {matched.initiative} have a like person to compare them with. "
            "Add a longer period of events, or the records of more people."
        )
    from threadpoolctl import threadpool_limits

    record = matched.history
    followed = [
        _followed(matched, person, day, months)
        for person, day in ((matched.referred, matched.referred_day), (matched.control, matched.control_day))
    ]
    sides = (
        (matched.referred, matched.referred_day, followed[0]),
        (matched.control, matched.control_day, followed[1]),
    )
    if not all(f.sum() > 0.0 for f in followed):
        raise UsageError(f"No time after the referrals to {matched.initiative} is in the records yet.")
    with threadpool_limits(1):
        outcome = _outcome("emergency admissions", record.emergency, sides, matched, months)
        negative = _outcome("planned admissions", record.planned, sides, matched, months, changed=False)
    dead = [int((record.death[p] <= d + f + 1e-9).sum()) for p, d, f in sides]
    years = [float(f.sum()) / 365.25 for f in followed]
    return Compared(matched, months, outcome, negative, years[0], years[1], dead[0], dead[1])


def _followed(matched: Matched, person: Whole, day: Array, months: int) -> Array:
    """Days for which each person is followed: to death, the end of the records, or the last month asked for."""
    end = np.minimum(matched.history.death[person], matched.history.last)
    return np.clip(np.minimum(end - day, months * MONTH), 0.0, None)


Side = tuple[Whole, Array, Array]


def _outcome(
    name: str, times: Times, sides: tuple[Side, Side], matched: Matched, months: int, changed: bool = True
) -> Outcome:
    events = [times.count(p, d, d + f) for p, d, f in sides]
    person, day, followed = sides[1]
    since = np.clip(matched.history.referred[person], day, day + followed)
    later = times.count(person, since, day + followed) if changed else np.zeros(person.size)
    totals = [int(e.sum()) for e in events]
    if min(totals) < ENOUGH_EVENTS:
        return Outcome(name, totals[0], totals[1], None, None)
    terms = _terms(matched, sum(totals))
    ratio, difference = _estimates(events, later, [f for _, _, f in sides], terms, matched.cluster, months)
    return Outcome(name, totals[0], totals[1], ratio, difference)


def _terms(matched: Matched, events: int) -> Array:
    """What the regression holds alike once more: the pairs' own columns, as many as the events can bear."""
    known = np.vstack([matched.referred_known, matched.control_known])
    known = np.log1p(known)  # counts of the past: the tenth admission says less than the first
    spread = known.std(axis=0)
    known = (known[:, spread > 1e-9] - known.mean(axis=0)[spread > 1e-9]) / spread[spread > 1e-9]
    axes = np.linalg.eigh(known.T @ known)[1].T[::-1]  # the strongest differences first: they are many and alike
    bearable = min(known.shape[1], events // EVENTS_A_TERM)
    logit = np.concatenate([matched.referred_logit, matched.control_logit])
    logit = (logit - logit.mean()) / (logit.std() or 1.0)
    return (
        known @ axes[:bearable].T if bearable >= known.shape[1] else np.column_stack([logit, known @ axes[:bearable].T])
    )


def _estimates(
    events: list[Array], later: Array, time: list[Array], terms: Array, cluster: Whole, months: int
) -> tuple[Estimate | None, Estimate | None]:
    """Rate ratio, and difference for 100 people over the months, with errors robust to clusters.

    Poisson regression of the events on the group and on what the pairs still differ in. Each cluster's part in the
    estimates gives the errors (Liang and Zeger 1986), so people may be admitted as often as they are. The difference
    is that of the rate of those referred from what it would be without the scheme, their rate over the ratio.

    `later` are those of the controls' events that came after they were referred themselves. Taken as they are they
    would hide part of an effect; so each counts as what it would have been without the scheme, one over the ratio,
    and the ratio is found again until it stays (a structural nested mean model, Robins 1994). Where it does not stay,
    because too many controls were referred later, there is no estimate.
    """
    from scipy.stats import t as student

    days = np.concatenate(time)
    seen = days > 0.0
    group = np.repeat([1.0, 0.0], [events[0].size, events[1].size])
    label = np.unique(np.concatenate([cluster, cluster])[seen], return_inverse=True)[1]
    x, days = np.column_stack([group, np.ones(group.size), terms])[seen], days[seen]
    log, before = 0.0, math.inf
    for _ in range(STEPS):
        y = np.concatenate([events[0], events[1] + later * math.expm1(-log)])[seen]
        beta, parts = _poisson(x, y, days)
        before, log = log, float(np.clip(beta[0], -MOST, MOST))
        if abs(log - before) < 1e-6:
            break
    if abs(log) >= MOST or abs(log - before) > SETTLED:
        return None, None
    # What of the controls' events hangs on the ratio itself says nothing about it.
    moved = float(later.sum()) * math.exp(-log)
    parts = parts / max(1.0 - moved / (float((events[1] - later).sum()) + moved), LEAST)
    count = int(label.max()) + 1
    reach = float(student.ppf(0.5 + LEVEL / 2.0, count - 1)) * math.sqrt(count / (count - 1.0))
    error = reach * math.sqrt(float((np.bincount(label, parts[:, 0]) ** 2).sum()))
    ratio = Estimate(math.exp(log), math.exp(log - error), math.exp(log + error))
    referred = x[:, 0] == 1.0
    rate = float(y[referred].sum() / days[referred].sum())
    of_rate = np.where(referred, y - rate * days, 0.0) / days[referred].sum()
    scale = 100.0 * months * MONTH
    of_gap = (1.0 - 1.0 / ratio.value) * of_rate + rate / ratio.value * parts[:, 0]
    gap = scale * rate * (1.0 - 1.0 / ratio.value)
    wide = scale * reach * math.sqrt(float((np.bincount(label, of_gap) ** 2).sum()))
    return ratio, Estimate(gap, gap - wide, gap + wide)


def _poisson(x: Array, y: Array, days: Array) -> tuple[Array, Array]:
    """Coefficients of a Poisson regression with time at risk, and what each row adds to them."""
    beta = np.zeros(x.shape[1])
    beta[1] = math.log(y.sum() / days.sum())
    little = 1e-6 * np.eye(x.shape[1])  # columns that say the same are no fault
    for _ in range(STEPS):
        mean = days * np.exp(np.clip(x @ beta, -30.0, 5.0))
        inverse = np.linalg.inv(x.T @ (x * mean[:, None]) + little)
        step = inverse @ (x.T @ (y - mean))
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-8:
            break
    mean = days * np.exp(np.clip(x @ beta, -30.0, 5.0))
    inverse = np.linalg.inv(x.T @ (x * mean[:, None]) + little)
    return beta, (x * (y - mean)[:, None]) @ inverse
