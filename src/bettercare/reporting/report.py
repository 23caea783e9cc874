"""The report: one HTML file that needs no network and no scripts, for a phone, a screen and paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.resources import files

from bettercare.reporting import badges
from bettercare.reporting.answer import Item, answer
from bettercare.reporting.chapters import Chapter, chapters
from bettercare.reporting.chart_style import Chart, Table, dress
from bettercare.reporting.charts import each_chart
from bettercare.reporting.drawing import Drawer, svg
from bettercare.reporting.material import Material
from bettercare.reporting.text import Sentence

WORDS = (
    ("Draw", "one possible future, with every uncertain number drawn by chance."),
    ("90% range", "the span in which nine draws in ten lie, given the plan's assumptions."),
    ("Gap", "yearly cost less yearly income. A council must balance, so its gap is called unfunded pressure."),
    ("Recurrent", "comes again every year."),
    ("Do nothing", "the scenario in which no initiative happens; everything else carries on."),
    ("Initiative", "something that the partners plan to do. Its effect on activity is its lever."),
    ("Setting", "a kind of place where care is given, such as a hospital or home."),
    ("CCG", "clinical commissioning group: until 2022 the body that bought most hospital and community care."),
    ("KH03", "the NHS's quarterly count of beds that are open, and of those occupied, overnight."),
    ("Whole-time equivalent", "staff counted as full-time posts."),
)


@dataclass(frozen=True)
class Run:
    """What made the report: for its last chapter and for run.toml."""

    version: str
    seconds: float
    finished: datetime


def render(m: Material, run: Run, drawer: Drawer | None = None, more: Sequence[Chapter] = ()) -> str:
    """The whole page as text; `drawer` draws the charts while the rest is made, if one was started earlier.

    `more` are chapters from elsewhere, which stand after the forecast's own.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    here = files("bettercare.reporting") / "templates"
    charts: dict[str, Chart] = {}
    drawn: dict[str, Callable[[], str]] = {}
    for chart in [*each_chart(m), *(b for c in more for b in c.blocks if isinstance(b, Chart))]:
        charts[chart.code] = chart
        drawn[chart.code] = drawer.draw(chart.picture).result if drawer else partial(svg, chart.picture)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "badge": lambda b: Markup(badges.html(b)),
        "sentence": lambda s: Markup(sentence(s)),
        "picture": lambda c: Markup(dress(drawn[c.code](), c.code, c.alt)),
        "is_chart": lambda b: isinstance(b, Chart),
        "is_table": lambda b: isinstance(b, Table),
    }
    template = environment.from_string((here / "report.html.j2").read_text(encoding="utf-8"))
    items: list[Item] = answer(m)
    found: list[Chapter] = [*chapters(m, charts), *more]
    known = {c.code: c.title for c in found}
    return template.render(
        m=m,
        s=m.plan.settings,
        run=run,
        items=items,
        chapters=found,
        known=known,
        words=WORDS,
        meanings=badges.MEANINGS,
        css=Markup((here / "report.css").read_text(encoding="utf-8")),
    )


def sentence(s: Sentence) -> str:
    """A sentence with its badge after it."""
    return f"{s.html} {badges.html(s.badge)}".strip()
