"""Badges: whether a figure was measured, modelled or assumed, as a word with a shape, never by colour alone."""

from __future__ import annotations

from html import escape

import polars as pl

from bettercare.plan.badges import BADGES, badge_of
from bettercare.plan.plan import Plan

SHAPES = {"measured": "\u25a0", "modelled": "\u25c6", "assumed": "\u25b3"}
MEANINGS = {
    "measured": "counted or published by somebody who counted it",
    "modelled": "worked out from other numbers, here or in the source",
    "assumed": "somebody's judgement, with the reasoning written beside it",
}
STRETCHED = "from_a_source"


def plain(badge: str) -> str:
    """For the terminal: `◆ modelled`."""
    return f"{SHAPES.get(badge, '')} {badge}".strip()


def html(badge: str) -> str:
    """For a page: the word and its shape; nothing for an empty badge."""
    if not badge:
        return ""
    shape = SHAPES.get(badge, "")
    return f'<span class="badge {escape(badge)}"><span aria-hidden="true">{shape}</span>&nbsp;{escape(badge)}</span>'


def count(plan: Plan) -> pl.DataFrame:
    """How many rows of each table rest on what: table, measured, modelled, assumed, and how many of those assumed begin
    from a source (`from_a_source`). Rows that say neither are left out.
    """
    known = dict(plan.tables["evidence"].select("code", "badge").iter_rows())
    rows = []
    for name, table in plan.tables.items():
        if "evidence" not in table.columns or "assumed" not in table.columns or table.is_empty():
            continue
        counts = dict.fromkeys((*BADGES, STRETCHED), 0)
        for row in table.select("evidence", "assumed").iter_rows(named=True):
            badge = badge_of(row, known)
            if badge in BADGES:
                counts[badge] += 1
            counts[STRETCHED] += bool(row["assumed"] and row["evidence"])
        rows.append({"table": name, **counts})
    return pl.DataFrame(rows, schema={"table": pl.String, **dict.fromkeys((*BADGES, STRETCHED), pl.Int64)})


def of_table(plan: Plan, table: str) -> str:
    """The weakest badge of a table's rows: what a figure that uses all of them can claim to be."""
    for row in count(plan).filter(pl.col("table") == table).iter_rows(named=True):
        for badge in reversed(BADGES):
            if row[badge]:
                return badge
    return ""
