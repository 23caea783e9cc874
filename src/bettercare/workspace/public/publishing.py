"""Publishing: what of the workspace the public may see, from when; holds before elections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme.models import Decision, Hold, Publication, Revision

STATES = dict(Publication.STATES)
SHOWN = 40  # newest decisions and changes on the page; initiatives and questions are listed where they are not public


@dataclass(frozen=True)
class Thing:
    """Something that can be published: its kind, key and words, and what is recorded of it."""

    kind: str
    key: str
    words: str
    row: Publication | None


def things() -> list[Thing]:
    """Decisions and changes, the newest first, and initiatives and questions that are not public."""
    rows = {(p.kind, p.key): p for p in Publication.objects.all()}
    found = [("decision", str(d.pk), f"{d.title}: {d.outcome}") for d in Decision.objects.order_by("-pk")[:SHOWN]]
    revisions = Revision.objects.defer("content").filter(parent__isnull=False).order_by("-pk")[:SHOWN]
    found += [("change", r.code, r.note) for r in revisions]
    plan = plan_of(current())
    for kind, table, words in (("initiative", "initiatives", "title"), ("question", "questions", "question")):
        for code, text in plan.tables[table].select("code", words).iter_rows():
            row = rows.get((kind, code))
            if row is None or row.state != "published":
                found.append((kind, code, text))
    return [Thing(kind, key, text, rows.get((kind, key))) for kind, key, text in found]


@needs("publish")
def publishing(request: HttpRequest) -> HttpResponse:
    """The page, and what is sent from it."""
    problems: list[str] = []
    if request.method == "POST":
        problems = _hold(request) if request.POST.get("what") == "hold" else _publish(request)
        if not problems:
            return redirect(reverse("publishing"))
    context = {
        "title": "Publishing",
        "things": things(),
        "holds": Hold.objects.order_by("-since"),
        "problems": problems,
        "today": timezone.localdate(),
        "states": Publication.STATES,
    }
    return render(request, "public/publishing.html.j2", context, status=400 if problems else 200)


def _day(text: str, what: str, problems: list[str]) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.append(f"{what}: write a day, such as {timezone.localdate().isoformat()}.")
        return timezone.localdate()


def _publish(request: HttpRequest) -> list[str]:
    problems: list[str] = []
    kind, key = request.POST.get("kind", ""), request.POST.get("key", "")
    state, reason = request.POST.get("state", ""), request.POST.get("reason", "").strip()
    if (kind, key) not in {(t.kind, t.key) for t in things()}:
        problems.append("This is not here any more. Look at the list again.")
    if state not in STATES:
        problems.append("Choose published, held or exempt.")
    if state in ("held", "exempt") and not reason:
        problems.append("Say why it is not to be public.")
    told = request.POST.get("staff_told") == "yes"
    if state == "published" and not told:
        problems.append("Tell staff first, and tick that they were told.")
    day = _day(request.POST.get("public_from", ""), "Public from", problems)
    if problems:
        return problems
    values = {
        "state": state,
        # Never earlier than now: nothing is slipped in before a hold that has begun.
        "public_from": max(timezone.make_aware(datetime.combine(day, time.min)), timezone.now()),
        "staff_told": told,
        "reason": reason[:200],
        "by": str(request.user),
    }
    with transaction.atomic():
        before = Publication.objects.filter(kind=kind, key=key).values("state", "public_from", "reason").first()
        Publication.objects.update_or_create(kind=kind, key=key, defaults=values)
        record(str(request.user), "publish", f"{kind} {key}", before=before, after=values)
    messages.success(request, f"Saved: {STATES[state].lower()}, from {day.day} {day:%B %Y}.")
    return []


def _hold(request: HttpRequest) -> list[str]:
    problems: list[str] = []
    name = request.POST.get("name", "").strip()
    since = _day(request.POST.get("since", ""), "First day", problems)
    until = _day(request.POST.get("until", ""), "Last day", problems)
    if not name:
        problems.append("Name the election.")
    if until < since:
        problems.append("The last day comes before the first.")
    if problems:
        return problems
    with transaction.atomic():
        hold = Hold.objects.create(name=name[:120], since=since, until=until)
        record(str(request.user), "publish", f"hold {hold.pk}", after={"name": name, "since": since, "until": until})
    messages.success(request, "Saved. No new decision, paper or change appears on these days.")
    return []
