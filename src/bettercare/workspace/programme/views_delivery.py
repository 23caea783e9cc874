"""Delivery: progress on a milestone, risks and issues, comments."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.pages import whole
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import delivery, facts
from bettercare.workspace.programme.forms import Form
from bettercare.workspace.programme.models import CONFIDENCE, Comment, Progress, Proposal, Risk

ABOUT = re.compile(r"(initiative|proposal):([A-Za-z0-9_-]{1,60})")


@needs("report-progress", partner_of=facts.lead_of_milestone)
@require_http_methods(["GET", "HEAD", "POST"])
def progress(request: HttpRequest, code: str) -> HttpResponse:
    """Report on a milestone. Confidence that differs from the computed suggestion needs a reason."""
    plan = plan_of(current())
    milestone = facts.row(plan, "milestones", code=code)
    if milestone is None:
        raise Http404(code)
    there = Progress.objects.filter(milestone=code).first()
    if request.method != "POST":
        return _progress_page(request, milestone, there, Form())
    form = Form(request.POST)
    done = form.raw("done") == "yes"
    expected = form.day("expected", "the date that you expect", needed=False)
    computed = delivery.suggestion(plan, milestone, expected, done=done)
    chosen = form.raw("confidence") or computed.code
    if chosen not in dict(CONFIDENCE):
        form.errors["confidence"] = "Choose a point of the scale"
    reason = form.text("reason", "a reason for differing from the suggestion", needed=chosen != computed.code)
    values: dict[str, Any] = {
        "done": done, "expected": expected, "confidence": chosen, "suggested": computed.code,
        "reason": reason if chosen != computed.code else "", "note": form.text("note", "a note", needed=False),
    }  # fmt: skip
    if form.errors:
        return _progress_page(request, milestone, there, form)
    try:
        delivery.save_progress(code, form.version(), str(request.user), values)
    except delivery.Overtaken as overtaken:
        form.errors["confidence"] = "Somebody else reported while you wrote. Yours was not saved; both are shown below."
        return _progress_page(request, milestone, overtaken.there, form, overtaken=True)
    messages.success(request, "Reported.")
    return redirect("work-initiative", code=milestone["initiative"])


def _progress_page(
    request: HttpRequest, milestone: facts.Row, there: Progress | None, form: Form, *, overtaken: bool = False
) -> HttpResponse:
    plan = plan_of(current())
    expected = Form(form.data).day("expected", "", needed=False) if form.data else (there.expected if there else None)
    done = form.raw("done") == "yes" if form.data else bool(there and there.done)
    context = {
        "title": "Report progress",
        "milestone": milestone,
        "there": there,
        "form": form,
        "expected": expected,
        "done": done,
        "overtaken": overtaken,
        "scale": CONFIDENCE,
        "words": dict(CONFIDENCE),
        "suggestion": delivery.suggestion(plan, milestone, expected, done=done),
    }
    return render(request, "programme/progress.html.j2", context)


def _owner_of_risk(request: HttpRequest, number: int, **_: Any) -> str:
    """Whose thing a risk is: its owner's."""
    found = Risk.objects.filter(pk=number).first()
    return found.owner if found else ""


@needs("report-progress", partner_of=facts.lead_of_initiative)
@require_http_methods(["GET", "HEAD", "POST"])
def add_risk(request: HttpRequest, code: str) -> HttpResponse:
    """Add a risk or an issue to an initiative."""
    facts.initiative_or_404(plan_of(current()), code)
    return _risk(request, None, code)


@needs("report-progress", partner_of=_owner_of_risk)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_risk(request: HttpRequest, number: int) -> HttpResponse:
    """Change a risk or an issue, or close it."""
    return _risk(request, get_object_or_404(Risk, pk=number), "")


def _risk(request: HttpRequest, there: Risk | None, code: str) -> HttpResponse:
    plan = plan_of(current())
    names = facts.partner_names(plan)
    code = there.initiative if there else code
    context: dict[str, Any] = {
        "title": "Change a risk or issue" if there else "Add a risk or issue",
        "there": there, "code": code, "names": names, "overtaken": False, "form": Form(),
        "lead": (facts.row(plan, "initiatives", code=code) or {}).get("lead", ""),
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "programme/risk.html.j2", context)
    form = context["form"] = Form(request.POST)
    values = {
        "title": form.text("title", "a title", longest=200),
        "is_issue": form.raw("is_issue") == "yes",
        "trigger": form.text("trigger", "how you would know"),
        "owner": form.choice("owner", "the partner that owns it", names),
        "fallback": form.text("fallback", "what is done if it happens"),
        "open": form.raw("closed") != "yes",
    }
    if not form.errors:
        try:
            delivery.save_risk(there.pk if there else None, form.version(), str(request.user), values, code)
        except delivery.Overtaken as overtaken:
            context |= {"there": overtaken.there, "overtaken": True}
            form.errors["title"] = "Somebody else changed it while you wrote. Yours was not saved; both are shown."
    if form.errors:
        return render(request, "programme/risk.html.j2", context)
    messages.success(request, "Saved.")
    return redirect("work-initiative", code=code) if code else redirect("work-home")


@needs("comment")
@require_POST
def comment(request: HttpRequest) -> HttpResponse:
    """Comment on an initiative or a proposal."""
    form = Form(request.POST)
    found = ABOUT.fullmatch(form.raw("about"))
    if not found:
        raise Http404("nothing to comment on")
    kind, key = found.groups()
    if kind == "initiative":
        facts.initiative_or_404(plan_of(current()), key)
    else:
        get_object_or_404(Proposal, pk=whole(key) or 0)
    text = form.text("comment", "a comment")
    if form.errors:
        messages.error(request, form.errors["comment"] + ".")
    else:
        with transaction.atomic():
            made = Comment.objects.create(about=form.raw("about"), text=text, by=request.user)
            record(str(request.user), "comment", form.raw("about"), after={"comment": made.pk, "text": text})
        messages.success(request, "Your comment was added.")
    return redirect("work-initiative", code=key) if kind == "initiative" else redirect("work-proposal", number=int(key))
