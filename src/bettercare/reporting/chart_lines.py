"""Small panels of lines over the years: a middle line in its band, a dashed line beside it, perhaps steps.

altair describes one panel; each further panel is a copy of that description with its own numbers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

from bettercare.reporting.chart_style import BLUE, GREY, INK, TYPE, finish


@dataclass(frozen=True)
class Panel:
    """One panel. Each point has year (its place), mean, low, high, dashed, and perhaps zero and open."""

    head: list[str]
    points: list[dict[str, float]]


@dataclass(frozen=True)
class Panels:
    """A picture of panels of one size. `labels` is the Vega expression of the values' axis.

    `domain` is the scale that all share; without it each panel has its own, which does not begin at nought. `ticks` are
    the places of the years that are labelled; `without` names layers to leave out;
    `extent` is the room that every values' axis takes, so that panels above each other align.
    """

    panels: list[Panel]
    size: tuple[float, float]
    years: tuple[str, ...]
    ticks: list[int]
    labels: str
    domain: tuple[float, float] | None = None
    columns: int = 1
    without: tuple[str, ...] = ()
    extent: int = 0

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite of it."""
        template = _template()
        shared = {k: v for k, v in template.items() if k not in ("layer", "data", "datasets")}
        kept = [layer for layer in template["layer"] if layer["name"] not in self.without]
        concat = [self._panel(panel, copy.deepcopy(kept)) for panel in self.panels]
        return {**shared, "concat": concat, "columns": self.columns, "spacing": {"row": 14, "column": 8}}

    def _panel(self, panel: Panel, layers: list[dict[str, Any]]) -> dict[str, Any]:
        names = ", ".join(f"'{year}'" for year in self.years)
        for layer in layers:
            encoding = layer["encoding"]
            encoding["x"]["axis"] |= {"values": self.ticks, "labelExpr": f"[{names}][datum.value]"}
            encoding["y"]["axis"] |= {"labelExpr": self.labels, "minExtent": self.extent}
            if self.domain:
                encoding["y"]["scale"] = {"domain": list(self.domain), "nice": True, "zero": False}
            del layer["name"], layer["data"]  # the panel has the numbers
        title = {"text": panel.head, "anchor": "start", "frame": "bounds", "fontSize": TYPE, "color": INK, "offset": 5}
        box = {"width": self.size[0], "height": self.size[1], "title": title}
        return {"data": {"values": panel.points}, "layer": layers, **box}


@cache
def _template() -> dict[str, Any]:
    import altair as alt

    axis = alt.Axis(grid=False, labelOverlap=False, values=[0], labelExpr="")
    x = alt.X("year:Q", title=None, axis=axis)

    def y(field: str) -> Any:
        return alt.Y(f"{field}:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4))

    chart = alt.Chart()
    layers = {
        "band": chart.mark_area(opacity=0.25, color=BLUE).encode(x=x, y=y("low"), y2="high:Q"),
        "low": chart.mark_line(color=BLUE, strokeWidth=0.8).encode(x=x, y=y("low")),
        "high": chart.mark_line(color=BLUE, strokeWidth=0.8).encode(x=x, y=y("high")),
        "dashed": chart.mark_line(color=GREY, strokeWidth=2, strokeDash=[4, 3]).encode(x=x, y=y("dashed")),
        "zero": chart.mark_line(color=INK, strokeWidth=1).encode(x=x, y=y("zero")),
        "line": chart.mark_line(color=BLUE, strokeWidth=2.5).encode(x=x, y=y("mean")),
        "steps": chart.mark_line(color=INK, strokeWidth=2, interpolate="step-after").encode(x=x, y=y("open")),
        "squares": chart.mark_point(color=INK, shape="square", filled=True, size=60, opacity=1).encode(
            x=x, y=y("open")
        ),
    }
    return finish(alt.layer(*(layer.properties(name=name) for name, layer in layers.items())))
