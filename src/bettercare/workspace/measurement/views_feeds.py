"""Feeds: agreements, what was received under them, its quality, and sending another."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bettercare import Problems, UsageError
from bettercare.activity.disclosure import shown as count_shown
from bettercare.activity.link_report import HEADS, HEADS_OF_KEYS, Share, in_words, shares
from bettercare.foundation.problems import Problem, count
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.measurement import feed_quality, records
from bettercare.workspace.measurement.centre import Centre
from bettercare.workspace.measurement.views_centre import words
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts
from bettercare.workspace.returns.quota import LARGEST_MB

if TYPE_CHECKING:
    from bettercare.activity.feed import Received
    from bettercare.activity.store import Store

REJECTED = 20  # rows that a page lists
PROBLEMS = 20
FILES = {"feed.csv": "The table", "feed.json": "The file that describes it"}


@needs("view-feeds")
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Agreements and feeds."""
    return _page(request, [])


def _page(request: HttpRequest, problems: list[str]) -> HttpResponse:
    plan = plan_of(current())
    centre = Centre.of(plan)
    user: Any = request.user
    names = facts.partner_names(plan)
    try:
        store = records.store()
    except UsageError as error:
        store, problems = None, [str(error), *problems]
    context = {
        "title": "Feeds",
        **words(centre),
        "published": False,
        "names": names,
        "today": timezone.localdate(),
        "agreements": _agreements(store, problems) if store else [],
        "feeds": _feeds(store) if store else [],
        "numbers": feed_quality.by_organisation(centre.held.numbers) if centre.held.numbers else [],
        "months": _months(centre),
        **_links(centre),
        "may_send": [(code, names[code]) for code in user.partners_for("add-feed", list(names))] if store else [],
        "problems": problems,
        "count_shown": count_shown,
        "largest": LARGEST_MB,
    }
    return render(request, "measurement/feeds.html.j2", context, status=422 if request.method == "POST" else 200)


def _agreements(store: Store, problems: list[str]) -> list[Any]:
    try:
        return store.agreements()
    except Problems as found:
        problems += [str(p) for p in found.items[:PROBLEMS]]
        return []


def _feeds(store: Store) -> list[dict[str, Any]]:
    """The feeds, the last received first, with the months that count from each and its rejected rows."""
    found = []
    for code, one in store.manifest.feeds.items():
        months = sorted(month for month in one["files"] if month)
        found.append(
            {
                **one, "code": code, "months": months, "counts": bool(one["files"]),
                "rows_rejected": _rejected(store, code) if one["rejected"] else [],
            }
        )  # fmt: skip
    return sorted(found, key=lambda f: (f["received_at"], f["organisation"], f["kind"]), reverse=True)


def _rejected(store: Store, feed: str) -> list[dict[str, str]]:
    """The first rejected rows of a feed: row, column and reason. No cell is kept of them."""
    path = store.folder / "rejected" / f"{feed}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row, _ in zip(csv.DictReader(file), range(REJECTED), strict=False)]


def _months(centre: Centre) -> dict[str, list[Share]]:
    table = centre.held.numbers
    if table is None:
        return {}
    codes = [c for c in sorted(table.table["organisation"].unique().to_list()) if c]
    return {code: feed_quality.by_month(table, code) for code in codes}


def _links(centre: Centre) -> dict[str, Any]:
    """What is known of links between organisations' records, as tables."""
    found = centre.held.links
    if found is None:
        return {"links": None}
    return {
        "links": found,
        "linked": [(name, HEADS[name], shares(table)) for name, table in found.linked.items()],
        "tried": [(name, HEADS[name], shares(table)) for name, table in found.tried.items()],
        "key_heads": HEADS_OF_KEYS,
        "in_words": in_words,
    }


def _organisation(request: HttpRequest) -> str | None:
    return request.POST.get("organisation")


@needs("add-feed", partner_of=_organisation)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Take a feed in: counted whole, or refused with all that is wrong."""
    from bettercare.activity import feed

    plan = plan_of(current())
    organisation = request.POST.get("organisation", "")
    table, manifest = request.FILES.get("table"), request.FILES.get("manifest")
    store = records.store()
    problems = []
    if organisation not in facts.partner_names(plan):
        problems.append("Choose whose feed it is.")
    if table is None or manifest is None:
        problems.append("Choose both files: the table (.csv) and what describes it (.json).")
    if store is None:
        problems.append("This workspace has no store. Start it with the store's folder in BETTERCARE_STORE.")
    if problems or store is None or table is None or manifest is None:
        return _page(request, problems)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feed.csv"  # the name of a file is the sender's, and decides nothing
        path.write_bytes(table.read())
        path.with_suffix(".json").write_bytes(manifest.read())
        try:
            _is_of(path, organisation)
            got = feed.add(store, plan, [path.with_suffix(".csv"), path.with_suffix(".json")])[0]
        except Problems as found:
            return _refused(request, organisation, _named(found.items))
        except UsageError as error:
            return _refused(request, organisation, [str(error)])
    if got.refused:
        return _refused(request, organisation, _named(got.refused))
    after = {"feed": got.feed, "kind": got.kind, "months": got.months, "already": got.already}
    record(str(request.user), "add-feed", f"feed of {organisation}", after=after)
    messages.success(request, _said(got))
    return redirect("nerve-feeds")


def _named(problems: Iterable[Problem]) -> list[str]:
    """Problems in words. A file's own name may say whom it is about, and these words go into the audit trail."""
    return [str(replace(one, file=FILES.get(one.file, one.file))) for one in problems]


def _is_of(path: Path, organisation: str) -> None:
    """Raise UsageError where a feed is another organisation's than its sender said."""
    from bettercare.activity.feed_files import read_manifest

    said = read_manifest(path).organisation
    if said != organisation:
        raise UsageError(f"The feed says that it is of {said}, and you chose {organisation}. Nothing was counted.")


def _refused(request: HttpRequest, organisation: str, why: list[str]) -> HttpResponse:
    record(str(request.user), "add-feed", f"feed of {organisation}", after={"refused": why[:PROBLEMS]})
    return _page(request, ["The feed was refused: nothing of it counts.", *why[:PROBLEMS]])


def _said(got: Received) -> str:
    if got.already:
        return "This feed is there already. Nothing was counted twice."
    kept = f" {len(got.kept)} months are held from a later extract and were passed over." if got.kept else ""
    notes = "".join(f" {note}" for note in got.notes)
    return f"Counted: {count(got.counted, 'row')}; {got.rejected:,} rejected.{kept}{notes}"
