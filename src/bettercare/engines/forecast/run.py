"""Forecast the scenarios of a plan with their uncertainty."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.activity import Activity, project
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.gather import Gathered
from bettercare.engines.forecast.inputs import Positions
from bettercare.engines.forecast.measures import Batch, Lived, measure, measure_care
from bettercare.engines.forecast.money import value
from bettercare.engines.forecast.places import bed_causes, beds_needed
from bettercare.engines.forecast.results import Forecast, ScenarioResult
from bettercare.engines.forecast.system import System
from bettercare.foundation.problems import UsageError
from bettercare.foundation.streams import uniforms
from bettercare.model.chance import bed_days, poisson_quantile
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

MOST_THREADS = 4  # unless asked for: each holds a batch, about 150 MB for a plan of forty services
MONEY_TABLES = {"allocations", "contracts", "finances", "funds", "prices"}  # what care does not depend on
BATCH = 1000  # draws worked on at once: few enough to stay in cache ...
LARGE_BATCH = 2000  # ... or, where there are many, enough for threads not to wait for each other all the time


class Luck:
    """Luck of one batch of draws, shared by every scenario: named inputs, and chance by service, place and year."""

    def __init__(self, seed: int, start: int, draws: int) -> None:
        self._seed, self.start, self.draws = seed, start, draws
        self._inputs = Positions(seed, draws, start)
        self._known: dict[tuple[object, ...], tuple[Array, Array]] = {}
        self._lock = Lock()

    def positions(self, system: System) -> Array:
        """Positions in (0, 1) of the named inputs of a system, (draws, inputs)."""
        with self._lock:
            return self._inputs.of(system.inputs)

    def of(self, kind: str, service: str, system: System) -> tuple[Array, Array]:
        """Positions in (0, 1) and their normal scores, each (localities, years after the base year, draws)."""
        key = (kind, service, system.localities, system.years)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._draw(kind, service, system)
            return self._known[key]

    def _draw(self, kind: str, service: str, system: System) -> tuple[Array, Array]:
        from scipy.special import ndtri

        out = np.empty((len(system.localities), len(system.years) - 1, self.draws))
        for i, locality in enumerate(system.localities):
            for y, year in enumerate(system.years[1:]):
                name = f"{kind}:{service}:{locality}:{year}"
                out[i, y] = uniforms(self._seed, name, self.draws, self.start)
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
    results: dict[str, ScenarioResult] = {}
    gathered = {name: Gathered(plans[name], systems[name], total) for name in names}
    batch = _batch(total)
    chunks = [Luck(chosen_seed, start, min(batch, total - start)) for start in range(0, total, batch)]
    tasks = [(group, luck) for luck in chunks for group in _same_activity(plans)]
    steps = len(names) * len(chunks)
    del chunks  # luck is large, and goes when the last task that needs it is done
    done = 0

    def work(task: tuple[list[str], Luck]) -> int:
        group, luck = task
        positions = {name: luck.positions(systems[name]) for name in group}
        lived = live(systems[group[0]], positions[group[0]], luck)
        care = measure_care(systems[group[0]], lived)
        for name in group:
            batch = account(systems[name], lived, care, positions[name])
            done = gathered[name].put(luck.start, batch, positions[name])
            if done is not None:
                results[name] = done
                if len(names) > 1:
                    _ = done.statistics  # kept; here it runs beside the other scenarios
        return len(group)

    with ThreadPoolExecutor(max_workers=threads or min(os.cpu_count() or 1, MOST_THREADS)) as pool:
        futures = deque(pool.submit(work, task) for task in tasks)
        del tasks
        while futures:
            done += futures.popleft().result()
            if progress:
                progress(done, steps)
    ordered = {name: results[name] for name in names}
    return Forecast(plan, ordered, total, chosen_seed, time.perf_counter() - began)


def live(system: System, positions: Array, luck: Luck | None) -> Lived:
    """The care of one batch of draws; without luck, what happens is what is expected."""
    activity = project(system, positions)
    mean, needed = beds_needed(system, activity.total[1])
    causes = bed_causes(system, activity, mean)
    if luck is None:
        return Lived(activity, needed, causes, activity.total[0], activity.total[1], (mean, needed))
    count, days = happen(system, activity, luck)
    return Lived(activity, needed, causes, count, days, beds_needed(system, days))


def account(system: System, lived: Lived, care: Batch, positions: Array) -> Batch:
    """The money of one batch of draws, and all measures; `care` are the measures of what was lived."""
    money = value(system, lived.activity, lived.expected_beds, lived.causes, lived.count, lived.beds[1], positions)
    return measure(system, care, money)


def evaluate(system: System, positions: Array) -> Batch:
    """Expectations for given positions of the named inputs, (draws, inputs): what sensitivity and learning call."""
    lived = live(system, positions, None)
    return account(system, lived, measure_care(system, lived), positions)


def _batch(draws: int) -> int:
    """Draws worked on at once: BATCH, or where there are many an even number of LARGE_BATCH at most."""
    if draws <= 2 * BATCH:
        return BATCH
    pairs = -(-draws // (2 * LARGE_BATCH))
    return -(-draws // (2 * pairs))


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
    count, days = expected.copy(), stay.copy()  # the base year is known
    for s, service in enumerate(system.services):
        position, score = luck.of("chance", service, system)
        number = expected[s, :, 1:]
        count[s, :, 1:] = poisson_quantile(position, number, score)
        if system.has_stay[s]:
            safe = np.where(number > 0.0, number, 1.0)
            mean = stay[s, :, 1:] / safe
            variance = np.maximum(square[s, :, 1:] / safe - mean**2, 0.0)
            days[s, :, 1:] = bed_days(count[s, :, 1:], mean, variance, luck.of("stay", service, system)[1])
    return count, days
