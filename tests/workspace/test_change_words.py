"""Changes of a proposal in words: the plan's own names, units and true minus signs, and no value cut short."""

from __future__ import annotations

from typing import Any

import pytest

from bettercare import Plan
from bettercare.workspace.programme.change_words import words
from bettercare.workspace.programme.overlay import cell_change, new_row


def of(plan: Plan, table: str, key: dict[str, Any], column: str, after: str) -> str:
    found = words(plan, cell_change(plan, table, key, column, after))
    return f"{found['where']}, {found['column']}: {found['before']} -> {found['after']}"


@pytest.mark.parametrize(
    ("effect", "column", "after", "said"),
    [
        (
            "E003", "low", "-93.3",
            "effect E003 (fewer: Emergency medical admission), low end: −130 hospital stays a year -> −93.3 hospital",
        ),
        ("E003", "interval", "ci95", "what its low and high end are: a 90% range -> a 95% interval"),
        ("E003", "reach", "0.5", "reach: 100% -> 50%"),
        ("E003", "age_low", "75", "age low: 65 years -> 75 years"),
        ("E003", "service", "elective", "service: Emergency medical admission (emergency-medical) -> "),
    ],
)  # fmt: skip
def test_a_cell_of_an_effect(llr: Plan, effect: str, column: str, after: str, said: str) -> None:
    assert said in of(llr, "effects", {"code": effect}, column, after)


def test_a_share_is_a_percentage_of_what_it_reaches(llr: Plan) -> None:
    share = llr["effects"].filter(llr["effects"]["unit"] == "share")["code"][0]
    assert of(llr, "effects", {"code": share}, "high", "-0.0125").endswith("-> −1.25% of the care that it reaches")


def test_dates_money_and_who(llr: Plan) -> None:
    milestone = llr["milestones"]["code"][0]
    assert of(llr, "milestones", {"code": milestone}, "date", "2016-04-01").endswith("-> 1 April 2016")
    cost = llr["investments"]["code"][0]
    assert of(llr, "investments", {"code": cost}, "mode", "-1234567.5").endswith("-> −£1,234,567.5")
    lead = of(llr, "initiatives", {"code": "I117"}, "lead", "uhl")
    assert lead.endswith("-> University Hospitals of Leicester NHS Trust (uhl)")


def test_a_row_that_comes_or_goes(llr: Plan) -> None:
    row = {
        "code": "new", "citation": "A report", "where": "Here", "badge": "assumed", "grade": "report",
        "known_from": "2015-04-30",
    }  # fmt: skip
    change = new_row("evidence", row)
    said = "citation: A report; where: Here; badge: assumed; grade: report; known from: 30 April 2015"
    assert words(llr, change) == {"where": "Evidence, new", "column": "new", "before": "nothing", "after": said}
    gone = words(llr, {**change, "before": change["after"], "after": ""})
    assert (gone["column"], gone["before"], gone["after"]) == ("taken out", said, "nothing")
