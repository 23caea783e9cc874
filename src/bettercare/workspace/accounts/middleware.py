"""Every request is held against the permission table; what is not in it is refused, and denials are written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from bettercare.workspace.accounts.models import Person, SecondFactor
from bettercare.workspace.audit.models import record
from bettercare.workspace.permissions import ACTIONS, reach_of

View = TypeVar("View", bound=Callable[..., HttpResponse])
OPEN = ("view-public", "sign-in")
READING = ("GET", "HEAD", "OPTIONS")


def needs(action: str, partner_of: Callable[..., str | None] | None = None) -> Callable[[View], View]:
    """Say which action of the table a view is; `partner_of(request, **arguments)` says whose thing it is about.

    A `partner_of` that finds no partner leaves a write to those who may do it for every partner.
    """
    if action not in ACTIONS:
        raise ValueError(f"{action} is not in the permission table")

    def mark(view: View) -> View:
        view.action = action  # type: ignore[attr-defined]
        view.partner_of = partner_of  # type: ignore[attr-defined]
        return view

    return mark


def refused(request: HttpRequest) -> HttpResponse:
    """The page that shows nothing of what was asked for."""
    return render(request, "refused.html.j2", {"title": "You cannot do this"}, status=403)


class PermissionMiddleware:
    """Refuses before the view is called, with a page that shows nothing of the object."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        marked = view if hasattr(view, "action") else getattr(view, "view_class", view)
        action = getattr(marked, "action", None)
        if action in OPEN:
            return None
        person = request.user
        if not isinstance(person, Person) or not person.is_authenticated:
            return redirect_to_login(request.get_full_path() if request.method in READING else "")
        if (answer := _second_factor(request, person)) is not None:
            return answer
        if action and _may(request, person, action, getattr(marked, "partner_of", None), kwargs):
            return None
        record(str(person), action or "unknown", request.path, allowed=False)
        return refused(request)


def _may(
    request: HttpRequest, person: Person, action: str, find: Callable[..., str | None] | None, kwargs: dict[str, Any]
) -> bool:
    everywhere, partners = reach_of(person.roles(), action)
    if everywhere or not partners or find is None:
        return everywhere or bool(partners)
    try:
        partner = find(request, **kwargs)
    except Http404:  # whether there is such a thing is not for this person to know
        return False
    if not partner:
        return request.method in READING
    return partner in partners


def _second_factor(request: HttpRequest, person: Person) -> HttpResponse | None:
    """Where somebody goes who has not given the second factor that a role asks for."""
    if request.session.get("second_factor") or not person.must_have_second_factor():
        return None
    if SecondFactor.objects.filter(person=person, confirmed=True).exists():
        logout(request)  # it was set up elsewhere after this session began: sign in again, with it
        return redirect_to_login(request.get_full_path() if request.method in READING else "")
    return redirect("second-factor")
