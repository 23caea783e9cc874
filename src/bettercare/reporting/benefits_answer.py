"""A scheme's benefit, claimed and compared, as JSON for programs and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bettercare.engines.learn.benefit import LEVEL
from bettercare.reporting import text
from bettercare.reporting.terminal import wrapped

if TYPE_CHECKING:
    from bettercare.appraisal.benefits import Benefits, InPlan
    from bettercare.appraisal.matched_effect import Estimate

METHOD = (
    "Modelled: each person referred is paired with one like person who had not been referred on a like day "
    "(propensity, sex, age, month, place, frailty, earlier admissions and attendances). What no record holds may "
    "still differ."
)
MADE_UP = "made up: the records are synthetic"
SAMPLE = (
    "The made-up people are a sample: what is counted is of them alone, what the plan assumes is of everybody. "
    "`bettercare learn` is given the number raised to the scale of the plan."
)


def as_json(found: Benefits, *, synthetic: bool = False) -> dict[str, Any]:
    """Plain values. Counts are as disclosure control lets them be shown; intervals are those of `interval`."""
    claimed, compared = found.claimed, found.compared
    answer: dict[str, Any] = {
        "initiative": found.initiative,
        "name": found.name,
        "referrals_from": found.first,
        "referrals_to": found.last,
        "months_followed": found.months,
        "badge": MADE_UP if synthetic else "measured (claimed), modelled (compared)",
        "interval": LEVEL,
        "claimed": {
            "judged_by": list(claimed.judged_by),
            "criterion": "the staff's own judgement that the person would otherwise have been admitted",
            "counts": _shown(claimed.counts),
            "share": _interval(claimed.share, 3),
            "a_year": _interval(claimed.a_year, 0),
        },
        "compared": None,
        "no_comparison_because": found.why_not,
        "plan_assumes": [asdict(one) for one in found.in_plan],
        "plan_uses": found.uses,
        "words": list(found.words),
    }
    if compared is not None:
        answer["compared"] = {
            "method": METHOD,
            "counts": _shown(compared.counts),
            "taken_on": _shown(compared.taken_on),
            "rate_ratio": _interval(compared.ratio, 2),
            "difference_per_100_people": _interval(compared.difference, 1),
            "avoided_a_year": _interval(compared.avoided_a_year, 0),
            "planned_admissions_ratio": _interval(compared.negative, 2),
            "balance": [
                {"name": b.name, "before": round(b.before, 3), "after": round(b.after, 3), "alike": b.alike}
                for b in compared.balance
            ],
            "warnings": list(compared.warnings),
        }
    return answer


def _interval(value: Estimate | None, digits: int) -> dict[str, float] | None:
    if value is None:
        return None
    ends = {"estimate": value.value, "low": value.low, "high": value.high}
    return {name: round(end, digits) + 0.0 for name, end in ends.items()}


def _shown(counts: Any) -> list[dict[str, str]]:
    texts = [f"{name}_shown" for name in counts.counts]
    rows = counts.table.select(*counts.dimensions, *texts).iter_rows(named=True)
    return [{key.removesuffix("_shown"): value or "all" for key, value in row.items()} for row in rows]


def lines(found: Benefits, *, synthetic: bool = False) -> Iterator[str]:
    """What a person reads: the two numbers side by side first."""
    yield f"{found.initiative} {found.name}".upper()
    yield f"Referred from {found.first} to {found.last}." + (f" Badge: {MADE_UP}." if synthetic else "")
    claimed, compared = found.claimed, found.compared
    yield ""
    yield f"{'':<38}{'a year':>10}   {LEVEL:.0%} interval"
    yield _line("Claimed: judged avoided by staff", claimed.a_year)
    yield _line("Compared: with like people", compared.avoided_a_year if compared else None)
    for one in found.in_plan:
        plan_claim = "" if one.claimed is None else f"; claimed {one.claimed:,g}"
        yield f"  The plan assumes ({one.code}, {one.unit}): {_range(one)}{plan_claim}"
    if synthetic:
        yield from wrapped([SAMPLE])
    yield ""
    yield from wrapped(found.words)
    if compared is None:
        return
    yield ""
    yield "WHAT HAPPENED AFTER"
    for row in _shown(compared.counts):
        if row["group"] != "all":
            yield (
                f"{row['group'].capitalize():<12}{row['people']:>9} people {row['emergency_admissions']:>9} emergency "
                f"admissions {row['planned_admissions']:>9} planned {row['deaths']:>7} deaths"
            )
    said = (
        f"Emergency admissions, times those of like people: {_said(compared.ratio)}.",
        f"For each 100 people referred, more, or fewer with a minus sign: {_said(compared.difference, 1)}.",
        f"Planned admissions, which the scheme cannot change, times those of like people: {_said(compared.negative)}.",
        *(f"Warning: {warning}" for warning in compared.warnings),
        METHOD,
    )
    yield from wrapped(said)


def _said(value: Estimate | None, digits: int = 2) -> str:
    if value is None:
        return "too few to say"
    ends = text.span(text.grouped(value.low, digits), text.grouped(value.high, digits))
    return f"{text.grouped(value.value, digits)} ({ends})"


def _range(one: InPlan) -> str:
    """Mean and interval, as `bettercare learn` says them."""
    say = text.percent if one.unit == "share" else text.number
    return f"{say(one.assumed.mean)} ({text.span(say(one.assumed.p5), say(one.assumed.p95))})"


def _line(label: str, value: Estimate | None) -> str:
    if value is None:
        return f"{label:<38}{'cannot be shown':>16}"
    return (
        f"{label:<38}{text.grouped(value.value):>10}   {text.span(text.grouped(value.low), text.grouped(value.high))}"
    )
