"""What a caller knows about a meeting, taken from dictionaries."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from bettercare.foundation.problems import UsageError, did_you_mean, shown
from bettercare.reporting.papers.paper import VERBS

Record = TypeVar("Record", "Meeting", "Officer", "Item", "Decision", "Question")


@dataclass(frozen=True)
class Officer:
    """Whom to ask about a paper."""

    name: str = ""
    job_title: str = ""
    telephone: str = ""
    email: str = ""


@dataclass(frozen=True)
class Meeting:
    """A meeting of a board. `by` is who reports; `officer` is an Officer (or a dictionary of one)."""

    on: date
    venue: str = ""
    item_number: str = ""
    by: str = ""
    title: str = ""
    officer: Officer = Officer()
    background_papers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """What a meeting is asked. Without `text` it is the initiative itself; without `whom`, the board is asked.

    `about` are sentences about what is asked, and `effect` those that state modelled figures of what it does.
    """

    verb: str = "note"
    text: str = ""
    initiative: str = ""
    whom: str = ""
    about: tuple[str, ...] = ()
    effect: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What was decided earlier. `override` is the reason given for deciding while a gate was open."""

    title: str
    met_on: date
    board: str = ""
    outcome: str = ""
    minute: str = ""
    revision: str = ""
    override: str = ""


@dataclass(frozen=True)
class Question:
    """A question of the public, its answer, and when what is not yet decided will be."""

    question: str
    answer: str = ""
    status: str = "answered"
    due: str = ""


def taken(kind: type[Record], given: Any) -> Record:
    """A record of this kind from a dictionary, or as it is.

    Raises UsageError for a key that the record does not have, a required value that is missing, and a day that is none.
    """
    if isinstance(given, kind):
        return given
    if not isinstance(given, Mapping):
        raise UsageError(f"{shown(given)} is not a dictionary. Give each {_name(kind)} as one.")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for key in given:
        if key not in fields:
            raise UsageError(f"{shown(key)} is not known of a {_name(kind)}. {did_you_mean(str(key), fields)}".strip())
    found = {name: given[name] for name in fields if given.get(name) is not None}
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in found:
            raise UsageError(f"A {_name(kind)} needs {shown(name)}.")
    return kind(**{name: _value(fields[name], value) for name, value in found.items()})


def all_taken(kind: type[Record], given: Iterable[Any]) -> tuple[Record, ...]:
    """The same for each of several."""
    return tuple(taken(kind, each) for each in given)


def items(given: Iterable[Any], known: Mapping[str, str]) -> tuple[Item, ...]:
    """Items of a meeting: records, or codes of initiatives. Raises UsageError for an unknown initiative or verb."""
    found = []
    for each in given:
        item = Item(initiative=each) if isinstance(each, str) else taken(Item, each)
        if item.initiative and item.initiative not in known:
            near = did_you_mean(item.initiative, known)
            raise UsageError(f"{shown(item.initiative)} is not an initiative of this plan. {near}".strip())
        if item.verb not in VERBS:
            raise UsageError(f"An item asks to {', '.join(VERBS[:-1])} or {VERBS[-1]}, not to {shown(item.verb)}.")
        if not (item.initiative or item.text.strip()):
            raise UsageError("An item needs a text or an initiative.")
        found.append(item)
    return tuple(found)


def _value(field: dataclasses.Field[Any], value: Any) -> Any:
    if field.name in ("on", "met_on"):
        return _day(value)
    if field.name == "officer":
        return taken(Officer, value)
    if field.name in ("about", "effect", "background_papers"):
        return tuple(str(v) for v in value)
    return str(value)


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise UsageError(f"{shown(value)} is not a day. Write it as 2018-09-27.") from None


def _name(kind: type[Any]) -> str:
    return kind.__name__.lower()
