"""Publishing a meeting's paper: from then on it never changes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from bettercare import UsageError
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.papers import making
from bettercare.workspace.papers.forms import PublishForm
from bettercare.workspace.papers.models import Meeting, Paper
from bettercare.workspace.papers.views import CHANGED, meeting_page, take_turn, version_of
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme.models import Current, Publication


@needs("publish")
@require_POST
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """Freeze the paper as it is now: bytes, hash, revision and run; and say from when the public may see it."""
    found = get_object_or_404(Meeting, pk=number)
    form = PublishForm(request.POST)
    if not form.is_valid():
        return meeting_page(request, found, publish_form=form)
    if not found.items.exists():
        form.add_error(None, "Add at least one item: a paper asks its board something.")
        return meeting_page(request, found, publish_form=form)
    try:
        made = making.board_paper(found, status="published", on=timezone.localdate())
    except UsageError as error:
        form.add_error(None, str(error))
        return meeting_page(request, found, publish_form=form)
    data = form.cleaned_data
    held = making.not_public(made.paper, plan_of(made.revision)) if data["reach"] == "published" else []
    if held:
        form.add_error(None, f"The paper names what is not public: {', '.join(held)}. Take it out, or mark it exempt.")
        return meeting_page(request, found, publish_form=form)
    paper = _freeze(request, found, made, data, version_of(request))
    if paper is None:
        return meeting_page(request, get_object_or_404(Meeting, pk=number), publish_form=form, overtaken=CHANGED)
    messages.success(request, f"The paper is published and frozen. Its SHA-256 begins {paper.hash[:12]}.")
    return redirect("meeting", number=number)


def _freeze(
    request: HttpRequest, found: Meeting, made: making.Made, data: dict[str, Any], version: int
) -> Paper | None:
    """Write it all, or nothing where the meeting or the plan has moved on since it was made."""
    pdf, docx = made.pdf(), made.docx()
    run = {**made.run, "docx_sha256": making.sha256(docx)}
    who = str(request.user)
    with transaction.atomic():
        Current.objects.select_for_update().get(pk=1)
        if current().pk != made.revision.pk or not take_turn(found.pk, version):
            return None
        paper = Paper.objects.create(
            meeting=found, title=made.paper.title, board=made.paper.board[:200], met_on=made.paper.day,
            revision=made.revision, run=run, pdf=pdf, docx=docx, hash=making.sha256(pdf), by=who,
        )  # fmt: skip
        # Never earlier than now: nothing is slipped in before a hold that has begun.
        data = {**data, "public_from": max(data["public_from"], timezone.now())}
        Publication.objects.create(
            kind="paper", key=str(paper.pk), state=data["reach"], public_from=data["public_from"],
            staff_told=data["staff_told"], reason=data["reason"], by=who,
        )  # fmt: skip
        after = {"sha256": paper.hash, "revision": made.revision.code, "seed": run["seed"], "draws": run["draws"]}
        after |= {name: data[name] for name in ("reach", "public_from", "staff_told", "reason")}
        record(who, "publish", f"paper {paper.pk} of meeting {found.pk}", after=after)
    return paper
