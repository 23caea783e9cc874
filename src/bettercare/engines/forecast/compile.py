"""Compile a plan under a scenario to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.compile_activity import (
    Names,
    effect_rows,
    evaluation_order,
    flow_rows,
    growth_rows,
    people_of,
    service_cells,
    shared_matrix,
    slip_input,
)
from bettercare.engines.forecast.compile_money import accounts, bed_rows, catchment_shares
from bettercare.engines.forecast.inputs import Input, InputList, Quantity
from bettercare.engines.forecast.system import System
from bettercare.foundation.ranges import Range
from bettercare.foundation.years import months_between, start
from bettercare.model.timing import Milestone, ordered
from bettercare.plan.plan import Plan


def compile_plan(plan: Plan) -> System:
    """Arrays for a plan; `plan.under(name)` first for a scenario."""
    names = Names.of(plan)
    inputs = InputList()
    people = people_of(plan, names)
    population = -1
    if people.uncertain:
        population = inputs.column(Input("population", "Population growth", "population", "population", "modelled"))
    initiatives = {code: i for i, code in enumerate(chosen_initiatives(plan))}
    growth = growth_rows(plan, names, inputs)
    effects = effect_rows(plan, names, inputs, initiatives, people)
    flows = flow_rows(plan, names)
    cells = service_cells(plan, names, people, growth, effects, flows)
    catchment = catchment_shares(plan, names)
    beds = bed_rows(plan, names, cells, catchment)
    money = accounts(plan, names, inputs, initiatives, catchment, beds)
    milestones, live, slips = dates(plan, names, initiatives, inputs)
    ramps = dict(plan.tables["initiatives"].select("code", "ramp_months").iter_rows())
    sites = plan.tables["sites"]
    services = plan.tables["services"]
    return System(
        scenario=plan.scenario.name if plan.scenario else "",
        years=names.years,
        services=tuple(names.services),
        localities=tuple(names.localities),
        home=~plan.tables["localities"]["outside"].to_numpy(),
        sites=tuple(names.sites),
        partners=tuple(names.partners),
        inside=plan.tables["partners"]["in_system"].to_numpy(),
        provider_of=np.array([names.partners[p] for p in sites["provider"].to_list()], dtype=np.int64),
        catchment=catchment,
        cells=cells,
        order=evaluation_order(len(names.services), flows, effects),
        growth=tuple(g for g, _ in growth),
        effects=tuple(e for e, _ in effects),
        shared=shared_matrix(plan, effects),
        flows=tuple(f for f, _ in flows),
        initiatives=tuple(initiatives),
        ramp_months=np.array([ramps[c] for c in initiatives], dtype=np.float64),
        live=live,
        milestones=milestones,
        slips=slips,
        population=population,
        beds=beds,
        accounts=money,
        inputs=tuple(inputs.items),
        has_stay=np.array([bool((c.base[1] > 0.0).any()) for c in cells], dtype=bool),
        traits={
            column: tuple(v or "" for v in services[column].to_list())
            for column in ("setting", "currency", "admission", "bed_type", "capacity_unit")
        },
    )


def chosen_initiatives(plan: Plan) -> list[str]:
    """Initiatives that a scenario carries out and that do something: a lever, a cost or a capital line."""
    active: set[str] = set()
    for table in ("effects", "investments", "capital"):
        active |= {c for c in plan.tables[table]["initiative"].to_list() if c}
    return [c for c in plan.initiatives if c in active]


def dates(
    plan: Plan, names: Names, initiatives: dict[str, int], inputs: InputList
) -> tuple[tuple[Milestone, ...], NDArray[np.int64], tuple[Quantity, ...]]:
    """The milestones that matter, where each initiative goes live among them, and the slips that move them."""
    table = plan.tables["milestones"]
    rows = {r["code"]: r for r in table.iter_rows(named=True)}
    live_of = dict(table.filter(pl.col("kind") == "live").select("initiative", "code").iter_rows())
    after = {code: _codes(row["depends_on"]) for code, row in rows.items()}
    wanted = ordered(after, (live_of[initiative] for initiative in initiatives))
    at = {code: i for i, code in enumerate(wanted)}
    slips: list[Quantity] = []
    slip_at: dict[str, int] = {}
    milestones = []
    first = start(names.years[0])
    known = {r["code"]: r for r in plan.tables["initiatives"].iter_rows(named=True)}
    for code in wanted:
        row = rows[code]
        initiative = row["initiative"]
        if initiative not in slip_at:
            slip_at[initiative] = len(slips)
            slips.append(inputs.quantity(*_slip(plan, known[initiative])))
        month = months_between(first, row["date"])
        milestones.append(Milestone(month, slip_at[initiative], tuple(at[c] for c in after[code]), row["gap_months"]))
    live = np.array([at[live_of[c]] for c in initiatives], dtype=np.int64)
    return tuple(milestones), live, tuple(slips)


def _slip(plan: Plan, row: dict[str, Any]) -> tuple[Range, Input]:
    usual = plan.settings.slippage
    low, mode, high = (
        row[f"slip_{part}_months"] if row[f"slip_{part}_months"] is not None else getattr(usual, f"{part}_months")
        for part in ("low", "mode", "high")
    )
    if row["status"] in ("live", "closed"):  # its date is a fact
        low = mode = high = 0.0
    slip = Range("fixed", mode) if low == high else Range("triangular", mode, low, high, "range")
    return slip, slip_input(row["code"], row["title"], usual.shared)


def _codes(cell: str | None) -> list[str]:
    return [c.strip() for c in cell.split(";") if c.strip()] if cell else []
