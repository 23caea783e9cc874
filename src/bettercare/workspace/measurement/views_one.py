"""One indicator: its chart, what it counts, its data, and what people said and do about it."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bettercare import Plan
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import Entry
from bettercare.workspace.measurement import expected
from bettercare.workspace.measurement.catalogue import Definition
from bettercare.workspace.measurement.centre import Centre
from bettercare.workspace.measurement.judged import Judged, full, judge, picture, rebases_of
from bettercare.workspace.measurement.models import Action, Rebase
from bettercare.workspace.measurement.records import MADE_UP
from bettercare.workspace.measurement.series import RECORDS, Series
from bettercare.workspace.measurement.views_centre import words
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.forms import Form
from bettercare.workspace.programme.models import Comment

HISTORY = 30
ANSWERS = {
    "significant_change": "Is the change large, more than chance explains?",
    "cause_understood": "Is its cause understood?",
    "expected_to_persist": "Is it expected to last?",
    "enough_points": "Are there enough points since the change (12 are better)?",
}


def about(code: str) -> str:
    """How comments and the audit trail name an indicator."""
    return f"indicator:{code}"


def found_or_404(centre: Centre, code: str) -> Definition:
    """An indicator of the plan or of the records."""
    if code not in centre.definitions:
        raise Http404(f"no indicator {code}")
    return centre.definitions[code]


def series_of(centre: Centre, code: str, asked: Any) -> Series | None:
    """The series that an address or a form asks for; the nearest of the indicator where there is none such."""
    found = centre.series.get(code, [])
    place = (asked.get("partner", ""), asked.get("locality", ""))
    of_source = [s for s in found if s.source == asked.get("source")] or found
    return next(iter([s for s in of_source if (s.partner, s.locality) == place] or of_source), None)


@needs("view-work")
@require_safe
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """The page of an indicator."""
    return shown(request, code, request.GET)


def shown(request: HttpRequest, code: str, asked: Any, form: Form | None = None, which: str = "") -> HttpResponse:
    """The page, with a form that was not right where there is one; `which` says which form it is."""
    plan = plan_of(current())
    centre = Centre.of(plan)
    definition = found_or_404(centre, code)
    series = series_of(centre, code, asked)
    user: Any = request.user
    decided = rebases_of(code)
    judged = judge(series, definition, decided.get(series.key, ())) if series else None
    others = [judge(s, definition, decided.get(s.key, ())) for s in centre.series.get(code, []) if s is not series]
    blank = Form()
    context = {
        "title": definition.name,
        **words(centre),
        "definition": definition,
        "judged": judged,
        "series": series,
        "published": series is not None,
        "made_up": any(s.badge == MADE_UP for s in centre.series.get(code, [])),
        **_chart(plan, centre, definition, judged),
        "links": _links(centre, definition, series),
        "others": others,
        "rebases": Rebase.objects.filter(indicator=code).order_by("-pk"),
        "answers": ANSWERS,
        "actions": Action.objects.filter(indicator=code).order_by("done", "due", "pk"),
        "today": timezone.localdate(),
        "names": facts.partner_names(plan),
        "owners": [(c, n) for c, n in facts.partner_names(plan).items() if c in user.partners_for("act", [c])],
        "comments": Comment.objects.filter(about=about(code)).select_related("by").order_by("pk"),
        "history": Entry.objects.filter(what=about(code), allowed=True).order_by("-number")[:HISTORY],
        "may": {a: user.may(a) for a in ("comment", "act", "rebase-chart")},
        "form": form or blank,
        "forms": {name: form if name == which and form else blank for name in ("action", "rebase", "comment")},
        "outcome": facts.row(plan, "outcomes", code=definition.outcome) if definition.outcome else None,
    }
    status = 200 if form is None else 422
    return render(request, "measurement/indicator.html.j2", context, status=status)


def _chart(plan: Plan, centre: Centre, definition: Definition, judged: Judged | None) -> dict[str, Any]:
    """The chart with the forecast's own path; where there are too few points, the years of the forecast alone."""
    if judged is None or judged.chart is None:
        years = expected.years(plan, definition, judged.series if judged else None)
        return {"chart": None, "working": years is None, "years": years or []}
    ahead = expected.path(plan, definition, judged.series)
    name = f"{definition.name}, {centre.place(judged.series)}"
    made = full(judged, name, judged.series.badge, "", ahead or ())
    return {"chart": made, "picture": picture(made), "working": ahead is None, "ahead": bool(ahead)}


def _links(centre: Centre, definition: Definition, series: Series | None) -> str:
    """What its intervals take links between organisations' records to be; blank where none are joined."""
    from bettercare.activity.indicator_series import LinkError
    from bettercare.activity.indicators import find

    if series is None or series.source != RECORDS or definition.unit != "percent" or not find(definition.code).joins:
        return ""
    return str(centre.held.links.error if centre.held.links else LinkError())


@needs("view-work")
@require_safe
def data(request: HttpRequest, code: str) -> HttpResponse:
    """The figures of a chart as CSV, as they may be shown: nothing is in it that the page does not show."""
    centre = Centre.of(plan_of(current()))
    definition = found_or_404(centre, code)
    series = series_of(centre, code, request.GET)
    if series is None:
        raise Http404(f"no figures of {code}")
    chart = judge(series, definition, rebases_of(code).get(series.key, ())).chart
    points = {p.when: p for p in chart.points} if chart else {}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["indicator", "partner", "locality", "source", "badge", "period", "numerator", "denominator", "value", "unit",
         "mean", "lower_limit", "upper_limit", "target", "finding", "note"]
    )  # fmt: skip
    for row in (*series.rows, *series.loose):
        point = points.get(row.when)
        segment = chart.segments[point.segment] if chart and point else None
        limits = ["" if x is None else f"{x:.6g}" for x in (segment.mean, segment.lpl, segment.upl)] if segment else []
        writer.writerow(
            [code, series.partner, series.locality, series.source, series.badge, row.period, row.numerator,
             row.denominator, "" if row.value is None else f"{row.value:.6g}", definition.unit, *(limits or [""] * 3),
             "" if definition.target is None else definition.target, point.kind if point and point.rule else "",
             _safe(row.note)]
        )  # fmt: skip
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = "".join(c if c.isalnum() or c == "-" else "-" for c in code)
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
