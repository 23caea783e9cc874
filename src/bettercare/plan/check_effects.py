"""Checks of effects: what they pull, on whom, where it goes, and which of them claim the same people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from bettercare.foundation.problems import Problem, count, shown
from bettercare.plan.check_people import ages
from bettercare.plan.cycles import cycles, walked
from bettercare.plan.typed import Row
from bettercare.plan.view import Rule, View, group, rule

MOVES = ("shift", "convert")
# From heavy to light: a conversion goes down this list.
WEIGHT = {"spell": 4, "episode": 4, "bed-day": 4, "day-case": 3, "attendance": 2, "contact": 1, "call": 0}
PAIRS_SHOWN = 3
MOST_EFFECTS = 1_000


def same_people(a: Row, b: Row) -> bool:
    """Whether two effects (or an effect and an activity row) address some of the same people of one service."""
    return (
        a["service"] == b["service"]
        and (a["locality"] is None or b["locality"] is None or a["locality"] == b["locality"])
        and (a["sex"] == b["sex"] or "P" in (a["sex"], b["sex"]))
        and a["age_low"] <= b["age_high"]
        and b["age_low"] <= a["age_high"]
    )


@rule("effects", "services")
def destinations(view: View) -> Iterator[Problem]:
    """Shift and convert say where activity goes, other levers do not, and a conversion goes to lighter care."""
    services = view.by_code("services")
    for row in view.rows("effects"):
        lever, to = row["lever"], row["to_service"]
        if lever in MOVES and to is None:
            yield row.problem("to_service", f"{lever} needs the service where the activity goes.")
        elif lever in MOVES and to == row["service"]:
            yield row.problem("to_service", f"the activity goes back to {to}.", "Name another service.")
        elif lever not in MOVES and to is not None:
            hint = "Leave it blank, or use the lever shift or convert."
            yield row.problem("to_service", f"the lever {lever} sends nothing anywhere.", hint)
        elif lever == "convert" and row["service"] in services and to in services:
            one, other = services[row["service"]]["currency"], services[to]["currency"]
            lighter = one in WEIGHT and other in WEIGHT and WEIGHT[other] < WEIGHT[one]
            if not lighter and not one == other == "contact":  # a contact may become a remote contact
                hint = "A spell becomes a day case or an attendance, an attendance a contact. Otherwise use shift."
                yield row.problem("to_service", f"a {one} cannot be converted to a {other}.", hint)


@rule("effects", "activity", "services", whole=("activity",))
def addressed(view: View) -> Iterator[Problem]:
    """An effect addresses activity that is there, with stays where it shortens them."""
    activity = {service: rows for (service,), rows in group(view.rows("activity"), "service").items()}
    services = view.by_code("services")
    for row in view.rows("effects"):
        there = [a for a in activity.get(row["service"], []) if same_people(row, a)]
        total = sum(a["count"] for a in there)
        who = f"{ages(row['age_low'], row['age_high'])} in {row['locality'] or 'any locality'}"
        if row["sex"] != "P":
            who = f"{row['sex']} {who}"
        adds = row["lever"] == "add" and row["unit"] == "count-a-year"
        if total <= 0 and not adds:
            message = f"it addresses no activity: {view.file('activity')} has no {row['service']} of people {who}."
            yield row.problem("service", message, "Correct the service, the locality, the sex or the ages.")
            continue
        if row["lever"] == "shorten":
            currency = services[row["service"]]["currency"] if row["service"] in services else ""
            if not any(a["mean_los_days"] for a in there):
                hint = "Shorten is for services with a length of stay."
                yield row.problem("lever", f"nobody stays in {row['service']} ({currency}), so no stay shortens.", hint)
            elif row["unit"] != "share":
                yield row.problem("unit", "shorten is a share of the length of stay.", "Write share.")
        elif row["unit"] == "count-a-year" and not adds and abs(row["mode"]) > total:
            message = f"{row['mode']:,.0f} a year is more than all the activity that it addresses ({total:,.0f})."
            yield row.problem("mode", message, "Correct the number or whom it addresses.")
        cut = next(
            (a for a in there if not (row["age_low"] <= a["age_low"] and a["age_high"] <= row["age_high"])), None
        )
        if cut is not None:
            message = f"its ages cut the band {cut['age_low']} to {cut['age_high']} of {view.file('activity')} in two."
            hint = "Part of that band is taken, as if its activity were spread evenly over its ages."
            yield row.problem("age_low", message, hint, warning=True)


@rule("effects")
def sizes(view: View) -> Iterator[Problem]:
    """A share of activity that goes is at most all of it."""
    for row in view.rows("effects"):
        if row["unit"] != "share" or row["lever"] == "add":
            continue
        for name in ("low", "mode", "high"):
            value = row[name]
            if value is not None and not -1 <= value <= 1 and not (row["distribution"] == "fixed" and name != "mode"):
                hint = f"Write {value / 100:g} for {value:g}%." if 1 < value <= 100 else "A share is 1 at most."
                yield row.problem(name, f"{value:g} is more than all of the activity.", hint)


@rule("effects", "flows")
def sending_cycles(view: View) -> Iterator[Problem]:
    """Activity that is shifted away, or follows its sender, never comes back to where it began."""
    by_edge: dict[tuple[str, str], Row] = {}
    moving = [row for row in view.rows("effects") if row["lever"] in MOVES and row["to_service"] is not None]
    driving = [row for row in view.rows("flows") if row["drives"]]
    for row in moving:
        if row["to_service"] != row["service"]:  # that has been reported
            by_edge.setdefault((row["service"], row["to_service"]), row)
    for row in driving:
        by_edge.setdefault((row["from_service"], row["to_service"]), row)
    edges: dict[str, list[str]] = {}
    for one, other in by_edge:
        edges.setdefault(one, []).append(other)
    for cycle in cycles(edges):
        rows = [by_edge[step] for step in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        last = max(rows, key=lambda row: ("lever" in row, row.file, row.row or 0))
        by = ", ".join(shown(row["code"]) if "lever" in row else f"{row.file} row {row.row}" for row in rows)
        message = f"activity is sent in a circle, {walked(cycle)}, by {by}."
        hint = "Break the circle (a flow with drives no only says by which door people come)."
        yield last.problem("to_service", message, hint)


@rule("overlaps", "effects")
def overlap_rows(view: View) -> Iterator[Problem]:
    """A row of overlaps joins two effects on some of the same people, once, and says how much they share."""
    effects = view.by_code("effects")
    seen: dict[frozenset[str], Row] = {}
    for row in view.rows("overlaps"):
        a, b = row["effect_a"], row["effect_b"]
        if a == b:
            yield row.problem("effect_b", f"{shown(a)} is compared with itself.", "Name another effect.")
            continue
        first = seen.setdefault(frozenset((a, b)), row)
        if first is not row:
            later, earlier = (row, first) if (row.row or 0) >= (first.row or 0) else (first, row)
            message = f"{shown(a)} and {shown(b)} are in row {earlier.row} already."
            yield later.problem(None, message, "Keep one of the two.")
        if row["relation"] == "sharing" and row["share"] is None:
            yield row.problem("share", "sharing needs the part that is shared.", "Write a share from 0 to 1.")
        if a in effects and b in effects and not same_people(effects[a], effects[b]):
            message = f"{shown(a)} and {shown(b)} address different services or people, so nothing overlaps."
            yield row.problem(None, message, "Leave the row out.", warning=True)


@rule("effects", "overlaps", "initiatives")
def claimed_twice(view: View) -> Iterator[Problem]:
    """Two initiatives that pull one lever on the same people: a question, once for each lever and service."""
    stated = {frozenset((row["effect_a"], row["effect_b"])) for row in view.tables["overlaps"]}
    for (lever, service), rows in group(view.rows("effects"), "lever", "service").items():
        if len(rows) > MOST_EFFECTS:
            message = f"{len(rows):,} effects {lever} {service}: too many to compare in pairs."
            yield Problem(rows[0].file, None, None, message, "Join them into fewer.", warning=True)
            continue
        open_pairs = []
        stated_pairs = 0
        for a, b in combinations(sorted(rows, key=lambda row: row.row or 0), 2):
            if a["initiative"] == b["initiative"] or not same_people(a, b):
                continue
            if frozenset((a["code"], b["code"])) in stated:
                stated_pairs += 1
            else:
                open_pairs.append((a, b))
        if open_pairs:
            yield _question(view, lever, service, open_pairs, stated_pairs)


def _question(view: View, lever: str, service: str, pairs: list[tuple[Row, Row]], stated: int) -> Problem:
    titles = {row["code"]: row["title"] for row in view.rows("initiatives")}
    ask = f"The same, distinct, or sharing how much? Say so in {view.file('overlaps')}."
    a, b = pairs[0]
    if len(pairs) == 1:
        named = " and ".join(f"{shown(e['code'])} ({titles.get(e['initiative'], e['initiative'])})" for e in (a, b))
        return b.problem(None, f"{named} both {lever} {service} of the same people.", ask, warning=True)
    codes = {effect["code"] for pair in pairs for effect in pair}
    named = "; ".join(
        f"{one['code']} ({one['initiative']}) and {other['code']} ({other['initiative']})"
        for one, other in pairs[:PAIRS_SHOWN]
    )
    more = f"; and {len(pairs) - PAIRS_SHOWN} more" if len(pairs) > PAIRS_SHOWN else ""
    done = f" ({count(stated, 'is stated', 'are stated')})" if stated else ""
    message = (
        f"{len(codes)} effects {lever} {service} of the same people, and nothing is said of "
        f"{count(len(pairs), 'pair')}{done}: {named}{more}."
    )
    return Problem(a.file, None, None, message, ask, warning=True)


RULES: tuple[Rule, ...] = (
    destinations,
    addressed,
    sizes,
    sending_cycles,
    overlap_rows,
    claimed_twice,
)
