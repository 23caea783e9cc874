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
from bettercare.engines.forecast.places import BedCauses, at_sites, moved, parts_at
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
        self._logs: dict[str, tuple[Array, Array]] = {}
        self._per_pound: dict[str, tuple[Array, Array]] = {}
        self.levels = {name: self._level(name) for name in system.accounts.prices}
        ones = np.ones(flat)
        self.levels[""] = (ones, ones)

    def _level(self, index: str) -> tuple[Array, Array]:
        price = self.system.accounts.prices[index]

        def yearly(quantities: tuple[Quantity, ...]) -> Array:
            return np.stack([q.values(self.positions) for q in quantities])

        return price_level(yearly(price.inflation), yearly(price.efficiency))

    def _split(self, volume: Array, happened: Array, index: str) -> tuple[Array, dict[Cause, Array], Array]:
        """(scale of a change in volume, causes of the change in money, the money that happened) of a line."""
        inflation, efficiency = self.levels[index]
        if index not in self._logs:
            self._logs[index] = (np.log(inflation), np.log(efficiency))
        scale, from_volume, from_price, from_efficiency = split_change(volume, inflation, efficiency, self._logs[index])
        level = inflation * efficiency
        parts = {
            OPENING: np.broadcast_to(volume[:1], volume.shape),
            VOLUME: from_volume,
            INFLATION: from_price,
            EFFICIENCY: from_efficiency,
            CHANCE: (happened - volume) * level,
        }
        return scale, parts, happened * level

    def _constant(self, amount: float, index: str, prices: Cause) -> tuple[dict[Cause, Array], Array]:
        """Causes and money of a line that only prices move."""
        if index not in self._per_pound:
            self._per_pound[index] = split_constant(*self.levels[index])
        from_price, from_efficiency = self._per_pound[index]
        inflation, efficiency = self.levels[index]
        opening = np.full((self.years, self.draws), amount)
        parts = {OPENING: opening, prices: amount * from_price, EFFICIENCY: amount * from_efficiency}
        return parts, amount * inflation * efficiency

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
        for (kind, _), amount in parts.items():
            self.kinds[partner, KINDS.index(kind)] += sign * amount
        if inside:
            for cause, amount in parts.items():
                if cause != VOLUME:
                    self.causes.add(efficiency if cause == EFFICIENCY else cause, sign * amount)

    def cost(self, cost: Cost, count: Array, happened: Array, happened_beds: Array) -> None:
        """What a service costs its provider, and the causes of its change."""
        expected = self._cost_now(cost, count, self.beds)
        actual = self._cost_now(cost, happened, happened_beds)
        actual[0] = expected[0]
        scale, parts, money = self._split(expected, actual, cost.index)
        efficiency = self.levels[cost.index][1]
        inside = bool(self.system.inside[cost.provider])
        self._enter(cost.provider, 1.0, parts, money, inside)
        if inside:
            self._explain_cost(cost, expected, count, scale)
            self.resources[cost.service] += actual * efficiency
            self.volumes[cost.service] += actual

    def _cost_now(self, cost: Cost, count: Array, beds: Array) -> Array:
        activity = at_sites(self.system, cost.service, cost.sites, count[cost.service])
        total = cost.fixed[:, None] + cost.marginal[:, None] * activity
        for y in range(self.years):
            if cost.step_size[y] > 0.0:
                need = beds[[b for b in cost.beds if b >= 0], y] if (cost.beds >= 0).any() else activity[None, y]
                total[y] += cost.step[y] * steps(need, float(cost.step_size[y])).sum(axis=0)
        return np.asarray(total)

    def _explain_cost(self, cost: Cost, total: Array, count: Array, scale: Array) -> None:
        """Causes of the change in a cost: linear in activity and beds, the rest in whole steps and in buildings.

        `total` is the cost at base-year prices on expectations; `scale` turns its change into money of the year.
        """
        s = cost.service
        part = self.system.catchment[s][:, cost.sites].sum(axis=1)
        marginal = cost.marginal[:, None]
        per_step = np.divide(cost.step, cost.step_size, out=np.zeros(self.years), where=cost.step_size > 0.0)[:, None]
        at = cost.beds[cost.beds >= 0]
        slope = marginal if at.size else marginal + per_step
        activity = parts_at(part, self.activity.count_causes[s])
        moving = slope * moved(part, count[s][:, 0])
        explained = slope * activity.total() + moving
        activity.scale(slope * scale)
        self.causes.add_parts(activity)
        for b in at:
            found = self.bed_causes[int(b)]
            self.causes.add_parts(found.causes.scaled(per_step * scale))
            moving = moving + per_step * found.estate
            explained = explained + per_step * (found.total + found.estate)
        need = self._need(cost, count, self.beds)
        whole = np.zeros_like(total)
        for y in range(self.years):
            if cost.step_size[y] > 0.0:
                size = float(cost.step_size[y])
                whole[y] = (cost.step[y] * (steps(need[:, y], size) - need[:, y] / size)).sum(axis=0)
        part_filled = whole - whole[:1]
        rest = total - total[:1] - explained - part_filled
        self.causes.add(PART_FILLED, scale * part_filled)
        self.causes.add(ESTATE, scale * (rest + moving))

    def _need(self, cost: Cost, count: Array, beds: Array) -> Array:
        if (cost.beds >= 0).any():
            return np.asarray(beds[cost.beds[cost.beds >= 0]])
        return at_sites(self.system, cost.service, cost.sites, count[cost.service])[None]

    def payments(
        self, payer: int, provider: int, index: str, contracts: list[Contract], count: Array, happened: Array
    ) -> None:
        """What one partner pays another at one price index: a cost of the payer and an income of the provider."""
        expected = sum((self._payment(c, count) for c in contracts), np.zeros((self.years, self.draws)))
        actual = sum((self._payment(c, happened) for c in contracts), np.zeros((self.years, self.draws)))
        actual[0] = expected[0]
        scale, parts, money = self._split(expected, actual, index)
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
        now = np.einsum("ly,lyd->yd", contract.part, count[contract.service])
        rise = now - now[:1]
        paid = self._payment(contract, count)
        slope = scale * np.divide(paid - paid[:1], rise, out=np.full_like(rise, contract.price), where=rise != 0.0)
        causes = parts_at(contract.part, self.activity.count_causes[contract.service])
        causes.scale(slope)
        self.causes.add_parts(causes)
        self.causes.add(ESTATE, slope * moved(contract.part, count[contract.service][:, 0]))

    def _payment(self, contract: Contract, count: Array) -> Array:
        if contract.service < 0 or contract.basis == "block":
            return np.full((self.years, self.draws), contract.value)
        now = np.einsum("ly,lyd->yd", contract.part, count[contract.service])
        if contract.basis == "marginal-rate":
            now = np.where(now > now[:1], now[:1] + contract.marginal_rate * (now - now[:1]), now)
        return np.asarray(contract.price * now)

    def standing_lines(self) -> None:
        """Carried lines, allocations and pooled funds."""
        flat = (self.years, self.draws)
        for line in self.system.accounts.lines:
            sign = 1.0 if line.cost else -1.0
            inside = bool(self.system.inside[line.partner])
            parts, money = self._constant(line.amount, line.index, INFLATION if line.cost else FUNDING)
            self._enter(line.partner, sign, parts, money, inside, EFFICIENCY if line.cost else FUNDING)
            if line.cost and inside:
                self.carried += line.amount * self.levels[line.index][1]
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
        ramp, when = self.activity.ramp, self.activity.starts
        year = np.arange(self.years)[:, None]
        for item in self.system.accounts.investments:
            amount = item.amount.values(self.positions)[None, :]
            inflation, efficiency = self.levels[item.index]
            if not item.recurrent:
                started = np.floor(when[item.initiative] / 12.0)[None, :] == year
                self.once[item.partner] += amount * started * inflation * efficiency
                self.once_real += amount * started * self.system.inside[item.partner]
                continue
            paid = amount * ramp[item.initiative] * inflation * efficiency
            self.costs[item.partner] += paid
            self.kinds[item.partner, KINDS.index("investment")] += paid
            if self.system.inside[item.partner]:
                self.causes.add(("initiative", self.system.initiatives[item.initiative]), paid)
                self.invested += amount * ramp[item.initiative]
        for line in self.system.accounts.capital:
            self.capital[line.owner, line.year] += line.amount.values(self.positions)

    def close(self) -> Money:
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
