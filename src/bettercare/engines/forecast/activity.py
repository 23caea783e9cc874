"""Expected activity of every service, and why it changed.

For cell c in year y:

    expected = base x population ratio x health status x product(1 + growth) x product(1 - reach x effect x ramp)

plus what arrives from other services. Levers combine as 1 - product(1 - e) on one cohort, less what overlaps say they
share; shift and convert send what they take to another service, one hop, after the other levers. Stays have a trend and
levers of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.causes import ARRIVED, DEMOGRAPHY, Parts, Sheet
from bettercare.engines.forecast.factors import Factor, Joint, by_place, by_rows, distinct
from bettercare.engines.forecast.system import COUNT_LEVERS, MOVING_LEVERS, ServiceCells, System
from bettercare.model.ledger import part_of_change, relative_log_mean
from bettercare.model.levers import LARGEST_EFFECT, log_remaining, overlapping
from bettercare.model.timing import average_ramp, starts

Array = NDArray[np.float64]
Arrivals = list[tuple[int, Array]]  # effects and what they bring to a service, (localities, later years, draws)
STAY_TREND = "length-of-stay"  # the kind of growth that changes stays and not counts
_LOW_SCORE = 1.2815515655446004  # the low and high variants are the 10% and 90% lines


@dataclass
class Activity:
    """Expected activity. `total` is (3, services, localities, years, draws): count, sum and sum of squares of stays.

    `count_causes[s]` and `day_causes[s]` hold each cause's part of the change since the base year, (causes, localities,
    years, draws); the parts of a service add up to the change of its total. `out` is what each effect takes away (or
    adds) in each year, in units of its service (bed days for `shorten`), (effects, years, draws); `alone` the same for
    the effect alone, without the others: `alone` less `out` is what is claimed twice.
    """

    total: Array
    out: Array
    alone: Array
    starts: Array
    ramp: Array
    count_causes: list[Parts] = field(default_factory=list)
    day_causes: list[Parts] = field(default_factory=list)


def project(system: System, positions: Array) -> Activity:
    """Project activity for every draw; `positions` has shape (draws, inputs) with values in (0, 1)."""
    return _Projection(system, positions).run()


class _Projection:
    """One pass over the services, in the order in which they send to each other.

    Working arrays hold the years after the base year ("later years"), since the base year is known.
    """

    def __init__(self, system: System, positions: Array) -> None:
        self.system = system
        places, years, effects = len(system.localities), len(system.years), len(system.effects)
        self.draws = positions.shape[0]
        self.later = (years - 1, self.draws)
        slips = np.stack([s.values(positions) for s in system.slips]) if system.slips else np.zeros((0, self.draws))
        when = starts(system.milestones, slips)
        self.when = when[system.live] if len(system.live) else np.zeros((0, self.draws))
        self.ramp = np.zeros((len(system.initiatives), years, self.draws))
        for i, months in enumerate(system.ramp_months):
            self.ramp[i] = average_ramp(self.when[i], float(months), years)
        self.size = [e.size.values(positions) for e in system.effects]
        rates = {q: q.values(positions) for q in {g.rate for g in system.growth}}
        self.yearly = {q: np.log1p(np.maximum(rate, -99.0) / 100.0) for q, rate in rates.items()}
        self.shares: dict[int, Array] = {}
        self.population = self._population(positions)
        self.arrived: list[Arrivals] = [[] for _ in system.services]
        self.position = {cause: k for k, cause in enumerate(system.causes)}
        self.sent = np.zeros((len(system.flows), places, *self.later))
        self.sent_base = np.zeros((len(system.flows), places))
        shape = (places, years, self.draws)
        self.result = Activity(
            total=np.zeros((3, len(system.services), *shape)),
            out=np.zeros((effects, years, self.draws)),
            alone=np.zeros((effects, years, self.draws)),
            starts=self.when,
            ramp=self.ramp,
            count_causes=[Parts.of({}, shape) for _ in system.services],
            day_causes=[Parts.of({}, shape) for _ in system.services],
        )

    def run(self) -> Activity:
        for s in self.system.order:
            self._service(s)
        return self.result

    def _population(self, positions: Array) -> Array:
        """What draws take of the principal population, and of the steps to its high and low variant, (3, draws)."""
        from scipy.special import ndtri

        column = self.system.population
        z = np.zeros(self.draws) if column < 0 else np.asarray(ndtri(positions[:, column]), dtype=np.float64)
        return np.stack([np.ones(self.draws), np.maximum(z, 0.0) / _LOW_SCORE, np.maximum(-z, 0.0) / _LOW_SCORE])

    def _service(self, s: int) -> None:
        cells = self.system.cells[s]
        people = self._people(cells, s)
        growth, levers = self._joint(cells, self._growth(cells)), self._joint(cells, self._levers(cells, COUNT_LEVERS))
        arriving = self._arriving(s)
        base = cells.base.sum(axis=1)
        each = base / base[0] if base[0] > 0.0 else np.array([1.0, 0.0, 0.0])  # moments of a unit that arrives
        for k in np.flatnonzero(each):
            known = np.bincount(cells.locality, cells.base[k], len(self.system.localities))
            self.result.total[k, s, :, 0] = known[:, None]
            for _, units in arriving:
                self.result.total[k, s, :, 1:] += each[k] * units
        count = self._counts(s, people[0], growth, levers, arriving)
        if self.system.has_stay[s]:
            self._days(s, people, growth, levers, [(e, each[1] * units) for e, units in arriving])
        self._send(cells, count, arriving)

    def _people(self, cells: ServiceCells, s: int) -> Array:
        """Moments with population change alone (or what flows bring) over the base year's.

        Shape (3, or 1 without stays, cells, later years, draws).
        """
        moments = slice(0, 3 if self.system.has_stay[s] else 1)
        base = cells.base[moments, :, None]
        now = cells.moments[:, moments, :, 1:]
        ratio = np.divide(now, base, out=np.ones(now.shape), where=base > 0.0)
        principal, low, high = ratio
        variants = np.stack([principal, high - principal, low - principal])
        people = np.maximum(np.einsum("vmcy,vd->mcyd", variants, self.population), 0.0)
        if cells.flow.any():
            brought = self._flow_ratio(s)
            for c in np.flatnonzero(cells.flow):
                people[:, c] = brought[cells.locality[c]]
        return np.asarray(people)

    def _flow_ratio(self, s: int) -> Array:
        """What flows bring to a service over what they brought in the base year, (localities, later years, draws)."""
        now, base = np.zeros(self.sent.shape[1:]), np.zeros((len(self.system.localities), 1, 1))
        for f, flow in enumerate(self.system.flows):
            if flow.to_service == s:
                now += flow.share * self.sent[f]
                base += flow.share * self.sent_base[f][:, None, None]
        return np.divide(now, base, out=np.ones(now.shape), where=base > 0.0)

    def _joint(self, cells: ServiceCells, factors: list[Factor]) -> Joint:
        return Joint(factors, cells.locality.size, self.later)

    def _growth(self, cells: ServiceCells) -> list[Factor]:
        """Growth of counts: the plan's, and effects that add a share."""
        factors = self._grown(cells, trend=False)
        for e, w in cells.effects:
            effect = self.system.effects[e]
            if effect.lever == "add" and effect.unit == "share":
                for weight, rows in distinct(w):
                    more = np.maximum(weight * self._share(e), -LARGEST_EFFECT)
                    factors.append(Factor(self._cause(e), rows, np.log1p(more), e, more))
        return factors

    def _grown(self, cells: ServiceCells, trend: bool) -> list[Factor]:
        """Growth rows of a service: the trend of its stays, or all others."""
        factors = []
        for g, w in cells.growth:
            growth = self.system.growth[g]
            if (growth.kind == STAY_TREND) == trend:
                log = growth.years[1:, None] * self.yearly[growth.rate]
                cause = self.position[growth.kind, growth.code]
                factors += [Factor(cause, rows, weight * log) for weight, rows in distinct(w)]
        return factors

    def _levers(self, cells: ServiceCells, levers: tuple[str, ...]) -> list[Factor]:
        """What effects of these kinds leave of the cells that they address: a factor for each, overlap taken off.

        Effects that overlap are combined once for all cells that they address together.
        """
        chosen = [(e, w.tolist()) for e, w in cells.effects if self.system.effects[e].lever in levers]
        sets: dict[tuple[tuple[int, float], ...], list[int]] = {}
        for c in range(cells.locality.size) if chosen else ():
            sets.setdefault(tuple((e, w[c]) for e, w in chosen if w[c]), []).append(c)
        groups: dict[tuple[tuple[int, float], ...], list[int]] = {}
        for effects, rows in sets.items():
            for group in overlapping(self._shared(effects)):
                groups.setdefault(tuple(effects[j] for j in group), []).extend(rows)
        factors = []
        for effects, rows in groups.items():
            taken = np.stack([weight * self._share(e) for e, weight in effects])
            logs = log_remaining(taken, self._shared(effects))
            for (e, _), log, size in zip(effects, logs, taken, strict=True):
                factors.append(Factor(self._cause(e), tuple(rows), log, e, size))
        return factors

    def _shared(self, effects: tuple[tuple[int, float], ...]) -> Array:
        codes = [e for e, _ in effects]
        return self.system.shared[np.ix_(codes, codes)]

    def _share(self, e: int) -> Array:
        """Share of the activity addressed that an effect takes away or adds, (later years, draws)."""
        if e not in self.shares:
            effect = self.system.effects[e]
            size = self.size[e] * effect.reach
            if effect.unit == "count-a-year":
                size = size / effect.addressed if effect.addressed > 0.0 else np.zeros(self.draws)
            if effect.lever in MOVING_LEVERS:
                size = np.maximum(size, 0.0)  # nothing can be moved back from a service that did not send it
            self.shares[e] = size * self.ramp[effect.initiative, 1:]
        return self.shares[e]

    def _cause(self, e: int) -> int:
        return self.position["initiative", self.system.initiatives[self.system.effects[e].initiative]]

    def _arriving(self, s: int) -> Arrivals:
        """What shifts bring to a service and what initiatives add to it as new activity."""
        arriving = self.arrived[s]
        for e, effect in enumerate(self.system.effects):
            if effect.service == s and effect.lever == "add" and effect.unit == "count-a-year":
                units = self.size[e] * effect.reach * self.ramp[effect.initiative, 1:]
                arriving.append((e, effect.spread[:, None, None] * units))
                self.result.out[e, 1:] = self.result.alone[e, 1:] = -units
        return arriving

    def _counts(self, s: int, people: Array, growth: Joint, levers: Joint, arriving: Arrivals) -> Array:
        """Counts and their causes; returns the counts, (cells, later years, draws), without what arrives."""
        cells = self.system.cells[s]
        start = cells.base[0, :, None, None]
        before, after = growth.ratio, levers.ratio
        before *= people
        after *= before
        self.result.count_causes[s] = self._explain(cells, 0, people, after, [growth, levers], arriving)
        before *= start
        after *= start
        self._gather(0, s, after)
        self._record(cells, before, levers)
        for f in growth.factors:
            if f.effect >= 0:
                more = (1.0 - np.exp(-f.log)) * before[list(f.rows)].sum(axis=0)
                self.result.out[f.effect, 1:] -= more
                self.result.alone[f.effect, 1:] -= more
        return after

    def _days(self, s: int, people: Array, growth: Joint, levers: Joint, arriving: Arrivals) -> None:
        """Sums and sums of squares of stays, and the causes of the sums."""
        cells = self.system.cells[s]
        drift = self._joint(cells, self._grown(cells, trend=True))
        shorter = self._joint(cells, self._levers(cells, ("shorten",)))
        start = cells.base[1:, :, None, None]
        number, stay = growth.ratio, drift.ratio
        number *= levers.ratio
        unshortened = number * people[1]
        unshortened *= stay
        kept = shorter.ratio
        after = unshortened * kept
        joints = [growth, levers, drift, shorter]
        self.result.day_causes[s] = self._explain(cells, 1, people[1], after, joints, arriving)
        unshortened *= start[0]
        self._record(cells, unshortened, shorter)
        after *= start[0]
        self._gather(1, s, after)
        stay *= kept
        self._gather(2, s, stay**2 * number * people[2] * start[1])

    def _gather(self, k: int, s: int, values: Array) -> None:
        """Add a moment of the cells of a service, (cells, later years, draws), to the totals of their localities."""
        for place, cell in zip(self.system.cells[s].locality, values, strict=True):
            self.result.total[k, s, place, 1:] += cell

    def _explain(
        self, cells: ServiceCells, moment: int, people: Array, end: Array, joints: list[Joint], arriving: Arrivals
    ) -> Parts:
        """Split the change since the base year; population change is demography, and in flow cells what others sent.

        `people` is a moment with population change alone, `end` with all factors of `joints`, over the base year's.
        """
        demography, arrived = self.position[DEMOGRAPHY], self.position[ARRIVED]
        natural = [arrived if flow else demography for flow in cells.flow]
        factors = [f for joint in joints for f in joint.factors]
        known = {demography, *natural, *(f.cause for f in factors), *(self._cause(e) for e, _ in arriving)}
        sheet = Sheet(known, self.result.total.shape[2:])
        start = cells.base[moment, :, None, None]
        with np.errstate(divide="ignore"):
            change = np.log(people)
        logs = change.copy()
        for joint in joints:
            if joint.factors:
                logs += joint.log
        weight = relative_log_mean(end, logs)
        weight *= start
        home = cells.locality.tolist()
        for cause, place, part in zip(natural, home, part_of_change(weight, change, start), strict=True):
            sheet.add(cause, place, part)
        for rows, same in by_rows(factors):
            for place, mine in by_place(home, rows, weight).items():
                for f in same:
                    sheet.add(f.cause, place, mine * f.log)
        for e, units in arriving:
            sheet.add(self._cause(e), slice(None), units)
        return sheet.parts

    def _record(self, cells: ServiceCells, before: Array, levers: Joint) -> None:
        """What each effect takes, with the others (log-mean parts of the whole) and alone, and send it on."""
        if not levers.factors:
            return
        weight = levers.weight
        weight *= before
        home = cells.locality.tolist()
        for rows, same in by_rows(levers.factors):
            places = by_place(home, rows, weight)
            mine, whole = sum(places.values()), before[list(rows)].sum(axis=0)
            for f in same:
                self.result.out[f.effect, 1:] -= mine * f.log
                self.result.alone[f.effect, 1:] += whole * np.minimum(f.size, LARGEST_EFFECT)
                effect = self.system.effects[f.effect]
                if effect.lever in MOVING_LEVERS:
                    arriving = np.zeros(self.sent.shape[1:])
                    for place, part in places.items():
                        arriving[place] = -effect.rate * part * f.log
                    self.arrived[effect.to_service].append((f.effect, arriving))

    def _send(self, cells: ServiceCells, count: Array, arriving: Arrivals) -> None:
        """What a service sends on through flows, arrivals included in proportion."""
        if not cells.sends:
            return
        home = cells.locality
        places = len(self.system.localities)
        base = np.bincount(home, weights=cells.base[0], minlength=places)
        for flow, w in cells.sends:
            self.sent_base[flow] = np.bincount(home, weights=w * cells.base[0], minlength=places)
            part = np.divide(self.sent_base[flow], base, out=np.zeros(places), where=base > 0.0)
            for _, units in arriving:
                self.sent[flow] += part[:, None, None] * units
            for c in np.flatnonzero(w):
                self.sent[flow, home[c]] += w[c] * count[c]
