"""Slip an initiative's date: see at once what that does, before anything is saved; then make it a proposal."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from bettercare import Plan
from bettercare.reporting import dates
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import effects, facts, proposing, sizes
from bettercare.workspace.programme.forms import Form, add_months
from bettercare.workspace.programme.models import Proposal, Revision
from bettercare.workspace.programme.overlay import cell_change, changed
from bettercare.workspace.programme.proposing import Refused

MOST_MONTHS = 120


@needs("preview")
@require_http_methods(["GET", "HEAD", "POST"])
def slip(request: HttpRequest, code: str) -> HttpResponse:
    """The form, and after it was sent what the new date does. Nothing is written."""
    revision = current()
    plan = plan_of(revision)
    facts.initiative_or_404(plan, code)
    live = facts.live_milestone(plan, code)
    if live is None or request.method != "POST":
        if live is not None:
            effects.warm(plan, code)
        return _page(request, revision, code, Form())
    form = Form(request.POST)
    new = _new_date(form, live["date"])
    return _page(request, revision, code, form, None if form.errors else new)


@needs("propose")
@require_POST
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """Save what was previewed as a proposal on the revision that it was previewed on."""
    revision = current()
    plan = plan_of(revision)
    facts.initiative_or_404(plan, code)
    live = facts.live_milestone(plan, code)
    form = Form(request.POST)
    new = _iso(form, "new")
    if live is None or new is None or new == live["date"]:
        messages.error(request, "Choose a date first: nothing was saved.")
        return redirect("work-slip", code=code)
    proposal = saved(request, form, revision, moved(plan, live, new), code, "what the same date does now")
    if proposal is None:
        return _page(request, revision, code, form, new)
    return redirect("work-proposal", number=proposal.pk)


def saved(
    request: HttpRequest, form: Form, revision: Revision, changes: list[dict[str, Any]], code: str, below: str
) -> Proposal | None:
    """Keep changes to an initiative as a proposal, with what the form says of it; None, and errors in it, otherwise.

    `below` says what the page shows anew where the plan has moved on since.
    """
    title = form.text("title", "a title", longest=200)
    reason = form.text("reason", "a reason")
    partner = form.choice("partner", "the partner that proposes it", proposers(request, plan_of(revision)))
    if form.raw("base") != revision.code:
        form.errors["base"] = (
            f"The plan has moved on to revision {revision.code} since you looked. Nothing was saved. "
            f"Below is {below}: look again, then save."
        )
    if form.errors:
        return None
    try:
        made = proposing.propose(
            revision, changes, request.user, title=title, reason=reason, partner=partner, initiative=code
        )
    except Refused as refused:
        form.errors["base"] = str(refused)
        return None
    messages.success(request, "Saved as a proposal. The plan itself has not changed.")
    return made


def moved(plan: Plan, milestone: facts.Row, new: date) -> list[dict[str, Any]]:
    """The change of a milestone's date, as a proposal keeps it; and of the words beside it, if they say that its source
    gives no more than a year: the new date is known to the day."""
    key = {"code": milestone["code"]}
    changes = [cell_change(plan, "milestones", key, "date", new.isoformat())]
    if dates.only_year(milestone["assumed"]):
        words = f"Decided by the partnership; it was planned for {milestone['date'].year} before."
        changes.append(cell_change(plan, "milestones", key, "assumed", words))
    return changes


def proposers(request: HttpRequest, plan: Any) -> dict[str, str]:
    """The partners in whose name a person may propose: those it acts for."""
    names = facts.partner_names(plan)
    return {code: names.get(code, code) for code in sorted(facts.acting_for(request))}


def _new_date(form: Form, now: date) -> date | None:
    months = form.number("months", -MOST_MONTHS, MOST_MONTHS)
    if "months" in form.errors:
        return None
    if months is not None:
        new: date | None = add_months(now, months)
    else:
        new = form.day("date", "a new date, or a number of months")
    if new == now:
        form.errors["date"] = "Enter a date that differs from the planned one"
    return new


def _iso(form: Form, name: str) -> date | None:
    try:
        return date.fromisoformat(form.raw(name))
    except ValueError:
        return None


def _page(request: HttpRequest, revision: Revision, code: str, form: Form, new: date | None = None) -> HttpResponse:
    plan = plan_of(revision)
    live = facts.live_milestone(plan, code)
    context: dict[str, Any] = {
        "title": f"Change the date of {code}",
        "initiative": facts.initiative_or_404(plan, code),
        "live": live,
        "form": form,
        "revision": revision,
        "scenario": plan.scenarios[effects.scenario_for(plan, code)].title,
    }
    if live is not None and new is not None:
        changes = moved(plan, live, new)
        effect = effects.effect_of(plan, changed(plan, changes), code)
        context |= {
            "new": new,
            "effect": effect,
            "size": sizes.size_of(changes, effect),
            "days": (new - live["date"]).days,
            "waiting": [m for m in facts.waiting_for(plan, live["code"]) if m["date"] < new],
            "earlier": [m for m in facts.before_it(plan, live) if m["date"] > new],
            "proposers": proposers(request, plan),
            "may_propose": request.user.may("propose"),
        }
    return render(request, "programme/slip.html.j2", context)
