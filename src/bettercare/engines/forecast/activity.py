"""Expected activity of every service, and why it changed.

For cell c in year y:

    expected = base x population ratio x health status x product(1 + growth) x product(1 - reach x effect x ramp)

plus what arrives from other services. Levers combine as 1 - product(1 - e) on one cohort, less what overlaps say they
share; shift and convert send what they take to another service, one hop, after the other levers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.system import COUNT_LEVERS, MOVING_LEVERS, ServiceCells, System
from bettercare.model.ledger import contributions, log_mean
from bettercare.model.levers import LARGEST_EFFECT, remaining
from bettercare.model.timing import average_ramp, starts

Array = NDArray[np.float64]
Cause = tuple[str, str]  # kind and code: ("growth", "g-ae"), ("initiative", "I077"), ("demography", "")

DEMOGRAPHY: Cause = ("demography", "")
_LOW_SCORE = 1.2815515655446004  # the low and high variants are the 10% and 90% lines


@dataclass
class Activity:
    """Expected activity. `total` is (3, services, localities, years, draws): count, sum and sum of squares of stays.

    `count_causes[s]` and `day_causes[s]` map a cause to its part of the change since the base year, (localities, years,
    draws); the parts of a service add up to the change of its total. `out` is what each effect takes away (or adds) in
    each year, in units of its service (bed days for `shorten`), (effects, years, draws); `alone` the same for the
    effect alone, without the others: `alone` less `out` is what is claimed twice.
    """

    total: Array
    out: Array
    alone: Array
    starts: Array
    ramp: Array
    count_causes: list[dict[Cause, Array]] = field(default_factory=list)
    day_causes: list[dict[Cause, Array]] = field(default_factory=list)


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
        self.z = self._population_score(positions)
        self.arrived: list[list[tuple[int, Array]]] = [[] for _ in system.services]
        effects = len(system.effects)
        self.result = Activity(
            total=np.zeros((3, len(system.services), *self.shape)),
            out=np.zeros((effects, years, self.draws)),
            alone=np.zeros((effects, years, self.draws)),
            starts=self.when,
            ramp=self.ramp,
            count_causes=[{} for _ in system.services],
            day_causes=[{} for _ in system.services],
        )
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
        """Moments with population change alone (or what flows bring), shape (3, cells, years, draws)."""
        principal, low, high = (cells.moments[v][..., None] for v in range(3))
        up = np.maximum(self.z, 0.0) / _LOW_SCORE
        down = np.maximum(-self.z, 0.0) / _LOW_SCORE
        people = principal + (high - principal) * up + (low - principal) * down
        people = np.maximum(people, 0.0)
        people[:, :, 0] = cells.base[:, :, None]
        if cells.flow.any():
            brought = self._flow_ratio(s)[cells.locality]  # (cells, years, draws)
            sent = cells.base[:, :, None, None] * brought[None]
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

    def _count_effects(self, cells: ServiceCells) -> tuple[list[int], Array]:
        """Effects that take activity away and what each leaves of every cell, (effects, cells, years, draws)."""
        chosen = [(e, w) for e, w in cells.effects if self.system.effects[e].lever in COUNT_LEVERS]
        return self._leaves(chosen)

    def _leaves(self, chosen: list[tuple[int, Array]]) -> tuple[list[int], Array]:
        at = [e for e, _ in chosen]
        if not at:
            return at, np.zeros((0, 0, 0, 0))
        taken = np.stack([w[:, None, None] * self._share(e)[None] for e, w in chosen])
        return at, remaining(taken, self.system.shared[np.ix_(at, at)])

    def _share(self, e: int) -> Array:
        """Share of the activity addressed that an effect takes away or adds, (years, draws)."""
        effect = self.system.effects[e]
        size = self.size[e] * effect.reach
        if effect.unit == "count-a-year":
            size = size / effect.addressed if effect.addressed > 0.0 else np.zeros(self.draws)
        if effect.lever in MOVING_LEVERS:
            size = np.maximum(size, 0.0)  # nothing can be moved back from a service that did not send it
        return np.asarray(size[None, :] * self.ramp[effect.initiative])

    def _service(self, s: int) -> None:
        cells = self.system.cells[s]
        member = np.zeros((len(self.system.localities), cells.locality.size))
        member[cells.locality, np.arange(cells.locality.size)] = 1.0
        moments = self._demography(cells, s)
        base = cells.base[:, :, None, None]
        drawn = np.divide(moments, base, out=np.ones_like(moments), where=base > 0.0)
        factors: list[tuple[Cause, Array]] = []
        for g, w in cells.growth:
            growth = self.system.growth[g]
            factors.append(((growth.kind, growth.code), self._grown(g, w)))
        adds = [(e, w) for e, w in cells.effects if self._adds_share(e)]
        for e, w in adds:
            grown = np.maximum(1.0 + w[:, None, None] * self._share(e)[None], 0.0)
            factors.append((self._cause(e), grown))
        before = moments[0]
        for _, f in factors:
            before = before * f
        at, left = self._count_effects(cells)
        stay_at, stay_left = self._leaves([(e, w) for e, w in cells.effects if self._shortens(e)])
        levers = [(self._cause(e), left[i]) for i, e in enumerate(at)]
        stays = [(self._cause(e), stay_left[i]) for i, e in enumerate(stay_at)]

        self._add_up(s, member, moments, [*factors, *levers], stays)
        origin = self._origins(cells, drawn)
        self._explain(s, member, cells.base[0], origin(0), [*factors, *levers], self.result.count_causes[s])
        if self.system.has_stay[s]:
            days = [*factors, *levers, *stays]
            self._explain(s, member, cells.base[1], origin(1), days, self.result.day_causes[s])
        self._record_out(member, before, at, left, cells)
        if stay_at:
            unshortened = moments[1]
            for _, f in [*factors, *levers]:
                unshortened = unshortened * f
            self._record_stays(unshortened, stay_at, stay_left, cells)
        self._arrivals(s)
        self._send(s, cells, member, moments, [*factors, *levers])

    def _grown(self, g: int, w: Array) -> Array:
        growth = self.system.growth[g]
        logs = np.log1p(np.maximum(self.rate[g], -99.0) / 100.0)
        return np.exp(w[:, None, None] * growth.years[None, :, None] * logs[None, None, :])

    def _cause(self, e: int) -> Cause:
        return ("initiative", self.system.initiatives[self.system.effects[e].initiative])

    def _adds_share(self, e: int) -> bool:
        effect = self.system.effects[e]
        return effect.lever == "add" and effect.unit == "share"

    def _shortens(self, e: int) -> bool:
        return self.system.effects[e].lever == "shorten"

    def _add_up(
        self,
        s: int,
        member: Array,
        moments: Array,
        factors: list[tuple[Cause, Array]],
        stays: list[tuple[Cause, Array]],
    ) -> None:
        count = np.ones(moments.shape[1:])
        for _, f in factors:
            count = count * f
        stay = np.ones(moments.shape[1:])
        for _, f in stays:
            stay = stay * f
        for k, power in enumerate((0, 1, 2)):
            self.result.total[k, s] = _gather(member, moments[k] * count * stay**power)

    def _origins(self, cells: ServiceCells, drawn: Array) -> Callable[[int], list[tuple[Cause, Array]]]:
        """Population change belongs to demography in direct cells, and to what others sent in flow cells."""
        flow = cells.flow[:, None, None]

        def parts(moment: int) -> list[tuple[Cause, Array]]:
            out: list[tuple[Cause, Array]] = [(DEMOGRAPHY, np.where(flow, 1.0, drawn[moment]))]
            if cells.flow.any():
                out.append((("arrived", ""), np.where(flow, drawn[moment], 1.0)))
            return out

        return parts

    def _explain(
        self,
        s: int,
        member: Array,
        base: Array,
        origins: list[tuple[Cause, Array]],
        factors: list[tuple[Cause, Array]],
        into: dict[Cause, Array],
    ) -> None:
        every = [*origins, *factors]
        start = np.broadcast_to(base[:, None, None], every[0][1].shape)
        for (cause, _), part in zip(every, contributions(start, [f for _, f in every]), strict=True):
            total = _gather(member, part)
            into[cause] = into[cause] + total if cause in into else total

    def _record_out(self, member: Array, before: Array, at: list[int], left: Array, cells: ServiceCells) -> None:
        """What each count effect takes, with the others (log-mean parts of the whole) and alone."""
        if not at:
            return
        after = before * left.prod(axis=0)
        weight = log_mean(before, after)
        for i, e in enumerate(at):
            taken = -weight * np.log(left[i])
            self.result.out[e] = taken.sum(axis=0)
            w = dict(cells.effects)[e]
            alone = np.minimum(w[:, None, None] * self._share(e)[None], LARGEST_EFFECT)
            self.result.alone[e] = (before * alone).sum(axis=0)
            effect = self.system.effects[e]
            if effect.lever in MOVING_LEVERS:
                self.arrived[effect.to_service].append((e, effect.rate * _gather(member, taken)))
        for e, w in cells.effects:
            if self._adds_share(e):
                added = before * (1.0 - 1.0 / np.maximum(1.0 + w[:, None, None] * self._share(e)[None], 1e-9))
                self.result.out[e] = -added.sum(axis=0)
                self.result.alone[e] = self.result.out[e]

    def _record_stays(self, days: Array, at: list[int], left: Array, cells: ServiceCells) -> None:
        weight = log_mean(days, days * left.prod(axis=0))
        for i, e in enumerate(at):
            self.result.out[e] = (-weight * np.log(left[i])).sum(axis=0)
            w = dict(cells.effects)[e]
            alone = np.minimum(w[:, None, None] * self._share(e)[None], LARGEST_EFFECT)
            self.result.alone[e] = (days * alone).sum(axis=0)

    def _arrivals(self, s: int) -> None:
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
            cause = self._cause(e)
            for causes, scale in ((self.result.count_causes[s], 1.0), (self.result.day_causes[s], mean)):
                if scale > 0.0:
                    part = scale * units
                    causes[cause] = causes[cause] + part if cause in causes else part

    def _send(
        self, s: int, cells: ServiceCells, member: Array, moments: Array, factors: list[tuple[Cause, Array]]
    ) -> None:
        """What this service sends on through flows, arrivals included in proportion."""
        if not cells.sends:
            return
        count = moments[0]
        for _, f in factors:
            count = count * f
        own = _gather(member, count)
        extra = self.result.total[0, s] - own
        base = member @ cells.base[0]
        for flow, w in cells.sends:
            self.sent_base[flow] = member @ (w * cells.base[0])
            part = np.where(base > 0.0, self.sent_base[flow] / np.where(base > 0.0, base, 1.0), 0.0)
            self.sent[flow] = _gather(member, w[:, None, None] * count) + part[:, None, None] * extra


def _gather(member: Array, cells: Array) -> Array:
    """Sum cells into localities: (localities, cells) with (cells, years, draws)."""
    localities, n = member.shape
    return (member @ cells.reshape(n, -1)).reshape(localities, *cells.shape[1:])
