"""A check of how many effects overlap with each other: the forecast combines only so many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bettercare.foundation.problems import Problem
from bettercare.plan.check_effects import same_people
from bettercare.plan.check_overlaps import happens
from bettercare.plan.check_people import ages
from bettercare.plan.typed import Row
from bettercare.plan.view import View, group

READS = {"effects", "overlaps", "initiatives", "activity"}
MOST_OVERLAPPING = 14  # as model.levers.LARGEST_GROUP, which a plan cannot know of; a test holds them together
# Effects on how many people come are combined with each other, and so are those on how long they stay.
TOGETHER = (("avoid", "shift", "convert"), ("shorten",))

Links = Mapping[str, set[str]]


def too_many_overlap(base: View, scenarios: Sequence[View]) -> Iterator[Problem]:
    """Sets of effects on the same people that overlap with each other and are more than the forecast can combine.

    Only effects of initiatives that happen together count, so it is looked for under each scenario, and in the plan
    itself where there is none.
    """
    told: set[frozenset[str]] = set()
    for view in [view for view in scenarios if view.scenario] or [base]:
        if view.broken & READS:
            continue
        happening = [row for row in view.rows("effects") if happens(view.scenario, row["initiative"])]
        links = _links(view)
        if max(map(len, _joined([row["code"] for row in happening], links)), default=0) <= MOST_OVERLAPPING:
            continue
        for cohort, codes in _sets(view, happening, links):
            if frozenset(codes) not in told:
                told.add(frozenset(codes))
                yield _problem(view, base.file("overlaps"), cohort, codes)


def _links(view: View) -> Links:
    """Which effects each one is said to overlap with at all."""
    links: dict[str, set[str]] = {}
    for row in view.rows("overlaps"):
        if row["relation"] == "same" or (row["relation"] == "sharing" and row["share"]):
            links.setdefault(row["effect_a"], set()).add(row["effect_b"])
            links.setdefault(row["effect_b"], set()).add(row["effect_a"])
    return links


def _sets(view: View, effects: Sequence[Row], links: Links) -> Iterator[tuple[Row, list[str]]]:
    """Sets that are too large, each with a row of activity that all of its effects address."""
    activity = group(view.rows("activity"), "service")
    for (service,), rows in group(effects, "service").items():
        for levers in TOGETHER:
            here = [row for row in rows if row["lever"] in levers]
            if len(here) <= MOST_OVERLAPPING:
                continue
            for cohort in activity.get((service,), []):
                codes = [row["code"] for row in here if same_people(row, cohort)]
                yield from ((cohort, found) for found in _joined(codes, links) if len(found) > MOST_OVERLAPPING)


def _joined(codes: Sequence[str], links: Links) -> list[list[str]]:
    """The effects in sets that overlap with each other, directly or through others of them."""
    left = dict.fromkeys(codes)
    found = []
    while left:
        one, _ = left.popitem()
        joined, edge = [one], [one]
        while edge:
            new = [code for code in links.get(edge.pop(), ()) if code in left]
            for code in new:
                del left[code]
            joined += new
            edge += new
        found.append(joined)
    return found


def _problem(view: View, file: str, cohort: Row, codes: Sequence[str]) -> Problem:
    where = f" under {view.scenario.name}" if view.scenario else ""
    who = f"{cohort['service']} of people {ages(cohort['age_low'], cohort['age_high'])} in {cohort['locality']}"
    message = f"{len(codes)} effects on {who} overlap with each other{where}: {', '.join(sorted(codes))}."
    message += f" The forecast combines at most {MOST_OVERLAPPING}."
    return Problem(file, None, None, message, "Join some into one effect, or write that some are distinct.")
