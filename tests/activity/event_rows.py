"""A few people and events as a DuckDB connection with the store's views, and random ones at the edges of rules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from bettercare.activity.views import EVENT_TYPES

LOCALITIES = ("leicester", "leicestershire", "rutland")
COMMISSIONERS = dict(
    zip(LOCALITIES, ("leicester-ccg", "west-leicestershire-ccg", "east-leicestershire-rutland-ccg"), strict=True)
)
FIRST = datetime(2014, 1, 1)


@dataclass(frozen=True)
class Person:
    """A row of `persons`."""

    id: int
    sex: str = "F"
    birth_year: int = 1935
    locality: str = "leicester"
    residence: str = "home"
    ethnic_group: str = "white"
    nhs_status: str = "valid"


@dataclass(frozen=True)
class Event:
    """A row of `events`, with what the view adds worked out by `connect`."""

    person: int
    event: str
    start: datetime
    end: datetime | None = None
    organisation: str = "uhl"
    service: str | None = None
    method: str | None = None
    priority: str | None = None
    diagnosis: str | None = None
    diagnoses: str | None = None
    procedure: str | None = None
    clock_start: datetime | None = None
    clock_stop: datetime | None = None
    ready: datetime | None = None
    outcome: str | None = None
    code: str | None = None
    value: float | None = None

    @property
    def month(self) -> str:
        """The month in which it is counted."""
        return f"{self.start:%Y-%m}"


def connect(people: Sequence[Person], events: Sequence[Event]) -> duckdb.DuckDBPyConnection:
    """The views over these rows; the id of an event is its place among them."""
    connection = duckdb.connect()
    connection.execute(
        "create table persons (id ubigint, sex varchar, birth_year smallint, ethnic_group varchar, zone varchar, "
        "locality varchar, council varchar, commissioner varchar, residence varchar)"
    )
    rows = [
        (
            p.id,
            p.sex,
            p.birth_year,
            p.ethnic_group,
            None,
            p.locality,
            f"{p.locality}-council",
            COMMISSIONERS[p.locality],
            p.residence,
        )
        for p in people
    ]
    _insert(connection, "persons", rows)
    connection.execute("create table registers (id ubigint, organisation varchar, person ubigint, nhs_status varchar)")
    registers = sorted({(e.person, e.organisation) for e in events})
    status = {p.id: p.nhs_status for p in people}
    _insert(connection, "registers", [(p, o, p, status[p]) for p, o in registers])
    who = {p.id: p for p in people}
    columns = ("id", *(n for n in EVENT_TYPES if n != "record"), "locality", "sex", "age")
    types = {**EVENT_TYPES, "id": "ubigint", "locality": "varchar", "sex": "varchar", "age": "integer"}
    connection.execute(f"create table events ({', '.join(f'{c} {types[c]}' for c in columns)})")
    table = []
    for number, e in enumerate(events):
        p = who[e.person]
        own = {
            **vars(e), "id": number, "start_at": e.start, "end_at": e.end, "month": e.month, "locality": p.locality,
            "sex": p.sex, "age": e.start.year - p.birth_year,
        }  # fmt: skip
        table.append([own.get(c) for c in columns])
    _insert(connection, "events", table)
    return connection


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)


def some_people(seed: int, number: int = 40) -> list[Person]:
    """People of all ages."""
    draw = random.Random(seed)
    return [
        Person(
            i,
            draw.choice("FM"),
            draw.choice((1925, 1935, 1945, 1948, 1949, 1950, 1975, 2005)),
            draw.choice(LOCALITIES),
            draw.choice(("home", "home", "care-home")),
            draw.choice(("white", "asian")),
            draw.choice(("valid", "missing", "invalid")),
        )
        for i in range(1, number + 1)
    ]


def some_events(seed: int, people: Sequence[Person], number: int = 1500) -> list[Event]:
    """Events of every kind. Times fall on few values, so that limits are met exactly, and some are missing."""
    draw = random.Random(seed)
    found = []
    for _ in range(number):
        who = draw.choice(people).id
        start = FIRST + timedelta(days=draw.randrange(120), hours=draw.choice((0, 0, 9)))
        found.append(draw.choice(MAKERS)(draw, who, start))
    return found


def _spell(draw: random.Random, who: int, start: datetime) -> Event:
    service, method = draw.choice(
        (
            ("emergency-medical", "emergency"),
            ("emergency-medical", "emergency"),
            ("emergency-surgical", "emergency"),
            ("emergency-child", "emergency"),
            ("elective-inpatient", "elective"),
            ("day-case", "day-case"),
            ("maternity", "maternity"),
            ("intensive-community-support", "transfer"),
            ("emergency-medical", None),
        )
    )
    end = draw.choice(
        (None, start, start + timedelta(hours=3), *(start + timedelta(days=d) for d in (1, 2, 29, 30, 31, 70)))
    )
    ready = None if end is None else draw.choice((None, end, end - timedelta(days=3), start - timedelta(days=1)))
    return Event(
        who,
        "spell",
        start,
        end,
        draw.choice(("uhl", "lpt")),
        service,
        method,
        diagnosis=draw.choice(
            (None, "C50", "O80", "Z51.1", "J20.9", "I50.0", "K25.3", "K25.4", "e10.9", "E105", "R02", "S72", "J18.1")
        ),
        diagnoses=draw.choice((None, "", "J44.0;I10", "D57;J13", "J13;I10", "G000")),
        procedure=draw.choice((None, "", "K40")),
        ready=ready,
        outcome=draw.choice((None, "home", "care-home", "died", "transfer")),
        code=draw.choice((None, "named-gp")),
        value=draw.choice((None, 0.0, 1.0)),
    )


def _clocked(draw: random.Random, who: int, start: datetime) -> Event:
    service, event = draw.choice(
        (
            ("ae-major", "attendance"),
            ("ae-minor", "attendance"),
            ("crisis-response", "contact"),
            ("crisis-response", "referral"),
            ("mental-health-crisis", "referral"),
            ("outpatient-first", "attendance"),
        )
    )
    stop = draw.choice((None, *(start + timedelta(minutes=m) for m in (-1, 0, 119, 120, 121, 239, 240, 241))))
    return Event(
        who,
        event,
        start,
        draw.choice((None, start + timedelta(minutes=240), start + timedelta(minutes=241))),
        "uhl",
        service,
        priority=draw.choice(("2h", "4h", "2d", "routine", None)),
        clock_start=draw.choice((None, start, start)),
        clock_stop=stop,
        outcome=draw.choice((None, "seen", "rejected")),
    )


def _care(draw: random.Random, who: int, start: datetime) -> Event:
    end = draw.choice((None, *(start + timedelta(days=d) for d in (6, 7, 8, 27, 28))))
    return Event(
        who, "care", start, end, "leicester-council", draw.choice(("reablement", "home-care", "care-home", "telecare"))
    )


def _life(draw: random.Random, who: int, start: datetime) -> Event:
    event = draw.choice(("death", "register", "plan", "score", "scheme", "response"))
    more: dict[str, object] = {}
    if event == "death":
        start += timedelta(days=60)
        more = {"outcome": draw.choice((None, "home", "care-home", "hospital", "hospice"))}
    elif event == "score":
        more = {"code": draw.choice(("efi", "hfrs")), "value": draw.choice((0.12, 0.121, 0.24, 0.25, 0.36, 0.361, 5.0))}
    elif event == "scheme":
        more = {"code": draw.choice(("I105", "I117")), "outcome": draw.choice(("avoided", "not", None))}
    else:
        more = {"end": draw.choice((None, None, start + timedelta(days=40)))}
    return Event(who, event, start, organisation=draw.choice(("uhl", "primary-care")), **more)  # type: ignore[arg-type]


MAKERS = (_spell, _spell, _clocked, _care, _life)
