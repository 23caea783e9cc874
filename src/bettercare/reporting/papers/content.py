"""What the makers of papers share: the run, the forecast that a paper may show, and the plan's rows in words."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version

import polars as pl

from bettercare.engines.forecast import Forecast
from bettercare.foundation.problems import Problems, UsageError
from bettercare.plan.load import find_folder
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.reporting import answer, badges, chart_gap, dates, text
from bettercare.reporting.chart_style import Chart, Table
from bettercare.reporting.drawing import svg
from bettercare.reporting.material import LATE_MONTHS, Material
from bettercare.reporting.papers.paper import Bullets, Figure, Paragraph, Run, bullets, paragraph
from bettercare.reporting.papers.records import Question
from bettercare.reporting.text import Sentence, say

# How far a thing has come, in plain words; the order in which counts of them are said.
STATUS = {
    "proposed": "proposed",
    "assured": "assured",
    "consulting": "out to consultation",
    "decided": "decided",
    "delivering": "being delivered",
    "live": "live",
    "closed": "closed",
}


def material(plan: Plan, forecast: Forecast) -> Material:
    """The forecast as papers show it: without scenarios that use what was found out later.

    Raises UsageError where the forecast was run on another revision of the plan.
    """
    if forecast.plan.fingerprint != plan.fingerprint:
        raise UsageError(
            f"The forecast was run on revision {forecast.plan.revision}, the plan is revision {plan.revision}. "
            "Run the forecast again."
        )
    kept = {name: r for name, r in forecast.scenarios.items() if not plan.scenarios[name].hindsight}
    return Material(dataclasses.replace(forecast, scenarios=kept or forecast.scenarios))


def the_run(forecast: Forecast | None, on: date | None) -> Run:
    """Seed, draws and version of what was run; the day is today's unless it is given (SOURCE_DATE_EPOCH is obeyed)."""
    if forecast is None:
        return Run(_version(), on or today())
    return Run(_version(), on or today(), forecast.seed, forecast.draws)


def today() -> date:
    """The day, or that of SOURCE_DATE_EPOCH where it is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC).date() if epoch.isdigit() else date.today()


def _version() -> str:
    try:
        return version("bettercare")
    except PackageNotFoundError:
        return "unknown"


def picture(chart: Chart) -> Figure:
    """A chart as a figure; its table stands below it, so the words for who cannot see it need not repeat the rows."""
    table = dataclasses.replace(chart.table, badges=chart.table.badges or (chart.badge,) * len(chart.table.rows))
    alt = f"Chart. {chart.title}. The table below has the same figures."
    return Figure(svg(chart.picture), alt, f"{chart.title} ({chart.badge})", table, chart.how)


def gap_chart(m: Material) -> Figure | None:
    """The gap of the headline year under each scenario."""
    chart = chart_gap.scenarios(m)
    return None if chart is None else picture(chart)


def counts(plan: Plan) -> str:
    """`132 initiatives: 122 are proposed, 5 are being delivered and 5 are live`."""
    table = plan.tables["initiatives"]
    found = Counter(table["status"].to_list())
    said = [
        f"{found[code]:,} {'is' if found[code] == 1 else 'are'} {words}"
        for code, words in STATUS.items()
        if found[code]
    ]
    total = text.counted(table.height, "initiative")
    return f"{total}: {text.listed(said)}" if said else total


def outcomes(plan: Plan) -> list[tuple[str, str, list[str]]]:
    """Each outcome in order: code, name, and the codes of the initiatives that are placed in it."""
    placed: dict[str, list[str]] = {}
    for initiative, outcome in (
        plan.tables["placements"].select("initiative", "outcome").unique(maintain_order=True).iter_rows()
    ):
        placed.setdefault(outcome, []).append(initiative)
    rows = plan.tables["outcomes"].sort("order").iter_rows(named=True)
    return [(r["code"], r["name"], placed.get(r["code"], [])) for r in rows]


def meanings() -> Bullets:
    """What the badges mean."""
    return bullets(*(f"{text.first_upper(b)}: {badges.MEANINGS[b]}." for b in badges.MEANINGS))


def how_made(m: Material, run: Run) -> list[Paragraph | Bullets]:
    """How the figures were made, and how to make them again."""
    return [
        paragraph(
            f"The figures come from a forecast of plan revision {m.plan.revision} with {run.draws:,} draws from seed "
            f"{run.seed}, run on {text.day(run.on)} with version {run.version} of the software.",
            "A range given as 90% holds nine draws in ten, given the plan's assumptions. The figure given first is the "
            "average.",
        ),
        paragraph(*_again(m.plan, run)),
        paragraph("Each figure says what it rests on:"),
        meanings(),
    ]


def _again(plan: Plan, run: Run) -> tuple[str, ...]:
    """What to do to get the figures of a run again; anybody has a shipped example, not another plan or revision."""
    name, options = plan.settings.name, f"--draws {run.draws} --seed {run.seed}"
    if _is_shipped(plan):
        return (f"To get them again: bettercare run {name} {options}",)
    folder = f"plan-{plan.revision}"
    return (
        "To get them again, take the plan of this revision.",
        f"The page \u201cOpen data\u201d of the plan's public site has it as {folder}.zip, without what is not public.",
        f"Unpack it into a new folder {folder}, and type: bettercare run {folder} {options}",
    )


def _is_shipped(plan: Plan) -> bool:
    """Whether the plan is an example that comes with the software, as it comes."""
    try:
        folder = find_folder(plan.settings.name)
        # A folder of that name here is relative: it comes before the example, and only this machine has it.
        return folder.is_absolute() and read_plan(folder).fingerprint == plan.fingerprint
    except (Problems, UsageError):
        return False


def partner_table(m: Material) -> Table | None:
    """Each partner's gap if nothing is done and under the main scenario."""
    if m.partners.is_empty() or not m.compares:
        return None
    rows = []
    for r in m.partners.sort("name").iter_rows(named=True):
        nothing = m.spread(m.nothing, "gap_gbp", partner=r["partner"])
        main = m.spread(m.main, "gap_gbp", partner=r["partner"])
        ends = text.span(text.money(main.p5), text.money(main.p95))
        rows.append((r["name"], text.money(nothing.mean), text.money(main.mean), ends, text.change_of_gap(r["change"])))
    title = m.labels.scenario(m.main)
    return Table(
        f"Gap of each partner in {m.year}",
        ("Partner", "If nothing is done", f"\u201c{title}\u201d", "90% range", "Change"),
        tuple(rows),
        ("modelled",) * len(rows),
        "Minus is a surplus. A council must balance, so its gap is unfunded pressure.",
    )


def consultations(plan: Plan) -> Table | None:
    """What is asked of the public, and when."""
    table = plan.tables["consultations"]
    if table.is_empty():
        return None
    rows = [
        (r["title"], r["asks"], _span(r["from_date"], r["to_date"]), text.first_upper(r["status"]))
        for r in table.sort("from_date", "code", nulls_last=True).iter_rows(named=True)
    ]
    return Table("Consultation and engagement in the plan", ("Title", "What is asked", "When", "Status"), tuple(rows))


def _span(first: date | None, last: date | None) -> str:
    ends = [text.day(d) for d in (first, last) if d]
    return " to ".join(ends) or "Not yet set"


def consulting(plan: Plan) -> Sentence:
    """How many initiatives need public consultation."""
    found = Counter(plan.tables["initiatives"]["consultation"].to_list())
    yes, unknown, no = (found[k] for k in ("yes", "unknown", "no"))
    total = text.counted(yes + unknown + no, "initiative")
    return measured(
        f"Of {total} in the plan, {yes:,} {'needs' if yes == 1 else 'need'} public consultation, for {unknown:,} it is "
        f"not yet known, and {no:,} {'needs' if no == 1 else 'need'} none."
    )


def questions_of(plan: Plan, about: Iterable[str] = ()) -> list[Question]:
    """The plan's questions that are not yet decided: all of them, or those that concern some initiatives or none."""
    wanted = set(about)
    out = []
    for r in plan.tables["questions"].iter_rows(named=True):
        concerns = set(filter(None, (r["initiatives"] or "").split(";")))
        if r["status"] == "not-yet-decided" and (not wanted or not concerns or concerns & wanted):
            out.append(Question(r["question"], r["answer"] or "", r["status"], r["due"] or ""))
    return out


def undecided(questions: Iterable[Question]) -> Table | None:
    """What is not yet decided, and when it will be."""
    rows = tuple(
        (q.question, q.answer or "No answer yet.", q.due or "Not yet known")
        for q in questions
        if q.status != "answered"
    )
    headers = ("Question", "What can be said now", "When it will be decided")
    return Table("Questions that are not yet decided", headers, rows) if rows else None


def live_rows(m: Material, codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """By initiative: when it goes live, the chance that it is late, and what it does to the gap, all in words.

    What the forecast does not know of an initiative without a lever is empty.
    """
    table = m.plan.under(m.main).tables["milestones"].filter(pl.col("kind") == "live")
    planned = {r["initiative"]: dates.when(r["date"], r["assumed"]) for r in table.iter_rows(named=True)}
    late = dict(m.dates.select("code", "late").iter_rows())
    moved = {r["code"]: r for r in m.by_initiative.iter_rows(named=True)}
    out = {}
    for code in codes:
        g = moved.get(code)
        gap, ends = text.gap_moved(g["mean"], g["p5"], g["p95"]) if g else ("no lever on cost", "")
        out[code] = {
            "when": planned.get(code, "no date"),
            "late": text.percent(late[code]) if code in late else "",
            "gap": gap,
            "range": ends,
        }
    return out


def if_nothing(m: Material) -> tuple[Sentence, ...]:
    """The gap if nothing is done, and the estimate that was published at the time beside it."""
    said = answer.if_nothing(m).sentences
    if m.published.is_empty():
        return said
    row = m.published.row(0, named=True)
    away = row["difference"]
    compared = "the same" if abs(away) < 0.5e6 else f"{text.money(abs(away))} {'more' if away > 0 else 'less'}"
    own = say(f"The estimate published at the time was {text.money(row['published'])}; this forecast finds {compared}.")
    return (*said[:-1], own)


def late_words() -> str:
    """What counts as late."""
    return f"Late means at least {LATE_MONTHS:.0f} months after the date."


def measured(words: str) -> Sentence:
    """A sentence whose numbers are counts of the plan's own rows."""
    return say(words, badge="measured")
