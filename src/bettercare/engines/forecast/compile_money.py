"""Compile the beds and the money of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.compile_activity import Names, badge_in
from bettercare.engines.forecast.inputs import Input, InputList, Quantity
from bettercare.engines.forecast.system import (
    Accounts,
    Beds,
    Capital,
    Contract,
    Cost,
    Investment,
    Line,
    Price,
    ServiceCells,
    Staff,
)
from bettercare.foundation.ranges import Range
from bettercare.foundation.years import start
from bettercare.model.beds import DAYS, margin
from bettercare.plan.badges import weakest
from bettercare.plan.plan import Plan
from bettercare.plan.view import average_open, capacity_rows, in_force

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

FLAT = ""  # the index of a line that no price moves


def catchment_shares(plan: Plan, names: Names) -> Array:
    """Share of a locality's use of a service that goes to each site, (services, localities, sites, years)."""
    out = np.zeros((len(names.services), len(names.localities), len(names.sites), len(names.years)))
    for (service, locality, site), rows in _each_year(plan, "catchments", names, "service", "locality", "site").items():
        s, i, k = names.services[service], names.localities[locality], names.sites[site]
        out[s, i, k] = [row["share"] if row else 0.0 for row in rows]
    return out


def bed_rows(plan: Plan, names: Names, cells: tuple[ServiceCells, ...], catchment: Array) -> tuple[Beds, ...]:
    """Beds of each service at each site that has or will have some, with the base year's margin."""
    services = plan.tables["services"].filter(pl.col("capacity_unit") == "bed")
    capacity: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in capacity_rows(plan):
        capacity.setdefault((row["service"], row["site"]), []).append(row)
    elsewhere = dict(plan.tables["sites"].select("code", "elsewhere").iter_rows())
    out = []
    for service in services.iter_rows(named=True):
        s = names.services[service["code"]]
        days = np.zeros(len(names.localities))
        np.add.at(days, cells[s].locality, cells[s].base[1])
        rows = []
        for site, k in names.sites.items():
            here = capacity.get((service["code"], site), [])
            used = catchment[s, :, k, :]
            if elsewhere[site] or (not here and not used.any()):
                continue
            opened = np.array(average_open(here, names.years))
            mean = float(days @ used[:, 0]) / DAYS
            basis = str(here[0]["basis"]) if here else ""
            rows.append((k, opened, mean, basis, _badges(plan, here, names.years)))
        spare = sum(o[0] - m for _, o, m, _, _ in rows if m > 0.0 and o[0] > 0.0)
        roots = sum(np.sqrt(m) for _, o, m, _, _ in rows if m > 0.0 and o[0] > 0.0)
        pooled = spare / roots if roots > 0.0 else 0.0  # for a site that the service has still to move to
        for k, opened, mean, basis, badges in rows:
            own = float(margin(opened[0], mean)) if mean > 0.0 and opened[0] > 0.0 else pooled
            out.append(Beds(s, k, opened, own, service["full_risk"], basis, badges))
    return tuple(out)


def _badges(plan: Plan, rows: list[dict[str, Any]], years: tuple[str, ...]) -> tuple[str, ...]:
    """The badge of the number open in each year: the weakest of the rows that hold on some day of it."""
    before = [badge_in(plan, row) for row in rows if row["year"] < years[0]]
    last = before[-1] if before else "assumed"  # no row says so: that there is nothing is assumed
    out = []
    for year in years:
        here = [row for row in rows if row["year"] == year]
        whole = any(row["from_date"] in (None, start(year)) for row in here)
        badges = [badge_in(plan, row) for row in here]
        out.append(weakest(badges if whole else [last, *badges]))
        last = badges[-1] if badges else last
    return tuple(out)


def accounts(
    plan: Plan, names: Names, inputs: InputList, initiatives: dict[str, int], catchment: Array, beds: tuple[Beds, ...]
) -> Accounts:
    """The money tables of a plan."""
    prices = price_indexes(plan, names, inputs)
    costs = tuple(_costs(plan, names, beds))
    return Accounts(
        costs=costs,
        contracts=tuple(_contracts(plan, names, catchment)),
        lines=tuple(
            Line(r["code"], names.partners[r["partner"]], r["kind"] == "cost", r["amount_gbp"], r["index"] or FLAT)
            for r in plan.tables["finances"].filter(pl.col("role") == "carried").iter_rows(named=True)
        ),
        investments=tuple(_investments(plan, names, inputs, initiatives)),
        capital=tuple(_capital(plan, names, inputs, initiatives)),
        allocations=_allocations(plan, names),
        funds=_funds(plan, names),
        prices=prices,
        staff=tuple(_staff(plan, names, beds, costs)),
    )


def price_indexes(plan: Plan, names: Names, inputs: InputList) -> dict[str, Price]:
    """Every price index; the years of one index and part share their luck."""
    table = plan.tables["prices"]
    rows = {(r["index"], r["part"], r["year"]): r for r in table.iter_rows(named=True)}
    none = Quantity(Range("fixed", 0.0), -1)
    out = {}
    for index in table["index"].unique(maintain_order=True).to_list():
        parts = {}
        for part in ("inflation", "efficiency"):
            years = [none]
            for year in names.years[1:]:
                row = rows.get((index, part, year))
                if row is None:
                    years.append(none)
                    continue
                title = f"{'Inflation' if part == 'inflation' else 'Efficiency'}: {index}"
                item = Input(f"price:{index}:{part}", title, f"price:{index}", "price", badge_in(plan, row))
                years.append(inputs.quantity(Range.of(row), item))
            parts[part] = tuple(years)
        out[index] = Price(parts["inflation"], parts["efficiency"])
    return out


def _each_year(plan: Plan, table: str, names: Names, *key: str) -> dict[tuple[Any, ...], list[dict[str, Any] | None]]:
    """The row of each key that is in force in each year, None in years without."""
    rows = list(plan.tables[table].iter_rows(named=True))
    out: dict[tuple[Any, ...], list[dict[str, Any] | None]] = {}
    for y, year in enumerate(names.years):
        for row in in_force(rows, year, *key):
            out.setdefault(tuple(row[c] for c in key), [None] * len(names.years))[y] = row
    return out


def _sites_of(provider: int, site: str | None, plan: Plan, names: Names) -> Ints:
    if site:
        return np.array([names.sites[site]], dtype=np.int64)
    run = plan.tables["sites"]["provider"].to_list()
    return np.array([k for k, p in enumerate(run) if names.partners[p] == provider], dtype=np.int64)


def _beds_at(service: int, sites: Ints, beds: tuple[Beds, ...]) -> Ints:
    at = {(b.service, b.site): i for i, b in enumerate(beds)}
    return np.array([at.get((service, int(k)), -1) for k in sites], dtype=np.int64)


def _costs(plan: Plan, names: Names, beds: tuple[Beds, ...]) -> Iterable[Cost]:
    for (provider, service, site), rows in _each_year(plan, "costs", names, "provider", "service", "site").items():

        def column(name: str, rows: list[dict[str, Any] | None] = rows) -> Array:
            return np.array([(row[name] if row else None) or 0.0 for row in rows])

        p, s = names.partners[provider], names.services[service]
        sites = _sites_of(p, site, plan, names)
        yield Cost(
            provider=p,
            service=s,
            sites=sites,
            beds=_beds_at(s, sites, beds),
            fixed=column("fixed_gbp"),
            step_size=column("step_size"),
            step=column("step_gbp"),
            marginal=column("marginal_gbp"),
            index=tuple((row["index"] if row else None) or FLAT for row in rows),
        )


def _contracts(plan: Plan, names: Names, catchment: Array) -> Iterable[Contract]:
    none = np.zeros((len(names.localities), len(names.years)))
    served: dict[tuple[int, int], Array] = {}  # share of a locality's use of a service that a provider has
    for row in plan.tables["contracts"].iter_rows(named=True):
        provider = names.partners[row["provider"]]
        s = names.services[row["service"]] if row["service"] else -1
        if s >= 0 and (provider, s) not in served:
            served[provider, s] = catchment[s][:, _sites_of(provider, None, plan, names)].sum(axis=1)
        part = row["payer_share"] * served[provider, s] if s >= 0 else none
        if s >= 0 and row["locality"]:
            keep = np.zeros((len(names.localities), 1))
            keep[names.localities[row["locality"]]] = 1.0
            part = part * keep
        yield Contract(
            code=row["code"],
            payer=names.partners[row["payer"]],
            provider=provider,
            service=s,
            basis=row["basis"],
            part=part,
            price=row["price_gbp"] or 0.0,
            value=row["value_gbp"] or 0.0,
            marginal_rate=row["marginal_rate"],
            index=row["index"] or FLAT,
        )


def _investments(plan: Plan, names: Names, inputs: InputList, initiatives: dict[str, int]) -> Iterable[Investment]:
    titles = dict(plan.tables["initiatives"].select("code", "title").iter_rows())
    for row in plan.tables["investments"].iter_rows(named=True):
        if row["initiative"] in initiatives:
            label = f"What it costs: {titles[row['initiative']]} ({row['code']})"
            item = Input(f"cost:{row['code']}", label, row["initiative"], "cost", badge_in(plan, row))
            yield Investment(
                row["code"],
                initiatives[row["initiative"]],
                names.partners[row["partner"]],
                row["kind"] == "recurrent",
                inputs.quantity(Range.of(row), item),
                row["index"] or FLAT,
            )


def _capital(plan: Plan, names: Names, inputs: InputList, initiatives: dict[str, int]) -> Iterable[Capital]:
    for row in plan.tables["capital"].iter_rows(named=True):
        needed = row["initiative"] in initiatives
        if needed and row["year"] in names.years:
            item = Input(
                f"capital:{row['code']}", f"Capital: {row['title']}", row["initiative"], "cost", badge_in(plan, row)
            )
            yield Capital(
                row["code"],
                names.partners[row["owner"]],
                initiatives[row["initiative"]],
                names.years.index(row["year"]),
                inputs.quantity(Range.of(row), item),
            )


def _allocations(plan: Plan, names: Names) -> Array:
    out = np.full((len(names.partners), len(names.years)), np.nan)
    chosen = plan.settings.funding.variant
    table = plan.tables["allocations"]
    for funding in (None, chosen):  # the base year is the same whatever the variant
        for row in table.iter_rows(named=True):
            base = row["year"] == names.years[0]
            if row["year"] in names.years and (row["funding"] == chosen if funding else base):
                out[names.partners[row["payer"]], names.years.index(row["year"])] = row["amount_gbp"]
    for y in range(1, len(names.years)):
        out[:, y] = np.where(np.isnan(out[:, y]), out[:, y - 1], out[:, y])
    return np.asarray(np.nan_to_num(out), dtype=np.float64)


def _funds(plan: Plan, names: Names) -> Array:
    out = np.zeros((2, len(names.partners), len(names.years)))
    for row in plan.tables["funds"].filter(~pl.col("recycled")).iter_rows(named=True):
        if row["year"] in names.years:
            side = 0 if row["kind"] == "contribution" else 1
            out[side, names.partners[row["partner"]], names.years.index(row["year"])] += row["amount_gbp"]
    return out


def _staff(plan: Plan, names: Names, beds: tuple[Beds, ...], costs: tuple[Cost, ...]) -> Iterable[Staff]:
    """Staff that each service needs; those of whole steps follow the steps of its costs, at each site and in each year.

    A plan with staff by the step and no step in costs.csv is refused by `bettercare check`.
    """
    table = (
        plan.tables["workforce"].group_by("provider", "service", "per", maintain_order=True).agg(pl.col("wte").sum())
    )
    for row in table.iter_rows(named=True):
        p, s = names.partners[row["provider"]], names.services[row["service"]]
        if row["per"] == "step":
            for cost in costs:
                if (cost.provider, cost.service) == (p, s) and cost.step_size.any():
                    yield Staff(p, s, "step", row["wte"], cost.step_size, cost.sites, cost.beds)
            continue
        sites = _sites_of(p, None, plan, names)
        yield Staff(p, s, row["per"], row["wte"], np.zeros(len(names.years)), sites, _beds_at(s, sites, beds))
