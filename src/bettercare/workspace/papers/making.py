"""A meeting's paper from the live records: the current plan, its forecast, progress and decisions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from bettercare import Forecast, Plan
from bettercare.reporting.papers import Paper, content, docx, next_steps, paper_from_plan, pdf, summary_of_plan
from bettercare.reporting.papers import layout as printed
from bettercare.reporting.papers.board import most_telling
from bettercare.reporting.papers.records import Question
from bettercare.workspace.papers import asked, models
from bettercare.workspace.plans import DRAWS, current, forecast_of, plan_of
from bettercare.workspace.programme.models import CONFIDENCE, Decision, Progress, Revision
from bettercare.workspace.public.publish import public_keys
from bettercare.workspace.words import day

OWN_WORDS = {
    "purpose": "Purpose of report",
    "background": "Background",
    "progress": "Progress",
    "finance": "Finance",
    "consultation": "Consultation and involvement",
}


@dataclass(frozen=True)
class Made:
    """A paper, and what it was made from."""

    paper: Paper
    revision: Revision
    run: dict[str, Any]

    def pdf(self) -> bytes:
        """As PDF."""
        return pdf(self.paper)

    def docx(self) -> bytes:
        """As a Word file."""
        return docx(self.paper)


def _forecast(plan: Plan) -> Forecast:
    """What papers show: every scenario but those that use what became known later."""
    names = [name for name in plan.scenario_names if not plan.scenarios[name].hindsight]
    return forecast_of(plan, names, DRAWS)


def board_paper(meeting: models.Meeting, *, status: str = "draft", on: date | None = None) -> Made:
    """The paper of a meeting as it would be now. Raises UsageError where it cannot be made, with the reason."""
    revision = current()
    plan = plan_of(revision)
    forecast = _forecast(plan)
    sitting = {
        "on": meeting.on,
        "venue": meeting.venue,
        "item_number": meeting.item_number,
        "by": meeting.report_of,
        "title": meeting.title,
        "officer": {
            "name": meeting.officer_name,
            "job_title": meeting.officer_job_title,
            "telephone": meeting.officer_telephone,
            "email": meeting.officer_email,
        },
        "background_papers": [line for line in meeting.background_papers.splitlines() if line.strip()],
    }
    items = [_item(i) for i in meeting.items.select_related("proposal__base")]
    known = set(plan.tables["initiatives"]["code"].to_list())
    gone = [item for item in items if item["initiative"] not in known]
    for item in gone:  # an initiative that a later revision dropped: what the secretary wrote stays
        item["initiative"] = ""
    paper = paper_from_plan(
        plan,
        forecast,
        board=meeting.board,
        meeting=sitting,
        items=items,
        decisions=_decisions(meeting.on),
        questions=_questions(plan, forecast, [item["initiative"] for item in items if item["initiative"]]),
        progress=_progress(plan),
        words={code: text.split("\n\n") for code, text in meeting.words.items() if code in OWN_WORDS},
        status=status,
        ran_on=on,
    )
    return Made(paper, revision, _run(paper, forecast))


def _item(item: models.Item) -> dict[str, Any]:
    """What is asked; of a proposal, with what it changes and does."""
    made = {"verb": item.verb, "text": item.text, "initiative": item.initiative}
    if item.proposal is None:
        return made
    more = {"about": tuple(asked.about(item.proposal)), "effect": tuple(asked.effect(item.proposal))}
    return {**made, "initiative": item.initiative or item.proposal.initiative, **more}


def plan_paper(kind: str) -> Made:
    """The summary of the plan, or the next steps in easy read."""
    revision = current()
    plan = plan_of(revision)
    if kind == "summary":
        forecast = _forecast(plan)
        paper = summary_of_plan(plan, forecast)
        return Made(paper, revision, _run(paper, forecast))
    open_ = _public_only(plan, content.questions_of(plan))
    return Made(next_steps(plan, _decisions(date.max), open_), revision, {})


def _decisions(before: date) -> list[dict[str, Any]]:
    """Published decisions up to a day: a paper goes to the public, what is held back does not."""
    keys = [int(key) for key in public_keys("decision") if key.isdigit()]
    told = ("title", "met_on", "board", "outcome", "minute", "override")
    found = Decision.objects.filter(pk__in=keys, met_on__lte=before).select_related("revision").order_by("met_on", "pk")
    return [{**{name: getattr(d, name) for name in told}, "revision": d.revision.code} for d in found]


def _questions(plan: Plan, forecast: Forecast, codes: list[str]) -> list[Question]:
    """The published questions that concern what the paper shows and are not yet decided."""
    shown = codes or most_telling(content.material(plan, forecast))
    return _public_only(plan, content.questions_of(plan, shown))


def _public_only(plan: Plan, asked: list[Question]) -> list[Question]:
    held = {text for code, text in _held(plan, "question") if text}
    return [q for q in asked if q.question not in held]


def _held(plan: Plan, kind: str) -> list[tuple[str, str]]:
    """Code and words of the initiatives or questions of a plan that the public may not see."""
    public = public_keys(kind)
    table = plan.tables[f"{kind}s"].select("code", {"initiative": "title", "question": "question"}[kind])
    return [(code, words or "") for code, words in table.iter_rows() if code not in public]


def _progress(plan: Plan) -> dict[str, str]:
    """What was last reported of each milestone that the plan has."""
    known, words = set(plan.tables["milestones"]["code"].to_list()), dict(CONFIDENCE)
    out = {}
    for row in Progress.objects.filter(milestone__in=known):
        expected = f"expected {day(row.expected)}; " if row.expected else ""
        out[row.milestone] = "Done" if row.done else f"{expected}{words[row.confidence]}".strip()
    return out


def _run(paper: Paper, forecast: Forecast) -> dict[str, Any]:
    """What has to be run to get the paper's figures again, and the figures."""
    return {
        "version": paper.run.version,
        "on": paper.run.on.isoformat(),
        "seed": paper.run.seed,
        "draws": paper.run.draws,
        "scenarios": list(forecast.scenarios),
        "figures": [{"text": n.text, "value": float(n.value), "of": n.of} for n in paper.numbers()],
    }


def shown(paper: Paper) -> list[dict[str, Any]]:
    """The paper's lines for a page: pictures become images, so that they need no styles of ours."""
    out = []
    for line in printed.lines(paper):
        content = {"kind": line.kind, **line.content}
        if "svg" in content:
            content["src"] = "data:image/svg+xml;base64," + base64.b64encode(content.pop("svg").encode()).decode()
        if line.kind == "letters":
            content["items"] = [(printed.letter(i), *printed.asked(item)) for i, item in enumerate(content["items"])]
        out.append(content)
    return out


def not_public(paper: Paper, plan: Plan) -> list[str]:
    """Initiatives and questions that the paper names and the public may not see."""
    text = json.dumps([paper.title, *(line.content for line in printed.lines(paper) if line.kind != "figure")])

    def told(code: str, words: str) -> bool:
        named = bool(words) and json.dumps(words)[1:-1] in text
        return named or re.search(rf"(?<![\w-]){re.escape(code)}(?![\w-])", text) is not None

    return [code for kind in ("initiative", "question") for code, words in _held(plan, kind) if told(code, words)]


def sha256(content: bytes) -> str:
    """As 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def wrong_papers() -> list[str]:
    """Published papers whose bytes are not those that were published, in words."""
    found = []
    for paper in models.Paper.objects.order_by("pk").iterator(chunk_size=1):
        if sha256(bytes(paper.pdf)) != paper.hash or sha256(bytes(paper.docx)) != paper.run.get("docx_sha256"):
            found.append(f"paper {paper.pk} ({paper.title}) was changed after it was published")
    return found
