"""The log of one simulated year: as a tidy table, and as counts of every ward at any moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.simulate import opening
from bettercare.engines.simulate.arrays import ASKED, CANCELLED, LEFT, READY, STARTED, TURNED_AWAY, Records
from bettercare.engines.simulate.network import Network
from bettercare.engines.simulate.results import YearOfFlow
from bettercare.engines.simulate.run import Simulation
from bettercare.foundation.problems import UsageError
from bettercare.foundation.years import parse as year_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PUT_OFF = 6  # a cancellation in a service whose people come back
WORDS = ("asked", "came in", "ready to leave", "left", "gave up waiting", "sent elsewhere", "put off")
MILLISECONDS = 86_400_000


def log_of(year: YearOfFlow) -> Records:
    """Every event of the first replication, in order. Raises UsageError where it was not kept."""
    log = year.counted[0].log
    if not len(log):
        raise UsageError("The simulation kept no events; run it with events=True.")
    return log


def events(year: YearOfFlow, simulation: Simulation | None = None) -> pl.DataFrame:
    """The log of the first replication, a row an event, in order.

    `day` (0 is the start of 1 April; negative in the warm-up, in which the system fills), `at` (the same as a date and
    time), `person`, `use` (one use of one service by one person: what was asked for, and what became of it),
    `service`, `site` and `ward` (where they asked first, or are), `event` (see WORDS), and `waits_for`: the service
    that they ask for, or, once ready to leave, the one they are to go on to (null: home). People who wait for care
    from outside the network never ask for it; what they wait for is known only if `simulation` is given, which is to
    be the one that made the year.
    """
    log = log_of(year)
    n = year.network
    what, station = log.what.astype(np.int64), log.station.astype(np.int64)
    returns = np.array([s.service in year.returning_services for s in n.stations])
    what[(what == CANCELLED) & returns[station]] = PUT_OFF
    start = datetime(year_of(year.year), 4, 1)
    day = np.ascontiguousarray(log.time)
    services = list(dict.fromkeys(s.service for s in n.stations))
    wanted = list(dict.fromkeys((*services, *(r for r in n.reasons if r))))
    at = pl.Series((day * MILLISECONDS).round().astype(np.int64)).cast(pl.Duration("ms"))
    return pl.DataFrame(
        {
            "day": day,
            "at": pl.select(pl.lit(start).cast(pl.Datetime("ms")) + at).to_series(),
            "person": log.person.astype(np.uint32),
            "use": log.stage.astype(np.uint32),
            "service": _named([s.service for s in n.stations], station),
            "site": _named([s.site for s in n.stations], station),
            "ward": _named([s.name for s in n.stations], station),
            "event": _named(WORDS, what),
            "waits_for": _named(wanted, _waits_for(year, log, wanted, simulation)),
        }
    )


def write_events(year: YearOfFlow, path: str | Path, simulation: Simulation | None = None) -> Path:
    """Write `events` to a Parquet file; returns its path."""
    path = Path(path)
    events(year, simulation).write_parquet(path, compression="zstd", compression_level=3)
    return path


def _named(names: Sequence[str], index: Ints) -> pl.Series:
    """The name at each index, as an enumeration; null where the index is below zero."""
    known = list(dict.fromkeys(names))
    chosen = pl.Series(np.where(index < 0, len(names), index))
    return pl.Series([*names, None], dtype=pl.Enum(known)).gather(chosen)


def _waits_for(year: YearOfFlow, log: Records, wanted: Sequence[str], simulation: Simulation | None) -> Ints:
    """Position in `wanted` of what each line's person waits for, -1 where they wait for nothing."""
    position = {name: i for i, name in enumerate(wanted)}
    service = np.array([position[s.service] for s in year.network.stations])
    out = np.where(log.what == ASKED, service[log.station], -1)
    ready = log.what == READY
    if simulation is not None:
        reason = np.array([position.get(r, -1) for r in year.network.reasons])
        out[ready] = reason[reasons_of(log, simulation)[ready]]
        return out
    order = np.argsort(log.person, kind="stable")
    following = np.append(order[1:], order[0])
    same = np.zeros(len(order), dtype=bool)
    same[:-1] = log.person[order[1:]] == log.person[order[:-1]]
    goes_on = ready[order] & same & (log.what[following] == ASKED)
    out[order[goes_on]] = service[log.station[following[goes_on]]]
    return out


def reasons_of(log: Records, simulation: Simulation) -> Ints:
    """What a delay of each line's person would be for: its position in the network's `reasons`."""
    _, stages = simulation.trace(0)
    return np.asarray(stages.reason[log.stage], dtype=np.int64)


def homes(log: Records) -> Ints:
    """The station at which each line's person asked first for what the line is about."""
    asked = log.what == ASKED
    home = np.full(int(log.stage.max(initial=0)) + 1, -1, dtype=np.int64)
    home[log.stage[asked]] = log.station[asked]
    found: Ints = home[log.stage]
    return found


@dataclass(frozen=True)
class Counts:
    """People by station at some moments, (moments, stations): as the kernel counts them."""

    taken: Ints  # in a bed or place
    stuck: Ints  # of these, ready to leave
    waiting: Ints  # for a bed or place, where they asked first


def counts_at(log: Records, stations: int, times: Floats) -> Counts:
    """How many were where at each of `times` (days, ascending), all events up to and at that time included."""
    station = log.station.astype(np.int64)
    asked, started, ready, left = (log.what == w for w in (ASKED, STARTED, READY, LEFT))
    answered = started | (log.what == CANCELLED) | (log.what == TURNED_AWAY)
    return Counts(
        tally(log, times, started, left, station, stations),
        tally(log, times, ready, left, station, stations),
        tally(log, times, asked, answered, homes(log), stations),
    )


def tally(log: Records, times: Floats, more: Flags, fewer: Flags, group: Ints, groups: int) -> Ints:
    """Lines `more` less lines `fewer` up to and at each of `times` (ascending), by each line's group; (times, groups).

    As for `more` admissions, `fewer` departures and stations as groups: how many are in each.
    """
    slot = np.searchsorted(times, log.time, side="left")  # a line shows from the first time that is not before it
    change = np.zeros((times.size + 1) * groups, dtype=np.int64)
    for lines, sign in ((more, 1), (fewer, -1)):
        change += sign * np.bincount(slot[lines] * groups + group[lines], minlength=change.size)
    return change.reshape(-1, groups)[:-1].cumsum(axis=0)


def beds_at(network: Network, times: Floats, beds: Mapping[str, int] | None = None) -> Ints:
    """Beds of every station at each of `times`, (times, stations); NO_LIMIT where nothing limits them.

    `beds` are changes for the whole run, as `Simulation.run` takes them.
    """
    more = beds or {}
    return np.stack([opening.beds_at(s, times, more.get(s.name, 0)) for s in network.stations], axis=1)
