"""Forecast the scenarios of a plan with their uncertainty."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np
import polars as pl
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
Given = Mapping[str, pl.DataFrame]  # by scenario: a row a draw, a column a named input

MOST_THREADS = 4  # unless asked for: each holds a batch, about 150 MB for a plan of forty services
MONEY_TABLES = {"allocations", "contracts", "finances", "funds", "prices"}  # what care does not depend on
BATCH = 1000  # draws worked on at once: few enough to stay in cache ...
LARGE_BATCH = 2000  # ... or, where there are many, enough for threads not to wait for each other all the time


class Luck:
    """Luck of one batch of draws, shared by every scenario: named inputs, and chance by service, place and year."""

    def __init__(self, seed: int, start: int, draws: int, given: Given | None = None) -> None:
        self._seed, self.start, self.draws = seed, start, draws
        self._given = given or {}
        self._inputs = Positions(seed, draws, start)
        self._known: dict[tuple[object, ...], tuple[Array, Array]] = {}
        self._lock = Lock()

    def positions(self, system: System) -> Array:
        """Positions in (0, 1) of the named inputs of a system, (draws, inputs); those that are given are kept to."""
        with self._lock:
            out = self._inputs.of(system.inputs)
        given = self._given.get(system.scenario)
        for column, item in enumerate(system.inputs if given is not None else ()):
            if given is not None and item.name in given.columns:
                out[:, column] = given[item.name].slice(self.start, self.draws).to_numpy()
        return out

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
    inputs: pl.DataFrame | Given | None = None,
) -> Forecast:
    """Forecast scenarios of a plan; the same plan, seed and draws give the same numbers on any number of threads.

    `scenarios` are names (all of the plan's when left out); `draws` and `seed` default to the plan's own. `progress` is
    called with (steps done, steps in all). `inputs` are draws of named inputs in the form of
    `ScenarioResult.input_table()`, one table for all scenarios or one for each: a column for each input that is to be
    taken from it, a row for each draw; inputs without a column keep the plan's own luck. Raises UsageError for an
    unknown scenario, a wrong number of draws, or inputs that are not positions in (0, 1).
    """
    began = time.perf_counter()
    names = list(scenarios) if scenarios is not None else list(plan.scenario_names)
    for name in names:
        if name not in plan.scenarios:
            known = ", ".join(plan.scenario_names)
            raise UsageError(f'there is no scenario "{name}" in this plan; it has: {known}')
    given: Given = dict.fromkeys(names, inputs) if isinstance(inputs, pl.DataFrame) else inputs or {}
    heights = {table.height for table in given.values()}
    total = draws if draws is not None else heights.pop() if len(heights) == 1 else plan.settings.draws
    if total < 20:
        raise UsageError("at least 20 draws are needed for a range")
    chosen_seed = plan.settings.seed if seed is None else seed
    plans = {name: plan.under(name) for name in names}
    systems = {name: compile_plan(p) for name, p in plans.items()}
    _check_given(given, systems, total)
    results: dict[str, ScenarioResult] = {}
    gathered = {name: Gathered(plans[name], systems[name], total) for name in names}
    batch = _batch(total)
    chunks = [Luck(chosen_seed, start, min(batch, total - start), given) for start in range(0, total, batch)]
    tasks = [(group, luck) for luck in chunks for group in _same_activity(plans, given)]
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


def _check_given(given: Given, systems: Mapping[str, System], draws: int) -> None:
    """Raise UsageError where draws of inputs cannot be used."""
    for name, table in given.items():
        if name not in systems:
            raise UsageError(f'draws of inputs are given for "{name}", which is not among the scenarios to forecast')
        if table.height != draws:
            raise UsageError(f"inputs have {table.height:,} rows where {draws:,} draws are asked for: one row a draw")
        known = [item.name for item in systems[name].inputs if item.name in table.columns]
        if table.width and not known and systems[name].inputs:
            raise UsageError(f'none of the columns of inputs is a named input of the scenario "{name}"')
        values = table.select(known).to_numpy()
        if not ((values > 0.0) & (values < 1.0)).all():  # which a missing value is not either
            raise UsageError("inputs are positions in their ranges: numbers between 0 and 1, ends left out")


def _same_activity(plans: dict[str, Plan], given: Given) -> list[list[str]]:
    """Scenarios that differ in money alone, together: their care is reckoned once."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, plan in plans.items():
        s = plan.settings
        tables = tuple(id(frame) for table, frame in sorted(plan.tables.items()) if table not in MONEY_TABLES)
        key = (
            tables,
            plan.initiatives,
            s.population,
            s.slippage,
            s.programme,
            s.base_year,
            s.last_year,
            id(given.get(name)),
        )
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
