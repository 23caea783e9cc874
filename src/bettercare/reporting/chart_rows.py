"""Charts of rows: a label and its value in words on one line, the marks on a track below it.

This form survives a narrow screen: no label is cut, none lies beside the marks, and the value can be read without an
axis.
"""

from __future__ import annotations

import copy
import textwrap
from dataclasses import dataclass
from functools import cache
from typing import Any

from bettercare.reporting.chart_style import BLUE, CHARACTER, GREY, INK, TYPE, WIDTH, finish

WEIGHTS: tuple[Any, ...] = ("normal", "bold")
LINE = TYPE + 3
TRACK = 16
GAP = 9


@dataclass(frozen=True)
class Bar:
    """A bar from one value to another; hollow bars have an outline only."""

    start: float
    end: float
    colour: str = BLUE
    hollow: bool = False


@dataclass(frozen=True)
class Point:
    """A point: circle, square, diamond, triangle-up or cross."""

    at: float
    shape: str = "circle"
    colour: str = BLUE
    hollow: bool = False


@dataclass(frozen=True)
class Row:
    """One row: its words and its marks. `low` and `high` draw a range with end caps."""

    label: str
    value: str
    low: float | None = None
    high: float | None = None
    bars: tuple[Bar, ...] = ()
    points: tuple[Point, ...] = ()
    strong: bool = False
    heading: bool = False

    def reach(self) -> list[float]:
        """Every value that must lie inside the scale."""
        ends = [v for v in (self.low, self.high) if v is not None]
        bars = [v for bar in self.bars for v in (bar.start, bar.end)]
        return [*ends, *bars, *(p.at for p in self.points)]


@dataclass(frozen=True)
class Rows:
    """A picture of rows. `labels` is a Vega expression of `datum.value` for the axis; `axis` its title.

    `zero` puts nought on the scale and marks it on every track; `reference` marks another value (dashed).
    """

    rows: list[Row]
    axis: str
    labels: str
    zero: bool = True
    reference: float | None = None

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite of it."""
        texts: list[dict[str, Any]] = []
        marks: dict[str, list[dict[str, Any]]] = {k: [] for k in ("tick", "bar", "hollow", "range", "cap", "point")}
        top = 0.0
        for row in self.rows:
            top = _place(row, top, texts, marks, self.zero, self.reference)
        for side in ("left", "right"):
            for weight in WEIGHTS:
                marks[f"{side}-{weight}"] = [t for t in texts if t["side"] == side and t["weight"] == weight]
        spec = copy.deepcopy(_template())
        spec["height"] = top
        spec.pop("datasets", None)
        spec["layer"] = [layer for layer in spec["layer"] if marks[layer["name"]]]
        for layer in spec["layer"]:
            layer["data"] = {"values": marks[layer.pop("name")]}
            encoding = layer["encoding"]
            encoding["y"]["scale"] |= {"domain": [top, 0], "range": [top, 0]}
            if "field" in encoding["x"]:
                encoding["x"]["scale"] |= {"domain": list(_domain(self.rows, self.zero, self.reference))}
                encoding["x"]["axis"] |= {"labelExpr": self.labels}
                encoding["x"]["title"] = self.axis or None
        return spec


@cache
def _template() -> dict[str, Any]:
    """The Vega-Lite of a chart of rows without its data: altair takes long enough that it is asked only once."""
    import altair as alt

    x = alt.X(
        "x:Q",
        title="",
        scale=alt.Scale(nice=False, zero=False),
        axis=alt.Axis(grid=False, tickCount=4, labelOverlap=True),
    )
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(nice=False))
    colour = alt.Color("colour:N", scale=None)
    stroke = alt.Stroke("colour:N", scale=None)
    layers = {
        "tick": alt.Chart()
        .mark_rule()
        .encode(x=x, y=y, y2="y2:Q", color=colour, strokeDash=alt.StrokeDash("dash:N", scale=None)),
        "bar": alt.Chart().mark_rect().encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour),
        "hollow": alt.Chart()
        .mark_rect(fill="white", strokeWidth=2)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", stroke=stroke),
        "range": alt.Chart().mark_rule(strokeWidth=2.5, color=INK).encode(x=x, x2="x2:Q", y=y),
        "cap": alt.Chart().mark_rule(strokeWidth=2, color=INK).encode(x=x, y=y, y2="y2:Q"),
        "point": alt.Chart()
        .mark_point(size=90, strokeWidth=2, opacity=1)
        .encode(x=x, y=y, shape=alt.Shape("shape:N", scale=None), fill=alt.Fill("fill:N", scale=None), stroke=stroke),
    }
    sides: tuple[tuple[Any, int], ...] = (("left", 0), ("right", WIDTH))
    for side, at in sides:
        for weight in WEIGHTS:
            mark = alt.Chart().mark_text(align=side, fontWeight=weight, fontSize=TYPE, color=INK)
            layers[f"{side}-{weight}"] = mark.encode(x=alt.value(at), y=y, text="text:N")
    named = [layer.properties(name=name) for name, layer in layers.items()]
    return finish(alt.layer(*named).properties(width=WIDTH))


def _place(
    row: Row,
    top: float,
    texts: list[dict[str, Any]],
    marks: dict[str, list[dict[str, Any]]],
    zero: bool,
    reference: float | None,
) -> float:
    """Put one row below `top`; returns where the next begins."""
    room = WIDTH - CHARACTER * (len(row.value) + 2) - 4
    lines = textwrap.wrap(row.label, max(int(room / (CHARACTER * (1.06 if row.strong else 1.0))), 12)) or [""]
    weight = "bold" if row.strong or row.heading else "normal"
    top += GAP if row.heading else 0
    for n, line in enumerate(lines):
        texts.append({"y": top + LINE * (n + 0.6), "text": line, "side": "left", "weight": weight})
    if row.value:
        texts.append({"y": top + LINE * (len(lines) - 0.4), "text": row.value, "side": "right", "weight": weight})
    top += LINE * len(lines) + 1
    if row.heading:
        return top + 2
    middle, end = top + TRACK / 2, top + TRACK
    if zero:
        marks["tick"].append({"x": 0.0, "y": top + 1, "y2": end + 1, "colour": GREY, "dash": [1, 0]})
    if reference is not None:
        marks["tick"].append({"x": reference, "y": top, "y2": end + 1, "colour": GREY, "dash": [3, 2]})
    for bar in row.bars:
        kind = "hollow" if bar.hollow else "bar"
        box = {"x": min(bar.start, bar.end), "x2": max(bar.start, bar.end), "y": top + 2, "y2": end - 2}
        marks[kind].append({**box, "colour": bar.colour})
    if row.low is not None and row.high is not None:
        marks["range"].append({"x": row.low, "x2": row.high, "y": middle})
        marks["cap"] += [{"x": v, "y": middle - 4.5, "y2": middle + 4.5} for v in (row.low, row.high)]
    for p in row.points:
        fill = "white" if p.hollow else p.colour
        marks["point"].append({"x": p.at, "y": middle, "shape": p.shape, "colour": p.colour, "fill": fill})
    return end + GAP


def _domain(rows: list[Row], zero: bool, reference: float | None) -> tuple[float, float]:
    reach = [v for row in rows for v in row.reach()]
    reach += [0.0] if zero or not reach else []
    reach += [] if reference is None else [reference]
    low, high = min(reach), max(reach)
    room = 0.03 * (high - low) or 1.0
    return low - (room if low != 0.0 or not zero else 0.3 * room), high + room


def sums(value: str) -> str:
    """Vega expression for an axis in millions of pounds, from pounds."""
    return (
        "datum.value == 0 ? '£0' : "
        f"(datum.value < 0 ? '\u2212' : '') + '£' + format(abs(datum.value) / 1e6, '{value}') + 'm'"
    )


def pounds(largest: float) -> str:
    """The expression for an axis of pounds that reaches `largest`: tenths of millions where the numbers are small."""
    return sums(".1f" if largest < 4e6 else ",.0f")


COUNTS = "replace(format(datum.value, ',.0f'), '-', '\u2212')"
PERCENTS = "replace(format(100 * datum.value, '.0f'), '-', '\u2212') + '%'"
