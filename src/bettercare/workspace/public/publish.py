"""What is public: nothing without a row that says so, nothing before its time, nothing new decided during a hold.

Adoption alone changes nothing that the public sees: the site is made from the newest revision whose change is public.

`state()` is all that the public pages are made from, so that they can be kept until it changes. It is looked up at
most once a second; a write in this process is seen at once.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from bettercare.workspace.papers.models import Paper
from bettercare.workspace.programme.models import Decision, Hold, Publication, Revision

HELD_BEFORE_ELECTIONS = ("decision", "paper", "change")
KINDS = ("initiative", "question", *HELD_BEFORE_ELECTIONS)
SECONDS = 1.0
ONE_DAY = timedelta(days=1)


def publish_first(plan: Any) -> None:
    """A plan that begins a workspace is public in its initiatives and questions: they were published before.

    The key of a change is the code of the revision that it made.
    """
    now = timezone.now()
    rows = [("initiative", code) for code in plan.tables["initiatives"]["code"].to_list()]
    rows += [("question", code) for code in plan.tables["questions"]["code"].to_list()]
    rows += [("change", plan.revision)]
    Publication.objects.bulk_create(
        [Publication(kind=kind, key=key, public_from=now, staff_told=True) for kind, key in rows], ignore_conflicts=True
    )
    forget()


def published(kind: str) -> dict[str, datetime]:
    """Keys of a kind that the public may see now, and since when it may."""
    now = timezone.now()
    if kind in HELD_BEFORE_ELECTIONS:
        since = held_since(timezone.localdate())
        if since is not None:
            now = min(now, timezone.make_aware(datetime.combine(since, clock.min)))
    found = Publication.objects.filter(kind=kind, state="published", staff_told=True, public_from__lte=now)
    return dict(found.order_by("public_from", "key").values_list("key", "public_from"))


def held_since(day: date) -> date | None:
    """The first day of the holds that a day lies in, None where it lies in none.

    Holds that overlap or follow one another are one: what the first keeps back does not appear when the second begins.
    """
    first = day + ONE_DAY
    for since, until in Hold.objects.filter(since__lte=day).order_by("-until").values_list("since", "until"):
        if until + ONE_DAY < first:
            break
        first = min(first, since)
    return first if first <= day else None


def public_keys(kind: str, among: Iterable[str] | None = None) -> set[str]:
    """Keys of a kind that the public may see now."""
    keys = set(published(kind))
    return keys if among is None else keys & set(among)


@dataclass(frozen=True)
class State:
    """The revision that pages are made from, what of it is public since when, and a digest of both."""

    revision: str
    since: Mapping[str, Mapping[str, datetime]]
    digest: str

    def shows(self, kind: str, key: str) -> bool:
        """Whether something is public."""
        return key in self.since[kind]


_kept: tuple[float, State] | None = None


def state() -> State:
    """What is public now, as it was found within the last second."""
    global _kept
    kept = _kept
    if kept is None or time.monotonic() - kept[0] > SECONDS:
        kept = _kept = (time.monotonic(), _look())
    return kept[1]


def _look() -> State:
    since = {kind: published(kind) for kind in KINDS}
    revision = _newest(since["change"])
    # What a published decision says may be put right by hand; then its pages are made anew.
    decided = Decision.objects.filter(pk__in=[k for k in since["decision"] if k.isdigit()]).order_by("pk")
    rows = list(decided.values_list("pk", "title", "outcome", "board", "met_on", "minute", "override"))
    text = json.dumps([revision, since, rows], default=str, sort_keys=True)
    return State(revision, since, hashlib.sha256(text.encode()).hexdigest()[:16])


def _newest(public: Iterable[str]) -> str:
    """The newest revision whose change is public; where none is, the one that the workspace began with."""
    every = Revision.objects.values_list("code", flat=True)
    return every.filter(code__in=list(public)).order_by("-pk").first() or every.earliest("pk")


def forget(**_: Any) -> None:
    """Look again at the next request."""
    global _kept
    _kept = None


def _written(**_: Any) -> None:
    transaction.on_commit(forget)


def listen() -> None:
    """Look again as soon as something that matters is written."""
    for model in (Publication, Hold, Revision, Decision, Paper):
        for signal in (post_save, post_delete):
            signal.connect(_written, sender=model, dispatch_uid=f"public-{model.__name__}", weak=False)
