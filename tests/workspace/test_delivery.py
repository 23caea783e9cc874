"""Progress, risks, comments, search, and the whole plan as the office sees it."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from django.test import Client

from bettercare.workspace.audit.models import Entry
from bettercare.workspace.pages import whole
from bettercare.workspace.plans import current
from bettercare.workspace.programme.confidence import suggest
from bettercare.workspace.programme.forms import Form
from bettercare.workspace.programme.models import (
    Comment,
    Progress,
    Publication,
    Risk,
)
from tests.workspace.proposals import CODE, ClientAs, Propose, answer, decide


def test_confidence_is_suggested_from_lateness_gates_and_what_must_come_first() -> None:
    day, today = date(2016, 1, 1), date(2015, 6, 1)
    assert suggest(day, None, today).code == "green"
    assert suggest(day, date(2016, 3, 1), today).code == "amber-green"  # 60 days late, 122 allowed
    assert suggest(day, date(2016, 8, 1), today).code == "amber"
    assert suggest(day, date(2017, 1, 1), today).code == "amber-red"
    assert suggest(day, date(2017, 1, 1), today, late_before_it=1).code == "red"
    assert suggest(day, None, today, open_criteria=3).code == "green"  # seven months away
    assert suggest(day, None, date(2015, 10, 1), open_criteria=3).code == "amber-green"
    assert suggest(date(2015, 5, 1), None, today).code == "amber-green"  # a month over and not done
    assert suggest(date(2015, 5, 1), None, today, done=True).code == "green"


def test_progress_follows_the_suggestion_or_gives_a_reason(client_as: ClientAs) -> None:
    client = client_as("contributor", "lpt")
    url = "/work/milestones/I077-live"
    page = client.post(url, {"version": "0", "confidence": "green"}).content.decode()
    assert "Enter a reason for differing from the suggestion" in page  # it is years late
    client.post(url, {"version": "0", "confidence": "green", "reason": "It runs", "note": "In two towns"})
    found = Progress.objects.get()
    assert (found.confidence, found.suggested, found.reason) == ("green", "red", "It runs")
    assert "Differs because: It runs" in client.get(f"/work/initiatives/{CODE}").content.decode()
    late = client.post(url, {"version": "0", "confidence": "", "note": "Mine"}).content.decode()
    assert "Somebody else reported while you wrote" in late and "In two towns" in late and "Mine" in late
    assert Progress.objects.get().version == 1
    client.post(url, {"version": "1", "done": "yes", "confidence": ""})
    assert Progress.objects.get().done and Progress.objects.get().confidence == "green"
    entry = Entry.objects.filter(action="report-progress").last()
    assert entry is not None and entry.before["confidence"] == "green" and entry.after["done"] is True


def test_a_risk_has_a_trigger_an_owner_and_a_fallback(client_as: ClientAs) -> None:
    client = client_as("contributor", "lpt")
    risk = {"title": "Nobody to hire", "trigger": "Ten posts empty in May", "owner": "lpt", "fallback": ""}
    assert "Enter what is done if it happens" in client.post("/work/initiatives/I077/risks", risk).content.decode()
    client.post("/work/initiatives/I077/risks", {**risk, "fallback": "Agency for a quarter"})
    made = Risk.objects.get()
    assert "Agency for a quarter" in client.get(f"/work/initiatives/{CODE}").content.decode()
    client.post(f"/work/risks/{made.pk}", {**risk, "fallback": "Stop", "version": "1", "closed": "yes"})
    said = client.post(f"/work/risks/{made.pk}", {**risk, "fallback": "Second", "version": "1"}).content.decode()
    assert "Saved while you wrote" in said and "Stop" in said and "Second" in said
    made.refresh_from_db()
    assert (made.fallback, made.open, made.version) == ("Stop", False, 2)


def test_comments_are_shown_as_text_and_found(client_as: ClientAs) -> None:
    client = client_as("contributor", "lpt")
    client.post("/work/comments", {"about": f"initiative:{CODE}", "comment": "<script>x</script> zebra"})
    page = client.get(f"/work/initiatives/{CODE}").content.decode()
    assert "&lt;script&gt;x" in page and "<script>x" not in page
    assert "zebra" in client.get("/work/search?q=ZEBRA").content.decode()
    assert client.post("/work/comments", {"about": "initiative:nowhere", "comment": "x"}).status_code == 404
    assert client.post("/work/comments", {"about": "paper:1", "comment": "x"}).status_code == 404
    assert Comment.objects.count() == 1


def test_search_finds_initiatives_by_any_word(client_as: ClientAs) -> None:
    client = client_as("reader", "lpt")
    page = client.get("/work/search?q=crisis").content.decode()
    assert f'/work/initiatives/{CODE}"' in page
    assert "at least two letters" in client.get("/work/search?q=x").content.decode()
    assert "0 found" in client.get("/work/search?q=%3Cscript%3Eqq").content.decode()


def test_home_shows_what_waits_for_my_board(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    lead = client_as("partner-lead", "lpt")
    assert proposal.title in lead.get("/work/").content.decode()
    assert proposal.title not in client_as("partner-lead", "monitor").get("/work/").content.decode()
    answer(lead, proposal, "lpt")
    assert proposal.title not in lead.get("/work/").content.decode()


def test_wrong_dates_in_forms_are_words_not_faults() -> None:
    form = Form({"x-day": "1", "x-month": "1", "x-year": "99999"})
    assert form.day("x", "a day") is None and "real date" in form.errors["x"]
    form = Form({"x-day": "1", "x-month": "1", "x-year": "2099"})
    assert form.day("x", "a day", past=True) is None and "future" in form.errors["x"]


@pytest.mark.parametrize("text", ["\u00b2", "\u0663", "9" * 19, "9" * 5000, "-1", "1.0", " 1", "", None])
def test_what_is_no_whole_number_is_none(text: str | None) -> None:
    assert whole(text) is None
    assert Form({"version": text or ""}).version() == (1 if text == " 1" else 0)  # a form's ends are trimmed
    form = Form({"x-day": "1", "x-month": "1", "x-year": text or ""})
    assert form.day("x", "a day") is None and form.errors


def test_a_whole_number_is_read() -> None:
    assert (whole("0"), whole("007"), whole("9" * 18)) == (0, 7, 10**18 - 1)


def test_numbers_that_are_none_are_no_faults(client_as: ClientAs, propose: Propose) -> None:
    office, proposal = client_as("programme-office"), propose(code="I001", months=1)
    for odd in ("\u00b2", "9" * 5000):
        assert b"Somebody changed this proposal" in decide(office, proposal, version=odd).content
    about = f"proposal:{'9' * 60}"
    assert office.post("/work/comments", {"about": about, "comment": "x"}).status_code == 404


def hide(code: str) -> None:
    Publication.objects.filter(kind="initiative", key=code).delete()


def test_the_office_sees_the_whole_roadmap_with_what_is_not_public(client_as: ClientAs, public: Client) -> None:
    hide(CODE)
    assert f'href="/initiatives/{CODE}"' not in public.get("/roadmap").content.decode()
    client = client_as("programme-office")
    page = client.get("/work/roadmap").content.decode()
    assert "<strong>132 initiatives</strong>" in page and "1 of them is not public" in page
    assert f'href="/work/initiatives/{CODE}"' in page and f'href="/initiatives/{CODE}"' not in page
    assert 'action="/work/roadmap"' in page and 'href="/work/roadmap?view=timeline"' in page
    line = client.get("/work/roadmap?view=timeline").content.decode()
    assert "bct-timeline" in line and f'href="/work/initiatives/{CODE}"' in line
    some = client.get("/work/roadmap?locality=rutland").content.decode()
    assert "of 132 initiatives on the roadmap" in some


def test_the_whole_roadmap_is_held_against_an_earlier_revision(client_as: ClientAs, propose: Propose) -> None:
    old, office = current().code, client_as("programme-office")
    decide(office, propose(code="I001", months=2))
    page = office.get(f"/work/roadmap?compare={old}").content.decode()
    assert f"Against revision {old}" in page and "Moved (1)" in page and "/work/initiatives/I001" in page
    assert office.get("/work/roadmap?compare=nothing").status_code == 404


def test_an_initiative_that_is_not_public_has_its_figures_in_the_workspace(client_as: ClientAs) -> None:
    hide(CODE)
    client = client_as("reader", "lpt")
    for _ in range(240):
        page = client.get(f"/work/initiatives/{CODE}").content.decode()
        if "being worked out" not in page:
            break
        time.sleep(0.25)
    for words in (
        "What it is assumed to do", "Strength of the evidence", "What the forecast says it contributes",
        "If it were alone", "the range in which nine of ten futures lie", "What is measured", "Questions and answers",
        "What it costs", "there is no public page of it",
    ):  # fmt: skip
        assert words in page, words
    assert f'href="/initiatives/{CODE}"' not in page and "bct-badge--modelled" in page
    others = set(re.findall(r'href="(/initiatives/I\d+)"', page))
    assert others == set()  # links stay in the workspace
