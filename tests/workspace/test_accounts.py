"""Accounts: invitations, signing in, the lock, the second factor, the partnership's own sign-in service, people."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bettercare.workspace.accounts import totp
from bettercare.workspace.accounts.models import Invitation, Membership, Person, SecondFactor
from bettercare.workspace.audit.models import Entry, verify

ClientAs = Callable[..., Client]
PASSWORD = "correct horse battery staple"


def invite(client: Client, **changes: str) -> str:
    """The path of the link that an administrator is shown once."""
    form = {
        "email": "New.Person@example.org",
        "partner": "uhl",
        "role": "contributor",
        "since": timezone.localdate().isoformat(),
        "until": "",
    }
    answer = client.post("/work/people", {**form, **changes}, follow=True)
    found = re.search(r'id="link">http://localhost(/invitations/[\w-]+)<', answer.content.decode())
    assert found, answer.content.decode()
    assert found[1] not in client.get("/work/people").content.decode()
    return found[1]


def accept(client: Client, path: str, **changes: str) -> Any:
    form = {"full_name": "New Person", "new_password1": PASSWORD, "new_password2": PASSWORD}
    return client.post(path, {**form, **changes})


@pytest.fixture
def member() -> Person:
    """Somebody with a password and one role."""
    person = Person.objects.create_user("mary", "mary@example.org", PASSWORD, full_name="Mary")
    Membership.objects.create(person=person, role="contributor", partner="uhl")
    return person


def sign_in(client: Client, name: str = "mary", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", {"username": name, "password": password, **more})


# --- invitations --------------------------------------------------------------------------------------------------


def test_an_invitation_makes_one_account_once(client_as: ClientAs, public: Client) -> None:
    path = invite(client_as("administrator"), until="2099-03-31")
    assert "New.Person" not in public.get(path).content.decode()
    answer = accept(public, path)
    assert answer.status_code == 302
    person = Person.objects.get(email="new.person@example.org")
    held = person.memberships.get()
    assert (held.partner, held.role, held.until) == ("uhl", "contributor", date(2099, 3, 31))
    assert public.get("/account").status_code == 200  # signed in
    again = Client(HTTP_HOST="localhost")
    assert again.get(path).status_code == 410
    assert accept(again, path).status_code == 410
    assert Person.objects.filter(email="new.person@example.org").count() == 1
    assert sign_in(again, "new.person@example.org").status_code == 302
    assert verify() == []


def test_only_the_hash_of_a_link_is_kept(client_as: ClientAs) -> None:
    token = invite(client_as("administrator")).rsplit("/", 1)[1]
    assert token not in Invitation.objects.get().token
    assert not Entry.objects.filter(after__icontains=token).exists()


def test_an_old_or_withdrawn_invitation_is_useless(client_as: ClientAs, public: Client) -> None:
    admin = client_as("administrator")
    path = invite(admin)
    Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert public.get(path).status_code == 410
    path = invite(admin)
    number = Invitation.objects.order_by("-pk")[0].pk
    assert 13 < (Invitation.objects.get(pk=number).expires - timezone.now()).total_seconds() / 86400 < 14
    admin.post(f"/work/people/invitations/{number}/withdraw")
    assert accept(public, path).status_code == 410


def test_a_weak_password_and_a_missing_name_are_told_together(client_as: ClientAs, public: Client) -> None:
    path = invite(client_as("administrator"))
    text = accept(public, path, full_name="", new_password1="short", new_password2="short").content.decode()
    assert "Enter your name." in text and "at least 12 characters" in text
    assert not Person.objects.filter(email="new.person@example.org").exists()
    assert accept(public, path).status_code == 302  # the link was not used up


def test_what_was_typed_is_text_and_not_markup(client_as: ClientAs, public: Client) -> None:
    admin = client_as("administrator")
    accept(public, invite(admin), full_name="<script>alert(1)</script>{{ 7*7 }}")
    text = admin.get("/work/people").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in text
    assert "<script>alert" not in text


# --- signing in ---------------------------------------------------------------------------------------------------


def test_sign_in_by_name_or_address_makes_a_new_session(member: Person, public: Client) -> None:
    for name in ("mary", "Mary@example.org"):
        client = Client(HTTP_HOST="localhost")
        client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32  # planted by somebody else
        assert sign_in(client, name)["Location"] == "/work/"
        assert client.cookies[settings.SESSION_COOKIE_NAME].value != "a" * 32
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        assert cookie["httponly"] and cookie["samesite"] == "Lax"
    first = public.session
    first["kept"] = 1
    first.save()
    public.cookies[settings.SESSION_COOKIE_NAME] = first.session_key
    sign_in(public)
    assert public.session.session_key != first.session_key


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "\\\\elsewhere.example", ""]
)
def test_next_leads_only_to_a_page_of_ours(member: Person, public: Client, wanted: str) -> None:
    assert sign_in(public, next=wanted)["Location"] == "/work/"


def test_next_leads_back(member: Person, public: Client) -> None:
    wanted = public.get("/work/audit?page=2")["Location"]
    assert wanted == "/sign-in?next=/work/audit%3Fpage%3D2"
    assert sign_in(public, next="/work/audit?page=2")["Location"] == "/work/audit?page=2"


def test_five_wrong_passwords_lock_and_an_administrator_unlocks(
    member: Person, public: Client, client_as: ClientAs
) -> None:
    for _ in range(4):
        assert sign_in(public, password="wrong wrong wrong").status_code == 200
    assert sign_in(public, password="wrong wrong wrong").status_code == 429
    locked = sign_in(public)
    assert locked.status_code == 429 and b"Signing in is locked" in locked.content
    assert Entry.objects.filter(allowed=False, action="sign-in", what=f"person {member.pk}").count() >= 5
    text = client_as("administrator").post(f"/work/people/{member.pk}/password", follow=True).content.decode()
    link = re.search(r'id="link">http://localhost([^<]+)<', text)
    assert link
    other = Client(HTTP_HOST="localhost")
    assert accept(other, link[1], new_password1=PASSWORD + "!", new_password2=PASSWORD + "!").status_code == 302
    assert sign_in(Client(HTTP_HOST="localhost"), password=PASSWORD + "!").status_code == 302
    assert sign_in(Client(HTTP_HOST="localhost")).status_code == 200


def test_what_is_typed_as_an_unknown_name_is_not_written_down(public: Client) -> None:
    sign_in(public, "my-secret-password", "x")
    assert not Entry.objects.filter(what__contains="my-secret").exists()
    assert Entry.objects.filter(what="a name that is not known", allowed=False).exists()


def test_a_closed_account_is_out_at_once(member: Person, public: Client, client_as: ClientAs) -> None:
    sign_in(public)
    assert public.get("/account").status_code == 200
    client_as("administrator").post(f"/work/people/{member.pk}/active", {"active": "0"})
    assert public.get("/account").status_code == 302
    assert sign_in(Client(HTTP_HOST="localhost")).status_code == 200


def test_signing_out_is_a_post(member: Person, public: Client) -> None:
    sign_in(public)
    assert public.get("/sign-out").status_code == 405
    public.post("/sign-out")
    assert public.get("/account").status_code == 302


def test_a_new_password_ends_the_other_sessions(member: Person, public: Client) -> None:
    other = Client(HTTP_HOST="localhost")
    sign_in(public)
    sign_in(other)
    new = "four words that differ"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert public.post("/account", form).status_code == 302
    assert public.get("/account").status_code == 200
    assert other.get("/account").status_code == 302


# --- second factor ------------------------------------------------------------------------------------------------


def test_codes_are_those_of_rfc_6238() -> None:
    """Appendix B, the rows for SHA-1, and appendix D of RFC 4226."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    rows = [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")]
    assert [totp.code_at(secret, at // 30, digits=8) for at, _ in rows] == [code for _, code in rows]
    assert [totp.code_at(secret, n) for n in range(3)] == ["755224", "287082", "359152"]


def test_a_code_counts_once_and_only_near_its_time() -> None:
    secret = totp.new_secret()
    step = totp.step_of(secret, totp.code_at(secret, 100), now=100 * 30)
    assert step == 100
    assert totp.step_of(secret, totp.code_at(secret, 100), after=100, now=100 * 30) is None
    assert totp.step_of(secret, totp.code_at(secret, 98), now=100 * 30) is None
    assert totp.step_of(secret, "", now=100 * 30) is None
    assert totp.step_of(secret, "１２３４５６", now=100 * 30) is None


def enrolled(person: Person) -> tuple[str, Client, list[str]]:
    """The secret, the client that set it up, and the recovery codes that it was shown."""
    client = Client(HTTP_HOST="localhost")
    sign_in(client, person.username)
    client.get("/account/second-factor")
    secret = SecondFactor.objects.get(person=person).secret
    code = totp.code_at(secret, int(time.time()) // 30)
    text = client.post("/account/second-factor", {"code": code}, follow=True).content.decode()
    codes = re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", text)
    assert len(codes) == 8
    assert codes[0] not in client.get("/account/second-factor").content.decode()
    return secret, client, codes


def test_an_administrator_must_set_up_a_second_factor(member: Person, public: Client) -> None:
    Membership.objects.create(person=member, role="administrator", partner="uhl")
    sign_in(public)
    assert public.get("/work/people")["Location"] == "/account/second-factor"
    _, client, _ = enrolled(member)
    assert client.get("/work/people").status_code == 200
    assert public.get("/work/people")["Location"].startswith("/sign-in")  # an older session must sign in with it
    with override_settings(SECOND_FACTOR_ROLES=[]):
        other = Person.objects.create_user("ann", "ann@example.org", PASSWORD, full_name="Ann")
        Membership.objects.create(person=other, role="administrator", partner="uhl")
        client = Client(HTTP_HOST="localhost")
        sign_in(client, "ann")
        assert client.get("/work/people").status_code == 200  # a demonstration


def test_the_code_is_asked_before_anything_is_opened(member: Person, public: Client) -> None:
    secret, _, codes = enrolled(member)
    answer = sign_in(public, next="/work/acting")
    assert answer["Location"] == "/sign-in/code"
    assert public.get("/account").status_code == 302
    assert public.post("/sign-in/code", {"code": "000000"}).status_code == 200
    used = totp.code_at(secret, SecondFactor.objects.get().last_step)
    assert public.post("/sign-in/code", {"code": used}).status_code == 200  # seen over a shoulder
    assert public.post("/sign-in/code", {"code": codes[0].upper()})["Location"] == "/work/acting"
    assert public.get("/account").status_code == 200
    other = Client(HTTP_HOST="localhost")
    sign_in(other)
    assert other.post("/sign-in/code", {"code": codes[0]}).status_code == 200  # used up
    after = totp.code_at(secret, int(time.time()) // 30 + 1)
    assert other.post("/sign-in/code", {"code": after}).status_code == 302


def test_guessing_codes_locks(member: Person, public: Client) -> None:
    _, _, codes = enrolled(member)
    sign_in(public)
    for _ in range(5):
        public.post("/sign-in/code", {"code": "000000"})
    assert public.post("/sign-in/code", {"code": codes[0]}).status_code == 429
    assert sign_in(Client(HTTP_HOST="localhost")).status_code == 429


def test_guessing_codes_to_remove_the_second_factor_locks(member: Person) -> None:
    _, client, codes = enrolled(member)
    for _ in range(5):
        client.post("/account/second-factor/remove", {"code": "000000"})
    assert client.post("/account/second-factor/remove", {"code": codes[0]}).status_code == 429
    assert SecondFactor.objects.filter(person=member, confirmed=True).exists()
    assert Entry.objects.filter(what=f"person {member.pk}", allowed=False).count() == 5


def test_guessing_the_password_in_an_open_session_locks(member: Person, public: Client) -> None:
    sign_in(public)
    new = {"new_password1": "four words that differ", "new_password2": "four words that differ"}
    for _ in range(5):
        public.post("/account", {"old_password": "wrong", **new})
    assert public.post("/account", {"old_password": PASSWORD, **new}).status_code == 429
    member.refresh_from_db()
    assert member.check_password(PASSWORD)


def test_behind_a_proxy_the_lock_is_for_who_guessed(member: Person) -> None:
    def signs_in(password: str, forwarded: str) -> int:
        client = Client(HTTP_HOST="localhost", headers={"x-forwarded-for": forwarded})
        return int(sign_in(client, password=password).status_code)

    with override_settings(BEHIND_PROXY=True):
        for n in range(6):
            locked = signs_in("wrong", f"192.0.2.{n}, 198.51.100.1")  # the first address is what the client claims
        assert locked == 429
        assert signs_in(PASSWORD, "203.0.113.9") == 302
    for n in range(6):
        locked = signs_in("wrong", f"192.0.2.{n}")
    assert locked == 429  # without a proxy the whole header is a claim
    with override_settings(BEHIND_PROXY=True):
        assert signs_in("wrong", "no address'") == 429  # as without a header


# --- the partnership's own sign-in service ------------------------------------------------------------------------


class Service(BaseHTTPRequestHandler):
    claims: dict[str, Any] = {}  # noqa: RUF012
    forms: list[dict[str, list[str]]] = []  # noqa: RUF012

    def _send(self, content: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def do_GET(self) -> None:
        here = settings.OIDC["issuer"]
        ends = {"authorization_endpoint": f"{here}/auth", "token_endpoint": f"{here}/token"}
        self._send({"issuer": here, **ends})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Service.forms.append(parse_qs(body))
        payload = base64.urlsafe_b64encode(json.dumps(Service.claims).encode()).rstrip(b"=").decode()
        self._send({"id_token": f"e30.{payload}.x"})

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    issuer = f"http://127.0.0.1:{server.server_port}"
    with override_settings(OIDC={"issuer": issuer, "client": "bct", "secret": "s", "name": "the trust's account"}):
        yield issuer
    server.shutdown()
    server.server_close()


def come_back(client: Client, **changes: Any) -> Any:
    """Go to the service and come back with what it says."""
    asked = parse_qs(urlsplit(client.get("/sign-in/elsewhere?next=/work/acting")["Location"]).query)
    now = int(time.time())
    told = {"iss": settings.OIDC["issuer"], "aud": "bct", "sub": "77", "iat": now, "exp": now + 60}
    told |= {"nonce": asked["nonce"][0], "email": "mary@example.org", "email_verified": True}
    state = changes.pop("state", asked["state"][0])
    Service.claims = {**told, **changes}
    return client.get("/sign-in/elsewhere/done", {"state": state, "code": "c"})


def test_the_service_signs_in_who_has_an_account(service: str, member: Person, public: Client) -> None:
    assert b"the trust&#39;s account" in public.get("/sign-in").content
    assert come_back(public)["Location"] == "/work/acting"
    assert public.get("/account").status_code == 200
    assert len(Service.forms[-1]["code_verifier"][0]) >= 43
    changed = Client(HTTP_HOST="localhost")
    assert come_back(changed, email="other@example.org").status_code == 302  # known by its own name from now on
    assert changed.get("/account").status_code == 200


LATE = 4_102_444_800  # the year 2100: made in the future


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "another browser's"},
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": ["bct", "another"]},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"iat": LATE},
        {"sub": ""},
        {"email_verified": False},
        {"email": "nobody@example.org"},
        {"exp": "soon"},
    ],
    ids=str,
)
def test_an_answer_that_does_not_fit_signs_nobody_in(
    service: str, member: Person, public: Client, changes: dict[str, Any]
) -> None:
    assert come_back(public, **changes).status_code == 403
    assert public.get("/account").status_code == 302
    assert Person.objects.filter(outside_name__isnull=False).count() == 0
    again = public.get("/sign-in/elsewhere/done", {"state": "x", "code": "c"})
    assert again["Location"] == "/sign-in"  # the state is used up


def test_another_identity_does_not_take_over_an_account(service: str, member: Person, public: Client) -> None:
    come_back(public)
    assert come_back(Client(HTTP_HOST="localhost"), sub="78").status_code == 403


def test_our_second_factor_is_asked_unless_the_service_did(service: str, member: Person, public: Client) -> None:
    enrolled(member)
    assert come_back(public)["Location"] == "/sign-in/code"
    assert come_back(Client(HTTP_HOST="localhost"), amr=["pwd", "mfa"])["Location"] == "/work/acting"


# --- people -------------------------------------------------------------------------------------------------------


def test_who_acts_for_whom_is_told_of_any_day(member: Person, client_as: ClientAs) -> None:
    row = member.memberships.get()
    row.since, row.until = date(2014, 4, 1), date(2015, 3, 31)
    row.save()
    admin = client_as("administrator")
    form = {"partner": "uhl", "role": "contributor", "since": "2015-06-01", "until": ""}
    assert (
        b"already on some of these days"
        in admin.post(f"/work/people/{member.pk}", {**form, "since": "2015-03-31"}).content
    )
    assert admin.post(f"/work/people/{member.pk}", form).status_code == 302
    assert member.memberships.count() == 2
    for day, acts in (("2015-03-31", True), ("2015-04-15", False), ("2015-06-01", True)):
        text = admin.get(f"/work/acting?on={day}").content.decode()
        assert ("<td>Mary</td>" in text) == acts, day
    assert Entry.objects.filter(action="manage-people", after__since="2015-06-01").exists()


def test_the_second_of_two_writers_is_told_and_sees_both(member: Person, client_as: ClientAs) -> None:
    row = member.memberships.get()
    admin, form = client_as("administrator"), {"version": "1", "since": row.since.isoformat()}
    assert admin.post(f"/work/people/roles/{row.pk}", {**form, "until": "2099-01-01"}).status_code == 302
    answer = admin.post(f"/work/people/roles/{row.pk}", {**form, "until": "2098-01-01"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "1 January 2099" in text and 'value="2098-01-01"' in text
    row.refresh_from_db()
    assert row.until == date(2099, 1, 1)
    assert Entry.objects.filter(action="manage-people").count() == 1


def test_the_last_administrator_stays(client_as: ClientAs, person_as: Callable[..., Person]) -> None:
    admin, person = client_as("administrator"), person_as("administrator")
    row = person.memberships.get()
    gone = {"version": "1", "since": "2014-01-01", "until": "2014-12-31"}
    text = admin.post(f"/work/people/roles/{row.pk}", gone, follow=True).content.decode()
    assert "There would be no administrator any more" in text
    text = admin.post(f"/work/people/{person.pk}/active", {"active": "0"}, follow=True).content.decode()
    assert "There would be no administrator any more" in text
    person.refresh_from_db()
    assert person.is_active and person.may("manage-people")


def test_who_closes_an_account_waits_for_others_before_looking(
    client_as: ClientAs, person_as: Callable[..., Person]
) -> None:
    """One row that every such change locks comes before the question whether an administrator is left."""
    admin, other = client_as("administrator", "uhl"), person_as("administrator", "lpt")
    row = other.memberships.get()
    gone = {"version": "1", "since": "2014-01-01", "until": "2014-12-31"}
    for address, form in ((f"roles/{row.pk}", gone), (f"{other.pk}/active", {"active": "0"})):
        with CaptureQueriesContext(connection) as said:
            admin.post(f"/work/people/{address}", form)
        texts = [query["sql"] for query in said.captured_queries]
        looks = next(n for n, text in enumerate(texts) if text.startswith("SELECT 1") and "accounts_membership" in text)
        assert any("audit_head" in text for text in texts[:looks]), texts


def test_two_administrators_who_close_each_other_at_once(client_as: ClientAs, person_as: Callable[..., Person]) -> None:
    pair = ("uhl", "lpt")
    clients = {at: client_as("administrator", at) for at in pair}
    numbers = {at: person_as("administrator", at).pk for at in pair}
    for _ in range(6):
        Person.objects.filter(pk__in=numbers.values()).update(is_active=True)
        gate = threading.Barrier(2)

        def close(at: str, other: str, gate: threading.Barrier = gate) -> None:
            gate.wait()
            clients[at].post(f"/work/people/{numbers[other]}/active", {"active": "0"})
            connection.close()

        threads = [threading.Thread(target=close, args=turn) for turn in (pair, pair[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Person.objects.filter(pk__in=numbers.values(), is_active=True).count() == 1


def test_cookies_travel_over_https_only_in_earnest() -> None:
    import os
    import subprocess
    import sys

    code = (
        "from bettercare.workspace import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0)"
    )
    environment = {**os.environ, "BETTERCARE_HTTPS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 4


# --- in a browser -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390])
def test_from_invitation_to_account(
    signed_in_tab: Callable[..., Any], tab: Callable[..., Any], faults: Callable[[Any], list[str]], width: int
) -> None:
    page = signed_in_tab("administrator", width=width)
    page.goto("/work/people")
    assert faults(page) == []
    page.fill("#id_email", "nina@example.org")
    page.select_option("#id_partner", "uhl")
    page.select_option("#id_role", "partner-lead")
    page.click("text=Make a link")
    link = page.inner_text("#link")
    assert faults(page) == []
    new = tab(width)
    new.goto(link)
    assert faults(new) == []
    new.click("text=Set password and continue")
    assert new.inner_text(".nhsuk-error-summary h2") == "There is a problem"
    assert faults(new) == []
    new.fill("#id_full_name", "Nina")
    new.fill("#id_new_password1", PASSWORD)
    new.fill("#id_new_password2", PASSWORD)
    new.click("text=Set password and continue")
    assert "Partner lead for University Hospitals of Leicester NHS Trust" in new.inner_text("main")
    assert faults(new) == []
    new.click("text=Set up a second factor")
    assert new.evaluate("document.querySelector('.bct-qr svg').getBoundingClientRect().width") > 150
    assert faults(new) == []
    secret = new.inner_text("main p code").replace(" ", "")
    new.fill("#id_code", totp.code_at(secret, int(time.time()) // 30))
    new.click("main button")
    assert new.locator("main li code").count() == 8
    assert faults(new) == []
    for address in ("/work/people", "/work/acting", "/work/audit"):
        page.goto(address)
        assert faults(page) == []
    page.goto("/work/people")
    page.click("text=Nina")
    assert "Partner lead" in page.inner_text("main")
    assert faults(page) == []


def test_without_scripts(signed_in_tab: Callable[..., Any], tab: Callable[..., Any]) -> None:
    page = signed_in_tab("administrator", scripts=False)
    page.goto("/work/people")
    page.fill("#id_email", "nina@example.org")
    page.select_option("#id_partner", "uhl")
    page.select_option("#id_role", "reader")
    page.click("text=Make a link")
    new = tab(scripts=False)
    new.goto(page.inner_text("#link"))
    new.fill("#id_full_name", "Nina")
    new.fill("#id_new_password1", PASSWORD)
    new.fill("#id_new_password2", PASSWORD)
    new.click("text=Set password and continue")
    assert "Reader for University Hospitals of Leicester NHS Trust" in new.inner_text("main")
