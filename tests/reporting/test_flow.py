"""The screen, the chapter and the JSON of a simulated patient flow, on a short run of the shipped example."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from bettercare.appraisal.patient_flow import PatientFlow, simulate
from bettercare.appraisal.search import Bought, Cheapest
from bettercare.engines.simulate.network import Station
from bettercare.engines.simulate.results import MEASURES, YearOfFlow
from bettercare.engines.simulate.run import Simulation
from bettercare.plan.read import read_plan
from bettercare.reporting import chart_flow, chart_flow_blocks, flow_answer, flow_chapter, flow_screen, flow_write
from bettercare.reporting.chapters import charts_of
from bettercare.reporting.chart_style import Chart, Table
from bettercare.reporting.flow_material import FlowMaterial, Line, Spread, as_json
from bettercare.reporting.flow_pictures import HOURS
from bettercare.reporting.report import Run
from tests.reporting.page import Element, read
from tests.reporting.test_browser import BASICS

ABOUT = Run("0.0.0", 1.0, datetime(2015, 6, 1, 12, 30))
SCENARIO = "as-planned"
BOUGHT = [
    Bought(
        "community-inpatient", "coalville", 2, (500.0, 80.0, 920.0), (112.0, -114.0, 338.0), (9.0, -3.0, 21.0), 33e3
    ),
    Bought("reablement", "care-leicester", 5, (20.0, -90.0, 130.0), (4.0, -9.0, 17.0), (0.0, -1.0, 1.0), 34e3),
]
CHEAPEST = Cheapest(
    0.05, False, {("reablement", "care-leicester"): 5}, 170e3, (0.15, 0.12, 0.19), (0.18, 0.16, 0.21), 6
)


@pytest.fixture(scope="session")
def flow() -> PatientFlow:
    return simulate(read_plan("llr"), SCENARIO, "2016/17", 2, seed=1)


@pytest.fixture(scope="session")
def fm(flow: PatientFlow) -> FlowMaterial:
    return FlowMaterial(flow)


@pytest.fixture(scope="session")
def screen(fm: FlowMaterial) -> list[str]:
    return flow_screen.lines(fm, BOUGHT, CHEAPEST)


@pytest.fixture(scope="session")
def flow_page(flow: PatientFlow) -> str:
    return flow_chapter.render(flow, ABOUT, BOUGHT, CHEAPEST)


@pytest.fixture(scope="session")
def tree(flow_page: str) -> Element:
    return read(flow_page)


@pytest.fixture(scope="session")
def phased(flow: PatientFlow) -> PatientFlow:
    """The same year, with medical beds that close in July and places for care at home that open in November."""

    def changed(s: Station) -> Station:
        if (s.service, s.site) == ("emergency-medical", "lri"):
            return replace(s, changes=((120.0, (s.beds or 0) - 5),))
        return replace(s, changes=((240.0, (s.beds or 0) + 60),)) if s.site == "care-leicester" and s.beds else s

    year = flow.years[SCENARIO]
    network = replace(year.network, stations=tuple(map(changed, year.network.stations)))
    runs = Simulation(network, seed=1).run(1)
    moved = YearOfFlow(year.plan, year.scenario, year.year, network, [r[0] for r in runs] * 2)
    return replace(flow, years={**flow.years, SCENARIO: moved})


def _mean(flow: PatientFlow, scenario: str, service: str, site: str, measure: str) -> float:
    found = flow.table().filter(
        (pl.col("scenario") == scenario)
        & (pl.col("year") == flow.year)
        & (pl.col("service") == service)
        & (pl.col("site") == site)
        & (pl.col("measure") == measure)
    )
    return float(found["mean"].item())


def test_the_screen_fits_and_holds_the_base_year_against_what_was_published_first(screen: list[str]) -> None:
    base, question = "THE BASE YEAR 2013/14, SIMULATED AND PUBLISHED", "WOULD FEWER BEDS MAKE THINGS WORSE? 2016/17"
    assert [line for line in screen if line in (base, question)] == [base, question]
    assert screen[0] == base
    assert max(map(len, screen)) <= 80


def test_the_screen_says_what_the_tables_say(flow: PatientFlow, screen: list[str]) -> None:
    for name, site in (("Leicester Royal Infirmary", "lri"), ("Glenfield", "glenfield")):
        line = next(x for x in screen if x.startswith(f"    {name}"))
        said = re.findall(r"(\d+)%", line)
        for percent, scenario in zip(said, (SCENARIO, "do-nothing"), strict=True):
            assert abs(float(percent) / 100.0 - _mean(flow, scenario, "", site, "mean_occupancy")) <= 0.005
    late = next(x for x in screen if x.startswith("  Over 4 h in A&E"))
    year = flow.years[SCENARIO]
    people = sum(
        c.stay[i].sum() for c in year.counted for w, at in year.places.items() for i in at if w[0][:3] == "ae-"
    )
    slow = sum(
        c.stay[i, 16:].sum() for c in year.counted for w, at in year.places.items() for i in at if w[0][:3] == "ae-"
    )
    first = re.search(r"([\d.]+)%", late)
    assert first is not None
    assert abs(float(first[1]) / 100.0 - slow / people) <= 0.006


def test_delays_add_up_to_the_table_of_delays(fm: FlowMaterial, flow: PatientFlow) -> None:
    table = flow.years[SCENARIO].delays()
    for service, heading, arranging, full, counted in fm.waiting_for(SCENARIO):
        rows = table.filter(pl.col("waiting_for") == service)
        assert arranging.mean() == pytest.approx(rows["arranging"].sum())
        assert full.mean() == pytest.approx(rows["full"].sum())
        assert counted.mean() == pytest.approx(rows["counted"].sum())
        assert rows["counted_as"].unique().to_list() == [heading]
    lines = {line.code: line for line in fm.delays}
    np.testing.assert_allclose(
        lines["counted"].values[SCENARIO],
        lines["counted-NHS"].values[SCENARIO] + lines["counted-social care"].values[SCENARIO],
    )


def test_a_difference_is_taken_year_by_year() -> None:
    """Years that differ much, by the same every time: far apart as two samples, clear as pairs."""
    line = Line("x", "X", "count", {"a": np.array([100.0, 500.0, 900.0]), "b": np.array([90.0, 489.0, 891.0])})
    change = line.change("a", "b")
    assert change is not None
    assert (change.verdict, round(change.mean)) == ("more", 10)
    single = Line("x", "X", "count", {"a": np.array([100.0]), "b": np.array([10.0])})
    assert single.change("a", "b") is None, "one simulated year shows no interval"


def test_verdicts_agree_with_the_replications(fm: FlowMaterial) -> None:
    found = flow_answer.verdicts(fm, "do-nothing")
    assert sum(map(len, found.values())) == 6
    for verdict, sign in (("more", 1), ("less", -1)):
        for line, _ in found[verdict]:
            assert np.all(sign * (line.values[SCENARIO] - line.values["do-nothing"]) > 0.0)
    for _, change in found["unclear"]:
        assert change.low <= 0.0 <= change.high


@pytest.mark.parametrize(
    ("beds", "more", "less", "words"),
    [
        (-10.0, True, False, "Yes:"),
        (-10.0, False, True, "No, as far as this shows:"),
        (-10.0, True, True, "In some ways, yes:"),
        (-10.0, False, False, "No clear difference:"),
        (0.0, True, True, "This scenario is no test of fewer acute beds:"),
    ],
)
def test_the_first_words(beds: float, more: bool, less: bool, words: str) -> None:
    some: Any = [(None, None)]
    found: Any = {"more": some if more else [], "less": some if less else [], "unclear": []}
    assert flow_answer._head(beds, found) == words


def test_fewer_beds_are_counted_from_the_plan(fm: FlowMaterial, flow: PatientFlow) -> None:
    open_ = {n: sum(s.beds or 0 for s in y.network.stations if s.service in ACUTE) for n, y in flow.years.items()}
    change, said = flow_answer.beds(fm, "do-nothing")
    assert change == open_[SCENARIO] - open_["do-nothing"] < 0
    assert f"{-change} beds fewer than if nothing is done" in said.plain
    assert said.badge == "assumed"


ACUTE = (
    "emergency-medical", "emergency-surgical", "emergency-child", "elective-inpatient", "specialised", "maternity",
    "critical-care",
)  # fmt: skip


def test_a_figure_that_is_not_near_is_said_plainly() -> None:
    near = {"name": "Share of beds", "near": True}
    far = {"name": "Days of delay", "near": False}
    both: Any = SimpleNamespace(published=[near, far], base="2013/14")
    assert "does not reproduce \u201cDays of delay\u201d" in flow_answer.base_year(both).plain
    assert "differences between scenarios only" in flow_answer.base_year(both).plain
    one: Any = SimpleNamespace(published=[near], base="2013/14")
    assert flow_answer.base_year(one).plain == "The one published figure of 2013/14 that the plan holds comes out near."
    none: Any = SimpleNamespace(published=[], base="2013/14")
    assert "could not be held against it" in flow_answer.base_year(none).plain


def test_gains_that_may_be_nought_are_not_claimed(fm: FlowMaterial) -> None:
    said = [s.plain for s in flow_answer.buys(fm, BOUGHT)]
    assert len(said) == 2
    assert "500 fewer days of waiting a year (80 to 920)" in said[0]
    assert said[1] == "At 1 other place one more shows no clear gain."
    chart = chart_flow_blocks.one_more(fm, BOUGHT)
    assert chart is not None
    assert "a clear gain at 1 of 2 places tried" in chart.title


def test_cumulative_waits_are_the_share_of_long_waits(fm: FlowMaterial, flow: PatientFlow) -> None:
    shares = chart_flow.longer(fm, SCENARIO, "emergency")
    assert shares is not None
    assert list(shares) == sorted(shares, reverse=True)
    year = flow.years[SCENARIO]
    at = [i for w, stations in year.places.items() if w[0].startswith("emergency-") for i in stations]
    people = sum(c.wait[at].sum(axis=0) for c in year.counted)
    assert shares[HOURS.index(4.0)] == pytest.approx(people[16:].sum() / people.sum())
    assert shares[-1] == pytest.approx(people[192:].sum() / people.sum())


def test_titles_state_what_the_numbers_say(fm: FlowMaterial) -> None:
    chart = chart_flow.waits(fm)
    assert chart is not None
    line = next(ln for ln in fm.people if ln.code == "bed-late")
    change = line.change(SCENARIO, "do-nothing")
    assert change is not None
    word = {"more": "more than", "less": "fewer than", "unclear": "no clear difference from"}[change.verdict]
    assert word in chart.title
    queue = chart_flow_blocks.queues(fm)
    assert queue is not None
    longest = max(fm.waiting(SCENARIO).items(), key=lambda kv: kv[1].mean())[0]
    assert queue.title.startswith(f"It blocks first at {fm.where(longest)}")


def test_weeks_are_the_tables_of_weeks(fm: FlowMaterial, flow: PatientFlow) -> None:
    table = flow.years[SCENARIO].weeks().filter(pl.col("service") == "community-inpatient")
    week = table.filter(pl.col("week") == 30)
    shown = chart_flow.weekly(fm, SCENARIO, "community")
    assert len(shown) == 52
    assert shown[29] == pytest.approx(float(week["taken"].sum()) / float(week["open"].sum()))


def test_phases_are_shown_with_their_dip(phased: PatientFlow, fm: FlowMaterial) -> None:
    assert chart_flow.phased(fm) is None
    m = FlowMaterial(phased)
    before = sum(s.beds or 0 for s in m.years[SCENARIO].network.stations if s.site == "care-leicester")
    assert m.openings["reablement", "care-leicester"] == [(0.0, before), (240.0, before + 60)]
    chart = chart_flow.phased(m)
    assert chart is not None
    wards = sum(s.service == "emergency-medical" and s.site == "lri" for s in m.years[SCENARIO].network.stations)
    dip = min(5 * wards, 60)
    assert f"{dip} fewer beds and places are open than before and after" in chart.title
    assert [row[1] for row in chart.table.rows] == ["30 July 2016", "27 November 2016"]


def test_the_json_has_every_measure_everywhere(flow: PatientFlow) -> None:
    found = as_json(flow)
    assert (found["scenario"], found["year"], found["replications"]) == (SCENARIO, "2016/17", 2)
    assert set(found["scenarios"]) == {SCENARIO, "do-nothing"}
    sites = found["scenarios"][SCENARIO]
    for services in sites.values():
        for measures in services.values():
            assert list(measures) == list(MEASURES)
    royal = sites["lri"]
    assert royal["ae-major"]["delayed_transfer_days"] is None
    assert royal["emergency-medical"]["share_in_ae_over_4h"] is None
    mean = royal["emergency-medical"]["mean_occupancy"]["mean"]
    assert mean == _mean(flow, SCENARIO, "emergency-medical", "lri", "mean_occupancy")
    assert sites["lri"]["all"]["mean_occupancy"]["mean"] == _mean(flow, SCENARIO, "", "lri", "mean_occupancy")
    assert {"near", "published", "mean"} <= set(found["base_year"]["against_published"][0])


def test_the_chapter_has_what_the_page_has(flow: PatientFlow) -> None:
    chapter = flow_chapter.chapter(flow, BOUGHT, CHEAPEST)
    drawn = [c.code for c in charts_of([chapter])]
    assert drawn == ["flow-heat", "flow-waits", "flow-ae", "flow-delays", "flow-queues", "flow-bought"]
    assert all(isinstance(b, str | Chart | Table) for b in chapter.blocks)
    assert len({c.alt for c in charts_of([chapter])}) == len(drawn)


def test_the_page_stands_by_itself(flow_page: str, tree: Element) -> None:
    assert not re.search(r"(?:src|href)=\"(?!#)", flow_page)
    assert "@import" not in flow_page
    assert not tree.all("script", "link", "img", "iframe")
    figures = tree.all("figure")
    assert len(figures) == 6
    for figure in figures:
        name = figure.all("svg")[0].all("title")[0].text
        assert len(name) > 40
        assert figure.all("table"), "every chart has its table"


def test_the_page_in_a_browser(browser: Any, phased: PatientFlow, tmp_path: Path) -> None:
    file = flow_chapter.write_flow_report(phased, tmp_path / "patient-flow.html", ABOUT, BOUGHT, CHEAPEST)
    for width in (1280, 390):
        tab = browser.new_page(viewport={"width": width, "height": 800})
        asked: list[str] = []
        tab.on("request", lambda request, asked=asked: asked.append(request.url))
        tab.goto(file.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(BASICS) == []
        assert asked == [file.as_uri()]
        tab.close()


def test_spread_of_one_year_has_no_width() -> None:
    assert Spread.of(np.array([4.0])) == Spread(4.0, 4.0, 4.0)


def test_the_last_line_says_where_the_report_is(flow: PatientFlow, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    flow_screen.show(flow, Console(width=80), Path("out/patient-flow.html"))
    assert capsys.readouterr().out.splitlines()[-1] == "Report: out/patient-flow.html"


def test_the_page_asks_about_the_base_year_first_and_the_link_skips_to_the_answer(tree: Element) -> None:
    chapters = [section.attributes.get("id") for section in tree.all("section")]
    assert chapters[:2] == ["patient-flow-base", "patient-flow-answer"]
    assert tree.all("a")[0].attributes["href"] == "#patient-flow-answer"


def test_late_dates_are_kept_with_what_makes_the_same_numbers_again(flow: PatientFlow, tmp_path: Path) -> None:
    late = replace(flow, slips={"I055": 6.0, "I062": 1.5})
    paths = flow_write.write(late, tmp_path, SCENARIO, replay=False)
    again = tomllib.loads(paths["run"].read_text(encoding="utf-8"))
    assert again["late"] == {"I055": 6.0, "I062": 1.5}
    assert (again["scenario"], again["year"], again["replications"], again["seed"]) == (SCENARIO, "2016/17", 2, 1)
    assert "I055 by 6 months, I062 by 1.5 months" in paths["report"].read_text(encoding="utf-8")
    assert as_json(late)["late"] == {"I055": 6.0, "I062": 1.5}


def test_a_simulation_remembers_which_dates_were_late() -> None:
    found = simulate(read_plan("llr"), SCENARIO, "2016/17", 1, seed=1, slips={"I055": 6.0}, beside=False)
    assert found.slips == {"I055": 6.0}
