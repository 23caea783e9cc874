"""What was learnt, as JSON for programs and as lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bettercare.engines.learn.benefit import LEVEL
from bettercare.engines.learn.likelihood import DISCREPANCY
from bettercare.reporting import text
from bettercare.reporting.labels import MEASURES, Labels, quoted
from bettercare.reporting.terminal import wrapped

if TYPE_CHECKING:
    from bettercare.appraisal.learned import Benefit, Change, EffectLearned, LearnedPlan
    from bettercare.appraisal.spread import Spread
    from bettercare.engines.learn import Check

BRIEF = {
    "gap_gbp": "Gap in the year",
    "acute_beds_needed": "Acute beds needed",
    "community_beds_needed": "Community beds needed",
    "mental_health_beds_needed": "Mental health beds needed",
    "emergency_admissions": "Emergency admissions",
}


def as_json(found: LearnedPlan) -> dict[str, Any]:
    """Plain values: observations and their checks, prior and posterior of effects, the forecast before and after."""
    learned = found.learned
    headline = found.plan.settings.headline_year
    checks = {c.id: c for c in learned.checks}
    return {
        "plan": found.plan.settings.name,
        "revision": found.plan.revision,
        "scenario": found.scenario,
        "sources": list(found.sources),
        "seed": found.before.seed,
        "draws": {
            "forecast": found.before.draws,
            "learning": learned.prior_draws,
            "pool": learned.weights.size,
            "said": draws(found),
        },
        "interval": LEVEL,
        "effective_draws": {"rounds": list(learned.effective), "end": learned.ess, "wanted": learned.enough},
        "discrepancy": {"relative_sd": DISCREPANCY, "badge": "assumed"},
        "observations": [
            {
                "id": u.seen.id,
                "kind": u.seen.kind,
                "subject": u.seen.indicator or u.seen.effect,
                "period": u.seen.period,
                "year": u.seen.year,
                "known_to_builders": u.seen.known_to_builders,
                "made_up": u.seen.made_up,
                **_check(checks[u.seen.id]),
            }
            for u in found.used
        ],
        "conflicts": [c.id for c in learned.conflicts],
        "left_out": [{"id": s.id, "why": why} for s, why in found.left_out],
        "benefits": [asdict(b) for b in found.benefits],
        "effects": [asdict(e) for e in found.effects],
        "forecast": {year: {c.measure: _change(c) for c in found.changes(year)} for year in found.before.years[1:]},
        "headline_year": headline,
        "seconds": round(found.seconds, 3),
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "seen": check.seen,
        "prior_predictive": dict(zip(("p5", "p50", "p95"), check.prior, strict=True)),
        "posterior_predictive": dict(zip(("p5", "p50", "p95"), check.posterior, strict=True)),
        "prior_data_conflict_p": check.conflict,
        "in_conflict": check.in_conflict,
        "posterior_predictive_p": check.p_value,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "before": asdict(change.before),
        "after": asdict(change.after),
        "change": {**asdict(change.change), "standard_error": change.error},
    }


def lines(found: LearnedPlan) -> Iterator[str]:
    """The screen, in lines of at most 80 characters."""
    labels = Labels(found.plan)
    yield "WHAT THE EVIDENCE DOES TO THE FORECAST"
    yield from wrapped([f"Scenario: {quoted(labels.scenario(found.scenario), 60)}."])
    yield from wrapped(opening(found))
    if found.benefits:
        yield "BENEFITS SEEN HERE BESIDE WHAT EVALUATIONS ELSEWHERE FOUND, A YEAR"
        for benefit in found.benefits:
            yield from wrapped(_benefit(benefit))
    yield from _effects(found)
    yield from _forecast(found)
    yield from _fit(found)
    yield "WHAT THIS IS NOT"
    yield from wrapped([assumed(found), *known(found), draws(found)])


def opening(found: LearnedPlan) -> list[str]:
    """What was learnt from, how many draws that left, and what was left out."""
    learned = found.learned
    rounds = len(learned.effective) - 1
    fresh = f" after {text.counted(rounds, 'round')} of fresh draws" if rounds else ""
    said = [
        (
            f"{text.counted(len(found.used), 'observation')} from {text.listed(list(found.sources))}; "
            f"{text.number(learned.ess)} of {learned.weights.size:,} draws are left in effect{fresh}."
        )
    ]
    if learned.ess < learned.enough:
        said.append(
            f"That is fewer than the {text.number(learned.enough)} wanted: read the ranges below as rough, "
            "and look for an observation that no draw comes near."
        )
    if found.left_out:
        why = sorted({reason for _, reason in found.left_out})
        said.append(f"Left out: {text.counted(len(found.left_out), 'observation')} ({'; '.join(why)}).")
    said += made_up(found)
    return said


def made_up(found: LearnedPlan) -> list[str]:
    """A warning where what was learnt from rests on synthetic records."""
    if not found.made_up:
        return []
    named = text.listed(list(found.made_up))
    rest = "rests" if len(found.made_up) == 1 else "rest"
    return [f"Made up: {named} {rest} on synthetic records; so does all that follows. It says nothing of real care."]


def draws(found: LearnedPlan) -> str:
    """How many draws the forecast was made of, and how many learning took, which may be more than were asked for."""
    size, learning = found.before.draws, found.learned.prior_draws
    said = f"The forecasts before and after have {size:,} draws each. Learning used {learning:,}"
    return f"{said}, the least that it needs." if learning > size else f"{said}."


def assumed(found: LearnedPlan) -> str:
    """What of all this is a judgement."""
    off = f"Assumed: the forecast may be off by {text.percent(DISCREPANCY)} even with all inputs right"
    if any(b.attribution for b in found.benefits):
        off += ", and the attribution of judged benefits as the file states it"
    return f"{off}. Such judgements are yours to change: try others and see."


def _benefit(b: Benefit) -> list[str]:
    first = f"{quoted(b.title, 50)} ({b.effect}): {_claimed(b)}" if b.claim else f"{quoted(b.title, 50)} ({b.effect})."
    elsewhere = f"  Evaluations elsewhere: {_range(b.elsewhere)}."
    if b.chance:
        chance = "less than 1 in 1,000" if b.chance[0] < 0.001 else text.percent(b.chance[0])
        elsewhere += f" The chance that they leave of an effect as large as claimed: {chance}."
    scale = [f"  {line}" for line in raised(b)]
    return [first, elsewhere, f"  {_own(b)}: {_range(b.own)}. Both together: {_range(b.posterior)}.", *scale]


def raised(b: Benefit) -> list[str]:
    """That a comparison of made-up people was raised to the plan's scale, and what it was; nothing for real records."""
    if not b.made_up or b.basis != "compared":
        return []
    said = "The made-up people are a sample, so what was counted of them is raised to the scale of the plan."
    return [f"{said} {_signs(text.ended(b.note))}".strip()]


def _signs(words: str) -> str:
    """The words with a true minus sign before each number that has a hyphen there."""
    return re.sub(r"(?<![\w-])-(?=\d)", text.MINUS, words)


def _claimed(b: Benefit) -> str:
    assert b.claim is not None
    share, low, high = b.claim.share
    shown = text.span(text.percent(low), text.percent(high))
    counted = f"{text.number(b.claim.avoided)} of {text.number(b.claim.referrals)} judged avoided"
    judged = f"{text.percent(share)} ({shown} with {LEVEL:.0%} probability)"
    return f"{counted}, {judged}, or {text.number(b.claim.a_year[0])} a year if all were truly avoided."


def _own(b: Benefit) -> str:
    if b.attribution is None:
        instead = f" (in place of what was judged, {b.replaces})" if b.replaces else ""
        return f"Compared here with like people{instead}"
    least, likely, most = (text.percent(factor) for factor in b.attribution)
    return f"With {least} to {most} of it taken to be real (most likely {likely}, assumed)"


def _range(s: Spread) -> str:
    return f"{text.number(s.mean)} ({text.span(text.number(s.p5), text.number(s.p95))})"


def _moved(e: EffectLearned) -> float:
    """How far the mean moved, over the range before."""
    return abs(e.posterior.mean - e.prior.mean) / max(e.prior.p95 - e.prior.p5, 1e-9)


def _effects(found: LearnedPlan) -> Iterator[str]:
    yield "EFFECTS THAT MOVE MOST: MEAN AND 90% RANGE, BEFORE AND AFTER"
    for e in sorted(found.effects, key=_moved, reverse=True)[:6]:
        show = text.percent if e.unit == "share" else text.number
        ends = [f"{show(s.mean)} ({text.span(show(s.p5), show(s.p95))})" for s in (e.prior, e.posterior)]
        direct = "" if e.informed else ", moved by what moves with it"
        yield from wrapped([f"{e.effect} {quoted(e.title, 40)}: {ends[0]}, then {ends[1]}{direct}."])


def _forecast(found: LearnedPlan) -> Iterator[str]:
    year = found.plan.settings.headline_year
    yield f"THE FORECAST OF {year} BEFORE AND AFTER: MEAN AND 90% RANGE"
    for c in found.changes(year):
        show = text.money if c.measure.endswith("_gbp") else text.number
        before, after = (f"{show(s.mean)} ({text.span(show(s.p5), show(s.p95))})" for s in (c.before, c.after))
        by = (
            f"{show(c.change.mean, plus=True)} on average, give or take {show(2.0 * c.error)} for the luck of the draws"
        )
        yield from wrapped(
            [f"{BRIEF.get(c.measure, MEASURES.get(c.measure, c.measure))}: {before}, then {after}; {by}."]
        )


def _fit(found: LearnedPlan) -> Iterator[str]:
    conflicts = found.learned.conflicts
    yield "DOES IT FIT?"
    if conflicts:
        named = text.listed([c.id for c in conflicts[:5]])
        many = f"{text.counted(len(conflicts), 'observation')} of {len(found.learned.checks)}"
        first = f"{many} surprised the forecast as it stood before: {named}."
        yield from wrapped([f"{first} Look for what the plan left out before trusting the average of both."])
    else:
        yield from wrapped(["No observation lies outside what the forecast had led one to expect."])
    odd = [c.id for c in found.learned.checks if c.p_value < 0.05]
    if odd:
        yield from wrapped([f"Even after the evidence these do not fit: {text.listed(odd[:5])}."])


def known(found: LearnedPlan) -> list[str]:
    """A warning where those who built the plan had seen the observations."""
    number = sum(u.seen.known_to_builders for u in found.used)
    if not number:
        return []
    many = text.counted(number, "observation")
    return [f"{many} had been seen by those who built the plan: what follows is a fit and no test of the forecast."]
