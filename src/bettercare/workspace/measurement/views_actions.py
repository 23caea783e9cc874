"""What people write about an indicator: actions, comments, and decisions to draw limits afresh."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from bettercare import UsageError
from bettercare.activity.control_chart import xmr
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.measurement.centre import Centre
from bettercare.workspace.measurement.judged import as_decided, rebases_of
from bettercare.workspace.measurement.models import Action, Rebase
from bettercare.workspace.measurement.views_one import ANSWERS, about, found_or_404, series_of, shown
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.forms import Form
from bettercare.workspace.programme.models import Comment
from bettercare.workspace.programme.told import fields

ACTION = ("indicator", "what", "owner", "due", "done")
REBASE = ("source", "partner", "locality", "on", "reason", *ANSWERS, "withdrawn")


def _back(code: str, form: Form, part: str) -> HttpResponse:
    """The indicator's page as it was looked at, at a part of it."""
    seen = {k: form.raw(k) for k in ("source", "partner", "locality") if form.raw(k)}
    return redirect(f"{reverse('nerve-indicator', args=[code])}?{urlencode(seen)}#{part}")


def _centre(code: str) -> Centre:
    centre = Centre.of(plan_of(current()))
    found_or_404(centre, code)
    return centre


def _owner(request: HttpRequest, **_: Any) -> str | None:
    return request.POST.get("owner")


def _owner_of(request: HttpRequest, number: int, **_: Any) -> str:
    return get_object_or_404(Action.objects.only("owner"), pk=number).owner


@needs("act", partner_of=_owner)
@require_POST
def add_action(request: HttpRequest) -> HttpResponse:
    """Write down what a partner will do about an indicator, by when."""
    form = Form(request.POST)
    code = form.raw("indicator")
    _centre(code)
    values = {
        "what": form.text("what", "what will be done", longest=500),
        "owner": form.choice("owner", "who does it", facts.partner_names(plan_of(current()))),
        "due": form.day("due", "the day by which it is done"),
    }
    if form.errors:
        return shown(request, code, request.POST, form, "action")
    with transaction.atomic():
        Action.objects.create(indicator=code, by=str(request.user), **values)
        record(str(request.user), "act", about(code), after=values)
    messages.success(request, "The action was added.")
    return _back(code, form, "actions")


@needs("act", partner_of=_owner_of)
@require_POST
def end_action(request: HttpRequest, number: int) -> HttpResponse:
    """Say that an action is done, or that it is not after all."""
    form = Form(request.POST)
    done = form.raw("done") == "yes"
    with transaction.atomic():
        there = get_object_or_404(Action.objects.select_for_update(), pk=number)
        before, code = fields(there, *ACTION), there.indicator
        same = Action.objects.filter(pk=number, version=form.version())
        if same.update(done=done, by=str(request.user), at=timezone.now(), version=there.version + 1):
            record(str(request.user), "act", about(code), before=before, after={**before, "done": done})
            messages.success(request, "Done." if done else "Open again.")
        else:
            messages.warning(request, "Somebody changed this action while you looked. Nothing was saved: look again.")
    return _back(code, form, "actions")


@needs("comment")
@require_POST
def comment(request: HttpRequest) -> HttpResponse:
    """Comment on an indicator."""
    form = Form(request.POST)
    code = form.raw("indicator")
    _centre(code)
    text = form.text("comment", "a comment")
    if form.errors:
        return shown(request, code, request.POST, form, "comment")
    with transaction.atomic():
        made = Comment.objects.create(about=about(code), text=text, by=request.user)
        record(str(request.user), "comment", about(code), after={"comment": made.pk, "text": text})
    messages.success(request, "Your comment was added.")
    return _back(code, form, "comments")


@needs("rebase-chart")
@require_POST
def rebase(request: HttpRequest) -> HttpResponse:
    """Draw a chart's limits afresh from a day on. Each of the four questions must be answered, and with yes."""
    form = Form(request.POST)
    code = form.raw("indicator")
    centre = _centre(code)
    series = series_of(centre, code, request.POST)
    if series is None or series.key[1:] != (form.raw("source"), form.raw("partner"), form.raw("locality")):
        raise Http404("no such chart")
    on = form.day("on", "the day from which the limits are drawn afresh")
    reason = form.text("reason", "the reason, and what caused the change")
    said = {name: form.choice(name, "yes or no", ["yes", "no"]) for name in ANSWERS}
    for name, answer in said.items():
        if answer == "no":
            form.errors[name] = "The limits stay as they are until the answer is yes"
    values = {
        "source": series.source, "partner": series.partner, "locality": series.locality, "on": on, "reason": reason,
        **{name: answer == "yes" for name, answer in said.items()},
    }  # fmt: skip
    if not form.errors:
        row = Rebase(indicator=code, by=str(request.user), **values)
        try:
            rows = sorted([*rebases_of(code).get(series.key, []), row], key=lambda r: r.on)
            definition = centre.definitions[code]
            xmr(
                [r.value for r in series.rows], [r.when for r in series.rows], direction=definition.direction,
                rebase=[as_decided(r) for r in rows], gaps=True,
            )  # fmt: skip
        except UsageError as error:
            form.errors["on"] = str(error)
    if form.errors:
        return shown(request, code, request.POST, form, "rebase")
    with transaction.atomic():
        row.save(force_insert=True)
        record(str(request.user), "rebase-chart", about(code), after=values)
    messages.success(request, "The limits are drawn afresh from that day on.")
    return _back(code, form, "limits")


@needs("rebase-chart")
@require_POST
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take a rebase back; that it was made stays on the page."""
    form = Form(request.POST)
    with transaction.atomic():
        there = get_object_or_404(Rebase.objects.select_for_update(), pk=number)
        if not there.withdrawn:
            before = fields(there, *REBASE)
            Rebase.objects.filter(pk=number).update(withdrawn=True)
            record(
                str(request.user), "rebase-chart", about(there.indicator), before=before,
                after={**before, "withdrawn": True},
            )  # fmt: skip
    messages.success(request, "The limits are as they were before.")
    return _back(there.indicator, form, "limits")
