"""The arrays that the kernel works on: records in numpy, which numba reads as structures and Python as they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = Any  # numpy.recarray: its fields are not known to type checkers

NO_LIMIT = 1_000_000_000  # beds where nothing limits them, and people who may wait where any number may
WAIT_BINS = 193  # waits by quarter of an hour up to two days, the last bin for all longer ones
WAIT_BIN_DAYS = 0.25 / 24.0
PRIORITIES = 4

# What becomes of somebody who has waited as long as they can.
LEAVES, RETURNS = 0, 1

# What is written in the log of events.
ASKED, STARTED, READY, LEFT, CANCELLED, TURNED_AWAY = range(6)

# One use of one service by one person: where they would first be looked after (`station`), where else they may be
# (`mode`), how they wait (`rule`), treatment and days of arranging before they can go on (`hold`), what a delay would
# be for (`reason`), and the stage after it (-1: they go home).
STAGE = np.dtype(
    [
        ("treatment", "f8"),
        ("hold", "f8"),
        ("following", "i4"),
        ("station", "i2"),
        ("rule", "i2"),
        ("reason", "i2"),
        ("mode", "i2"),
    ],
    align=True,
)

ARRIVAL = np.dtype([("time", "f8"), ("stage", "i8")])

# How people wait: 0 goes first; patience in days; LEAVES or RETURNS after it; days until those who return come back;
# whether they keep the bed they are in while they wait for this one; how many may wait before they go elsewhere.
RULE = np.dtype(
    [("priority", "i8"), ("patience", "f8"), ("after", "i8"), ("back", "f8"), ("holds", "i8"), ("most", "i8")]
)

CHANGE = np.dtype([("time", "f8"), ("station", "i8"), ("beds", "i8")])

STATION = np.dtype(
    [
        ("beds", "i8"),
        ("most", "i8"),  # who may wait before people are turned away
        ("taken", "i8"),
        ("waiting", "i8"),  # people who wait, where they asked first
        ("stuck", "i8"),  # people who are ready to leave and still in a bed
        ("last", "f8"),  # when the areas were brought up to date
        ("days_taken", "f8"),  # areas, in person-days
        ("days_waiting", "f8"),
        ("days_stuck", "f8"),
        ("days_open", "f8"),
        ("asked", "i8"),
        ("started", "i8"),  # of those who asked here first
        ("entered", "i8"),
        ("left", "i8"),
        ("cancelled", "i8"),
        ("turned", "i8"),
        ("sum_wait", "f8"),  # the same as the areas, person by person
        ("sum_stay", "f8"),
        ("sum_stuck", "f8"),
        ("wait_started", "f8"),  # whole waits of those who `started`, whenever they asked
        ("time_left", "f8"),  # from asking to going of those who `left`
    ]
)

PATIENT = np.dtype(
    [
        ("stage", "i8"),  # that they are in, or wait to begin
        ("begun", "i8"),  # that they are in the bed for
        ("at", "i8"),  # station they are in; -1: none
        ("ask", "i8"),  # how often they have asked: tells old queue entries and alarms from true ones
        ("waits", "i8"),
        ("number", "i8"),  # of the arrival
        ("since_came", "f8"),  # when they asked for the bed that they are in
        ("since_in", "f8"),
        ("since_ready", "f8"),
        ("since_arranged", "f8"),
        ("since_ask", "f8"),
    ]
)

QUEUE = np.dtype([("first", "i8"), ("last", "i8")])
NODE = np.dtype([("patient", "i8"), ("ask", "i8"), ("following", "i8")])
EVENT = np.dtype([("time", "f8"), ("what", "i8")])
TICK = np.dtype([(name, "f8") for name in ("days_taken", "days_waiting", "days_stuck", "days_open")] + [
    (name, "i8") for name in ("taken", "waiting", "stuck")
])  # fmt: skip
LOGGED = np.dtype([("time", "f8"), ("person", "i8"), ("stage", "i8"), ("station", "i2"), ("what", "i2")], align=True)

COUNTS = np.dtype(
    [
        ("now", "f8"),
        ("warm", "f8"),  # from here on things are counted
        ("free_patients", "i8"),
        ("free_nodes", "i8"),
        ("events", "i8"),
        ("logged", "i8"),
        ("freed", "i8"),
        ("problem", "i8"),
        ("arrived", "i8"),  # people, from `warm` on
        ("gone", "i8"),
        ("lost", "i8"),
        ("refused", "i8"),
        ("at_warm", "i8"),
        ("at_end", "i8"),
    ]
)


class World(NamedTuple):
    """Everything that one replication needs, and what it leaves behind."""

    counts: Records  # (1,)
    arrivals: Records
    stages: Records
    rules: Records
    suits: Ints  # (modes, stations, alternatives): where somebody of a station may be, itself first; -1 ends a row
    changes: Records  # beds opening and closing, by time
    stations: Records
    patients: Records  # the pool
    free_patients: Ints
    queues: Records  # (stations, priorities)
    nodes: Records
    free_nodes: Ints
    heap: Records
    freed: Ints
    spread: Floats  # (stations, width): days with each number of beds taken; the last entry is that or more
    wait: Ints  # (stations, bins) from asking to a bed, where they asked first
    stay: Ints  # (stations, bins) from asking to going, where they were
    arranging: Floats  # (stations, reasons) days ready to go while the next place was being arranged
    blocked: Floats  # (stations, reasons) days ready to go, arranged, and the next place full
    ticks: Records  # (ticks, stations)
    log: Records
