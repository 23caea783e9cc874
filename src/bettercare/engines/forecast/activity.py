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

from bettercare.engines.forecast.causes import ARRIVED, DEMOGRAPHY, Cause, Parts
from bettercare.engines.forecast.system import COUNT_LEVERS, MOVING_LEVERS, ServiceCells, System
from bettercare.model.ledger import log_mean, part_of_change
from bettercare.model.levers import LARGEST_EFFECT, log_remaining
from bettercare.model.timing import average_ramp, starts

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
STAY_TREND = "length-of-stay"  # the kind of growth that changes stays and not counts
_LOW_SCORE = 1.2815515655446004  # the low and high variants are the 10% and 90% lines


@dataclass(frozen=True)
class Factor:
    """One factor on some cells of a service: its logarithm, (cells or 1, years, draws), and the effect it comes from.

    `size` is the share that the effect by itself takes away or adds, (years, draws).
    """

    cause: Cause
    rows: NDArray[np.intp]
    log: Array
    effect: int = -1
    size: Array = field(default_factory=lambda: np.zeros(()))


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
    """One pass over the services, in the order in which they send to each other."""

    def __init__(self, system: System, positions: Array) -> None:
        self.system = system
        self.draws = positions.shape[0]
        self.shape = (len(system.localities), len(system.years), self.draws)
        slips = np.stack([s.values(positions) for s in system.slips]) if system.slips else np.zeros((0, self.draws))
        when = starts(system.milestones, slips)
        self.when = when[system.live] if len(system.live) else np.zeros((0, self.draws))
        years = len(system.years)
        self.ramp = np.zeros((len(system.initiatives), years, self.draws))
        for i, months in enumerate(system.ramp_months):
            self.ramp[i] = average_ramp(self.when[i], float(months), years)
        self.size = [e.size.values(positions) for e in system.effects]
        self.rate = [g.rate.values(positions) for g in system.growth]
        self.shares: dict[int, Array] = {}
        self.z = self._population_score(positions)
        self.arrived: list[list[tuple[int, Array]]] = [[] for _ in system.services]
        effects = len(system.effects)
        self.result = Activity(
            total=np.zeros((3, len(system.services), *self.shape)),
            out=np.zeros((effects, years, self.draws)),
            alone=np.zeros((effects, years, self.draws)),
            starts=self.when,
            ramp=self.ramp,
            count_causes=[Parts.of({}, self.shape) for _ in system.services],
            day_causes=[Parts.of({}, self.shape) for _ in system.services],
        )
        self.position = {cause: k for k, cause in enumerate(system.causes)}
        self.sent = np.zeros((len(system.flows), *self.shape))
        self.sent_base = np.zeros((len(system.flows), len(system.localities)))

    def run(self) -> Activity:
        for s in self.system.order:
            self._service(s)
        return self.result

    def _population_score(self, positions: Array) -> Array:
        from scipy.special import ndtri

        column = self.system.population
        return np.zeros(self.draws) if column < 0 else np.asarray(ndtri(positions[:, column]), dtype=np.float64)

    def _demography(self, cells: ServiceCells, s: int) -> Array:
        """Moments with population change alone (or what flows bring): (3, or 1 without stays, cells, years, draws)."""
        moments = slice(0, 3 if self.system.has_stay[s] else 1)
        principal, low, high = (cells.moments[v, moments, ..., None] for v in range(3))
        up = np.maximum(self.z, 0.0) / _LOW_SCORE
        down = np.maximum(-self.z, 0.0) / _LOW_SCORE
        people = principal + (high - principal) * up + (low - principal) * down
        people = np.maximum(people, 0.0)
        base = cells.base[moments]
        people[:, :, 0] = base[:, :, None]
        if cells.flow.any():
            brought = self._flow_ratio(s)[cells.locality]  # (cells, years, draws)
            sent = base[:, :, None, None] * brought[None]
            people = np.where(cells.flow[None, :, None, None], sent, people)
        return np.asarray(people, dtype=np.float64)

    def _flow_ratio(self, s: int) -> Array:
        """What flows bring to a service over what they brought in the base year, (localities, years, draws)."""
        now, base = np.zeros(self.shape), np.zeros(len(self.system.localities))
        for f, flow in enumerate(self.system.flows):
            if flow.to_service == s:
                now += flow.share * self.sent[f]
                base += flow.share * self.sent_base[f]
        safe = np.where(base > 0.0, base, 1.0)[:, None, None]
        return np.where(base[:, None, None] > 0.0, now / safe, 1.0)

    def _levers(self, cells: ServiceCells, levers: tuple[str, ...]) -> list[Factor]:
        """What effects of these kinds leave of the cells that they address: a factor for each, overlap taken off.

        Effects are combined once for each distinct set of them, since cells of several places often share it.
        """
        chosen = [(e, w) for e, w in cells.effects if self.system.effects[e].lever in levers]
        if not chosen:
            return []
        reach = np.stack([w for _, w in chosen], axis=1)  # (cells, effects)
        sets, which = np.unique(reach, axis=0, return_inverse=True)
        out = []
        for u, weights in enumerate(sets):
            at = np.flatnonzero(weights)
            if not at.size:
                continue
            codes = [chosen[j][0] for j in at]
            taken = np.stack([weights[j] * self._share(e) for j, e in zip(at, codes, strict=True)])
            logs = log_remaining(taken, self.system.shared[np.ix_(codes, codes)])
            rows = np.flatnonzero(which.reshape(-1) == u)
            out += [Factor(self._cause(e), rows, logs[j][None], e, taken[j]) for j, e in enumerate(codes)]
        return out

    def _share(self, e: int) -> Array:
        """Share of the activity addressed that an effect takes away or adds, (years, draws)."""
        if e in self.shares:
            return self.shares[e]
        effect = self.system.effects[e]
        size = self.size[e] * effect.reach
        if effect.unit == "count-a-year":
            size = size / effect.addressed if effect.addressed > 0.0 else np.zeros(self.draws)
        if effect.lever in MOVING_LEVERS:
            size = np.maximum(size, 0.0)  # nothing can be moved back from a service that did not send it
        self.shares[e] = size[None, :] * self.ramp[effect.initiative]
        return self.shares[e]

    def _service(self, s: int) -> None:
        cells = self.system.cells[s]
        home = cells.locality
        moments = self._demography(cells, s)
        trends = [self._grown(g, w) for g, w in cells.growth]
        growth = [f for f in trends if f.cause[0] != STAY_TREND]
        growth += [self._added(e, w) for e, w in cells.effects if self._adds_share(e)]
        levers = self._levers(cells, COUNT_LEVERS)
        stays = self._levers(cells, ("shorten",)) if self.system.has_stay[s] else []
        drift = [f for f in trends if f.cause[0] == STAY_TREND]
        grown, taken = self._sum(growth, cells), self._sum(levers, cells)
        before = moments[0] * np.exp(grown)
        count = before * np.exp(taken) if levers else before
        total = grown + taken
        self.result.total[0, s] = self._gather(home, count)
        count_parts: dict[int, Array] = {}
        day_parts: dict[int, Array] = {}
        self._explain(s, moments[0], count, [*growth, *levers], total, count_parts)
        if self.system.has_stay[s]:
            drifted, shorter = self._sum(drift, cells), self._sum(stays, cells)
            stay = np.exp(drifted + shorter)
            unshortened = moments[1] * np.exp(total + drifted)
            days = unshortened * np.exp(shorter)
            self.result.total[1, s] = self._gather(home, days)
            self.result.total[2, s] = self._gather(home, moments[2] * np.exp(total) * stay**2)
            every = [*growth, *levers, *drift, *stays]
            self._explain(s, moments[1], days, every, total + drifted + shorter, day_parts)
            self._record(home, unshortened, days, stays, shorter)
        self._record(home, before, count, levers, taken)
        self._record_added(before, [f for f in growth if f.effect >= 0])
        self._arrivals(s, count_parts, day_parts)
        self._send(s, cells, count)
        self.result.count_causes[s] = Parts.of(count_parts, self.shape)
        self.result.day_causes[s] = Parts.of(day_parts, self.shape)

    def _gather(self, home: Ints, values: Array) -> Array:
        """Sum cells into localities: (localities, years, draws) from (cells, years, draws)."""
        out = np.zeros((len(self.system.localities), *values.shape[1:]))
        for place, cell in zip(home, values, strict=True):  # few cells, long rows: quicker than one call for all
            out[place] += cell
        return out

    def _sum(self, factors: list[Factor], cells: ServiceCells) -> Array:
        total = np.zeros((cells.locality.size, *self.shape[1:]))
        for f in factors:
            total[f.rows] += f.log
        return total

    def _grown(self, g: int, w: Array) -> Factor:
        growth = self.system.growth[g]
        logs = np.log1p(np.maximum(self.rate[g], -99.0) / 100.0)
        rows = np.flatnonzero(w)
        yearly = growth.years[None, :, None] * logs[None, None, :]
        return Factor((growth.kind, growth.code), rows, w[rows, None, None] * yearly)

    def _added(self, e: int, w: Array) -> Factor:
        rows = np.flatnonzero(w)
        more = np.maximum(w[rows, None, None] * self._share(e)[None], -LARGEST_EFFECT)
        return Factor(self._cause(e), rows, np.log1p(more), e, more)

    def _cause(self, e: int) -> Cause:
        return ("initiative", self.system.initiatives[self.system.effects[e].initiative])

    def _adds_share(self, e: int) -> bool:
        effect = self.system.effects[e]
        return effect.lever == "add" and effect.unit == "share"

    def _explain(
        self,
        s: int,
        drawn: Array,
        end: Array,
        factors: list[Factor],
        total: Array,
        into: dict[int, Array],
    ) -> None:
        """Split the change since the base year; population change is demography, and in flow cells what others sent.

        `drawn` is the moment with population change alone, `end` with all `factors`; `total` sums their logarithms.
        """
        start = np.broadcast_to(drawn[:, :1], end.shape)
        ratio = np.divide(drawn, start, out=np.ones(end.shape), where=start > 0.0)
        with np.errstate(divide="ignore"):
            change = np.log(ratio)
        weight = log_mean(start, end, change + total)
        part = part_of_change(weight, change, start)
        flow, home = self.system.cells[s].flow, self.system.cells[s].locality
        into[self.position[DEMOGRAPHY]] = self._gather(home[~flow], part[~flow])
        if flow.any():
            into[self.position[ARRIVED]] = self._gather(home[flow], part[flow])
        for f in factors:
            mine = self._gather(home[f.rows], weight[f.rows] * f.log)
            _add(into, self.position[f.cause], mine)

    def _record(self, home: Ints, before: Array, after: Array, levers: list[Factor], total: Array) -> None:
        """What each effect takes, with the others (log-mean parts of the whole) and alone, and send it on."""
        if not levers:
            return
        weight = log_mean(before, after, total)
        for f in levers:
            taken = -weight[f.rows] * f.log
            self.result.out[f.effect] += taken.sum(axis=0)
            alone = np.minimum(f.size, LARGEST_EFFECT)
            self.result.alone[f.effect] += before[f.rows].sum(axis=0) * alone
            effect = self.system.effects[f.effect]
            if effect.lever in MOVING_LEVERS:
                arriving = effect.rate * self._gather(home[f.rows], taken)
                self.arrived[effect.to_service].append((f.effect, arriving))

    def _record_added(self, grown: Array, added: list[Factor]) -> None:
        for f in added:
            more = -(grown[f.rows] * (1.0 - np.exp(-f.log))).sum(axis=0)
            self.result.out[f.effect] = self.result.alone[f.effect] = more

    def _arrivals(self, s: int, count_parts: dict[int, Array], day_parts: dict[int, Array]) -> None:
        """Add what shifts bring and what initiatives add as new activity; stays are the service's own."""
        arriving = list(self.arrived[s])
        for e, effect in enumerate(self.system.effects):
            if effect.service == s and effect.lever == "add" and effect.unit == "count-a-year":
                units = (self.size[e] * effect.reach)[None, :] * self.ramp[effect.initiative]
                arriving.append((e, effect.spread[:, None, None] * units[None]))
                self.result.out[e] = self.result.alone[e] = -units
        base = self.system.cells[s].base.sum(axis=1)
        mean = base[1] / base[0] if base[0] > 0.0 else 0.0
        square = base[2] / base[0] if base[0] > 0.0 else 0.0
        for e, units in arriving:
            for k, each in enumerate((1.0, mean, square)):
                self.result.total[k, s] += each * units
            cause = self.position[self._cause(e)]
            _add(count_parts, cause, units)
            if mean > 0.0:
                _add(day_parts, cause, mean * units)

    def _send(self, s: int, cells: ServiceCells, count: Array) -> None:
        """What this service sends on through flows, arrivals included in proportion."""
        if not cells.sends:
            return
        home = cells.locality
        extra = self.result.total[0, s] - self._gather(home, count)
        places = len(self.system.localities)
        base = np.bincount(home, weights=cells.base[0], minlength=places)
        for flow, w in cells.sends:
            self.sent_base[flow] = np.bincount(home, weights=w * cells.base[0], minlength=places)
            part = np.where(base > 0.0, self.sent_base[flow] / np.where(base > 0.0, base, 1.0), 0.0)
            self.sent[flow] = self._gather(home, w[:, None, None] * count) + part[:, None, None] * extra


def _add(parts: dict[int, Array], cause: int, amount: Array) -> None:
    parts[cause] = parts[cause] + amount if cause in parts else amount
