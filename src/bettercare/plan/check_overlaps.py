"""Checks of overlaps: what is said of two effects on the same people, and of which pairs nothing is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bettercare.foundation.problems import Problem, count, shown
from bettercare.plan.check_effects import same_people
from bettercare.plan.check_people import ages
from bettercare.plan.scenarios import ReadScenario
from bettercare.plan.typed import Row
from bettercare.plan.view import Rule, View, group, rule

READS = {"effects", "overlaps", "initiatives"}
MOST_EFFECTS = 1_000  # of one lever on one service that are compared in pairs
MOST_TITLES = 3  # a group of more initiatives is named by their codes

Cohort = tuple[str | None, str, int, int]  # locality (None: any), sex, youngest and oldest age


@rule("overlaps", "effects")
def overlap_rows(view: View) -> Iterator[Problem]:
    """A row of overlaps joins two effects on some of the same people, once, and says how much they share."""
    effects = view.by_code("effects")
    seen: dict[frozenset[str], Row] = {}
    for row in view.rows("overlaps"):
        a, b = row["effect_a"], row["effect_b"]
        if a == b:
            yield row.problem("effect_b", f"{shown(a)} is compared with itself.", "Name another effect.")
            continue
        first = seen.setdefault(frozenset((a, b)), row)
        if first is not row:
            later, earlier = (row, first) if (row.row or 0) >= (first.row or 0) else (first, row)
            message = f"{shown(a)} and {shown(b)} are in row {earlier.row} already."
            yield later.problem(None, message, "Keep one of the two.")
        if row["relation"] == "sharing" and row["share"] is None:
            yield row.problem("share", "sharing needs the part that is shared.", "Write a share from 0 to 1.")
        if a in effects and b in effects and not same_people(effects[a], effects[b]):
            message = f"{shown(a)} and {shown(b)} address different services or people, so nothing overlaps."
            yield row.problem(None, message, "Leave the row out.", warning=True)


@dataclass
class Pair:
    """Two effects that claim the same people, the earlier row first, and the scenarios in which nothing is said of it.

    In the plan itself, without a scenario, all initiatives happen: what is open there alone has no `unsaid`.
    """

    a: Row
    b: Row
    unsaid: list[str] = field(default_factory=list)

    @property
    def cohort(self) -> Cohort:
        """The people whom both address."""
        a, b = self.a, self.b
        sex = b["sex"] if a["sex"] == "P" else a["sex"]
        return (a["locality"] or b["locality"], sex, max(a["age_low"], b["age_low"]), min(a["age_high"], b["age_high"]))


def claimed_twice(base: View, scenarios: Sequence[View]) -> Iterator[Problem]:
    """Pairs of initiatives that pull one lever on the same people, of which `overlaps` says nothing: a question.

    Each pair is asked about once, with the scenarios that it concerns; pairs of one lever, service and cohort together.
    """
    if base.broken & READS:
        return
    under = [view.scenario for view in scenarios if view.scenario and not view.broken & READS]
    pairs: dict[frozenset[str], Pair] = {}
    too_many: dict[tuple[str, str], Problem] = {}
    for view in (base, *(view for view in scenarios if view.scenario in under)):
        _collect(view, pairs, too_many)
    yield from too_many.values()
    groups: dict[tuple[str, str, Cohort, str], list[Pair]] = {}
    for pair in pairs.values():
        both = [s for s in under if all(happens(s, row["initiative"]) for row in (pair.a, pair.b))]
        if both and not pair.unsaid:
            continue  # wherever it matters, something is said
        said = _scenarios(pair.unsaid, len(both), len(under))
        groups.setdefault((pair.a["lever"], pair.a["service"], pair.cohort, said), []).append(pair)
    titles = {row["code"]: row["title"] for row in base.rows("initiatives")}
    for (_, _, _, where), alike in groups.items():
        yield _question(alike, where, titles, base.file("overlaps"))


def _collect(view: View, pairs: dict[frozenset[str], Pair], too_many: dict[tuple[str, str], Problem]) -> None:
    """Add what is open in the plan itself or under a scenario to `pairs`."""
    stated = {frozenset((row["effect_a"], row["effect_b"])) for row in view.tables["overlaps"]}
    happening = [row for row in view.rows("effects") if happens(view.scenario, row["initiative"])]
    for (lever, service), rows in group(happening, "lever", "service").items():
        if len(rows) > MOST_EFFECTS:
            message = f"{len(rows):,} effects {lever} {service}: too many to compare in pairs."
            problem = Problem(rows[0].file, None, None, message, "Join them into fewer.", warning=True)
            too_many.setdefault((lever, service), problem)
            continue
        for a, b in combinations(sorted(rows, key=lambda row: row.row or 0), 2):
            codes = frozenset((a["code"], b["code"]))
            if a["initiative"] == b["initiative"] or codes in stated or not same_people(a, b):
                continue
            pair = pairs.setdefault(codes, Pair(a, b))
            if view.scenario:
                pair.unsaid.append(view.scenario.name)


def happens(scenario: ReadScenario | None, initiative: str) -> bool:
    """Whether an initiative happens under a scenario; in the plan itself all do."""
    if scenario is None:
        return True
    chosen = scenario.content["initiatives"]
    happens = chosen == "all" if isinstance(chosen, str) else initiative in chosen
    return happens and initiative not in scenario.content["without"]


def _scenarios(unsaid: Sequence[str], both: int, scenarios: int) -> str:
    """In which scenarios nothing is said of a pair, in words: of so many that run both, and of so many at all."""
    if not scenarios:
        return ""
    if not both:
        return ", in no scenario yet"
    if len(unsaid) == both:
        return ", in all scenarios" if both == scenarios else ", in all scenarios that run both"
    return f", in {_and(unsaid)}"


def _question(pairs: Sequence[Pair], where: str, titles: dict[str, str], file: str) -> Problem:
    first = pairs[0]
    lever, service = first.a["lever"], first.a["service"]
    locality, sex, low, high = first.cohort
    who = f"people {ages(low, high)}" + (f" in {locality}" if locality else "")
    who = {"F": f"women and girls, {who}", "M": f"men and boys, {who}"}.get(sex, who)
    number = count(len(pairs), "pair")
    message = f"{_initiatives(pairs, titles)} {lever} {service} for the same {who}: {number}{where}."
    hint = f"The same, distinct, or sharing how much? Say so in {file}."
    return Problem(first.a.file, first.b.row if len(pairs) == 1 else None, None, message, hint, warning=True)


def _initiatives(pairs: Sequence[Pair], titles: dict[str, str]) -> str:
    """The initiatives of the pairs with their effects; where all pairs have one in common, that one first."""
    effects: dict[str, list[str]] = {}
    for row in sorted((row for pair in pairs for row in (pair.a, pair.b)), key=lambda row: row.row or 0):
        codes = effects.setdefault(row["initiative"], [])
        if row["code"] not in codes:
            codes.append(row["code"])
    few = len(effects) <= MOST_TITLES
    named = {
        code: (f"{shown(titles.get(code, code))} ({code}, {', '.join(own)})" if few else f"{code} ({', '.join(own)})")
        for code, own in effects.items()
    }
    common = set.intersection(*({pair.a["initiative"], pair.b["initiative"]} for pair in pairs))
    if len(pairs) > 1 and len(common) == 1:
        (one,) = common
        title = f"{shown(titles.get(one, one))} ({one}, {', '.join(effects[one])})"
        return f"{title} and each of {_and(name for code, name in named.items() if code != one)}"
    return _and(named.values())


def _and(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


RULES: tuple[Rule, ...] = (overlap_rows,)
