"""Proposals: a list, and a page for each with its diff, its effect, who must answer and what can be done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bettercare import UsageError, diff
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.pages import whole
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import change_words, effects, facts, gates, proposing, sizes
from bettercare.workspace.programme.forms import Form
from bettercare.workspace.programme.models import Comment, Endorsement, Proposal
from bettercare.workspace.programme.overlay import changed
from bettercare.workspace.programme.proposing import Meeting, Refused

PAGE = 25
ANSWERS = dict(Endorsement.ANSWERS)
OUTCOMES = {"adopted": "Adopt", "refused": "Refuse", "withdrawn": "Withdraw"}


@needs("view-work")
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """All proposals, the newest first; `state` and `initiative` narrow them."""
    state, initiative = request.GET.get("state", ""), request.GET.get("initiative", "")[:60]
    found = Proposal.objects.select_related("base").defer("base__content").order_by("-pk")
    if state in dict(Proposal.STATES):
        found = found.filter(state=state)
    if initiative:
        found = found.filter(initiative=initiative)
    context = {
        "title": "Proposals",
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "states": Proposal.STATES,
        "state": state,
        "initiative": initiative,
        "current": current(),
        "sizes": sizes.rules(),
        "names": facts.partner_names(plan_of(current())),
    }
    return render(request, "programme/proposals.html.j2", context)


@needs("view-work")
@require_safe
def proposal(request: HttpRequest, number: int) -> HttpResponse:
    """One proposal."""
    return _page(request, number)


@needs("endorse", partner_of=lambda request, **_: request.POST.get("partner", ""))
@require_POST
def endorse(request: HttpRequest, number: int) -> HttpResponse:
    """Write down what a partner's board said."""
    found = get_object_or_404(Proposal, pk=number)
    partners = {p["code"]: p for p in plan_of(found.base).tables["partners"].iter_rows(named=True)}
    form = Form(request.POST)
    partner = form.choice("partner", "the partner whose board it was", partners)
    said = Endorsement(
        partner=partner,
        answer=form.choice("answer", "what the board said", ANSWERS),
        meeting=form.text("meeting", "the meeting", longest=200),
        met_on=form.day("met_on", "the day of the meeting", past=True),
        minute=form.text("minute", "the minute", longest=60),
    )
    if form.errors:
        return _page(request, number, form, "endorse")
    try:
        board = partners[partner]["kind"] == "board"
        seen = whole(form.raw("seen")) or 0
        proposing.endorse(number, form.raw("overlay"), seen, request.user, said, is_board=board)
        messages.success(request, f"Recorded: {partners[partner]['name']} – {said.get_answer_display().lower()}.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("work-proposal", number=number)


@needs("propose")
@require_http_methods(["GET", "HEAD", "POST"])
def rebase(request: HttpRequest, number: int) -> HttpResponse:
    """See what the proposal is on the current revision, then put it there."""
    found = get_object_or_404(Proposal.objects.select_related("base"), pk=number)
    if request.method == "POST":
        form = Form(request.POST)
        try:
            proposing.rebase(number, form.version(), request.user, over=form.raw("over") == "yes")
            messages.success(request, "Rebased. Answers to the old form have lapsed, and each board answers again.")
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("work-proposal", number=number)
    revision = current()
    plan = plan_of(revision)
    moved = proposing.on_revision(found, plan)
    context: dict[str, Any] = {
        "title": f"Rebase proposal {number}",
        "proposal": found,
        "revision": revision,
        "moved": moved,
        "live": found.endorsements.filter(overlay=found.overlay),
        "names": facts.partner_names(plan),
        "words": lambda change, after=None: change_words.words(
            plan, change if after is None else {**change, "after": after}
        ),
    }
    if moved.changes and not moved.gone:
        context["effect"] = effects.effect_of(plan, changed(plan, moved.changes), found.initiative)
        context["size"] = sizes.size_of(moved.changes, context["effect"])
    return render(request, "programme/rebase.html.j2", context)


@needs("decide")
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Adopt, refuse or withdraw."""
    get_object_or_404(Proposal, pk=number)
    form = Form(request.POST)
    outcome = form.choice("outcome", "what was decided", OUTCOMES)
    withdrawn = outcome == "withdrawn"
    board = form.text("board", "the board that decided", needed=not withdrawn, longest=200)
    met_on = form.day("decided_on", "the day of the decision", needed=not withdrawn, past=True)
    minute = form.text("decision_minute", "the minute", needed=not withdrawn, longest=60)
    why = form.text("why", "a reason", needed=outcome in ("refused", "withdrawn"))
    if form.errors:
        return _page(request, number, form, "decide")
    meeting = Meeting(board, met_on or timezone.localdate(), minute, why)
    try:
        if outcome == "adopted":
            may = request.user.may("override-gate")
            new = proposing.adopt(number, form.version(), request.user, meeting, may_override=may)
            said = f"Adopted. The plan is now revision {new.code}."
            messages.success(request, f"{said} The public sees it when it is published, under Publishing.")
        else:
            proposing.end(number, form.version(), request.user, outcome, meeting)
            messages.success(request, f"{OUTCOMES[outcome]}: recorded.")
    except Refused as refused:
        form.errors["why" if "Gates are open" in str(refused) else "outcome"] = str(refused)
        return _page(request, number, form, "decide")
    return redirect("work-proposal", number=number)


def _page(request: HttpRequest, number: int, form: Form | None = None, which: str = "") -> HttpResponse:
    found = get_object_or_404(Proposal.objects.select_related("base", "author", "adopted_as"), pk=number)
    plan, now = plan_of(found.base), current()
    answers = list(found.endorsements.select_related("by").order_by("pk"))
    partners = {p["code"]: p for p in plan.tables["partners"].iter_rows(named=True)}
    user: Any = request.user
    mine = user.partners_for("endorse", list(partners))
    live = [e for e in answers if e.overlay == found.overlay]
    latest = {e.partner: e for e in live}
    after, differences = None, []
    try:
        after = changed(plan, found.changes)
        differences = diff(plan, after)
    except UsageError:  # only where a row was renamed under it
        pass
    stale = found.state == "open" and found.base_id != now.pk
    context = {
        "title": found.title,
        "proposal": found,
        "current": now,
        "stale": stale,
        "diff": [change_words.words(plan, c) for c in found.changes],
        "differences": differences,
        "size": sizes.rules().named(found.size),
        "rules": sizes.rules(),
        "asked": sizes.standing(plan, found, timezone.localdate()),
        "about_title": (facts.row(plan, "initiatives", code=found.initiative) or {}).get("title", ""),
        "others": [e for e in latest.values() if e.duty in ("recommend", "note")],
        "earlier": [e for e in live if e is not latest[e.partner]],
        "seen": answers[-1].pk if answers else 0,
        "lapsed": [e for e in answers if e.overlay != found.overlay],
        "held": _held(found, after, stale),
        "decisions": found.decisions.order_by("-pk"),
        "duty_words": sizes.DUTY_WORDS,
        "names": {code: p["name"] for code, p in partners.items()},
        "mine": {code: partners[code]["name"] for code in mine},
        "answers": ANSWERS,
        "outcomes": OUTCOMES,
        "comments": Comment.objects.filter(about=f"proposal:{number}").select_related("by").order_by("pk"),
        "about": f"proposal:{number}",
        "may": {a: user.may(a) for a in ("propose", "decide", "comment", "override-gate")},
        "form": form or Form(),
        "which": which,
    }
    return render(request, "programme/proposal.html.j2", context)


def _held(found: Proposal, after: Any, stale: bool) -> list[gates.GateState]:
    if found.state != "open" or after is None or stale:
        return []
    nothing = bool(found.effect.get("nothing"))
    return gates.holding(after, found.initiative, found.size, nothing=nothing)
