"""How charts look, and how they become SVG: one width that fits a phone, type as large as the page's own.

Every mark is dark enough on white (3 to 1 or more, WCAG 2.2, 1.4.11) and can be told from its neighbours by shape,
dash or a label beside it, so that nothing depends on seeing colour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol

WIDTH = 400  # px in the drawing; the page scales it between a phone (about 340) and a wide column (about 540)
TYPE = 13  # px in the drawing, so 11 on a phone and 17 on a screen
CHARACTER = 6.6  # mean width of a character of that size
FONT = "Arial, Helvetica, sans-serif"
MEASURED = "Liberation Sans"  # has Arial's widths and is known to the drawing engine everywhere; replaced by FONT

INK = "#212b32"
BLUE = "#005eb8"
ORANGE = "#b35900"
GREY = "#4c6272"

CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "white",
    "font": MEASURED,
    "lineBreak": "\n",
    "view": {"stroke": None},
    "title": {"limit": 0},  # nothing is cut, so no text is measured to see whether it must be
    "axis": {
        "labelFontSize": TYPE, "titleFontSize": TYPE, "titleFontWeight": "normal", "labelColor": INK,
        "titleColor": INK, "domainColor": GREY, "tickColor": GREY, "gridColor": "#e4e8ea", "labelFlush": True,
        "labelLimit": 0, "titleLimit": 0,
    },
    "axisY": {"labelFlush": False},  # a value stands beside its line, or a chart misleads
    "header": {"labelFontSize": TYPE, "labelColor": INK, "labelAnchor": "start", "labelFontWeight": "bold"},
    "text": {"fontSize": TYPE, "color": INK},
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Rows that stand beside a chart or by themselves. A cell is text; `badges` has a badge a row (or nothing)."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    badges: tuple[str, ...] = ()
    note: str = ""
    kind: str = ""  # a class of the style sheet

    def __post_init__(self) -> None:
        if any(len(row) != len(self.headers) for row in self.rows) or (
            self.badges and len(self.badges) != len(self.rows)
        ):
            raise ValueError(f"the rows of the table {self.caption!r} do not fit its headers")


class Picture(Protocol):
    """What a picture shows, as plain data that can be sent to another process."""

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite of it. Only who draws asks for this: it loads altair."""
        ...


@dataclass(frozen=True)
class Chart:
    """A picture with what everybody needs beside it."""

    code: str
    title: str
    alt: str
    how: str
    badge: str
    table: Table
    picture: Picture = field(repr=False)
    source: str = ""


def finish(chart: Any) -> dict[str, Any]:
    """The Vega-Lite of an altair chart, in this style."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    own = spec.pop("config", {})
    spec["config"] = {**CONFIG, **{k: v for k, v in own.items() if k not in ("view", *CONFIG)}}
    # A reader without Arial sees wider letters: words on the axis need room to grow into.
    spec["padding"] = {"left": 12, "right": 16, "top": 4, "bottom": 4}
    return spec


def dress(svg: str, code: str, alt: str) -> str:
    """A drawing as SVG for a page: it scales, has a name, and shares no identifier with another picture."""
    head = re.match(r"<svg\b[^>]*>", svg)
    assert head is not None
    box = re.search(r'viewBox="([^"]+)"', head[0])
    size = re.search(r'width="([\d.]+)"[^>]*height="([\d.]+)"', head[0])
    view = box[1] if box else f"0 0 {size[1]} {size[2]}" if size else "0 0 400 300"
    body = svg[head.end() :]
    body = re.sub(r'\bid="([^"]+)"', rf'id="{code}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{code}-\1)", body)
    body = re.sub(r'font-family="[^"]*"', f'font-family="{FONT}"', body)
    name = f"{code}-name"
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="{view}" role="img" '
        f'aria-labelledby="{name}"><title id="{name}">{escape(alt)}</title>{body}'
    )
