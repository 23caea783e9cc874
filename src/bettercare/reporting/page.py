"""What the pages share: their templates, and what the templates can do with badges, charts, tables and days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from bettercare.reporting import badges, text
from bettercare.reporting.chart_style import Chart, Table, dress
from bettercare.reporting.drawing import Drawer, svg
from bettercare.reporting.text import Sentence

if TYPE_CHECKING:
    from jinja2 import Environment

Drawn = Callable[[], str]


def read(name: str) -> str:
    """A template, a stylesheet or a script as text."""
    return (files("bettercare.reporting") / "templates" / name).read_text(encoding="utf-8")


def begun(chart: Chart, drawer: Drawer | None) -> Drawn:
    """A chart's picture, to be asked for later: `drawer` draws it meanwhile, if one was started earlier."""
    return drawer.draw(chart.picture).result if drawer else partial(svg, chart.picture)


def environment(drawn: Mapping[str, Drawn]) -> Environment:
    """Where templates are made into pages; `drawn` holds the pictures of their charts by code."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FunctionLoader(read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "badge": lambda b: Markup(badges.html(b)),
        "day": text.day,
        "sentence": lambda s: Markup(sentence(s)),
        "picture": lambda c: Markup(dress(drawn[c.code](), c.code, c.alt)),
        "is_chart": lambda b: isinstance(b, Chart),
        "is_table": lambda b: isinstance(b, Table),
    }
    return made


def sentence(s: Sentence) -> str:
    """A sentence with its badge after it."""
    return f"{s.html} {badges.html(s.badge)}".strip()
