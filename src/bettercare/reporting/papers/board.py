"""The paper for a board's meeting, made from live records in the shape of the report of September 2018."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from bettercare.engines.forecast import Forecast
from bettercare.foundation.problems import UsageError, did_you_mean, shown
from bettercare.plan.plan import Plan
from bettercare.reporting.chart_initiatives import WORTH_SAYING
from bettercare.reporting.labels import brief
from bettercare.reporting.material import Material
from bettercare.reporting.papers import content, records
from bettercare.reporting.papers.board_sections import DUTIES, MAKERS, Matter
from bettercare.reporting.papers.paper import SHAPE, Paper, Section, paragraph
from bettercare.reporting.text import listed

MOST = 10  # initiatives that a paper shows when nobody has picked any


def paper_from_plan(
    plan: Plan,
    forecast: Forecast,
    *,
    board: str,
    meeting: Any,
    items: Iterable[Any] = (),
    decisions: Iterable[Any] = (),
    questions: Iterable[Any] | None = None,
    progress: Mapping[str, str] | None = None,
    words: Mapping[str, Iterable[str]] | None = None,
    status: str = "draft",
    ran_on: date | None = None,
) -> Paper:
    """The standard paper for `board` (a partner's code, or a name) about the plan and its forecast.

    `meeting`, each of `items` and `decisions` and of `questions` is a dictionary or an object with the names of the
    fields of `records`; an item may be an initiative's code alone. Without `questions` the plan's own that are not yet
    decided are shown. `progress` says where an initiative or a milestone stands, by code. `words` adds paragraphs at
    the start of a section, by the section's code. `ran_on` is the day of the run (today's when left out).

    A board that the plan's list of duties does not name recommends: what it would be asked to approve or decide, it is
    asked to recommend. Raises UsageError for unknown codes, for a forecast of another revision, and where a board whose
    duty is only to note or to be consulted would be asked for more.
    """
    m = content.material(plan, forecast)
    sitting = records.taken(records.Meeting, meeting)
    name, duties = duties_of(plan, board, sitting.on)
    kind = dict(plan.tables["partners"].select("code", "kind").iter_rows()).get(board, "board")
    chosen = _within(name, kind, duties, records.items(items, m.labels.initiatives))
    codes = tuple(dict.fromkeys(i.initiative for i in chosen if i.initiative)) or most_telling(m)
    asked = content.questions_of(plan, codes) if questions is None else records.all_taken(records.Question, questions)
    matter = Matter(
        m=m,
        run=content.the_run(forecast, ran_on),
        board=name,
        duties=duties,
        meeting=sitting,
        items=chosen,
        shown=codes,
        decisions=records.all_taken(records.Decision, decisions),
        questions=tuple(asked),
        progress=_progress(plan, progress or {}),
    )
    return Paper(
        title=sitting.title or f"Update on {plan.settings.title}",
        day=sitting.on,
        plan_revision=plan.revision,
        run=matter.run,
        sections=_sections(matter, words or {}),
        status=status,
        board=name,
        venue=sitting.venue,
        item_number=sitting.item_number,
        report_of=sitting.by or "Better Care Together",
    )


def _sections(matter: Matter, words: Mapping[str, Iterable[str]]) -> tuple[Section, ...]:
    for code in words:
        if code not in SHAPE:
            raise UsageError(f"{shown(code)} is not a section of a paper. {did_you_mean(code, SHAPE)}".strip())
    out = []
    for code, heading in SHAPE.items():
        own = [paragraph(text) for text in words.get(code, ()) if text.strip()]
        out.append(Section(code, heading, (*own, *MAKERS[code](matter))))
    return tuple(out)


def duties_of(plan: Plan, board: str, on: date) -> tuple[str, tuple[str, ...]]:
    """The board's name and its duties on a day; the documents list them differently, and all that are in force count.

    A board that is not a partner goes by the name that was given and has no duty in the plan.
    """
    names = dict(plan.tables["partners"].select("code", "name").iter_rows())
    if not board.strip():
        raise UsageError("Name the board that the paper is for.")
    if board not in names:
        return board, ()
    rows = plan.tables["duties"].filter(
        (pl.col("partner") == board)
        & (pl.col("from_date") <= on)
        & (pl.col("to_date").is_null() | (pl.col("to_date") >= on))
    )
    held = set(rows["duty"].to_list())
    return brief(names[board]), tuple(d for d in DUTIES if d in held)


def _within(name: str, kind: str, duties: tuple[str, ...], items: tuple[records.Item, ...]) -> tuple[records.Item, ...]:
    """The items as the board may be asked them, by the rule that answers to a proposal follow: whom the plan's list
    does not name decides nothing; a board then recommends, which does not bind, and another partner notes."""
    allowed = {"decide": {"recommend", "approve", "decide"}, "assure": {"approve"}}
    may = {"note"}.union(*(allowed.get(d, set()) for d in duties))
    out = []
    for item in items:
        if item.whom or item.verb in may:
            out.append(item)
        elif not duties and kind == "board":
            out.append(dataclasses.replace(item, verb="recommend"))
        else:
            held = listed([DUTIES[d] for d in duties]) or "do nothing"
            raise UsageError(f"The plan asks {name} to {held}; a paper cannot ask it to {item.verb}.")
    return tuple(out)


def most_telling(m: Material) -> tuple[str, ...]:
    """The initiatives to show when nobody has picked any: those under way, then those that narrow the gap most."""
    under_way = m.plan.tables["initiatives"].filter(pl.col("status") != "proposed")["code"].to_list()
    helping = m.by_initiative.filter(pl.col("mean") < WORTH_SAYING)["code"].to_list()
    return tuple(dict.fromkeys([*under_way[: MOST // 2], *helping]))[:MOST]


def _progress(plan: Plan, given: Mapping[str, str]) -> Mapping[str, str]:
    known = {*plan.tables["initiatives"]["code"].to_list(), *plan.tables["milestones"]["code"].to_list()}
    for code in given:
        if code not in known:
            near = did_you_mean(code, known)
            raise UsageError(f"{shown(code)} is neither an initiative nor a milestone of this plan. {near}".strip())
    return given
