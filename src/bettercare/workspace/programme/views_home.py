"""What needs me, and search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bettercare import Plan
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts, sizes
from bettercare.workspace.programme.gates import recorded_left
from bettercare.workspace.programme.models import Comment, Decision, Progress, Proposal, Revision, Risk
from bettercare.workspace.public.things import unpublished

SHOWN = 10
RECENT = 8
FOUND = 20
SHORTEST = 2


@needs("view-work")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the partners for which a person acts, and what changed last."""
    revision = current()
    plan = plan_of(revision)
    mine = facts.acting_for(request)
    proposals = list(Proposal.objects.filter(state="open").select_related("base").defer("base__content").order_by("pk"))
    today = timezone.localdate()
    done = set(Progress.objects.filter(done=True).values_list("milestone", flat=True))
    leads = dict(plan.tables["initiatives"].select("code", "lead").iter_rows())
    due = [m for m in facts.open_milestones(plan, done) if leads.get(m["initiative"]) in mine]
    gates = {p.initiative: recorded_left(p.initiative, p.size) for p in proposals if p.initiative}
    context = {
        "title": "What needs me",
        "revision": revision,
        "mine": [facts.partner_names(plan).get(code, code) for code in sorted(mine)],
        "waiting": [(p, a) for p in proposals for a in _mine_to_answer(revision, p, mine, today)],
        "stale": [p for p in proposals if p.base_id != revision.pk],
        "open_count": len(proposals),
        "due": due[:SHOWN],
        "due_more": max(len(due) - SHOWN, 0),
        "today": today,
        "gates": {code: left for code, left in gates.items() if left},
        "risks": Risk.objects.filter(open=True, owner__in=mine).order_by("pk")[:SHOWN],
        "revisions": Revision.objects.defer("content").order_by("-at")[:RECENT],
        "decisions": Decision.objects.order_by("-pk")[:RECENT],
        "unpublished": unpublished() if request.user.may("publish") else [],
    }
    return render(request, "programme/home.html.j2", context)


def _mine_to_answer(revision: Revision, proposal: Proposal, mine: set[str], today: date) -> Iterator[sizes.Asked]:
    if proposal.base_id != revision.pk:
        return  # it has to be rebased first
    for each in sizes.standing(plan_of(revision), proposal, today):
        if each.partner in mine and each.answer is None:
            yield each


@needs("view-work")
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a word in the plan's initiatives, milestones and questions, and in what people wrote."""
    q = request.GET.get("q", "").strip()[:100]
    plan = plan_of(current())
    long_enough = len(q) >= SHORTEST
    context: dict[str, Any] = {"title": "Search", "q": q, "short": bool(q) and not long_enough}
    if long_enough:
        context["groups"] = {
            "Initiatives": [(r["code"], r["title"], r["description"], r["code"]) for r in _in(plan, "initiatives", q)],
            "Milestones": [(r["code"], r["title"], "", r["initiative"]) for r in _in(plan, "milestones", q)],
            "Questions": [(r["code"], r["question"], r["answer"], "") for r in _in(plan, "questions", q)],
        }
        context["proposals"] = Proposal.objects.filter(Q(title__icontains=q) | Q(reason__icontains=q))[:FOUND]
        context["risks"] = Risk.objects.filter(
            Q(title__icontains=q) | Q(trigger__icontains=q) | Q(fallback__icontains=q)
        )[:FOUND]
        context["comments"] = Comment.objects.filter(text__icontains=q).select_related("by")[:FOUND]
        context["decisions"] = Decision.objects.filter(Q(title__icontains=q) | Q(override__icontains=q))[:FOUND]
        groups = [*context["groups"].values(), *(context[n] for n in ("proposals", "risks", "comments", "decisions"))]
        context["total"] = sum(len(g) for g in groups)
    return render(request, "programme/search.html.j2", context)


def _in(plan: Plan, table: str, q: str) -> list[facts.Row]:
    """The first rows of a table in which some text holds the word, whatever its case."""
    low, found = q.lower(), []
    for row in plan.tables[table].iter_rows(named=True):
        if any(isinstance(value, str) and low in value.lower() for value in row.values()):
            found.append(row)
            if len(found) == FOUND:
                break
    return found
