"""Checks of effects: what they pull, on whom, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator

from bettercare.foundation.problems import Problem, shown
from bettercare.plan.check_people import ages
from bettercare.plan.cycles import cycles, walked
from bettercare.plan.typed import Row
from bettercare.plan.view import Rule, View, group, rule

MOVES = ("shift", "convert")
LOWEST_POSITION = 1e-12  # a forecast draws no luck worse than this
# From heavy to light: a conversion goes down this list.
WEIGHT = {"spell": 4, "episode": 4, "bed-day": 4, "day-case": 3, "attendance": 2, "contact": 1, "call": 0}


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


@rule("effects")
def additions(view: View) -> Iterator[Problem]:
    """Units that an initiative adds are never fewer than none: activity that falls is another lever."""
    from bettercare.foundation.ranges import Range  # it brings numpy, which most commands do without

    for row in view.rows("effects"):
        if row["lever"] != "add" or row["unit"] != "count-a-year":
            continue
        uncertain = row["distribution"] != "fixed"
        below = next((n for n in ("low", "mode", "high") if (uncertain or n == "mode") and row[n] < 0), None)
        if below is not None:
            message = f"add brings {row[below]:,.0f} units a year, which is fewer than none."
            yield row.problem(below, message, "Write 0 or more; for activity that goes, use the lever avoid.")
        elif row["distribution"] == "normal" and Range.of(row).at(LOWEST_POSITION) < 0:
            message = "a normal value has a tail, and this one reaches below 0 units a year."
            hint = "Use triangular or pert, which end at low and high, or lognormal, which is always above 0."
            yield row.problem("distribution", message, hint)


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


RULES: tuple[Rule, ...] = (
    destinations,
    addressed,
    sizes,
    additions,
    sending_cycles,
)
