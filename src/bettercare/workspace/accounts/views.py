"""Signing in and out, the code of a second factor, the password."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from bettercare.workspace.accounts import oidc, second_factor
from bettercare.workspace.accounts.forms import CodeForm, SignInForm
from bettercare.workspace.accounts.lock import count_wrong, locked, locked_out
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.models import Person, SecondFactor
from bettercare.workspace.accounts.people import partner_names
from bettercare.workspace.audit.models import record

BACKEND = "django.contrib.auth.backends.ModelBackend"
PENDING_SECONDS = 600

sign_out = needs("sign-in")(LogoutView.as_view(http_method_names=["post"]))


def safe_next(request: HttpRequest, wanted: str | None) -> str:
    """Where to go after signing in: only to a page of this workspace."""
    good = url_has_allowed_host_and_scheme(
        wanted or "", allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return str(wanted) if good else settings.LOGIN_REDIRECT_URL


@needs("sign-in")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password; who has a second factor is asked for its code before anything is opened."""
    wanted = request.POST.get("next") or request.GET.get("next")
    if request.user.is_authenticated:
        return redirect(safe_next(request, wanted))
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return enter(request, form.get_user(), wanted)
    if getattr(request, "axes_locked_out", False):
        return locked_out(request)
    shown = {"form": form, "next": wanted or "", "oidc": settings.OIDC["name"] if oidc.configured() else ""}
    return render(request, "accounts/sign_in.html.j2", {"title": "Sign in", **shown})


def enter(request: HttpRequest, person: Person, wanted: str | None, *, second: bool = False) -> HttpResponse:
    """Open a session for somebody whose first factor is right. `second` says that another was given elsewhere."""
    if not second and SecondFactor.objects.filter(person=person, confirmed=True).exists():
        request.session.cycle_key()
        request.session["pending"] = {"person": person.pk, "since": int(time.time()), "next": wanted or ""}
        return redirect("sign-in-code")
    login(request, person, backend=BACKEND)  # a new session key: a planted one is of no use
    request.session["second_factor"] = second
    return redirect(safe_next(request, wanted))


@needs("sign-in")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The code of the app, after the password."""
    pending: dict[str, Any] = request.session.get("pending") or {}
    person = Person.objects.filter(pk=pending.get("person"), is_active=True).first()
    if person is None or time.time() - pending["since"] > PENDING_SECONDS:
        request.session.pop("pending", None)
        return redirect("sign-in")
    if locked(request, person):
        return locked_out(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if second_factor.spend(request, person, form.cleaned_data["code"]):
            del request.session["pending"]
            return enter(request, person, pending["next"], second=True)
        form.add_error("code", "The code is not right, or was used before. Wait for the next one.")
    return render(request, "accounts/code.html.j2", {"title": "Enter your code", "form": form})


@needs("sign-in")
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: roles, password, second factor."""
    person = request.user
    assert isinstance(person, Person)
    if request.method == "POST" and locked(request, person):
        return locked_out(request)
    form = PasswordChangeForm(person, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(str(person), "sign-in", f"person {person.pk}", after={"password": "changed"})
        second = request.session.get("second_factor", False)
        update_session_auth_hash(request, person)  # ends the person's other sessions
        request.session["second_factor"] = second
        messages.success(request, "Your password was changed. You are signed out everywhere else.")
        return redirect("account")
    if form.has_error("old_password", "password_incorrect"):
        count_wrong(request, person)  # a browser that was left open is no place to guess the password
    shown = {
        "form": form,
        "partners": partner_names(),
        "roles": person.memberships.order_by("-since"),
        "has_second": SecondFactor.objects.filter(person=person, confirmed=True).exists(),
    }
    return render(request, "accounts/account.html.j2", {"title": "Your account", **shown})
