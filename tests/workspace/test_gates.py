"""Gates: computed figures that nobody can tick, evidence that is recorded, and what waits for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from django.test import Client

from bettercare import Plan, forecast
from bettercare.model.money import discount_factors
from bettercare.workspace.audit.models import Entry
from bettercare.workspace.plans import current
from bettercare.workspace.programme import gates
from bettercare.workspace.programme.effects import without
from bettercare.workspace.programme.gates_computed import Question, bed_scenario, bed_test, value_for_money
from bettercare.workspace.programme.models import Evidence, Resolution, Return
from bettercare.workspace.words import money

ClientAs = Callable[..., Client]
CODE = "I077"


def state(plan: Plan, code: str, gate: str) -> gates.GateState:
    wanted = [g for g in gates.rule_set().gates if g.code == gate]
    return gates.states(plan, code, wanted)[0]


def test_the_rule_set_is_dated_whole_and_its_criteria_have_names_of_their_own() -> None:
    rules = gates.rule_set()
    codes = [c.code for g in rules.gates for c in g.criteria]
    assert rules.dated.year >= 2026
    assert len(codes) == len(set(codes))
    assert {
        "strategic-check", "triangulation", "affordability", "value-for-money", "bed-test", "engagement", "choice",
        "clinical-evidence", "commissioners", "quality", "equality", "consultation", "capital", "readiness",
        "scrutiny", "board-decision",
    } == {g.code for g in rules.gates}  # fmt: skip
    assert all(set(g.holds) <= {"note", "minor", "major"} for g in rules.gates)


@pytest.mark.parametrize("criterion", [c.code for g in gates.rule_set().gates for c in g.criteria if c.compute])
def test_what_is_computed_cannot_be_ticked(client_as: ClientAs, criterion: str) -> None:
    client = client_as("assurer", "nhs-england")
    sent = client.post(f"/work/initiatives/{CODE}/gates/{criterion}", {"met": "yes", "text": "x", "seen": "0"})
    assert sent.status_code == 403 and b"cannot be ticked" in sent.content
    assert not Evidence.objects.exists()
    entry = Entry.objects.get(allowed=False)
    assert criterion in entry.what and entry.who.startswith("A assurer")


def test_an_assurer_records_evidence_and_a_second_is_told(client_as: ClientAs, llr: Plan) -> None:
    client = client_as("assurer", "healthwatch-leicester")
    url = f"/work/initiatives/{CODE}/gates/engagement"
    assert b"Enter the evidence" in client.post(url, {"met": "yes", "text": "", "seen": "0"}).content
    assert state(llr, CODE, "engagement").state == "open"
    client.post(url, {"met": "no", "text": "One event only", "seen": "0"})
    assert state(llr, CODE, "engagement").state == "failed"
    late = client.post(url, {"met": "yes", "text": "My own view", "seen": "0"}).content.decode()
    assert "Somebody else recorded evidence" in late and "One event only" in late and "My own view" in late
    assert Evidence.objects.count() == 1
    client.post(url, {"met": "yes", "text": "Three more events", "seen": str(Evidence.objects.get().pk)})
    assert state(llr, CODE, "engagement").state == "passed"
    page = client.get(f"/work/initiatives/{CODE}/gates").content.decode()
    assert "Three more events" in page and "One event only" in page  # the earlier view stays
    assert Entry.objects.filter(action="assure", allowed=True).count() == 2


def test_only_an_assurer_of_the_named_kind_records_a_criterion(client_as: ClientAs, llr: Plan) -> None:
    url = f"/work/initiatives/{CODE}/gates/"
    wrong = client_as("assurer", "nhs-england")
    page = wrong.get(url.rstrip("/")).content.decode()
    assert f'action="{url}choice"' in page and f'action="{url}engagement"' not in page
    sent = wrong.post(f"{url}engagement", {"met": "yes", "text": "x", "seen": "0"})
    assert sent.status_code == 403 and "Healthwatch" in sent.content.decode()
    assert not Evidence.objects.exists()
    assert "engagement" in Entry.objects.get(allowed=False).what
    lead = llr.tables["initiatives"].filter(llr.tables["initiatives"]["code"] == CODE)["lead"][0]
    ready = gates.rule_set().criterion("ready")
    assert ready is not None and gates.recorders(llr, CODE, ready) == {lead}
    senate = gates.rule_set().criterion("clinical-senate")  # the plan has no partner that is one
    assert senate is not None and gates.recorders(llr, CODE, senate) is None
    assert wrong.post(f"{url}clinical-senate", {"met": "yes", "text": "x", "seen": "0"}).status_code == 302


def test_kinds_in_the_rule_set_are_kinds_of_partner(llr: Plan) -> None:
    known = {*llr.tables["partners"]["kind"].to_list(), "lead"}
    assert {kind for g in gates.rule_set().gates for c in g.criteria for kind in c.by} <= known


def test_triangulation_follows_what_returns_say_and_what_was_agreed(llr: Plan) -> None:
    """Crisis response keeps people out of medical beds: a trust that counts other beds there disagrees about it."""
    assert state(llr, CODE, "triangulation").state == "open"
    found = state(llr, CODE, "triangulation").criteria[0].finding
    assert found is not None and "No partner has sent a return" in found.words
    beds = {"partner": "uhl", "item": "beds", "kind": "open", "service": "emergency-medical", "site": "glenfield"}
    line = {**beds, "year": llr.settings.base_year, "value": 5.0, "unit": "beds", "received": "2015-06-30"}
    apart = Return.objects.create(partner="uhl", name="a.xlsx", content=b"", lines=[line], by="a test")
    assert state(llr, CODE, "triangulation").state == "failed"
    other = {**line, "service": "elective-inpatient"}
    Return.objects.filter(pk=apart.pk).update(lines=[other], at=apart.at + timedelta(seconds=1))
    assert state(llr, CODE, "triangulation").state == "open"  # not about it, and who leads and pays has sent nothing
    Return.objects.filter(pk=apart.pk).update(lines=[line], at=apart.at)
    wanted = {r["partner"] for r in llr["investments"].iter_rows(named=True) if r["initiative"] == CODE}
    for partner in wanted | set(llr["initiatives"].filter(pl.col("code") == CODE)["lead"]):
        Return.objects.create(partner=partner, name="b.xlsx", content=b"", lines=[], by="a test")
    assert state(llr, CODE, "triangulation").state == "failed"
    key = f"beds:emergency-medical:glenfield:{llr.settings.base_year}"
    row = Resolution.objects.create(disagreement=key, asked="uhl", due=date(2015, 7, 14), by="a test")
    assert state(llr, CODE, "triangulation").state == "failed"  # asked, and nothing agreed
    Resolution.objects.filter(pk=row.pk).update(agreed="Count open beds")
    assert state(llr, CODE, "triangulation").state == "passed"


def test_one_gate_does_not_apply(client_as: ClientAs) -> None:
    page = client_as("reader", "lpt").get(f"/work/initiatives/{CODE}/gates").content.decode()
    assert re.search(r"\b1 does not apply\b|\b(?!1\b)\d+ do not apply\b", page)


def test_unknown_things_are_not_found(client_as: ClientAs) -> None:
    client = client_as("assurer", "nhs-england")
    assert client.post("/work/initiatives/I077/gates/nothing", {}).status_code == 404
    assert client.post("/work/initiatives/I999/gates/engagement", {}).status_code == 404
    assert client.get("/work/initiatives/I999/gates").status_code == 404


def test_value_for_money_is_the_discounted_difference_that_the_initiative_makes(llr: Plan) -> None:
    """Against the sum by hand: real cost of the plan without it less that with it, discounted year by year."""
    name = llr.settings.main
    one = forecast(llr, [name], draws=500).scenarios[name]
    other = forecast(without(llr, name, CODE), [name], draws=500).scenarios[name]
    total = np.zeros(500)
    factors = discount_factors(len(one.system.years), 3.5)
    for y, year in enumerate(one.system.years):
        cost = []
        for result in (one, other):
            real = sum(v.sum(axis=0)[y] if k == "resources" else v[y] for k, v in result.real.items())
            cost.append(real + result.draws("capital_gbp", year))
        total += factors[y] * (cost[1] - cost[0])
    found = value_for_money(Question(llr, CODE, dict(gates.rule_set().limits)))
    assert found.met is bool(total.mean() > 0)
    assert f"Net present value {money(float(total.mean()))} (" in found.words
    assert all(part in found.run for part in (llr.revision, "500 draws", "seed 20150531"))


def test_the_bed_test_fails_a_closure_that_comes_first_and_passes_when_none_closes(llr: Plan) -> None:
    question = Question(llr, CODE, dict(gates.rule_set().limits))
    assert bed_scenario(llr, CODE) == "as-planned"  # in the main scenario no acute bed closes
    found = bed_test(question)
    assert found.met is False
    by_year = {row[0]: row for row in found.rows}
    assert list(by_year) == ["2014/15", "2015/16", "2016/17", "2017/18", "2018/19"]
    assert by_year["2014/15"][-1] == "no bed closes"
    # capacity.csv of the scenario by hand: 1,671 acute beds in the base year; 2015/16 has 80 fewer.
    assert by_year["2015/16"][1:3] == ("1,591", "80")
    assert by_year["2015/16"][-1] == "No"  # nothing is in place a year before the first closure


def test_a_bed_test_passes_where_replacement_and_staff_are_there(llr: Plan) -> None:
    """The same closure of a few beds in the last year, after demand has fallen by hundreds: with staff it passes."""
    import dataclasses

    scenario = llr.scenarios["as-planned"]
    few = scenario.tables["capacity"].filter((pl.col("year") == "2018/19") & (pl.col("site") == "lgh"))
    few = few.filter(pl.col("service") == "emergency-medical").with_columns(available=pl.lit(70.0))  # 74 now
    rich = llr.tables["workforce"].with_columns(in_post_wte=pl.col("in_post_wte") * 100, vacant_wte=pl.lit(0.0))
    other = dataclasses.replace(scenario, tables={**scenario.tables, "capacity": few})
    plan = dataclasses.replace(
        llr, tables={**llr.tables, "workforce": rich}, scenarios={**llr.scenarios, "as-planned": other}
    )
    strict = bed_test(Question(plan, CODE, {"staff_filled": 0.9}))
    assert [row[-1] for row in strict.rows] == ["no bed closes"] * 4 + ["No"]  # staff in post do not grow with need
    loose = bed_test(Question(plan, CODE, {"staff_filled": 0.05}))
    assert loose.met is True and loose.rows[-1][-1] == "Yes" and loose.rows[-1][2] == "4"


def test_gates_that_do_not_apply_say_why(llr: Plan) -> None:
    assert "no capital" in state(llr, CODE, "capital").not_needed
    assert state(llr, "I055", "capital").state == "failed"
    assert "acute beds" in state(llr, "I001", "bed-test").not_needed
    assert state(llr, "I096", "consultation").state == "failed"  # the plan says that it is not known


def test_evidence_given_on_an_earlier_revision_says_so(client_as: ClientAs, llr: Plan) -> None:
    Evidence.objects.create(
        initiative=CODE, criterion="choice", met=True, text="Seen", revision=current(), by="Somebody"
    )
    page = client_as("reader", "lpt").get(f"/work/initiatives/{CODE}/gates").content.decode()
    assert "the plan has changed since" not in page
    from bettercare.workspace.plans import make_current, store
    from bettercare.workspace.programme.overlay import changed

    key = {"code": "I001-live"}
    change = {"table": "milestones", "key": key, "column": "date", "before": "", "after": "2015-11-01"}
    make_current(store(changed(llr, [change]), "Another"))
    page = client_as("reader", "lpt").get(f"/work/initiatives/{CODE}/gates").content.decode()
    assert "the plan has changed since" in page
    assert "Record evidence" not in page  # a reader cannot
