"""One observation enters once: the same evidence must not be counted twice under two names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bettercare.foundation.problems import Problem, count


@dataclass(frozen=True)
class Entry:
    """What an observation is about, as far as it decides whether two are the same evidence.

    `subject` is the indicator, or the uncertain input that a benefit speaks of; `services` what it counts; `place` a
    code or blank for everywhere; `first` and `last` are months (years times 12 plus month). `compared` says that a
    benefit is a comparison with like people, `offered` that records give it and no person entered it.
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
    compared: bool = False
    offered: bool = False

    @property
    def is_judged(self) -> bool:
        return self.kind == "benefit" and not self.compared


@dataclass(frozen=True)
class Gone:
    """That an observation gives way: to which (its place in the list), and why, in words."""

    to: int
    why: str


def settled(entries: Sequence[Entry]) -> tuple[dict[int, Gone], list[Problem]]:
    """Which observations give way, by place in the list; and a problem for each that is entered twice.

    A judged benefit gives way to a comparison of the same effect, place and period: both rest on the same people, and
    only the comparison says what would have happened otherwise. What is offered gives way to all that was entered,
    except to a judged benefit.
    """
    kept: list[int] = []
    gone: dict[int, Gone] = {}
    problems: list[Problem] = []
    order = sorted(range(len(entries)), key=lambda i: (entries[i].is_judged, entries[i].offered))
    for i in order:
        entry = entries[i]
        j, why = next(((j, why) for j in kept if (why := _same(entries[j], entry))), (i, ""))
        other = entries[j]
        if why and entry.is_judged and other.compared and entry.id != other.id:
            said = f'the comparison with like people "{other.id}" takes its place, as both rest on the same people'
            gone[i] = Gone(j, said)
        elif why and entry.offered:
            gone[i] = Gone(j, f'it {why} "{other.id}"')
        else:
            problems += [_twice(entry, other, why)] if why else []
            kept.append(i)
    return gone, problems


def _twice(entry: Entry, other: Entry, why: str) -> Problem:
    where = f" ({other.file}{'' if other.row is None else f', row {other.row}'})"
    hint = "Each observation may enter once: take one of the two out."
    return Problem(entry.file, entry.row, "id", f'"{entry.id}" {why} "{other.id}"{where}.', hint)


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
