"""Forecast the scenarios of a plan with their uncertainty."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.activity import Activity, project
from bettercare.engines.forecast.causes import Cause
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.inputs import sample
from bettercare.engines.forecast.measures import Batch, measure
from bettercare.engines.forecast.money import value
from bettercare.engines.forecast.places import BedCauses, bed_causes, beds_needed
from bettercare.engines.forecast.results import Forecast, ScenarioResult
from bettercare.engines.forecast.system import System
from bettercare.foundation.problems import UsageError
from bettercare.foundation.streams import uniforms
from bettercare.model.chance import bed_days, poisson_quantile
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

MONEY_TABLES = {"allocations", "contracts", "finances", "funds", "prices"}  # what care does not depend on
BATCH = 1000  # draws worked on at once: small enough to stay in cache, large enough to be vectorised


class Luck:
    """Chance, shared by every scenario: one uniform for each (service, locality, year) and draw, by name."""

    def __init__(self, seed: int, start: int, draws: int) -> None:
        self._seed, self._start, self._draws = seed, start, draws
        self._known: dict[tuple[object, ...], tuple[Array, Array]] = {}
        self._lock = Lock()

    def of(self, kind: str, system: System) -> tuple[Array, Array]:
        """Positions in (0, 1) and their normal scores, each (services, localities, forecast years, draws)."""
        key = (kind, system.services, system.localities, system.years)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._draw(kind, system)
            return self._known[key]

    def _draw(self, kind: str, system: System) -> tuple[Array, Array]:
        from scipy.special import ndtri

        shape = (len(system.services), len(system.localities), len(system.years) - 1, self._draws)
        out = np.empty(shape)
        for s, service in enumerate(system.services):
            for i, locality in enumerate(system.localities):
                for y, year in enumerate(system.years[1:]):
                    name = f"{kind}:{service}:{locality}:{year}"
                    out[s, i, y] = uniforms(self._seed, name, self._draws, self._start)
        return out, np.asarray(ndtri(out), dtype=np.float64)


def forecast(
    plan: Plan,
    scenarios: Sequence[str] | None = None,
    *,
    draws: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast scenarios of a plan; the same plan, seed and draws give the same numbers on any number of threads.

    `scenarios` are names (all of the plan's when left out); `draws` and `seed` default to the plan's own. `progress` is
    called with (steps done, steps in all). Raises UsageError for an unknown scenario or a wrong number of draws.
    """
    began = time.perf_counter()
    names = list(scenarios) if scenarios is not None else list(plan.scenario_names)
    for name in names:
        if name not in plan.scenarios:
            known = ", ".join(plan.scenario_names)
            raise UsageError(f'there is no scenario "{name}" in this plan; it has: {known}')
    total = plan.settings.draws if draws is None else draws
    if total < 20:
        raise UsageError("at least 20 draws are needed for a range")
    chosen_seed = plan.settings.seed if seed is None else seed
    plans = {name: plan.under(name) for name in names}
    systems = {name: compile_plan(p) for name, p in plans.items()}
    chunks = [(start, min(BATCH, total - start)) for start in range(0, total, BATCH)]
    luck = {start: Luck(chosen_seed, start, size) for start, size in chunks}
    tasks = [(group, start, size) for start, size in chunks for group in _same_activity(plans)]
    done = 0
    batches: dict[tuple[str, int], tuple[Batch, Array]] = {}

    def work(task: tuple[list[str], int, int]) -> dict[tuple[str, int], tuple[Batch, Array]]:
        group, start, size = task
        lived: Lived | None = None
        out = {}
        for name in group:
            system = systems[name]
            positions = sample(system.inputs, chosen_seed, size, start)
            lived = lived or live(system, positions, luck[start])
            out[name, start] = (account(system, lived, positions), positions)
        return out

    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        for finished in pool.map(work, tasks):
            batches |= finished
            done += len(finished)
            if progress:
                progress(done, len(names) * len(chunks))
    results = {}
    for name in names:
        mine = [batches.pop((name, start)) for start, _ in chunks]
        results[name] = _join(plans[name], systems[name], mine, total)
    return Forecast(plan, results, total, chosen_seed, time.perf_counter() - began)


@dataclass(frozen=True)
class Lived:
    """The care of one batch of draws, before any money: what is expected, what happens, and what it means in beds."""

    activity: Activity
    expected_beds: Array
    causes: list[BedCauses]
    count: Array
    days: Array
    beds: tuple[Array, Array]


def live(system: System, positions: Array, luck: Luck | None) -> Lived:
    """The care of one batch of draws; without luck, what happens is what is expected."""
    activity = project(system, positions)
    mean, needed = beds_needed(system, activity.total[1])
    causes = bed_causes(system, activity, mean)
    if luck is None:
        return Lived(activity, needed, causes, activity.total[0], activity.total[1], (mean, needed))
    count, days = happen(system, activity, luck)
    return Lived(activity, needed, causes, count, days, beds_needed(system, days))


def account(system: System, lived: Lived, positions: Array) -> Batch:
    """The money of one batch of draws, and all measures."""
    money = value(system, lived.activity, lived.expected_beds, lived.causes, lived.count, lived.beds[1], positions)
    return measure(
        system, lived.activity, lived.count, lived.days, lived.beds, lived.expected_beds, lived.causes, money
    )


def evaluate(system: System, positions: Array) -> Batch:
    """Expectations for given positions of the named inputs, (draws, inputs): what sensitivity and learning call."""
    return account(system, live(system, positions, None), positions)


def _same_activity(plans: dict[str, Plan]) -> list[list[str]]:
    """Scenarios that differ in money alone, together: their care is reckoned once."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, plan in plans.items():
        s = plan.settings
        tables = tuple(id(frame) for table, frame in sorted(plan.tables.items()) if table not in MONEY_TABLES)
        key = (tables, plan.initiatives, s.population, s.slippage, s.programme, s.base_year, s.last_year)
        groups.setdefault(key, []).append(name)
    return list(groups.values())


def happen(system: System, activity: Activity, luck: Luck) -> tuple[Array, Array]:
    """Counts and bed days that happen, each (services, localities, years, draws), by inverse distribution."""
    expected, stay, square = activity.total
    count = expected.copy()
    position, score = luck.of("chance", system)
    count[:, :, 1:] = poisson_quantile(position, expected[:, :, 1:], score)
    days = np.zeros_like(stay)
    with_stay = np.flatnonzero(system.has_stay)
    number = np.where(expected[with_stay] > 0.0, expected[with_stay], 1.0)
    mean = stay[with_stay] / number
    variance = np.maximum(square[with_stay] / number - mean**2, 0.0)
    scores = luck.of("stay", system)[1][with_stay]
    days[with_stay, :, 1:] = bed_days(count[with_stay, :, 1:], mean[:, :, 1:], variance[:, :, 1:], scores)
    days[:, :, 0] = stay[:, :, 0]  # the base year is known
    return count, days


def _join(plan: Plan, system: System, parts: list[tuple[Batch, Array]], draws: int) -> ScenarioResult:
    batches = [b for b, _ in parts]
    keys = tuple(batches[0].values)
    join = partial(np.concatenate, axis=-1)
    ledger: dict[tuple[str, Cause], Array] = {}
    for name in batches[0].ledger:
        mean = np.sum([b.ledger[name] for b in batches], axis=0) / draws
        ledger |= {(name, cause): mean[k] for k, cause in enumerate(system.causes) if mean[k].any()}
    kinds = sum(b.partner_kinds for b in batches) / draws  # type: ignore[misc]
    gap = join([b.gap_causes for b in batches])
    causes = {cause: gap[k] for k, cause in enumerate(system.causes) if gap[k].any()}
    return ScenarioResult(
        plan=plan,
        system=system,
        keys=keys,
        values=np.stack([join([b.values[k] for b in batches]) for k in keys]),
        ledger=ledger,
        partner_kinds=kinds,  # type: ignore[arg-type]
        real={name: join([b.real[name] for b in batches]) for name in batches[0].real},
        out=join([b.out for b in batches]),
        alone=join([b.alone for b in batches]),
        gap_causes=causes,
        inputs=np.concatenate([p for _, p in parts]),
    )
