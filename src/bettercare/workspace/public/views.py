"""The pages that anybody may read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from bettercare.plan.schema import schema
from bettercare.reporting import badges
from bettercare.workspace import roadmap
from bettercare.workspace.papers.models import Paper
from bettercare.workspace.plans import DRAWS
from bettercare.workspace.public import contribution, initiative
from bettercare.workspace.public.kept import public_page
from bettercare.workspace.public.measures import headlines
from bettercare.workspace.public.site import Site, site

FILTERS = ("locality", "partner", "pathway", "status", "consultation")
LATEST = 5
WORDS = {"statuses": roadmap.STATUSES, "consultations": roadmap.CONSULTATION, "shapes": badges.SHAPES}
LONGEST_SEARCH = 100
PAPER_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def shown(request: HttpRequest, name: str, title: str, of: Site, **more: Any) -> HttpResponse:
    """A page of the public site from its template."""
    # The foot names the revision that the page is made from, not the one that the workspace is at.
    of_page = {"title": title, "site": of, "revision_code": lambda _: of.revision}
    return render(request, f"public/{name}.html.j2", {**of_page, **WORDS, **more})


def asked(request: HttpRequest, of: Site) -> roadmap.Filters:
    """The filters of a request; what is not among the choices is as if it were not asked."""
    values = {name: request.GET.get(name, "") for name in FILTERS}
    kept = {name: value for name, value in values.items() if value in of.choices[name]}
    return roadmap.Filters(**kept, words=request.GET.get("q", "").strip()[:LONGEST_SEARCH])


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """What Better Care Together is, the outcomes with their measures, and what is decided."""
    of = site()
    counts = Counter(card.status for card in of.cards.values())
    undecided = [q for q in of.questions if q["status"] != "answered"]
    return shown(
        request, "home", "Better Care Together", of, headlines=headlines(of.plan, of.measures), counts=counts,
        consulting=[c for c in of.cards.values() if c.consultation == "yes"], undecided=undecided,
        latest=of.events[:LATEST],
    )  # fmt: skip


@public_page
def roadmap_page(request: HttpRequest) -> HttpResponse:
    """The outcomes roadmap as a grid or a timeline, whole or filtered, alone or against an earlier revision."""
    of = site()
    return shown(request, "roadmap", "Outcomes roadmap", of, **roadmap_shown(request, of))


def roadmap_shown(request: HttpRequest, of: Site) -> dict[str, Any]:
    """What the roadmap's template needs: the workspace shows the whole plan with the same one."""
    filters = asked(request, of)
    codes = roadmap.chosen(of.plan, filters) if filters.any else None
    code = request.GET.get("compare", "")
    earlier = of.earlier(code) if code else None
    if code and earlier is None and code != of.revision:
        raise Http404
    return {
        "here": "roadmap",
        "filters": filters,
        "grid": of.grid if codes is None else roadmap.grid(of.plan, of.cards, codes),
        "line": roadmap.timeline(of.cards, codes) if request.GET.get("view") == "timeline" else None,
        "conflicts": [c for c in of.cards.values() if c.doubt and (codes is None or c.code in codes)],
        "comparison": roadmap.compare(earlier, of.plan, codes) if earlier else None,
        "compared": code,
        "revisions": [made for made in of.changes if made.revision != of.revision],
        "query": _query(request),
        "plan_date": of.plan.settings.plan_date,
    }


def _query(request: HttpRequest) -> str:
    """The query of a request without its view, to go from one view to the other."""
    kept = request.GET.copy()
    kept.pop("view", None)
    return kept.urlencode()


@public_page
def initiatives(request: HttpRequest) -> HttpResponse:
    """Every initiative, searched and filtered."""
    of = site()
    filters = asked(request, of)
    codes = roadmap.chosen(of.plan, filters)
    return shown(
        request, "initiatives", "Initiatives", of, filters=filters, found=[of.cards[c] for c in sorted(codes)]
    )  # fmt: skip


@public_page
def initiative_page(request: HttpRequest, code: str) -> HttpResponse:
    """One initiative in plain words."""
    of = site()
    if code not in of.cards:
        raise Http404
    found = initiative.view(of, code)
    failed = contribution.failed(of.whole)
    return shown(request, "initiative", found.card.title, of, view=found, failed=failed)


@public_page
def questions(request: HttpRequest) -> HttpResponse:
    """Questions and answers; those not yet decided first, with when they will be."""
    of = site()
    open_, answered = ([q for q in of.questions if (q["status"] == "answered") is done] for done in (False, True))
    return shown(request, "questions", "Questions and answers", of, undecided=open_, answered=answered)


@public_page
def decisions(request: HttpRequest) -> HttpResponse:
    """What was decided."""
    return shown(request, "decisions", "Decisions", site())


@public_page
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """One decision."""
    of = site()
    found = next((d for d in of.decisions if d.pk == pk), None)
    if found is None:
        raise Http404
    return shown(request, "decision", found.record.title, of, decision=found)


@public_page
def papers(request: HttpRequest) -> HttpResponse:
    """Published papers."""
    return shown(request, "papers", "Papers", site())


@public_page
def paper_file(request: HttpRequest, pk: str, form: str) -> HttpResponse:
    """A published paper as it was frozen, as PDF or Word."""
    if not any(p.pk == int(pk) for p in site().papers):
        raise Http404
    content = Paper.objects.values_list(form, flat=True).get(pk=pk)
    response = HttpResponse(bytes(content), content_type=PAPER_TYPES[form])
    response["Content-Disposition"] = f'{"inline" if form == "pdf" else "attachment"}; filename="paper-{pk}.{form}"'
    return response


@public_page
def changes(request: HttpRequest) -> HttpResponse:
    """What changed, the newest first."""
    return shown(request, "changes", "What changed", site())


@public_page
def data(request: HttpRequest) -> HttpResponse:
    """The open data."""
    of = site()
    tables = [(name, table, of.plan[name].height) for name, table in schema().items() if of.plan[name].height]
    return shown(request, "data", "Open data", of, tables=tables)


@public_page
def about_figures(request: HttpRequest) -> HttpResponse:
    """What the badges mean, and how many rows of the plan rest on what."""
    of = site()
    count = badges.count(of.plan)
    totals = {name: int(count[name].sum()) for name in badges.SHAPES}
    return shown(
        request, "about_figures", "What the badges mean", of, meanings=badges.MEANINGS, totals=totals,
        count=list(count.iter_rows(named=True)), draws=DRAWS,
    )  # fmt: skip


@public_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """How the site can be used, and what does not work yet."""
    return shown(request, "accessibility", "Accessibility", site())


@public_page
def favicon(request: HttpRequest) -> HttpResponse:
    """Three rings, for the tab."""
    rings = "".join(f"<circle cx='{x}' cy='{y}' r='7'/>" for x, y in ((11, 12), (21, 12), (16, 21)))
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><g fill='none' stroke='#003d5c' stroke-width='3'>"
    )
    return HttpResponse(f"{svg}{rings}</g></svg>", content_type="image/svg+xml")
