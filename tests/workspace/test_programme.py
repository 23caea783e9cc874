"""Proposals: made, answered, rebased, adopted and refused; and in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from django.test import Client

from bettercare import Plan, diff
from bettercare.workspace.audit.models import Entry, verify
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import sizes
from bettercare.workspace.programme.models import (
    Comment,
    Decision,
    Endorsement,
    Evidence,
    Proposal,
    Revision,
)
from bettercare.workspace.programme.verify import wrong_revisions
from tests.workspace.proposals import CODE, ClientAs, Propose, all_agree, answer, decide, slipped


def test_a_preview_becomes_a_proposal(client_as: ClientAs) -> None:
    client = client_as("contributor", "lpt")
    page = client.post(f"/work/initiatives/{CODE}/slip", {"months": "12"}).content.decode()
    hidden = dict(re.findall(r'name="(base|new)" value="([^"]+)"', page))
    url = f"/work/initiatives/{CODE}/propose"
    wrong = client.post(url, {**hidden, "title": "A year later", "reason": "", "partner": "lpt"}).content.decode()
    assert "Enter a reason" in wrong and "A year later" in wrong
    sent = client.post(url, {**hidden, "title": "A year later", "reason": "No staff", "partner": "uhl"})
    assert b"Choose the partner that proposes it" in sent.content  # not one for which the person acts
    done = client.post(url, {**hidden, "title": "A year <b>later", "reason": "No staff", "partner": "lpt"}, follow=True)
    made = Proposal.objects.get()
    assert done.redirect_chain[-1][0] == f"/work/proposals/{made.pk}"
    page = done.content.decode()
    assert "A year &lt;b&gt;later" in page and "<b>later" not in page
    assert "1 September 2014" in page and "1 September 2015" in page and "still to answer" in page
    assert (made.effect["draws"], made.effect["seed"], made.size) == (500, 20150531, "minor")
    assert plan_of(current()).revision == made.base.code
    assert Entry.objects.get(action="propose").after["changes"] == slipped()


def test_a_proposal_on_a_revision_that_was_left_meanwhile_is_shown_again(client_as: ClientAs, propose: Propose) -> None:
    client = client_as("contributor", "lpt")
    page = client.post(f"/work/initiatives/{CODE}/slip", {"months": "12"}).content.decode()
    hidden = dict(re.findall(r'name="(base|new)" value="([^"]+)"', page))
    assert decide(client_as("programme-office"), propose(code="I001", months=1, size="note")).status_code == 200
    said = client.post(
        f"/work/initiatives/{CODE}/propose", {**hidden, "title": "Mine", "reason": "Kept text", "partner": "lpt"}
    ).content.decode()
    assert "The plan has moved on" in said and "Kept text" in said
    assert Proposal.objects.filter(title="Mine").count() == 0


def test_a_small_change_is_adopted_by_the_office_and_changes_one_cell(
    client_as: ClientAs, propose: Propose, llr: Plan
) -> None:
    old = current()
    bytes_before = bytes(old.content)
    proposal = propose(code="I001", months=2)
    assert proposal.size == "note"
    page = decide(client_as("programme-office"), proposal).content.decode()
    assert "Adopted. The plan is now revision" in page
    new = current()
    assert new.pk != old.pk and new.parent_id == old.pk
    assert [str(c) for c in diff(plan_of(old), plan_of(new))] == [
        "milestones.csv: I001-live date 2015-10-01 -> 2015-12-01"
    ]
    assert bytes(Revision.objects.get(pk=old.pk).content) == bytes_before
    assert plan_of(old).fingerprint == llr.fingerprint
    decision = Decision.objects.get()
    assert (decision.outcome, decision.revision_id, decision.override) == ("adopted", new.pk, "")
    assert Entry.objects.get(action="adopt").before["state"] == "open"
    assert verify() == [] and wrong_revisions() == []


def test_going_back_is_a_revision_of_its_own(client_as: ClientAs, propose: Propose, llr: Plan) -> None:
    """There, back and there again: three adoptions, each with its own parent and note, and no answer counts twice."""
    office, first = client_as("programme-office"), current()
    old = propose(code="I002", months=6, size="minor")
    answer(client_as("partner-lead", "lpt"), old, "lpt")
    made = []
    for months in (1, -1, 1):
        assert "Adopted" in decide(office, propose(code="I001", months=months, size="note")).content.decode()
        made.append(current())
    there, back, again = made
    assert [r.parent_id for r in made] == [first.pk, there.pk, back.pk]
    assert back.fingerprint == first.fingerprint == llr.fingerprint and again.fingerprint == there.fingerprint
    assert (back.code, again.code) == (f"{first.code}-2", f"{there.code}-2")
    assert Revision.objects.count() == 4 and len({r.note for r in Revision.objects.all()}) == 3
    page = client_as("reader", "lpt").get("/work/").content.decode()
    assert all(f"Revision {r.code}," in page for r in (first, *made))
    decide(office, propose(code="I001", months=-1, size="note"))
    assert current().fingerprint == old.base.fingerprint and current().code == f"{first.code}-3"
    assert "The plan has moved on since this was proposed" in decide(office, old).content.decode()
    office.post(f"/work/proposals/{old.pk}/rebase", {"version": "1"})
    old.refresh_from_db()
    assert old.base == current()
    assert all(a.answer is None for a in sizes.standing(plan_of(current()), old, date.today()))
    assert wrong_revisions() == [] and verify() == []


def test_a_medium_change_needs_every_decider(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    assert proposal.size == "minor"
    office = client_as("programme-office")
    assert "Still to answer: " in decide(office, proposal).content.decode()
    assert Proposal.objects.get().state == "open"
    for each in sizes.standing(plan_of(current()), proposal, date.today())[:-1]:
        answer(client_as("partner-lead", each.partner), proposal, each.partner)
    assert "Still to answer: " in decide(office, proposal).content.decode()
    all_agree(client_as, proposal)
    assert "Adopted" in decide(office, proposal).content.decode()


def test_a_partner_that_did_not_agree_holds_it_up(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    answer(client_as("partner-lead", "uhl"), proposal, "uhl", "not-agreed")
    all_agree(client_as, proposal)
    said = decide(client_as("programme-office"), proposal).content.decode()
    assert "Answered, but not as it needs: University Hospitals of Leicester" in said and "did not agree" in said


def test_an_open_gate_holds_a_decision_unless_somebody_overrides_with_a_reason(
    client_as: ClientAs, propose: Propose
) -> None:
    proposal = propose()  # crisis response, a year: its bed test fails in the scenario that closes beds
    all_agree(client_as, proposal)
    office = client_as("programme-office")
    page = decide(office, proposal).content.decode()
    assert "Gates are open: The bed test" in page and Proposal.objects.get().state == "open"
    page = decide(office, proposal, why="The winter plan keeps the beds open").content.decode()
    assert "Decided while a gate was open" in page and "The winter plan keeps the beds open" in page
    decision = Decision.objects.get()
    assert "The bed test" in decision.override and "programme-office" in decision.by
    for url in (f"/work/initiatives/{CODE}", "/work/"):
        assert "The winter plan keeps the beds open" in client_as("reader", "uhl").get(url).content.decode()


def test_a_programme_board_recommends_and_does_not_bind(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    page = answer(client_as("board-secretary", "bct-board"), proposal, "bct-board").content.decode()
    assert "which does not bind" in page
    assert Endorsement.objects.get().duty == "recommend"
    assert "Still to answer" in decide(client_as("programme-office"), proposal).content.decode()


def test_nobody_answers_for_another_partner(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    refused = answer(client_as("partner-lead", "lpt"), proposal, "uhl")
    assert refused.status_code == 403 and proposal.title not in refused.content.decode()
    assert not Endorsement.objects.exists()
    assert Entry.objects.filter(action="endorse", allowed=False).count() == 1


def test_an_answer_is_given_once_and_the_second_is_shown_the_first(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    answer(client_as("partner-lead", "lpt"), proposal, "lpt")
    page = answer(client_as("board-secretary", "lpt"), proposal, "lpt", "not-agreed", minute="15/99").content.decode()
    assert "recorded before yours" in page and "15/42" in page and "15/99" in page
    assert Endorsement.objects.get().answer == "agreed"


def test_a_board_that_thinks_again_answers_again_and_the_latest_counts(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    lead = client_as("partner-lead", "uhl")
    answer(lead, proposal, "uhl", "not-agreed", minute="15/41")
    all_agree(client_as, proposal)
    said = decide(client_as("programme-office"), proposal).content.decode()
    assert "Answered, but not as it needs: University Hospitals" in said
    page = lead.get(f"/work/proposals/{proposal.pk}").content.decode()
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    page = answer(lead, proposal, "uhl", "agreed", minute="15/77", seen=seen[1]).content.decode()
    assert "15/77" in page and re.search(r"<del>[^<]*University Hospitals[^<]*did not agree[^<]*15/41", page)
    assert "recorded before yours" in answer(lead, proposal, "uhl", "noted", seen=seen[1]).content.decode()
    assert [e.answer for e in Endorsement.objects.filter(partner="uhl").order_by("pk")] == ["not-agreed", "agreed"]
    entry = Entry.objects.filter(action="endorse").order_by("-number")[0]
    assert (entry.before["answer"], entry.after["answer"]) == ("not-agreed", "agreed")
    assert "Adopted" in decide(client_as("programme-office"), proposal).content.decode()


def test_a_proposal_names_its_initiative(client_as: ClientAs, propose: Propose, llr: Plan) -> None:
    page = client_as("reader", "lpt").get(f"/work/proposals/{propose(code='I002', months=1).pk}").content.decode()
    title = llr["initiatives"].filter(pl.col("code") == "I002")["title"][0]
    assert f"I002 {title}" in page and "ended on" not in page


def test_rebase_lapses_answers_and_conflicts_are_told(client_as: ClientAs, propose: Propose) -> None:
    mine, theirs = propose(code="I001", months=6), propose(code="I001", months=1)
    answer(client_as("partner-lead", "lpt"), mine, "lpt")
    office, client = client_as("programme-office"), client_as("contributor", "lpt")
    decide(office, theirs)
    page = client.get(f"/work/proposals/{mine.pk}").content.decode()
    assert "The plan has moved on" in page
    assert "The plan has moved on since this was proposed" in decide(office, mine).content.decode()
    page = client.get(f"/work/proposals/{mine.pk}/rebase").content.decode()
    assert "Somebody else changed the same value" in page and "1 November 2015" in page and "1 answer lapses" in page
    sent = client.post(f"/work/proposals/{mine.pk}/rebase", {"version": "1"}, follow=True).content.decode()
    assert "Say that yours is to replace it" in sent
    client.post(f"/work/proposals/{mine.pk}/rebase", {"version": "1", "over": "yes"})
    mine.refresh_from_db()
    assert (mine.base_id, mine.version, mine.changes[0]["before"]) == (current().pk, 2, "2015-11-01")
    page = client.get(f"/work/proposals/{mine.pk}").content.decode()
    assert "Lapsed" in page and re.search(r"<del>[^<]*Leicestershire Partnership", page)
    assert all(a.answer is None for a in sizes.standing(plan_of(current()), mine, date.today()))
    answer(client_as("partner-lead", "lpt"), mine, "lpt")  # the same board answers the new form
    assert Endorsement.objects.count() == 2


def test_an_answer_to_a_form_that_changed_meanwhile_is_not_taken(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    page = answer(client_as("partner-lead", "lpt"), proposal, "lpt", overlay="0" * 16).content.decode()
    assert "has changed since you looked" in page and not Endorsement.objects.exists()


def test_refuse_and_withdraw_need_a_reason(client_as: ClientAs, propose: Propose) -> None:
    office, old = client_as("programme-office"), current().pk
    one, other = propose(code="I001", months=1), propose(code="I002", months=1)
    assert "Enter a reason" in decide(office, one, "refused").content.decode()
    decide(office, one, "refused", why="Too late to hire")
    decide(office, other, "withdrawn", why="Not needed")
    assert {p.state for p in Proposal.objects.all()} == {"refused", "withdrawn"}
    assert {d.outcome for d in Decision.objects.all()} == {"refused"} and current().pk == old
    assert "Refused: Too late to hire" in office.get(f"/work/proposals/{one.pk}").content.decode()
    assert "already" in decide(office, one).content.decode()


def test_a_change_that_the_plans_checks_refuse_is_not_saved(client_as: ClientAs) -> None:
    client = client_as("contributor", "lpt")
    data = {"base": current().code, "new": "2099-01-01", "title": "T", "reason": "R", "partner": "lpt"}
    page = client.post(f"/work/initiatives/{CODE}/propose", data).content.decode()
    assert "would not pass its checks" in page and not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("role", "partner", "method", "path"),
    [
        ("reader", "lpt", "get", "/work/initiatives/I077/slip"),
        ("reader", "lpt", "post", "/work/initiatives/I077/propose"),
        ("assurer", "nhs-england", "post", "/work/initiatives/I077/propose"),
        ("contributor", "lpt", "post", "/work/proposals/{p}/decide"),
        ("partner-lead", "lpt", "post", "/work/proposals/{p}/decide"),
        ("reader", "lpt", "post", "/work/proposals/{p}/rebase"),
        ("contributor", "lpt", "post", "/work/initiatives/I077/gates/engagement"),
        ("contributor", "uhl", "get", "/work/milestones/I077-live"),
        ("contributor", "uhl", "post", "/work/initiatives/I077/risks"),
        ("reader", "lpt", "post", "/work/comments"),
    ],
)
def test_others_are_refused_and_see_nothing(
    client_as: ClientAs, propose: Propose, role: str, partner: str, method: str, path: str
) -> None:
    proposal = propose(code="I001", months=1)
    response = getattr(client_as(role, partner), method)(path.format(p=proposal.pk))
    page = response.content.decode()
    assert response.status_code == 403
    assert "crisis" not in page.lower() and proposal.title not in page
    assert Entry.objects.filter(allowed=False).count() == 1


def test_no_write_without_a_token(client_as: ClientAs, propose: Propose) -> None:
    proposal = propose(code="I001", months=1)
    client = client_as("programme-office", csrf=True)
    assert decide(client, proposal).status_code == 403
    assert Proposal.objects.get().state == "open"


def test_pages_need_somebody_who_is_signed_in(public: Client) -> None:
    for path in ("/work/", "/work/proposals", f"/work/initiatives/{CODE}", f"/work/initiatives/{CODE}/gates"):
        assert public.get(path).status_code == 302


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scripts", [True, False])
def test_slip_preview_propose_in_a_browser(
    signed_in_tab: Callable[..., Any], faults: Callable[[Any], list[str]], width: int, scripts: bool
) -> None:
    tab = signed_in_tab("contributor", "lpt", width, scripts=scripts)
    tab.goto(f"/work/initiatives/{CODE}")
    tab.get_by_role("link", name="Change the date").click()
    tab.get_by_label("Months later").fill("12")
    tab.get_by_role("button", name="Show what it does").click()
    heading = tab.get_by_role("heading", name="From 1 September 2014 to 1 September 2015")
    heading.wait_for(timeout=120_000)
    if scripts:
        assert tab.evaluate("document.activeElement.id") == "preview-heading"
        assert faults(tab) == []
    else:
        assert tab.said == []
    tab.get_by_label("Why").fill("No staff yet")
    tab.get_by_role("button", name="Save as a proposal").click()
    tab.get_by_text("The plan itself has not changed").wait_for(timeout=120_000)
    assert Proposal.objects.get().reason == "No staff yet"
    if scripts:
        assert faults(tab) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_accessible(
    signed_in_tab: Callable[..., Any], faults: Callable[[Any], list[str]], propose: Propose, width: int
) -> None:
    proposal = propose(code="I001", months=6)
    Comment.objects.create(about="initiative:I077", text="A remark about crisis teams", by=proposal.author)
    Evidence.objects.create(
        initiative=CODE, criterion="engagement", met=False, text="Two events", revision=current(), by="Somebody"
    )
    pages = {
        "contributor": [
            "/work/", "/work/roadmap", "/work/roadmap?view=timeline", "/work/search?q=crisis", "/work/proposals",
            f"/work/proposals/{proposal.pk}",
            f"/work/proposals/{proposal.pk}/rebase", f"/work/initiatives/{CODE}", f"/work/initiatives/{CODE}/slip",
            "/work/milestones/I077-live", "/work/initiatives/I077/risks",
        ],
        "assurer": [f"/work/initiatives/{CODE}/gates"],
        "programme-office": [f"/work/proposals/{proposal.pk}"],
        "partner-lead": [f"/work/proposals/{proposal.pk}"],
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    for role, paths in pages.items():
        tab = signed_in_tab(role, "lpt", width)
        for path in paths:
            tab.goto(path)
            tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            if faulty := faults(tab):
                found[f"{role} {path}"] = faulty
    assert found == {}
