"""The money of every partner, and why the gap changed.

Every line of income and cost is volume x inflation x efficiency, so one rule (log-mean weights) splits its change.
Payments between two partners of the system are a cost of one and an income of the other: they cancel in the system's
gap. A gap is recurrent cost less recurrent income; what is spent once and capital stand apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.activity import Activity
from bettercare.engines.forecast.causes import (
    CHANCE,
    EFFICIENCY,
    ESTATE,
    FUNDING,
    INFLATION,
    OPENING,
    PART_FILLED,
    POOLED,
    Cause,
    Sums,
)
from bettercare.engines.forecast.inputs import Quantity
from bettercare.engines.forecast.places import BedCauses, Weights, moved, seen
from bettercare.engines.forecast.system import Contract, Cost, System
from bettercare.model.money import price_level, split_change, split_constant, steps

Array = NDArray[np.float64]

VOLUME: Cause = ("volume", "")
KINDS = ("opening", "volume", "inflation", "efficiency", "funding", "investment", "pooled-funds", "chance")


@dataclass
class Money:
    """Money of every partner, (partners, years, draws), and its causes.

    `causes` explains the system's gap, (causes, years, draws); `kinds` each partner's, (partners, kinds, years, draws).
    `resources` is what services cost at base-year prices after efficiency, (services, years, draws), and
    `volumes` the same before efficiency, so that only the amount and place of care change it; `carried` the carried
    cost lines, `outside` what is paid out of the system less what comes in for patients from elsewhere,
    `invested` what initiatives cost every year and `once_real` what they cost once: all at base-year prices, (years,
    draws), of the system. `transfers` is what each partner pays others less what they pay it.
    """

    cost: Array
    income: Array
    once: Array
    capital: Array
    causes: Sums
    kinds: Array
    resources: Array
    volumes: Array
    carried: Array
    outside: Array
    invested: Array
    once_real: Array
    transfers: Array

    @property
    def gap(self) -> Array:
        """Recurrent cost less recurrent income, (partners, years, draws)."""
        return self.cost - self.income


def value(
    system: System,
    activity: Activity,
    expected_beds: Array,
    bed_causes: list[BedCauses],
    count: Array,
    beds: Array,
    positions: Array,
) -> Money:
    """Money in every draw.

    `activity` holds expectations and their causes, `expected_beds` and `bed_causes` what they mean in beds;
    `count` (services, localities, years, draws) and `beds` (bed rows, years, draws) are what happened, chance included.
    """
    book = _Book(system, activity, expected_beds, bed_causes, positions)
    expected_count = activity.total[0]
    for cost in system.accounts.costs:
        book.cost(cost, expected_count, count, beds)
    agreements: dict[tuple[int, int, str], list[Contract]] = {}
    for c in system.accounts.contracts:
        agreements.setdefault((c.payer, c.provider, c.index), []).append(c)
    for (payer, provider, index), contracts in agreements.items():
        book.payments(payer, provider, index, contracts, expected_count, count)
    book.standing_lines()
    book.investments()
    return book.close()


@dataclass(frozen=True)
class Level:
    """A price index since the base year, (years, draws) each: inflation, efficiency and both, and what they explain."""

    inflation: Array
    efficiency: Array
    both: Array
    logs: tuple[Array, Array]
    per_pound: tuple[Array, Array]  # what each does to a pound that only prices move

    @classmethod
    def of(cls, inflation: Array, efficiency: Array) -> Level:
        """From the two price levels."""
        logs = np.log(inflation), np.log(efficiency)
        return cls(inflation, efficiency, inflation * efficiency, logs, split_constant(inflation, efficiency))


def levels(system: System, positions: Array) -> dict[str, Level]:
    """The level of each price index by its code, in every draw; the index without a code stands still."""

    def yearly(quantities: tuple[Quantity, ...]) -> Array:
        return np.stack([q.values(positions) for q in quantities])

    found = {
        code: Level.of(*price_level(yearly(price.inflation), yearly(price.efficiency)))
        for code, price in system.accounts.prices.items()
    }
    still = np.ones((len(system.years), positions.shape[0]))
    return found | {"": Level.of(still, still)}


def paid_for(contract: Contract, count: Array) -> Array:
    """What a contract pays at base-year prices, (years, draws), for activity (services, localities, years, draws)."""
    if contract.service < 0 or contract.basis == "block":
        return np.full(count.shape[-2:], contract.value)
    paid = seen(contract.price * contract.part, count[contract.service])
    if contract.basis == "marginal-rate":
        paid = np.where(paid > paid[:1], paid[:1] + contract.marginal_rate * (paid - paid[:1]), paid)
    return paid


def _cost_of(cost: Cost, activity: Array, need: Array) -> Array:
    """A cost at base-year prices, (years, draws), of activity and of what it needs in beds or teams at each place."""
    total = cost.fixed[:, None] + cost.marginal[:, None] * activity
    price, size = _step_price(cost)
    if price.any():
        total += price * steps(need, size).sum(axis=0)
    return total


def _step_price(cost: Cost) -> tuple[Array, Array]:
    """Price and size of a whole step, (years, 1); the price is 0 where there are no steps."""
    stepped = (cost.step_size > 0.0)[:, None]
    return np.where(stepped, cost.step[:, None], 0.0), np.where(stepped, cost.step_size[:, None], 1.0)


class _Book:
    def __init__(
        self, system: System, activity: Activity, expected_beds: Array, bed_causes: list[BedCauses], positions: Array
    ) -> None:
        self.system, self.activity, self.positions = system, activity, positions
        self.beds, self.bed_causes = expected_beds, bed_causes
        self.years, self.draws = len(system.years), positions.shape[0]
        partners = len(system.partners)
        flat = (self.years, self.draws)
        self.costs = np.zeros((partners, *flat))
        self.incomes = np.zeros((partners, *flat))
        self.kinds = np.zeros((partners, len(KINDS), *flat))
        self.causes = Sums(system.causes, flat)
        self.resources = np.zeros((len(system.services), *flat))
        self.volumes = np.zeros((len(system.services), *flat))
        self.carried, self.outside = np.zeros(flat), np.zeros(flat)
        self.invested, self.once_real = np.zeros(flat), np.zeros(flat)
        self.transfers = np.zeros((partners, *flat))
        self.once = np.zeros((partners, *flat))
        self.capital = np.zeros((partners, *flat))
        self.by_count, self.by_day = Weights(), Weights()  # what a unit, or bed day, more does to the system's gap
        self.levels = levels(system, positions)
        self._in_turn: dict[tuple[str, ...], Level] = {}

    def _level_of(self, indexes: tuple[str, ...]) -> Level:
        """The price level of a cost whose rows may name another index from some year on, given that of each year."""
        if len(set(indexes)) == 1:
            return self.levels[indexes[0]]
        if indexes not in self._in_turn:
            every = [self.levels[index] for index in indexes]
            self._in_turn[indexes] = Level.of(
                np.stack([level.inflation[y] for y, level in enumerate(every)]),
                np.stack([level.efficiency[y] for y, level in enumerate(every)]),
            )
        return self._in_turn[indexes]

    def _split(self, volume: Array, happened: Array, level: Level) -> tuple[Array, dict[Cause, Array], Array]:
        """Scale of volume changes, causes and money of one line, from what was expected and what happened."""
        scale, from_volume, from_price, from_efficiency = split_change(
            volume, level.inflation, level.efficiency, level.logs
        )
        parts = {
            OPENING: volume[:1],
            VOLUME: from_volume,
            INFLATION: from_price,
            EFFICIENCY: from_efficiency,
            CHANCE: (happened - volume) * level.both,
        }
        return scale, parts, happened * level.both

    def _constant(self, amount: float, index: str, prices: Cause) -> tuple[dict[Cause, Array], Array]:
        """Causes and money of a line that only prices move."""
        level = self.levels[index]
        from_price, from_efficiency = level.per_pound
        parts = {OPENING: np.full((1, 1), amount), prices: amount * from_price, EFFICIENCY: amount * from_efficiency}
        return parts, amount * level.both

    def _enter(
        self,
        partner: int,
        sign: float,
        parts: dict[Cause, Array],
        money: Array,
        inside: bool,
        efficiency: Cause = EFFICIENCY,
    ) -> None:
        """Enter a line of a partner; where it counts for the system's gap too, all but its volume's causes.

        `efficiency` is the cause that the efficiency in its price index is for the system: only what lowers a cost of
        the system's own is efficiency made; in what is paid or received it is a price.
        """
        side = self.costs if sign > 0 else self.incomes
        side[partner] += money
        post = np.add if sign > 0 else np.subtract
        for cause, amount in parts.items():
            lines = [self.kinds[partner, KINDS.index(cause[0])]]
            if inside and cause != VOLUME:
                lines.append(self.causes.of(efficiency if cause == EFFICIENCY else cause))
            for line in lines:
                post(line, amount, out=line)

    def cost(self, cost: Cost, count: Array, happened: Array, happened_beds: Array) -> None:
        """What a service costs its provider, and the causes of its change."""
        part = self.system.catchment[cost.service][:, cost.sites].sum(axis=1)
        at = cost.beds[cost.beds >= 0]
        activity = seen(part, count[cost.service])
        need = self.beds[at] if at.size else activity[None]
        expected = _cost_of(cost, activity, need)
        now = seen(part, happened[cost.service])
        actual = _cost_of(cost, now, happened_beds[at] if at.size else now[None])
        actual[0] = expected[0]
        level = self._level_of(cost.index)
        scale, parts, money = self._split(expected, actual, level)
        inside = bool(self.system.inside[cost.provider])
        self._enter(cost.provider, 1.0, parts, money, inside)
        if inside:
            self._explain_cost(cost, part, activity, need, expected, scale)
            self.resources[cost.service] += actual * level.efficiency
            self.volumes[cost.service] += actual

    def _explain_cost(self, cost: Cost, part: Array, activity: Array, need: Array, total: Array, scale: Array) -> None:
        """Causes of the change in a cost: linear in activity and beds, the rest in whole steps and in buildings.

        `total` is the cost at base-year prices on expectations, of `activity`, (years, draws), and what it `need`s in
        beds or teams, (places, years, draws); `scale` turns its change into money of the year.
        """
        s = cost.service
        price, size = _step_price(cost)
        per_step = price / size
        at = cost.beds[cost.beds >= 0]
        slope = cost.marginal[:, None] + (0.0 if at.size else per_step)
        self.by_count.add(s, part, slope * scale)
        moving = slope * moved(part, self.activity.total[0, s][:, 0])
        rest = total - total[:1] - slope * (activity - activity[:1])
        if at.size:
            wanted = need.sum(axis=0)
            rest -= per_step * (wanted - wanted[:1])
            for b in at:
                found = self.bed_causes[int(b)]
                self.by_day.add(s, found.part, per_step * scale * found.slope)
                moving = moving + per_step * found.estate
        if price.any():
            filled = price * (steps(need, size) - need / size).sum(axis=0)
            filled = filled - filled[:1]
            rest -= filled
            self.causes.add(PART_FILLED, scale * filled)
        rest += moving
        self.causes.add(ESTATE, scale * rest)

    def payments(
        self, payer: int, provider: int, index: str, contracts: list[Contract], count: Array, happened: Array
    ) -> None:
        """What one partner pays another at one price index: a cost of the payer and an income of the provider."""
        expected = sum((paid_for(c, count) for c in contracts), np.zeros((self.years, self.draws)))
        actual = sum((paid_for(c, happened) for c in contracts), np.zeros((self.years, self.draws)))
        actual[0] = expected[0]
        scale, parts, money = self._split(expected, actual, self.levels[index])
        payer_in, provider_in = bool(self.system.inside[payer]), bool(self.system.inside[provider])
        crosses = payer_in != provider_in  # a payment between two partners of the system cancels
        self._enter(payer, 1.0, parts, money, crosses and payer_in, INFLATION)
        self._enter(provider, -1.0, parts, money, crosses and provider_in, INFLATION)
        self.transfers[payer] += money
        self.transfers[provider] -= money
        if crosses:
            sign = 1.0 if payer_in else -1.0
            self.outside += sign * actual
            for contract in contracts:
                self._explain_payment(contract, sign * scale, count)

    def _explain_payment(self, contract: Contract, scale: Array, count: Array) -> None:
        """Causes of the change in a payment that leaves or enters the system."""
        if contract.service < 0 or contract.basis == "block":
            return
        slope = contract.price * scale
        if contract.basis == "marginal-rate":
            now = seen(contract.part, count[contract.service])
            slope = np.where(now > now[:1], contract.marginal_rate * slope, slope)
        self.by_count.add(contract.service, contract.part, slope)
        self.causes.add(ESTATE, slope * moved(contract.part, count[contract.service][:, 0]))

    def standing_lines(self) -> None:
        """Carried lines, allocations and pooled funds."""
        flat = (self.years, self.draws)
        for line in self.system.accounts.lines:
            sign = 1.0 if line.cost else -1.0
            inside = bool(self.system.inside[line.partner])
            parts, money = self._constant(line.amount, line.index, INFLATION if line.cost else FUNDING)
            self._enter(line.partner, sign, parts, money, inside, EFFICIENCY if line.cost else FUNDING)
            if line.cost and inside:
                self.carried += line.amount * self.levels[line.index].efficiency
        for partner, amounts in enumerate(self.system.accounts.allocations):
            base = amounts[0]
            if base <= 0.0:  # `bettercare check` asks for a base-year row; without one there is nothing to grow from
                continue
            money = np.repeat(amounts[:, None], self.draws, axis=1)
            parts = {OPENING: np.full(flat, base), FUNDING: money - base}
            self._enter(partner, -1.0, parts, money, bool(self.system.inside[partner]))
        paid, received = self.system.accounts.funds
        for side, sign in ((paid, 1.0), (received, -1.0)):
            into = self.costs if sign > 0 else self.incomes
            into += side[:, :, None]
            self.kinds[:, KINDS.index("pooled-funds")] += sign * (side - side[:, :1])[:, :, None]
            self.kinds[:, 0] += sign * np.repeat(side[:, :1], self.years, axis=1)[:, :, None]
            inside = (side * self.system.inside[:, None]).sum(axis=0)
            self.causes.add(POOLED, sign * np.repeat((inside - inside[0])[:, None], self.draws, axis=1))
            self.causes.add(OPENING, sign * np.full(flat, inside[0]))

    def investments(self) -> None:
        """What initiatives cost: recurrent in the gap; once, and capital, beside it."""
        ramp = self.activity.ramp
        started = np.floor(self.activity.starts / 12.0)[:, None] == np.arange(self.years)[:, None]
        for item in self.system.accounts.investments:
            i, partner = item.initiative, item.partner
            inside = bool(self.system.inside[partner])
            real = item.amount.values(self.positions) * (ramp[i] if item.recurrent else started[i])
            paid = real * self.levels[item.index].both
            if not item.recurrent:
                self.once[partner] += paid
                self.once_real += real if inside else 0.0
                continue
            self.costs[partner] += paid
            self.kinds[partner, KINDS.index("investment")] += paid
            if inside:
                self.causes.add(("initiative", self.system.initiatives[i]), paid)
                self.invested += real
        for line in self.system.accounts.capital:
            self.capital[line.owner, line.year] += line.amount.values(self.positions)

    def close(self) -> Money:
        self.by_count.in_draws(self.activity.count_causes, self.causes)
        self.by_day.in_draws(self.activity.day_causes, self.causes)
        return Money(
            cost=self.costs,
            income=self.incomes,
            once=self.once,
            capital=self.capital,
            causes=self.causes,
            kinds=self.kinds,
            resources=self.resources,
            volumes=self.volumes,
            carried=self.carried,
            outside=self.outside,
            invested=self.invested,
            once_real=self.once_real,
            transfers=self.transfers,
        )
