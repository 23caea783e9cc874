"""The page where partners' returns are held against each other and the plan, and what was agreed about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bettercare.appraisal.triangulation import Triangulation
from bettercare.appraisal.triangulation_claims import DoubleClaim
from bettercare.reporting.text import counted
from bettercare.reporting.triangulation_words import WHAT_THIS_IS_NOT, Words
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.people import partner_names
from bettercare.workspace.audit.models import record
from bettercare.workspace.programme.models import Resolution
from bettercare.workspace.returns import exports
from bettercare.workspace.returns.forms import AgreedForm
from bettercare.workspace.returns.reading import (
    TOLERANCES,
    Finding,
    finding,
    findings,
    held_together,
    in_use,
    key_of,
    parties,
    title_of,
)
from bettercare.workspace.returns.views import EXCEL, attachment, mine

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
STANDARD = 0.02


def _tolerance(request: HttpRequest) -> float:
    """One of a few, so that nobody fills the memory with answers."""
    try:
        asked = float(request.GET.get("tolerance", "")) / 100.0
    except ValueError:
        return STANDARD
    return min(TOLERANCES, key=lambda known: abs(known - asked)) if asked == asked else STANDARD


def _titles(words: Words, found: Triangulation) -> dict[str, str]:
    return {key_of(item.code): title_of(words, item) for item in findings(found)}


def _agreed() -> dict[str, Resolution]:
    return {row.disagreement: row for row in Resolution.objects.all()}


@needs("view-returns")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Where activity, beds, staff and money disagree, and which saving is claimed twice."""
    tolerance = _tolerance(request)
    plan, found = held_together(tolerance)
    words, agreed, names = Words(plan, found), _agreed(), partner_names()
    partner = request.GET.get("partner", "")
    partner = partner if partner in names else ""
    disagreements = [d for d in found.disagreements if not partner or partner in parties(d)]
    claims = [c for c in found.double_claims if not partner or partner in parties(c)]
    codes = {key_of(item.code) for item in findings(found)}
    system = plan.tables["partners"]
    shown: dict[str, Any] = {
        "found": found,
        "words": words,
        "disagreements": disagreements,
        "claims": claims,
        "agreed": agreed,
        "key_of": key_of,
        "settled": [row for code, row in agreed.items() if code not in codes] if tolerance == STANDARD else [],
        "returns": in_use(),
        "names": names,
        "system": system.filter(system["in_system"])["code"].to_list(),
        "partner": partner,
        "tolerance": round(100 * tolerance),
        "tolerances": [round(100 * t) for t in TOLERANCES],
        "counted": counted,
        "what_this_is_not": WHAT_THIS_IS_NOT,
        "may_send": bool(mine(request)),
    }
    return render(request, "returns/triangulation.html.j2", {"title": "Triangulation", **shown})


@needs("view-returns")
@require_GET
def export(request: HttpRequest, form: str) -> HttpResponse:
    """All of it as Excel or Word."""
    plan, found = held_together(_tolerance(request))
    titles = _titles(Words(plan, found), found)
    make, kind = {"xlsx": (exports.excel, EXCEL), "docx": (exports.word, WORD)}[form]
    return attachment(make(plan, found, titles, _agreed()), f"triangulation.{form}", kind)


def _whose(request: HttpRequest, code: str) -> str:
    """The partner that somebody may speak for in this matter; otherwise the one that is asked."""
    item = finding(code)
    if item is None:
        raise Http404
    involved = parties(item)
    own = request.user.partners_for("resolve", involved)
    return own[0] if own else next(iter(involved), "")


@needs("view-returns")
@require_GET
def about(request: HttpRequest, code: str) -> HttpResponse:
    """One disagreement or saving: its figures, who is asked, what was agreed."""
    item = finding(code)
    if item is None:
        raise Http404
    row = Resolution.objects.filter(disagreement=key_of(code)).first()
    start = {"asked": row.asked, "due": row.due, "agreed": row.agreed} if row else {"asked": item.asked, "due": item.by}
    form = AgreedForm(initial={**start, "version": row.version if row else 0}, partners=_choices(item))
    return _about_page(request, item, form, row)


def _choices(item: Finding) -> list[tuple[str, str]]:
    names = partner_names()
    return [(code, names.get(code, code)) for code in parties(item)]


def _about_page(
    request: HttpRequest, item: Finding, form: AgreedForm, row: Resolution | None, **more: Any
) -> HttpResponse:
    words = Words(*held_together(0.0))
    shown = {
        "item": item,
        "is_claim": isinstance(item, DoubleClaim),
        "words": words,
        "row": row,
        "form": form,
        "version": row.version if row else 0,
        "may": bool(request.user.partners_for("resolve", parties(item))),
        "names": partner_names(),
        **more,
    }
    return render(
        request, "returns/about.html.j2", {"title": title_of(words, item), **shown}, status=409 if more else 200
    )


@needs("resolve", partner_of=_whose)
@require_POST
def agree(request: HttpRequest, code: str) -> HttpResponse:
    """Write down who is asked by when and what was agreed. The second of two writers is told."""
    item = finding(code)
    if item is None:
        raise Http404
    form = AgreedForm(request.POST, partners=_choices(item))
    row = Resolution.objects.filter(disagreement=key_of(code)).first()
    if not form.is_valid():
        return _about_page(request, item, form, row)
    data = dict(form.cleaned_data)
    if _write(request, key_of(code), data, data.pop("version")):
        messages.success(request, "It is written down.")
        return redirect(reverse("disagreement", args=[code]))
    theirs = Resolution.objects.get(disagreement=key_of(code))
    return _about_page(request, item, form, theirs, theirs=theirs)


def _write(request: HttpRequest, code: str, data: dict[str, Any], version: int) -> bool:
    try:
        with transaction.atomic():
            kept = Resolution.objects.filter(disagreement=code)
            before = kept.values("asked", "due", "agreed").first()
            if version == 0:
                Resolution.objects.create(disagreement=code, by=str(request.user), **data)
            elif not kept.filter(version=version).update(
                by=str(request.user), at=timezone.now(), version=F("version") + 1, **data
            ):
                return False
            record(str(request.user), "resolve", code, before=before, after=data)
    except IntegrityError:  # somebody else was the first to write about it
        return False
    return True
