"""What is not public yet: changes that are only adopted, what a hold keeps back, what has a day to come."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from bettercare import Plan
from bettercare.workspace.programme.models import Hold, Publication
from bettercare.workspace.public import publish
from tests.workspace.test_public import a_decision, a_paper, adopted, changed, published, texts, withhold


def test_an_unpublished_change_is_not_told(public: Client, llr: Plan) -> None:
    """Neither that there was one nor what it did: adoption alone leaves the site as it was."""
    before, dates = dict(texts(public, llr, each=True)), ("March 2016", "2016-03-01")
    made = adopted(changed(llr, "milestones", "I077-live", date=date(2016, 3, 1)), "Secret reason", public=False)
    for url, text in texts(public, llr, each=True):
        assert "Secret reason" not in text and made.code not in text, url
        assert all(text.count(words) == before[url].count(words) for words in dates), url
    assert public.get(f"/roadmap?compare={made.code}").status_code == 404
    adopted(changed(llr, "milestones", "I001-live", date=date(2017, 3, 1)))
    for url, text in texts(public, llr):
        assert "Secret reason" not in text, url
    assert public.get(f"/roadmap?compare={made.code}").status_code == 404
    assert public.get("/api/initiatives/I001").json()["milestones"][0]["planned"] != "2015"


def test_a_change_published_during_a_hold_waits_for_its_end(public: Client, llr: Plan) -> None:
    today = timezone.localdate()
    hold = Hold.objects.create(name="Election", since=today - timedelta(days=1), until=today)
    adopted(changed(llr, "milestones", "I077-live", date=date(2016, 3, 1)))
    assert public.get("/api/initiatives/I077").json()["planned"] == "September 2014"
    hold.delete()
    assert public.get("/api/initiatives/I077").json()["planned"] == "March 2016"


def test_nothing_new_appears_during_a_hold(public: Client, llr: Plan) -> None:
    before, after = a_decision("Decided before"), a_decision("Decided within")
    published("decision", str(before.pk))
    Publication.objects.filter(key=str(before.pk), kind="decision").update(
        public_from=timezone.now() - timedelta(days=9)
    )
    published("decision", str(after.pk))
    published("paper", str(a_paper("A paper within").pk))
    today = timezone.localdate()
    hold = Hold.objects.create(name="Election", since=today - timedelta(days=2), until=today + timedelta(days=2))
    page = public.get("/decisions").content.decode()
    assert "Decided before" in page
    for url, text in texts(public, llr):
        assert "Decided within" not in text and "A paper within" not in text, url
    hold.delete()
    assert "Decided within" in public.get("/decisions").content.decode()


@pytest.mark.parametrize(
    ("holds", "first"),
    [
        ([(-9, -5)], None),
        ([(1, 5)], None),
        ([(-9, 0)], -9),
        ([(-20, -5), (-6, 0)], -20),  # overlapping
        ([(-20, -6), (-5, 3)], -20),  # one the day after the other
        ([(-20, -7), (-5, 3)], -5),  # a day between
        ([(-30, -21), (-20, -6), (-40, -29), (-5, 3), (2, 9)], -40),
        ([(-20, 5), (-3, 1)], -20),
    ],
)
def test_holds_that_meet_are_one(holds: list[tuple[int, int]], first: int | None) -> None:
    today = timezone.localdate()
    for since, until in holds:
        Hold.objects.create(name="x", since=today + timedelta(days=since), until=today + timedelta(days=until))
    assert publish.held_since(today) == (None if first is None else today + timedelta(days=first))


def test_what_one_hold_kept_back_does_not_appear_in_the_next(public: Client) -> None:
    today, kept = timezone.localdate(), a_decision("Decided in the first")
    published("decision", str(kept.pk))
    Publication.objects.filter(kind="decision").update(public_from=timezone.now() - timedelta(days=9))
    Hold.objects.create(name="One", since=today - timedelta(days=12), until=today - timedelta(days=3))
    Hold.objects.create(name="Two", since=today - timedelta(days=2), until=today + timedelta(days=2))
    assert "Decided in the first" not in public.get("/decisions").content.decode()


def test_an_embargo_ends_by_itself(public: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    withhold("I036", "embargoed")
    assert public.get("/initiatives/I036").status_code == 404
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr(publish.timezone, "now", lambda: later)
    publish.forget()
    assert public.get("/initiatives/I036").status_code == 200
