"""Would fewer beds make things worse? A plan's expected activity, simulated patient by patient against its beds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.expected import expected_activity
from bettercare.engines.simulate.from_plan import network_of
from bettercare.engines.simulate.precision import LOOK_AHEAD, MOST, precise_from
from bettercare.engines.simulate.results import YearOfFlow
from bettercare.engines.simulate.run import Counted, Simulation
from bettercare.foundation.problems import UsageError, did_you_mean
from bettercare.plan.plan import Plan

PRECISION = 0.05  # half the 95% interval over the mean
TO_BE_PRECISE = ("mean_occupancy", "share_in_ae_over_4h", "delayed_transfer_days")
Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PatientFlow:
    """Scenarios of one year, simulated with the same luck, the base year held against what was published.

    `years` maps a scenario to its simulated year; `base` is the base year under the comparison scenario; `precise` says
    whether the stated precision was reached (None where the number of replications was given); `slips` are the months
    by which initiatives were taken to be late.
    """

    plan: Plan
    year: str
    years: Mapping[str, YearOfFlow]
    base: YearOfFlow
    seed: int
    replications: int
    precise: bool | None
    seconds: float
    simulations: Mapping[str, Simulation] = field(repr=False, default_factory=dict)
    slips: Mapping[str, float] = field(default_factory=dict)

    def table(self) -> pl.DataFrame:
        """Tidy results of all scenarios and of the base year."""
        parts = [y.table() for y in self.years.values()]
        if self.year != self.base.year:
            parts.append(self.base.table())
        return pl.concat(parts)

    def against_published(self) -> pl.DataFrame:
        """The base year against what was published: name, simulated (mean, low, high), published, basis, near."""
        return against_published(self.base)


def simulate(
    plan: Plan,
    scenario: str | None = None,
    year: str | None = None,
    replications: int | None = None,
    *,
    seed: int | None = None,
    precision: float = PRECISION,
    slips: Mapping[str, float] | None = None,
    beside: bool = True,
    threads: int | None = None,
    events: bool = False,
    progress: Progress | None = None,
) -> PatientFlow:
    """Simulate patient flow under a scenario in a year, the comparison scenario beside it, and the base year.

    `scenario` is the plan's main one and `year` its headline year where they are left out. Without `replications` as
    many are run as bring the interval of the main measures within `precision` of their mean (Hoad and others 2010).
    `slips` are months by which initiatives are late. `events` keeps the log of every event of the first replication.
    Raises UsageError or Problems, naming the rows that cannot be simulated.
    """
    began = time.perf_counter()
    chosen, when = scenario or plan.settings.main, year or plan.settings.headline_year
    _known(plan, chosen, slips or {})
    seed = plan.settings.seed if seed is None else seed
    nothing = plan.settings.comparison
    names = dict.fromkeys([nothing, chosen] if beside else [chosen])
    runs = {name: _Runs.of(plan, name, when, seed, slips or {}) for name in names}
    base = _Runs.of(plan, nothing, plan.settings.base_year, seed, {})
    every = [*runs.values(), base]
    count, precise = replications or 2 * LOOK_AHEAD, None
    while True:
        done = sum(len(r.counted) for r in every)
        for r in every:
            _run(r, count, done, count * len(every), events and r is not base, threads, progress)
            done = sum(len(r.counted) for r in every)
        if replications:
            break
        precise = all(precise_from(_main_measures(r.year()), precision) is not None for r in every)
        if precise or count >= MOST:
            break
        count = min(count + LOOK_AHEAD, MOST)
    years = {name: r.year() for name, r in runs.items()}
    simulations = {name: r.simulation for name, r in runs.items()}
    took = time.perf_counter() - began
    return PatientFlow(plan, when, years, base.year(), seed, count, precise, took, simulations, dict(slips or {}))


def _known(plan: Plan, scenario: str, slips: Mapping[str, float]) -> None:
    """Refuse the names of a scenario or initiatives that the plan does not have."""
    asked = [("scenario", scenario, list(plan.scenario_names))]
    asked += [("initiative", code, plan.tables["initiatives"]["code"].to_list()) for code in slips]
    for what, name, known in asked:
        if name not in known:
            raise UsageError(f'there is no {what} "{name}" in this plan. {did_you_mean(name, known)}'.strip())


@dataclass
class _Runs:
    """One scenario and year, and the replications that were run of it."""

    plan: Plan
    scenario: str
    when: str
    simulation: Simulation
    counted: list[Counted] = field(default_factory=list)

    @classmethod
    def of(cls, plan: Plan, scenario: str, year: str, seed: int, slips: Mapping[str, float]) -> _Runs:
        under = plan.under(scenario)
        expected = expected_activity(under, year)
        network = network_of(under, year, expected.activity, expected.dispersion, slips=slips)
        return cls(under, scenario, year, Simulation(network, seed=seed))

    def year(self) -> YearOfFlow:
        return YearOfFlow(self.plan, self.scenario, self.when, self.simulation.network, self.counted)


def _run(
    r: _Runs, count: int, done: int, total: int, events: bool, threads: int | None, progress: Progress | None
) -> None:
    """Bring a scenario to `count` replications; only the first of them keeps its events, which are many."""

    def step(k: int, _: int) -> None:
        if progress:
            progress(done + k, total)

    if events and not r.counted:
        r.counted += [c[0] for c in r.simulation.run(1, threads=1, log=True)]
    first = len(r.counted)
    r.counted += [c[0] for c in r.simulation.run(count - first, first=first, threads=threads, progress=step)]


def _main_measures(year: YearOfFlow) -> Array:
    """The measures that are to be precise: those that exist of each, for the services with most people."""
    columns = []
    for name in TO_BE_PRECISE:
        found = [(k, v) for (k, m), v in year.values.items() if m == name and k[0] and not k[1]]
        if found:
            columns.append(max(found, key=lambda kv: float(year.values[kv[0], "admitted"].mean()))[1])
    return np.stack(columns, axis=1) if columns else np.zeros((year.replications, 0))


NEAR = {"bed_occupancy": 0.02, "seen_in_time": 0.02, "delayed_days": 0.25}  # points, points, and relative


def against_published(base: YearOfFlow) -> pl.DataFrame:
    """The base year beside what was published of it: indicator, name, mean, low, high, published, basis, near."""
    from bettercare.engines.simulate.precision import interval

    plan = base.plan
    provider = dict(plan.tables["sites"].select("code", "provider").iter_rows())
    rows = []
    indicators = {r["code"]: r for r in plan.tables["indicators"].iter_rows(named=True) if r["measure"] in NEAR}
    for seen in plan.tables["observations"].iter_rows(named=True):
        indicator = indicators.get(seen["indicator"])
        if indicator is None or seen["year"] != base.year or not seen["used"]:
            continue
        where = [w for w in base.places if indicator["partner"] in (None, provider[w[1]])]
        where = [w for w in where if indicator["service"] in (None, w[0]) and indicator["site"] in (None, w[1])]
        values, published = _simulated(base, indicator["measure"], where), float(seen["value"])
        if values is None:
            continue
        if indicator["measure"] != "delayed_days":
            published /= 100.0
        mean, low, high = (float(x) for x in interval(values))
        limit = NEAR[indicator["measure"]]
        near = abs(mean - published) <= (limit * published if indicator["measure"] == "delayed_days" else limit)
        rows.append((seen["indicator"], indicator["name"], mean, low, high, published, seen["basis"], near))
    schema = ["indicator", "name", "mean", "low", "high", "published", "basis", "near"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _simulated(base: YearOfFlow, measure: str, where: list[tuple[str, str]]) -> Array | None:
    """One of the measures of NEAR over some places, one value a replication."""
    beds = [w for w in where if w[0] in base.bed_services and base.limited(w)]
    timed = [w for w in where if w[0] in base.timed_services]
    if measure == "bed_occupancy":
        return base.measure("mean_occupancy", beds) if beds else None
    if measure == "seen_in_time":
        late = base.measure("share_in_ae_over_4h", timed) if timed else None
        return None if late is None else 1.0 - late
    return _counted_days(base, where) if any(w[0] in base.bed_services for w in where) else None


def _counted_days(base: YearOfFlow, where: list[tuple[str, str]]) -> Array:
    """Days a year that the official count of delayed transfers has of some places, one value a replication."""
    days = []
    for one in base.counted:
        rows = replace(base, counted=[one]).delays().iter_rows(named=True)
        days.append(sum(row["counted"] for row in rows if (row["service"], row["site"]) in where))
    return np.array(days, dtype=np.float64)
