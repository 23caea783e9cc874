"""Risk as JSON for programs and as lines for a terminal: people by tier, and the model of social care need."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bettercare.activity.disclosure import ALL
from bettercare.activity.risk import HFRS_AGE, TIERS
from bettercare.activity.risk_judged import CHANCES, EVERYBODY
from bettercare.activity.risk_need import UNKNOWN
from bettercare.reporting import text
from bettercare.reporting.terminal import wrapped

if TYPE_CHECKING:
    from bettercare.activity.disclosure import Protected
    from bettercare.activity.risk_need import Need
    from bettercare.plan.plan import Plan

NOT_FORETOLD = "Scores and chances sort people into groups. They do not foretell what happens to one person."
SMALL_NUMBERS = "0; * is 1 to 7; .. is hidden so that no * can be worked out; otherwise rounded to the nearest 5"
HIDDEN = "hidden"
MADE_UP = "made up"
SCORES = {
    "efi": "electronic Frailty Index, as general practices' systems give it; newest score of each person",
    "hfrs": f"Hospital Frailty Risk Score, as hospitals give it from age {HFRS_AGE}; newest score of each person",
}
VALUES = {"F": "women", "M": "men", "U": "sex not known", "not-stated": "not stated", ALL: "all"}
START = "before any of the following"
WIDE = 11  # of a column in the terminal


@dataclass(frozen=True)
class Answer:
    """What is known of risk: people by tier of a score, and the model, or why there is none."""

    plan: Plan
    score: str
    tiers: Protected
    need: Need | None
    why_not: str
    synthetic: bool

    def badge(self, kind: str) -> str:
        """The badge of a figure of a kind (measured, modelled)."""
        return MADE_UP if self.synthetic else kind


def as_json(answer: Answer) -> dict[str, Any]:
    """Plain values. Counts are as disclosure control lets them be shown; shares and chances are percentages."""
    names = [name for name, _ in TIERS[answer.score]]
    return {
        "plan": answer.plan.settings.name, "revision": answer.plan.revision, "shown": SMALL_NUMBERS,
        "says": NOT_FORETOLD, "score": answer.score, "score_is": SCORES[answer.score],
        "tiers": {"badge": answer.badge("measured"), "people": _cells(answer.tiers, "tier", names)},
        "social_care": None if answer.need is None else _model(answer, answer.need),
        "no_model_because": answer.why_not or None,
    }  # fmt: skip


def _model(answer: Answer, need: Need) -> dict[str, Any]:
    c, low, high = (round(value, 2) for value in need.discrimination)
    return {
        "badge": answer.badge("modelled"),
        "looked_back_from": need.first.replace(year=need.first.year - 1), "fitted_from": need.first,
        "judged_from": need.second, "judged_before": need.third,
        "fitted_on": {"people": need.fitted[0], "began": need.fitted[1]},
        "councils_without_feeds": list(need.missing), "features_left_out": list(need.left_out),
        "weights": need.weights.to_dicts(), "c_statistic": {"value": c, "low": low, "high": high},
        "calibration": need.calibration.to_dicts(),
        "people": _cells(need.people, "chance", [name for _, name in CHANCES]),
    }  # fmt: skip


def _cells(table: Protected, across: str, columns: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"locality": place or "all", across: column or "all", "people": number}
        for place, numbers in by_place(table, across, columns)
        for column, number in zip((*columns, ALL), numbers, strict=True)
    ]


def by_place(table: Protected, across: str, columns: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Counts by locality (the total, a blank, last) and the values of one further dimension, then all of them."""
    found = {(row["locality"], row[across]): row["people_shown"] for row in table.table.iter_rows(named=True)}
    places = sorted({place for place, _ in found} - {ALL})
    return [(place, [found.get((place, c), "0") for c in (*columns, ALL)]) for place in (*places, ALL)]


def place_names(plan: Plan) -> dict[str, str]:
    """What localities are called, and those that are none."""
    return {**dict(plan["localities"].select("code", "name").iter_rows()), UNKNOWN: "Not known", ALL: "All"}


def sentences(need: Need, names: Mapping[str, str]) -> list[str]:
    """What was fitted and judged on what, and how well; `names` are of partners."""
    year, judged = need.first - timedelta(days=1), need.second - timedelta(days=1)
    people, began = need.fitted
    made = (
        f"Fitted on {people} people who had no council-paid care in the year to {text.day(year)}; {began} of them "
        f"began it in the year to {text.day(judged)}. Judged on the year after that, which it had not seen."
    )
    out = [made, discrimination(need), fit(need)]
    if need.left_out:
        out.append(f"Too few people for a weight of their own: {'; '.join(need.left_out)}.")
    if need.missing:
        who = text.listed([names.get(code, code) for code in need.missing])
        out.append(f"People who live with {who} are left out, as no feed says who of them began care.")
    return out


def discrimination(need: Need) -> str:
    """The c-statistic in words."""
    c, low, high = need.discrimination
    said = (
        f"Take one person who came to need care and one who did not: the model gave the first the higher chance in "
        f"{100 * c:.0f} of 100 such pairs ({100 * low:.0f} to {100 * high:.0f}). Guessing gives 50."
    )
    return said if low > 0.5 else f"{said} So it cannot be told from guessing: do not use it."


def fit(need: Need) -> str:
    """In how many groups the expected share lies inside the interval of what was observed."""
    judged = need.calibration.filter(need.calibration["inside"].is_not_null(), need.calibration["group"] != EVERYBODY)
    inside = int(judged["inside"].sum())
    return (
        f"The expected share lies inside the interval of what was observed in {inside} of the {judged.height} groups "
        "that are large enough to judge. Even a model that is right would miss about one group in six by chance."
    )


def weights(need: Need) -> list[tuple[str, str]]:
    """Each feature and what it multiplies the odds by; first the odds and the chance that everybody starts from."""
    terms = list(need.weights.select("term", "weight").iter_rows())
    start = math.exp(terms[0][1])
    first = (START, f"odds {start:.3f}, a chance of {text.percent(start / (1 + start))}")
    return [first, *((term, f"odds times {math.exp(weight):.2f}") for term, weight in terms[1:])]


def calibration(need: Need) -> list[tuple[str, str, str, str, str]]:
    """Group, people, expected, observed with interval, and whether expected lies inside; `hidden` where it cannot."""
    return [_judged(row) for row in need.calibration.iter_rows(named=True)]


def _judged(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    value = VALUES.get(row["value"], row["value"])
    said = {EVERYBODY: EVERYBODY, "age": f"age {value}", "ethnic_group": f"ethnic group {value}"}
    name = text.first_upper(said.get(row["group"], value))
    if row["expected"] is None:
        return name, row["people"], HIDDEN, HIDDEN, HIDDEN
    observed = f"{row['observed']:.1f}% ({row['low']:.1f} to {row['high']:.1f})"
    return name, row["people"], f"{row['expected']:.1f}%", observed, "yes" if row["inside"] else "no"


def lines(answer: Answer) -> Iterator[str]:
    """What a person reads: people by tier, then the model and how it did."""
    yield NOT_FORETOLD
    yield f"Small numbers: {SMALL_NUMBERS}."
    yield ""
    yield f"PEOPLE BY {answer.score.upper()} ({answer.badge('measured').upper()})"
    yield from wrapped([f"{SCORES[answer.score]}."])
    yield from _table(answer.plan, answer.tiers, "tier", [name for name, _ in TIERS[answer.score]])
    yield ""
    yield f"WHO COMES TO NEED SOCIAL CARE ({answer.badge('modelled').upper()})"
    if answer.need is None:
        yield from wrapped([f"No model: {answer.why_not}"])
        return
    need, names = answer.need, dict(answer.plan["partners"].select("code", "name").iter_rows())
    yield from wrapped(sentences(need, names))
    yield ""
    yield "WHAT IT WAS MADE OF"
    yield from (f"  {name:<58}{odds}" for name, odds in weights(need))
    yield ""
    yield "HOW IT DID BY GROUP"
    yield f"  {'':<26}{'people':>9}{'expected':>10}   {'observed (95% interval)':<25}inside"
    yield from (f"  {n:<26}{p:>9}{e:>10}   {o:<25}{i}" for n, p, e, o, i in calibration(need))
    yield ""
    yield "PEOPLE BY CHANCE OF BEGINNING CARE WITHIN A YEAR"
    yield from _table(answer.plan, need.people, "chance", [name for _, name in CHANCES])


def _table(plan: Plan, table: Protected, across: str, columns: Sequence[str]) -> Iterator[str]:
    names, widths = place_names(plan), [max(WIDE, len(c) + 2) for c in (*columns, "all")]
    yield f"  {'':<20}" + "".join(f"{c:>{w}}" for c, w in zip((*columns, "all"), widths, strict=True))
    for place, numbers in by_place(table, across, columns):
        yield f"  {names.get(place, place):<20}" + "".join(f"{n:>{w}}" for n, w in zip(numbers, widths, strict=True))
