"""The roadmap as values: against the document of May 2015, and against plans that were changed by hand."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import polars as pl
import pytest

from bettercare import Plan
from bettercare.workspace import roadmap
from bettercare.workspace.roadmap import Filters, cards, chosen, compare, grid, timeline


def _with(plan: Plan, table: str, frame: pl.DataFrame) -> Plan:
    return dataclasses.replace(plan, tables={**plan.tables, table: frame})


def _moved(plan: Plan, milestone: str, day: date) -> Plan:
    frame = plan["milestones"]
    changed = pl.when(pl.col("code") == milestone).then(pl.lit(day)).otherwise(pl.col("date")).alias("date")
    return _with(plan, "milestones", frame.with_columns(changed))


def test_it_is_the_roadmap_of_may_2015(llr: Plan) -> None:
    whole = grid(llr, cards(llr))
    assert (whole.initiatives, whole.placements, len(whole.outcomes)) == (132, 166, 7)
    assert whole.years == (2015, 2016, 2017, 2018, 2019)
    placed = [c for o in whole.outcomes for r in o.rows for cell in r.cells.values() for c in cell]
    assert len(placed) == 166
    assert len({c.code for c in placed}) == 132
    # Its first table, as printed: three rows, and what stands in 2015 and 2016 beside "Parent and Baby".
    first = whole.outcomes[0]
    assert [r.code for r in first.rows] == [
        "parent-and-baby", "childrens-physical-health", "childrens-emotional-health",
    ]  # fmt: skip
    assert [c.code for c in first.rows[0].cells[2015]] == ["I001", "I004"]
    assert {y: len(cell) for y, cell in first.rows[0].cells.items()} == {2015: 2, 2016: 4, 2019: 1}


def test_an_initiative_under_three_outcomes_is_one_object(llr: Plan) -> None:
    whole = grid(llr, cards(llr))
    found = [c for o in whole.outcomes for r in o.rows for cell in r.cells.values() for c in cell if c.code == "I114"]
    assert len(found) == 3
    assert all(c is found[0] for c in found)
    assert found[0].outcomes == ("O5", "O6", "O7")


def test_by_year_loses_nothing(llr: Plan) -> None:
    whole = grid(llr, cards(llr))
    assert sum(len(o.by_year(y)) for o in whole.outcomes for y in whole.years) == 166


def test_conflicts_of_the_sources_are_conflicts(llr: Plan) -> None:
    every = cards(llr)
    assert sum(bool(c.doubt) for c in every.values()) == 87
    # The two whose dates the document itself gives twice are among them; an open question is not a conflict.
    conflicts = {c.code for c in every.values() if c.conflict}
    assert {"I010", "I114"} <= conflicts
    assert not every["I002"].conflict
    assert every["I002"].doubt


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        (Filters(locality="rutland"), lambda row, pays: row["locality"] in (None, "rutland")),
        (Filters(partner="uhl"), lambda row, pays: row["lead"] == "uhl" or "uhl" in pays),
        (Filters(pathway="maternity"), lambda row, pays: row["pathway"] == "maternity"),
        (Filters(status="live"), lambda row, pays: row["status"] == "live"),
        (Filters(consultation="yes"), lambda row, pays: row["consultation"] == "yes"),
        (Filters(words="CRISIS house"), lambda row, pays: all(w in _text(row) for w in ("crisis", "house"))),
        (
            Filters(locality="leicester", pathway="mental-health"),
            lambda row, pays: row["locality"] in (None, "leicester") and row["pathway"] == "mental-health",
        ),
    ],
)
def test_a_filter_shows_what_it_says_and_nothing_else(llr: Plan, filters: Filters, holds: Any) -> None:
    codes = chosen(llr, filters)
    assert 0 < len(codes) < 132
    paid = llr["investments"].select("initiative", "partner").rows()
    for row in llr["initiatives"].iter_rows(named=True):
        pays = {partner for code, partner in paid if code == row["code"]}
        assert (row["code"] in codes) == holds(row, pays), row["code"]
    some = grid(llr, cards(llr), codes)
    assert some.initiatives == len(codes)
    assert some.placements == llr["placements"].filter(pl.col("initiative").is_in(list(codes))).height
    assert some.years == (2015, 2016, 2017, 2018, 2019)


def _text(row: dict[str, Any]) -> str:
    return f"{row['code']} {row['title']} {row['description']}".casefold()


def test_the_timeline_runs_from_the_date_to_full_effect(llr: Plan) -> None:
    line = timeline(cards(llr))
    assert len(line.bars) == 132
    assert line.years[0] == 2014
    days = [bar.card.live for bar in line.bars]
    assert days == sorted(days)
    assert all(bar.ends - bar.begins == pytest.approx(bar.card.ramp_months) for bar in line.bars)
    by_code = {bar.card.code: bar for bar in line.bars}
    assert by_code["I077"].begins == 8.0  # 1 September 2014
    assert by_code["I077"].full == "September 2015"
    assert by_code["I001"].card.planned == "2015"  # the source gives only the year
    assert by_code["I001"].full == "2016"


def test_nothing_to_compare(llr: Plan) -> None:
    same = compare(llr, llr)
    assert (same.moved, same.new, same.gone) == ((), (), ())
    assert timeline({}) == roadmap.Timeline((), ())


def test_moved_new_and_gone(llr: Plan) -> None:
    after = _moved(_moved(llr, "I077-live", date(2016, 3, 1)), "I003-live", date(2018, 10, 1))
    placements = after["placements"].with_columns(
        pl.when(pl.col("initiative") == "I003").then(2018).otherwise(pl.col("year")).cast(pl.Int64).alias("year")
    )
    after = _with(after, "placements", placements.filter(pl.col("initiative") != "I005"))
    after = _with(after, "initiatives", after["initiatives"].filter(pl.col("code") != "I005"))
    found = compare(llr, after)
    assert {m.code: m.changes for m in found.moved} == {
        "I003": ("planned date: 2019, now 2018", "A good start in life: 2019, now 2018"),
        "I077": (
            "planned date: September 2014, now March 2016",
            "Help when it is needed most, above all in a crisis: 2015, now 2016",
        ),
    }
    assert found.new == ()
    assert [code for code, _ in found.gone] == ["I005"]
    assert [code for code, _ in compare(after, llr).new] == ["I005"]
    assert [m.code for m in compare(llr, after, ["I003"]).moved] == ["I003"]


def test_nothing_stands_before_its_date(llr: Plan) -> None:
    assert {c.code for c in cards(llr).values() if c.early} == {"I077", "I117", "I121", "I130"}  # at work in 2014
    assert not any(c.was for c in cards(llr).values())
    later = cards(_moved(llr, "I003-live", date(2021, 1, 1)))
    assert (later["I003"].was, {y for _, _, y in later["I003"].places}) == (2019, {2021})
    whole = grid(llr, later)
    assert whole.years[-1] == 2021 and whole.placements == 166
    assert [c.code for c in whole.outcomes[0].rows[0].cells[2021]] == ["I003"]
    # One that stands in two years: the earlier place moves to the date, the later one stays.
    two = cards(_moved(llr, "I010-live", date(2018, 1, 1)))["I010"]
    assert (two.was, {y for _, _, y in two.places}) == (2017, {2018})
