"""Public pages are kept as they were rendered until what is public changes; nobody without an account gets a cookie."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.public import contribution
from bettercare.workspace.public.publish import state

PUBLIC, PRIVATE = "public, max-age=60", "private, no-store"
MOST_PAGES = 1000
LARGEST = 4_000_000  # bytes; larger ones are made again

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Page:
    """A rendered page."""

    body: bytes
    headers: dict[str, str]
    status: int
    tag: str

    def response(self, request: HttpRequest) -> HttpResponse:
        """The page, or word that the browser has it already."""
        if self.status == 200 and self.tag in request.headers.get("If-None-Match", "").replace("W/", "").split(", "):
            response = HttpResponse(status=304, headers={k: v for k, v in self.headers.items() if k != "Content-Type"})
        else:
            response = HttpResponse(self.body, status=self.status, headers=self.headers)
        return response


_pages: dict[tuple[str, str, str], Page] = {}
_lock = threading.Lock()


def public_page(view: View) -> View:
    """A view of the public site: open to all, by GET only, and kept in memory where it is the same for everybody."""

    @needs("view-public")
    @require_safe
    @wraps(view)
    def kept(request: HttpRequest, **arguments: Any) -> HttpResponse:
        anonymous = not any(name in request.COOKIES for name in (settings.SESSION_COOKIE_NAME, "messages"))
        if not anonymous:
            response = _shown(view, request, arguments)
            response["Cache-Control"] = PRIVATE
            response["Vary"] = "Cookie"
            return response
        if request.META.get("QUERY_STRING"):
            return _page(_shown(view, request, arguments)).response(request)
        key = (_now(), request.path, request.get_host() if view.__name__ in BY_HOST else "")
        page = _pages.get(key)
        if page is None:
            page = _page(_shown(view, request, arguments))
            _keep(key, page)
        return page.response(request)

    return kept


BY_HOST = ("changes_feed", "openapi")  # pages that hold their own address


def _now() -> str:
    """What pages depend on: what is public, and whether the forecast has more to say."""
    return f"{state().digest} {contribution.turn()}"


def _keep(key: tuple[str, str, str], page: Page) -> None:
    """Keep a page unless what it depends on changed while it was rendered; drop those of before."""
    if page.status != 200 or len(page.body) > LARGEST or key[0] != _now():
        return
    with _lock:
        for old in [k for k in _pages if k[0] != key[0]]:
            del _pages[old]
        if len(_pages) < MOST_PAGES:
            _pages[key] = page


def _shown(view: View, request: HttpRequest, arguments: dict[str, Any]) -> HttpResponse:
    try:
        return view(request, **arguments)
    except Http404:
        return not_found(request)


def answer_json(content: Any, status: int = 200) -> HttpResponse:
    """JSON that pages of other sites may read too."""
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False}, safe=False, status=status)
    response["Access-Control-Allow-Origin"] = "*"
    return response


def not_found(request: HttpRequest) -> HttpResponse:
    """One answer for what is not there and for what is not public, so that they cannot be told apart."""
    if request.path.startswith("/api/"):
        return answer_json({"error": "There is nothing at this address, or it is not published."}, 404)
    context = {"title": "Page not found", "revision_code": lambda _: state().revision}
    return render(request, "public/not_found.html.j2", context, status=404)


def _page(response: HttpResponse) -> Page:
    body = response.content
    headers = {name: value for name, value in response.items() if name not in ("Content-Length", "Set-Cookie")}
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers |= {"ETag": tag, "Cache-Control": PUBLIC, "Vary": "Cookie"}
    if response.status_code != 200:
        headers = {**headers, "Cache-Control": "no-store"}
    return Page(body, headers, response.status_code, tag)
