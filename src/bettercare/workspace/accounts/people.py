"""Who acts for which partner, from when to when; invitations and closed accounts."""

from __future__ import annotations

from datetime import date
from typing import Any

from axes.utils import reset
from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bettercare.workspace.accounts.forms import Dates, InviteForm, RoleForm, clashes
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.models import Invitation, Membership, Person, SecondFactor, held_on
from bettercare.workspace.audit.models import locked_head, record
from bettercare.workspace.permissions import ROLES
from bettercare.workspace.plans import current, plan_of

CLASH = "This person holds that role there already on some of these days. Change the dates of that row."
LAST = "There would be no administrator any more. Give somebody else the role first."


class Refused(Exception):  # noqa: N818  (it reads so where it is caught)
    """A change that cannot be made, and why."""


def partner_names() -> dict[str, str]:
    """{code: name} of the plan's partners."""
    return dict(plan_of(current()).tables["partners"].select("code", "name").sort("name").iter_rows())


def _choices() -> list[tuple[str, str]]:
    return list(partner_names().items())


@needs("manage-people")
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everyone, their roles and dates; the form to invite somebody."""
    form = InviteForm(request.POST if request.method == "POST" else None, partners=_choices())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            invitation, token = Invitation.issue(by=request.user, **form.cleaned_data)
            record(str(request.user), "manage-people", f"invitation {invitation.pk}", after=form.cleaned_data)
        _show_once(request, invitation.email, token)
        return redirect("people")
    shown = {
        "form": form,
        "people": Person.objects.order_by("full_name").prefetch_related("memberships"),
        "open": Invitation.good().order_by("-expires"),
        "link": request.session.pop("link", None),
        "partners": partner_names(),
        "roles": ROLES,
        "today": timezone.localdate(),
    }
    return render(request, "accounts/people.html.j2", {"title": "People", **shown})


def _show_once(request: HttpRequest, email: str, token: str) -> None:
    """Keep the link for the next page only: it is not in the database."""
    address = request.build_absolute_uri(reverse("invitation", args=[token]))
    request.session["link"] = {"email": email, "address": address}


@needs("manage-people")
@require_POST
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Make an invitation useless."""
    with transaction.atomic():
        invitation = get_object_or_404(Invitation.good().select_for_update(), pk=number)
        Invitation.objects.filter(pk=number).update(expires=timezone.now())
        record(str(request.user), "manage-people", f"invitation {number}", after={"withdrawn": invitation.email})
    messages.success(request, f"The invitation of {invitation.email} was withdrawn.")
    return redirect("people")


@needs("manage-people")
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, number: int) -> HttpResponse:
    """One person: roles with dates, and the form to give another."""
    whom = get_object_or_404(Person, pk=number)
    form = RoleForm(request.POST if request.method == "POST" else None, partners=_choices())
    if request.method == "POST" and form.is_valid():
        try:
            _give(request, whom, form.cleaned_data)
            messages.success(request, "The role was given.")
            return redirect("person", number=number)
        except Refused as why:
            form.add_error(None, str(why))
    return _person_page(request, whom, form)


def _person_page(request: HttpRequest, whom: Person, form: RoleForm, **more: Any) -> HttpResponse:
    factor = SecondFactor.objects.filter(person=whom, confirmed=True).exists()
    shown = {
        "whom": whom,
        "form": form,
        "memberships": whom.memberships.order_by("-since", "pk"),
        "partners": partner_names(),
        "roles": ROLES,
        "factor": factor,
        "today": timezone.localdate(),
        "link": request.session.pop("link", None),
        **more,
    }
    return render(request, "accounts/person.html.j2", {"title": whom.full_name or whom.username, **shown})


def _give(request: HttpRequest, whom: Person, data: dict[str, Any]) -> None:
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=whom.pk)  # two givers, one after the other
        if clashes(whom, data["partner"], data["role"], data["since"], data["until"]):
            raise Refused(CLASH)
        row = Membership.objects.create(person=whom, **data)
        record(str(request.user), "manage-people", f"person {whom.pk} role {row.pk}", after=data)


@needs("manage-people")
@require_POST
def dates(request: HttpRequest, number: int) -> HttpResponse:
    """Change from when to when a role is held. The second of two writers is told, and shown both."""
    row = get_object_or_404(Membership.objects.select_related("person"), pk=number)
    form = Dates(request.POST)
    if not form.is_valid():
        for wrong in form.errors.values():
            messages.error(request, " ".join(wrong))
        return redirect("person", number=row.person_id)
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        raise Http404 from None
    try:
        if _redate(request, row, version, since, until):
            messages.success(request, "The dates were changed.")
            return redirect("person", number=row.person_id)
    except Refused as why:
        messages.error(request, str(why))
        return redirect("person", number=row.person_id)
    row.refresh_from_db()
    mine = {"row": row.pk, "since": since, "until": until}
    empty = RoleForm(partners=_choices())
    answer = _person_page(request, row.person, empty, mine=mine)
    answer.status_code = 409
    return answer


def _redate(request: HttpRequest, row: Membership, version: int, since: date, until: date | None) -> bool:
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=row.person_id)
        if clashes(row.person, row.partner, row.role, since, until, besides=row.pk):
            raise Refused(CLASH)
        before = Membership.objects.filter(pk=row.pk).values("since", "until").get()
        same = Membership.objects.filter(pk=row.pk, version=version)
        if not same.update(since=since, until=until, version=F("version") + 1):
            return False
        if row.role == "administrator":
            _one_is_left()
        after = {"since": since, "until": until}
        record(str(request.user), "manage-people", f"person {row.person_id} role {row.pk}", before=before, after=after)
        return True


def _one_is_left() -> None:
    """Raise Refused where nobody could give roles any more (inside the transaction, which is then undone).

    Two administrators who close each other at once would each still see the other: the second waits for the first.
    """
    locked_head()
    held = Membership.objects.filter(held_on(timezone.localdate()), role="administrator", person__is_active=True)
    if not held.exists():
        raise Refused(LAST)


@needs("manage-people")
@require_POST
def close(request: HttpRequest, number: int) -> HttpResponse:
    """Close an account, or open it again. What the person did stays."""
    wanted = request.POST.get("active") == "1"
    try:
        with transaction.atomic():
            whom = get_object_or_404(Person.objects.select_for_update(), pk=number)
            before, whom.is_active = whom.is_active, wanted
            whom.save(update_fields=["is_active"])
            _one_is_left()
            after = {"active": wanted}
            record(str(request.user), "manage-people", f"person {number}", before={"active": before}, after=after)
        messages.success(request, f"The account is {'open' if wanted else 'closed'}.")
    except Refused as why:
        messages.error(request, str(why))
    return redirect("person", number=number)


@needs("manage-people")
@require_POST
def new_password(request: HttpRequest, number: int) -> HttpResponse:
    """A link to set a new password; it also ends a lock. With `factor`, the second factor is taken away too."""
    with transaction.atomic():
        whom = get_object_or_404(Person, pk=number, is_active=True)
        invitation, token = Invitation.issue(kind="password", email=whom.email, by=request.user)
        lost = request.POST.get("factor") == "1"
        if lost:
            SecondFactor.objects.filter(person=whom).delete()
        after = {"new password link": whom.email, "second factor removed": lost}
        record(str(request.user), "manage-people", f"person {number}", after=after)
    reset(username=whom.username)
    _show_once(request, invitation.email, token)
    return redirect("person", number=number)


@needs("view-work")
@require_GET
def acting(request: HttpRequest) -> HttpResponse:
    """Who acts for each partner on a day, for everyone in the workspace."""
    try:
        day = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        day = timezone.localdate()
    rows = Membership.objects.filter(held_on(day), person__is_active=True).select_related("person")
    names = partner_names()
    held: dict[str, list[Membership]] = {}
    for row in rows.order_by("role", "person__full_name"):
        held.setdefault(names.get(row.partner, row.partner), []).append(row)
    shown = {"held": sorted(held.items()), "roles": ROLES, "day": day}
    return render(request, "accounts/acting.html.j2", {"title": "Who acts for whom", **shown})
