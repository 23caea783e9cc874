"""Every URL x every role x own and other partner: allowed or refused exactly as the permission table says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from bettercare.workspace.accounts.middleware import OPEN, needs
from bettercare.workspace.accounts.models import Person
from bettercare.workspace.audit.models import Entry, verify
from bettercare.workspace.permissions import ACTIONS, ALLOWED, ROLES
from bettercare.workspace.permissions_page import page
from tests.workspace import samples
from tests.workspace.reached import WORDS

OWN, OTHER = "uhl", "lpt"
STAND_IN = {"int": "987654321", "slug": "no-such-thing", "str": "no-such-thing", "path": "no/such/thing"}
PARTS = re.compile(r"<(?:(\w+):)?(\w+)>")
GROUPS = re.compile(r"\(\?P<(\w+)>([^)]*)\)")
ROOT = Path(__file__).parents[2]


class Address(NamedTuple):
    route: str
    name: str
    view: Callable[..., Any]

    @property
    def marked(self) -> Any:
        return self.view if hasattr(self.view, "action") else getattr(self.view, "view_class", self.view)

    def path(self, **given: Any) -> str:
        def fill(match: re.Match[str]) -> str:
            return str(given.get(match[2], STAND_IN.get(match[1] or "str", "no-such-thing")))

        def choose(match: re.Match[str]) -> str:
            return STAND_IN["int"] if "\\d" in match[2] else match[2].split("|")[0]

        if "(?P<" in self.route:  # a regular expression: a group is digits, or one of some words
            return "/" + GROUPS.sub(choose, self.route.replace("^", "").replace("$", "")).replace("\\.", ".")
        return "/" + PARTS.sub(fill, self.route)


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[Address]:
    """All that the URL configuration serves."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Address(route, pattern.name or route, pattern.callback)
        else:
            yield from addresses(pattern, route)


ALL = list(addresses())
IDS = [address.name for address in ALL]


@pytest.fixture
def reached() -> Iterator[None]:
    """Views are not called: what answers instead says that one would be."""
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, "tests.workspace.reached.Reached"]):
        yield


def test_there_are_pages_of_every_room() -> None:
    assert {"people", "audit", "triangulation", "meetings", "nerve-centre"} <= set(IDS)


@pytest.mark.parametrize("address", ALL, ids=IDS)
def test_every_address_says_which_action_it_is(address: Address) -> None:
    assert getattr(address.marked, "action", None) in ACTIONS


def expected(role: str, action: str, mine: bool) -> bool:
    """What the table says, read without the code that the pages use."""
    return action in OPEN or ALLOWED[role].get(action) == "any" or (ALLOWED[role].get(action) == "own" and mine)


def of_partner(address: Address, partner: str) -> tuple[str, dict[str, str]]:
    """The path and the form of a thing of a partner; fails for a view that has a partner and no sample."""
    if getattr(address.marked, "partner_of", None) is None:
        return address.path(), {}
    assert address.name in samples.OF_PARTNER, f"tests/workspace/samples.py says nothing about {address.name}"
    parts, form = samples.OF_PARTNER[address.name](partner)
    return address.path(**parts), form


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize("address", ALL, ids=IDS)
def test_allowed_or_refused_as_the_table_says(address: Address, client_as: Callable[..., Client]) -> None:
    action = address.marked.action
    has_partner = getattr(address.marked, "partner_of", None) is not None
    paths = {mine: of_partner(address, OWN if mine else OTHER) for mine in (True, False)}
    wrong = []
    for role in ROLES:
        client = client_as(role, OWN)
        for mine, (path, form) in paths.items():
            whose = f"{role}, {'own' if mine else 'other'} partner"
            told = expected(role, action, mine or not has_partner)
            answer = client.post(path, form)
            if (answer.content == WORDS) != told:
                wrong.append(f"{whose}: {answer.status_code}, table says {told}")
            # An empty form is nobody's: where only the form names the partner, whoever may do it for one may see it.
            told = expected(role, action, mine or not has_partner or bool(form))
            answer = client.get(path)
            if (answer.content == WORDS) != told:
                wrong.append(f"{whose}, only looking: {answer.status_code}, table says {told}")
    assert wrong == []


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize("address", ALL, ids=IDS)
def test_without_an_account_only_what_is_open(address: Address, public: Client) -> None:
    for method in (public.get, public.post):
        answer = method(address.path())
        if address.marked.action in OPEN:
            assert answer.content == WORDS
        else:
            assert answer.status_code == 302 and answer["Location"].startswith("/sign-in")


@pytest.mark.usefixtures("reached")
def test_a_refusal_shows_nothing_of_the_object_and_is_written_down(client_as: Callable[..., Client]) -> None:
    client = client_as("reader", OWN)
    refusals, paths = set(), []
    for address in ALL:
        if not expected("reader", address.marked.action, True):
            path, form = of_partner(address, OWN)
            answer = client.post(path, form)
            assert answer.status_code == 403
            refusals.add(re.sub(rb'(name="csrfmiddlewaretoken" value=")\w+|\s*aria-current="\w+"', b"", answer.content))
            paths.append(path)
    assert len(refusals) == 1  # the same page, whatever was asked for and whether it is there
    assert b"You cannot do this" in refusals.pop()
    written = Entry.objects.filter(allowed=False).order_by("number").values_list("what", "who", "action")
    assert [what for what, _, _ in written] == [path[:200] for path in paths]
    assert all(who == str(Person.objects.get(username=f"reader-{OWN}")) for _, who, _ in written)
    assert verify() == []


def test_a_thing_of_another_partner_and_one_that_is_not_there_look_the_same(client_as: Callable[..., Client]) -> None:
    """Somebody who may act for one's own partner only is not told what others have."""
    client = client_as("partner-lead", OWN)
    for address in ALL:
        if getattr(address.marked, "partner_of", None) and ALLOWED["partner-lead"].get(address.marked.action) == "own":
            path, form = of_partner(address, OTHER)
            assert client.post(path, form).status_code == 403
            assert client.post(address.path(), {}).status_code == 403


def test_a_role_holds_between_its_dates_only(
    person_as: Callable[..., Person], client_as: Callable[..., Client]
) -> None:
    client = client_as("assurer", OWN)
    assert client.get("/work/audit").status_code == 200
    row = person_as("assurer", OWN).memberships.get()
    row.until, row.since = row.since.replace(year=2015), row.since.replace(year=2014)
    row.save()
    assert client.get("/work/audit").status_code == 403


@pytest.mark.parametrize("address", [a for a in ALL if a.marked.action not in OPEN], ids=lambda a: a.name)
def test_a_write_without_its_token_is_refused(address: Address, client_as: Callable[..., Client]) -> None:
    client = client_as("programme-office", OWN, csrf=True)
    before = Entry.objects.count()
    answer = client.post(address.path(), {})
    assert answer.status_code in (403, 405)
    assert Entry.objects.count() - before <= 1  # at most a refusal by role is written down


def test_an_unknown_action_cannot_be_marked() -> None:
    with pytest.raises(ValueError, match="not in the permission table"):
        needs("do-as-i-like")


def test_an_unmarked_view_is_refused_for_everybody(client_as: Callable[..., Client]) -> None:
    with override_settings(ROOT_URLCONF="tests.workspace.unmarked"):
        for role in ROLES:
            assert client_as(role, OWN).get("/unmarked").status_code == 403


def test_the_page_of_the_docs_is_the_table() -> None:
    assert (ROOT / "docs" / "reference" / "permissions.md").read_text(encoding="utf-8") == page()
