"""Meetings: their details and items, and the paper as it would be now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bettercare import UsageError
from bettercare.reporting.papers import layout as printed
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.people import partner_names
from bettercare.workspace.audit.models import record
from bettercare.workspace.pages import whole
from bettercare.workspace.papers import making
from bettercare.workspace.papers.forms import DetailsForm, ItemForm, MeetingForm, PublishForm, details_of
from bettercare.workspace.papers.models import Item, Meeting, Paper
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme.models import Proposal, Publication
from bettercare.workspace.words import day

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
CHANGED = "Somebody else changed this meeting since you opened the page. Nothing of yours was saved."


def boards() -> list[tuple[str, str]]:
    """The plan's boards first, then its other partners."""
    table = plan_of(current()).tables["partners"].select("code", "name", "kind").sort("name")
    rows = sorted(table.iter_rows(), key=lambda row: row[2] not in ("board", "scrutiny"))
    return [(code, name) for code, name, _ in rows]


def _item_form(data: Any = None) -> ItemForm:
    titles = plan_of(current()).tables["initiatives"].select("code", "title").sort("code").iter_rows()
    initiatives = [(code, f"{code}: {title[:90]}") for code, title in titles]
    proposals = Proposal.objects.filter(state="open").order_by("pk").values_list("pk", "title")
    return ItemForm(data, initiatives=initiatives, proposals=[(n, f"Proposal {n}: {title}") for n, title in proposals])


def version_of(request: HttpRequest) -> int:
    """The version that a form was filled in on; -1, which is none, where it is not a number."""
    sent = whole(request.POST.get("version"))
    return -1 if sent is None else sent


def take_turn(number: int, version: int) -> bool:
    """Count a change of a meeting, unless there was another since `version` (inside the change's transaction)."""
    return bool(Meeting.objects.filter(pk=number, version=version).update(version=F("version") + 1))


@needs("prepare-meeting")
@require_http_methods(["GET", "POST"])
def meetings(request: HttpRequest) -> HttpResponse:
    """All meetings, and the form to make one."""
    form = MeetingForm(request.POST if request.method == "POST" else None, boards=boards())
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("board", "on", "venue")}
        with transaction.atomic():
            made = Meeting.objects.create(by=str(request.user), **values)
            record(str(request.user), "prepare-meeting", f"meeting {made.pk}", after=values)
        return redirect("meeting", number=made.pk)
    shown = {"form": form, "meetings": Meeting.objects.prefetch_related("items"), "names": partner_names()}
    return render(request, "papers/meetings.html.j2", {"title": "Meetings and papers", **shown})


@needs("prepare-meeting")
@require_http_methods(["GET", "POST"])
def meeting(request: HttpRequest, number: int) -> HttpResponse:
    """One meeting: details, items, papers, publishing."""
    found = get_object_or_404(Meeting, pk=number)
    form = DetailsForm(
        request.POST if request.method == "POST" else None, initial=details_of(found, boards()), boards=boards()
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            same = take_turn(number, version_of(request))
            if same:
                before = Meeting.objects.filter(pk=number).values(*form.values()).get()
                Meeting.objects.filter(pk=number).update(**form.values())
                after = form.values()
                record(str(request.user), "prepare-meeting", f"meeting {number}", before=before, after=after)
        if same:
            messages.success(request, "The meeting was saved.")
            return redirect("meeting", number=number)
        return meeting_page(request, get_object_or_404(Meeting, pk=number), form=form, overtaken=CHANGED)
    return meeting_page(request, found, form=form)


def meeting_page(request: HttpRequest, found: Meeting, *, overtaken: str = "", **forms: Any) -> HttpResponse:
    """The page of a meeting, with whichever form was just sent."""
    papers = list(Paper.objects.filter(meeting=found).defer("pdf", "docx").select_related("revision").order_by("-pk"))
    public = {p.key: p for p in Publication.objects.filter(kind="paper", key__in=[str(p.pk) for p in papers])}
    names = partner_names()
    shown = {
        "meeting": found,
        "board": names.get(found.board, found.board),
        "form": DetailsForm(initial=details_of(found, boards()), boards=boards()),
        "item_form": _item_form(),
        "publish_form": PublishForm(),
        "papers": [(paper, public.get(str(paper.pk))) for paper in papers],
        "own_words": making.OWN_WORDS,
        "overtaken": overtaken,
        "may_publish": request.user.may("publish"),
        **forms,
    }
    title = f"{shown['board']}: {day(found.on)}"
    return render(request, "papers/meeting.html.j2", {"title": title, **shown}, status=409 if overtaken else 200)


@needs("prepare-meeting")
@require_POST
def add_item(request: HttpRequest, number: int) -> HttpResponse:
    """Add something that the meeting is asked."""
    found = get_object_or_404(Meeting, pk=number)
    form = _item_form(request.POST)
    if not form.is_valid():
        return meeting_page(request, found, item_form=form)
    data = form.cleaned_data
    with transaction.atomic():
        same = take_turn(number, version_of(request))
        if same:
            last = found.items.aggregate(last=Max("order"))["last"] or 0
            values = {"verb": data["verb"], "text": data["text"], "initiative": data["initiative"]}
            made = Item.objects.create(meeting=found, order=last + 1, proposal_id=data["proposal"], **values)
            after = {**values, "proposal": data["proposal"]}
            record(str(request.user), "prepare-meeting", f"meeting {number} item {made.pk}", after=after)
    if same:
        messages.success(request, "The item was added.")
        return redirect("meeting", number=number)
    return meeting_page(request, get_object_or_404(Meeting, pk=number), item_form=form, overtaken=CHANGED)


@needs("prepare-meeting")
@require_POST
def change_item(request: HttpRequest, number: int, item: int) -> HttpResponse:
    """Move an item up or down, or take it out."""
    found = get_object_or_404(Item, pk=item, meeting_id=number)
    what = request.POST.get("what", "")
    with transaction.atomic():
        same = take_turn(number, version_of(request))
        if same:
            order = list(Item.objects.filter(meeting_id=number).order_by("order", "pk"))
            place = next(i for i, row in enumerate(order) if row.pk == found.pk)
            row = order.pop(place)
            if what == "remove":
                row.delete()
            else:
                order.insert(max(place - 1, 0) if what == "up" else place + 1, row)
            for i, each in enumerate(order, start=1):
                Item.objects.filter(pk=each.pk).update(order=i)
            before = {"verb": found.verb, "text": found.text, "initiative": found.initiative}
            record(str(request.user), "prepare-meeting", f"meeting {number} item {item}", before=before, after=what)
    if not same:
        return meeting_page(request, get_object_or_404(Meeting, pk=number), overtaken=CHANGED)
    return redirect("meeting", number=number)


def _made(request: HttpRequest, meeting: Meeting) -> making.Made | None:
    """The paper as it would be now; None where it cannot be made, which the next page says."""
    try:
        return making.board_paper(meeting)
    except UsageError as error:
        messages.error(request, str(error))
        return None


@needs("prepare-meeting")
@require_GET
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The paper as it would be now, as a page."""
    found = get_object_or_404(Meeting, pk=number)
    made = _made(request, found)
    if made is None:
        return redirect("meeting", number=number)
    shown = {"meeting": found, "lines": making.shown(made.paper), "paper": made.paper, "front": printed.front}
    return render(request, "papers/preview.html.j2", {"title": made.paper.title, **shown})


def sent(content: bytes, name: str, form: str) -> HttpResponse:
    """A PDF to look at or a Word file to keep."""
    answer = HttpResponse(content, content_type=TYPES[form])
    shown = "inline" if form == "pdf" else "attachment"
    answer.headers["Content-Disposition"] = f'{shown}; filename="{name}.{form}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@needs("prepare-meeting")
@require_GET
def draft(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """The paper as it would be now, as PDF or Word, marked as a draft."""
    made = _made(request, get_object_or_404(Meeting, pk=number))
    if made is None:
        return redirect("meeting", number=number)
    return sent(made.pdf() if form == "pdf" else made.docx(), f"draft-{number}", form)


@needs("prepare-meeting")
@require_GET
def of_plan(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """The summary of the plan, or the next steps in easy read."""
    made = making.plan_paper(kind)
    return sent(made.pdf() if form == "pdf" else made.docx(), kind, form)


@needs("view-work")
@require_GET
def frozen(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """A published paper, byte for byte."""
    paper = get_object_or_404(Paper.objects.only(form), pk=number)
    return sent(bytes(getattr(paper, form)), f"paper-{number}", form)
