"""What one more bed would buy, and the cheapest beds that keep the risk of a long wait under a level.

Both compare simulations in which every patient keeps their luck: runs differ in beds and in nothing else, so a small
difference is seen with few replications (common random numbers: Law 2015, Simulation Modeling and Analysis, ch. 11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.simulate.network import Network
from bettercare.engines.simulate.precision import interval
from bettercare.engines.simulate.results import FOUR_HOURS, YearOfFlow, open_beds
from bettercare.engines.simulate.run import Simulation
from bettercare.foundation.problems import UsageError
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Where = tuple[str, str]
Progress = Callable[[int, int], None]

STEP = 0.10  # of the beds that are open: enough to be seen beside chance; what is bought is said for each of them
FEWEST = 2
CANDIDATES = 6  # services and sites tried: those whose people lose most time to full beds
LONGEST_SEARCH = 24  # rounds of adding beds
DAYS = 365.0


@dataclass(frozen=True)
class Bought:
    """What each extra bed or place of a service at a site would change, (mean, low, high) a year."""

    service: str
    site: str
    added: int
    person_days: tuple[float, float, float]  # fewer days of waiting, in queues and in beds that cannot be left
    long_waits: tuple[float, float, float]  # fewer waits of over four hours for a bed
    cancelled: tuple[float, float, float]  # fewer cancelled operations
    cost_gbp: float


def what_a_bed_buys(
    simulation: Simulation, year: YearOfFlow, replications: int = 10, threads: int | None = None
) -> list[Bought]:
    """For the services and sites where most time is lost: the gain of each extra bed or place, the largest first.

    A service of whose beds costs.csv gives no cost is left out: a gain without its price is no help in choosing.
    """
    costs = _known_costs(year.plan, simulation.network)
    where = [w for w in where_it_blocks(year) if w in costs][:CANDIDATES]
    extra = [more_beds(simulation.network, w, _step(simulation.network, w)) for w in where]
    runs = simulation.run(replications, beds=[{}, *extra], threads=threads)
    out = []
    for k, place in enumerate(where, start=1):
        added = _step(simulation.network, place)
        before = [_year(year, [r[0]]) for r in runs]
        after = [_year(year, [r[k]]) for r in runs]
        change = np.array([_lost(b) - _lost(a) for b, a in zip(before, after, strict=True)]) / added
        days, waits, cancelled = ((float(m), float(lo), float(hi)) for m, lo, hi in zip(*interval(change), strict=True))
        out.append(Bought(*place, added, days, waits, cancelled, costs[place]))
    return sorted(out, key=lambda b: -b.person_days[0])


def where_it_blocks(year: YearOfFlow) -> list[Where]:
    """Services and sites with a limit, those first at which people lose most time waiting to come in."""
    waiting = {
        w: float(np.mean([c.stations[at].days_waiting.sum() for c in year.counted]))
        for w, at in year.places.items()
        if year.limited(w)
    }
    return [w for w, days in sorted(waiting.items(), key=lambda kv: (-kv[1], kv[0])) if days > 0.0]


def _lost(year: YearOfFlow) -> Array:
    """Days lost waiting (in queues outside a bed, or in a bed ready to go on), long waits, cancellations: one year."""
    c = year.counted[0]
    beds = [i for w, at in year.places.items() if year.limited(w) for i in at]
    days = float(c.stations[beds].days_waiting.sum())
    long_waits = float(c.wait[beds, FOUR_HOURS:].sum())
    again = [i for w, at in year.places.items() if w[0] in year.returning_services for i in at]
    return np.array([days, long_waits, float(c.stations[again].cancelled.sum())])


def _year(year: YearOfFlow, counted: Sequence[object]) -> YearOfFlow:
    return YearOfFlow(year.plan, year.scenario, year.year, year.network, counted)  # type: ignore[arg-type]


def _step(network: Network, where: Where) -> int:
    return max(FEWEST, round(STEP * open_beds(network)[where]))


def more_beds(network: Network, where: Where, more: int) -> dict[str, int]:
    """So many more beds of a service at a site, over its wards as evenly as can be."""
    names = [s.name for s in network.stations if (s.service, s.site) == where]
    each, rest = divmod(more, len(names))
    return {name: each + (1 if k < rest else 0) for k, name in enumerate(names) if each or k < rest}


def _known_costs(plan: Plan, network: Network) -> dict[Where, float]:
    """What one more bed or place costs a year at each service and site with a limit, as far as costs.csv says."""
    found = {w: bed_cost(plan, w[0]) for w in open_beds(network)}
    return {w: cost for w, cost in found.items() if cost is not None}


def bed_cost(plan: Plan, service: str) -> float | None:
    """Yearly cost of one more bed or place, GBP: a stepped cost of costs.csv over the beds of a step.

    For services without beds the step is in units of activity, and a place gives as many of them as fit in a year.
    None where costs.csv does not say: a price is never made up.
    """
    kinds = plan.tables["services"].filter(pl.col("code") == service).select("capacity_unit", "currency").row(0)
    rows = list(plan.tables["costs"].filter(pl.col("service") == service).iter_rows(named=True))
    if kinds[0] == "bed":
        each = [row["step_gbp"] / row["step_size"] for row in rows if row["step_gbp"] and row["step_size"]]
    else:
        units = _units_a_year(plan, service, kinds[1])
        steps = [(row["step_gbp"] or 0.0) / row["step_size"] if row["step_size"] else 0.0 for row in rows]
        each = [(step + (row["marginal_gbp"] or 0.0)) * units for step, row in zip(steps, rows, strict=True)]
    return float(np.mean(each)) or None if each else None


def _units_a_year(plan: Plan, service: str, currency: str) -> float:
    """Units of activity that one place gives in a year when somebody is always in it."""
    if currency == "week-of-care":
        return DAYS / 7.0
    rows = plan.tables["activity"].filter(pl.col("service") == service)
    days = float((rows["count"] * rows["mean_los_days"].fill_null(0.0)).sum())
    hours = plan.tables["patient_flow"].filter(pl.col("service") == service)["stay_hours_mean"].to_list()
    stay = hours[0] / 24.0 if hours and hours[0] else days / max(float(rows["count"].sum()), 1.0)
    return DAYS / stay if stay > 0.0 else 0.0


@dataclass(frozen=True)
class Cheapest:
    """Beds that keep the share of long waits under a level: what to add where, at what cost a year, and the risk."""

    target: float
    reached: bool
    added: Mapping[Where, int]
    cost_gbp: float
    risk: tuple[float, float, float]
    before: tuple[float, float, float]
    replications: int


def cheapest_beds(
    simulation: Simulation,
    year: YearOfFlow,
    target: float,
    replications: int = 4,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Cheapest:
    """The cheapest extra beds and places, found greedily, that keep the share of waits over four hours under `target`.

    Each round adds to the service and site that lowers the risk most for its cost; afterwards what turns out not to be
    needed is taken away again. The risk is that of people who wait for a bed anywhere. A greedy search is not proof
    that nothing cheaper exists. The risk of the answer is measured on replications that the search has not used.
    Raises UsageError where costs.csv does not say what a bed costs.
    """
    network = simulation.network
    costs = _known_costs(year.plan, network)
    unknown = sorted({service for service, site in open_beds(network) if (service, site) not in costs})
    if unknown:
        raise UsageError(
            f"The cheapest beds cannot be looked for: costs.csv does not say what a bed of {', '.join(unknown)} costs. "
            "Write step_gbp and step_size of each, or do not ask for the cheapest beds."
        )
    added: dict[Where, int] = {}

    def risks(options: Sequence[Mapping[Where, int]], first: int = 0, count: int = replications) -> Array:
        beds = [_beds(network, option) for option in options]
        runs = simulation.run(count, first=first, beds=beds, threads=threads)
        return np.array([[risk_of_long_wait(_year(year, [c])) for c in run] for run in runs])

    now = float(risks([added]).mean())
    for round_ in range(LONGEST_SEARCH):
        if progress:
            progress(round_, LONGEST_SEARCH)
        if now <= target:
            break
        runs = simulation.run(replications, beds=[_beds(network, added)], threads=threads)
        current = _year(year, [r[0] for r in runs])
        where = where_it_blocks(current)[:CANDIDATES]
        options = [{**added, w: added.get(w, 0) + _step(network, w)} for w in where]
        if not options:
            break
        found = risks(options).mean(axis=0)
        gain = [(now - r) / (costs[w] * _step(network, w)) for w, r in zip(where, found, strict=True)]
        best = int(np.argmax(gain))
        if gain[best] <= 0.0:
            break
        added, now = dict(options[best]), float(found[best])
    added = _without_waste(added, target, costs, lambda o: float(risks([o]).mean()))
    check = risks([{}, added], first=10_000, count=max(2 * replications, 6))
    before, after = (tuple(float(x) for x in interval(check[:, k])) for k in range(2))
    cost = sum(costs[w] * n for w, n in added.items())
    return Cheapest(target, after[0] <= target, added, cost, after, before, check.shape[0])  # type: ignore[arg-type]


def _without_waste(
    added: dict[Where, int], target: float, costs: Mapping[Where, float], risk: Callable[[Mapping[Where, int]], float]
) -> dict[Where, int]:
    """Take away, the dearest first, what the level can be held without."""
    if not added or risk(added) > target:
        return added
    for where in sorted(added, key=lambda w: -costs[w] * added[w]):
        half = {**added, where: added[where] // 2}
        half = {w: n for w, n in half.items() if n}
        if risk(half) <= target:
            added = half
    return added


def risk_of_long_wait(year: YearOfFlow) -> float:
    """The share of people asking for a bed who wait more than four hours for it."""
    at = [i for w, stations in year.places.items() if w[0] in year.bed_services and year.limited(w) for i in stations]
    people = np.sum([c.wait[at].sum(axis=0) for c in year.counted], axis=0)
    return float(people[FOUR_HOURS:].sum() / people.sum()) if people.sum() else 0.0


def _beds(network: Network, added: Mapping[Where, int]) -> dict[str, int]:
    out: dict[str, int] = {}
    for where, more in added.items():
        out |= more_beds(network, where, more)
    return out
