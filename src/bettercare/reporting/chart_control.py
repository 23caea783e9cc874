"""One control chart as a picture: the line, its mean and limits, and points whose shape says what they mean.

Nothing depends on seeing colour: each class of point has a shape, a dark outline and a name beside the chart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from bettercare.activity.control_chart import TO_JUDGE, ControlChart, Point
from bettercare.activity.control_words import VARIATION
from bettercare.reporting import text
from bettercare.reporting.chart_style import BLUE, GREY, INK, TYPE, WIDTH, Chart, Table, finish

TARGET = "#de1b1b"
MEANT = {  # class of point: its shape in altair, its colour, its name
    "common": ("circle", "#a6a6a6", "as chance would have it"),
    "improvement": ("triangle-up", "#00b0f0", "better than chance explains"),
    "concern": ("square", "#e46c0a", "worse than chance explains"),
    "neutral": ("diamond", "#490092", "changed more than chance explains"),
}
SHAPE_WORDS = {"circle": "circle", "triangle-up": "triangle", "square": "square", "diamond": "diamond"}
RULE_WORDS = {
    "": "",
    "limit": "outside the limits",
    "trend": "part of a trend",
    "two-in-three": "close to a limit, two in three",
    "run": "part of a run on one side",
}
Say = Callable[[float], str]


@dataclass(frozen=True)
class Expected:
    """What the forecast expected at a date: its mean and the 5% and 95% points."""

    when: date
    mean: float
    p5: float
    p95: float


def meaning(point: Point) -> str:
    """The class of a point: common, improvement, concern or neutral."""
    return point.kind.split("_")[0]


@dataclass(frozen=True)
class ControlPicture:
    """The picture as plain data; `labels` is a Vega expression of `datum.value` for the values' axis."""

    points: list[dict[str, Any]]
    limits: list[dict[str, Any]]
    targets: list[dict[str, Any]]
    expected: list[dict[str, Any]]
    rebases: list[dict[str, Any]]
    labels: str
    run: int = 7

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite of it."""
        import altair as alt

        def at(field: str) -> Any:
            axis = alt.Axis(labelExpr=self.labels, tickCount=5, domain=False)
            return alt.Y(f"{field}:Q", title=None, scale=alt.Scale(zero=False, nice=True), axis=axis)

        days = sorted({row["when"] for row in (*self.points, *self.expected)})
        shown = [days[round(i * (len(days) - 1) / 2)] for i in range(3)] if len(days) > 2 else days
        ticks = [alt.DateTime(year=int(d[:4]), month=int(d[5:7]), date=int(d[8:10])) for d in shown]
        axis = alt.Axis(format="%b %Y", values=ticks, grid=False, labelFlush=True, labelOverlap=False)
        x = alt.X("when:T", title=f"A run or trend is {self.run} points", axis=axis)

        def rows(values: list[dict[str, Any]]) -> Any:
            return alt.Chart(alt.Data(values=values))

        layers = []
        if self.expected:
            layers += [
                rows(self.expected).mark_area(color=BLUE, opacity=0.16).encode(x=x, y=at("p5"), y2="p95:Q"),
                rows(self.expected).mark_line(color=BLUE, strokeWidth=2, strokeDash=[2, 3]).encode(x=x, y=at("mean")),
            ]
        lines = rows(self.limits).encode(x=x, detail="segment:N")
        layers += [
            rows(self.rebases).mark_rule(color=INK, strokeWidth=1.5, strokeDash=[1, 3]).encode(x=x),
            lines.mark_line(color=GREY, strokeWidth=1.5, strokeDash=[5, 4]).encode(y=at("upl")),
            lines.mark_line(color=GREY, strokeWidth=1.5, strokeDash=[5, 4]).encode(y=at("lpl")),
            lines.mark_line(color=INK, strokeWidth=1.2).encode(y=at("mean")),
            rows(self.targets).mark_line(color=TARGET, strokeWidth=2, strokeDash=[9, 3, 2, 3], interpolate="step-after")
            .encode(x=x, y=at("target")),
            rows(self.points).mark_line(color=GREY, strokeWidth=1.5).encode(x=x, y=at("value"), detail="piece:N"),
        ]  # fmt: skip
        for name, (shape, colour, _) in MEANT.items():
            mine = [p for p in self.points if p["meaning"] == name]
            mark = rows(mine).mark_point(
                shape=shape, fill=colour, stroke=INK, strokeWidth=1.2, opacity=1, size=45 if name == "common" else 95
            )
            layers.append(mark.encode(x=x, y=at("value")))
        layers += [
            rows(self._ends()).mark_text(align="left", dx=9, fontSize=TYPE - 1, color=INK)
            .encode(x=x, y=at("value"), text="label:N")
        ]  # fmt: skip
        return finish(alt.layer(*layers).properties(width=WIDTH - 130, height=210))

    def _ends(self) -> list[dict[str, Any]]:
        """The names of the lines at their right ends, moved apart where they would overlap.

        None goes above the highest number that is drawn: the axis would follow it, that of a percentage beyond 100.
        """
        ends = [
            {"label": label, "value": row[-1][key], "when": row[-1]["when"]}
            for label, row, key in (
                ("upper limit", self.limits, "upl"),
                ("mean", self.limits, "mean"),
                ("lower limit", self.limits, "lpl"),
                ("target", self.targets, "target"),
                ("forecast", self.expected, "mean"),
            )
            if row and row[-1][key] is not None
        ]
        last = max((e["when"] for e in ends), default="")
        numbers = [
            v
            for row, keys in (
                (self.points, ["value"]),
                (self.limits, ["upl", "lpl", "mean"]),
                (self.targets, ["target"]),
                (self.expected, ["p5", "p95"]),
            )
            for r in row
            for v in (r[k] for k in keys)
            if v is not None
        ]
        room = (max(numbers) - min(numbers)) * 1.1 * (TYPE + 1) / 210 if numbers else 0.0
        ends.sort(key=lambda e: e["value"])
        for below, above in pairwise(ends):
            above["value"] = max(above["value"], below["value"] + room)
        top = max(numbers, default=0.0)
        for end in reversed(ends):
            end["value"] = min(end["value"], top)
            top = end["value"] - room
        return [{**e, "when": last} for e in ends]


def control_chart(
    code: str,
    name: str,
    chart: ControlChart,
    *,
    say: Say = text.number,
    labels: str = "format(datum.value, ',')",
    expected: Sequence[Expected] = (),
    badge: str = "measured",
    source: str = "",
) -> Chart:
    """The chart of one indicator. `say` writes a value as people read it; `expected` is the forecast's own path."""
    title = f"{name}: {text.first_upper(finding(chart))}"
    return Chart(
        code, title, _alt(title, chart, say), _how(chart, expected), badge, _table(name, chart, say, expected),
        _picture(chart, expected, labels), source,
    )  # fmt: skip


def finding(chart: ControlChart) -> str:
    """What the chart shows, as a clause: `getting better, lower than chance explains; it will meet the target ...`."""
    if not chart.enough:
        return f"too early to judge, with fewer than {TO_JUDGE} points"
    if "variation" in chart.unsure:
        return "no verdict, as rounding of the counts could explain the change"
    words = VARIATION[chart.variation].replace(": ", ", ", 1)
    if chart.variation == "common_cause":
        words = words.split(",")[0]
    said = {
        "pass": "; it will meet the target if nothing changes",
        "fail": "; it will miss the target unless something changes",
        "hit_or_miss": "; whether it meets the target is chance",
    }
    return words[:1].lower() + words[1:] + said.get(chart.assurance, "")


def day(chart: ControlChart, when: date) -> str:
    """A date of the chart: `June 2015` where all of them are months, otherwise the day."""
    months = all(p.when.day == 1 for p in chart.points)
    return f"{when:%B %Y}" if months else text.day(when)


def _iso(when: date) -> str:
    return f"{when:%Y-%m-%d}T00:00:00"


def _picture(chart: ControlChart, expected: Sequence[Expected], labels: str) -> ControlPicture:
    points, piece = [], 0
    for p in chart.points:
        if p.value is None:
            piece += 1
            continue
        points.append({"when": _iso(p.when), "value": p.value, "meaning": meaning(p), "piece": f"{p.segment}-{piece}"})
    limits = [
        {"when": _iso(chart.points[i].when), "segment": n, "mean": s.mean, "upl": s.upl, "lpl": s.lpl}
        for n, s in enumerate(chart.segments)
        for i in sorted({s.first, s.last})
    ]
    known = ((p.when, chart.target_at(p.when)) for p in chart.points)
    targets = [{"when": _iso(when), "target": value} for when, value in known if value is not None]
    path = [{"when": _iso(e.when), "mean": e.mean, "p5": e.p5, "p95": e.p95} for e in expected]
    rebases = [{"when": _iso(chart.points[s.first].when)} for s in chart.segments[1:]]
    return ControlPicture(points, limits, targets, path, rebases, labels, chart.run)


def _alt(title: str, chart: ControlChart, say: Say) -> str:
    s = chart.segments[-1]
    there = [p for p in chart.points if p.value is not None]
    marked = [p for p in there if p.rule]
    limits = "no limits" if s.upl is None or s.lpl is None else f"limits {say(s.lpl)} to {say(s.upl)}"
    last = f"The last of {text.counted(len(there), 'value')} is {say(there[-1].value or 0.0)}"
    return (
        f"{text.ended(title)} {last} ({day(chart, there[-1].when)}); mean {say(s.mean)}, {limits}. "
        f"{text.counted(len(marked), 'point is', 'points are') if marked else 'No point is'} marked as unusual. "
        "The table beside the chart has every value."
    )


def _how(chart: ControlChart, expected: Sequence[Expected]) -> str:
    used = [k for k in MEANT if any(meaning(p) == k for p in chart.points if p.value is not None)]
    shapes = "; ".join(f"{SHAPE_WORDS[MEANT[k][0]]}: {MEANT[k][2]}" for k in used)
    said = [
        (
            f"{text.first_upper(shapes)}. Solid level line: mean; dashed lines: limits, between which chance alone "
            f"keeps nearly all points. A run or trend is {chart.run} points."
        )
    ]
    if not chart.screened:
        said.append("Unusually large steps were kept when the limits were set.")
    if chart.targets:
        said.append("Dash-and-dot line: target.")
    if expected:
        said.append("Dotted line and band: the forecast (modelled), with its 5% and 95% points.")
    for r in chart.rebases:
        said.append(f"Limits drawn afresh from {r.on} by {r.by}: {text.ended(r.reason)}")
    return " ".join([*said, *chart.warnings, *([chart.suggestion] if chart.suggestion else [])])


def _table(name: str, chart: ControlChart, say: Say, expected: Sequence[Expected]) -> Table:
    ahead = {e.when: e for e in expected}
    rows = []
    for p in chart.points:
        s = chart.segments[p.segment]
        target = chart.target_at(p.when)
        e = ahead.pop(p.when, None)
        rows.append(
            (
                day(chart, p.when),
                "missing or hidden" if p.value is None else say(p.value),
                say(s.mean),
                "" if s.upl is None or s.lpl is None else text.span(say(s.lpl), say(s.upl)),
                "" if target is None else say(target),
                "" if not p.rule else f"{MEANT[meaning(p)][2]} ({RULE_WORDS[p.rule]})",
                "" if e is None else f"{say(e.mean)} ({text.span(say(e.p5), say(e.p95))})",
            )
        )
    for when, e in sorted(ahead.items()):
        rows.append((day(chart, when), "", "", "", "", "", f"{say(e.mean)} ({text.span(say(e.p5), say(e.p95))})"))
    heads = ("Date", "Value", "Mean", "Limits", "Target", "What it means", "Forecast (90% range)")
    kept = [i for i in range(len(heads)) if i in (0, 1, 2, 3) or any(r[i] for r in rows)]
    return Table(name, tuple(heads[i] for i in kept), tuple(tuple(r[i] for i in kept) for r in rows))
