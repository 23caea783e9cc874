"""Which figures about one subject are too far apart, and between whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from bettercare.appraisal.triangulation_lines import Line, Stated, stated

Gap = tuple[str, float, float]  # between whom, gap, share of the larger figure

# Between whom figures differ.
PARTNERS, SIDES, ITSELF, PLAN = "partners", "sides of the fund", "its own returns", "the plan"

# Gaps up to these are too small to matter, whatever the tolerance: units of activity, beds, WTE, GBP.
FLOORS = {
    "activity": 1.0,
    "beds": 0.5,
    "staff in post": 0.5,
    "staff needed": 0.5,
    "payment": 1_000.0,
    "income": 1_000.0,
    "cost": 1_000.0,
    "fund": 1_000.0,
    "saving": 1_000.0,
}


def distinct(lines: Iterable[Line]) -> tuple[Stated, ...]:
    """The figures of the lines; what a partner states twice with the same value counts once."""
    found: dict[tuple[str, str, float], Stated] = {}
    for figure in sorted(stated(line) for line in lines):
        found.setdefault((figure.who, figure.role, figure.value), figure)
    return tuple(found.values())


def _apart(a: float, b: float, topic: str, tolerance: float) -> tuple[float, float] | None:
    """Gap and share of two figures that differ by more than the tolerance; None for those that agree."""
    gap, larger = abs(a - b), max(abs(a), abs(b))
    slack = 1e-9 * larger  # so that a gap of exactly the tolerance is within it
    return (gap, gap / larger) if gap > FLOORS[topic] and gap > tolerance * larger + slack else None


def figure_gaps(topic: str, said: Sequence[Stated], of_plan: Sequence[Stated], tolerance: float) -> Iterator[Gap]:
    """The gaps between partners, within a partner's own returns, and with the plan."""
    for a, b in combinations(said, 2):
        if found := _apart(a.value, b.value, topic, tolerance):
            yield (ITSELF if a.who == b.who else PARTNERS), *found
    for a in said:
        for b in of_plan:
            if found := _apart(a.value, b.value, topic, tolerance):
                yield PLAN, *found


def fund_gaps(topic: str, said: Sequence[Stated], of_plan: Sequence[Stated], tolerance: float) -> Iterator[Gap]:
    """The gaps of a pooled fund: each partner's side with the plan, and what is paid in with what is received.

    The two sides are held against each other when both have a return; for partners without one the plan's figure
    stands in. A difference that the plan has itself is not the partners'.
    """
    sides: dict[tuple[str, str], list[float]] = {}
    for figure in said:
        sides.setdefault((figure.of, figure.role), []).append(figure.value)
    planned = {(figure.of, figure.role): figure.value for figure in of_plan}
    for key, values in sides.items():
        for a, b in combinations(values, 2):
            if found := _apart(a, b, topic, tolerance):
                yield ITSELF, *found
        for value in values:
            if key in planned and (found := _apart(value, planned[key], topic, tolerance)):
                yield PLAN, *found
    if {role for _, role in sides} == {"pays in", "receives"}:
        whole = planned | {key: values[0] for key, values in sides.items()}
        paid = sum(value for (_, role), value in sorted(whole.items()) if role == "pays in")
        got = sum(value for (_, role), value in sorted(whole.items()) if role == "receives")
        own = sum(value if role == "pays in" else -value for (_, role), value in sorted(planned.items()))
        if found := _apart(paid - own, got, topic, tolerance):
            yield SIDES, *found
