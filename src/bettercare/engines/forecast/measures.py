"""From one batch of draws to the measures that people read, and their ledgers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.activity import Activity
from bettercare.engines.forecast.causes import CHANCE, ESTATE, OPENING, PART_FILLED, Parts, Sums
from bettercare.engines.forecast.money import Money
from bettercare.engines.forecast.places import BedCauses, moved, parts_at, staff_needed
from bettercare.engines.forecast.system import System
from bettercare.model.beds import dispersion, risk_of_full

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
    badge: str = "modelled"


@dataclass
class Batch:
    """Values (years, draws) by key, ledgers (causes, years) summed over draws, and `whole` arrays (..., draws)."""

    values: dict[Key, Array] = field(default_factory=dict)
    ledger: dict[str, Array] = field(default_factory=dict)
    partner_kinds: Array = field(default_factory=lambda: np.zeros(()))
    whole: dict[str, Array] = field(default_factory=dict)


def measure(
    system: System,
    activity: Activity,
    happened: Array,
    days: Array,
    beds: tuple[Array, Array],
    expected_beds: Array,
    bed_causes: list[BedCauses],
    money: Money,
) -> Batch:
    """All measures of one batch of draws."""
    batch = Batch()
    _activity(system, happened, days, batch)
    _admissions(system, activity, happened, batch)
    _beds(system, beds, expected_beds, bed_causes, batch)
    _staff(system, activity, happened, beds[1], expected_beds, bed_causes, batch)
    _money(system, money, batch)
    batch.partner_kinds = money.kinds.sum(axis=-1)
    batch.whole = {name: getattr(money, name) for name in REAL}
    batch.whole |= {"out": activity.out, "alone": activity.alone, "gap_causes": money.causes.values}
    return batch


def _activity(system: System, happened: Array, days: Array, batch: Batch) -> None:
    currency = system.traits["currency"]
    for s, service in enumerate(system.services):
        for place, rows in [("", slice(None)), *((c, slice(i, i + 1)) for i, c in enumerate(system.localities))]:
            key = Key("activity", service, place, "", currency[s])
            batch.values[key] = happened[s, rows].sum(axis=0)
            if system.has_stay[s]:
                batch.values[Key("bed_days", service, place, "", "bed days")] = days[s, rows].sum(axis=0)


def _services(system: System, trait: str, wanted: tuple[str, ...]) -> list[int]:
    return [s for s, value in enumerate(system.traits[trait]) if value in wanted]


def _admissions(system: System, activity: Activity, happened: Array, batch: Batch) -> None:
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
        causes = Sums(system.causes, total.shape)
        for s in services:
            found = activity.count_causes[s]
            causes.add_parts(Parts(found.at, found.values[:, system.home].sum(axis=1)))
        expected = activity.total[0][services][:, system.home].sum(axis=(0, 1))
        causes.add(CHANCE, total - expected)
        _keep(batch, name, causes, total[0])


def _beds(
    system: System, beds: tuple[Array, Array], expected: Array, bed_causes: list[BedCauses], batch: Batch
) -> None:
    mean, need = beds
    draws = need.shape[-1]
    for b, row in enumerate(system.beds):
        who = (system.services[row.service], system.sites[row.site])
        opened = np.repeat(row.open[:, None], draws, axis=1)
        batch.values[Key("beds_needed", *who, unit="beds", badge=row.badge)] = need[b]
        batch.values[Key("beds_open", *who, unit="beds", badge=row.badge)] = opened
        batch.values[Key("beds_occupied", *who, unit="beds", badge=row.badge)] = mean[b]
        if row.open.any() and row.margin > 0.0:
            phi = dispersion(row.margin, row.full_risk)
            risk = risk_of_full(opened, mean[b], phi)
            batch.values[Key("risk_of_full", *who, unit="share of days", badge=row.badge)] = risk
    for group, types in BED_GROUPS.items():
        at = [b for b, row in enumerate(system.beds) if system.traits["bed_type"][row.service] in types]
        if not at:
            continue
        total = need[at].sum(axis=0)
        opened = np.repeat(sum(system.beds[b].open for b in at)[:, None], draws, axis=1)  # type: ignore[index]
        batch.values[Key(f"{group}_needed", unit="beds")] = total
        batch.values[Key(f"{group}_open", unit="beds")] = opened
        batch.values[Key(f"{group}_occupied", unit="beds")] = mean[at].sum(axis=0)
        batch.values[Key(f"{group}_short", unit="beds")] = np.maximum(need[at] - _open(system, at), 0.0).sum(axis=0)
        causes = Sums(system.causes, total.shape)
        for b in at:
            causes.add_parts(bed_causes[b].causes)
            causes.add(ESTATE, bed_causes[b].estate)
        causes.add(CHANCE, total - expected[at].sum(axis=0))
        _keep(batch, f"{group}_needed", causes, total[0])


def _open(system: System, at: list[int]) -> Array:
    return np.stack([system.beds[b].open for b in at])[:, :, None]


def _staff(
    system: System,
    activity: Activity,
    happened: Array,
    need: Array,
    expected: Array,
    bed_causes: list[BedCauses],
    batch: Batch,
) -> None:
    flat = need.shape[1:] if need.size else happened.shape[2:]
    total = np.zeros(flat)
    by_partner: dict[int, Array] = {}
    causes = Sums(system.causes, flat)
    for row in system.accounts.staff:
        amount = staff_needed(system, row, happened, need)
        total = total + amount
        by_partner[row.provider] = by_partner.get(row.provider, np.zeros(flat)) + amount
        sure = staff_needed(system, row, activity.total[0], expected)
        at = [int(b) for b in row.beds if b >= 0]
        rate = row.wte / {"bed": 1.0, "thousand-units": 1000.0, "step": row.step_size}[row.per]
        if row.per == "bed" or (row.per == "step" and at):
            moving = sum((bed_causes[b].estate for b in at), np.zeros(flat))
            explained = sum((bed_causes[b].total for b in at), moving)
            for b in at:
                found = bed_causes[b].causes
                causes.add_parts(Parts(found.at, rate * found.values))
        else:
            share = system.catchment[row.service][:, row.sites].sum(axis=1)
            moving = moved(share, activity.total[0, row.service][:, 0])
            found = parts_at(share, activity.count_causes[row.service])
            explained = found.total() + moving
            causes.add_parts(Parts(found.at, rate * found.values))
        causes.add(ESTATE, rate * moving)
        explained = rate * explained
        causes.add(PART_FILLED, sure - sure[:1] - explained)
        causes.add(CHANCE, amount - sure)
    batch.values[Key("staff_wte", unit="WTE")] = total
    for partner, amount in by_partner.items():
        batch.values[Key("staff_wte", partner=system.partners[partner], unit="WTE")] = amount
    _keep(batch, "staff_wte", causes, total[0])


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
    _keep(batch, "gap_gbp", money.causes, None)


def _keep(batch: Batch, name: str, causes: Sums, opening: Array | None) -> None:
    """Keep a ledger; `opening` is the base year's value in each draw, where it is not among the causes yet."""
    if opening is not None:
        causes.add(OPENING, opening[None])
    batch.ledger[name] = causes.values.sum(axis=-1)
