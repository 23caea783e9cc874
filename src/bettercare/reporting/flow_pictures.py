"""Pictures of a simulated year: weeks as shades, shares over a scale of hours, and beds that open and close.

Each is plain data until it is drawn. A shade is never the only sign: full weeks carry a dot, and the row says its
numbers in words.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import Any

from bettercare.reporting.chart_style import BLUE, CHARACTER, GREY, INK, TYPE, WIDTH, finish

LINE = TYPE + 3
STRIP = 15
CLASSES = ((0.85, "#dce8f5", "under 85%"), (0.92, "#9cc0e4", "85 to 92%"), (0.97, "#3b7cc0", "92 to 97%"))
FULLEST = ("#0b2c56", "97% or more")
DOT = 0.995  # from here on a week counts as full
HOURS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0, 48.0)
DASHES = ([1, 0], [6, 4], [2, 2])
COLOURS = (BLUE, GREY, INK)
MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")


@dataclass(frozen=True)
class Strip:
    """One place: its name, its numbers in words, and the share taken in each week, a row a scenario (None: closed)."""

    label: str
    value: str
    weeks: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Heat:
    """A heat map: a name and its numbers on one line, the weeks of each scenario below it."""

    strips: tuple[Strip, ...]

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite of it."""
        cells: list[dict[str, Any]] = []
        dots: list[dict[str, Any]] = []
        left: list[dict[str, Any]] = []
        right: list[dict[str, Any]] = []
        top = _legend(cells, left)
        for strip in self.strips:
            top = _strip(strip, top, cells, dots, left, right)
        weeks = max(len(row) for s in self.strips for row in s.weeks)
        for k, month in enumerate(MONTHS):
            if k % 3 == 0:
                left.append({"x": k * WIDTH / 12.0, "y": top + 4, "text": month})
        dots = dots or [{"x": -99.0, "y": 0.0}]
        return _heat(cells, dots, left, right, top + LINE, WIDTH / weeks)


def _legend(cells: list[dict[str, Any]], left: list[dict[str, Any]]) -> float:
    """What the shades mean, at the top; returns where the rows begin."""
    x = 0.0
    for _, colour, label in (*CLASSES, (1.0, *FULLEST)):
        cells.append({"x": x, "x2": x + 11, "y": 3, "y2": 14, "colour": colour})
        left.append({"x": x + 15, "y": 9, "text": label})
        x += 15 + CHARACTER * len(label) + 13
    return LINE + 8.0


def _strip(
    strip: Strip,
    top: float,
    cells: list[dict[str, Any]],
    dots: list[dict[str, Any]],
    left: list[dict[str, Any]],
    right: list[dict[str, Any]],
) -> float:
    room = (WIDTH - CHARACTER * (len(strip.value) + 2)) / CHARACTER
    words = textwrap.wrap(strip.label, max(int(room), 12))
    for n, line in enumerate(words):
        left.append({"x": 0, "y": top + LINE * (n + 0.55), "text": line})
    right.append({"x": WIDTH, "y": top + LINE * (len(words) - 0.45), "text": strip.value})
    top += LINE * len(words) + 2
    for row in strip.weeks:
        wide = WIDTH / len(row)
        for k, share in enumerate(row):
            if share is None:
                continue
            colour = next((c for limit, c, _ in CLASSES if share < limit), FULLEST[0])
            cells.append({"x": k * wide, "x2": (k + 1) * wide, "y": top, "y2": top + STRIP - 1, "colour": colour})
            if share >= DOT:
                dots.append({"x": (k + 0.5) * wide, "y": top + STRIP / 2})
        top += STRIP
    return top + 9


def _heat(
    cells: list[dict[str, Any]],
    dots: list[dict[str, Any]],
    left: list[dict[str, Any]],
    right: list[dict[str, Any]],
    high: float,
    wide: float,
) -> dict[str, Any]:
    import altair as alt

    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[high, 0], range=[high, 0], nice=False))
    colour = alt.Color("colour:N", scale=None)
    layers = [
        alt.Chart(alt.Data(values=cells)).mark_rect().encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour),
        alt.Chart(alt.Data(values=dots))
        .mark_circle(size=wide * 1.3, color="white", opacity=1, clip=True)
        .encode(x=x, y=y),
    ]
    sides: tuple[tuple[Any, list[dict[str, Any]]], ...] = (("left", left), ("right", right))
    for align, data in sides:
        mark = alt.Chart(alt.Data(values=data)).mark_text(align=align, fontSize=TYPE, color=INK)
        layers.append(mark.encode(x=x, y=y, text="text:N"))
    return finish(alt.layer(*layers).properties(width=WIDTH, height=high))


@dataclass(frozen=True)
class Curve:
    """The share of people who wait longer than each of `HOURS`."""

    name: str
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Curves:
    """Panels of curves over a scale of hours that widens to the right; the first curve is solid, the next dashed, the
    third dotted. Four hours are marked. Each panel has its heading.
    """

    panels: tuple[tuple[str, tuple[Curve, ...]], ...]

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite of it."""
        import altair as alt

        return finish(alt.vconcat(*(self._panel(*panel) for panel in self.panels), spacing=16))

    def _panel(self, head: str, curves: tuple[Curve, ...]) -> Any:
        import altair as alt

        labels = "{'0.25': '\u00bc', '0.5': '\u00bd'}[datum.value] || datum.value + ''"
        axis = alt.Axis(values=list(HOURS), labelExpr=labels, grid=False, labelOverlap=False)
        x = alt.X(
            "h:Q", title="hours", scale=alt.Scale(type="log", domain=[HOURS[0], HOURS[-1]], nice=False), axis=axis
        )
        top = max(math.ceil(10.0 * max(s for c in curves for s in c.shares)) / 10.0, 0.1)
        share = alt.Axis(tickCount=4, format="%", minExtent=38)
        y = alt.Y("s:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False), axis=share)
        layers: list[Any] = [
            alt.Chart(alt.Data(values=[{"h": 4.0}])).mark_rule(color=GREY, strokeDash=[1, 2]).encode(x=x)
        ]
        for k, curve in enumerate(curves):
            data = [{"h": h, "s": s} for h, s in zip(HOURS, curve.shares, strict=True)]
            mark = alt.Chart(alt.Data(values=data)).mark_line(
                color=COLOURS[k], strokeWidth=2.5, strokeDash=DASHES[k], interpolate="monotone"
            )
            layers.append(mark.encode(x=x, y=y))
        legend = _samples([curve.name for curve in curves])
        title = alt.TitleParams(textwrap.wrap(head, 58), anchor="start", frame="bounds", fontSize=TYPE, color=INK)
        plot = alt.layer(*layers).properties(width=WIDTH - 44, height=150)
        return alt.vconcat(legend, plot, spacing=2, title=title)


def _samples(names: list[str]) -> Any:
    """A line of each kind with what it stands for."""
    import altair as alt

    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH - 44], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[LINE * len(names), 0], nice=False))
    layers = []
    for k, name in enumerate(names):
        at = LINE * (k + 0.5)
        line = alt.Chart(alt.Data(values=[{"x": 0, "x2": 34, "y": at}]))
        layers.append(
            line.mark_rule(color=COLOURS[k], strokeWidth=2.5, strokeDash=DASHES[k]).encode(x=x, x2="x2:Q", y=y)
        )
        words = alt.Chart(alt.Data(values=[{"x": 42, "y": at, "text": name}]))
        layers.append(words.mark_text(align="left", fontSize=TYPE, color=INK).encode(x=x, y=y, text="text:N"))
    return alt.layer(*layers).properties(width=WIDTH - 44, height=LINE * len(names))


@dataclass(frozen=True)
class Phase:
    """Beds of one place: taken in each week, (day, open from then on), and in words what opens or closes when."""

    head: str
    taken: tuple[float, ...]
    open: tuple[tuple[float, int], ...]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Phases:
    """Panels of beds taken (line) and open (black steps) by week; dashed lines mark openings and closures."""

    panels: tuple[Phase, ...]

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite of it."""
        import altair as alt

        return finish(alt.vconcat(*(self._panel(p) for p in self.panels), spacing=14))

    def _panel(self, p: Phase) -> Any:
        import altair as alt

        weeks = len(p.taken)
        months = "['" + "', '".join(MONTHS) + f"'][round(datum.value * 12 / {weeks})]"
        axis = alt.Axis(values=[weeks * k / 12.0 for k in range(0, 12, 3)], labelExpr=months, grid=False)
        x = alt.X("w:Q", title=None, scale=alt.Scale(domain=[0, weeks], nice=False), axis=axis)
        y = alt.Y("b:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=3, minExtent=38))
        taken = [{"w": k + 0.5, "b": v} for k, v in enumerate(p.taken)]
        steps = [{"w": day / 7.0, "b": beds} for day, beds in (*p.open, (7.0 * weeks, p.open[-1][1]))]
        marks = [{"w": day / 7.0} for day, _ in p.open[1:]]
        title = [*textwrap.wrap(p.head, 54), *p.changes]
        layers = (
            alt.Chart(alt.Data(values=marks)).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=x),
            alt.Chart(alt.Data(values=taken)).mark_line(color=BLUE, strokeWidth=2.5).encode(x=x, y=y),
            alt.Chart(alt.Data(values=steps))
            .mark_line(color=INK, strokeWidth=2, interpolate="step-after")
            .encode(x=x, y=y),
        )
        head = alt.TitleParams(title, anchor="start", frame="bounds", fontSize=TYPE, color=INK)
        return alt.layer(*layers).properties(width=WIDTH - 44, height=120, title=head)
