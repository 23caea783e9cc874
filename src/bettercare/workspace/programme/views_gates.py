"""Gates of an initiative: what is computed, what assurers recorded, and recording it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bettercare import Plan
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import record
from bettercare.workspace.permissions import ALLOWED
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.forms import Form
from bettercare.workspace.programme.gates import Criterion, recorders, rule_set, states
from bettercare.workspace.programme.models import Current, Evidence
from bettercare.workspace.programme.told import fields


@needs("view-work")
@require_safe
def gates(request: HttpRequest, code: str) -> HttpResponse:
    """All gates of an initiative on the current revision."""
    return _page(request, code, Form())


@needs("assure")
@require_POST
def assure(request: HttpRequest, code: str, criterion: str) -> HttpResponse:
    """Record evidence against a criterion. One that is computed cannot be ticked; trying is written down."""
    facts.initiative_or_404(plan_of(current()), code)
    wanted = rule_set().criterion(criterion)
    if wanted is None:
        raise Http404(criterion)
    if wanted.compute:
        record(str(request.user), "assure", f"computed criterion {criterion} of {code}", allowed=False)
        said = "This criterion is computed. It shows its figure and cannot be ticked by hand."
        return render(request, "programme/told.html.j2", {"title": "It cannot be ticked", "said": said}, status=403)
    if not _may_record(request, plan_of(current()), code, wanted):
        record(str(request.user), "assure", f"criterion {criterion} of {code}", allowed=False)
        said = f"It is recorded by: {wanted.assurer}. You are not an assurer for a partner of that kind."
        return render(request, "programme/told.html.j2", {"title": "Others record this", "said": said}, status=403)
    form = Form(request.POST)
    met = form.choice("met", "whether it is met", ["yes", "no"]) == "yes"
    text = form.text("text", "the evidence: what was seen, where and when")
    seen = form.raw("seen")
    if form.errors:
        form.errors = {f"{name}-{criterion}": words for name, words in form.errors.items()}
        return _page(request, code, form, criterion)
    with transaction.atomic():
        now = Current.objects.select_for_update().select_related("revision").get(pk=1)
        last = Evidence.objects.filter(initiative=code, criterion=criterion).order_by("-pk").first()
        if str(last.pk if last else 0) != seen:
            form.errors[f"text-{criterion}"] = (
                "Somebody else recorded evidence here while you wrote. Yours was not saved; theirs is shown above it."
            )
        else:
            made = Evidence.objects.create(
                initiative=code, criterion=criterion, met=met, text=text, revision=now.revision, by=str(request.user)
            )
            before = fields(last, "met", "text", "by") if last else None
            record(str(request.user), "assure", f"criterion {criterion} of {code}", before=before,
                   after=fields(made, "met", "text"))  # fmt: skip
    if form.errors:
        return _page(request, code, form, criterion)
    messages.success(request, "Recorded.")
    return redirect(reverse("work-gates", args=[code]) + f"#criterion-{criterion}")


def _may_record(request: HttpRequest, plan: Plan, code: str, criterion: Criterion) -> bool:
    """Whether the person is an assurer at one of the partners whose assurers record a criterion."""
    person: Any = request.user
    partners = recorders(plan, code, criterion)
    at = {partner for role, held in person.roles().items() if "assure" in ALLOWED[role] for partner in held}
    return bool(at if partners is None else at & partners)


def _page(request: HttpRequest, code: str, form: Form, which: str = "") -> HttpResponse:
    revision = current()
    plan = plan_of(revision)
    initiative = facts.initiative_or_404(plan, code)
    found = states(plan, code)
    counts = {name: sum(s.state == name for s in found) for name in ("passed", "open", "failed", "not-needed")}
    context = {
        "title": f"Gates of {code}",
        "initiative": initiative,
        "revision": revision,
        "rules": rule_set(),
        "gates": found,
        "counts": counts,
        "may_record": {
            c.criterion.code for s in found for c in s.criteria if _may_record(request, plan, code, c.criterion)
        },
        "form": form,
        "which": which,
    }
    return render(request, "programme/gates.html.j2", context)
