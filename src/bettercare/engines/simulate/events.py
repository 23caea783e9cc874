"""The log of one simulated year: as a tidy table, as counts of every ward at any moment, and held against its laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.simulate.arrays import ASKED, CANCELLED, LEFT, NO_LIMIT, READY, STARTED, TURNED_AWAY, Records
from bettercare.engines.simulate.network import Network, Station
from bettercare.engines.simulate.results import YearOfFlow
from bettercare.engines.simulate.run import Counted, Simulation
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
    return np.stack([_beds_of(s, times, more.get(s.name, 0)) for s in network.stations], axis=1)


def _beds_of(station: Station, times: Floats, more: int) -> Ints:
    out = np.full(times.size, NO_LIMIT if station.beds is None else max(0, station.beds + more), dtype=np.int64)
    for day, number in sorted(station.changes):
        out[times >= day] = max(0, number + more)
    return out


def problems(simulation: Simulation, c: Counted, beds: Mapping[str, int] | None = None) -> list[str]:
    """What is wrong with the log of a replication (run with `beds`); nothing, if it is whole.

    Replays it from its first line: everybody is in one bed or place at most, and asks for one at a time; they leave
    where they came in, once ready; nobody is let into a ward with no free bed (where beds closed there may be more
    people than beds until they have left), nor into one that does not suit them; and the counts that come out are those
    that the simulation kept.
    """
    if not len(c.log):
        return ["There are no events."]
    network = simulation.network
    out = _people_wrong(network, c.log)
    if out:
        return out  # counts of people who are nowhere would say no more
    return [*_overfull(network, c.log, beds), *_miscounted(simulation, c), *_unaccounted(c)]


def _people_wrong(network: Network, log: Records) -> list[str]:
    """Follow every person by three accounts that are 0 or 1: in a bed, asking for one, ready to leave theirs."""
    lines = log[np.argsort(log.person, kind="stable")]
    what, station = lines.what, lines.station.astype(np.int64)
    place = np.arange(len(lines))
    begins = np.append(True, lines.person[1:] != lines.person[:-1])
    first = np.maximum.accumulate(np.where(begins, place, 0))

    def account(more: Flags, fewer: Flags) -> Ints:
        total = np.cumsum(more.astype(np.int64) - fewer)
        return total - np.where(first > 0, total[first - 1], 0)

    asked, started, ready, left = (what == w for w in (ASKED, STARTED, READY, LEFT))
    inside, asking = account(started, left), account(asked, started | (what == CANCELLED) | (what == TURNED_AWAY))
    done = account(ready, left)
    came = np.maximum.accumulate(np.where(started, place, 0))
    suits = np.eye(len(network.stations), dtype=bool)
    at = {s.name: i for i, s in enumerate(network.stations)}
    for i, s in enumerate(network.stations):
        suits[i, [at[name] for name in (*s.outlying, *s.overflow)]] = True
    laws = {
        "is in two beds at once, or leaves one that they are not in": (inside < 0) | (inside > 1),
        "asks twice at once, or is given what they did not ask for": (asking < 0) | (asking > 1),
        "leaves before they are ready, or is ready twice": (done < 0) | (done > inside),
        "leaves another ward than they came into": (ready | left) & (station != station[came]),
        "is in a ward that does not suit them": started & ~suits[homes(lines), station],
    }
    out = [] if (np.diff(log.time) >= 0.0).all() else ["The log is not in order of time."]
    for law, broken in laws.items():
        if broken.any():
            line = lines[int(np.argmax(broken))]
            out.append(f"Person {line.person} {law} (day {line.time:.4f}).")
    return out


def _overfull(network: Network, log: Records, beds: Mapping[str, int] | None) -> list[str]:
    """Wards that let somebody in without a free bed."""
    moves = log[(log.what == STARTED) | (log.what == LEFT)]
    out = []
    for i, station in enumerate(network.stations):
        here = moves[moves.station == i]
        came, days = here.what == STARTED, np.ascontiguousarray(here.time)
        taken = np.cumsum(np.where(came, 1, -1))
        more = (beds or {}).get(station.name, 0)
        # What happens at the very time at which beds close, happens before that.
        limit = np.maximum(_beds_of(station, days, more), _beds_of(station, np.nextafter(days, -np.inf), more))
        # Somebody who is there already, as a guest of another ward, keeps the bed for what comes next.
        stays = np.append(False, came[1:] & ~came[:-1] & (here.person[1:] == here.person[:-1]) & (np.diff(days) == 0.0))
        full = came & (taken > limit) & ~stays[: len(here)]
        if full.any():
            k = int(np.argmax(full))
            out.append(f"{station.name} lets somebody in as one of {taken[k]} in {limit[k]} beds (day {days[k]:.4f}).")
    return out


def _miscounted(simulation: Simulation, c: Counted) -> list[str]:
    """Counts of the replayed log against those that the simulation noted, tick by tick and at the end."""
    log, size, names = c.log, len(c.stations), [s.name for s in simulation.network.stations]
    out = []
    ticks = np.nextafter(np.arange(c.ticks.shape[0]) * simulation.tick, -np.inf)  # noted before what happens then
    for name, counts in vars(counts_at(log, size, ticks)).items():
        if not np.array_equal(counts, c.ticks[name]):
            k, i = (int(x[0]) for x in np.nonzero(counts != c.ticks[name]))
            kept = c.ticks[name][k, i]
            out.append(f"{names[i]} has {counts[k, i]} {name} at tick {k}, and {kept} in the simulation.")
    for name, counts in vars(counts_at(log, size, np.array([np.inf]))).items():
        if not np.array_equal(counts[0], c.stations[name]):
            out.append(f"At the end {counts[0].sum()} are {name}, and in the simulation {c.stations[name].sum()}.")
    since = log[log.time >= 0.0]
    for what, name in ((ASKED, "asked"), (STARTED, "entered"), (LEFT, "left"), (CANCELLED, "cancelled")):
        found = np.bincount(since.station[since.what == what], minlength=size)
        if not np.array_equal(found, c.stations[name]):
            out.append(f"{found.sum()} times somebody {name}, and in the simulation {c.stations[name].sum()}.")
    return out


def _unaccounted(c: Counted) -> list[str]:
    """Everybody who comes goes home, gives up, is sent elsewhere, or is still here: people are conserved."""
    log, people = c.log, c.people
    lines = log[np.argsort(log.person, kind="stable")]
    begins = np.flatnonzero(np.append(True, lines.person[1:] != lines.person[:-1]))
    ends = np.append(begins[1:], len(lines)) - 1
    last, before = lines.what[ends], lines.what[np.maximum(ends - 1, begins)]
    gave_up = (last == CANCELLED) | ((last == LEFT) & (before == CANCELLED))
    inside = ~gave_up & (last != LEFT) & (last != TURNED_AWAY)
    counted = lines.time[ends] >= 0.0
    found = {
        "arrived": int((lines.time[begins] >= 0.0).sum()),
        "gone": int((counted & (last == LEFT) & ~gave_up).sum()),
        "refused": int((counted & (last == TURNED_AWAY)).sum()),
    }
    out = [
        f"{number:,} people have {name}, and in the simulation {people[name]:,}."
        for name, number in found.items()
        if number != people[name]
    ]
    here, may_come_back = int(inside.sum()), int(gave_up.sum())
    if not here <= people["at_end"] <= here + may_come_back:
        out.append(f"At the end {here:,} people are here, and in the simulation {people['at_end']:,}.")
    if people["at_warm"] + people["arrived"] != sum(people[x] for x in ("gone", "lost", "refused", "at_end")):
        out.append("People have been lost from the counts.")
    return out
