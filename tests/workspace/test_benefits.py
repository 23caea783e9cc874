"""An initiative's benefits: claimed, compared, learnt from, and the proposal that updates the plan."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from bettercare import Plan, UsageError, diff
from bettercare.appraisal.learned import Benefit, Change, learn
from bettercare.appraisal.learned_update import taken
from bettercare.appraisal.spread import Spread
from bettercare.engines.learn import Claim
from bettercare.plan.new import LEARNING_FILE
from bettercare.workspace.audit.models import Entry
from bettercare.workspace.measurement import benefits, benefits_words, views_benefits
from bettercare.workspace.measurement.beside import WORKING, Kept, forget
from bettercare.workspace.plans import checked, current, make_current, plan_of, store
from bettercare.workspace.programme import proposing, sizes
from bettercare.workspace.programme.models import Proposal
from bettercare.workspace.programme.overlay import cell, cell_change, changed, new_row, row_of

CODE = "I117"  # the county's crisis team: 133 of 141 judged avoided, effect E003
ClientAs = Callable[..., Client]


@pytest.fixture(scope="module", autouse=True)
def few_draws() -> Iterator[None]:
    """Learning is worked out once for the module, on few draws."""
    kept, benefits.DRAWS = benefits.DRAWS, 200
    yield
    benefits.DRAWS = kept
    forget()


@pytest.fixture
def learnt() -> Kept:
    """What was learnt, waited for."""
    plan = plan_of(current())
    for _ in range(600):
        found = benefits.learnt(plan)
        if found.state not in ("working",):
            return found
        time.sleep(0.25)
    raise AssertionError("nothing was learnt in 150 seconds")


@pytest.fixture
def observations() -> Iterator[Path]:
    """The workspace's file of observations, put back afterwards."""
    path = Path(settings.DATA) / LEARNING_FILE
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


def text(answer: Any) -> str:
    """The words of a page."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body))


def form(**more: str) -> dict[str, str]:
    return {"base": current().code, "title": "After the evidence", "reason": "It was seen", "partner": "lpt", **more}


def test_the_claim_stands_beside_that_there_are_no_records(client_as: ClientAs, learnt: Kept) -> None:
    assert learnt.state == "ready", learnt.why
    said = text(client_as("reader").get(f"/work/initiatives/{CODE}/benefits"))
    assert "133 of 141 referred, January 2015 to April 2015: 94% (90% to 97%) with 90% probability" in said
    assert "No records yet" in said
    assert "The claim comes to 399 a year. Evaluations elsewhere leave" in said
    assert "was less than 1 in 1,000 before this evidence, and it is the same after it" in said
    assert "This is of all 3 observations" in said
    assert "Update the plan: make a proposal" not in said  # a reader may not propose


def test_without_effects_or_claims_the_page_says_so(client_as: ClientAs, learnt: Kept) -> None:
    said = text(client_as("reader").get("/work/initiatives/I002/benefits"))
    assert "No benefit of it has been judged and reported." in said
    assert "No observation speaks of its effects" in said
    assert client_as("reader").get("/work/initiatives/nothing/benefits").status_code == 404


def test_while_it_is_worked_out_the_page_says_so(client_as: ClientAs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benefits, "learnt", lambda plan: WORKING)
    client = client_as("contributor", "lpt")
    said = text(client.get(f"/work/initiatives/{CODE}/benefits"))
    assert "being worked out" in said and "133 of 141" in said
    client.post(f"/work/initiatives/{CODE}/benefits/propose", form())
    assert not Proposal.objects.exists()


def test_a_failure_is_told_in_words_and_not_for_ever(observations: Path, client_as: ClientAs) -> None:
    observations.write_text(observations.read_text(encoding="utf-8").replace("E003", "E999"), encoding="utf-8")
    plan = plan_of(current())
    while (found := benefits.learnt(plan)).state == "working":
        time.sleep(0.05)
    assert found.state == "failed" and "E999" in found.why
    said = text(client_as("reader").get(f"/work/initiatives/{CODE}/benefits"))
    assert "The file of observations has mistakes" in said and "E999" in said


def test_updating_the_plan_goes_the_way_of_every_proposal(client_as: ClientAs, learnt: Kept) -> None:
    client = client_as("contributor", "lpt")
    page = client.get(f"/work/initiatives/{CODE}/benefits")
    assert "Crisis response teams everywhere" in text(page)  # E001 shares the evidence
    answer = client.post(f"/work/initiatives/{CODE}/benefits/propose", form(), follow=True)
    proposal = Proposal.objects.get()
    assert proposal.initiative == CODE and proposal.state == "open" and proposal.size != "note"
    assert proposal.size == sizes.size_of(proposal.changes, proposal.effect).code
    assert Entry.objects.filter(action="propose", what=f"proposal {proposal.pk}").exists()
    said = text(answer)
    about = "72-hour crisis team in Leicestershire, effect E003 (fewer: Emergency medical admission)"
    assert f"{about}, low end: from −130 hospital stays a year to −" in said
    assert "Evidence, learnt-E003-2015-04, new: from nothing to citation: This partnership" in said
    assert "effects.csv: E003 low" in said

    plan = plan_of(current())
    after = checked(changed(plan, proposal.changes))
    row = after["effects"].filter(after["effects"]["code"] == "E003").row(0, named=True)
    found = next(e for e in learnt.value.effects if e.effect == "E003")
    assert (row["low"], row["mode"], row["high"]) == pytest.approx(
        (found.posterior.p5, found.posterior.mean, found.posterior.p95), abs=0.06
    )
    assert (row["distribution"], row["interval"], row["grade"]) == ("normal", "p5-p95", "weak")
    before, then = (benefits_words.spread(s) for s in (found.prior, found.posterior))  # as the page has them
    assert (
        f"90% range after this partnership's own observations: {then} a year. Before: {before} a year" in row["assumed"]
    )
    source = after["evidence"].filter(after["evidence"]["code"] == row["evidence"]).row(0, named=True)
    for name in ("crisis-2015", "assessment-unit-2015", "falls-2015"):  # weak effects share their luck: all moved it
        assert name in source["where"] and name in source["note"]
    assert source["citation"] == "This partnership's observations up to April 2015"
    assert source["grade"] == "judgement" and source["badge"] == "assumed"
    assert {c.key for c in diff(plan, after) if c.file == "effects.csv"} == {"E001", "E003", "E005"}


def test_an_observation_is_not_learnt_from_twice(learnt: Kept, client_as: ClientAs) -> None:
    plan = plan_of(current())
    after = changed(plan, views_benefits.changes_of(plan, learnt, CODE))
    assert taken(after)["E003"] == 2015 * 12 + 3
    path = str(benefits.observations())
    found = learn(after, (path,), draws=50, threads=1)
    assert {s.id: why for s, why in found.left_out} == {
        "crisis-2015": "it is in the plan already: the effect was updated with it"
    }
    assert len(found.used) == 2
    make_current(store(checked(after), "Adopted", parent=current()))
    while benefits.learnt(plan_of(current())).state == "working":
        time.sleep(0.1)
    said = text(client_as("contributor", "lpt").get(f"/work/initiatives/{CODE}/benefits"))
    assert "133 of 141" in said and "Nothing is learnt from this: it is in the plan already" in said
    assert "No observation speaks of its effects that is not in the plan already." in said
    for code in ("I121", "I105"):
        after = changed(after, views_benefits.changes_of(plan, learnt, code))
    with pytest.raises(UsageError, match="in the plan already"):
        learn(after, (path,), draws=50, threads=1)


def test_what_was_seen_on_another_revision_is_not_saved(client_as: ClientAs, learnt: Kept) -> None:
    client = client_as("contributor", "lpt")
    answer = client.post(f"/work/initiatives/{CODE}/benefits/propose", form(base="another"))
    assert answer.status_code == 422 and "The plan has moved on" in text(answer)
    answer = client.post(f"/work/initiatives/{CODE}/benefits/propose", form(partner="uhl", reason=""))
    assert answer.status_code == 422 and "Enter a reason" in text(answer)
    assert not Proposal.objects.exists()
    answer = client_as("reader").post(f"/work/initiatives/{CODE}/benefits/propose", form())
    assert answer.status_code == 403


def test_changes_of_rows_can_be_made_compared_and_rebased(llr: Plan) -> None:
    row = {"code": "new-one", "citation": "A study", "where": "here", "badge": "assumed", "grade": "judgement"}
    change = new_row("evidence", {**row, "known_from": "2015-04-30", "note": ""})
    assert change["key"] == {"code": "new-one"} and cell(llr, change) == ""
    after = changed(llr, [change])
    assert cell(after, change) == change["after"]
    assert row_of(change["after"])["known_from"] == "2015-04-30"
    assert checked(after).fingerprint == after.fingerprint != llr.fingerprint
    assert changed(after, [{**change, "after": ""}]).fingerprint == llr.fingerprint
    proposal = Proposal(changes=[change])
    assert proposing.on_revision(proposal, llr).changes == [change]
    assert proposing.on_revision(proposal, after).already == [change]
    other = changed(llr, [new_row("evidence", {**row, "known_from": "2014-04-30"})])
    assert len(proposing.on_revision(proposal, other).conflicts) == 1
    number = cell_change(llr, "effects", {"code": "E003"}, "low", "-130.0")
    assert number["before"] == number["after"] == "-130"


def spread(mean: float, low: float, high: float) -> Spread:
    return Spread(mean, low, mean, high)


def test_words_of_chances_and_changes() -> None:
    assert benefits_words.chance(0.0) == "less than 1 in 1,000"
    assert benefits_words.chance(0.025) == "about 1 in 40"
    assert benefits_words.chance(0.31) == "about 3 in 10"
    assert benefits_words.chance(0.96) == "about 9 in 10"
    assert benefits_words.chance(1.0) == "more than 999 in 1,000"
    beds = spread(100.0, 90.0, 110.0)
    still = Change("acute_beds_needed", "2018/19", beds, beds, spread(-0.7, -9.0, 9.0), 0.4)
    assert benefits_words.moved(still) == "no change that can be told from chance"
    told = Change("gap_gbp", "2018/19", beds, beds, spread(2e6, 0.0, 4e6), 1e5)
    assert benefits_words.moved(told) == "+£2.0m, give or take £200,000"
    assert benefits_words.overall((still,)).startswith("Neither beds nor money")
    said = benefits_words.overall((still, told))
    assert "gap between cost and income" in said and "acute" not in said


def test_the_picture_holds_all_ranges_and_the_claim() -> None:
    claim = Claim(400.0, 500.0, 500.0, (0.8, 0.77, 0.83), (400.0, 385.0, 415.0))
    one = Benefit(
        "a", "E1", "T", "judged", claim, (-0.5, 0.0, 1.0), spread(30.0, -130.0, 220.0), spread(0.0, -130.0, 130.0),
        spread(2.0, -100.0, 110.0), (0.0, 0.02), "", False, "", "",
    )  # fmt: skip
    p = benefits_words.picture(one)
    inside = [x for bar in p.bars for x in (bar.low, bar.mean, bar.high)] + [p.claim, p.none]
    assert all(benefits_words.LEFT <= x <= benefits_words.RIGHT for x in inside)
    assert p.claim > max(bar.high for bar in p.bars) and "Claimed: 400" in p.alt
    assert "270 a year above the upper end" in benefits_words.how_far(one)
    assert "less than 1 in 1,000 before this evidence, and about 1 in 50 after it" in benefits_words.how_far(one)
    nobody = replace(one, basis="compared", claim=None, attribution=None, chance=None)
    p = benefits_words.picture(nobody)
    assert p.claim is None and "Claimed" not in p.alt and p.bars[1].label == "Own data, compared with like people"
    assert "Nobody judged" in benefits_words.how_far(nobody)


def test_compared_is_shown_with_its_interval(client_as: ClientAs, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace as Made

    from bettercare.appraisal.matched_effect import Estimate

    one = Estimate(0.98, 0.8, 1.2)
    made = Made(
        claimed=Made(judged_by=("lpt",), share=Estimate(0.9, 0.8, 0.95), avoided=130, referrals=140),
        compared=Made(
            avoided_a_year=Estimate(12.0, -60.0, 84.0), ratio=one, difference=one, negative=None,
            warnings=("Look out.",),
        ),
        first="2015-01", last="2015-04", months=6, words=("The interval holds no effect.",), why_not="",
    )  # fmt: skip
    monkeypatch.setattr(benefits, "compared", lambda plan, code: Kept("ready", made))
    monkeypatch.setattr(views_benefits, "_made_up", lambda: True)
    said = text(client_as("reader").get(f"/work/initiatives/{CODE}/benefits"))
    assert "12 (\N{MINUS SIGN}60 to 84)" in said and "too few to say" in said and "made up" in said
    assert "The interval holds no effect." in said and "Look out." in said and "130 of 140" in said


@pytest.mark.parametrize("width", [1280, 320])
def test_the_page_is_accessible(
    width: int, signed_in_tab: Callable[..., Any], faults: Callable[[Any], list[str]], learnt: Kept
) -> None:
    tab = signed_in_tab("contributor", "lpt", width)
    tab.goto(f"/work/initiatives/{CODE}/benefits")
    assert tab.locator("svg[role=img]").count() == 1
    assert faults(tab) == []
