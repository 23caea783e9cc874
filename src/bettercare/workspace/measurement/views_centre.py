"""The Nerve Centre: each outcome's headline measure, what needs attention, and every measure by place."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bettercare.activity.control_chart import TO_JUDGE
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.measurement import centre as shown
from bettercare.workspace.measurement.centre import ATTENTION, Centre
from bettercare.workspace.measurement.judged import warm
from bettercare.workspace.plans import current, plan_of


def one_of(request: HttpRequest, name: str, known: set[str]) -> str:
    """A choice of the address, or a blank where it is none that is known."""
    value = request.GET.get(name, "")
    return value if value in known else ""


def words(centre: Centre) -> dict[str, object]:
    """What templates need to put figures into words.

    `published` says that a page shows published figures where there are no records, `made_up` that it shows made-up
    ones.
    """
    return {
        "place": centre.place, "latest": shown.latest, "target": shown.target, "better": shown.better,
        "how_many": shown.how_many, "to_judge": TO_JUDGE, "held": centre.held, "published": True,
        "made_up": centre.held.synthetic,
    }  # fmt: skip


@needs("view-work")
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """All measures, filtered by outcome, partner and locality."""
    warm()
    plan = plan_of(current())
    centre = Centre.of(plan)
    partners, localities = places(centre)
    outcomes = list(plan["outcomes"].sort("order").select("code", "name").iter_rows())
    partner = one_of(request, "partner", {code for code, _ in partners})
    locality = one_of(request, "locality", {code for code, _ in localities})
    outcome = one_of(request, "outcome", {code for code, _ in outcomes})
    lines = centre.lines(outcome, partner, locality)
    pressing = shown.attention(lines)
    context = {
        "title": "Nerve Centre",
        **words(centre),
        "outcomes": lines,
        "pressing": pressing[:ATTENTION],
        "pressing_more": max(len(pressing) - ATTENTION, 0),
        "partners": partners,
        "localities": localities,
        "all_outcomes": outcomes,
        "chosen": {"partner": partner, "locality": locality, "outcome": outcome},
        "filtered": bool(partner or locality or outcome),
        "may_feeds": request.user.may("view-feeds"),
    }
    return render(request, "measurement/centre.html.j2", context)


def places(centre: Centre) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Partners and localities that some series is of, with their names."""
    every = [s for found in centre.series.values() for s in found]
    partners = sorted({(s.partner, centre.partner(s.partner)) for s in every if s.partner}, key=lambda x: x[1])
    localities = sorted({(s.locality, centre.locality(s.locality)) for s in every if s.locality}, key=lambda x: x[1])
    return partners, localities
