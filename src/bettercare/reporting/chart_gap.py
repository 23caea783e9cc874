"""The gap: under each scenario, over the years, and why it is what it is."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from bettercare.engines.forecast.explain import CAUSES
from bettercare.reporting import text
from bettercare.reporting.chart_lines import Panel, Panels
from bettercare.reporting.chart_rows import Bar, Point, Row, Rows, pounds, sums
from bettercare.reporting.chart_style import BLUE, GREY, ORANGE, WIDTH, Chart, Table
from bettercare.reporting.labels import short
from bettercare.reporting.material import Material

RANGE = "A dot is the average of all draws; the line through it runs from the 5% to the 95% point"
GROUPS = {
    "opening": "Gap in the base year",
    "demand": "Demand, and wards that are only part filled",
    "prices": "Pay and prices",
    "efficiency": "Efficiency made inside organisations",
    "funding": "Funding and other income",
    "pooled funds": "Pooled funds",
    "initiatives": "Initiatives",
    "sites": "Services that change site",
    "chance": "Chance",
}


def scenarios(m: Material) -> Chart | None:
    """The gap in the headline year under each scenario."""
    found = {n: m.spread(n, "gap_gbp") for n in m.names}
    rows = [
        Row(
            m.labels.scenario(n),
            f"{text.money(s.mean)}",
            s.p5,
            s.p95,
            points=(Point(s.mean, "square" if n == m.nothing else "circle", GREY if n == m.nothing else BLUE),),
            strong=n == m.main,
        )
        for n, s in found.items()
    ]
    best = min(found, key=lambda n: found[n].mean)
    closed = [n for n, s in found.items() if s.mean <= 0.0]
    if len(found) == 1 or len(closed) == len(found):
        title = (
            f"In {m.year} the system is {text.gap(found[m.main].mean)} under \u201c{m.labels.scenario(m.main)}\u201d"
        )
    elif closed:
        named = text.listed([f"\u201c{m.labels.scenario(n)}\u201d" for n in closed])
        title = (
            f"Of {len(found)} scenarios, {named if len(closed) <= 2 else len(closed)} would close the gap by {m.year}"
        )
    else:
        title = (
            f"No scenario closes the gap by {m.year}: the smallest is {text.money(found[best].mean)}, "
            f"under \u201c{m.labels.scenario(best)}\u201d"
        )
    table = Table(
        f"Gap between yearly cost and yearly income in {m.year}, by scenario",
        ("Scenario", "Average", "90% range", "Against doing nothing"),
        tuple(
            (
                m.labels.scenario(n),
                text.money(s.mean),
                text.span(text.money(s.p5), text.money(s.p95)),
                "" if n == m.nothing else text.change_of_gap(s.mean - found[m.nothing].mean),
            )
            for n, s in found.items()
        ),
    )
    how = (
        f"{RANGE}, given these assumptions. Right of nought: short of money; left: in surplus. The square is "
        f"doing nothing."
    )
    picture = Rows(rows, f"Gap in {m.year}", pounds(max(abs(v) for r in rows for v in r.reach())))
    return Chart("scenarios", title, _said(title, table), how, "modelled", table, picture)


def fan(m: Material) -> Chart | None:
    """The gap of every scenario over the years, each in its own panel on one scale."""
    years = m.f.years
    found = {n: [m.spread(n, "gap_gbp", y) for y in years] for n in m.names}
    dashed = [s.mean / 1e6 for s in (found[m.nothing])]
    reach = [v / 1e6 for row in found.values() for s in row for v in (s.p5, s.p95)] + [0.0]
    columns = 2 if len(found) > 1 else 1
    deepest = max(len(_wrapped(m.labels.scenario(n))) for n in found)
    panels, cells = [], []
    for n, row in found.items():
        name = m.labels.scenario(n)
        spans = [f"{text.money(s.mean)} ({text.span(text.money(s.p5), text.money(s.p95))})" for s in row[1:]]
        cells.append((name, text.money(row[0].mean), *spans))
        points = [
            {"year": i, "mean": s.mean / 1e6, "low": s.p5 / 1e6, "high": s.p95 / 1e6, "dashed": dashed[i], "zero": 0.0}
            for i, s in enumerate(row)
        ]
        lines = _wrapped(name)
        head = [*[" "] * (deepest - len(lines)), *lines, f"{text.money(row[-1].mean)} in {years[-1]}"]
        panels.append(Panel(head, points))
    picture = Panels(
        panels,
        size=((WIDTH - 58 * columns) / columns, 110),
        years=years,
        ticks=[0, len(years) - 1],
        labels=_millions(reach),
        domain=(min(reach), max(reach)),
        columns=columns,
        without=("steps", "squares"),
    )
    start, end = (m.spread(m.nothing, "gap_gbp", y).mean for y in (years[0], years[-1]))
    title = (
        f"If nothing is done, the position goes from {_position(start)} in {years[0]} to {_position(end)} in "
        f"{years[-1]}"
    )
    if m.compares:
        title += (
            f"; with \u201c{m.labels.scenario(m.main)}\u201d, to "
            f"{_position(m.spread(m.main, 'gap_gbp', years[-1]).mean)}"
        )
    table = Table("Gap by scenario and year: average and 90% range", ("Scenario", *years), tuple(cells))
    how = (
        "Line: average of the draws. Band: from the 5% to the 95% point, given these assumptions. Dashed line: doing "
        "nothing. All panels have one scale, in millions of pounds a year."
    )
    return Chart("fan", title, _said(title, None), how, "modelled", table, picture)


def _millions(reach: list[float]) -> str:
    largest = max(abs(v) for v in reach)
    return sums(".1f" if largest < 4 else ",.0f").replace("/ 1e6", "")


def _wrapped(words: str, width: int = 23) -> list[str]:
    import textwrap

    return textwrap.wrap(words, width)


def _position(gbp: float) -> str:
    if abs(gbp) < 5e4:
        return "balance"
    return f"a gap of {text.money(gbp)}" if gbp > 0 else f"a surplus of {text.money(-gbp)}"


def why_nothing(m: Material) -> Chart | None:
    """From the base year's gap to the gap if nothing is done, by cause."""
    table = m.causes(m.nothing)
    opening = float(table.filter(pl.col("kind") == "opening")["value"].sum())
    parts = [(r["label"], r["value"]) for r in table.iter_rows(named=True) if r["kind"] != "opening"]
    total = opening + sum(v for _, v in parts)
    first = sorted(group_totals(m, m.nothing), key=lambda g: -g[1])[:2]
    said = text.listed([f"{_plain(g)} add{'' if g == 'prices' else 's'} {text.money(v)}" for g, v in first if v > 5e4])
    title = f"If nothing is done, {m.year} ends {_ends(total)}" + (f": {said}" if said else "")
    return _bridge("why-nothing", title, f"Gap in {m.base_year}", opening, parts, f"Do nothing, {m.year}", m)


def why_main(m: Material) -> Chart | None:
    """From doing nothing to the main scenario, by initiative and other cause."""
    if not m.compares:
        return None
    difference = differences(m)
    titles = {k: v for k, v in difference.items() if k[0] == "initiative"}
    ordered = sorted(titles.items(), key=lambda kv: -abs(kv[1]))
    shown = [(short(m.labels.cause(*k, k[1]), 70), v) for k, v in ordered[:9]]
    rest = [v for _, v in ordered[9:]]
    parts = sorted(shown, key=lambda p: p[1])
    if rest:
        parts.append((f"{text.counted(len(rest), 'other initiative')} together", sum(rest)))
    parts += [(GROUPS.get(g, g), v) for g, v in by_group(m).items() if g != "initiatives"]
    start, end = (m.spread(n, "gap_gbp").mean for n in (m.nothing, m.main))
    work = sum(titles.values())
    title = (
        f"\u201c{m.labels.scenario(m.main)}\u201d leaves the system {text.gap(end)}, "
        f"{text.change_of_gap(end - start)} than doing nothing"
    )
    if abs(end - start) < 5e3:
        title = f"\u201c{m.labels.scenario(m.main)}\u201d leaves the gap as it is"
    elif abs(work - (end - start)) > 0.25 * abs(end - start) + 1e5:
        title += f"; the initiatives themselves make it {text.change_of_gap(work)}"
    return _bridge("why-main", title, f"Do nothing, {m.year}", start, parts, m.labels.scenario(m.main), m)


def differences(m: Material) -> dict[tuple[str, str], float]:
    """What each cause of the gap adds under the main scenario beyond what it adds if nothing is done (GBP, means)."""
    a, b = (_by_cause(m, n) for n in (m.nothing, m.main))
    return {k: b.get(k, 0.0) - a.get(k, 0.0) for k in {**a, **b}}


def by_group(m: Material) -> dict[str, float]:
    """The same by group of causes."""
    out: dict[str, float] = {}
    for (kind, _), value in differences(m).items():
        group = CAUSES.get(kind, (kind,))[0]
        out[group] = out.get(group, 0.0) + value
    return out


def _by_cause(m: Material, name: str) -> dict[tuple[str, str], float]:
    ledger = m.f.ledger(name, "gap_gbp").filter(pl.col("year") == m.year)
    return {(k, c): v for k, c, v in ledger.select("kind", "cause", "value").iter_rows()}


def group_totals(m: Material, name: str) -> list[tuple[str, float]]:
    """The causes of the gap but the opening one, by group, in the plan's order (GBP, means)."""
    table = m.causes(name).filter(pl.col("kind") != "opening")
    return [
        (g, float(v)) for g, v in table.group_by("group", maintain_order=True).agg(pl.col("value").sum()).iter_rows()
    ]


def _plain(group: str) -> str:
    return {"prices": "pay and prices"}.get(group, group)


def _ends(gbp: float) -> str:
    return "in balance" if abs(gbp) < 5e4 else text.gap(gbp)


def _bridge(
    code: str, title: str, first: str, start: float, parts: Iterable[tuple[str, float]], last: str, m: Material
) -> Chart:
    """A bridge from one total to another; parts too small to see are put together."""
    parts = list(parts)
    least = max(5e4, 0.002 * max([abs(start), *(abs(v) for _, v in parts)]))
    small = [p for p in parts if abs(p[1]) < least]
    parts = [p for p in parts if abs(p[1]) >= least]
    if abs(sum(v for _, v in small)) >= least:
        parts.append(("Everything smaller, together", sum(v for _, v in small)))
    totals = [start + sum(v for _, v in parts[:i]) for i in range(len(parts) + 1)]
    whole = min(totals) <= 0.0 <= max(totals) or min(map(abs, totals)) < 0.4 * max(map(abs, totals))

    def total(label: str, value: float) -> Row:
        bars = (Bar(0.0, value, GREY),) if whole else ()
        points = () if whole else (Point(value, "diamond", GREY),)
        return Row(label, text.money(value), bars=bars, points=points, strong=True)

    rows = [total(first, start)]
    at = start
    for label, value in parts:
        colour = ORANGE if value > 0 else BLUE
        rows.append(Row(label, text.money(value, plus=True), bars=(Bar(at, at + value, colour, hollow=value < 0),)))
        at += value
    rows.append(total(last, at))
    table = Table(
        f"From \u201c{first}\u201d to \u201c{last}\u201d: what each cause adds to the gap, on average",
        ("Cause", "Adds to the gap"),
        (
            (first, text.money(start)),
            *((label, text.money(v, plus=True)) for label, v in parts),
            (last, text.money(at)),
        ),
        note="Averages of all draws. The lines add up to the total; each is rounded by itself.",
    )
    how = (
        f"Grey {'bars' if whole else 'diamonds'} are totals. A filled bar widens the gap, a hollow bar narrows "
        f"it; each begins "
        "where the one above it ends." + ("" if whole else " The scale does not begin at nought.")
    )
    reach = max(abs(v) for r in rows for v in r.reach())
    return Chart(code, title, _said(title, table), how, "modelled", table, Rows(rows, "", pounds(reach), zero=whole))


def _said(title: str, table: Table | None) -> str:
    """Alternative text: the finding and, where they are few, the numbers."""
    if table is None or len(table.rows) > 14:
        return f"{title}. The numbers are in the table."
    return f"{title}. " + "; ".join(f"{r[0]}: {', '.join(c for c in r[1:] if c)}" for r in table.rows) + "."


def said(title: str, table: Table | None) -> str:
    """The same for other charts."""
    return _said(title, table)
