"""What was learnt, as JSON for programs and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bettercare.engines.learn.likelihood import DISCREPANCY
from bettercare.reporting import text
from bettercare.reporting.labels import MEASURES, Labels, quoted
from bettercare.reporting.terminal import wrapped

if TYPE_CHECKING:
    from bettercare.appraisal.learned import Change, Claim, EffectLearned, LearnedPlan, Spread
    from bettercare.engines.learn import Check

BRIEF = {
    "gap_gbp": "Gap in the year",
    "acute_beds_needed": "Acute beds needed",
    "community_beds_needed": "Community beds needed",
    "mental_health_beds_needed": "Mental health beds needed",
    "emergency_admissions": "Emergency admissions",
}
ASSUMED = (
    f"Assumed: the forecast may be off by {text.percent(DISCREPANCY)} even with all inputs right, and the attribution "
    "of judged benefits as the file states it. Both are judgements; change them and see."
)


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
        "draws": {"forecast": found.before.draws, "learning": learned.prior_draws, "pool": learned.weights.size},
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
                **_check(checks[u.seen.id]),
            }
            for u in found.used
        ],
        "conflicts": [c.id for c in learned.conflicts],
        "left_out": [{"id": s.id, "why": why} for s, why in found.left_out],
        "claims": [asdict(c) for c in found.claims],
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
    yield f"WHAT THE EVIDENCE DOES TO {labels.scenario(found.scenario)}".upper()
    yield from wrapped(opening(found))
    if found.claims:
        yield "JUDGED BENEFITS BESIDE WHAT COMPARISONS ELSEWHERE FOUND, A YEAR"
        for claim in found.claims:
            yield from wrapped(_claim(claim))
    yield from _effects(found)
    yield from _forecast(found)
    yield from _fit(found)
    yield "WHAT THIS IS NOT"
    yield from wrapped([ASSUMED, *known(found)])


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
    return said


def _claim(claim: Claim) -> list[str]:
    share, low, high = claim.judged
    shown = text.span(text.percent(low), text.percent(high))
    least, likely, most = (text.percent(factor) for factor in claim.attribution)
    chance = "less than 1 in 1,000" if claim.chance[0] < 0.001 else text.percent(claim.chance[0])
    counted = f"{text.number(claim.avoided)} of {text.number(claim.referrals)} judged avoided"
    judged = f"{text.percent(share)} ({shown} with 95% probability)"
    factor = f"{least} to {most} of it taken to be real (most likely {likely}, assumed)"
    first = f"{quoted(claim.title, 50)} ({claim.effect}): {counted}, {judged}, or {text.number(claim.claimed)} a year"
    elsewhere = f"  Evaluations elsewhere: {_range(claim.elsewhere)}."
    return [
        f"{first} if all were truly avoided.",
        f"{elsewhere} The chance that they leave of an effect as large as claimed: {chance}.",
        f"  With {factor}: {_range(claim.attributed)}. Both together: {_range(claim.posterior)}.",
    ]


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
