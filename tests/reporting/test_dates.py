"""Dates of which a plan knows only the year are shown as the year."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bettercare.engines.forecast import forecast
from bettercare.plan.read import read_plan
from bettercare.reporting import dates, tables
from bettercare.reporting.answer import carrying_dates
from bettercare.reporting.material import Material
from tests.plan.small import files, write


@pytest.mark.parametrize(
    ("reasoning", "said"),
    [
        ("The roadmap gives only the year: the first of October is taken.", "during 2015"),
        ("The roadmap gives only 2015: its first day is taken.", "during 2015"),
        ("Only the year is known.", "during 2015"),
        ("The update gives the month only.", "by October 2015"),
        ("Reported as done; no day is given.", "by October 2015"),
        ("Half a year after the decision of the year before.", "by October 2015"),
        ("", "by October 2015"),
        (None, "by October 2015"),
    ],
)
def test_a_year_is_not_a_day(reasoning: str | None, said: str) -> None:
    assert dates.by(date(2015, 10, 1), reasoning) == said


def test_everywhere(tmp_path: Path) -> None:
    content = files()
    old = "same-day-live,same-day,Begins,live,2014-12-01,,0,strategy,"
    assert old in content["milestones.csv"]
    content["milestones.csv"] = content["milestones.csv"].replace(old, old + "The source gives only the year.")
    m = Material(forecast(read_plan(write(tmp_path, content)), draws=50, seed=1))
    table = tables.dates(m)
    assert table is not None
    shown = {row[0]: row[1] for row in table.rows}
    title = dict(m.plan.tables["initiatives"].select("code", "title").iter_rows())["same-day"]
    assert shown[title] == "during 2015"  # the main scenario has it on the first of April 2015
    assert sum(when.startswith("during") for when in shown.values()) == 1
    assert "takes 1 April" in table.note


def test_what_must_be_true_only_lists_what_helps(m: Material) -> None:
    moved = dict(m.by_initiative.select("code", "mean").iter_rows())
    dated = m.dates["code"].to_list()
    assert any(moved.get(code, 0.0) > 0.0 for code in dated), "some dated initiative widens the gap of the small plan"
    helping = {code for code in dated if moved.get(code, 0.0) < -5e3}
    assert {r["code"] for r in carrying_dates(m, 99)} == helping
