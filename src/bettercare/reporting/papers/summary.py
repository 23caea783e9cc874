"""The summary of a plan for the public: what it is, why, what is planned, and what is not yet decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from bettercare.engines.forecast import Forecast
from bettercare.plan.badges import badge_of
from bettercare.plan.plan import Plan
from bettercare.reporting import answer, dates, text
from bettercare.reporting.chart_style import Table
from bettercare.reporting.material import Material
from bettercare.reporting.papers import content
from bettercare.reporting.papers.paper import Block, Bullets, Heading, Paper, Paragraph, Section, bullets, paragraph

MOST = 6  # initiatives that are named for each pathway
OTHER = "Everything else"


def summary_of_plan(
    plan: Plan, forecast: Forecast, *, on: date | None = None, status: str = "draft", ran_on: date | None = None
) -> Paper:
    """The summary as a paper. `on` is the day of the document (the day of the run when left out).

    Raises UsageError for a forecast of another revision.
    """
    m = content.material(plan, forecast)
    run = content.the_run(forecast, ran_on)
    makers = (
        ("what", "What this is", _what(m)),
        ("why", "Why care has to change", _why(m)),
        ("outcomes", "What the plan is for", _outcomes(m)),
        ("settings", "Where care is given", _settings(m)),
        ("pathways", "What is planned", _pathways(m)),
        ("beds", "Beds", _beds(m)),
        ("money", "Money", _money(m)),
        ("undecided", "What is not yet decided", _undecided(plan)),
        ("next", "Next steps", _next(plan)),
        ("made", "How the figures were made", iter(content.how_made(m, run))),
    )
    found = [(code, heading, tuple(blocks)) for code, heading, blocks in makers]
    return Paper(
        title=f"Summary: {plan.settings.title}",
        day=on or run.on,
        plan_revision=plan.revision,
        run=run,
        sections=tuple(Section(code, heading, blocks) for code, heading, blocks in found if blocks),
        style="summary",
        status=status,
        report_of="Better Care Together",
    )


def _what(m: Material) -> Iterator[Block]:
    plan = m.plan
    yield paragraph(" ".join(plan.settings.description.split()))
    names = _deciding(m)
    if names:
        written = text.day(plan.settings.plan_date)
        yield paragraph(f"By the last list before {written}, these organisations decide together:")
        yield bullets(*names)
    yield paragraph(
        "Each number here says what it rests on: measured, modelled or assumed. What the words mean is at the end."
    )


def _deciding(m: Material) -> list[str]:
    """Who decides, by the newest list of members that was in force on the plan's date; lists differ."""
    on = m.plan.settings.plan_date
    rows = m.plan.tables["duties"].filter((pl.col("duty") == "decide") & (pl.col("from_date") <= on))
    newest = rows.filter(pl.col("from_date") == rows["from_date"].max())
    return sorted(m.labels.partners[code] for code in newest["partner"].unique().to_list())


def _why(m: Material) -> Iterator[Block]:
    yield Paragraph(content.if_nothing(m))
    first, last = (
        m.plan.tables["population"].filter((pl.col("year") == y) & (pl.col("age_low") >= 65))
        for y in (m.base_year, m.year)
    )
    variant = m.plan.settings.population.variant
    before, after = (float(t.filter(pl.col("variant") == variant)["people"].sum()) for t in (first, last))
    if before > 0:
        yield paragraph(
            text.say(
                f"The number of people of 65 and over is expected to go from {text.number(before)} in {m.base_year} to "
                f"{text.number(after)} in {m.year}, a change of {text.percent(after / before - 1, plus=True)}."
            )
        )


def _outcomes(m: Material) -> Iterator[Block]:
    plan = m.plan
    found = content.outcomes(plan)
    if not found:
        return
    names = dict(plan.tables["indicators"].select("code", "name").iter_rows())
    heads = dict(plan.tables["outcomes"].select("code", "headline").iter_rows())
    rows, marks = [], []
    for code, name, initiatives in found:
        latest, badge = _latest(plan, heads[code])
        rows.append((name, names[heads[code]], latest, f"{len(initiatives):,}"))
        marks.append(badge)
    yield paragraph(
        content.measured(f"The plan has {content.counts(plan)}. They serve {text.counted(len(found), 'outcome')}.")
    )
    yield Table(
        "The outcomes, each with its headline measure",
        ("Outcome", "Headline measure", "Latest figure in the plan", "Initiatives"),
        tuple(rows),
        tuple(marks),
        "The basis is that of the latest figure. An initiative that serves several outcomes is counted under each.",
    )


def _latest(plan: Plan, indicator: str) -> tuple[str, str]:
    """The newest observation that is used, with its unit and period, and its badge."""
    rows = (
        plan.tables["observations"].filter((pl.col("indicator") == indicator) & pl.col("used")).sort("year", "period")
    )
    if rows.is_empty():
        return "None in the plan", ""
    r = rows.row(-1, named=True)
    unit = dict(plan.tables["indicators"].select("code", "unit").iter_rows())[indicator]
    known = dict(plan.tables["evidence"].select("code", "badge").iter_rows())
    value = f"{text.number(r['value'])}{unit if unit == '%' else ' ' + unit}"
    return f"{value} ({r['period']})", badge_of({"assumed": None, **r}, known) or ""


def _settings(m: Material) -> Iterator[Block]:
    table = m.plan.tables["settings"].sort("order")
    placed = dict(m.plan.tables["initiatives"].group_by("setting").len().iter_rows())
    rows: list[Any] = [
        f"{r['name']} ({text.counted(placed.get(r['code'], 0), 'initiative')}). {r['note'] or ''}"
        for r in table.iter_rows(named=True)
    ]
    if rows:
        yield paragraph(content.measured("Care is given in these kinds of place, with these numbers of initiatives:"))
        yield bullets(*rows)


def _pathways(m: Material) -> Iterator[Block]:
    plan = m.plan
    initiatives = plan.tables["initiatives"]
    names = {**dict(plan.tables["pathways"].select("code", "name").iter_rows()), None: OTHER}
    moved = dict(m.by_initiative.select("code", "mean").iter_rows())
    live = content.live_rows(m, initiatives["code"].to_list())
    for code, name in names.items():
        own = [r for r in initiatives.iter_rows(named=True) if r["pathway"] == code]
        if not own:
            continue
        own.sort(key=lambda r: (r["status"] == "proposed", moved.get(r["code"], 0.0), r["code"]))
        yield Heading(name)
        yield bullets(*(f"{r['title']} ({_stands(r['status'], live[r['code']]['when'])})" for r in own[:MOST]))
        if len(own) > MOST:
            yield paragraph(
                content.measured(f"And {text.counted(len(own) - MOST, 'more', 'more')}, which the roadmap shows.")
            )


def _stands(status: str, when: str) -> str:
    """`proposed, planned for May 2016`; what is live has no date to come."""
    said = content.STATUS[status]
    if status in ("live", "closed") or when == "no date":
        return said
    return f"{said}, planned {when if when.startswith('during') else f'for {when}'}"


def _beds(m: Material) -> Iterator[Block]:
    found = answer.beds(m)
    if found is not None:
        yield paragraph(f"What follows holds under \u201c{m.labels.scenario(m.main)}\u201d.")
        yield Bullets(found.sentences)


def _money(m: Material) -> Iterator[Block]:
    scenarios = answer.under_scenarios(m)
    if scenarios is not None and scenarios.sentences:
        yield Paragraph(scenarios.sentences)
    chart = content.gap_chart(m)
    if chart is not None:
        yield chart
    table = content.partner_table(m)
    if table is not None:
        yield table


def _undecided(plan: Plan) -> Iterator[Block]:
    table = content.undecided(content.questions_of(plan))
    yield table if table is not None else paragraph("Every question in the plan has been answered.")


def _next(plan: Plan) -> Iterator[Block]:
    yield paragraph(content.consulting(plan))
    table = content.consultations(plan)
    if table is not None:
        yield table
    steps = plan.tables["milestones"].filter((pl.col("kind") == "step") & (pl.col("date") >= plan.settings.plan_date))
    if not steps.is_empty():
        yield paragraph(
            f"The plan was written on {text.day(plan.settings.plan_date)}. These are the steps that it named next:"
        )
        rows = steps.sort("date", "code").iter_rows(named=True)
        yield bullets(*(f"{text.first_upper(dates.when(r['date'], r['assumed']))}: {r['title']}." for r in rows))
