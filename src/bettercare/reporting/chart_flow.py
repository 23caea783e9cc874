"""Charts of a simulated year: how full, how long people wait, and what happens when beds open or close."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from bettercare.engines.simulate.results import WEEK, Where
from bettercare.foundation.years import parse as year_of
from bettercare.reporting import text
from bettercare.reporting.chart_gap import said
from bettercare.reporting.chart_rows import PERCENTS, Point, Row, Rows
from bettercare.reporting.chart_style import BLUE, GREY, INK, Chart, Table
from bettercare.reporting.flow_material import FlowMaterial, Line, Verdict
from bettercare.reporting.flow_pictures import DOT, HOURS, Curve, Curves, Heat, Phase, Phases, Strip
from bettercare.reporting.labels import short

WEEKS = 52
QUARTERS = ("Apr to Jun", "Jul to Sep", "Oct to Dec", "Jan to Mar")
SHARE = Line("", "", "share", {})


def weekly(m: FlowMaterial, name: str, group: str) -> list[float | None]:
    """Share taken in each week by a group of places in one of the years; None where nothing is open."""
    taken, open_ = _weeks(m, name, m.places(name, group))
    return [None if o <= 0.0 else float(t / o) for t, o in zip(taken, open_, strict=True)]


def _weeks(m: FlowMaterial, name: str, where: list[Where]) -> tuple[np.ndarray, np.ndarray]:
    """Beds taken and open in each whole week, on average over the replications."""
    year = m.years[name]
    at = [i for w in where for i in year.places[w]]
    if not at:
        return np.zeros(WEEKS), np.zeros(WEEKS)
    found = []
    for field in ("days_taken", "days_open"):
        areas = np.mean([c.ticks[field][:, at].sum(axis=1) for c in year.counted], axis=0)
        found.append(np.diff(areas[::WEEK])[:WEEKS] / WEEK)
    return found[0], found[1]


def _mean(weeks: list[float | None]) -> float | None:
    values = [v for v in weeks if v is not None]
    return float(np.mean(values)) if values else None


def _said(value: float | None) -> str:
    return "closed" if value is None else SHARE.said(value)


def heat(m: FlowMaterial) -> Chart | None:
    """How full each week is: acute beds and their sites, community beds, mental health, care at home."""
    names = [m.name, *([m.nothing] if m.nothing else [])]
    strips, rows = [], []
    for line in m.taken:
        found = {n: weekly(m, n, _group(line)) for n in names}
        means = {n: _said(mean(line, n)) for n in names}
        beside = f" ({means[m.nothing]})" if m.nothing else ""
        label = text.first_upper(line.label.removesuffix(" taken").removeprefix("at "))
        strips.append(Strip(label, f"{means[m.name]}{beside}", tuple(tuple(found[n]) for n in names)))
        for n in names:
            quarters = [_said(_mean(found[n][k * 13 : k * 13 + 13])) for k in range(4)]
            busiest = max((v for v in found[n] if v is not None), default=None)
            rows.append((label, m.title(n), means[n], *quarters, _said(busiest), str(full_weeks(found[n]))))
    if not strips:
        return None
    title = _fullness(m)
    table = Table(
        f"Share of open beds and places taken, {m.year}",
        ("Place", "Scenario", "Year", *QUARTERS, "Busiest week", "Full weeks"),
        tuple(rows),
        note=f"A week counts as full from {100.0 * DOT:g}% on.",
    )
    both = "Upper strip: the scenario; lower strip, and the number in brackets: if nothing is done. "
    how = f"A shade for each week from April, on average over the simulated years. {both if m.nothing else ''}"
    how += "A dot: full all week."
    return Chart("flow-heat", title, said(title, None), how, "modelled", table, Heat(tuple(strips)))


def _group(line: Line) -> str:
    return line.code.removeprefix("taken-")


def mean(line: Line, name: str) -> float | None:
    """Mean of a measure in one of the years, or None."""
    s = line.spread(name)
    return None if s is None else s.mean


def full_weeks(weeks: list[float | None]) -> int:
    """How many weeks are full."""
    return sum(v is not None and v >= DOT for v in weeks)


def _fullness(m: FlowMaterial) -> str:
    """The finding: how full acute beds are, and which kind of bed or place is fullest."""
    kinds = {ln.code: (ln, v) for ln in m.taken if ":" not in ln.code and (v := mean(ln, m.name)) is not None}
    parts = []
    if "taken-acute" in kinds:
        line, share = kinds["taken-acute"]
        there = mean(line, m.nothing) if m.nothing else None
        beside = f" ({line.said(there)} if nothing is done)" if there is not None else ""
        parts.append(f"{line.said(share)} of acute beds are taken over the year{beside}")
    if kinds:
        line, share = max(kinds.values(), key=lambda found: found[1])
        weeks = full_weeks(weekly(m, m.name, _group(line)))
        full = f", full in {weeks} of {WEEKS} weeks" if weeks else ""
        parts.append(f"the fullest are {line.label.removesuffix(' taken').lower()}: {line.said(share)}{full}")
    return text.first_upper("; ".join(parts)) or "Nothing is open"


def longer(m: FlowMaterial, name: str, group: str) -> tuple[float, ...] | None:
    """The share of people who wait longer than each of HOURS for a bed or place of a group."""
    inside = set(m.places(name, group))
    table = m.years[name].waits()
    kept = table.filter([(s, t) in inside for s, t in table.select("service", "site").iter_rows()])
    people, hours = kept["people"].to_numpy(), kept["up_to_hours"].to_numpy()
    return tuple(float(people[hours > h + 1e-6].sum() / people.sum()) for h in HOURS) if people.sum() else None


def verdict(m: FlowMaterial, line: Line, words: tuple[str, str]) -> str:
    """`fewer than if nothing is done (27%)`, from the difference of each simulated year."""
    against = m.nothing or m.base
    if against not in line.values:
        return ""
    change = line.change(m.name, against)
    found: Verdict = change.verdict if change else "unclear"
    there = line.said(float(line.values[against].mean()))
    if found == "unclear":
        return f"no clear difference from {'doing nothing' if m.nothing else against} ({there})"
    return f"{words[0] if found == 'more' else words[1]} than {m.beside(against)} ({there})"


def waits(m: FlowMaterial) -> Chart | None:
    """How long people wait for a bed: emergency patients, and those who need community or home care next."""
    heads = {
        "emergency": "Emergency patients: decision to admit to bed",
        "onward": "Community hospital or care at home: request to place",
    }
    panels, rows = [], []
    for group, head in heads.items():
        found = {n: longer(m, n, group) for n in m.years}
        curves = [
            Curve(f"{short(m.title(n).partition(' (')[0], 36)}: {_said(s[HOURS.index(4.0)])} over 4 h", s)
            for n, s in found.items()
            if s is not None
        ]
        if curves:
            panels.append((head, tuple(curves)))
        rows += [(head, m.title(n), *(_said(v) for v in s)) for n, s in found.items() if s is not None]
    line = next((ln for ln in m.people if ln.code == "bed-late" and m.name in ln.values), None)
    if line is None or not panels:
        return None
    title = f"{line.shown(m.name)} of emergency patients wait more than 4 h for a bed: "
    title += verdict(m, line, ("more", "fewer"))
    table = Table(
        "Share of people who wait longer than so many hours",
        ("Who", "Scenario", *(f"{h:g} h" for h in HOURS)),
        tuple(rows),
        note="Of those who got a bed or place. Operations put off and people who gave up are counted elsewhere.",
    )
    how = (
        "Each line falls from the share who wait at all to those who wait longest; the scale widens to the right. The "
        "dotted upright line is 4 hours. The two panels have scales of their own."
    )
    return Chart("flow-waits", title, said(title, None), how, "modelled", table, Curves(tuple(panels)))


def emergency_department(m: FlowMaterial) -> Chart | None:
    """The share of people who are in A&E over four hours, by scenario."""
    lines = [ln for ln in m.people if ln.code in ("ae-late", "ae-time") and m.name in ln.values]
    if not lines or lines[0].code != "ae-late":
        return None
    late = lines[0]
    rows = []
    for n in m.years:
        s = late.spread(n)
        if s is not None:
            point = Point(s.mean, "circle" if n == m.name else "diamond", BLUE if n == m.name else GREY, n != m.name)
            named = f"{n}, simulated" if n == m.base else m.title(n)
            rows.append(Row(named, late.said(s.mean), s.low, s.high, points=(point,), strong=n == m.name))
    target = _target(m)
    published = [r for r in m.published if r["indicator"] in _seen_in_time(m)]
    for r in published:
        gone = 1.0 - r["published"]
        rows.append(Row(_published(m, r), late.said(gone), points=(Point(gone, "square", INK),)))
    title = f"{late.shown(m.name)} are in A&E over 4 h: {verdict(m, late, ('more', 'fewer'))}"
    cells = [(m.title(n), *(ln.shown(n) for ln in lines)) for n in m.years if n in late.values]
    badges = ["modelled"] * len(cells)
    cells += [(_published(m, r), late.said(1.0 - r["published"]), *("",) * (len(lines) - 1)) for r in published]
    badges += [r["badge"] for r in published]
    table = Table(
        "Time in A&E, from arrival to departure", ("", *(ln.label for ln in lines)), tuple(cells), tuple(badges)
    )
    how = "All kinds of A&E together: mean and 95% interval over the simulated years. A square is published"
    how += ", and of the provider that it names." if any(_owner(m, r) for r in published) else "."
    how += f" The dashed line is the plan's target, {late.said(target)}." if target is not None else ""
    picture = Rows(rows, "In A&E over 4 h", PERCENTS, reference=target)
    return Chart("flow-ae", title, said(title, table), how, "modelled", table, picture)


def _published(m: FlowMaterial, row: Mapping[str, Any]) -> str:
    """The name of a published figure: the year, whose it is, and its basis."""
    owner = _owner(m, row)
    return f"{m.base}, published{f' of {owner}' if owner else ''} ({row['basis']})"


def _owner(m: FlowMaterial, row: Mapping[str, Any]) -> str:
    """The provider that an indicator is of; blank where it is of all."""
    table = m.flow.plan.tables["indicators"]
    partner = table.filter(table["code"] == row["indicator"])["partner"].item()
    return m.labels.partners.get(partner, partner) if partner else ""


def _seen_in_time(m: FlowMaterial) -> list[str]:
    table = m.flow.plan.tables["indicators"]
    return [str(c) for c in table.filter(table["measure"] == "seen_in_time")["code"].to_list()]


def _target(m: FlowMaterial) -> float | None:
    """The share in A&E over time that the plan's target leaves, if it has one."""
    table = m.flow.plan.tables["indicators"]
    targets = [v for v in table.filter(table["measure"] == "seen_in_time")["target"].to_list() if v is not None]
    return 1.0 - float(targets[0]) / 100.0 if targets else None


def phased(m: FlowMaterial) -> Chart | None:
    """Beds that open or close within the year, and how full the places are as they do."""
    if not m.openings:
        return None
    first = date(year_of(m.year), 4, 1)
    panels, rows, total = [], [], np.zeros(WEEKS)
    for where, steps in m.openings.items():
        taken, open_ = _weeks(m, m.name, [where])
        total += open_
        what = "bed" if where[0] in m.years[m.name].bed_services else "place"
        changes = []
        for (_, before), (day, after) in pairwise(steps):
            on = first + timedelta(days=int(day))
            more = "open" if after > before else "close"
            changes.append(f"{text.day(on, year=False)}: {text.counted(abs(after - before), what)} {more}")
            rows.append((m.where(where), text.day(on), str(before), str(after), *_around(taken, open_, day)))
        panels.append(Phase(m.where(where), tuple(taken), tuple(steps), tuple(changes)))
    start, end, low = total[0], total[-1], float(total.min())
    dip = round(min(start, end) - low)
    title = f"Beds and places go from {text.beds(start)} to {text.beds(end)} where they open or close within the year"
    if dip > 0:
        week = first + timedelta(weeks=int(total.argmin()))
        title = (
            f"Out of step: in the week of {text.day(week, year=False)} {dip} fewer beds and places are open than "
            "before and after, because some close before others open"
        )
    table = Table(
        "Beds and places that open or close within the year",
        ("Place", "Day", "Open before", "Open after", "Taken the week before", "Taken four weeks after"),
        tuple(rows),
        ("modelled",) * len(rows),
        "Days follow the plan's dates, with the slips that were asked for.",
    )
    how = "Blue line: beds taken, by week. Black steps: beds open. Dashed upright lines: days on which that changes."
    return Chart("flow-phases", title, said(title, None), how, "modelled", table, Phases(tuple(panels)))


def _around(taken: np.ndarray, open_: np.ndarray, day: float) -> tuple[str, str]:
    """Share taken in the week before a day and in the fourth week after it."""
    week = int(day // WEEK)
    at = (max(week - 1, 0), min(week + 4, WEEKS - 1))
    before, after = (_said(float(taken[k] / open_[k]) if open_[k] > 0.0 else None) for k in at)
    return before, after
