"""Going to the partnership's own account service and coming back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from bettercare.workspace.accounts import oidc
from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.accounts.models import Person
from bettercare.workspace.accounts.views import enter
from bettercare.workspace.audit.models import record


@needs("sign-in")
@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Send somebody to the service."""
    if not oidc.configured():
        raise Http404
    try:
        address, kept = oidc.begin(request.build_absolute_uri(reverse("oidc-finish")))
    except oidc.Refused as why:
        return _no(request, str(why))
    request.session["oidc"] = {**kept, "next": request.GET.get("next", "")}
    return redirect(address)


@needs("sign-in")
@never_cache
@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """Take the service's answer, once."""
    kept = request.session.pop("oidc", None)
    if not oidc.configured() or kept is None:
        return redirect("sign-in")
    try:
        claims = oidc.finish(kept, request.GET.get("state", ""), request.GET.get("code", ""))
    except oidc.Refused as why:
        return _no(request, str(why))
    person = _person(claims)
    if person is None:
        return _no(request, "it is nobody with an account here")
    return enter(request, person, kept["next"], second=oidc.is_strong(claims))


def _person(claims: dict[str, Any]) -> Person | None:
    """Whose account it is. The first time the service's verified address finds it; then its own name for them does."""
    name = f"{settings.OIDC['issuer']} {claims['sub']}"
    person = Person.objects.filter(outside_name=name).first()
    if person is None and claims.get("email_verified") is True and claims.get("email"):
        with transaction.atomic():
            found = list(Person.objects.select_for_update().filter(email__iexact=str(claims["email"]))[:2])
            if len(found) == 1 and found[0].outside_name is None:
                person = found[0]
                person.outside_name = name
                person.save(update_fields=["outside_name"])
                record(str(person), "sign-in", f"person {person.pk}", after={"account elsewhere": name})
    return person if person is not None and person.is_active else None


def _no(request: HttpRequest, why: str) -> HttpResponse:
    record("", "sign-in", f"account elsewhere: {why}", allowed=False)
    lines = (f"You could not be signed in with {settings.OIDC['name']}: {why}.", "Ask your programme office.")
    return render(request, "accounts/plain.html.j2", {"title": "Not signed in", "lines": lines}, status=403)
