"""The sections of a board paper, one maker each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from bettercare.plan.badges import badge_of
from bettercare.plan.plan import Plan
from bettercare.reporting import answer, dates, tables, text
from bettercare.reporting.chart_style import Table
from bettercare.reporting.material import Material
from bettercare.reporting.papers import content
from bettercare.reporting.papers.paper import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Recommendation,
    Run,
    bullets,
    paragraph,
)
from bettercare.reporting.papers.records import Decision, Item, Meeting, Question

# What a duty of the plan lets a board be asked to do; the strongest first.
DUTIES = {"decide": "decide", "assure": "assure", "be-consulted": "be consulted", "note": "note"}
LETTERS = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Matter:
    """All that the sections are made from. `shown` are the codes of the initiatives that the paper is about."""

    m: Material
    run: Run
    board: str
    duties: tuple[str, ...]
    meeting: Meeting
    items: tuple[Item, ...]
    shown: tuple[str, ...]
    decisions: tuple[Decision, ...]
    questions: tuple[Question, ...]
    progress: Mapping[str, str]

    @property
    def plan(self) -> Plan:
        return self.m.plan


def purpose(x: Matter) -> Iterator[Block]:
    """What the report is for."""
    found = Counter("recommendation" if i.verb == "recommend" else "decision" for i in x.items if i.verb != "note")
    asks = text.listed([text.counted(n, words) for words, n in found.items()])
    wanted = f", and to ask for {asks}" if asks else ""
    yield paragraph(
        f"The purpose of this report is to give an update on \u201c{x.plan.settings.title}\u201d, on what the partners "
        f"have done, and on what the plan is now expected to do to beds and money{wanted}."
    )


def link(x: Matter) -> Iterator[Block]:
    """How the report belongs to the local system."""
    partners = x.plan.tables["partners"]
    own = partners.filter(pl.col("in_system"))["kind"].to_list()
    kinds = (("ccg", "commissioner"), ("trust", "NHS trust"), ("ambulance", "ambulance trust"), ("council", "council"))
    named = [text.counted(own.count(kind), words) for kind, words in kinds if own.count(kind)]
    yield paragraph(
        content.measured(
            f"The plan is held in common by the organisations that pay for and provide health and care locally"
            f"{', among them ' + text.listed(named) if named else ''}."
        ),
        "It has one revision at a time. Every figure below was made from the revision named at the foot of each page.",
    )


def recommendations(x: Matter) -> Iterator[Block]:
    """What the board is asked."""
    yield paragraph("It is recommended that, on this report:")
    titles = x.m.labels.initiatives
    for item in x.items:
        words = item.text.strip() or f"\u201c{titles[item.initiative]}\u201d"
        yield Recommendation(item.verb, words, item.whom or x.board)
    yield Recommendation("note", "the progress and the work of the partners that this report describes", x.board)
    year, n = x.m.year, x.m.nothing
    gap = text.gap(x.m.spread(n, "gap_gbp").mean)
    title = x.m.labels.scenario(n)
    yield Recommendation("note", f"the forecast for {year} (under \u201c{title}\u201d: {gap}, modelled)", x.board)
    count = sum(q.status != "answered" for q in x.questions)
    if count:
        about = " about the initiatives in this paper, or about the plan as a whole," if x.shown else ""
        said = f"that {text.counted(count, 'question')} of the public{about} {'is' if count == 1 else 'are'}"
        yield Recommendation("note", f"{said} not yet decided, and when each will be", x.board)


def policy(x: Matter) -> Iterator[Block]:
    """What the board's duty is, and what was decided before."""
    if x.duties:
        held = [DUTIES[d] for d in x.duties]
        listed = text.listed(held, "or")
        more = " The partners' documents differ on this, and all of them are kept." if len(held) > 1 else ""
        yield paragraph(f"On the day of this meeting the plan's list of duties asks {x.board} to {listed}.{more}")
    else:
        said = f"On the day of this meeting the plan's list of duties does not name {x.board}."
        yield paragraph(f"{said} What it says does not bind: only those that the list names decide.")
    if not x.decisions:
        yield paragraph("No earlier decision on this plan is recorded.")
        return
    yield paragraph("These decisions were taken before:")
    yield bullets(*(_decision(d) for d in sorted(x.decisions, key=lambda d: (d.met_on, d.title))))


def _decision(d: Decision) -> str:
    where = [
        d.board,
        f"minute {d.minute}" if d.minute else "",
        f"plan revision {d.revision}" if d.revision else "",
    ]
    placed = ", ".join(w for w in where if w)
    said = ": ".join(part for part in (text.day(d.met_on), d.title, d.outcome) if part)
    said += f" ({placed})" if placed else ""
    if d.override.strip():
        why = text.ended(d.override)
        return f"{text.ended(said)} It was decided while a gate was still open, because: {why}"
    return text.ended(said)


def background(x: Matter) -> Iterator[Block]:
    """What the plan is."""
    s = x.plan.settings
    yield paragraph(" ".join(s.description.split()))
    found = content.outcomes(x.plan)
    if found:
        yield paragraph(
            content.measured(
                f"The plan works for {text.counted(len(found), 'outcome')}, with these numbers of initiatives:"
            )
        )
        yield bullets(*(f"{name}: {len(codes):,}" for _, name, codes in found))
        yield paragraph(
            "An initiative that serves several outcomes is counted under each of them, but is one initiative."
        )


def progress(x: Matter) -> Iterator[Block]:
    """What the board is asked about, and where the initiatives and their milestones stand."""
    for item in x.items:
        if item.about or item.effect:
            yield Heading(text.first_upper(item.text.strip() or x.m.labels.initiatives[item.initiative]))
            yield bullets(*item.about, *(text.say(said, badge="modelled") for said in item.effect))
    yield paragraph(content.measured(f"The plan has {content.counts(x.plan)}."))
    if not x.shown:
        yield paragraph("No initiative was picked for this paper.")
        return
    chosen = "picked for this meeting" if x.items else "under way, or expected to narrow the gap most"
    yield paragraph(f"This paper shows those that are {chosen}.")
    yield _initiatives(x)
    yield Heading("In plain words")
    rows = {r["code"]: r for r in x.plan.tables["initiatives"].iter_rows(named=True)}
    for code in x.shown:
        r = rows[code]
        doubt = f" What is unclear in the source: {x.m.labels.named(r['doubt'])}" if r["doubt"] else ""
        yield paragraph(f"{r['title']}. {r['description']}{doubt}")


def _initiatives(x: Matter) -> Table:
    rows = {r["code"]: r for r in x.plan.tables["initiatives"].iter_rows(named=True)}
    live, labels = content.live_rows(x.m, x.shown), x.m.labels
    told = any(code in x.progress for code in x.shown)
    headers = [
        "Initiative",
        "Lead",
        "Status",
        "To go live",
        "Chance that it is late",
        f"Effect on the gap of {x.m.year}",
    ]
    out = []
    for code in x.shown:
        r, w = rows[code], live[code]
        effect = f"{w['gap']} ({w['range']})" if w["range"] else w["gap"]
        lead = labels.partners.get(r["lead"], r["lead"])
        line = (
            r["title"],
            lead,
            text.first_upper(content.STATUS[r["status"]]),
            text.first_upper(w["when"]),
            w["late"],
            text.first_upper(effect),
        )
        out.append((*line, x.progress.get(code, "")) if told else line)
    if told:
        headers.append("Reported progress")
    note = f"{content.late_words()} In brackets: the 90% range, given these assumptions."
    marks = ("modelled",) * len(out)
    return Table("Where the initiatives stand", tuple(headers), tuple(out), marks, note)


def finance(x: Matter) -> Iterator[Block]:
    """The gap, what drives it, beds and partners, from the forecast."""
    m = x.m
    yield paragraph(
        "The gap is what the partners' recurrent costs are in a year, less their recurrent income. "
        "What is spent once, and buildings, stand apart."
    )
    yield Paragraph(content.if_nothing(m))
    scenarios = answer.under_scenarios(m)
    if scenarios is not None and scenarios.sentences:
        yield Paragraph(scenarios.sentences)
    chart = content.gap_chart(m)
    if chart is not None:
        yield chart
    savings = tables.savings(m)
    if savings is not None:
        yield savings
    for make, heading in ((answer.beds, "Beds"), (answer.partners, "Who gains and who loses")):
        found = make(m)
        if found is not None:
            yield Heading(heading)
            yield Bullets(found.sentences)
    failing = answer.if_it_fails(m)
    if failing is not None:
        yield Heading(failing.heading)
        yield Bullets(failing.sentences)


def consultation(x: Matter) -> Iterator[Block]:
    """What the public has been asked, will be asked, and asks."""
    yield paragraph(content.consulting(x.plan))
    table = content.consultations(x.plan)
    if table is None:
        yield paragraph("The plan holds no consultation yet.")
    else:
        yield table
    asked = content.undecided(x.questions)
    if asked is None:
        yield paragraph("No question of the public is open on what this paper shows.")
    else:
        yield paragraph("The public has asked what is not yet decided. It is said here plainly, with what is known.")
        yield asked


def officer(x: Matter) -> Iterator[Block]:
    """Whom to ask."""
    o = x.meeting.officer
    name = ", ".join(part for part in (o.name, o.job_title) if part)
    yield paragraph(f"Name and job title: {name}" if name else "The officer to contact has not been named yet.")
    if o.telephone:
        yield paragraph(f"Telephone: {o.telephone}")
    if o.email:
        yield paragraph(f"Email: {o.email}")


def appendices(x: Matter) -> Iterator[Block]:
    """Partners, milestones, how the figures were made, and background papers."""
    parts: list[tuple[str, list[Block]]] = [
        ("Gap of each partner", _listed(content.partner_table(x.m))),
        ("Milestones", _listed(_milestones(x))),
        ("How the figures were made", list(content.how_made(x.m, x.run))),
        ("Background papers", [bullets(*papers)] if (papers := x.meeting.background_papers) else []),
    ]
    letters = iter(LETTERS)
    for heading, blocks in parts:
        if blocks:
            yield Heading(f"Appendix {next(letters)}: {heading}")
            yield from blocks


def _listed(table: Table | None) -> list[Block]:
    return [table] if table is not None else []


def _milestones(x: Matter) -> Table | None:
    table = x.plan.tables["milestones"].filter(pl.col("initiative").is_in(list(x.shown))).sort("date", "code")
    if table.is_empty():
        return None
    told = any(code in x.progress for code in table["code"].to_list())
    headers = ("Date", "Milestone", "Initiative", *(("Reported progress",) if told else ()))
    known = dict(x.plan.tables["evidence"].select("code", "badge").iter_rows())
    rows, marks = [], []
    for r in table.iter_rows(named=True):
        when = text.first_upper(dates.when(r["date"], r["assumed"]))
        line = (when, r["title"], x.m.labels.initiatives[r["initiative"]])
        rows.append((*line, x.progress.get(r["code"], "")) if told else line)
        marks.append(badge_of(r, known) or "")
    return Table("Milestones of the initiatives in this paper", headers, tuple(rows), tuple(marks))


MAKERS: dict[str, Callable[[Matter], Iterator[Block]]] = {
    "purpose": purpose,
    "link": link,
    "recommendations": recommendations,
    "policy": policy,
    "background": background,
    "progress": progress,
    "finance": finance,
    "consultation": consultation,
    "officer": officer,
    "appendices": appendices,
}
