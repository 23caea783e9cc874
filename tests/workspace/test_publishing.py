"""Publishing: staff first, a day, a reason for what is held; nothing for those who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from bettercare.workspace.audit.models import Entry
from bettercare.workspace.plans import current
from bettercare.workspace.programme.models import Decision, Hold, Publication
from bettercare.workspace.public.publish import public_keys

PAGE = "/work/publishing"


def decision() -> Decision:
    return Decision.objects.create(
        title="Open a ward", outcome="agreed", revision=current(), board="Board", met_on=date(2015, 6, 1), by="a"
    )


def form(made: Decision, **more: Any) -> dict[str, Any]:
    day = timezone.localdate().isoformat()
    return {"kind": "decision", "key": str(made.pk), "state": "published", "public_from": day, **more}


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


def test_what_is_sent_wrongly_is_said_at_once(client_as: Callable[..., Client]) -> None:
    sent = {"kind": "decision", "key": "999999", "state": "nothing", "public_from": "31 February"}
    answer = client_as("programme-office").post(PAGE, sent).content
    for words in (b"not here any more", b"Choose published", b"Public from: write a day"):
        assert words in answer


def test_others_may_not(client_as: Callable[..., Client]) -> None:
    for role in ("reader", "contributor", "partner-lead", "assurer", "administrator"):
        assert client_as(role).get(PAGE).status_code == 403
