"""Initiatives: what was claimed for them, what the forecast expects, and what they do to the gap."""

from __future__ import annotations

import polars as pl

from bettercare.engines.forecast.compile_activity import same_effects
from bettercare.reporting import text
from bettercare.reporting.chart_gap import said
from bettercare.reporting.chart_rows import COUNTS, Point, Row, Rows, pounds
from bettercare.reporting.chart_style import BLUE, ORANGE, Chart, Table
from bettercare.reporting.labels import GRADES, LEVERS, short, unit
from bettercare.reporting.material import Material

MOST = 14  # rows of a chart; the rest stand in the table
WORTH_SAYING = -5e3  # GBP a year: less than that is no help


def forest(m: Material) -> Chart | None:
    """Claimed against forecast, for the kind of activity that most effects with a claim change."""
    table = m.initiatives
    claimed = table.filter(pl.col("claimed").is_not_null())
    if claimed.is_empty():
        return None
    kind = (
        claimed.group_by("service", "unit")
        .agg(pl.len(), pl.col("claimed").abs().sum())
        .sort(["len", "claimed", "service"], descending=[True, True, False])
    )
    service, currency = kind.row(0)[:2]
    own = claimed.filter((pl.col("service") == service) & (pl.col("unit") == currency))
    ordered = own.sort(pl.col("claimed").abs(), descending=True)
    rows = [
        Row(
            short(r["title"], 70),
            f"{text.number(r['mean'], plus=True)}",
            r["p5"],
            r["p95"],
            points=(Point(r["mean"], "circle", BLUE), Point(r["claimed"], "diamond", ORANGE, hollow=True)),
        )
        for r in ordered.head(MOST).iter_rows(named=True)
    ]
    claims: dict[str, float] = {}  # what overlaps.csv calls the same is one claim, whoever makes it
    same = same_effects(m.result(m.main).plan)
    for r in own.iter_rows(named=True):
        code = same.get(r["effect"], r["effect"])
        claims[code] = max(claims.get(code, 0.0), r["claimed"], key=abs)
    total, hoped = float(own["mean"].sum()), sum(claims.values())
    what = f"{m.labels.service(service).lower()}, in {unit(currency)}"
    title = (
        f"{text.counted(len(claims), 'claim')} on {what}: {text.number(hoped, plus=True)} claimed, "
        f"{text.number(total, plus=True)} forecast"
    )
    if hoped and 0.0 <= total / hoped < 10:
        title += f" ({text.percent(total / hoped)} of the claim)"
    missed = (
        own.filter((pl.col("claimed") - pl.col("mean")).abs() > 0)
        .filter((pl.col("claimed") < pl.col("p5")) | (pl.col("claimed") > pl.col("p95")))
        .height
    )
    title += (
        f"; {missed} of the {own.height} effects that bear them miss it by more than their 90% range" if missed else ""
    )
    how = (
        f"Circle: forecast for {m.year}, with its 90% range, given these assumptions and with overlaps taken off. "
        f"Hollow "
        "diamond: claimed for it, as a full year's work. Minus is less activity."
    )
    picture = Rows(rows, f"Change of {what}", COUNTS)
    return Chart("forest", title, said(title, None), how, "modelled", effects_table(m), picture)


def effects_table(m: Material) -> Table:
    """Every effect of the main scenario: claimed, alone, with the others, grade of evidence."""
    table = m.initiatives.sort("service", "title", "effect")
    rows = tuple(
        (
            r["title"],
            LEVERS.get(r["lever"], r["lever"]),
            m.labels.service(r["service"]),
            unit(r["unit"]),
            "" if r["claimed"] is None else text.number(r["claimed"], plus=True),
            text.number(r["alone"], plus=True),
            text.number(r["mean"], plus=True),
            text.span(text.number(r["p5"], plus=True), text.number(r["p95"], plus=True)),
            GRADES.get(r["grade"], r["grade"]),
        )
        for r in table.iter_rows(named=True)
    )
    return Table(
        f"What each effect changes in {m.year}, \u201c{m.labels.scenario(m.main)}\u201d",
        (
            "Initiative",
            "What it does",
            "Service",
            "Counted in",
            "Claimed",
            "By itself",
            "With the others",
            "90% range",
            "Evidence",
        ),
        rows,
        tuple(table["badge"].to_list()),
        "Claimed: for a full year. By itself: as if it were the only one. With the others: less what two would "
        "both count.",
    )


def carrying(m: Material) -> Chart | None:
    """What each initiative does to the system's gap, its own cost included."""
    table = m.by_initiative
    if table.is_empty():
        return None
    ordered = table.sort(pl.col("mean").abs(), descending=True)
    shown = ordered.head(MOST).sort("mean", "code")
    rows = [
        Row(
            short(r["title"], 70),
            text.change_of_gap(r["mean"]),
            r["p5"],
            r["p95"],
            points=(Point(r["mean"], "circle", BLUE if r["mean"] < 0 else ORANGE, hollow=r["mean"] > 0),),
        )
        for r in shown.iter_rows(named=True)
    ]
    helping = table.filter(pl.col("mean") < WORTH_SAYING)
    total = float(helping["mean"].sum())
    title = f"{text.first_upper(helps(table.height, helping.height))} on average"
    if helping.height:
        top = helping.head(3)
        part = float(top["mean"].sum()) / total
        if helping.height > 3:
            title += f"; three carry {text.percent(part)} of what they bring"
        else:
            title += f", by {text.money(-total)} together"
    cells = tuple(
        (
            r["title"],
            text.change_of_gap(r["mean"]),
            text.span(text.money(r["p5"], plus=True), text.money(r["p95"], plus=True)),
        )
        for r in table.iter_rows(named=True)
    )
    out = Table(
        f"What each initiative does to the system's gap in {m.year}, what it costs included",
        ("Initiative", "On average", "90% range of the change"),
        cells,
        note="Minus narrows the gap. Ranges of initiatives must not be added.",
    )
    how = (
        "Filled circle left of nought: narrows the gap. Hollow circle right of nought: widens it. The line is "
        "the 90% range, "
        "given these assumptions."
    )
    reach = max(abs(v) for r in rows for v in r.reach())
    return Chart(
        "carrying", title, said(title, None), how, "modelled", out, Rows(rows, "Change of the gap", pounds(reach))
    )


def helps(all_: int, helping: int) -> str:
    """How many initiatives narrow the gap, as the start of a sentence."""
    if helping == 0:
        return f"none of {text.counted(all_, 'initiative')} that change cost narrows the gap"
    if helping == all_:
        return (
            f"all {text.counted(all_, 'initiative')} that change cost narrow the gap"
            if all_ > 1
            else "it narrows the gap"
        )
    verb = "narrows" if helping == 1 else "narrow"
    return f"{helping} of {text.counted(all_, 'initiative')} that change cost {verb} the gap"
