"""The replay: one HTML file that plays a week of the simulated system, by quarter hours, from its log of events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bettercare.foundation.problems import UsageError, did_you_mean
from bettercare.reporting import badges, page, text
from bettercare.reporting.labels import Labels
from bettercare.reporting.replay_week import COUNTED, STEPS_A_DAY, Row, Week

if TYPE_CHECKING:
    from bettercare.appraisal.patient_flow import PatientFlow

Ints = NDArray[np.int64]

HOSPITAL = ("beds",)
# What people in a row are, by its kind: in it, ready to go on, waiting to come in, and what its room is called.
WORDS = {
    "beds": ("taken", "ready to leave", "waiting for a bed", "beds"),
    "emergency": ("in the department", "waiting for a bed in a ward", "waiting to be seen", "places"),
    "ambulance": ("crews busy", "waiting at the door of A&E", "waiting for an ambulance", "crews"),
    "places": ("taken", "ready to go on", "waiting for a place", "places"),
}
HEADS = {  # short, for the heads of the table of days
    "beds": "Hospital beds taken",
    "waiting": "Waiting for a hospital bed",
    "emergency": "In A&E for a bed",
    "ambulances": "Ambulances at the door of A&E",
    "stuck": "Ready to leave, still in a hospital bed",
}
SPARK = (672, 48)  # of the picture over the slider: a quarter hour is one unit wide


@dataclass(frozen=True)
class Now:
    """A number of this moment over the whole system."""

    code: str
    name: str
    values: Ints


def write_replay(flow: PatientFlow, scenario: str, path: str | Path, week: int | None = None) -> Path:
    """Write the page; returns its path.

    It plays `week` (1 begins on 1 April), or else the week with most people waiting for a hospital bed, of the first
    replication of a scenario that was simulated with events=True. Raises UsageError where there is nothing to play.
    """
    path = Path(path)
    path.write_bytes(render_replay(flow, scenario, week).encode("utf-8"))
    return path


def render_replay(flow: PatientFlow, scenario: str, week: int | None = None) -> str:
    """The whole page as text."""
    from markupsafe import Markup

    if scenario not in flow.years:
        raise UsageError(f'"{scenario}" was not simulated. {did_you_mean(scenario, list(flow.years))}'.strip())
    w = Week(flow.years[scenario], flow.simulations.get(scenario), week)
    labels = Labels(w.year.plan)
    days = [text.day(day, year=False, weekday=True) for day in w.days]
    environment = page.environment({})
    environment.filters["n"] = lambda value: f"{value:,}"
    data = json.dumps(_data(w, days), separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
    return environment.get_template("replay.html.j2").render(
        w=w,
        flow=flow,
        scenario=labels.scenario(scenario),
        span=_span(w.days[0], w.days[-1]),
        badge=Markup(badges.html("modelled")),
        sites=[(site, list(rows)) for site, rows in groupby(enumerate(w.rows), lambda kr: kr[1].site)],
        name=labels.service,
        site_name=lambda code: labels.sites.get(code, code),
        words=WORDS,
        now=_now(w),
        counted=COUNTED,
        reasons={labels.service(code): values for code, values in w.reasons.items()},
        days=days,
        spark=_spark(w),
        by_day=_by_day(w),
        of_day=[_of_day(w, k) for k in range(len(w.days))],
        data=Markup(data),
        css=Markup(page.read("replay.css")),
        js=Markup(page.read("replay.js")),
    )


def _span(first: date, last: date) -> str:
    """`14 to 20 January 2019`, `28 January to 3 February 2019`."""
    month = "" if first.month == last.month else f" {first:%B}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day}{month}{year} to {text.day(last)}"


def _now(w: Week) -> list[Now]:
    """Numbers of the moment, those that the plan has."""
    wanted = (
        ("beds", "hospital beds taken", w.total(HOSPITAL, "taken")),
        ("waiting", "waiting for a hospital bed", w.total(HOSPITAL, "waiting")),
        ("emergency", "waiting in A&E for a bed", w.total(("emergency",), "stuck")),
        ("ambulances", "waiting in ambulances at the door of A&E", w.total(("ambulance",), "stuck")),
        ("stuck", "ready to leave a hospital bed and still in it", w.total(HOSPITAL, "stuck")),
    )
    return [Now(code, name, values) for code, name, values in wanted if values is not None]


def changes(values: Ints) -> list[int]:
    """A series as its first value, then pairs: steps since the last change, and the change."""
    at = np.flatnonzero(np.diff(values)) + 1
    pairs = np.stack([np.diff(at, prepend=0), np.diff(values)[at - 1]], axis=1)
    return [int(values[0]), *(int(x) for x in pairs.ravel())]


def _data(w: Week, days: list[str]) -> dict[str, Any]:
    """What the script reads: series as changes, with the widest that each row's bar becomes."""
    rows = []
    for row in w.rows:
        widest = int(max(row.taken.max(), 0 if row.open is None else row.open.max(), 1))
        parts = (row.taken, row.stuck, row.waiting, *(() if row.open is None else (row.open,)))
        rows.append([widest, *(changes(part) for part in parts)])
    return {
        "steps": w.times.size - 1,
        "days": days,
        "rows": rows,
        "now": {x.code: [x.name, changes(x.values)] for x in _now(w)},
        "counted": {code: changes(w.counted[code]) for code in COUNTED},
        "reasons": [changes(values) for values in w.reasons.values()],
    }


def _spark(w: Week) -> str:
    """People who wait for a hospital bed, hour by hour, as the points of an area."""
    waiting = w.total(HOSPITAL, "waiting")
    if waiting is None:
        return ""
    width, height = SPARK
    top = max(int(waiting.max()), 1)
    points = [f"{k},{height - height * int(waiting[k]) / top:.1f}" for k in range(0, waiting.size, 4)]
    return " ".join((f"0,{height}", *points, f"{width},{height}"))


def _by_day(w: Week) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the table of the seven days."""
    heads, columns = [], list[list[str]]()
    for code, name in COUNTED.items():
        heads.append(name.removeprefix("of them ").capitalize())
        columns.append([f"{n:,}" for n in np.diff(w.counted[code][::STEPS_A_DAY])])
    for x in _now(w):
        heads.append(f"{HEADS[x.code]}: average and most")
        columns.append([_average_and_most(x.values, k) for k in range(len(w.days))])
    return heads, [list(row) for row in zip(*columns, strict=True)]


def _average_and_most(values: Ints, day: int) -> str:
    part = _day(values, day)
    return f"{part.mean():,.0f}; {part.max():,}"


def _day(values: Ints, day: int) -> Ints:
    """The quarter hours of a day."""
    return values[day * STEPS_A_DAY : (day + 1) * STEPS_A_DAY]


def _of_day(w: Week, day: int) -> list[tuple[Row, list[str]]]:
    """For every row its day: open, taken (average and most), ready to leave, waiting (average and most of each)."""
    out = []
    for row in w.rows:
        open_ = "no limit" if row.open is None else f"{_day(row.open, day).mean():,.0f}"
        out.append((row, [open_, *(_average_and_most(x, day) for x in (row.taken, row.stuck, row.waiting))]))
    return out
