"""Publishing: staff first, a day, a reason for what is held; nothing for those who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bettercare import Plan
from bettercare.workspace.audit.models import Entry
from bettercare.workspace.plans import current
from bettercare.workspace.programme.models import Decision, Hold, Publication
from bettercare.workspace.public.publish import public_keys
from bettercare.workspace.public.things import seen_of
from tests.workspace.test_public import a_paper, adopted, changed

PAGE = "/work/publishing"


def decision() -> Decision:
    return Decision.objects.create(
        title="Open a ward", outcome="agreed", revision=current(), board="Board", met_on=date(2015, 6, 1), by="a"
    )


def form(made: Decision, **more: Any) -> dict[str, Any]:
    return about("decision", str(made.pk), **more)


def about(kind: str, key: str, **more: Any) -> dict[str, Any]:
    """The form of a thing, filled in on what is recorded of it now."""
    row = Publication.objects.filter(kind=kind, key=key).first()
    sent = {"state": "published", "public_from": timezone.localdate().isoformat(), "seen": seen_of(row)}
    return {"kind": kind, "key": key, **sent, **more}


def test_a_decision_is_public_once_staff_were_told_and_its_day_has_come(
    client_as: Callable[..., Client], public: Client
) -> None:
    made = decision()
    client = client_as("programme-office")
    assert b"Open a ward" in client.get(PAGE).content
    assert public.get(f"/decisions/{made.pk}").status_code == 404
    refused = client.post(PAGE, form(made))
    assert refused.status_code == 400
    assert b"Tell staff first" in refused.content
    later = (timezone.localdate() + timedelta(days=3)).isoformat()
    assert client.post(PAGE, form(made, staff_told="yes", public_from=later)).status_code == 302
    assert str(made.pk) not in public_keys("decision")
    assert client.post(PAGE, form(made, staff_told="yes")).status_code == 302
    assert str(made.pk) in public_keys("decision")
    assert public.get(f"/decisions/{made.pk}").status_code == 200
    assert Entry.objects.filter(action="publish", what=f"decision {made.pk}").count() == 2


def test_what_is_held_needs_a_reason_and_is_not_public(client_as: Callable[..., Client]) -> None:
    made = decision()
    client = client_as("board-secretary")
    assert b"Say why" in client.post(PAGE, form(made, state="exempt")).content
    assert client.post(PAGE, form(made, state="exempt", reason="Names a patient")).status_code == 302
    assert str(made.pk) not in public_keys("decision")
    assert Publication.objects.get(kind="decision", key=str(made.pk)).reason == "Names a patient"


def test_a_hold_keeps_new_decisions_back(client_as: Callable[..., Client]) -> None:
    client = client_as("programme-office")
    today = timezone.localdate()
    days = {"since": today.isoformat(), "until": (today + timedelta(days=30)).isoformat()}
    assert b"Name the election" in client.post(PAGE, {"what": "hold", **days}).content
    assert client.post(PAGE, {"what": "hold", "name": "General election", **days}).status_code == 302
    assert Hold.objects.count() == 1
    made = decision()
    client.post(PAGE, form(made, staff_told="yes"))
    assert str(made.pk) not in public_keys("decision")


KINDS = ("initiative", "question", "decision", "change", "paper")


def test_everything_that_is_public_can_be_withdrawn_with_a_reason(
    client_as: Callable[..., Client], public: Client, llr: Plan
) -> None:
    client, made = client_as("programme-office"), decision()
    change, paper = adopted(changed(llr, "milestones", "I077-live", date=date(2016, 3, 1))), a_paper()
    keys = dict(zip(KINDS, ("I036", "Q01", str(made.pk), change.code, str(paper.pk)), strict=True))
    Publication.objects.create(kind="decision", key=str(made.pk), public_from=timezone.now(), staff_told=True)
    Publication.objects.create(kind="paper", key=str(paper.pk), public_from=timezone.now(), staff_told=True)
    assert public.get("/api/initiatives/I077").json()["planned"] == "March 2016"
    for kind, key in keys.items():
        assert key in public_keys(kind)
        listed = client.get(PAGE, {"kind": kind, "state": "published", "q": key}).content.decode()
        assert f'name="key" value="{key}"' in listed, kind
        assert b"Say why" in client.post(PAGE, about(kind, key, state="held")).content
        assert client.post(PAGE, about(kind, key, state="held", reason="It was wrong")).status_code == 302
        assert key not in public_keys(kind), kind
        entry = Entry.objects.filter(action="publish", what=f"{kind} {key}").latest("number")
        assert (entry.before["state"], entry.after["state"], entry.after["reason"]) == (
            "published", "held", "It was wrong",
        )  # fmt: skip
    assert public.get(f"/papers/{paper.pk}.pdf").status_code == 404
    assert public.get("/initiatives/I036").status_code == 404
    assert public.get("/api/initiatives/I077").json()["planned"] == "September 2014"


def test_what_the_workspace_began_with_cannot_be_withdrawn(client_as: Callable[..., Client], llr: Plan) -> None:
    answer = client_as("programme-office").post(PAGE, about("change", llr.revision, state="held", reason="x"))
    assert b"not here any more" in answer.content


def test_everything_is_found_by_words_kind_and_page(client_as: Callable[..., Client], llr: Plan) -> None:
    client = client_as("programme-office")
    every = llr["initiatives"].height + llr["questions"].height
    first, last = client.get(PAGE).content.decode(), client.get(PAGE, {"page": "99"}).content.decode()
    assert f"{every} found" in first and first.count('name="key"') == 25
    assert f"Page {-(-every // 25)} of {-(-every // 25)}" in last
    assert "1 found" in client.get(PAGE, {"kind": "initiative", "q": "i036"}).content.decode()
    assert "0 found" in client.get(PAGE, {"state": "exempt"}).content.decode()
    Publication.objects.filter(kind="initiative", key="I077").update(state="exempt")
    assert client.get(PAGE).content.decode().split('name="key" value="')[1].startswith("I077")
    assert client.get(PAGE, {"page": "\u00b2", "kind": "x", "state": "y"}).status_code == 200


def test_the_second_of_two_is_told_and_an_exempt_mark_is_not_lost(client_as: Callable[..., Client]) -> None:
    made = decision()
    ours = form(made, state="exempt", reason="Names a patient")
    theirs = form(made, staff_told="yes", reason="In the second box")
    assert client_as("board-secretary").post(PAGE, ours).status_code == 302
    answer = client_as("programme-office").post(PAGE, theirs)
    assert answer.status_code == 409 and b"Nothing of yours was saved" in answer.content
    assert b"In the second box" in answer.content
    assert str(made.pk) not in public_keys("decision")
    assert Publication.objects.get(kind="decision").reason == "Names a patient"
    assert client_as("programme-office").post(PAGE, {**theirs, "seen": form(made)["seen"]}).status_code == 302


def test_saving_again_does_not_make_something_public_new(client_as: Callable[..., Client]) -> None:
    client, made, today = client_as("programme-office"), decision(), timezone.localdate()
    client.post(PAGE, form(made, staff_told="yes"))
    since = timezone.now() - timedelta(days=9)
    Publication.objects.filter(kind="decision").update(public_from=since)
    Hold.objects.create(name="Election", since=today, until=today)
    assert client.post(PAGE, form(made, staff_told="yes", reason="A word")).status_code == 302
    assert Publication.objects.get(kind="decision").public_from == since
    assert str(made.pk) in public_keys("decision")


def test_a_hold_is_changed_and_ended(client_as: Callable[..., Client]) -> None:
    client, today = client_as("programme-office"), timezone.localdate()
    hold = Hold.objects.create(name="Election", since=today - timedelta(days=2), until=today)
    made = decision()
    client.post(PAGE, form(made, staff_told="yes"))
    assert b"Election" in client.get(PAGE).content
    days = {"since": (today - timedelta(days=2)).isoformat(), "until": (today + timedelta(days=5)).isoformat()}
    sent = {"hold": str(hold.pk), "seen": seen_of(hold), "name": "By-election", **days}
    assert b"Say why" in client.post(PAGE, {**sent, "what": "change-hold"}).content
    sent["reason"] = "The day was moved"
    assert client.post(PAGE, {**sent, "what": "change-hold"}).status_code == 302
    hold.refresh_from_db()
    assert (hold.name, hold.until) == ("By-election", today + timedelta(days=5))
    late = client_as("board-secretary").post(PAGE, {**sent, "what": "end-hold"})
    assert late.status_code == 409 and b"Somebody else changed this" in late.content
    assert str(made.pk) not in public_keys("decision")
    ended = {**sent, "what": "end-hold", "seen": seen_of(hold), "reason": "The election was called off"}
    assert client.post(PAGE, ended).status_code == 302
    hold.refresh_from_db()
    assert hold.until == today - timedelta(days=1)
    assert str(made.pk) in public_keys("decision")
    entry = Entry.objects.filter(what=f"hold {hold.pk}").latest("number")
    assert entry.after["reason"] == "The election was called off"
    assert client.post(PAGE, {**ended, "hold": "\u00b2"}).status_code == 409


def test_a_hold_that_has_not_begun_is_taken_away(client_as: Callable[..., Client]) -> None:
    client, today = client_as("programme-office"), timezone.localdate()
    hold = Hold.objects.create(name="Election", since=today + timedelta(days=2), until=today + timedelta(days=5))
    sent = {"what": "end-hold", "hold": str(hold.pk), "seen": seen_of(hold), "reason": "Called off"}
    assert client.post(PAGE, sent).status_code == 302
    assert not Hold.objects.exists()
    entry = Entry.objects.get(what=f"hold {hold.pk}")
    assert entry.before["name"] == "Election" and entry.after["reason"] == "Called off"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_in_a_browser(signed_in_tab: Callable[..., Any], faults: Any, width: int) -> None:
    made, today = decision(), timezone.localdate()
    Hold.objects.create(name="Election", since=today, until=today)
    page = signed_in_tab("programme-office", width=width)
    page.goto(PAGE)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert faults(page) == []
    page.locator("input[name=public_from]").first.fill("")
    page.get_by_role("button", name=f"Save decision {made.pk}").click()
    assert "Tell staff first" in page.inner_text("main")
    page.said.clear()  # the browser says that the answer was 400
    assert faults(page) == []


def test_what_is_sent_wrongly_is_said_at_once(client_as: Callable[..., Client]) -> None:
    sent = {"kind": "decision", "key": "999999", "state": "nothing", "public_from": "31 February"}
    answer = client_as("programme-office").post(PAGE, sent).content
    for words in (b"not here any more", b"Choose published", b"Public from: write a day"):
        assert words in answer
    for day in ("0001-01-01", "9999-12-31"):
        sent = {"what": "hold", "name": "Election", "since": day, "until": day}
        assert b"First day: write a day" in client_as("programme-office").post(PAGE, sent).content


def test_others_may_not(client_as: Callable[..., Client]) -> None:
    for role in ("reader", "contributor", "partner-lead", "assurer", "administrator"):
        assert client_as(role).get(PAGE).status_code == 403
