"""The chapter on patient flow, for the report, and the same as a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from bettercare.reporting import badges, chart_flow, chart_flow_blocks, flow_answer, page, text
from bettercare.reporting.chapters import Block, Chapter, charts_of
from bettercare.reporting.chart_style import Table
from bettercare.reporting.drawing import Drawer
from bettercare.reporting.flow_material import FlowMaterial, Line, Spread
from bettercare.reporting.text import Sentence

if TYPE_CHECKING:
    from bettercare.appraisal.patient_flow import PatientFlow
    from bettercare.appraisal.search import Bought, Cheapest
    from bettercare.reporting.report import Run

CODE = "patient-flow"
LONG_NAMES = {"counted-NHS": "of these, counted as NHS", "counted-social care": "of these, counted as social care"}


def chapter(flow: PatientFlow, bought: Sequence[Bought] | None = None, cheapest: Cheapest | None = None) -> Chapter:
    """All of it as one chapter of the report."""
    parts = sections(FlowMaterial(flow), bought, cheapest)
    return Chapter(CODE, flow_answer.QUESTION, tuple(b for part in parts for b in part.blocks))


def sections(
    m: FlowMaterial, bought: Sequence[Bought] | None = None, cheapest: Cheapest | None = None
) -> list[Chapter]:
    """The parts of the chapter, as chapters of a page; those with nothing in them are left out."""
    found = [
        _part("base", f"Is {m.base} reproduced?", *_said([flow_answer.base_year(m)]), published(m), *fitted(m)),
        _part("answer", f"The answer for {m.year}", *_said(flow_answer.question(m)), *compared(m)),
        _part("full", "How full it is", chart_flow.heat(m), chart_flow.phased(m), *_steady(m)),
        _part("waits", "How long people wait", chart_flow.waits(m), chart_flow.emergency_department(m)),
        _part("delays", "Ready to leave, and still in a bed", chart_flow_blocks.delays(m)),
        _part("blocks", "Where it blocks first", chart_flow_blocks.queues(m)),
        _part(
            "more",
            "What more beds would buy",
            chart_flow_blocks.one_more(m, bought) if bought else None,
            *(_said(flow_answer.cheapest(m, cheapest)) if cheapest else ()),
            chart_flow_blocks.cheapest(m, cheapest) if cheapest else None,
        ),
        _part("limits", "What this is not", *_marked(flow_answer.limits(m))),
    ]
    return [part for part in found if part.blocks]


def _part(code: str, title: str, *blocks: Block | None) -> Chapter:
    return Chapter(f"{CODE}-{code}", title, tuple(b for b in blocks if b is not None))


def _said(sentences: Sequence[Sentence]) -> list[Block]:
    return [Markup(page.sentence(s)) for s in sentences]


def _marked(lines: Sequence[str]) -> list[Block]:
    """Lines of text; what ends in `assumed.` has that word's badge in its place."""
    out: list[Block] = []
    for line in lines:
        head = line.removesuffix(" assumed.")
        out.append(line if head == line else Markup("{} {}").format(head, Markup(badges.html("assumed"))))
    return out


def compared(m: FlowMaterial) -> list[Block]:
    """The tables of the answer: the scenario beside doing nothing and the base year, with what changes."""
    found = (("Waits, delays and what is put off", m.people), ("Share of open beds and places taken", m.taken))
    return [_table(m, f"{caption}, {m.year}", lines) for caption, lines in found if lines]


def _table(m: FlowMaterial, caption: str, lines: Sequence[Line]) -> Table:
    against = m.nothing or m.base
    names = [m.name, *(n for n in m.years if n != m.name)]
    rows = []
    for line in lines:
        change = line.change(m.name, against)
        said = "" if change is None else line.difference(change)
        rows.append((LONG_NAMES.get(line.code, line.label), *(line.shown(n) for n in names), said))
    headers = ("", *(m.title(n) for n in names), f"Scenario against {m.title(against).lower()}")
    note = (
        f"Mean of {text.counted(m.flow.replications, 'simulated year')}, with the 95% interval in brackets. "
        "Differences are taken year by year: each simulated year of one scenario meets the same luck in the other."
    )
    if any(line.code == "cancelled" for line in lines):
        note += " An operation that is put off more than once counts each time."
    return Table(caption, headers, tuple(rows), ("modelled",) * len(rows), note, "flow")


def published(m: FlowMaterial) -> Table | None:
    """The base year, simulated and published."""
    rows = []
    for r in m.published:
        line = Line("", "", r["kind"], {})
        seen = f"{line.said(r['published'])} ({badges.plain(r['badge'])})"
        spread = line.ranged(Spread(r["mean"], r["low"], r["high"]))
        rows.append((r["name"], seen, r["basis"], spread, "near" if r["near"] else "not near"))
    if not rows:
        return None
    headers = ("Measure", "Published", "Counted as", f"Simulated ({badges.plain('modelled')})", "Near?")
    return Table(f"{m.base}, published and simulated", headers, tuple(rows), note=_counts(m), kind="flow")


def _counts(m: FlowMaterial) -> str:
    """What the plan notes beside the published figures."""
    shown = {(r["indicator"], r["basis"]) for r in m.published}
    notes = [
        str(r["note"])
        for r in m.flow.plan.tables["observations"].iter_rows(named=True)
        if (r["indicator"], r["basis"]) in shown and r["year"] == m.base and r["note"]
    ]
    return " ".join(f"{n.rstrip('.')}." for n in dict.fromkeys(notes))


def fitted(m: FlowMaterial) -> list[Block]:
    """Where the plan says that it chose numbers so that its base year comes out: near is then no proof."""
    reasons = [str(r) for r in m.flow.plan.tables["patient_flow"]["assumed"].to_list() if r]
    if not any("base year" in r or "base-year" in r or "published" in r for r in reasons):
        return []
    words = (
        "Some assumptions, such as who may be placed in which ward, were chosen so that the base year comes out near. "
    )
    return [f"{words}That it does is a check of the fit, not a test of the forecast."]


def _steady(m: FlowMaterial) -> list[Block]:
    if m.openings:
        return []
    words = f"No bed opens or closes between April {m.year[:4]} and the next March in this scenario: its beds are the"
    return [f"{words} same all year, so nothing can be out of step within it."]


def write_flow_report(
    flow: PatientFlow,
    path: str | Path,
    about: Run,
    bought: Sequence[Bought] | None = None,
    cheapest: Cheapest | None = None,
    drawer: Drawer | None = None,
) -> Path:
    """Write the page, which needs no network and no scripts; returns its path."""
    out = Path(path)
    out.write_bytes(render(flow, about, bought, cheapest, drawer).encode("utf-8"))
    return out


def render(
    flow: PatientFlow,
    about: Run,
    bought: Sequence[Bought] | None = None,
    cheapest: Cheapest | None = None,
    drawer: Drawer | None = None,
) -> str:
    """The page as text; `drawer` draws the charts, if one was started earlier."""
    m = FlowMaterial(flow)
    found = sections(m, bought, cheapest)
    drawn = {chart.code: page.begun(chart, drawer) for chart in charts_of(found)}
    return (
        page.environment(drawn)
        .get_template("flow.html.j2")
        .render(
            m=m,
            s=flow.plan.settings,
            run=about,
            chapters=found,
            question=flow_answer.QUESTION,
            answer=f"{CODE}-answer",
            years=text.counted(flow.replications, "simulated year"),
            css=Markup(page.read("report.css")),
        )
    )
