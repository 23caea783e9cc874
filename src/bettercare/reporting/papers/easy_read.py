"""The "next steps" document in easy read: short sentences, one idea a line, large type, a picture beside each.

Every sentence of our own stands in `WORDING` and has at most fifteen words. Texts of the plan and of decisions are
shown as they are, a sentence a line: whoever writes them should keep them short too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import polars as pl

from bettercare.foundation.problems import UsageError
from bettercare.plan.plan import Plan
from bettercare.reporting import dates
from bettercare.reporting.papers import content, records
from bettercare.reporting.papers.paper import Block, Idea, Paper, Section
from bettercare.reporting.text import day, ended

LONGEST = 15  # words in a sentence of our own
MOST_STEPS = 8
ASSUMED = "This date is assumed."
# All of our own sentences, by name; what stands in braces comes from the plan or a decision.
WORDING = {
    "about": "This paper is about health and care where you live.",
    "name": "Our plan is called:",
    "partners": "The NHS and councils wrote the plan together.",
    "short": "This paper is short, and in easy words.",
    "decided": "On {when} {who} decided:",
    "decided_alone": "On {when} it was decided:",
    "result": "The answer was: {what}",
    "open_gate": "It was decided although a check was not passed.",
    "open_why": "The reason was:",
    "none_decided": "Nothing has been decided yet.",
    "still_open": "Some things are not decided yet.",
    "ask": "People ask:",
    "so_far": "What we can say now:",
    "no_answer": "We cannot say yet.",
    "due": "When it will be decided:",
    "no_due": "We do not know yet when it will be decided.",
    "all_decided": "There is no open question now.",
    "dates_move": "Dates can change.",
    "step": "Planned: {when}",
    "no_steps": "The plan names no next step.",
    "ask_public": "We ask the public before we make big changes.",
    "consult": "We plan to ask the public about:",
    "consult_when": "Planned for: {when}",
    "say": "You can tell us what you think.",
    "helper": "You can ask someone to help you.",
    "healthwatch": "Healthwatch can also speak for you.",
    "word_board": "A board is a group of people who decide.",
    "word_plan": "A plan says what we want to do, and when.",
    "word_consultation": "A consultation is when we ask what you think.",
    "word_assumed": "Assumed means: we think so, but we did not count it.",
}


def next_steps(
    plan: Plan,
    decisions: Iterable[Any],
    questions: Iterable[Any] | None = None,
    *,
    on: date | None = None,
    status: str = "draft",
    ran_on: date | None = None,
) -> Paper:
    """What was decided, what is not, and what comes next, in easy read.

    `decisions` and `questions` are dictionaries or objects with the names of the fields of `records`; without
    `questions` the plan's own that are not yet decided are shown. `on` is the day of the document: steps after it are
    the next ones (when left out, the plan's date, or that of the last decision where it is later).

    Raises UsageError for a day before that of a decision that the document would report.
    """
    taken = records.all_taken(records.Decision, decisions)
    when, ran_on = _days(plan, taken, on, ran_on)
    asked = content.questions_of(plan) if questions is None else records.all_taken(records.Question, questions)
    parts: tuple[tuple[str, str, Iterator[Block]], ...] = (
        ("about", "What this paper is about", _about(plan)),
        ("decided", "What has been decided", _decided(taken)),
        ("open", "What is not decided yet", _open([q for q in asked if q.status != "answered"])),
        ("next", "What happens next", _next(plan, when)),
        ("say", "How you can have your say", _say()),
        ("words", "Hard words", _words()),
    )
    return Paper(
        title=f"Next steps: {plan.settings.title}",
        day=when,
        plan_revision=plan.revision,
        run=content.the_run(None, ran_on),
        sections=tuple(Section(code, heading, tuple(blocks)) for code, heading, blocks in parts),
        style="easy-read",
        status=status,
        report_of="Better Care Together",
    )


def _days(plan: Plan, decisions: Iterable[records.Decision], on: date | None, ran_on: date | None) -> tuple[date, date]:
    """The day of the document, and the day on which it was made: neither before what it reports."""
    last = max((d.met_on for d in decisions), default=date.min)
    for given in (on, ran_on):
        if given is not None and given < last:
            raise UsageError(f"A document of {day(given)} cannot report a decision of {day(last)}.")
    when = on or max(plan.settings.plan_date, last)
    return when, ran_on or when


def _ours(name: str, symbol: str, *more: str, leads: bool = False, **data: str) -> Idea:
    """A sentence of our own, with what follows it under the same picture."""
    return Idea((WORDING[name].format(**data), *more), symbol, leads)


def _about(plan: Plan) -> Iterator[Block]:
    yield _ours("about", "home")
    yield _ours("name", "paper", plan.settings.title)
    yield _ours("partners", "people")
    yield _ours("short", "words")


def _decided(decisions: Iterable[records.Decision]) -> Iterator[Block]:
    ordered = sorted(decisions, key=lambda d: (d.met_on, d.title))
    for d in ordered:
        name = "decided" if d.board else "decided_alone"
        answer = [WORDING["result"].format(what=ended(d.outcome))] if d.outcome.strip() else []
        gate = bool(d.override.strip())
        yield _ours(name, "decided", *sentences(d.title), *answer, leads=gate, when=day(d.met_on), who=d.board)
        if gate:
            yield _ours("open_gate", "waiting", WORDING["open_why"], *sentences(d.override))
    if not ordered:
        yield _ours("none_decided", "waiting")


def _open(questions: list[records.Question]) -> Iterator[Block]:
    yield _ours("still_open" if questions else "all_decided", "waiting" if questions else "decided")
    for q in questions:
        yield _ours("ask", "question", *sentences(q.question), leads=True)
        if q.answer.strip():
            yield _ours("so_far", "talk", *sentences(q.answer), leads=True)
        else:
            yield _ours("no_answer", "talk", leads=True)
        if q.due.strip():
            yield _ours("due", "calendar", ended(q.due))
        else:
            yield _ours("no_due", "calendar")


def _next(plan: Plan, on: date) -> Iterator[Block]:
    table = plan.tables["milestones"].filter((pl.col("kind") == "step") & (pl.col("date") >= on)).sort("date", "code")
    for r in table.head(MOST_STEPS).iter_rows(named=True):
        basis = [ASSUMED] if r["assumed"] else []
        yield _ours("step", "steps", *sentences(r["title"]), *basis, when=dates.when(r["date"], r["assumed"]))
    if table.is_empty():
        yield _ours("no_steps", "steps")
    else:
        yield _ours("dates_move", "calendar")
    yield _ours("ask_public", "talk")
    ahead = plan.tables["consultations"].filter(pl.col("status").is_in(["planned", "open"])).sort("from_date", "code")
    for r in ahead.iter_rows(named=True):
        begins = [WORDING["consult_when"].format(when=f"{r['from_date']:%B %Y}")] if r["from_date"] else []
        yield _ours("consult", "people", *sentences(r["title"]), *begins)


def _say() -> Iterator[Block]:
    yield _ours("say", "talk")
    yield _ours("helper", "people")
    yield _ours("healthwatch", "person")


def _words() -> Iterator[Block]:
    yield _ours("word_board", "people", leads=True)  # together, so that no line stands on a last page of its own
    yield _ours("word_plan", "paper", leads=True)
    yield _ours("word_consultation", "talk", leads=True)
    yield _ours("word_assumed", "question")


def sentences(words: str) -> list[str]:
    """A text as its sentences, each with its full stop."""
    return [ended(s) for s in re.split(r"(?<=[.!?])\s+", " ".join(words.split())) if s]
