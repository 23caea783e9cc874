"""From a real store of made-up people to an initiative's benefits, the proposal, and the next revision's page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from bettercare import Plan
from bettercare.workspace.measurement import benefits
from bettercare.workspace.plans import checked, current, make_current, plan_of, store
from bettercare.workspace.programme.models import Proposal
from bettercare.workspace.programme.overlay import changed
from tests.appraisal.scheme_store import SchemeStore, scheme_store
from tests.workspace.test_benefits import ClientAs, few_draws, form, observations, text

__all__ = ["few_draws", "observations"]  # fixtures

JUDGED = "falls-2014,benefit,,E010,2014-04/2014-08,2014/15,,80,210,,-0.5,0,1,,\n"  # of the months of the store


@pytest.fixture(scope="module")
def records(llr: Plan, tmp_path_factory: pytest.TempPathFactory) -> SchemeStore:
    """A store of made-up people, 40% of whose later admissions the falls scheme prevents."""
    return scheme_store(llr, tmp_path_factory.mktemp("records"))


def once_ready(client: Client, code: str) -> str:
    for _ in range(240):
        said = text(client.get(f"/work/initiatives/{code}/benefits"))
        if "being worked out" not in said:
            return said
        time.sleep(0.25)
    raise AssertionError(said)


def test_from_the_records_of_a_store_to_page_proposal_and_the_next_revision(
    client_as: ClientAs,
    records: SchemeStore,
    observations: Path,
    signed_in_tab: Callable[..., Any],
    faults: Callable[[Any], list[str]],
) -> None:
    observations.write_text(observations.read_text(encoding="utf-8") + JUDGED, encoding="utf-8")
    with override_settings(STORE=str(records.folder)):
        client = client_as("contributor", "emas")
        said = once_ready(client, "I105")
        assert "80 of 210 referred, April 2014 to August 2014" in said
        assert "Nothing is learnt from this: the comparison with like people &#34;I105-compared-2014-04&#34;" in said
        assert "Against matched controls: estimate and 90% interval" in said and "made up" in said
        assert (
            "It is learnt from below, in place of what staff judged" in said
            and "takes the place of what staff judged (falls-2014)" in said
        )
        plan = plan_of(current())
        learnt = benefits.learnt(plan)
        found = {b.id: b for b in learnt.value.benefits}
        assert {"crisis-2015", "assessment-unit-2015", "falls-2015", "I105-compared-2014-04"} == set(found)
        one = found["I105-compared-2014-04"]
        truth = records.avoided_a_year * float(re.search(r"stands for ([\d,]+) people", one.note)[1])
        assert one.own.p5 < truth < one.own.p95
        assert one.posterior.mean != one.elsewhere.mean and one.made_up

        tab = signed_in_tab("contributor", "emas", 320)
        tab.goto("/work/initiatives/I105/benefits")
        assert tab.locator("svg[role=img]").count() == 2 and faults(tab) == []

        client.post("/work/initiatives/I105/benefits/propose", form(partner="emas"))
        proposal = Proposal.objects.get()
        after = checked(changed(plan, proposal.changes))
        row = after["effects"].filter(after["effects"]["code"] == "E010").row(0, named=True)
        assert (row["low"], row["mode"], row["high"]) == pytest.approx(
            (one.posterior.p5, one.posterior.mean, one.posterior.p95), abs=0.06
        )
        assert row["grade"] == "moderate" and "Made-up records are part of this" in row["assumed"]
        source = after["evidence"].filter(after["evidence"]["code"] == row["evidence"]).row(0, named=True)
        assert source["citation"].startswith("Made-up records") and source["badge"] == "assumed"

        make_current(store(after, "Adopted", parent=current()))
        said = once_ready(client, "I105")
        assert "Nothing is learnt from it: it is in the plan already: the effect was updated with it." in said
        assert "No observation speaks of its effects that is not in the plan already." in said
        left = benefits.learnt(plan_of(current())).value.left_out
        assert set(left) == {"falls-2014", "falls-2015", "I105-compared-2014-04"}
