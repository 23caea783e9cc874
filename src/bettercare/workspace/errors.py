"""The plain pages for what goes wrong: they say what to do and show nothing of the inside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def _page(request: HttpRequest, status: int, title: str, *lines: str) -> HttpResponse:
    return render(request, "accounts/plain.html.j2", {"title": title, "lines": lines}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, 400, "That could not be read", "Go back, check what you entered and try again.")


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return render(request, "refused.html.j2", {"title": "You cannot do this"}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _page(request, 404, "Page not found", "If you typed the address, check it. A link may be old.")


def failed(request: HttpRequest) -> HttpResponse:
    """500: without the request's user or the database, which may be what failed."""
    text = (
        "<!DOCTYPE html><html lang='en-GB'><head><meta charset='utf-8'><title>Something went wrong</title></head>"
        "<body><main><h1>Sorry, something went wrong</h1><p>Nothing that you sent was kept. Try again in a few minutes."
        "</p><p><a href='/'>To the first page</a></p></main></body></html>"
    )
    return HttpResponse(text, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: sent from elsewhere, or from a page that was open for too long."""
    return _page(
        request, 403, "The form has expired", "Nothing was changed.", "Go back, load the page again and send it again."
    )
