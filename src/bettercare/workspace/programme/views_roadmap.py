"""The roadmap of the whole plan, with what is not published."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.plans import current
from bettercare.workspace.programme.whole import Whole
from bettercare.workspace.public.publish import public_keys
from bettercare.workspace.public.views import WORDS, roadmap_shown


@needs("view-work")
@require_safe
def whole_roadmap(request: HttpRequest) -> HttpResponse:
    """Every initiative of the current revision, as a grid or a timeline, filtered, or against an earlier revision."""
    of = Whole(current())
    public = public_keys("initiative")
    found = {**roadmap_shown(request, of), "here": "work-roadmap", "link": "work-initiative"}
    context = {
        "title": "Whole roadmap",
        "site": of,
        "hidden": [card for code, card in of.cards.items() if code not in public],
        "unplaced": [card for card in of.cards.values() if not card.places],
        **WORDS,
        **found,
    }
    return render(request, "programme/roadmap.html.j2", context)
