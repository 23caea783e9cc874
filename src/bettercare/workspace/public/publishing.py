"""The page of publishing: what of the workspace the public may see, from when; holds before elections."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.pages import whole
from bettercare.workspace.programme.models import Hold, Publication
from bettercare.workspace.public import holds
from bettercare.workspace.public.holds import Overtaken
from bettercare.workspace.public.things import KINDS, STANDING, Thing, chosen, seen_of, things
from bettercare.workspace.words import day

STATES = dict(Publication.STATES)
ON_A_PAGE = 25
LONGEST_SEARCH = 100
CHANGED = (
    "Somebody else changed this since you opened the page. Nothing of yours was saved. The page now shows it as it "
    "is; what you wrote is in the boxes. Send it again to use it."
)


@needs("publish")
def publishing(request: HttpRequest) -> HttpResponse:
    """The page, and what is sent from it."""
    every = things()
    if request.method != "POST":
        return _page(request, every)
    write = {"hold": _hold, "change-hold": _change_hold, "end-hold": _end_hold}.get(request.POST.get("what", ""))
    try:
        problems = write(request) if write else _publish(request, every)
    except Overtaken:
        return _page(request, things(), overtaken=True)
    return _page(request, every, problems) if problems else redirect(request.get_full_path())


def _page(
    request: HttpRequest, every: list[Thing], problems: list[str] | None = None, *, overtaken: bool = False
) -> HttpResponse:
    kind, standing = request.GET.get("kind", ""), request.GET.get("state", "")
    words = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    found = chosen(every, kind if kind in KINDS else "", standing if standing in STANDING else "", words)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    shown, sent = list(page.object_list), request.POST
    about = next((t for t in every if (t.kind, t.key) == (sent.get("kind"), sent.get("key"))), None)
    if about is not None:  # what was just sent is on the page, whichever page that is
        shown = [about, *(t for t in shown if t != about)]
    context = {
        "title": "Publishing", "things": shown, "page": page, "holds": Hold.objects.order_by("-since"),
        "problems": [CHANGED] if overtaken else problems or [], "today": timezone.localdate(), "sent": sent,
        "states": Publication.STATES, "kinds": KINDS, "standing": STANDING, "kind": kind, "state": standing,
        "words": words, "seen": seen_of, "query": _query(request),
    }  # fmt: skip
    status = 409 if overtaken else 400 if problems else 200
    return render(request, "public/publishing.html.j2", context, status=status)


def _query(request: HttpRequest) -> str:
    """The query of a request without its page, to go from one page to the next."""
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _publish(request: HttpRequest, every: list[Thing]) -> list[str]:
    problems: list[str] = []
    kind, key = request.POST.get("kind", ""), request.POST.get("key", "")
    state, reason = request.POST.get("state", ""), request.POST.get("reason", "").strip()
    if (kind, key) not in {(t.kind, t.key) for t in every}:
        problems.append("This is not here any more. Look at the list again.")
    if state not in STATES:
        problems.append("Choose published, held or exempt.")
    if state in ("held", "exempt") and not reason:
        problems.append("Say why it is not to be public.")
    told = request.POST.get("staff_told") == "yes"
    if state == "published" and not told:
        problems.append("Tell staff first, and tick that they were told.")
    first = holds.day_of(request.POST.get("public_from", ""), "Public from", problems)
    if problems:
        return problems
    values = {
        "state": state,
        # Never earlier than now: nothing is slipped in before a hold that has begun.
        "public_from": max(timezone.make_aware(datetime.combine(first, time.min)), timezone.now()),
        "staff_told": told,
        "reason": reason[:200],
        "by": str(request.user),
    }
    since = _write(kind, key, request.POST.get("seen", ""), values)
    messages.success(request, f"Saved: published, from {day(since)}." if state == "published" else "Saved: not public.")
    return []


def _write(kind: str, key: str, seen: str, values: dict[str, Any]) -> datetime:
    """Write what is said of a thing, unless somebody else did since its form was made; gives its first moment."""
    with transaction.atomic():
        rows = Publication.objects.select_for_update()
        row, new = rows.get_or_create(kind=kind, key=key, defaults=values)
        before = None if new else {name: getattr(row, name) for name in values}
        if before is not None:
            if seen_of(row) != seen:
                raise Overtaken
            if _public_already(row, values):
                values = {**values, "public_from": row.public_from}
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
        record(values["by"], "publish", f"{kind} {key}", before=before, after=values)
    return row.public_from


def _public_already(row: Publication, values: dict[str, Any]) -> bool:
    """Whether a row is public and stays so: saved again, it is not new, and a hold does not take it away."""
    now = timezone.now()
    same = row.state == values["state"] == "published" and row.staff_told
    return same and row.public_from <= now and values["public_from"] <= now


def _hold(request: HttpRequest) -> list[str]:
    problems: list[str] = []
    values = holds.asked(request.POST, problems)
    if not problems:
        holds.add(values, str(request.user))
        messages.success(request, "Saved. No new decision, paper or change appears on these days.")
    return problems


def _change_hold(request: HttpRequest) -> list[str]:
    problems: list[str] = []
    values, why = holds.asked(request.POST, problems), _why(request, problems)
    if not problems:
        holds.change(whole(request.POST.get("hold")), request.POST.get("seen", ""), values, why, str(request.user))
        messages.success(request, "Saved. No new decision, paper or change appears on these days.")
    return problems


def _end_hold(request: HttpRequest) -> list[str]:
    problems: list[str] = []
    why = _why(request, problems)
    if not problems:
        holds.end(whole(request.POST.get("hold")), request.POST.get("seen", ""), why, str(request.user))
        messages.success(request, "The hold has ended. What was published while it ran appears now.")
    return problems


def _why(request: HttpRequest, problems: list[str]) -> str:
    why = request.POST.get("reason", "").strip()[:200]
    if not why:
        problems.append("Say why the hold is changed or ended.")
    return why
