"""Benefits in words, and the picture of three ranges: elsewhere, this partnership's own data, and both together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bettercare.reporting import text
from bettercare.reporting.labels import MEASURES
from bettercare.reporting.learn_answer import raised

if TYPE_CHECKING:
    from bettercare.appraisal.learned import Benefit, Change
    from bettercare.appraisal.matched_effect import Estimate
    from bettercare.appraisal.spread import Spread

LEFT, RIGHT, WIDTH = 16, 464, 480
RARE = 0.001
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Bar:
    """A range in the picture: its label, its words, and where its ends and its mean lie."""

    label: str
    said: str
    low: float
    mean: float
    high: float
    y: int


@dataclass(frozen=True)
class Picture:
    """The three ranges on one axis, and the claim where there is one."""

    bars: tuple[Bar, ...]
    claim: float | None
    claimed: str
    none: float
    ticks: tuple[tuple[float, str], ...]
    alt: str


def spread(s: Spread, unit: str = "count-a-year") -> str:
    """Mean and 90% range."""
    show = text.percent if unit == "share" else text.number
    return f"{show(s.mean)} ({text.span(show(s.p5), show(s.p95))})"


def interval(e: Estimate | None, digits: int = 0) -> str:
    """An estimate with its 90% interval."""
    if e is None:
        return "too few to say"
    ends = text.span(text.grouped(e.low, digits), text.grouped(e.high, digits))
    return f"{text.grouped(e.value, digits)} ({ends})"


def chance(p: float) -> str:
    """A chance as people say it: about 3 in 10, about 1 in 40, less than 1 in 1,000."""
    if p < RARE:
        return "less than 1 in 1,000"
    if p > 1.0 - RARE:
        return "more than 999 in 1,000"
    if p < 0.1:
        return f"about 1 in {text.grouped(text.significant(1.0 / p, 2))}"
    return f"about {max(1, min(9, round(10.0 * p)))} in 10"


def how_far(benefit: Benefit) -> str:
    """How far a claim is from what evaluations elsewhere found."""
    if benefit.claim is None or benefit.chance is None:
        return f"Evaluations elsewhere leave {spread(benefit.elsewhere)} a year. Nobody judged what it avoids."
    claimed = benefit.claim.a_year[0]
    beyond = claimed - benefit.elsewhere.p95
    where = (
        f"That is {text.number(beyond)} a year above the upper end of their 90% range."
        if beyond > 0.0
        else "That lies below the lower end of their 90% range."
        if claimed < benefit.elsewhere.p5
        else "That lies within their 90% range."
    )
    before, after = (chance(p) for p in benefit.chance)
    then = "and it is the same after it" if before == after else f"and {after} after it"
    return (
        f"The claim comes to {text.number(claimed)} a year. Evaluations elsewhere leave "
        f"{spread(benefit.elsewhere)}. {where} "
        f"The chance of an effect as large as the claim was {before} before this evidence, {then}."
    )


def rests_on(benefit: Benefit) -> str:
    """Which of this partnership's own data the effect is learnt from."""
    if benefit.basis == "judged":
        return "What is learnt rests on what staff judged: no like people were compared in these months."
    said = "What is learnt rests on the comparison with like people."
    if benefit.replaces:
        said += (
            f" It takes the place of what staff judged ({benefit.replaces}): both are of the same people, who must "
            "not be counted twice."
        )
    return " ".join([said, *raised(benefit)])


def own(benefit: Benefit) -> str:
    """What this partnership's own data are, in a few words."""
    return "Own data, compared with like people" if benefit.basis == "compared" else "Own data, the part taken as real"


def moved(change: Change) -> str:
    """The change of a measure's mean, or that there is none that can be told from the luck of the draws."""
    show = text.money if change.measure.endswith("_gbp") else text.number
    if abs(change.change.mean) <= 2.0 * change.error:
        return "no change that can be told from chance"
    return f"{show(change.change.mean, plus=True)}, give or take {show(2.0 * change.error)}"


def measure(change: Change) -> tuple[str, str, str, str]:
    """(name, before, after, change) of a measure."""
    show = text.money if change.measure.endswith("_gbp") else text.number
    before, after = (f"{show(s.mean)} ({text.span(show(s.p5), show(s.p95))})" for s in (change.before, change.after))
    return MEASURES.get(change.measure, change.measure), before, after, moved(change)


def overall(changes: tuple[Change, ...]) -> str:
    """In one sentence, whether beds or money move."""
    told = [MEASURES.get(c.measure, c.measure).lower() for c in changes if abs(c.change.mean) > 2.0 * c.error]
    if not told:
        return "Neither beds nor money change by more than chance could: the claims do not move the forecast."
    counts = [c for c in changes if not c.measure.endswith("_gbp") and c.before.mean > 0.0]  # a gap may be near nought
    most = max((abs(c.change.mean) / c.before.mean for c in counts), default=0.0)
    return (
        f"What moves by more than the luck of the draws is: {text.listed(told)}. "
        f"No number of beds or admissions moves by more than {text.percent(max(most, 0.001))} of what it was."
    )


def picture(benefit: Benefit) -> Picture:
    """The three ranges of a benefit and what was claimed on one axis, in admissions a year."""
    rows = (("Elsewhere", benefit.elsewhere), (own(benefit), benefit.own), ("Both together", benefit.posterior))
    claimed = benefit.claim.a_year[0] if benefit.claim else None
    ends = [v for _, s in rows for v in (s.p5, s.p95)] + [0.0] + ([] if claimed is None else [claimed])
    step = _step(max(ends) - min(ends))
    low, high = math.floor(min(ends) / step) * step, math.ceil(max(ends) / step) * step

    def x(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * (RIGHT - LEFT), 1)

    bars = tuple(Bar(label, spread(s), x(s.p5), x(s.mean), x(s.p95), 34 + 46 * i) for i, (label, s) in enumerate(rows))
    count = round((high - low) / step)
    ticks = tuple((x(low + i * step), text.grouped(low + i * step)) for i in range(count + 1))
    said = "; ".join(f"{bar.label.lower()}: {bar.said}" for bar in bars)
    alt = f"Ranges of the effect a year. {said}."
    if claimed is None:
        return Picture(bars, None, "", x(0.0), ticks, alt)
    shown = text.number(claimed)
    return Picture(bars, x(claimed), shown, x(0.0), ticks, f"{alt} Claimed: {shown}.")


def _step(width: float) -> float:
    """A round distance between four or so ticks."""
    rough = max(width, 1e-9) / 4.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough)
