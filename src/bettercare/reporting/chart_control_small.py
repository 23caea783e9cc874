"""Control charts for a row of a list: a small picture and two icons, as plain SVG that costs no drawing engine.

A row of fifty indicators by twelve partners has hundreds of them; each is about 3 kB and takes well under a
millisecond. The icons are our own: a shape and a word, so that neither colour nor training is needed.
"""

from __future__ import annotations

import math
from html import escape

from bettercare.activity.control_chart import ControlChart
from bettercare.reporting.chart_control import MEANT, TARGET, meaning
from bettercare.reporting.chart_style import FONT, GREY, INK

EDGE = 6.0
SHAPES = {  # drawn about nought
    "circle": '<circle r="2.1"/>',
    "triangle-up": '<path d="M0-4.4 4.1 3H-4.1Z"/>',
    "square": '<path d="M-3.2-3.2H3.2V3.2H-3.2Z"/>',
    "diamond": '<path d="M0-4.6 4.6 0 0 4.6-4.6 0Z"/>',
}
VARIATION_SHORT = {
    "common_cause": "No clear change",
    "improvement_high": "Better: higher",
    "improvement_low": "Better: lower",
    "concern_high": "Worse: higher",
    "concern_low": "Worse: lower",
    "neutral_high": "Changed: higher",
    "neutral_low": "Changed: lower",
}
ASSURANCE_SHORT = {
    "": "No target",
    "pass": "Meets target",
    "fail": "Misses target",
    "hit_or_miss": "Hit or miss",
}
WAVE = '<path d="M4 12.5q2.7-7 5.3-1.5t5.4 1 5.3-4" fill="none"/>'
MARKS = {  # the sign inside the ring of an icon of 24 by 24
    "common_cause": WAVE,
    "high": '<path d="M5 17 10 12 13 14 18.5 6.5M13.5 6.5H18.5V11.5" fill="none"/>',
    "low": '<path d="M5 7 10 12 13 10 18.5 17.5M13.5 17.5H18.5V12.5" fill="none"/>',
    "pass": '<path d="M6.5 12.5 10.5 16.5 17.5 8" fill="none"/>',
    "fail": '<path d="M7.5 7.5 16.5 16.5M16.5 7.5 7.5 16.5" fill="none"/>',
    "hit_or_miss": '<path d="M8.3 9.2a3.7 3.7 0 1 1 5.4 3.3q-1.7 1-1.7 2.6M12 17.6V18.4" fill="none"/>',
    "": '<path d="M7 12H17" fill="none"/>',
}
RINGS = {  # outlines differ by class too: round, pointed up, square, diamond
    "common": '<circle cx="12" cy="12" r="10.6"/>',
    "improvement": '<path d="M12 .8 23.2 9 20 22.6H4L.8 9Z"/>',
    "concern": '<path d="M1.4 1.4H22.6V22.6H1.4Z"/>',
    "neutral": '<path d="M7 1.2H17L22.8 12 17 22.8H7L1.2 12Z"/>',
}
FILLS = {"common": "#ffffff", "improvement": "#cfeffc", "concern": "#fbdcc3", "neutral": "#e8dcf2"}


def small_chart(chart: ControlChart, name: str, *, width: int = 220, height: int = 60) -> str:
    """The line, its mean and limits, the target, and the marked points; `name` says what it is of."""
    there = [(i, p) for i, p in enumerate(chart.points) if p.value is not None]
    lines = [v for s in chart.segments for v in (s.mean, s.upl, s.lpl) if v is not None]
    aims = [(i, v) for i, p in enumerate(chart.points) if (v := chart.target_at(p.when)) is not None]
    numbers = [*lines, *(p.value for _, p in there if p.value is not None), *(v for _, v in aims)]
    low, high = min(numbers), max(numbers)
    if high == low:
        low, high = low - 1.0, high + 1.0
    step = (width - 2 * EDGE) / max(len(chart.points) - 1, 1)

    def x(i: float) -> float:
        return round(EDGE + i * step, 1)

    def y(value: float) -> float:
        return round(height - EDGE - (value - low) / (high - low) * (height - 2 * EDGE), 1)

    drawn = []
    for n, s in enumerate(chart.segments):
        for value, dash in ((s.mean, ""), (s.upl, ' stroke-dasharray="4 3"'), (s.lpl, ' stroke-dasharray="4 3"')):
            if value is not None:
                drawn.append(f'<path d="M{x(s.first)} {y(value)}H{x(s.last)}" stroke="{GREY}"{dash}/>')
        if n:
            drawn.append(f'<path d="M{x(s.first - 0.5)} 0V{height}" stroke="{INK}" stroke-dasharray="1 3"/>')
    if aims:
        path = f"M{x(aims[0][0])} {y(aims[0][1])}" + "".join(f"H{x(i)}V{y(v)}" for i, v in aims[1:])
        drawn.append(f'<path d="{path}" stroke="{TARGET}" stroke-width="1.5" stroke-dasharray="8 2 2 2"/>')
    path, before = "", -2
    for i, p in there:
        joined = i == before + 1 and chart.points[before].segment == p.segment
        path += f"{'L' if joined else 'M'}{x(i)} {y(p.value or 0.0)}{'' if joined else 'h0'}"  # alone, it is a dot
        before = i
    drawn.append(f'<path d="{path}" stroke="{INK}" stroke-width="1.2" stroke-linecap="round"/>')
    last = there[-1][0]
    for i, p in there:
        if p.rule or i == last:
            shape, colour, _ = MEANT[meaning(p)]
            drawn.append(
                f'<g transform="translate({x(i)} {y(p.value or 0.0)})" fill="{colour}" stroke="{INK}">'
                f"{SHAPES[shape]}</g>"
            )
    label = f"{name}: {chart.variation_words}" + (f". {chart.assurance_words}" if chart.assurance else "")
    return _svg(label, width, height, f'<g fill="none">{"".join(drawn)}</g>', "control-small")


def variation_icon(chart: ControlChart) -> str:
    """Whether it changes by more than chance, as a sign with its words."""
    which = chart.variation
    mark = which if which == "common_cause" else which.rsplit("_", 1)[1]
    return _icon(which.split("_")[0], mark, VARIATION_SHORT[which], chart.variation_words)


def assurance_icon(chart: ControlChart) -> str:
    """What to expect of the target, as a sign with its words."""
    group = {"pass": "improvement", "fail": "concern", "hit_or_miss": "common", "": "common"}[chart.assurance]
    words = chart.assurance_words or "There is no target, or neither way is better"
    return _icon(group, chart.assurance, ASSURANCE_SHORT[chart.assurance], words)


def _icon(group: str, mark: str, short: str, words: str) -> str:
    ring = f'<g fill="{FILLS[group]}" stroke="{INK}" stroke-width="1.4">{RINGS[group]}</g>'
    sign = f'<g stroke="{INK}" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">{MARKS[mark]}</g>'
    label = f'<text x="30" y="16.5" font-family="{FONT}" font-size="13" fill="{INK}">{escape(short)}</text>'
    room = 30 + math.ceil(8.5 * len(short))  # for the widest letters that a reader's machine may draw
    return _svg(words, room, 24, ring + sign + label, "control-icon")


def _svg(label: str, width: int, height: int, body: str, kind: str) -> str:
    """Inline SVG with a name; it has no identifiers, so any number of them fit on a page."""
    return (
        f'<svg class="{kind}" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label, quote=True)}">{body}</svg>'
    )
