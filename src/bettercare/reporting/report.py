"""The report: one HTML file that needs no network and no scripts, for a phone, a screen and paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from bettercare.reporting import badges, page
from bettercare.reporting.answer import answer
from bettercare.reporting.chapters import Chapter, chapters, charts_of
from bettercare.reporting.chart_style import Chart
from bettercare.reporting.charts import each_chart
from bettercare.reporting.drawing import Drawer
from bettercare.reporting.material import Material

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
    """What made the report: for its last chapter and for run.toml. `evidence` names the observations learnt from."""

    version: str
    seconds: float
    finished: datetime
    evidence: tuple[str, ...] = ()


def render(m: Material, run: Run, drawer: Drawer | None = None, more: Sequence[Chapter] = ()) -> str:
    """The whole page as text; `drawer` draws the charts while the rest is made, if one was started earlier.

    `more` are chapters from elsewhere, which stand after the forecast's own.
    """
    from markupsafe import Markup

    charts: dict[str, Chart] = {}
    drawn: dict[str, page.Drawn] = {}
    for chart in chain(each_chart(m), charts_of(more)):  # one is drawn while the next is made
        charts[chart.code] = chart
        drawn[chart.code] = page.begun(chart, drawer)
    found: list[Chapter] = [*chapters(m, charts), *more]
    return (
        page.environment(drawn)
        .get_template("report.html.j2")
        .render(
            m=m,
            s=m.plan.settings,
            run=run,
            items=answer(m),
            chapters=found,
            known={c.code: c.title for c in found},
            words=WORDS,
            meanings=badges.MEANINGS,
            css=Markup(page.read("report.css")),
        )
    )
