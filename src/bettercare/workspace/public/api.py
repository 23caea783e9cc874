"""The published plan as JSON, described by OpenAPI at /api/openapi.json."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from bettercare.workspace.public import initiative
from bettercare.workspace.public.kept import answer_json, public_page
from bettercare.workspace.public.measures import Latest, Measure, headlines
from bettercare.workspace.public.site import Site, site
from bettercare.workspace.roadmap import Card

DIGITS = 9  # significant ones: more than any source has, fewer than arithmetic leaves behind


def answer(content: Any) -> HttpResponse:
    """JSON with its numbers rounded to `DIGITS`."""
    return answer_json(_rounded(content))


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _rounded(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_rounded(value) for value in content]
    return float(f"{content:.{DIGITS}g}") if isinstance(content, float) else content


@public_page
def nowhere(request: HttpRequest, address: str) -> HttpResponse:
    """Any address of this interface that there is not."""
    raise Http404


@public_page
def plan(request: HttpRequest) -> HttpResponse:
    """What plan this is, and its counts."""
    of = site()
    s = of.plan.settings
    return answer(
        {
            "name": s.name, "title": s.title, "description": " ".join(s.description.split()), "revision": of.revision,
            "plan_date": s.plan_date, "base_year": s.base_year, "last_year": s.last_year,
            "initiatives": of.grid.initiatives, "placements": of.grid.placements, "outcomes": len(of.outcomes),
            "questions": len(of.questions), "decisions": len(of.decisions), "papers": len(of.papers),
        }
    )  # fmt: skip


@public_page
def outcomes(request: HttpRequest) -> HttpResponse:
    """The outcomes with their headline measures."""
    of = site()
    found = headlines(of.plan, of.measures)
    return answer(
        [{"code": c, "name": n, "headline": _measure(found[c]) if c in found else None} for c, n in of.outcomes.items()]
    )


@public_page
def initiatives(request: HttpRequest) -> HttpResponse:
    """Every initiative in short."""
    return answer([_card(card) for card in site().cards.values()])


@public_page
def one_initiative(request: HttpRequest, code: str) -> HttpResponse:
    """One initiative with its milestones, effects and contribution."""
    of = site()
    if code not in of.cards:
        raise Http404
    view = initiative.view(of, code)
    return answer(
        {
            **_card(view.card),
            "milestones": [_step(step) for step in view.steps],
            "effects": [_effect(effect) for effect in view.effects],
            "contribution": _contribution(view),
            "measured": [_measure(m) for m in view.measured],
            "questions": [q["code"] for q in view.questions],
        }
    )  # fmt: skip


@public_page
def roadmap(request: HttpRequest) -> HttpResponse:
    """The grid: outcomes, workstreams, years, and the codes that stand in each cell."""
    grid = site().grid
    rows = [
        {
            "code": outcome.code,
            "name": outcome.name,
            "workstreams": [
                {
                    "code": row.code,
                    "name": row.name,
                    "years": {y: [c.code for c in cell] for y, cell in row.cells.items()},
                }
                for row in outcome.rows
            ],
        }
        for outcome in grid.outcomes
    ]
    return answer(
        {"years": grid.years, "initiatives": grid.initiatives, "placements": grid.placements, "outcomes": rows}
    )


@public_page
def questions(request: HttpRequest) -> HttpResponse:
    """Questions and answers."""
    return answer(
        [
            {
                **{name: q[name] for name in ("code", "question", "answer", "status", "due", "topic")},
                "initiatives": [c for c, _ in q["about"]],
            }
            for q in site().questions
        ]
    )  # fmt: skip


@public_page
def decisions(request: HttpRequest) -> HttpResponse:
    """Decisions."""
    return answer(
        [
            {"id": d.pk, "title": d.record.title, "outcome": d.record.outcome, "board": d.record.board,
             "met_on": d.record.met_on, "minute": d.record.minute, "initiative": d.initiative or None,
             "while_gate_open": d.record.override or None}
            for d in site().decisions
        ]
    )  # fmt: skip


def _card(card: Card) -> dict[str, Any]:
    return {
        "code": card.code, "title": card.title, "description": card.description, "lead": card.lead,
        "where": card.locality or "everywhere", "status": card.status, "consultation": card.consultation,
        "planned": card.planned, "doubt": card.doubt or None, "conflict": card.conflict,
        "placements": [{"outcome": o, "workstream": w, "year": y} for o, w, y in card.places],
    }  # fmt: skip


def _step(step: initiative.Step) -> dict[str, Any]:
    needs = [{"title": title, "initiative": code} for title, code, _ in step.needs]
    return {"title": step.title, "planned": step.when, "live": step.live, "needs": needs}


def _effect(effect: initiative.Effect) -> dict[str, Any]:
    return {
        "text": effect.text, "amount": effect.amount, "who": effect.who, "badge": effect.badge,
        "strength": effect.grade, "evidence": effect.evidence, "reasoning": effect.why,
    }  # fmt: skip


def _contribution(view: initiative.View) -> dict[str, Any] | None:
    if view.contributions is None:
        return None
    activity = [
        {"text": c.text, "change": c.change, "alone": c.alone, "overlaps": [code for code, _ in c.overlaps]}
        for c in view.contributions
    ]
    gap = {"average": view.gap[0], "range": view.gap[1]} if view.gap else None
    return {"year": view.year, "badge": "modelled", "gap": gap, "activity": activity}


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "code": measure.code, "name": measure.name, "unit": measure.unit, "better": measure.direction,
        "target": measure.target, "target_year": measure.target_year or None,
        "latest": _latest(measure.latest), "base_year": _latest(measure.base),
    }  # fmt: skip


def _latest(found: Latest | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "value": found.value,
        "period": found.period,
        "basis": found.basis,
        "badge": found.badge,
        "source": found.source,
    }


@public_page
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of this interface."""
    of: Site = site()
    paths = {
        "/api/plan": (plan, "object"),
        "/api/outcomes": (outcomes, "array"),
        "/api/initiatives": (initiatives, "array"),
        "/api/initiatives/{code}": (one_initiative, "object"),
        "/api/roadmap": (roadmap, "object"),
        "/api/questions": (questions, "array"),
        "/api/decisions": (decisions, "array"),
    }
    return answer(
        {
            "openapi": "3.1.0",
            "info": {
                "title": f"Better Care Together: {of.plan.settings.title or of.plan.settings.name}",
                "version": version("bettercare"),
                "description": "What is published of the plan. Nothing here needs an account or a key.",
            },
            "servers": [{"url": request.build_absolute_uri("/").rstrip("/")}],
            "paths": {path: _path(path, view, kind) for path, (view, kind) in paths.items()},
        }
    )


def _path(path: str, view: Any, kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": kind}
    if kind == "array":
        schema["items"] = {"type": "object"}
    get: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": view.__doc__,
        "responses": {"200": {"description": "Found", "content": {"application/json": {"schema": schema}}}},
    }
    if "{code}" in path:
        get["parameters"] = [{"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}]
        get["responses"]["404"] = {"description": "Not there, or not published"}
    return {"get": get}
