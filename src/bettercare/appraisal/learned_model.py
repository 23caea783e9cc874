"""From observations to what the forecast says of them: predictions, inputs that they speak of, what repeats what."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bettercare.appraisal.learned_read import Seen
from bettercare.appraisal.learned_update import taken
from bettercare.appraisal.months import COUNTS, counted, part
from bettercare.engines.forecast.inputs import Quantity
from bettercare.engines.forecast.run import evaluate
from bettercare.engines.forecast.system import Effect, System
from bettercare.engines.learn import benefit
from bettercare.engines.learn.likelihood import DISCREPANCY, Observation
from bettercare.engines.learn.once import Entry, settled
from bettercare.foundation.problems import Problems
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Where = tuple[str, str, str, str]

BATCH = 500  # draws evaluated at once


@dataclass(frozen=True, eq=False)
class Used:
    """An observation that the forecast can be held against.

    Of a benefit, `effect` is what it is of, `to_count` what makes that admissions a year, and `claim` what was judged:
    by itself, or where a comparison stands in its place, with `replaces` the name of what it replaces. Of an indicator,
    `part` is what its months have of a year's number.
    """

    seen: Seen
    observation: Observation
    where: Where | None = None
    effect: Effect | None = None
    part: float = 1.0
    to_count: float = 1.0
    claim: benefit.Claim | None = None
    replaces: str = ""


@dataclass(frozen=True, eq=False)
class Usable:
    """What can be learnt from, and what was left out and why."""

    used: tuple[Used, ...]
    left_out: tuple[tuple[Seen, str], ...]


def usable(plan: Plan, system: System, seen: Sequence[Seen]) -> Usable:
    """Match observations to a scenario's forecast. An indicator's discrepancy is shared by all its observations.

    Raises Problems where evidence was entered twice.
    """
    keys = _keys(system) if any(s.kind == "indicator" for s in seen) else {}
    effects, inside = {e.code: e for e in system.effects}, taken(plan)
    often = Counter(s.indicator for s in seen if s.kind == "indicator" and s.year in system.years[1:])
    used: list[Used] = []
    left: list[tuple[Seen, str]] = []
    for one in seen:
        made: Used | str = (
            _benefit(one, effects, inside) if one.kind == "benefit" else _indicator(plan, system, one, keys, often)
        )
        if isinstance(made, str):
            left.append((one, made))
        else:
            used.append(made)
    return _once(plan, system, used, left)


def _once(plan: Plan, system: System, used: list[Used], left: list[tuple[Seen, str]]) -> Usable:
    """What is left where the same evidence stands several times; a comparison keeps the claim that it replaces."""
    about = list(_entries(plan, system, used))
    gone, problems = settled(about)
    if problems:
        raise Problems(problems)
    kept = []
    for i, one in enumerate(used):
        if i in gone:
            left.append((one.seen, gone[i].why))
            continue
        mine = [used[j] for j, by in gone.items() if by.to == i and used[j].claim is not None]
        kept.append(replace(one, claim=mine[0].claim, replaces=mine[0].seen.id) if mine else one)
    return Usable(tuple(kept), tuple(left))


def _benefit(seen: Seen, effects: dict[str, Effect], inside: dict[str, int]) -> Used | str:
    if seen.first <= inside.get(seen.effect, -1):
        return "it is in the plan already: the effect was updated with it"
    effect = effects.get(seen.effect)
    if effect is None:
        return "the scenario does not carry out its initiative"
    if effect.size.range.fixed:
        return "the scenario has one fixed value for the effect, which no evidence can move"
    to_count = effect.reach * (effect.addressed if effect.unit == "share" else 1.0)
    if seen.value is not None:
        return Used(seen, Observation(seen.id, "value", seen.value, sd=seen.sd), effect=effect, to_count=to_count)
    assert seen.attribution is not None
    assert seen.count is not None
    assert seen.out_of is not None
    claim = benefit.claim(seen.count, seen.out_of, seen.months)
    points = benefit.points(benefit.judged(seen.count, seen.out_of), claim.referrals_a_year, seen.attribution)
    made = Observation(seen.id, "estimate", float(points.mean()), sd=DISCREPANCY * claim.a_year[0], points=points)
    return Used(seen, made, effect=effect, to_count=to_count, claim=claim)


def _indicator(plan: Plan, system: System, seen: Seen, keys: dict[Where, bool], often: Counter[str]) -> Used | str:
    row = plan.tables["indicators"].filter(plan.tables["indicators"]["code"] == seen.indicator).row(0, named=True)
    place = str(row["site"] or row["locality"] or "")
    where = (str(row["measure"]), str(row["service"] or ""), place, str(row["partner"] or ""))
    if seen.year not in system.years[1:]:
        return f"{seen.year} is not a year after the base year of the plan"
    if where not in keys:
        return f"the forecast has no {where[0]} for it (it may belong to the patient-flow simulation)"
    if not keys[where]:
        return f"its {where[0]} is a decision of the plan and not a forecast: it has no range"
    discrepancy = DISCREPANCY * math.sqrt(often[seen.indicator])
    made = Observation(seen.id, "value", 0.0, sd=seen.sd, discrepancy=discrepancy)
    if seen.count is not None and seen.out_of is not None:
        made = replace(made, kind="share", value=seen.count, out_of=seen.out_of)
    elif seen.count is not None or where[0] in COUNTS:
        made = replace(made, kind="count", value=seen.count if seen.count is not None else seen.value or 0.0)
    else:
        made = replace(made, value=seen.value or 0.0)
    return Used(seen, made, where=where, part=part(plan, where[0], where[1], seen.first, seen.last))


def _keys(system: System) -> dict[Where, bool]:
    """Measures of the forecast, and whether anything about them is uncertain."""
    rng = np.random.default_rng(0)
    batch = evaluate(system, rng.uniform(0.01, 0.99, (8, len(system.inputs))))
    return {
        (k.measure, k.service, k.place, k.partner): bool(np.ptp(v[1:], axis=1).any()) for k, v in batch.values.items()
    }


def predictor(system: System, used: Sequence[Used], threads: int | None = None) -> Callable[[Array], Array]:
    """What gives each observation's expectation, (draws, observations), from positions of the inputs."""
    indicators = [j for j, u in enumerate(used) if u.where is not None]

    def of(positions: Array) -> Array:
        out = np.empty((positions.shape[0], len(used)))
        for j, u in enumerate(used):
            if u.effect is not None:
                out[:, j] = u.effect.size.values(positions) * u.to_count

        def work(start: int) -> None:
            batch = evaluate(system, positions[start : start + BATCH])
            found = {(k.measure, k.service, k.place, k.partner): v for k, v in batch.values.items()}
            for j in indicators:
                out[start : start + BATCH, j] = _expected(system, used[j], found)

        if indicators:
            with ThreadPoolExecutor(max_workers=threads or min(os.cpu_count() or 1, 4)) as pool:
                list(pool.map(work, range(0, positions.shape[0], BATCH)))
        return out

    return of


def _expected(system: System, used: Used, found: dict[Where, Array]) -> Array:
    assert used.where is not None
    return np.asarray(found[used.where][system.at_year(used.seen.year)] * used.part)


def informed(system: System, used: Sequence[Used]) -> list[int] | None:
    """The inputs that the observations depend on; None for all."""
    if any(u.where is not None for u in used):
        return None
    return sorted({u.effect.size.column for u in used if u.effect is not None})


def correlation(system: System) -> Array:
    """How the inputs' normal scores move together, (inputs, inputs): the common factors of the forecast."""
    names = [item.factor for item in system.inputs]
    lean = np.sqrt([item.together if item.factor else 0.0 for item in system.inputs])
    same = np.array([[a == b for b in names] for a in names], dtype=np.float64)
    out = np.outer(lean, lean) * same
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def _entries(plan: Plan, system: System, used: Sequence[Used]) -> Iterator[Entry]:
    """What each observation is about, for refusing the same evidence twice."""
    places = {r["code"]: r["locality"] or "" for r in plan.tables["effects"].iter_rows(named=True)}
    for u in used:
        s = u.seen
        if u.effect is not None:
            services, place = {system.services[u.effect.service]}, places[u.effect.code]
            subject = system.inputs[u.effect.size.column].name
        else:
            assert u.where is not None
            services, place = _counted(plan, u.where), u.where[2]
            subject = s.indicator
        yield Entry(
            s.id, s.kind, subject, frozenset(services), place, s.first, s.last, s.file, s.row, s.compared, s.offered
        )  # fmt: skip


def _counted(plan: Plan, where: Where) -> set[str]:
    """The services whose activity a measure counts; beds and money count no admissions."""
    measure, service = where[:2]
    if service:
        return {service} if measure in ("activity", "bed_days") else set()
    return counted(plan, measure) if measure in COUNTS else set()


def ranges(system: System) -> dict[str, frozenset[Any]]:
    """The ranges that a scenario reads at the luck of each named input: an input is the same where these are."""
    out: dict[str, set[Any]] = {item.name: set() for item in system.inputs}

    def walk(value: Any) -> None:
        if isinstance(value, Quantity):
            if value.column >= 0:
                out[system.inputs[value.column].name].add(value.range)
        elif isinstance(value, tuple | list):
            for item in value:
                walk(item)
        elif is_dataclass(value) and not isinstance(value, type):
            for f in fields(value):
                walk(getattr(value, f.name))

    walk(system)
    return {name: frozenset(found) for name, found in out.items()}
