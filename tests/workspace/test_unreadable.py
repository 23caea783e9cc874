"""NUL in what is asked or sent is answered with 400 on every database, before anything is looked up with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from bettercare.workspace.audit.models import Entry
from bettercare.workspace.programme.models import Hold


@pytest.mark.parametrize(
    "address",
    [
        "/work/search?q=a%00b",
        "/work/proposals?initiative=%00",
        "/work/audit?who=%00",
        "/work/audit?a%00b=1",
        "/work/initiatives/I001%00",
        "/work/no-such-page%00",
        "/roadmap?compare=%00",
    ],
)
def test_nul_in_an_address(client_as: Callable[..., Client], address: str) -> None:
    for role in ("reader", "programme-office"):
        answer = client_as(role).get(address)
        assert answer.status_code == 400 and b"That could not be read" in answer.content
    assert not Entry.objects.filter(what__contains="no-such-page").exists()


def test_nul_in_where_to_go_next_and_in_a_cookie(public: Client) -> None:
    assert public.get("/sign-in?next=a%00b").status_code == 400
    assert public.post("/sign-in", {"username": "a\0b", "password": "x"}).status_code == 400
    public.cookies["sessionid"] = "a\0bcdefghijklmnop"
    assert public.get("/account").status_code == 400


def test_nul_in_a_form(client_as: Callable[..., Client]) -> None:
    hold = {"what": "hold", "name": "a\0b", "since": "2015-03-30", "until": "2015-05-07"}
    assert client_as("programme-office").post("/work/publishing", hold).status_code == 400
    assert not Hold.objects.exists()
    assert client_as("programme-office").post("/work/publishing", {**hold, "name": "General"}).status_code == 302
