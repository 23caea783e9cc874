"""The pages' templates: Jinja with the NHS service manual's components, and what every page may use."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader

from bettercare.workspace.programme.models import Current
from bettercare.workspace.settings import HERE
from bettercare.workspace.words import day, long_day, money, number, plain_range

WORKSPACE = ("/work", "/triangulation", "/nerve-centre")
MOST_DIGITS = 18  # what any database keeps as a number


def whole(text: str | None) -> int | None:
    """A whole number as an address or a form sends it: ASCII digits, at most 18. None for anything else.

    `str.isdigit` alone also takes "²", which `int` refuses, and more digits than `int` reads.
    """
    if not text or len(text) > MOST_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


def environment(**options: Any) -> Environment:
    """The Jinja environment: autoescaping, the components, and a few filters."""
    options["undefined"] = ChainableUndefined  # the components chain parameters that may not be there
    options["loader"] = ChoiceLoader([FileSystemLoader(HERE / "templates"), PackageLoader("nhsuk_frontend_jinja")])
    options["trim_blocks"] = options["lstrip_blocks"] = True
    env = Environment(**{**options, "autoescape": True})
    env.globals.update(static=static, url=_url, messages=get_messages, revision_code=_revision_code)
    env.filters.update(day=day, long_day=long_day, money=money, number=number, range=plain_range)
    return env


def _revision_code(request: HttpRequest) -> str:
    """The revision that a page is made from: the current one in the workspace, the published one elsewhere."""
    if request.path.startswith(WORKSPACE):
        return str(Current.objects.values_list("revision__code", flat=True).get(pk=1))
    from bettercare.workspace.public import publish

    return publish.state().revision


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)
