"""The terminal: what was checked, and the answer on one screen."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from bettercare.reporting import dates as known
from bettercare.reporting import terminal, text
from bettercare.reporting.answer import bases, carrying_dates, doubled, where_it_comes_from
from bettercare.reporting.badges import SHAPES, STRETCHED
from bettercare.reporting.chart_beds import opened, shortfall
from bettercare.reporting.chart_gap import group_totals
from bettercare.reporting.chart_partners import winners
from bettercare.reporting.labels import BED_KINDS, short, unit
from bettercare.reporting.terminal import WIDE

if TYPE_CHECKING:
    from rich.console import Console

    from bettercare.plan.plan import Plan
    from bettercare.reporting.material import Material

BAR = 16
NAME = 33  # characters for a scenario's name; more goes on a line of its own


def checked(plan: Plan) -> str:
    """One line about what was read and checked."""
    tables = [t for t in plan.tables.values() if t.height]
    rows = sum(t.height for t in tables)
    return (
        f"Checked {plan.settings.name}: {text.counted(len(tables), 'table')}, {text.counted(rows, 'row')}, "
        f"{text.counted(len(plan.scenarios), 'scenario')}, no problems. Revision {plan.revision}."
    )


def show(m: Material, console: Console, report: Path | None) -> None:
    """The answer for the headline year on one screen; the last line says where the report is."""
    terminal.show(lines(m), console, "" if report is None else f"Report: {report}")


def lines(m: Material) -> list[str]:
    """The screen as lines of at most 80 characters."""
    parts = (nothing, scenarios, beds, partners, initiatives, rests, dates, fails)
    out: list[str] = []
    for part in parts:
        found = part(m)
        if found:
            head, *rest = found
            out.append(head)
            for line in rest:
                out += _wrap(line)
    return out


def _wrap(line: str) -> list[str]:
    hang = "    " if line.startswith("  ") else "  "
    return (
        textwrap.wrap(line, WIDE, initial_indent="", subsequent_indent=hang, drop_whitespace=True)
        if len(line) > WIDE
        else [line]
    )


def nothing(m: Material) -> list[str]:
    s = m.spread(m.nothing, "gap_gbp")
    out = [
        f"IF NOTHING IS DONE, {m.year}",
        f"  {text.first_upper(text.gap(s.mean))} a year, {text.between(text.money(s.p5), text.money(s.p95))}.",
    ]
    wanted = ("demand", "prices", "efficiency", "funding")
    groups = [(g, v) for g, v in group_totals(m, m.nothing) if g in wanted and abs(v) >= 5e2]
    if not groups:
        return out
    parts = []
    for word, sign in (("wider", 1), ("narrower", -1)):
        named = [f"{g} {text.money(abs(v))}" for g, v in sorted(groups, key=lambda g: -abs(g[1])) if sign * v > 0]
        parts += [f"{word} by {text.listed(named)}"] if named else []
    if not any(g == "efficiency" for g, _ in groups):
        parts.append("no efficiency is made")
    start = m.spread(m.nothing, "gap_gbp", m.base_year).mean
    return [*out, f"  From {text.money(start)} in {m.base_year}: {'; '.join(parts)}."]


def scenarios(m: Material) -> list[str]:
    if len(m.names) < 2:
        return []
    found = {n: m.spread(n, "gap_gbp") for n in m.names}
    reach = max(abs(s.mean) for s in found.values()) or 1.0
    out = [f"GAP UNDER EACH SCENARIO (90% range {text.ASSUMING}; minus is a surplus)".upper()]
    for n, s in found.items():
        filled = round(BAR * abs(s.mean) / reach)
        bar = ("\u2588" if s.mean > 0 else "\u2591") * filled
        spread = f"({text.span(text.money(s.p5), text.money(s.p95))})"
        name, *label = _name(m.labels.scenario(n))
        out.append(f"  {name:<{NAME}} {text.money(s.mean):>6} {spread:<20} {bar}".rstrip())
        out += [f"    {line}" for line in label]
    if m.compares:
        change = text.change_of_gap(m.change(m.nothing, m.main).mean)
        more = "".join(f"; {part}" for part in where_it_comes_from(m))
        out.append(f"  \u201c{m.labels.scenario(m.main)}\u201d: {change} than doing nothing{more}.")
    return out


def _name(scenario: str) -> list[str]:
    """The name of a scenario in lines that fit their column; its label goes on a line of its own where it must."""
    title, opened, label = scenario.partition(" (")
    if len(scenario) <= NAME or not opened:
        return textwrap.wrap(scenario, NAME)
    return [*textwrap.wrap(title, NAME), *textwrap.wrap(f"({label}", NAME)]


def beds(m: Material) -> list[str]:
    out = []
    for group in m.bed_groups:
        s, o = m.spread(m.main, f"{group}_needed"), opened(m, group)
        ends = f"({text.span(text.beds(s.p5), text.beds(s.p95))})"
        name = BED_KINDS[group]
        out.append(f"  {name:<14}{text.beds(s.mean):>6} needed {ends:<17} {text.beds(o):>6} open: {shortfall(s, o)}")
    if not out:
        return []
    basis = sorted({b for g in m.bed_groups for b in bases(m, g)})
    head = f"BEDS UNDER \u201c{m.labels.scenario(m.main)}\u201d".upper()
    missing = text.listed([text.beds(m.spread(m.main, f"{g}_short").mean) for g in m.bed_groups])
    out.append(f"  Where no site lends a bed, {missing} are missing: a mean of shortfalls.")
    return [head, *out, f"  Counted as: {short(', '.join(basis), 60)}"] if basis else [head, *out]


def partners(m: Material) -> list[str]:
    if not m.compares or m.partners.is_empty():
        return []
    gain, lose = winners(m)
    out = ["PARTNERS, AGAINST DOING NOTHING"]
    for rows, word in ((gain, "Better off"), (lose, "Worse off")):
        named = ", ".join(f"{short(r['name'], 40)} {text.money(abs(r['change']))}" for r in rows[:3])
        more = f", {len(rows) - 3} more" if len(rows) > 3 else ""
        out.append(f"  {word}: {named}{more}." if rows else f"  {word}: none.")
    return out


def initiatives(m: Material) -> list[str]:
    table = m.by_initiative
    if table.is_empty():
        return []
    helping = [r for r in table.iter_rows(named=True) if r["mean"] < -5e3]
    named = ", ".join(f"{short(r['title'], 34)} {text.money(-r['mean'])}" for r in helping[:3])
    out = ["INITIATIVES", f"  Carry the result: {named}." if named else "  None narrows the gap on average."]
    twice = doubled(m)
    if twice:
        service, what, alone, together, _ = twice[0]
        out.append(
            f"  Claimed twice, most on {m.labels.service(service).lower()}: {text.number(alone, plus=True)} "
            f"{unit(what)} one by one, {text.number(together, plus=True)} together."
        )
    without = m.without_lever.height
    if without:
        out.append(
            f"  {without} of {m.plan.tables['initiatives'].height} have no lever on activity; the report says why."
        )
    return out


def rests(m: Material) -> list[str]:
    counts = ", ".join(f"{int(m.badges[b].sum()):,} {b}" for b in SHAPES) if m.badges.height else ""
    low, high = sorted(m.tornado.joint)
    if not counts:
        return []
    stretched = int(m.badges[STRETCHED].sum())
    more = f" ({stretched:,} of those begin from a source)" if stretched else ""
    out = ["WHAT IT RESTS ON", f"  Rows of numbers: {counts}{more}."]
    if low != high:
        out.append(f"  All assumed inputs at their extremes: a gap from {text.money(low)} to {text.money(high)}.")
    return out


def dates(m: Material) -> list[str]:
    if m.dates.is_empty():
        return []
    why = known.reasonings(m)
    said = [
        f"{short(r['title'], 40)} {known.by(r['date'], why.get(r['code']), '%b %Y')} "
        f"(3 months late or more: {text.percent(r['late'])})"
        for r in carrying_dates(m, 2)
    ]
    late = m.dates.filter(m.dates["late"] >= 0.5).height
    return [
        "WHAT MUST BE TRUE BY WHEN",
        *([f"  {'; '.join(said)}."] if said else []),
        f"  {late} of {m.dates.height} dated initiatives are more likely than not to be that late.",
    ]


def fails(m: Material) -> list[str]:
    n = m.failing
    if n is None:
        return []
    s = m.plan.scenarios[n]
    change = m.change(m.main, n).mean
    state = f"{text.first_upper(text.gap(m.spread(n, 'gap_gbp').mean))}, {text.change_of_gap(change)}"
    out = ["IF THE SHIFT OUT OF HOSPITAL FAILS", f"  {state}. Trigger: {_first(s.trigger)}"]
    return [*out, f"  Fallback: {_first(s.fallback)}"] if s.fallback else out


def _first(words: str, most: int = 140) -> str:
    """The first sentence, or as much of it as fits."""
    sentence = words.strip().split(". ")[0].rstrip(".")
    return short(sentence, most) if len(sentence) > most else sentence + "."
