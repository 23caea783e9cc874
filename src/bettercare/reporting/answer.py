"""The answer in one page: what a board asks first. The report and the terminal show the same items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from bettercare.reporting import dates, text
from bettercare.reporting.badges import STRETCHED
from bettercare.reporting.chart_beds import opened, shortfall
from bettercare.reporting.chart_gap import by_group, group_totals
from bettercare.reporting.chart_initiatives import WORTH_SAYING, helps
from bettercare.reporting.chart_partners import winners
from bettercare.reporting.chart_style import Table
from bettercare.reporting.labels import BED_GROUPS, BED_KINDS, quoted, unit
from bettercare.reporting.material import LATE_MONTHS, Material
from bettercare.reporting.text import Figure, Sentence, say


@dataclass(frozen=True)
class Item:
    """A question, its answer in sentences, perhaps a small table, and the chapter with more."""

    code: str
    heading: str
    sentences: tuple[Sentence, ...]
    table: Table | None = None
    chapter: str = ""


def figure(value: float, words: str, measure: str, scenario: str, year: str, part: str = "mean") -> Figure:
    """A figure that names the result it comes from: `gap_gbp|do-nothing|2018/19|mean`."""
    return Figure(words, value, f"{measure}|{scenario}|{year}|{part}")


def answer(m: Material) -> list[Item]:
    """The items in order; those that a plan has nothing for are left out."""
    makers = (
        if_nothing,
        under_scenarios,
        beds,
        partners,
        carriers,
        claimed_twice,
        rests_on,
        by_when,
        if_it_fails,
    )
    found = [make(m) for make in makers]
    return [item for item in found if item is not None and (item.sentences or item.table)]


def if_nothing(m: Material) -> Item:
    """The gap if nothing is done and its first causes."""
    n = m.nothing
    s = m.spread(n, "gap_gbp")
    state = (
        "the system spends more each year than it receives" if s.mean > 0 else "the system receives more than it spends"
    )
    words = figure(s.mean, text.money(abs(s.mean)), "gap_gbp", n, m.year)
    sure = s.p5 > 0 or s.p95 < 0  # on one side of nought the sign is in the words
    ends = [
        figure(v, text.money(abs(v) if sure else v), "gap_gbp", n, m.year, part)
        for v, part in ((s.p5, "p5"), (s.p95, "p95"))
    ]
    low, high = ends if s.p95 > 0 else reversed(ends)
    out = [
        say(
            f"In {m.year}, {state}: ",
            words,
            " a year, between ",
            low,
            " and ",
            high,
            f" {text.ASSUMING}",
            "." if sure else " (minus is a surplus).",
        ),
    ]
    start = m.spread(n, "gap_gbp", m.base_year).mean
    groups = [
        g
        for g in group_totals(m, n)
        if abs(g[1]) >= 5e4 and g[0] in ("demand", "prices", "efficiency", "funding", "pooled funds")
    ]
    adds = [f"{_group(g)} {text.money(v)}" for g, v in sorted(groups, key=lambda g: -g[1]) if v > 0]
    takes = [f"{_group(g)} {text.money(-v)}" for g, v in sorted(groups, key=lambda g: g[1]) if v < 0]
    if adds or takes:
        parts = [
            f"What widens it: {text.listed(adds)}" if adds else "",
            f"what narrows it: {text.listed(takes)}" if takes else "",
        ]
        joined = text.first_upper("; ".join(p for p in parts if p))
        none = "" if any(g == "efficiency" for g, _ in groups) else " No efficiency is made."
        out.append(say(f"It starts {_start(start)} in {m.base_year}. {joined}.{none}"))
    if not m.published.is_empty():
        row = m.published.row(0, named=True)
        away = row["difference"]
        compared = "the same" if abs(away) < 0.5e6 else f"{text.money(abs(away))} {'more' if away > 0 else 'less'}"
        out.append(
            say(
                f"The estimate published at the time was about {text.money(row['published'])}; this forecast finds "
                f"{compared}, and the report says why, line by line.",
            )
        )
    title = m.labels.scenario(n)
    heading = "If nothing is done" if n == m.plan.settings.comparison else f"Under \u201c{title}\u201d"
    return Item("if-nothing", heading, tuple(out), chapter="gap")


def _start(gbp: float) -> str:
    return "in balance" if abs(gbp) < 5e4 else f"from {'a gap' if gbp > 0 else 'a surplus'} of {text.money(abs(gbp))}"


def _group(group: str) -> str:
    return {
        "prices": "pay and prices",
        "efficiency": "efficiency inside organisations",
        "funding": "funding and other income",
    }.get(group, group)


def under_scenarios(m: Material) -> Item | None:
    """The gap under each scenario."""
    if len(m.names) < 2:
        return None
    rows = []
    for n in m.names:
        s = m.spread(n, "gap_gbp")
        change = "" if n == m.nothing else text.change_of_gap(m.change(m.nothing, n).mean)
        rows.append((m.labels.scenario(n), text.money(s.mean), text.span(text.money(s.p5), text.money(s.p95)), change))
    table = Table(
        f"Gap in {m.year} by scenario, given these assumptions",
        ("Scenario", "Gap", "90% range", "Against doing nothing"),
        tuple(rows),
        ("modelled",) * len(rows),
        "Minus is a surplus.",
    )
    sentences = []
    if m.compares:
        s, c = m.spread(m.main, "gap_gbp"), m.change(m.nothing, m.main)
        sentences.append(
            say(
                f"Under \u201c{m.labels.scenario(m.main)}\u201d the system is ",
                figure(s.mean, text.gap(s.mean), "gap_gbp", m.main, m.year),
                f", {text.change_of_gap(c.mean)} than doing nothing.",
            )
        )
        parts = where_it_comes_from(m)
        if parts:
            sentences.append(say(f"The largest parts of that change: {text.listed(parts)}."))
    return Item("scenarios", "Under each scenario", tuple(sentences), table, "gap")


def where_it_comes_from(m: Material) -> list[str]:
    """The parts of the change against doing nothing: the initiatives' own, and the largest others where they count."""
    found = {g: v for g, v in by_group(m).items() if abs(v) >= 5e4}
    own = found.pop("initiatives", 0.0)
    others = sorted(found.items(), key=lambda g: -abs(g[1]))[:2]
    if not others or abs(others[0][1]) < 0.1 * abs(own):
        return []
    mine = text.change_of_gap(own) if abs(own) >= 5e4 else "next to nothing"
    return [f"the initiatives themselves {mine}", *(f"{_group(g)} {text.change_of_gap(v)}" for g, v in others)]


def bases(m: Material, group: str) -> list[str]:
    """On what basis the beds of a group were counted."""
    from bettercare.engines.forecast.measures import BED_GROUPS as TYPES

    system = m.result(m.main).system
    kinds = TYPES[group]
    found = [b.basis for b in system.beds if system.traits["bed_type"][b.service] in kinds]
    return sorted({b for b in found if b})


def missing(m: Material) -> str:
    """What \u201ctoo few\u201d compares, and the beds that are missing where no site may lend to another."""
    said = [f"{text.beds(m.spread(m.main, f'{g}_short').mean)} {BED_KINDS[g].lower()}" for g in m.bed_groups]
    return (
        "Those compare averages. Counted at each site in each future, with no spare bed lent to another, "
        f"{text.listed(said)} beds are missing on average: a mean of shortfalls."
    )


def beds(m: Material) -> Item | None:
    """Beds needed against beds open."""
    out = []
    for group in m.bed_groups:
        s, o = m.spread(m.main, f"{group}_needed"), opened(m, group)
        measure = f"{group}_needed"
        out.append(
            say(
                f"{BED_GROUPS[group]}: ",
                figure(s.mean, text.beds(s.mean), measure, m.main, m.year),
                " needed, between ",
                figure(s.p5, text.beds(s.p5), measure, m.main, m.year, "p5"),
                " and ",
                figure(s.p95, text.beds(s.p95), measure, m.main, m.year, "p95"),
                f" {text.ASSUMING}; ",
                figure(o, text.beds(o), f"{group}_open", m.main, m.year),
                f" open in the plan: {shortfall(s, o)}",
                f" (doing nothing: {text.beds(m.spread(m.nothing, measure).mean)} needed)." if m.compares else ".",
            )
        )
    if not out:
        return None
    out.append(say(missing(m)))
    basis = sorted({b for g in m.bed_groups for b in bases(m, g)})
    if basis:
        named = text.listed([f"\u201c{b}\u201d" for b in basis[:3]])
        more = f" and {len(basis) - 3} more, named in the table" if len(basis) > 3 else ""
        out.append(
            say(
                f"Beds are staffed beds counted on the basis {named}{more}; need keeps the base year's risk of "
                f"being full.",
                badge="",
            )
        )
    return Item("beds", f"Beds under \u201c{m.labels.scenario(m.main)}\u201d", tuple(out), chapter="beds")


def partners(m: Material) -> Item | None:
    """Which partner wins and which loses."""
    if not m.compares or m.partners.is_empty():
        return None
    gain, lose = winners(m)
    out = []
    for rows, verb in ((gain, "better off"), (lose, "worse off")):
        if rows:
            said = [f"{r['name']} {text.money(abs(r['change']))}" for r in rows[:4]]
            more = f", and {len(rows) - 4} more by less" if len(rows) > 4 else ""
            out.append(say(f"{text.first_upper(verb)} than if nothing is done: {text.listed(said)}{more}."))
    if not out:
        out.append(say("No partner gains or loses more than \u00a350,000 a year."))
    still = [r for r in m.partners.sort("gap", descending=True).iter_rows(named=True) if r["gap"] >= 5e5]
    if still:
        named = [f"{r['name']} {text.money(r['gap'])}" for r in still[:3]]
        out.append(say(f"Largest gaps that are left: {text.listed(named)}."))
    return Item("partners", "Which partner wins and which loses", tuple(out), chapter="partners")


def carriers(m: Material) -> Item | None:
    """Which initiatives carry the result."""
    table = m.by_initiative
    if table.is_empty():
        return None
    helping = table.filter(pl.col("mean") < WORTH_SAYING)
    out = [say(f"{text.first_upper(helps(table.height, helping.height))} on average, what they cost included.")]
    if helping.height:
        named = [f"{quoted(r['title'], 50)} ({text.money(-r['mean'])})" for r in helping.head(3).iter_rows(named=True)]
        out.append(say(f"Most is carried by {text.listed(named)} a year."))
    costly = table.filter(pl.col("mean") > 5e4).sort("mean", descending=True)
    if costly.height:
        named = [f"{quoted(r['title'], 50)} ({text.money(r['mean'])})" for r in costly.head(2).iter_rows(named=True)]
        out.append(say(f"Those that cost most beyond what they save: {text.listed(named)}."))
    return Item("carriers", "Which initiatives carry the result", tuple(out), chapter="initiatives")


def doubled(m: Material) -> list[tuple[str, str, float, float, str]]:
    """Services where effects overlap: service, unit, the effects one by one added up, together, and their titles."""
    table = m.initiatives.filter(pl.col("overlap_with") != "")
    out = []
    for (service, what), rows in table.group_by("service", "unit", maintain_order=True):
        found = sorted({quoted(t, 45) for t in rows["title"].to_list()})
        titles = [*found[:2], f"{len(found) - 2} more"] if len(found) > 3 else found
        alone, together = float(rows["alone"].sum()), float(rows["mean"].sum())
        out.append((str(service), str(what), alone, together, text.listed(titles)))
    return sorted(out, key=lambda r: -abs(r[2] - r[3]))


def claimed_twice(m: Material) -> Item | None:
    """Which initiatives are claimed twice, and how claims compare with the forecast."""
    if m.initiatives.is_empty():
        return None
    out = []
    pairs = {
        tuple(sorted((r["effect"], o)))
        for r in m.initiatives.iter_rows(named=True)
        for o in r["overlap_with"].split(";")
        if o
    }
    if pairs:
        out.append(
            say(
                f"{text.first_upper(text.counted(len(pairs), 'pair'))} of effects count some of the same people.",
                badge="assumed",
            )
        )
        service, what, alone, together, titles = doubled(m)[0]
        out.append(
            say(
                f"On {m.labels.service(service).lower()}, {titles} come to {text.number(together, plus=True)} "
                f"{unit(what)} "
                f"together; each counted by itself would add up to {text.number(alone, plus=True)}."
            )
        )
    claims = m.initiatives.filter(pl.col("claimed").is_not_null())
    less = claims.filter(pl.col("mean").abs() < 0.5 * pl.col("claimed").abs()).height
    if claims.height:
        few = (
            "none of them reaches"
            if less == claims.height
            else f"{less} of them reach{'es' if less == 1 else ''} less than"
        )
        had = f"{text.counted(claims.height, 'effect')} had a claim; {few} half of it in {m.year}."
        out.append(say(had))
    return Item("twice", "What is claimed twice", tuple(out), chapter="initiatives") if out else None


def rests_on(m: Material) -> Item:
    """What is measured, modelled and assumed, and how far the assumed inputs move the answer."""
    counts = {b: int(m.badges[b].sum()) for b in ("measured", "modelled", "assumed")} if m.badges.height else {}
    out = []
    if counts:
        said = [f"{n:,} are {b}" for b, n in counts.items() if n]
        stretched = int(m.badges[STRETCHED].sum())
        more = f"; of those assumed, {stretched:,} begin from a source and say how it was stretched to fit"
        words = f"Of {sum(counts.values()):,} rows of numbers in the plan, {text.listed(said)}"
        out.append(say(f"{words}{more if stretched else ''}.", badge="measured"))
    low, high = m.tornado.joint
    assumed = m.tornado.table.filter(pl.col("badge") == "assumed").height
    if assumed:
        ends = sorted((low, high))
        out.append(
            say(
                f"If all {assumed} assumed inputs took their extremes together, the gap under "
                f"\u201c{m.labels.scenario(m.main)}\u201d "
                f"would lie anywhere from {text.money(ends[0])} to {text.money(ends[1])} {text.ASSUMING}."
            )
        )
    return Item("rests-on", "What the answer rests on", tuple(out), chapter="doubt")


def by_when(m: Material) -> Item | None:
    """What must be true by when, and the risk of lateness."""
    if m.dates.is_empty():
        return None
    why = dates.reasonings(m)
    out = [
        say(
            f"{quoted(r['title'], 55)} must be at work {dates.by(r['date'], why.get(r['code']))}; "
            f"the chance that it is at least {LATE_MONTHS:.0f} months late is {text.percent(r['late'])}.",
            badge="assumed",
        )
        for r in carrying_dates(m, 3)
    ]
    late = m.dates.filter(pl.col("late") >= 0.5).height
    mean = float(m.dates["delay"].mean() or 0.0)  # type: ignore[arg-type]
    out.append(
        say(
            f"Of {text.counted(m.dates.height, 'initiative')} with a date, {late} are more likely than not to be "
            f"that late; on average they come {text.months(mean)}.",
            badge="assumed",
        )
    )
    return Item("by-when", "What must be true by when", tuple(out), chapter="dates")


def carrying_dates(m: Material, most: int) -> list[dict[str, Any]]:
    """Rows of `m.dates` of the initiatives that narrow the gap most: only what helps must be true by a date."""
    known = {r["code"]: r for r in m.dates.iter_rows(named=True)}
    helping = m.by_initiative.filter(pl.col("mean") < WORTH_SAYING)["code"].to_list()
    return [known[code] for code in helping if code in known][:most]


def if_it_fails(m: Material) -> Item | None:
    """The scenario that warns: its trigger, its cost and the fallback."""
    n = m.failing
    if n is None:
        return None
    scenario = m.plan.scenarios[n]
    s = m.spread(n, "gap_gbp")
    out = [
        say(
            f"\u201c{m.labels.scenario(n)}\u201d: the system is ",
            figure(s.mean, text.gap(s.mean), "gap_gbp", n, m.year),
            f" in {m.year}, {text.change_of_gap(m.change(m.main, n).mean)} than "
            f"\u201c{m.labels.scenario(m.main)}\u201d.",
        ),
        say("Trigger: " + text.ended(scenario.trigger), badge="assumed"),
    ]
    if scenario.cost_note:
        out.append(say("Cost: " + text.ended(scenario.cost_note), badge="assumed"))
    if scenario.fallback:
        out.append(say("Fallback: " + text.ended(scenario.fallback), badge="assumed"))
    return Item("fails", "What happens if the shift out of hospital fails", tuple(out), chapter="scenarios")
