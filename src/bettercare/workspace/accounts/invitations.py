"""Coming by a link: making an account, or setting a new password."""

from __future__ import annotations

from axes.utils import reset
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from bettercare.workspace.accounts.forms import AcceptForm
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.models import Invitation, Membership, Person, hashed
from bettercare.workspace.accounts.views import BACKEND
from bettercare.workspace.audit.models import record
from bettercare.workspace.permissions import ROLES


class Gone(Exception):  # noqa: N818  (it reads so where it is caught)
    """The link was used a moment ago, or the account was made in another way."""


@needs("sign-in")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Name and password, once; then the person is signed in (with a second factor: signs in)."""
    invitation = Invitation.good().filter(token=hashed(token)).first()
    if invitation is None:
        return _gone(request)
    person = _whose(invitation)
    if person is None and invitation.kind == "password":
        return _gone(request)
    data = request.POST.copy() if request.method == "POST" else None
    if data is not None and person is not None:
        data["full_name"] = person.full_name
    form = AcceptForm(person or Person(username=invitation.email, email=invitation.email), data)
    if data is not None and form.is_valid():
        try:
            made = _take(invitation, form)
        except Gone:
            return _gone(request)
        return _opened(request, made)
    shown = {"invitation": invitation, "form": form, "person": person, "role": ROLES.get(invitation.role, "")}
    title = "Set a new password" if invitation.kind == "password" else "Make your account"
    return render(request, "accounts/accept.html.j2", {"title": title, **shown})


def _whose(invitation: Invitation) -> Person | None:
    if invitation.kind != "password":
        return None
    return Person.objects.filter(email__iexact=invitation.email, is_active=True).first()


def _take(invitation: Invitation, form: AcceptForm) -> Person:
    """Use the link up and write the account, all or nothing; raises Gone for the second of two at once."""
    with transaction.atomic():
        if not Invitation.good().filter(pk=invitation.pk).update(used=timezone.now()):
            raise Gone
        person: Person = form.user
        new = person.pk is None
        taken = Q(email__iexact=invitation.email) | Q(username=invitation.email)
        if new and Person.objects.filter(taken).exists():
            raise Gone
        person.full_name = form.cleaned_data["full_name"].strip()
        form.save()
        after: dict[str, object] = {"password": "set"}
        if new:
            held = {name: getattr(invitation, name) for name in ("partner", "role", "since", "until")}
            Membership.objects.create(person=person, **held)
            after = {"name": person.full_name, "email": person.email, **held}
        record(str(person), "sign-in", f"person {person.pk}", after=after)
    reset(username=person.username)
    return person


def _opened(request: HttpRequest, person: Person) -> HttpResponse:
    messages.success(request, "Your password is set.")
    if hasattr(person, "second_factor") and person.second_factor.confirmed:
        return redirect("sign-in")
    request.session.flush()  # whoever was signed in here before
    login(request, person, backend=BACKEND)
    return redirect("account")


def _gone(request: HttpRequest) -> HttpResponse:
    lines = ("It was used already, or it is more than two weeks old.", "Ask who sent it for a new one.")
    shown = {"title": "This link does not work any more", "lines": lines}
    return render(request, "accounts/plain.html.j2", shown, status=410)
