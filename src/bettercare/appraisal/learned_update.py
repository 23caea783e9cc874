"""What was learnt, as rows of a plan: the effects after the evidence, and where their new values come from.

An effect that was updated names evidence `learnt-<effect>-<month>`: all that was seen of it up to that month is in its
range. That is not learnt from again (`taken`), because the same evidence would be counted twice. Its row of evidence
names every observation that moved the range: those of other effects too, where effects share their luck.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bettercare.appraisal.learned import EffectLearned, LearnedPlan
    from bettercare.appraisal.learned_model import Used
    from bettercare.appraisal.spread import Spread
    from bettercare.plan.plan import Plan

PREFIX = "learnt-"
CODE = re.compile(rf"{PREFIX}.+-(\d{{4}})-(\d{{2}})", re.ASCII)
DIGITS = {"count-a-year": 1, "share": 4}


@dataclass(frozen=True)
class Update:
    """New texts of cells, by the code of an effect, and new rows of evidence. Empty where nothing was learnt."""

    effects: Mapping[str, Mapping[str, str]]
    evidence: tuple[Mapping[str, str], ...]
    until: str  # the last month of what was learnt from, in words


def taken(plan: Plan) -> dict[str, int]:
    """{effect: last month whose observations are in its range already}; months are years times 12 plus month less 1."""
    found = {}
    for code, evidence in plan.tables["effects"].select("code", "evidence").iter_rows():
        match = CODE.fullmatch(evidence or "")
        if match:
            found[code] = int(match[1]) * 12 + int(match[2]) - 1
    return found


def update(found: LearnedPlan, initiative: str) -> Update:
    """What the plan would say of an initiative's effects after the evidence that speaks of them.

    Effects that share their luck with these (the same service for another area) are updated with them: otherwise the
    evidence would be in one of them and not in the other.
    """
    from bettercare.appraisal.learned_model import correlation
    from bettercare.engines.forecast.compile import compile_plan

    system = compile_plan(found.plan.under(found.scenario))
    together = correlation(system)
    column = {e.code: e.size.column for e in system.effects}
    mine = {column[e.effect] for e in found.effects if e.initiative == initiative and e.informed}
    effects: dict[str, Mapping[str, str]] = {}
    evidence = []
    last = 0
    for one in sorted(mine):
        seen = [u for u in found.used if u.effect is not None and u.effect.size.column == one]
        others = [
            u for u in found.used if u not in seen and (u.effect is None or together[one, u.effect.size.column] > 0.0)
        ]
        last = max(last, *(u.seen.last for u in (*seen, *others)))
        row = _evidence(found.plan, seen, others)
        evidence.append(row)
        for e in found.effects:
            if column[e.effect] == one:
                effects[e.effect] = _cells(found.plan, e, row["code"], _why_weak(seen, others))
    return Update(effects, tuple(evidence), said(last) if last else "")


def _why_weak(seen: Sequence[Used], others: Sequence[Used]) -> str:
    """Why the grade of an effect cannot rise by these observations; blank where comparisons raise it."""
    if any(u.seen.made_up for u in (*seen, *others)):
        return "Made-up records are part of this: it may be used to try things out, and for no plan of real care."
    if not all(u.seen.compared for u in seen):
        return "How much of what staff judged avoided is real was assumed, so the grade stays as it was."
    return ""


def _cells(plan: Plan, e: EffectLearned, evidence: str, why: str) -> dict[str, str]:
    digits = DIGITS[e.unit]
    low, mode, high = (f"{round(v, digits) + 0.0:g}" for v in (e.posterior.p5, e.posterior.mean, e.posterior.p95))
    before = plan.tables["effects"].row(by_predicate=_is(e.effect), named=True)
    then = (
        f"Mean and 90% range after this partnership's own observations: {_range(e.posterior, e.unit)}. "
        f"Before: {_range(e.prior, e.unit)}, {before['evidence'] or 'assumed'}."
    )
    made = {"distribution": "normal", "low": low, "mode": mode, "high": high, "interval": "p5-p95"}
    made["evidence"] = evidence
    if not why:
        better = before["grade"] if before["grade"] == "strong" else "moderate"
        return {**made, "grade": better, "assumed": ""}
    return {**made, "assumed": f"{then} {why}"}


def _range(s: Spread, unit: str) -> str:
    """Mean and 90% range as the pages show them: `104 (−99 to 317) a year`, `4.2% (1.0% to 7.9%)`."""
    share = unit == "share"

    def shown(value: float) -> str:
        size = 100.0 * value if share else value
        small = 0.0 < abs(size) < 9.95 and (share or abs(size - round(size)) > 1e-9)
        return f"{round(size, int(small)) + 0.0:,.{int(small)}f}"

    mean, low, high = (shown(v) for v in (s.mean, s.p5, s.p95))
    sign, after = ("%", " of the care that it reaches") if share else ("", " a year")
    return f"{mean}{sign} ({low}{sign} to {high}{sign}){after}".replace("-", "\N{MINUS SIGN}")


def _evidence(plan: Plan, seen: Sequence[Used], others: Sequence[Used]) -> dict[str, str]:
    first = seen[0].effect
    assert first is not None
    everything = (*seen, *others)
    compared = all(u.seen.compared for u in seen) and not any(u.seen.made_up for u in everything)
    last = max(u.seen.last for u in everything)
    sources = {u.seen.evidence for u in everything if u.seen.evidence}
    known = dict(plan.tables["evidence"].select("code", "known_from").iter_rows())
    year, number = last // 12, last % 12 + 1
    end = date(year, number, calendar.monthrange(year, number)[1])
    names, more = (", ".join(u.seen.id for u in some) for some in (seen, others))
    where, learnt = (f"Observations {'; '.join(_found(u) for u in seen)}", f"Learnt from {names}")
    if others:
        where += f". Learnt together with {'; '.join(_found(u) for u in others)}"
        learnt += f", together with {more}, which speak of other things and move it too"
    whose = "Made-up records" if any(u.seen.made_up for u in everything) else "This partnership's observations"
    return {
        "code": f"{PREFIX}{first.code}-{_month(max(u.seen.last for u in seen))}",
        "citation": f"{whose} up to {said(last)}",
        "where": where,
        "badge": "modelled" if compared else "assumed",
        "grade": "controlled" if compared else "judgement",
        "known_from": max([end, *(known[s] for s in sources)]).isoformat(),
        "note": learnt + (f" (sources: {', '.join(sorted(sources))})." if sources else "."),
    }


def _found(used: Used) -> str:
    seen = used.seen
    if seen.kind == "indicator":
        value = f"{seen.count:g} of {seen.out_of:g}" if seen.out_of else f"{used.observation.value:g}"
        return f"{seen.id}: {value}"
    if seen.compared:
        value = f"{seen.value:g}".replace("-", "\N{MINUS SIGN}")
        return f"{seen.id}: {value} a year (standard error {seen.sd:g}) against matched controls"
    return f"{seen.id}: {seen.count:g} of {seen.out_of:g} judged avoided"


def _is(code: str) -> Any:
    import polars as pl

    return pl.col("code") == code


def said(months: int) -> str:
    """A month (years times 12 plus month less 1) in words: April 2015."""
    return f"{calendar.month_name[months % 12 + 1]} {months // 12}"


def _month(months: int) -> str:
    return f"{months // 12}-{months % 12 + 1:02d}"
