"""Tables of a report that stand without a chart."""

from __future__ import annotations

from typing import Any

import polars as pl

from bettercare.engines import forecast as engine
from bettercare.plan.badges import BADGES
from bettercare.reporting import dates as known
from bettercare.reporting import text
from bettercare.reporting.answer import carrying_dates, doubled
from bettercare.reporting.badges import STRETCHED, plain
from bettercare.reporting.chart_style import Table
from bettercare.reporting.labels import unit
from bettercare.reporting.material import Material

KINDS = {
    "opening": "In the base year",
    "volume": "More or less care",
    "inflation": "Pay and prices",
    "efficiency": "Efficiency, own and in tariffs",
    "funding": "Funding",
    "investment": "Initiatives' own cost",
    "pooled-funds": "Pooled funds",
    "chance": "Chance",
}
SAVINGS = {
    "cash-releasing": "Cash-releasing: costs less than in the base year, so money comes out",
    "cost-avoiding": "Cost-avoiding: costs less than it would have",
    "investment": "What the initiatives cost every year",
    "net": "Together",
    "moved between partners": "Moved between partners: helps one, costs another, saves nothing",
}


def scenarios(m: Material) -> Table:
    """What each scenario is."""
    rows = []
    for n in m.names:
        s = m.plan.scenarios[n]
        label = "" if s.label.lower() in s.title.lower() else s.label
        marks = [mark for mark in ("uses what was found out later" if s.hindsight else "", label) if mark]
        rows.append((s.title, " ".join(s.description.split()), "; ".join(marks)))
    return Table("The scenarios", ("Scenario", "What happens in it", "Mark"), tuple(rows))


def savings(m: Material) -> Table | None:
    """Savings of the main scenario, split."""
    if not m.compares:
        return None
    rows = tuple(
        (SAVINGS.get(r["kind"], r["kind"]), text.money(r["mean"]), text.span(text.money(r["p5"]), text.money(r["p95"])))
        for r in m.savings.iter_rows(named=True)
    )
    return Table(
        f"What \u201c{m.labels.scenario(m.main)}\u201d saves in {m.year} against doing nothing, at prices of "
        f"{m.base_year}",
        ("Kind", "Average", "90% range"),
        rows,
        ("modelled",) * len(rows),
        "Minus is a cost.",
    )


def worth(m: Material) -> Table | None:
    """Net present value of each scenario."""
    if not m.worth:
        return None
    rate = next(iter(m.worth.values()))["discount_percent"]
    rows = tuple(
        (m.labels.scenario(n), text.money(v["mean"]), text.span(text.money(v["p5"]), text.money(v["p95"])))
        for n, v in m.worth.items()
    )
    return Table(
        f"Net present value against doing nothing, {m.base_year} to {m.f.years[-1]}, at prices of {m.base_year}",
        ("Scenario", "Average", "90% range"),
        rows,
        ("modelled",) * len(rows),
        f"Discounted at {rate:g}% a year (HM Treasury, The Green Book). Plus: worth more than it costs. It counts "
        f"money, what is "
        f"spent once and buildings; it does not value health (for which the plan keeps "
        f"{m.plan.settings.discount.health_percent:g}% a "
        f"year), and it stops at {m.f.years[-1]}: a building that costs now and saves later looks worse than it is.",
    )


def published(m: Material) -> Table | None:
    """The published gap beside ours, line by line, and what ours is made of."""
    if m.published.is_empty():
        return None
    causes = {r["partner"]: r for r in engine.partner_causes(m.f, m.nothing, m.year).iter_rows(named=True)}
    lines = {r["code"]: r for r in m.plan.tables["submissions"].iter_rows(named=True)}
    kinds = dict(m.plan.tables["partners"].select("code", "kind").iter_rows())
    rows = []
    for r in m.published.iter_rows(named=True):
        line = lines[r["code"]]
        partners = [p for p in (line["partner"], line["counterparty"]) if p]
        own = list(causes) if kinds.get(line["partner"]) == "board" else partners
        made = {k: sum(causes[p][k] for p in own if p in causes) for k in KINDS}
        parts = [
            f"{KINDS[k].lower()} {text.money(v, plus=True)}"
            for k, v in sorted(made.items(), key=lambda kv: -abs(kv[1]))
            if abs(v) >= 5e5
        ]
        ends = text.span(text.money(r["modelled_p5"]), text.money(r["modelled_p95"]))
        rows.append(
            (
                r["line"],
                f"{text.money(r['published'])} ({r['file']})",
                f"{text.money(r['modelled_mean'])} ({ends})",
                text.money(r["difference"], plus=True),
                "; ".join(parts[:5]),
                r["why"] or "Not known.",
            )
        )
    return Table(
        f"Published gaps for {m.year} beside this forecast of doing nothing",
        (
            "Published line",
            "Published, and where",
            f"Ours ({plain('modelled')}), 90% range",
            "Difference",
            "What ours is made of",
            "Why they differ",
        ),
        tuple(rows),
        note="The published figures are estimates of the time, not counts, and nothing was tuned to meet them. Minus "
        "is a surplus. A published line may count other things than ours.",
        kind="published",
    )


def build_up(m: Material) -> Table | None:
    """Every partner's gap if nothing is done, by kind of cause."""
    table = engine.partner_causes(m.f, m.nothing, m.year)
    if table.is_empty():
        return None
    least = max(5e4, 0.005 * float(table["gap"].abs().sum()))
    kinds = [k for k in KINDS if max(abs(v) for v in table[k].to_list()) >= least]
    rows = [
        (
            m.labels.partners.get(r["partner"], r["partner"]),
            *(text.money(r[k], plus=k != "opening") for k in kinds),
            text.money(r["gap"]),
        )
        for r in table.iter_rows(named=True)
    ]
    whole = {k: float(table[k].sum()) for k in (*kinds, "gap")}
    rows.append(("All partners", *(text.money(whole[k], plus=k != "opening") for k in kinds), text.money(whole["gap"])))
    return Table(
        f"How each partner's gap of {m.year} comes about if nothing is done: plus widens it, minus narrows it",
        ("Partner", *(KINDS[k] for k in kinds), f"Gap in {m.year}"),
        tuple(rows),
        ("modelled",) * len(rows),
        "Averages. In the first and the last column minus is a surplus. Funding is what a partner receives: growth "
        "has a minus, because it narrows the gap. A tariff's efficiency takes from who is paid and leaves with who "
        "pays; for the whole system it is part of pay and prices. Payments between partners cancel in the last line.",
    )


def overlaps(m: Material) -> Table | None:
    """What overlapping effects come to together."""
    found = doubled(m) if not m.initiatives.is_empty() else []
    if not found:
        return None
    rows = tuple(
        (m.labels.service(s), unit(u), titles, text.number(alone, plus=True), text.number(together, plus=True))
        for s, u, alone, together, titles in found
    )
    headers = ("Service", "Counted in", "Initiatives that share people", "Each by itself, added up", "Together")
    return Table(f"Effects that count some of the same people, {m.year}", headers, rows, ("modelled",) * len(rows))


def odd_averages(m: Material) -> str | None:
    """Why an average can lie outside its own 90% range, where one of the effects does; otherwise nothing."""
    found = []
    for r in m.initiatives.iter_rows(named=True):
        mean, ends = text.number(r["mean"], plus=True), [text.number(r[k], plus=True) for k in ("p5", "p95")]
        if not r["p5"] <= r["mean"] <= r["p95"] and mean not in ends:
            found.append(f"\u201c{r['title']}\u201d ({m.labels.service(r['service']).lower()})")
    if not found:
        return None
    return (
        f"For {text.listed(found)} the average lies outside its own 90% range. That is no slip: in more than nine "
        "futures in ten it adds nothing, mostly because another initiative already reaches the same people; in the few "
        "others it does, and those move the average but not the range."
    )


def no_lever(m: Material) -> Table | None:
    """Initiatives with no effect on activity, by reason."""
    table = m.without_lever
    if table.is_empty():
        return None
    groups = (
        table.group_by("reason", maintain_order=True)
        .agg(pl.len(), pl.col("title"))
        .sort(["len", "reason"], descending=[True, False])
    )
    rows = tuple(
        (m.labels.named(r["reason"]), str(r["len"]), "; ".join(sorted(r["title"])))
        for r in groups.iter_rows(named=True)
    )
    total = m.plan.tables["initiatives"].height
    return Table(
        f"{table.height} of {text.counted(total, 'initiative')} have no lever on activity, and why",
        ("Reason", "How many", "Which"),
        rows,
    )


def first_dates(m: Material, most: int = 10) -> Table | None:
    """The dates of the initiatives that narrow the gap most."""
    if m.dates.height <= most:
        return None
    why, moved = known.reasonings(m), dict(m.by_initiative.select("code", "mean").iter_rows())
    found = carrying_dates(m, most)
    if not found:
        return None
    rows = tuple((*_date(r, why), text.change_of_gap(moved[r["code"]])) for r in found)
    headers = (*DATED, f"What it does to the gap of {m.year}")
    note = "Initiatives that widen the gap are left out: the gap is no worse if they are late."
    return Table("The initiatives that narrow the gap most", headers, rows, ("assumed",) * len(rows), note)


DATED = ("Initiative", "To go live", "Chance of three months late or more", "On average", "One chance in twenty")


def _date(r: dict[str, Any], why: dict[str, str | None]) -> tuple[str, ...]:
    late = (text.percent(r["late"]), text.months(r["delay"]), text.months(r["p95"]))
    return (r["title"], known.when(r["date"], why.get(r["code"])), *late)


def dates(m: Material) -> Table | None:
    """When each initiative goes live, and how likely it is to be late."""
    if m.dates.is_empty():
        return None
    why = known.reasonings(m)
    rows = tuple(_date(r, why) for r in m.dates.iter_rows(named=True))
    note = f"{known.note(m)} Delays pass on through what waits for what.".strip()
    return Table("All dates on which the result rests", DATED, rows, ("assumed",) * len(rows), note)


def badges(m: Material) -> Table | None:
    """How many rows of each table are measured, modelled and assumed."""
    if m.badges.is_empty():
        return None
    columns = (*BADGES, STRETCHED)
    rows = [(r["table"].replace("_", " "), *(f"{r[b]:,}" for b in columns)) for r in m.badges.iter_rows(named=True)]
    rows.append(("All tables", *(f"{int(m.badges[b].sum()):,}" for b in columns)))
    headers = ("Table", *(text.first_upper(b) for b in BADGES), "Assumed, but begun from a source")
    note = "A row is assumed as soon as any judgement stands in it, even where it begins from a published figure."
    return Table("Rows of the plan by badge", headers, tuple(rows), ("measured",) * len(rows), note)


def tested(m: Material) -> Table | None:
    """Observations after the base year, held against the main scenario."""
    own = m.tested.filter(pl.col("scenario") == m.main) if m.tested.height else m.tested
    if own.is_empty():
        return None
    rows = tuple(
        (
            r["name"],
            r["year"],
            text.number(r["value"]),
            text.span(text.number(r["p5"]), text.number(r["p95"])),
            "inside" if r["inside90"] else "outside",
            "yes" if r["known_to_builders"] else "no",
            r["basis"],
        )
        for r in own.iter_rows(named=True)
    )
    fixed = bool((own["p5"] == own["p95"]).any())
    return Table(
        f"What happened, beside the forecast of \u201c{m.labels.scenario(m.main)}\u201d",
        ("Observation", "Year", "Happened", "90% range", "Inside?", "Known to the builders", "Basis"),
        rows,
        ("measured",) * len(rows),
        "Where the range is one number it is the plan's own, such as beds open, and no forecast." if fixed else "",
    )


def coverage(m: Material) -> Table | None:
    """How often observations fall inside the ranges, by scenario."""
    if m.tested.is_empty():
        return None
    rows = tuple(
        (
            m.labels.scenario(r["scenario"]),
            "known" if r["known_to_builders"] else "not known",
            str(r["observations"]),
            text.percent(r["inside50"]),
            text.percent(r["inside80"]),
            text.percent(r["inside90"]),
            text.percent(r["crps_over_value"]),
        )
        for r in engine.coverage(m.tested).iter_rows(named=True)
    )
    return Table(
        "How often what happened lay inside the range",
        (
            "Scenario",
            "To the builders",
            "Observations",
            "Inside 50% range",
            "Inside 80%",
            "Inside 90%",
            "Mean miss (CRPS, of the value)",
        ),
        rows,
        ("modelled",) * len(rows),
        note=(
            "Only observations that the builders had not seen are a test. A good 90% range holds nine in ten. "
            "CRPS, the continuous "
            "ranked probability score, is a mean distance between forecast and outcome: nought is perfect."
        ),
    )


def later(m: Material) -> Table | None:
    """Sources known only after the plan's date that stand in for what was not published earlier."""
    late = {
        r["code"]: r
        for r in m.plan.tables["evidence"].iter_rows(named=True)
        if r["known_from"] > m.plan.settings.plan_date
    }
    counts: dict[tuple[str, str], int] = {}
    for name, table in m.plan.tables.items():
        if "assumed" in table.columns and "evidence" in table.columns and name != "observations":
            rows = table.filter(pl.col("assumed").is_not_null() & pl.col("evidence").is_in(list(late)))
            for code, n in rows.group_by("evidence").len().iter_rows():
                counts[code, name] = n
    if not counts:
        return None
    return Table(
        "Later sources knowingly used as stand-ins",
        ("Source", "Known from", "Table", "Rows"),
        tuple(
            (late[c]["citation"], f"{late[c]['known_from']:%B %Y}", t, f"{n:,}") for (c, t), n in sorted(counts.items())
        ),
        ("assumed",) * len(counts),
    )


def sources(m: Material) -> Table | None:
    """The evidence behind the plan."""
    table = m.plan.tables["evidence"]
    if table.is_empty():
        return None
    used: dict[str, int] = {}
    for name, other in m.plan.tables.items():
        if "evidence" in other.columns and name != "evidence":
            for code, n in other.filter(pl.col("evidence").is_not_null()).group_by("evidence").len().iter_rows():
                used[code] = used.get(code, 0) + n
    rows = table.sort("code").to_dicts()
    return Table(
        f"The {len(rows)} sources of the plan, and how many of its rows rest on each",
        ("Code", "Source", "Where", "Kind", "Known from", "Rows"),
        tuple(
            (
                r["code"],
                r["citation"],
                r["where"],
                r["grade"],
                text.day(r["known_from"]),
                f"{used.get(r['code'], 0):,}",
            )
            for r in rows
        ),
        tuple(r["badge"] for r in rows),
        "Nought rows: read when the plan was made, though no row of it names the source.",
        kind="sources",
    )
