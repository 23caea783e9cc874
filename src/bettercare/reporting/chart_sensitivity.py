"""What the answer hangs on: one uncertain input at a time, and shares of the uncertainty."""

from __future__ import annotations

import polars as pl

from bettercare.reporting import text
from bettercare.reporting.badges import SHAPES
from bettercare.reporting.chart_gap import said
from bettercare.reporting.chart_rows import PERCENTS, Bar, Row, Rows, pounds
from bettercare.reporting.chart_style import BLUE, GREY, ORANGE, Chart, Table
from bettercare.reporting.material import Material

MOST = 12
LISTED = 40


def tornado(m: Material) -> Chart | None:
    """The gap with each input alone at its low and its high end."""
    found = m.tornado
    table = found.table.filter(pl.col("swing") > 0.0)
    if table.is_empty():
        return None
    rows = [
        Row(
            f"{SHAPES.get(r['badge'], '')} {m.labels.input(r['input'])}".strip(),
            f"\u00b1{text.money(r['swing'] / 2)}",
            bars=(
                Bar(found.base, min(r["low"], r["high"]), BLUE, hollow=True),
                Bar(found.base, max(r["low"], r["high"]), ORANGE),
            ),
        )
        for r in table.head(MOST).iter_rows(named=True)
    ]
    first = table.row(0, named=True)
    title = (
        f"The widest single doubt is \u201c{m.labels.input(first['input'])}\u201d: by itself it moves the gap by "
        f"{text.money(first['swing'])} between its low and its high end"
    )
    cells = tuple(
        (m.labels.input(r["input"]), text.money(r["low"]), text.money(r["high"]), text.money(r["swing"]))
        for r in table.head(LISTED).iter_rows(named=True)
    )
    left = table.height - len(cells)
    more = (
        f" {left} more inputs move it by less than {text.money(table['swing'][LISTED - 1])} each." if left > 0 else ""
    )
    shown = Table(
        f"The gap in {m.year} with one input at its ends and all others at their middle",
        ("Input", "Input low (5% point)", "Input high (95% point)", "Difference"),
        cells,
        tuple(table["badge"].head(LISTED).to_list()),
        f"With every input at its middle the gap is {text.money(found.base)}; chance is left out.{more}",
    )
    how = (
        f"Each bar is the gap with that input alone at its ends; the dashed mark is the gap with all at their middle "
        f"({text.money(found.base)}). Shapes: {text.listed([f'{s} {b}' for b, s in SHAPES.items()])}."
    )
    reach = max(abs(v) for r in rows for v in r.reach())
    picture = Rows(rows, f"Gap in {m.year}", pounds(reach), zero=False, reference=found.base)
    return Chart("tornado", title, said(title, None), how, "modelled", shown, picture)


def shares(m: Material) -> Chart | None:
    """Share of the variance of the gap that each group of inputs explains."""
    table = m.shares.filter(pl.col("share") > pl.col("noise_floor"))
    if table.is_empty():
        return None
    rows = [
        Row(
            m.labels.group(r["group"], r["label"]),
            text.percent(r["share"]),
            bars=(Bar(0.0, r["share"], BLUE), Bar(0.0, r["noise_floor"], GREY, hollow=True)),
        )
        for r in table.head(MOST).iter_rows(named=True)
    ]
    first = table.row(0, named=True)
    title = (
        f"\u201c{m.labels.group(first['group'], first['label'])}\u201d explains {text.percent(first['share'])} of "
        f"how much the "
        f"gap of {m.year} varies between draws"
    )
    left = m.shares.height - table.height
    more = f" {left} other groups explain no share that can be told from chance." if left else ""
    shown = Table(
        f"Share of the variance of the gap in {m.year}, by group of inputs",
        ("Group", "Inputs", "Share", "What chance alone would show"),
        tuple(
            (
                m.labels.group(r["group"], r["label"]),
                str(r["inputs"]),
                text.percent(r["share"]),
                text.percent(max(r["noise_floor"], 0.0)),
            )
            for r in table.iter_rows(named=True)
        ),
        note=(
            "First-order shares from the forecast's own draws. Groups that move together overlap, so shares need not "
            f"add up to 100%.{more}"
        ),
    )
    how = "Bar: share explained. Hollow grey bar: what chance alone would show with as many draws."
    return Chart("shares", title, said(title, None), how, "modelled", shown, Rows(rows, "", PERCENTS))
