"""An initiative's benefits: claimed, compared, what both do to the plan; and the proposal that updates the plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bettercare import Plan, Problems
from bettercare.appraisal.learned_update import said
from bettercare.engines.learn.benefit import LEVEL, claim
from bettercare.reporting import text
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.measurement import benefits, benefits_words, records
from bettercare.workspace.measurement.benefits import Learnt
from bettercare.workspace.measurement.beside import Kept
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.forms import Form
from bettercare.workspace.programme.models import Proposal, Revision
from bettercare.workspace.programme.overlay import cell_change, new_row
from bettercare.workspace.programme.views_slip import proposers, saved

if TYPE_CHECKING:
    from bettercare.appraisal.learned import Benefit, EffectLearned
    from bettercare.appraisal.learned_read import Seen
    from bettercare.appraisal.learned_update import Update


@needs("view-work")
@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The benefits of an initiative."""
    return _page(request, current(), code, Form())


@needs("propose")
@require_POST
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """Save what the evidence makes of the effects as a proposal: nothing in the plan changes by this."""
    revision = current()
    plan = plan_of(revision)
    facts.initiative_or_404(plan, code)
    form = Form(request.POST)
    learnt = benefits.learnt(plan)
    changes = changes_of(plan, learnt, code)
    if not changes:
        messages.error(request, "There is nothing to update the plan with, or not yet: nothing was saved.")
        return redirect("work-benefits", code=code)
    made = saved(request, form, revision, changes, code, "what the evidence does to it now")
    if made is None:
        return _page(request, revision, code, form)
    return redirect("work-proposal", number=made.pk)


def changes_of(plan: Plan, learnt: Kept, code: str) -> list[dict[str, Any]]:
    """What the evidence would change in the plan's tables; nothing until it is known, and where nothing was learnt."""
    found: Learnt | None = learnt.value
    update: Update | None = found.updates.get(code) if found else None
    if update is None:
        return []
    rows = [new_row("evidence", row) for row in update.evidence]
    cells = [
        cell_change(plan, "effects", {"code": effect}, column, value)
        for effect, columns in update.effects.items()
        for column, value in columns.items()
    ]
    return [*rows, *(c for c in cells if c["before"] != c["after"])]


def _page(request: HttpRequest, revision: Revision, code: str, form: Form) -> HttpResponse:
    plan = plan_of(revision)
    initiative = facts.initiative_or_404(plan, code)
    learnt, compared = benefits.learnt(plan), benefits.compared(plan, code)
    found: Learnt | None = learnt.value
    user: Any = request.user
    changes = changes_of(plan, learnt, code)
    context = {
        "title": f"Benefits of {code}",
        "initiative": initiative,
        "revision": revision,
        **_claimed(plan, code, found),
        "compared": compared,
        "compared_rows": _compared(compared),
        "compared_use": _use(found, code),
        "compared_months": text.span(*map(_month, (compared.value.first, compared.value.last)))
        if compared.value
        else "",
        "names": facts.partner_names(plan),
        "level": f"{LEVEL:.0%}",
        "made_up": records.MADE_UP if _made_up() else "",
        "learnt": learnt,
        "benefits": [_benefit(b, found) for b in found.benefits if b.effect in _own(found, code)] if found else [],
        "effects": [_effect(e, found) for e in found.effects if e.initiative == code] if found else [],
        "others": _others(found, code),
        "changes": [benefits_words.measure(c) for c in found.changes] if found else [],
        "overall": benefits_words.overall(found.changes) if found else "",
        "can_update": bool(changes),
        "until": found.updates[code].until if found and changes else "",
        "open": Proposal.objects.filter(initiative=code, state="open", base=revision).order_by("-pk"),
        "may_propose": user.may("propose"),
        "proposers": proposers(request, plan),
        "form": form,
    }
    return render(request, "measurement/benefits.html.j2", context, status=422 if form.errors else 200)


def _claimed(plan: Plan, code: str, found: Learnt | None) -> dict[str, Any]:
    """What staff judged, from the file of observations; and beside it why nothing was learnt from it, if so."""
    try:
        seen = benefits.claims(plan, code)
    except Problems as problems:
        return {"claims": [], "wrong": [str(p) for p in problems.items[:5]]}
    return {"claims": [_claim(plan, one, found) for one in seen], "wrong": []}


def _claim(plan: Plan, seen: Seen, found: Learnt | None) -> dict[str, Any]:
    said_so = claim(seen.count or 0.0, seen.out_of or 1.0, seen.months)
    source = facts.row(plan, "evidence", code=seen.evidence) or {}
    where = str(source.get("where", ""))
    factor = seen.attribution
    return {
        "id": seen.id,
        "period": said(seen.first) if seen.first == seen.last else f"{said(seen.first)} to {said(seen.last)}",
        "counts": f"{text.number(seen.count or 0.0)} of {text.number(seen.out_of or 0.0)}",
        "share": _interval(text.percent, said_so.share),
        "a_year": _interval(text.number, said_so.a_year),
        "attribution": [text.percent(v) for v in (factor.low, factor.mode, factor.high) if v is not None]
        if factor
        else [],
        "source": source.get("citation", ""),
        "where": where if where.startswith(("https://", "http://")) else "",
        "badge": source.get("badge", "assumed"),
        "note": seen.note,
        "left_out": found.left_out.get(seen.id, "") if found else "",
    }


def _interval(say: Callable[[float], str], parts: tuple[float, float, float]) -> str:
    middle, low, high = (say(value) for value in parts)
    return f"{middle} ({text.span(low, high)})"


def _own(found: Learnt, code: str) -> set[str]:
    return {e.effect for e in found.effects if e.initiative == code}


def _benefit(benefit: Benefit, found: Learnt) -> dict[str, Any]:
    return {
        "id": benefit.id,
        "how_far": benefits_words.how_far(benefit),
        "rests_on": benefits_words.rests_on(benefit),
        "note": benefit.note if benefit.basis == "compared" and not benefit.made_up else "",
        "made_up": benefit.made_up,
        "picture": benefits_words.picture(benefit),
        "conflict": benefit.id in found.conflicts,
    }


def _use(found: Learnt | None, code: str) -> str:
    """Whether the plan learns from the comparison of an initiative, in words; blank where that is not known."""
    if found is None:
        return ""
    if code in found.unused:
        return f"Nothing is learnt from it: {found.unused[code]}"
    why = found.left_out.get(found.offered.get(code, ""), "")
    if why:
        return f"Nothing is learnt from it: {why}."
    return (
        "It is learnt from below, in place of what staff judged of the same people and months."
        if code in found.offered
        else ""
    )


def _compared(kept: Kept) -> list[tuple[str, str]]:
    """The comparison as rows of a table; every number with its interval."""
    if kept.value is None or kept.value.compared is None:
        return []
    made = kept.value.compared
    say = benefits_words.interval
    return [
        ("Emergency admissions avoided a year", say(made.avoided_a_year)),
        ("Emergency admissions, times those of like people", say(made.ratio, 2)),
        ("More (or fewer, with a minus sign) for each 100 people", say(made.difference, 1)),
        ("Planned admissions, which it cannot change: times those of like people", say(made.negative, 2)),
    ]


def _month(said: str) -> str:
    return f"{date.fromisoformat(f'{said}-01'):%B %Y}"


def _made_up() -> bool:
    from bettercare import UsageError

    try:
        store = records.store()
    except UsageError:
        return False
    return store is not None and bool(store.synthetic)


def _effect(e: EffectLearned, found: Learnt) -> dict[str, Any]:
    seen = next((b for b in found.benefits if b.effect == e.effect), None)
    return {
        "code": e.effect,
        "text": f"{e.lever} {e.service}".replace("-", " "),
        "unit": "share of the care that it reaches" if e.unit == "share" else "a year",
        "prior": benefits_words.spread(e.prior, e.unit),
        "data": f"{benefits_words.spread(seen.own)}, {seen.basis}" if seen else "none of its own",
        "posterior": benefits_words.spread(e.posterior, e.unit),
        "informed": e.informed,
        "badge": e.badge,
    }


def _others(found: Learnt | None, code: str) -> list[tuple[str, str, str]]:
    """(effect, initiative, title) of effects elsewhere that an update from here would change too."""
    if found is None or code not in found.updates:
        return []
    touched = found.updates[code].effects
    return [(e.effect, e.initiative, e.title) for e in found.effects if e.effect in touched and e.initiative != code]
