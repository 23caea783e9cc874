"""The event loop: people ask for beds, are treated, wait to leave, and go.

One patient at a time, one event at a time. Luck is decided before (see `sample`), so that the same people come with the
same needs whatever the beds, and the loop itself draws no random numbers. Events to come are kept in a 4-ary heap.

A person asks for a bed at their own station, or at another that suits them. If all are full they wait in the queue of
each, and of those who wait the first by priority, then by time, takes the next bed. Whoever has a bed and waits for
another keeps it meanwhile ("blocking after service"), so a full community hospital blocks beds in an acute one; whoever
is already where they are to go next stays in that bed.
"""

from __future__ import annotations

import numpy as np

from bettercare.engines.simulate.arrays import (
    ASKED,
    CANCELLED,
    LEFT,
    PRIORITIES,
    READY,
    RETURNS,
    STARTED,
    TURNED_AWAY,
    WAIT_BIN_DAYS,
    WAIT_BINS,
    World,
)
from bettercare.engines.simulate.compiled import compiled

DONE, POOL_FULL, NODES_FULL, HEAP_FULL = range(4)
PADDING = 4  # entries at the end of the heap that stay empty, at a time that never comes

# Kinds of timed event. One integer holds an event: (ask * kinds + kind) * people + patient.
TREATED, ARRANGED, IMPATIENT, BACK = range(4)
_KINDS, _PEOPLE = 4, 1 << 24


@compiled
def _push(w: World, time: float, kind: int, p: int) -> None:
    """Put an event of a patient on the heap."""
    c = w.counts[0]
    i = c.events
    if i + PADDING >= w.heap.shape[0]:
        c.problem = HEAP_FULL
        return
    c.events = i + 1
    while i > 0:
        parent = (i - 1) >> 2
        above = w.heap[parent]
        if above.time <= time:
            break
        w.heap[i].time = above.time
        w.heap[i].what = above.what
        i = parent
    w.heap[i].time = time
    w.heap[i].what = (w.patients[p].ask * _KINDS + kind) * _PEOPLE + p


@compiled
def _pop(w: World) -> int:
    """Take the first event off the heap."""
    c = w.counts[0]
    first = w.heap[0].what
    n = c.events - 1
    c.events = n
    time, what = w.heap[n].time, w.heap[n].what
    w.heap[n].time = np.inf
    i = 0
    while True:
        best = 4 * i + 1
        if best >= n:
            break
        soonest = w.heap[best].time
        for child in range(best + 1, 4 * i + 5):  # without a branch: which of them is first cannot be foreseen
            t = w.heap[child].time
            best = child if t < soonest else best
            soonest = t if t < soonest else soonest
        if soonest >= time:
            break
        w.heap[i].time = soonest
        w.heap[i].what = w.heap[best].what
        i = best
    w.heap[i].time = time
    w.heap[i].what = what
    return int(first)


@compiled
def _touch(w: World, j: int) -> None:
    """Bring the areas of a station up to date; always before a count changes."""
    now, station = w.counts[0].now, w.stations[j]
    days = now - station.last
    if days > 0.0:
        station.last = now
        station.days_taken += station.taken * days
        station.days_waiting += station.waiting * days
        station.days_stuck += station.stuck * days
        station.days_open += station.beds * days
        w.spread[j, min(station.taken, w.spread.shape[1] - 1)] += days


@compiled
def _note(w: World, p: int, stage: int, station: int, what: int) -> None:
    """Write to the log, where there is one; one that is too small still counts what it would need."""
    c = w.counts[0]
    if c.logged < w.log.shape[0]:
        line = w.log[c.logged]
        line.time = c.now
        line.person = w.patients[p].number
        line.stage = stage
        line.station = station
        line.what = what
    c.logged += 1


@compiled
def _bin(days: float) -> int:
    return min(int(days / WAIT_BIN_DAYS), WAIT_BINS - 1)


@compiled
def _forget(w: World, p: int) -> None:
    """The person has gone; their place in the pool is free."""
    w.patients[p].ask += 1
    c = w.counts[0]
    w.free_patients[c.free_patients] = p
    c.free_patients += 1


@compiled
def _leave(w: World, p: int) -> None:
    """Give up a bed, and note that whoever waits for it may come."""
    c, person = w.counts[0], w.patients[p]
    now, warm, j = c.now, c.warm, person.at
    _touch(w, j)
    station = w.stations[j]
    station.taken -= 1
    station.stuck -= 1
    if w.log.shape[0] > 0:
        _note(w, p, person.begun, j, LEFT)
    if now >= warm:
        reason = w.stages[person.begun].reason
        ready, arranged = max(person.since_ready, warm), max(person.since_arranged, warm)
        station.left += 1
        w.stay[j, _bin(now - person.since_came)] += 1
        station.sum_stay += now - max(person.since_in, warm)
        station.time_left += now - person.since_came
        station.sum_stuck += now - ready
        w.arranging[j, reason] += arranged - ready
        w.blocked[j, reason] += now - arranged
    person.at = -1
    w.freed[c.freed] = j
    c.freed += 1


@compiled
def _admit(w: World, p: int, j: int) -> None:
    """Take a bed at station j, and give up the one they had."""
    c, person = w.counts[0], w.patients[p]
    now, warm = c.now, c.warm
    if person.at >= 0:
        _leave(w, p)
    _touch(w, j)
    w.stations[j].taken += 1
    if now >= warm:
        home = w.stages[person.stage].station
        w.stations[j].entered += 1
        w.stations[home].started += 1
        w.stations[home].sum_wait += now - max(person.since_ask, warm)
        w.stations[home].wait_started += now - person.since_ask
        w.wait[home, _bin(now - person.since_ask)] += 1
    if w.log.shape[0] > 0:
        _note(w, p, person.stage, j, STARTED)
    person.at = j
    person.begun = person.stage
    person.since_came = person.since_ask
    person.since_in = now
    person.since_ready = -np.inf
    person.since_arranged = -np.inf
    _push(w, now + w.stages[person.stage].treatment, TREATED, p)


@compiled
def _find(w: World, p: int) -> int:
    """A station that suits a person, with a free bed or the bed that they are in, or -1."""
    stage, at = w.stages[w.patients[p].stage], w.patients[p].at
    for a in range(w.suits.shape[2]):
        j = w.suits[stage.mode, stage.station, a]
        if j < 0:
            break
        if j == at or w.stations[j].taken < w.stations[j].beds:
            return int(j)
    return -1


@compiled
def _drop_gone(w: World, j: int, priority: int) -> None:
    """Take those who no longer wait (they have a bed elsewhere, or gave up) off the head of a queue."""
    c, queue = w.counts[0], w.queues[j, priority]
    while queue.first >= 0:
        i = queue.first
        node = w.nodes[i]
        person = w.patients[node.patient]
        if person.waits == 1 and person.ask == node.ask:
            break
        queue.first = node.following
        w.free_nodes[c.free_nodes] = i
        c.free_nodes += 1


@compiled
def _join(w: World, p: int) -> None:
    """Join the queue of every station that suits."""
    c, person = w.counts[0], w.patients[p]
    stage = w.stages[person.stage]
    rule = w.rules[stage.rule]
    _touch(w, stage.station)
    w.stations[stage.station].waiting += 1
    person.waits = 1
    for a in range(w.suits.shape[2]):
        j = w.suits[stage.mode, stage.station, a]
        if j < 0:
            break
        _drop_gone(w, j, rule.priority)
        if c.free_nodes == 0:
            c.problem = NODES_FULL
            break
        c.free_nodes -= 1
        i = w.free_nodes[c.free_nodes]
        node, queue = w.nodes[i], w.queues[j, rule.priority]
        node.patient = p
        node.ask = person.ask
        node.following = -1
        if queue.first < 0:
            queue.first = i
        else:
            w.nodes[queue.last].following = i
        queue.last = i
    if rule.patience < np.inf:
        _push(w, c.now + rule.patience, IMPATIENT, p)


@compiled
def _ask(w: World, p: int) -> None:
    """Ask for a bed for the stage that a person is to begin: take it, wait for it, or be turned away."""
    c, person = w.counts[0], w.patients[p]
    home = w.stages[person.stage].station
    person.ask += 1
    person.since_ask = c.now
    if c.now >= c.warm:
        w.stations[home].asked += 1
    if w.log.shape[0] > 0:
        _note(w, p, person.stage, home, ASKED)
    j = _find(w, p)
    if j >= 0:
        _admit(w, p, j)
    elif w.stations[home].waiting < min(w.stations[home].most, w.rules[w.stages[person.stage].rule].most):
        _join(w, p)
    else:
        if person.at >= 0:
            _leave(w, p)
        if c.now >= c.warm:
            w.stations[home].turned += 1
            c.refused += 1
        if w.log.shape[0] > 0:
            _note(w, p, person.stage, home, TURNED_AWAY)
        _forget(w, p)


@compiled
def _first_in_line(w: World, j: int) -> int:
    """The person to have the next bed at a station, taken out of its queue; -1 if nobody waits."""
    c = w.counts[0]
    for priority in range(PRIORITIES):
        _drop_gone(w, j, priority)
        queue = w.queues[j, priority]
        i = queue.first
        if i >= 0:
            queue.first = w.nodes[i].following
            w.free_nodes[c.free_nodes] = i
            c.free_nodes += 1
            return int(w.nodes[i].patient)
    return -1


@compiled
def _fill(w: World) -> None:
    """Give freed beds to those who wait, and the beds that they free, until nobody can move."""
    c = w.counts[0]
    while c.freed > 0:
        c.freed -= 1
        j = w.freed[c.freed]
        while w.stations[j].taken < w.stations[j].beds:
            p = _first_in_line(w, j)
            if p < 0:
                break
            home = w.stages[w.patients[p].stage].station
            _touch(w, home)
            w.stations[home].waiting -= 1
            w.patients[p].waits = 0
            _admit(w, p, j)


@compiled
def _go_on(w: World, p: int) -> None:
    """Treatment and arranging are over: go to the next place, or home."""
    c, person = w.counts[0], w.patients[p]
    person.since_arranged = c.now
    following = w.stages[person.stage].following
    if following < 0:
        _leave(w, p)
        if c.now >= c.warm:
            c.gone += 1
        _forget(w, p)
        return
    person.stage = following
    if w.rules[w.stages[following].rule].holds == 0:  # those who wait have the bed first, should they ask for it too
        _leave(w, p)
        _push(w, c.now, BACK, p)
        return
    _ask(w, p)


@compiled
def _give_up(w: World, p: int) -> None:
    """Somebody has waited as long as they can: they leave, or come back another day."""
    c, person = w.counts[0], w.patients[p]
    stage = w.stages[person.stage]
    rule, home = w.rules[stage.rule], w.stations[stage.station]
    _touch(w, stage.station)
    home.waiting -= 1
    person.waits = 0
    if c.now >= c.warm:
        home.cancelled += 1
        home.sum_wait += c.now - max(person.since_ask, c.warm)
    if w.log.shape[0] > 0:
        _note(w, p, person.stage, stage.station, CANCELLED)
    if person.at >= 0:
        _leave(w, p)
    if rule.after == RETURNS:
        person.ask += 1
        _push(w, c.now + rule.back, BACK, p)
        return
    if c.now >= c.warm:
        c.lost += 1
    _forget(w, p)


@compiled
def _timed(w: World) -> None:
    """The next event of the heap."""
    what = _pop(w)
    p = what % _PEOPLE
    kind = (what // _PEOPLE) % _KINDS
    person = w.patients[p]
    if kind == TREATED:
        c = w.counts[0]
        _touch(w, person.at)
        w.stations[person.at].stuck += 1
        person.since_ready = c.now
        if w.log.shape[0] > 0:
            _note(w, p, person.stage, person.at, READY)
        hold = w.stages[person.stage].hold
        if hold > 0.0:
            _push(w, c.now + hold, ARRANGED, p)
        else:
            _go_on(w, p)
    elif kind == ARRANGED:
        _go_on(w, p)
    elif kind == BACK:
        _ask(w, p)
    elif person.waits == 1 and person.ask == what // (_PEOPLE * _KINDS):
        _give_up(w, p)


@compiled
def _arrive(w: World, a: int) -> None:
    c = w.counts[0]
    if c.free_patients == 0:
        c.problem = POOL_FULL
        return
    c.free_patients -= 1
    p = w.free_patients[c.free_patients]
    person = w.patients[p]
    person.stage = w.arrivals[a].stage
    person.number = a
    person.at = -1
    person.waits = 0
    if c.now >= c.warm:
        c.arrived += 1
    _ask(w, p)


@compiled
def _change(w: World, i: int) -> None:
    """Beds open or close; nobody is put out of a bed, so closed beds go as people leave them."""
    c, change = w.counts[0], w.changes[i]
    _touch(w, change.station)
    w.stations[change.station].beds = change.beds
    w.freed[c.freed] = change.station
    c.freed += 1


@compiled
def _tick(w: World, k: int) -> None:
    """Note areas and counts; at the first tick counting begins."""
    if k == 0:
        c = w.counts[0]
        c.at_warm = w.patients.shape[0] - c.free_patients
        for j in range(w.stations.shape[0]):
            _touch(w, j)
            station = w.stations[j]
            station.days_taken = station.days_waiting = station.days_stuck = station.days_open = 0.0
            for n in range(w.spread.shape[1]):
                w.spread[j, n] = 0.0
    for j in range(w.stations.shape[0]):
        _touch(w, j)
        station, tick = w.stations[j], w.ticks[k, j]
        tick.days_taken = station.days_taken
        tick.days_waiting = station.days_waiting
        tick.days_stuck = station.days_stuck
        tick.days_open = station.days_open
        tick.taken = station.taken
        tick.waiting = station.waiting
        tick.stuck = station.stuck


@compiled
def _finish(w: World) -> None:
    """Count what those still in the system have waited, stayed and been delayed so far."""
    c = w.counts[0]
    now, warm = c.now, c.warm
    for j in range(w.stations.shape[0]):
        _touch(w, j)
    for p in range(w.patients.shape[0]):
        person = w.patients[p]
        if person.waits == 1:
            w.stations[w.stages[person.stage].station].sum_wait += now - max(person.since_ask, warm)
        if person.at >= 0:
            station = w.stations[person.at]
            station.sum_stay += now - max(person.since_in, warm)
            if person.since_ready > -np.inf:
                reason = w.stages[person.begun].reason
                ready = max(person.since_ready, warm)
                arranged = max(person.since_arranged, warm) if person.since_arranged > -np.inf else now
                station.sum_stuck += now - ready
                w.arranging[person.at, reason] += arranged - ready
                w.blocked[person.at, reason] += now - arranged
    c.at_end = w.patients.shape[0] - c.free_patients


@compiled
def run(w: World, end: float, tick: float) -> int:
    """Run one replication up to day `end`, noting counts every `tick` days from warm-up on.

    Returns 0, or which array was too small; nothing is then to be used.
    """
    c = w.counts[0]
    arrivals, changes, ticks = w.arrivals.shape[0], w.changes.shape[0], w.ticks.shape[0]
    a = i = k = 0
    while True:
        coming = w.arrivals[a].time if a < arrivals else np.inf
        changing = w.changes[i].time if i < changes else np.inf
        noting = c.warm + k * tick if k < ticks else np.inf
        timed = w.heap[0].time if c.events > 0 else np.inf
        first = min(min(coming, timed), min(changing, noting))
        if first > end or c.problem != DONE:
            break
        c.now = first
        if noting == first:  # before whatever else happens then, so that it is counted once
            _tick(w, k)
            k += 1
        elif timed == first:
            _timed(w)
        elif coming == first:
            _arrive(w, a)
            a += 1
        else:
            _change(w, i)
            i += 1
        if c.freed > 0:
            _fill(w)
    c.now = end
    if c.problem == DONE:
        _finish(w)
    return int(c.problem)
