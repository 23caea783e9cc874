"""The chapter that says that a forecast was made after evidence, and what the evidence changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bettercare.reporting import text
from bettercare.reporting.chapters import Block, Chapter
from bettercare.reporting.chart_style import Table
from bettercare.reporting.labels import MEASURES, Labels, quoted
from bettercare.reporting.learn_answer import assumed, draws, known, opening, raised

if TYPE_CHECKING:
    from bettercare.appraisal.learned import LearnedPlan
    from bettercare.appraisal.spread import Spread

CODE, TITLE = "after-evidence", "What the evidence changed"


def chapter(found: LearnedPlan) -> Chapter:
    """Benefits seen here beside comparisons elsewhere, effects and the forecast before and after."""
    said = "All figures of this report are those after the evidence that this chapter names."
    blocks: list[Block] = [said, *opening(found)]
    if found.benefits:
        blocks.append(_benefits(found))
    blocks += [_effects(found), _forecast(found)]
    blocks += [assumed(found), *known(found), draws(found)]
    return Chapter(CODE, TITLE, tuple(blocks))


def _range(s: Spread) -> str:
    return f"{text.number(s.mean)} ({text.span(text.number(s.p5), text.number(s.p95))})"


def _benefits(found: LearnedPlan) -> Table:
    headers = ("Scheme", "Judged avoided", "A year, as claimed", "Elsewhere", "Own data", "Both together")
    rows = [
        (
            f"{b.title} ({b.effect})",
            f"{text.number(b.claim.avoided)} of {text.number(b.claim.referrals)}" if b.claim else "not judged",
            text.number(b.claim.a_year[0]) if b.claim else "",
            _range(b.elsewhere),
            f"{_range(b.own)}, {'compared' if b.basis == 'compared' else 'the claim, attributed'}",
            _range(b.posterior),
        )
        for b in found.benefits
    ]
    badges = tuple(
        "made up" if b.made_up else "modelled" if b.basis == "compared" else "assumed" for b in found.benefits
    )
    note = (
        "Mean and 90% range. Elsewhere: what evaluations elsewhere leave possible, as the plan has it. Own data: the "
        "comparison with like people where there is one, in place of the claim; otherwise the part of the claim that "
        "is taken as real."
    )
    scaled = [f"{b.title}: {said}" for b in found.benefits for said in raised(b)]
    caption = "Benefits seen here beside what comparisons elsewhere found"
    return Table(caption, headers, tuple(rows), badges, " ".join([note, *scaled]))


def _effects(found: LearnedPlan) -> Table:
    rows = []
    for e in found.effects:
        if e.informed:
            show = text.percent if e.unit == "share" else text.number
            before, after = (f"{show(s.mean)} ({text.span(show(s.p5), show(s.p95))})" for s in (e.prior, e.posterior))
            rows.append((f"{e.title} ({e.effect})", before, after))
    headers = ("Effect", "Before: mean and 90% range", "After")
    note = "Others move a little with these. The command bettercare learn, asked for JSON, has them all."
    return Table("Effects that observations speak of", headers, tuple(rows), ("modelled",) * len(rows), note)


def _forecast(found: LearnedPlan) -> Table:
    year = found.plan.settings.headline_year
    rows = []
    for c in found.changes(year):
        show = text.money if c.measure.endswith("_gbp") else text.number
        before, after = (f"{show(s.mean)} ({text.span(show(s.p5), show(s.p95))})" for s in (c.before, c.after))
        by = f"{show(c.change.mean, plus=True)} \N{PLUS-MINUS SIGN} {show(2.0 * c.error)}"
        rows.append((MEASURES.get(c.measure, c.measure), before, after, by))
    headers = ("Measure", "Before: mean and 90% range", "After", "Change of the mean")
    note = "What stands after \N{PLUS-MINUS SIGN} is the luck of the draws, two standard errors."
    caption = f"The forecast of {year} before and after, scenario {quoted(Labels(found.plan).scenario(found.scenario))}"
    return Table(caption, headers, tuple(rows), ("modelled",) * len(rows), note)
