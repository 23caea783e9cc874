"""What changed, as an Atom feed."""

from __future__ import annotations

from html import escape

from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed

from bettercare.workspace.public.kept import public_page
from bettercare.workspace.public.site import site

MOST = 50


@public_page
def changes_feed(request: HttpRequest) -> HttpResponse:
    """Changes of the plan, decisions and papers, the newest first."""
    of = site()
    here = request.build_absolute_uri("/").rstrip("/")
    feed = Atom1Feed(
        title=f"Better Care Together: what changed in {of.plan.settings.title or of.plan.settings.name}",
        link=f"{here}/changes",
        feed_url=f"{here}/changes.atom",
        description="Changes of the plan, decisions and papers",
        language="en-gb",
    )
    for event in of.events[:MOST]:
        feed.add_item(
            title=_plain(event.title),
            link=here + event.link,
            description=escape(_plain(event.text)),  # a summary is read as HTML
            pubdate=event.at,
            updateddate=event.at,
            unique_id=here + event.link,
            categories=[event.kind],
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _plain(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\t\n")
