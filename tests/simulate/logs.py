"""A log held against its laws: what must be true of every event of every run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bettercare.engines.simulate.arrays import ASKED, CANCELLED, LEFT, READY, STARTED, TURNED_AWAY, Records
from bettercare.engines.simulate.events import Flags, Ints, counts_at, homes
from bettercare.engines.simulate.network import Network
from bettercare.engines.simulate.opening import beds_at
from bettercare.engines.simulate.run import Counted, Simulation


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
        limit = np.maximum(beds_at(station, days, more), beds_at(station, np.nextafter(days, -np.inf), more))
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
