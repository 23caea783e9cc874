"""The audit trail as a page."""

from __future__ import annotations

import json
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bettercare.workspace.accounts.middleware import needs
from bettercare.workspace.audit.models import Entry, Head, actions

ROWS = 50


@needs("view-audit")
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """The newest entries first, by who, action, object and whether they were denied."""
    asked = {name: request.GET.get(name, "").strip()[:200] for name in ("who", "what", "action", "denied")}
    found = Entry.objects.order_by("-number")
    if asked["who"]:
        found = found.filter(who__icontains=asked["who"])
    if asked["what"]:
        found = found.filter(what__icontains=asked["what"])
    known = actions()
    if asked["action"] in known:
        found = found.filter(action=asked["action"])
    if asked["denied"]:
        found = found.filter(allowed=False)
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "rows": [(entry, words(entry.before), words(entry.after)) for entry in page],
        "asked": asked,
        "actions": known,
        "head": Head.objects.filter(pk=1).first(),
    }
    return render(request, "audit/trail.html.j2", {"title": "Audit trail", **shown})


def words(value: Any) -> list[str]:
    """What an entry holds, a line each, cut where it is long."""
    if value is None:
        return []
    rows = value.items() if isinstance(value, dict) else [("", value)]
    lines = []
    for name, content in rows:
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        lines.append(f"{name}: {text}"[:300] if name else text[:300])
    return lines
