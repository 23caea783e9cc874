"""One observation enters once: the same evidence must not be counted twice under two names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bettercare.foundation.problems import Problem, count


@dataclass(frozen=True)
class Entry:
    """What an observation is about, as far as it decides whether two are the same evidence.

    `subject` is the indicator, or the uncertain input that a benefit speaks of; `services` what it counts; `place` a
    code or blank for everywhere; `first` and `last` are months (years times 12 plus month).
    """

    id: str
    kind: str
    subject: str
    services: frozenset[str]
    place: str
    first: int
    last: int
    file: str
    row: int | None


def entered_twice(entries: Iterable[Entry]) -> Iterator[Problem]:
    """A problem for each observation that has been entered before, under its own name or another."""
    before: list[Entry] = []
    for entry in entries:
        found = next(((e, why) for e in before if (why := _same(e, entry))), None)
        if found is not None:
            other, why = found
            where = f" ({other.file}{'' if other.row is None else f', row {other.row}'})"
            hint = "Each observation may enter once: take one of the two out."
            yield Problem(entry.file, entry.row, "id", f'"{entry.id}" {why} "{other.id}"{where}.', hint)
        before.append(entry)


def _same(a: Entry, b: Entry) -> str:
    """In words, why b repeats a; empty when it does not."""
    if a.id == b.id:
        return "has the same id as"
    if not (a.first <= b.last and b.first <= a.last):
        return ""
    months = min(a.last, b.last) - max(a.first, b.first) + 1
    same_place = a.place == b.place or not a.place or not b.place
    if a.kind == b.kind and a.subject == b.subject and (a.place == b.place or (a.kind == "benefit" and same_place)):
        what = "the same indicator" if a.kind == "indicator" else "the same effect"
        return f"is about {what} and place in {count(months, 'month')} of the same period as"
    if a.kind != b.kind and same_place and a.services & b.services:
        shared = ", ".join(sorted(a.services & b.services))
        return f"counts {shared} in the same place and period, through a benefit and an indicator both, as"
    return ""
