"""From one batch of draws to the measures that people read, and their ledgers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.activity import Activity
from bettercare.engines.forecast.causes import CHANCE, ESTATE, OPENING, PART_FILLED, Parts, Sums
from bettercare.engines.forecast.money import Money
from bettercare.engines.forecast.places import BedCauses, Weights, moved, seen, staff_needed
from bettercare.engines.forecast.system import Staff, System
from bettercare.model.beds import dispersion, risk_of_full
from bettercare.plan.badges import weakest

Array = NDArray[np.float64]

BED_GROUPS = {
    "acute_beds": ("acute", "critical-care"),
    "community_beds": ("community",),
    "mental_health_beds": ("mental-health", "learning-disability"),
}
REAL = ("resources", "carried", "outside", "invested", "once_real")
ADMISSIONS = {
    "emergency_admissions": "emergency",
    "elective_admissions": "elective",
    "maternity_admissions": "maternity",
}


@dataclass(frozen=True, order=True)
class Key:
    """What one row of the results is about. Empty means all."""

    measure: str
    service: str = ""
    place: str = ""
    partner: str = ""
    unit: str = ""
    badges: tuple[str, ...] = ()  # of each year; empty: modelled in all of them


@dataclass
class Batch:
    """Values (years, draws) by key, ledgers (causes, years) summed over draws, and `whole` arrays (..., draws)."""

    values: dict[Key, Array] = field(default_factory=dict)
    ledger: dict[str, Array] = field(default_factory=dict)
    partner_kinds: Array = field(default_factory=lambda: np.zeros(()))
    whole: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Lived:
    """The care of one batch of draws, before any money: what is expected, what happens, and what it means in beds.

    `count` and `days` are (services, localities, years, draws); `beds` the mean number occupied and the number needed,
    (bed rows, years, draws) each.
    """

    activity: Activity
    expected_beds: Array
    causes: list[BedCauses]
    count: Array
    days: Array
    beds: tuple[Array, Array]


def measure_care(system: System, lived: Lived) -> Batch:
    """The measures of care of one batch of draws: all that does not depend on money."""
    batch = Batch()
    by_count = [Parts(p.at, p.values.sum(axis=-1)) for p in lived.activity.count_causes]
    _activity(system, lived, batch)
    _admissions(system, lived, by_count, batch)
    _beds(system, lived, batch)
    _staff(system, lived, by_count, batch)
    batch.whole = {"out": lived.activity.out, "alone": lived.activity.alone}
    return batch


def measure(system: System, care: Batch, money: Money) -> Batch:
    """All measures of one batch of draws: those of care, and those of its money."""
    batch = Batch(dict(care.values), dict(care.ledger), money.kinds.sum(axis=-1), dict(care.whole))
    _money(system, money, batch)
    batch.whole |= {name: getattr(money, name) for name in REAL} | {"gap_causes": money.causes.values}
    return batch


def _activity(system: System, lived: Lived, batch: Batch) -> None:
    happened, days = lived.count, lived.days
    currency = system.traits["currency"]
    for s, service in enumerate(system.services):
        for i, place in [(-1, ""), *enumerate(system.localities)]:
            key = Key("activity", service, place, "", currency[s])
            batch.values[key] = happened[s].sum(axis=0) if i < 0 else happened[s, i]
            if system.has_stay[s]:
                key = Key("bed_days", service, place, "", "bed days")
                batch.values[key] = days[s].sum(axis=0) if i < 0 else days[s, i]


def _services(system: System, trait: str, wanted: tuple[str, ...]) -> list[int]:
    return [s for s, value in enumerate(system.traits[trait]) if value in wanted]


def _admissions(system: System, lived: Lived, by_count: list[Parts], batch: Batch) -> None:
    """Admissions and attendances; `by_count` are causes of counts summed over draws, (causes, localities, years)."""
    happened, expected = lived.count, lived.activity.total[0]
    groups = {m: _services(system, "admission", (a,)) for m, a in ADMISSIONS.items()}
    attends = [s for s in _services(system, "currency", ("attendance",)) if system.traits["setting"][s] == "urgent"]
    clinics = [s for s in _services(system, "currency", ("attendance",)) if system.traits["setting"][s] == "acute"]
    groups |= {"urgent_attendances": attends, "outpatient_attendances": clinics}
    for name, services in groups.items():
        unit = "attendances" if "attend" in name else "admissions"
        total = happened[services][:, system.home].sum(axis=(0, 1))
        batch.values[Key(name, unit=unit)] = total
        for i, place in enumerate(system.localities):
            if system.home[i]:
                batch.values[Key(name, place=place, unit=unit)] = happened[services][:, i].sum(axis=0)
        causes = Sums(system.causes, total.shape[:1])
        for s in services:
            causes.add_parts(Parts(by_count[s].at, by_count[s].values[:, system.home].sum(axis=1)))
        _keep(batch, name, causes, expected[services][:, system.home].sum(axis=(0, 1)), total)


def _beds(system: System, lived: Lived, batch: Batch) -> None:
    mean, need = lived.beds
    draws = need.shape[-1]
    for b, row in enumerate(system.beds):
        who = (system.services[row.service], system.sites[row.site])
        opened = np.repeat(row.open[:, None], draws, axis=1)
        batch.values[Key("beds_needed", *who, unit="beds")] = need[b]
        batch.values[Key("beds_open", *who, unit="beds", badges=row.badges)] = opened
        batch.values[Key("beds_occupied", *who, unit="beds")] = mean[b]
        if row.open.any() and row.margin > 0.0:
            phi = dispersion(row.margin, row.full_risk)
            risk = risk_of_full(opened, mean[b], phi)
            batch.values[Key("risk_of_full", *who, unit="share of days")] = risk
    for group, types in BED_GROUPS.items():
        at = [b for b, row in enumerate(system.beds) if system.traits["bed_type"][row.service] in types]
        if not at:
            continue
        opened = np.stack([system.beds[b].open for b in at])[:, :, None]
        total = need[at].sum(axis=0)
        badges = tuple(map(weakest, zip(*(system.beds[b].badges for b in at), strict=True)))
        batch.values[Key(f"{group}_needed", unit="beds")] = total
        batch.values[Key(f"{group}_open", unit="beds", badges=badges)] = np.repeat(opened.sum(axis=0), draws, axis=1)
        batch.values[Key(f"{group}_occupied", unit="beds")] = mean[at].sum(axis=0)
        batch.values[Key(f"{group}_short", unit="beds")] = np.maximum(need[at] - opened, 0.0).sum(axis=0)
        causes, weights = Sums(system.causes, total.shape[:1]), Weights()
        for b in at:
            weights.add(system.beds[b].service, lived.causes[b].part, lived.causes[b].slope)
            causes.add(ESTATE, lived.causes[b].estate.sum(axis=1))
        weights.over_draws(lived.activity.day_causes, causes)
        _keep(batch, f"{group}_needed", causes, lived.expected_beds[at].sum(axis=0), total)


def _staff(system: System, lived: Lived, by_count: list[Parts], batch: Batch) -> None:
    """Staff; `by_count` are causes of counts summed over draws, (causes, localities, years)."""
    flat = lived.count.shape[2:]
    happened, expected = np.zeros(flat), np.zeros(flat)
    by_partner: dict[int, Array] = {}
    causes, weights = Sums(system.causes, flat[:1]), Weights()
    for row in system.accounts.staff:
        amount = staff_needed(system, row, lived.count, lived.beds[1])
        sure = staff_needed(system, row, lived.activity.total[0], lived.expected_beds)
        happened, expected = happened + amount, expected + sure
        by_partner[row.provider] = by_partner.get(row.provider, np.zeros(flat)) + amount
        at = [int(b) for b in row.beds if b >= 0]
        rate = _staff_rate(row)
        if row.per == "bed" or (row.per == "step" and at):
            need = lived.expected_beds[at].sum(axis=0)
            for b in at:
                weights.add(system.beds[b].service, lived.causes[b].part, rate[:, None] * lived.causes[b].slope)
                causes.add(ESTATE, rate * lived.causes[b].estate.sum(axis=1))
        else:
            share = system.catchment[row.service][:, row.sites].sum(axis=1)
            count, found = lived.activity.total[0, row.service], by_count[row.service]
            need = seen(share, count)
            causes.add_parts(Parts(found.at, rate * np.einsum("ly,kly->ky", share, found.values)))
            causes.add(ESTATE, rate * moved(share, count[:, 0]).sum(axis=1))
        causes.add(ESTATE, (rate - rate[0]) * need[0].sum())  # steps that change in size
        filled = sure - rate[:, None] * need
        causes.add(PART_FILLED, (filled - filled[:1]).sum(axis=1))
    weights.over_draws(lived.activity.day_causes, causes)
    batch.values[Key("staff_wte", unit="WTE")] = happened
    for partner, amount in by_partner.items():
        batch.values[Key("staff_wte", partner=system.partners[partner], unit="WTE")] = amount
    _keep(batch, "staff_wte", causes, expected, happened)


def _staff_rate(row: Staff) -> Array:
    """Staff for each bed or unit of activity, (years,), if wards and teams could be part staffed."""
    if row.per == "step":
        return np.divide(row.wte, row.step_size, out=np.zeros(row.step_size.shape), where=row.step_size > 0.0)
    return np.full(row.step_size.shape, row.wte / (1000.0 if row.per == "thousand-units" else 1.0))


def _money(system: System, money: Money, batch: Batch) -> None:
    inside = system.inside
    gap = money.gap
    spends = {i.partner for i in system.accounts.investments if not i.recurrent}
    spends |= {c.owner for c in system.accounts.capital}
    busy = [p for p in np.flatnonzero(inside) if money.cost[p].any() or money.income[p].any()]
    for name, amounts in (
        ("gap_gbp", gap),
        ("cost_gbp", money.cost),
        ("income_gbp", money.income),
        ("once_gbp", money.once),
        ("capital_gbp", money.capital),
        ("paid_net_gbp", money.transfers),
    ):
        for p in busy if name not in ("once_gbp", "capital_gbp") else sorted(spends):
            batch.values[Key(name, partner=system.partners[p], unit="GBP")] = amounts[p]
        if name not in ("cost_gbp", "income_gbp", "paid_net_gbp"):
            batch.values[Key(name, unit="GBP")] = amounts[inside].sum(axis=0)
    for setting in sorted(set(system.traits["setting"])):
        services = _services(system, "setting", (setting,))
        cost = money.volumes[services].sum(axis=0)
        batch.values[Key("resources_gbp", place=setting, unit="GBP at base-year unit costs")] = cost
    batch.ledger["gap_gbp"] = money.causes.values.sum(axis=-1)


def _keep(batch: Batch, name: str, causes: Sums, expected: Array, happened: Array) -> None:
    """Keep a ledger of what was expected, with the base year's value and chance added, (years, draws) each."""
    causes.add(OPENING, happened[:1].sum(axis=1))
    causes.add(CHANCE, (happened - expected).sum(axis=1))
    batch.ledger[name] = causes.values
