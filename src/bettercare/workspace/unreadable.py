"""Requests that hold the character NUL: nobody types it, and PostgreSQL has no text with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError

from bettercare.workspace.errors import bad_request


class UnreadableMiddleware:
    """Answers 400 to NUL in the path, a cookie, the query or a form, before anything is looked up with it.

    It stands before what reads sessions, so that its page needs none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _holds_nul((request.path, *request.COOKIES.values(), *_texts(request.GET))):
            return bad_request(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Look at the form, which the check against forged forms would read next in any case."""
        try:
            form = request.POST
        except UnreadablePostError:  # the sender has gone
            return None
        return bad_request(request) if _holds_nul(_texts(form)) else None


def _texts(form: QueryDict) -> Iterable[str]:
    for name, values in form.lists():
        yield name
        yield from values


def _holds_nul(texts: Iterable[str]) -> bool:
    return any("\0" in text for text in texts)
