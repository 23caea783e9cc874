"""Wrong passwords and codes: counted, by whom and from where, until signing in is locked for a while."""

from __future__ import annotations

import ipaddress
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bettercare.workspace.accounts.models import Person


def locked(request: HttpRequest, person: Person) -> bool:
    """Whether there were too many wrong attempts for this person from where the request comes."""
    return not AxesProxyHandler.is_allowed(request, {"username": person.username})


def count_wrong(request: HttpRequest, person: Person) -> None:
    """Count a wrong attempt; it is also written into the audit trail."""
    user_login_failed.send(sender=__name__, credentials={"username": person.username}, request=request)


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """After too many failures: a plain page that says for how long."""
    lines = (
        "There were too many attempts with a wrong password or code.",
        "Wait an hour, or ask your administrator for a link to set a new password.",
    )
    return render(request, "accounts/plain.html.j2", {"title": "Signing in is locked", "lines": lines}, status=429)


def client_address(request: HttpRequest) -> str | None:
    """Where a request comes from. Behind our own proxy it is the last address of the header that the proxy sets.

    The addresses before it are what the client claims. Without the setting the whole header is a claim.
    """
    here = request.META.get("REMOTE_ADDR") or ""
    said = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    for address in (said.rpartition(",")[2].strip(), here):
        try:
            return str(ipaddress.ip_address(address))
        except ValueError:
            continue
    return None  # a socket that is a file has no address
