"""Care plans: people at high risk, by place; who comes to need care; lists of tokens for those who care for them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from bettercare import UsageError
from bettercare.activity.disclosure import shown as count_shown
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.measurement import records, risk_words
from bettercare.workspace.measurement.centre import Centre
from bettercare.workspace.measurement.series import RECORDS, Row, Series, say
from bettercare.workspace.measurement.views_centre import words
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts
from bettercare.workspace.returns.views import attachment

# What is shown, as (code of the indicator, heading).
SHOWN = (
    ("care-plans-by-risk:severe", "Severe frailty: people who have a shared care plan"),
    ("care-plans-by-risk:moderate", "Moderate frailty: people who have a shared care plan"),
    ("care-plan-coverage", "Care homes: people who have a care plan"),
    ("named-gp-at-end-of-life", "End of life: people who left hospital with a named GP"),
)


TIERS = {"severe": "Severe frailty", "moderate": "Moderate frailty", "mild": "Mild frailty"}


@dataclass(frozen=True)
class Place:
    """The newest month of one place that may be shown, and its share where it may be."""

    series: Series
    row: Row
    share: str


@needs("view-work")
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Coverage by place, of the newest month, and who comes to need social care."""
    return _page(request, "")


def _page(request: HttpRequest, problem: str) -> HttpResponse:
    plan = plan_of(current())
    centre = Centre.of(plan)
    tables = [
        (centre.definitions[code], heading, _places(centre, code))
        for code, heading in SHOWN
        if code in centre.definitions
    ]
    context = {
        "title": "Care plans",
        **words(centre),
        "published": False,
        "problem": problem,
        "tiers": TIERS,
        "may_list": _mine(request) if centre.held.state == "ready" else [],
        "tables": [(d, heading, places) for d, heading, places in tables if places],
        "need": risk_words.need(plan),
    }
    return render(request, "measurement/care.html.j2", context, status=422 if problem else 200)


def _mine(request: HttpRequest) -> list[tuple[str, str]]:
    """The organisations for which somebody may take a list, with their names."""
    names = facts.partner_names(plan_of(current()))
    user: Any = request.user
    return [(code, names[code]) for code in user.partners_for("list-cases", list(names))]


def _organisation(request: HttpRequest) -> str | None:
    return request.POST.get("organisation")


@needs("list-cases", partner_of=_organisation)
@require_POST
def case_list(request: HttpRequest) -> HttpResponse:
    """Of the tokens that an organisation gives, those of its people in a tier: for it alone can tell who they are."""
    from bettercare.activity.risk import case_list as find

    organisation, tier = request.POST.get("organisation", ""), request.POST.get("tier", "")
    try:
        store, tokens = records.store(), _tokens(request.FILES.get("register"))
        if store is None:
            raise UsageError("This workspace has no store, so there is nobody to list.")
        found = find(store, plan_of(current()), organisation, tier, tokens)
    except UsageError as error:
        return _page(request, str(error))
    after = {"tier": tier, "people": count_shown(len(found))}
    record(str(request.user), "list-cases", f"case list of {organisation}", after=after)
    content = "person\n" + "".join(f"{token}\n" for token in found)
    return attachment(content.encode("ascii"), f"case-list-{organisation}-{tier}.csv", "text/csv; charset=utf-8")


def _tokens(file: Any) -> list[str]:
    """The tokens of a people feed, which are its column person. Raises UsageError for another file."""
    try:
        text = file.read().decode("utf-8-sig") if file else ""
        rows = csv.DictReader(io.StringIO(text))
        return [t for row in rows if (t := row["person"]) and t.isascii() and t.isalnum()]
    except (UnicodeDecodeError, KeyError, csv.Error):
        raise UsageError("The file has no column person: give the people feed that tokenise wrote.") from None


def _places(centre: Centre, code: str) -> list[Place]:
    """The localities, then those who pay or provide, the whole last."""
    found = []
    for series in centre.series.get(code, []):
        if series.source != RECORDS or (series.partner and series.locality) or not series.rows:
            continue
        row = series.rows[-1]
        found.append(Place(series, row, "" if row.value is None else say("percent", row.value)))
    return sorted(found, key=lambda p: (not p.series.locality, not p.series.partner, centre.place(p.series)))
