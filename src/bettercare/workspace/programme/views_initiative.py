"""An initiative in the workspace: everything about it in one place."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bettercare import Plan
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import Entry
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.gates import recorded_left
from bettercare.workspace.programme.models import CONFIDENCE, Comment, Decision, Progress, Proposal, Risk
from bettercare.workspace.programme.whole import Whole
from bettercare.workspace.public import contribution
from bettercare.workspace.public.initiative import view as public_view
from bettercare.workspace.public.publish import public_keys
from bettercare.workspace.public.views import WORDS

HISTORY = 30


@needs("view-work")
@require_safe
def initiative(request: HttpRequest, code: str) -> HttpResponse:
    """What it is, what it is assumed and forecast to do, milestones, proposals, gates, risks, comments, history."""
    revision = current()
    plan = plan_of(revision)
    found = facts.initiative_or_404(plan, code)
    milestones = sorted(facts.rows(plan, "milestones", initiative=code), key=lambda m: m["date"])
    reports = {p.milestone: p for p in Progress.objects.filter(milestone__in=[m["code"] for m in milestones])}
    proposals = list(
        Proposal.objects.filter(initiative=code).select_related("base").defer("base__content").order_by("-pk")
    )
    user: Any = request.user
    whole = Whole(revision)
    context = {
        **WORDS,
        "site": whole,
        "view": public_view(whole, code),
        "failed": contribution.failed(plan),
        "row": found,
        "link": "work-initiative",
        "is_public": bool(public_keys("initiative", [code])),
        "title": found["title"],
        "initiative": found,
        "revision": revision,
        "names": facts.partner_names(plan),
        "milestones": [(m, reports.get(m["code"]), facts.before_it(plan, m)) for m in milestones],
        "live": facts.live_milestone(plan, code),
        "confidence": dict(CONFIDENCE),
        "proposals": proposals,
        "decisions": Decision.objects.filter(proposal__in=proposals).order_by("-pk"),
        "evidence_left": recorded_left(code, "major"),
        "risks": Risk.objects.filter(initiative=code).order_by("-open", "pk"),
        "comments": Comment.objects.filter(about=f"initiative:{code}").select_related("by").order_by("pk"),
        "about": f"initiative:{code}",
        "may": {a: user.may(a) for a in ("preview", "comment", "assure")},
        "may_report": user.may("report-progress", found["lead"]),
        **_plan_facts(plan, code),
        "history": _history(code, milestones, proposals),
    }
    return render(request, "programme/initiative.html.j2", context)


def _plan_facts(plan: Plan, code: str) -> dict[str, Any]:
    placed = facts.rows(plan, "placements", initiative=code)
    outcomes = dict(plan.tables["outcomes"].select("code", "name").iter_rows())
    return {
        "outcomes": [outcomes.get(c, c) for c in dict.fromkeys(p["outcome"] for p in placed)],
        "capital": facts.rows(plan, "capital", initiative=code),
    }


def _history(code: str, milestones: list[facts.Row], proposals: list[Proposal]) -> list[Entry]:
    """The audit entries about an initiative, its milestones and its proposals, the newest first."""
    about = Q(what=f"initiative:{code}") | Q(what__endswith=f" of {code}")
    about |= Q(what__in=[f"milestone {m['code']}" for m in milestones])
    about |= Q(what__in=[f"proposal {p.pk}" for p in proposals] + [f"proposal:{p.pk}" for p in proposals])
    about |= Q(what__in=[f"risk {r}" for r in Risk.objects.filter(initiative=code).values_list("pk", flat=True)])
    return list(Entry.objects.filter(about, allowed=True).order_by("-number")[:HISTORY])
