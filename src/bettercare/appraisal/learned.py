"""A plan's forecast before and after evidence: what was seen, what it does to each effect, to beds and to the gap."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.appraisal.learned_model import Used, correlation, informed, predictor, ranges, usable
from bettercare.appraisal.learned_read import OWN, PUBLISHED, Seen, published, read_observations
from bettercare.appraisal.spread import Spread
from bettercare.engines.forecast import Forecast, forecast
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.inputs import sample
from bettercare.engines.forecast.system import System
from bettercare.engines.learn import Claim, Learned
from bettercare.engines.learn import learn as learn_from
from bettercare.foundation.problems import UsageError
from bettercare.foundation.years import parse as year_of
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

DRAWS, DRAWS_EVALUATED = 20_000, 2_000  # the least to learn with; the second where every draw needs a forecast
MEASURES = (
    "gap_gbp",
    "acute_beds_needed",
    "community_beds_needed",
    "mental_health_beds_needed",
    "emergency_admissions",
)
RECORDS = "records"  # what stands for comparisons that no file holds


@dataclass(frozen=True)
class EffectLearned:
    """An effect before and after, in its own unit. `informed` says whether an observation speaks of it directly.

    Where one does, `prior` is the plan's range itself; elsewhere it is that of the draws, so that an effect which the
    evidence leaves alone has the same figures twice.
    """

    effect: str
    initiative: str
    title: str
    service: str
    lever: str
    unit: str
    badge: str
    claimed: float | None
    prior: Spread
    posterior: Spread
    informed: bool


@dataclass(frozen=True)
class Benefit:
    """A benefit that was seen, beside what the plan had assumed; all a year at the pace of its period.

    `basis` is judged or compared. `claim` is what staff judged, with nothing taken off, and `own` what this
    partnership's own data say: the claim times the attribution factor, or the comparison as it is. A comparison has a
    `claim` where it `replaces` a judged benefit. `elsewhere` is the plan's own range for the effect, from evaluations
    elsewhere, `posterior` what both make of it together; `chance` that of an effect as large as the claim, before this
    evidence and after.
    """

    id: str
    effect: str
    title: str
    basis: str
    claim: Claim | None
    attribution: tuple[float, float, float] | None
    own: Spread
    elsewhere: Spread
    posterior: Spread
    chance: tuple[float, float] | None
    replaces: str
    made_up: bool
    evidence: str
    note: str


@dataclass(frozen=True)
class Change:
    """A measure of the whole system in a year, before and after evidence. `change` is over draws that share their luck;
    `error` is the standard error of its mean.
    """

    measure: str
    year: str
    before: Spread
    after: Spread
    change: Spread
    error: float


@dataclass(frozen=True, eq=False)
class LearnedPlan:
    """What was learnt from observations of one scenario. `positions` are its inputs after the evidence, a row a draw of
    the forecast.
    """

    plan: Plan
    scenario: str
    sources: tuple[str, ...]
    learned: Learned
    used: tuple[Used, ...]
    left_out: tuple[tuple[Seen, str], ...]
    effects: tuple[EffectLearned, ...]
    benefits: tuple[Benefit, ...]
    positions: pl.DataFrame
    before: Forecast
    after: Forecast
    seconds: float

    @property
    def made_up(self) -> tuple[str, ...]:
        """The observations that rest on synthetic records."""
        return tuple(u.seen.id for u in self.used if u.seen.made_up)

    def changes(self, year: str, measures: Sequence[str] = MEASURES) -> list[Change]:
        """Measures of the whole system in a year, before and after; those that the plan lacks are left out."""
        out = []
        for measure in measures:
            try:
                old, new = (f.scenarios[self.scenario].draws(measure, year) for f in (self.before, self.after))
            except KeyError:
                continue
            moved = new - old
            error = float(moved.std(ddof=1) / np.sqrt(moved.size))
            out.append(Change(measure, year, Spread.of(old), Spread.of(new), Spread.of(moved), error))
        return out

    def inputs(self, scenarios: Sequence[str]) -> Mapping[str, pl.DataFrame]:
        """The inputs after the evidence for each of some scenarios, as `forecast(inputs=...)` takes them.

        A scenario that assumes something else of an input (another range for an effect) keeps that: what was learnt is
        a place in the range that was learnt about.
        """
        mine = ranges(compile_plan(self.plan.under(self.scenario)))
        out: dict[str, pl.DataFrame] = {}
        kept: dict[tuple[str, ...], pl.DataFrame] = {}
        for name in scenarios:
            theirs = ranges(compile_plan(self.plan.under(name)))
            columns = tuple(c for c in self.positions.columns if theirs.get(c) == mine[c])
            if columns:
                out[name] = kept.setdefault(columns, self.positions.select(columns))
        return out


def learn(
    plan: Plan,
    sources: Sequence[str] = (),
    *,
    offered: Sequence[Seen] = (),
    scenario: str | None = None,
    until: str | None = None,
    draws: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> LearnedPlan:
    """Learn from observations: prior and posterior of each effect, and the forecast before and after.

    `sources` are files, `published` (the plan's learning/published.csv) or `plan` (its own table of observations); when
    left out and nothing is `offered`, the first of these two that the plan has. `offered` are comparisons that records
    give: each enters unless somebody entered the same evidence. `until` leaves out what came after a financial year.
    `draws` is that of the forecast before and after; learning itself takes at least DRAWS (DRAWS_EVALUATED where an
    indicator makes each draw a forecast). Raises UsageError where there is nothing to learn from, and Problems for a
    file with mistakes or evidence entered twice.
    """
    began = time.perf_counter()
    name = scenario or plan.settings.main
    system = compile_plan(plan.under(name))  # names the nearest scenario where there is none
    chosen = tuple(sources) or (() if offered else (PUBLISHED,) if published(plan) else (OWN,))
    seen = [*read_observations(plan, chosen), *offered]
    if until is not None:
        seen = [s for s in seen if year_of(s.year) <= year_of(until)]
    found = usable(plan, system, seen)
    if not found.used:
        why = "; ".join(sorted({f"{s.id}: {reason}" for s, reason in found.left_out})[:5])
        raise UsageError(f"There is nothing to learn from. {why or 'No observation was read.'}")
    size = draws or plan.settings.draws
    luck = plan.settings.seed if seed is None else seed
    speaks = informed(system, found.used)
    prior = sample(system.inputs, luck, max(size, DRAWS if speaks is not None else DRAWS_EVALUATED))
    learned = learn_from(
        predictor(system, found.used, threads),
        [u.observation for u in found.used],
        prior,
        correlation=correlation(system),
        informed=speaks,
        seed=luck,
        threads=threads,
    )
    after = learned.equally_weighted(prior)
    columns = [item.name for item in system.inputs]
    positions = pl.DataFrame(after[:size], schema=columns)
    old = forecast(plan, [name], draws=size, seed=luck, threads=threads, progress=progress)
    new = forecast(plan, [name], draws=size, seed=luck, threads=threads, progress=progress, inputs=positions)
    return LearnedPlan(
        plan=plan,
        scenario=name,
        sources=(*chosen, RECORDS) if any(u.seen.offered for u in found.used) else chosen,
        learned=learned,
        used=found.used,
        left_out=found.left_out,
        effects=_effects(plan, system, prior, after, {u.effect.size.column for u in found.used if u.effect}),
        benefits=tuple(_benefit(plan, u, prior, after) for u in found.used if u.effect is not None),
        positions=positions,
        before=old,
        after=new,
        seconds=time.perf_counter() - began,
    )


def _titles(plan: Plan) -> dict[str, str]:
    return dict(plan.tables["initiatives"].select("code", "title").iter_rows())


def _effects(plan: Plan, system: System, prior: Array, after: Array, direct: set[int]) -> tuple[EffectLearned, ...]:
    titles = _titles(plan)
    out = []
    for effect in system.effects:
        if effect.size.column < 0:
            continue
        initiative = system.initiatives[effect.initiative]
        out.append(
            EffectLearned(
                effect=effect.code,
                initiative=initiative,
                title=titles[initiative],
                service=system.services[effect.service],
                lever=effect.lever,
                unit=effect.unit,
                badge=effect.badge,
                claimed=effect.claimed,
                prior=Spread.of_range(effect.size.range)
                if effect.size.column in direct
                else Spread.of(effect.size.values(prior)),
                posterior=Spread.of(effect.size.values(after)),
                informed=effect.size.column in direct,
            )
        )
    return tuple(out)


def _benefit(plan: Plan, used: Used, prior: Array, after: Array) -> Benefit:
    effect, seen, factor = used.effect, used.seen, used.seen.attribution
    assert effect is not None
    initiative = plan.tables["effects"].filter(pl.col("code") == effect.code)["initiative"][0]
    before, now = (effect.size.values(p) * used.to_count for p in (prior, after))
    ends = [factor.mode if end is None else end for end in (factor.low, factor.mode, factor.high)] if factor else []
    as_large = [float((values >= used.claim.a_year[0]).mean()) for values in (before, now)] if used.claim else []
    return Benefit(
        id=seen.id,
        effect=effect.code,
        title=_titles(plan)[initiative],
        basis="compared" if seen.compared else "judged",
        claim=used.claim,
        attribution=(ends[0], ends[1], ends[2]) if ends else None,
        own=Spread.of_estimate(used.observation.value, seen.sd)
        if seen.compared
        else Spread.of(used.observation.points),
        elsewhere=Spread.of_range(effect.size.range).times(used.to_count),
        posterior=Spread.of(now),
        chance=(as_large[0], as_large[1]) if as_large else None,
        replaces=used.replaces,
        made_up=seen.made_up,
        evidence=seen.evidence,
        note=seen.note,
    )
