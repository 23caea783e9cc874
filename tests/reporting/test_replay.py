"""The replay of a week: its numbers are those of the simulation, and it plays in a real browser as it should."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bettercare import read_plan
from bettercare.appraisal.patient_flow import PatientFlow
from bettercare.engines.forecast.expected import expected_activity
from bettercare.engines.simulate.arrays import ASKED, CANCELLED, LEFT, READY, STARTED, TURNED_AWAY
from bettercare.engines.simulate.from_plan import network_of
from bettercare.engines.simulate.results import YearOfFlow
from bettercare.engines.simulate.run import Simulation
from bettercare.foundation.problems import UsageError
from bettercare.reporting.replay import changes, render_replay, write_replay
from bettercare.reporting.replay_week import Week
from tests.reporting.page import Element, read
from tests.reporting.test_browser import BASICS

SCENARIO = "two-acute-sites"
STEPS = 672
PARTS = ("taken", "stuck", "waiting", "open")
Series = list[int]


@pytest.fixture(scope="module")
def flow() -> PatientFlow:
    """Three weeks of the example."""
    plan = read_plan("llr")
    under = plan.under(SCENARIO)
    expected = expected_activity(under, "2018/19")
    simulation = Simulation(network_of(under, "2018/19", expected.activity, expected.dispersion), 21.0, seed=3)
    ((c,),) = simulation.run(1, log=True)
    year = YearOfFlow(under, SCENARIO, "2018/19", simulation.network, [c])
    return PatientFlow(plan, "2018/19", {SCENARIO: year}, year, 3, 1, None, 0.0, {SCENARIO: simulation})


@pytest.fixture(scope="module")
def html(flow: PatientFlow) -> str:
    return render_replay(flow, SCENARIO, 2)


@pytest.fixture(scope="module")
def file(flow: PatientFlow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_replay(flow, SCENARIO, tmp_path_factory.mktemp("replay") / "replay.html", 2)


def unpacked(packed: list[int], steps: int = STEPS) -> Series:
    """A series from its first value and its changes."""
    out, value, at = [], packed[0], 0
    for gap, change in zip(packed[1::2], packed[2::2], strict=True):
        out += [value] * gap
        at, value = at + gap, value + change
    return out + [value] * (steps + 1 - at)


@pytest.fixture(scope="module")
def data(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_changes_are_the_series(values: list[int]) -> None:
    packed = changes(np.array(values))
    assert unpacked(packed, len(values) - 1) == values
    assert all(packed[1::2]) and all(packed[2::2])  # nothing is written where nothing changes


def test_the_page_holds_what_the_simulation_counted(data: dict[str, Any], flow: PatientFlow) -> None:
    """Each row at each midnight of the week, against the ticks of the kernel."""
    year = flow.years[SCENARIO]
    rows = Week(year, None, 2).rows
    assert len(data["rows"]) == len(rows) == len(year.places)
    for row, (widest, *parts) in zip(rows, data["rows"], strict=True):
        at = year.places[row.service, row.site]
        series = dict(zip(PARTS, map(unpacked, parts), strict=False))
        for day in range(8):
            tick = year.counted[0].ticks[7 + day, at]
            for part in PARTS[:3]:
                assert series[part][96 * day] == tick[part].sum(), (row.service, row.site, part, day)
        assert widest >= max(series["taken"])
        beds = [year.network.stations[i].beds for i in at]
        assert ("open" in series) == all(b is not None for b in beds)
        if "open" in series:
            assert series["open"][0] == sum(b for b in beds if b is not None)


def followed(flow: PatientFlow, at: float) -> dict[str, int]:
    """What was counted from day 7 up to a time, and who is ready to leave a bed then, person by person."""
    year, simulation = flow.years[SCENARIO], flow.simulations[SCENARIO]
    _, stages = simulation.trace(0)
    service = [s.service for s in year.network.stations]
    reasons = year.network.reasons
    out = dict.fromkeys(("admitted", "late", "put_off", "elsewhere", "gave_up"), 0)
    asked: dict[int, float] = {}
    inside: dict[int, int] = {}
    ready: dict[int, str] = {}
    came_from: dict[int, tuple[float, str]] = {}
    for time, person, stage, station, what in year.counted[0].log.tolist():
        if time > at:
            break
        since = time > 7.0
        if what == ASKED:
            asked[person] = time
        elif what == READY and service[station] in year.bed_services:
            ready[person] = reasons[stages.reason[stage]]
        elif what == LEFT:
            came_from[person] = (time, service[inside.pop(person)])
            ready.pop(person, None)
        elif what == STARTED:
            inside[person] = station
            when, where = came_from.get(person, (-99.0, ""))
            if service[station] in year.bed_services and not (when == time and where in year.bed_services):
                out["admitted"] += since
                out["late"] += since and time - asked[person] > 4.0 / 24.0
        elif what == CANCELLED:
            out["put_off" if service[station] in year.returning_services else "gave_up"] += since
        elif what == TURNED_AWAY:
            out["elsewhere"] += since
    for reason in filter(None, ready.values()):
        out[reason] = out.get(reason, 0) + 1
    return out


@pytest.mark.parametrize("step", [0, 301, STEPS])
def test_running_counts_and_reasons_are_those_of_people_one_by_one(
    step: int, data: dict[str, Any], flow: PatientFlow
) -> None:
    exact = followed(flow, 7.0 + step / 96)
    for code, packed in data["counted"].items():
        assert unpacked(packed)[step] == exact.pop(code), code
    names = list(Week(flow.years[SCENARIO], flow.simulations[SCENARIO], 2).reasons)
    shown = {name: unpacked(packed)[step] for name, packed in zip(names, data["reasons"], strict=True)}
    assert {name: n for name, n in shown.items() if n} == exact


def test_the_fullest_week_is_played_unless_another_is_asked_for(flow: PatientFlow) -> None:
    year = flow.years[SCENARIO]
    mean = {k: Week(year, None, k).total(("beds",), "waiting") for k in (1, 2, 3)}
    fullest = max(mean, key=lambda k: float(np.mean(mean[k])))
    assert Week(year).number == fullest
    assert f"week {fullest} of 3" in render_replay(flow, SCENARIO)


def test_the_page_says_what_it_is_and_what_it_is_not(html: str, flow: PatientFlow) -> None:
    tree = read(html)
    head = tree.all("header")[0].text
    for words in ("Two acute hospitals", "2018/19", "8 to 14 April 2018", "seed 3", flow.plan.revision, "modelled"):
        assert words in head, words
    lead = next(e.text for e in tree.all("p") if e.attributes.get("class") == "lead")
    assert "not a forecast" in lead and "nobody in it is real" in lead and "One possible week" in lead
    assert tree.all("title")[0].text.endswith("8 to 14 April 2018")


def test_the_page_is_small_and_needs_nothing_else(html: str) -> None:
    assert len(html.encode()) < 400_000
    assert not re.search(r"https?:|@import|url\(|\bsrc=|<link", html)
    assert "default-src 'none'" in html


def cells(table: Element) -> list[list[str]]:
    return [[c.text for c in row.all("th", "td")] for row in table.all("tbody")[0].all("tr")]


def test_the_tables_hold_the_same_numbers(html: str, data: dict[str, Any], flow: PatientFlow) -> None:
    tables = read(html).all("table")
    assert len(tables) == 8
    days = cells(tables[0])
    admitted = np.diff(unpacked(data["counted"]["admitted"])[::96]).tolist()
    assert [int(row[1].replace(",", "")) for row in days] == admitted
    assert days[0][0] == "Sunday 8 April"
    third = cells(tables[3])
    for (_, *parts), row in zip(data["rows"], third, strict=True):
        taken = unpacked(parts[0])[192:288]
        assert row[2] == f"{np.mean(taken):,.0f}; {max(taken):,}"
    assert third[0][0].endswith("East Midlands Ambulance Service")


def test_what_cannot_be_played_is_said(flow: PatientFlow) -> None:
    with pytest.raises(UsageError, match='"do-nothing" was not simulated'):
        render_replay(flow, "do-nothing")
    with pytest.raises(UsageError, match="weeks 1 to 3"):
        render_replay(flow, SCENARIO, 4)
    year = flow.years[SCENARIO]
    silent = replace(year, counted=[replace(year.counted[0], log=year.counted[0].log[:0])])
    with pytest.raises(UsageError, match="events=True"):
        render_replay(replace(flow, years={SCENARIO: silent}), SCENARIO)


# --- in a browser ---------------------------------------------------------------------------------------------------

CONTRAST = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = ([r, g, b]) => {
    const f = x => (x /= 255) <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility() || e.disabled || e.matches('script, noscript')) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    let behind = e;
    while (behind && parse(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const a = light(parse(getComputedStyle(e).color));
    const b = behind ? light(parse(getComputedStyle(behind).backgroundColor)) : 1;
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(e.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return low;
}"""
STEP = "+document.getElementById('player').dataset.step"


class Tab:
    """The page in a browser whose clock stands still until it is told to run."""

    def __init__(self, browser: Any, file: Path, width: int = 1280, **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 800}, **context)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.clock.install(time=datetime(2020, 1, 1))
        self.page.goto(file.as_uri())
        self.page.clock.pause_at(datetime(2020, 1, 2))
        self.file = file

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *error: object) -> None:
        self.context.close()
        if error[0] is None:
            assert self.said == []
            assert self.asked == [self.file.as_uri()]

    @property
    def step(self) -> int:
        return int(self.page.evaluate(STEP))

    def run(self, seconds: float) -> None:
        """Let the clock of the page run, by quarters of a second, as on a slow machine that draws no more often."""
        for _ in range(round(4 * seconds)):
            self.page.clock.fast_forward(250)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.mark.parametrize("width", [390, 1280])
def test_it_plays_and_pauses(browser: Any, file: Path, width: int) -> None:
    with Tab(browser, file, width) as tab:
        page = tab.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(BASICS) == []
        assert page.evaluate(CONTRAST) == []
        tab.run(3)
        assert tab.step == 0  # nothing moves until somebody starts it
        page.click("#play")
        tab.run(2)
        assert tab.step == 32  # four hours a second
        assert page.inner_text("#play") == "Pause"
        page.click("#play")
        paused = tab.step
        tab.run(2)
        assert tab.step == paused and page.inner_text("#play") == "Play"
        page.select_option("#speed", "24")
        page.click("#play")
        tab.run(8)
        assert tab.step == STEPS and page.inner_text("#play") == "Play"  # the end
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_keys_do_what_the_page_says(browser: Any, file: Path) -> None:
    with Tab(browser, file) as tab:
        tab.press("Space")
        tab.run(1)
        tab.press("Space")
        played = tab.step
        assert played == 16
        tab.press("ArrowRight", "ArrowRight", "ArrowLeft")
        assert tab.step == played + 1
        tab.page.focus("#time")
        tab.press("ArrowRight", "ArrowRight")
        assert tab.step == played + 3
        assert tab.page.get_attribute("#time", "aria-valuetext") == tab.page.inner_text("#clock")
        tab.press("End")
        assert tab.step == STEPS
        assert tab.page.inner_text("#clock") == "Saturday 14 April, 24:00"
        tab.press("Home")
        assert tab.step == 0
        assert tab.page.inner_text("#clock") == "Sunday 8 April, 00:00"
        tab.press("Space")  # on the slider too
        tab.run(1)
        tab.press("Space")
        assert tab.step > 0
        tab.page.focus("#play")
        tab.press("Space")  # once, as a button: it does not play and pause again
        assert tab.page.inner_text("#play") == "Pause"
        tab.press("Space")
        here = tab.step
        tab.page.focus("#days .scroll")  # a table that scrolls keeps its keys
        tab.press("ArrowRight", "Space")
        tab.run(1)
        assert tab.step == here


def test_each_moment_shows_its_numbers_wherever_one_comes_from(browser: Any, file: Path, data: dict[str, Any]) -> None:
    with Tab(browser, file) as tab:
        for step in (0, 301, STEPS, 300):
            tab.page.evaluate(
                "s => { const t = document.getElementById('time'); t.value = s; t.dispatchEvent(new Event('input')); }",
                step,
            )
            shown = tab.page.evaluate(
                """() => [...document.querySelectorAll('[data-row]')].map(r => Object.fromEntries(
                     [...r.querySelectorAll('[data-is]')].map(e => [e.dataset.is, +e.textContent.replaceAll(',', '')])))
                """
            )
            for numbers, (_, *parts) in zip(shown, data["rows"], strict=True):
                assert numbers
                for part, packed in zip(PARTS, parts, strict=False):
                    if part in numbers:
                        assert numbers[part] == unpacked(packed)[step]
                    else:
                        assert not any(unpacked(packed))  # left out where there never are any
            for code, packed in data["counted"].items():
                text = tab.page.inner_text(f"[data-counted={code}]")
                assert int(text.replace(",", "")) == unpacked(packed)[step]
            for code, (_, packed) in data["now"].items():
                assert int(tab.page.inner_text(f"[data-now={code}]").replace(",", "")) == unpacked(packed)[step]


def test_bars_are_as_long_as_their_numbers(browser: Any, file: Path, data: dict[str, Any]) -> None:
    with Tab(browser, file) as tab:
        found = tab.page.evaluate(
            """() => [...document.querySelectorAll('[data-row]')].map(r => {
                 const bar = r.querySelector('.bar');
                 return bar && [...bar.children].map(e => e.getBoundingClientRect().width / bar.clientWidth); })"""
        )
        for widths, (widest, *parts) in zip(found, data["rows"], strict=True):
            if widths is not None:
                taken, stuck, _, open_ = (unpacked(p)[0] / widest for p in parts)
                assert widths == pytest.approx([open_, taken, stuck], abs=0.01)


@pytest.mark.parametrize("width", [320, 1280])
def test_no_figure_breaks(browser: Any, file: Path, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(file.as_uri())
    tab.evaluate("document.querySelectorAll('.now b').forEach(b => b.textContent = '12,345')")
    lines = "[...document.querySelectorAll('.now b')].map(b => b.getBoundingClientRect().height)"
    widths = "[...document.querySelectorAll('.now b')].map(b => [b.scrollWidth, b.clientWidth])"
    assert max(tab.evaluate(lines)) < 35
    assert all(wanted <= there for wanted, there in tab.evaluate(widths))
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_with_motion_reduced_it_goes_by_whole_hours(browser: Any, file: Path) -> None:
    with Tab(browser, file, 390, reduced_motion="reduce") as tab:
        assert tab.page.is_checked("#calm") and tab.page.is_disabled("#speed")
        tab.run(3)
        assert tab.step == 0
        tab.press("ArrowRight")
        assert tab.step == 4
        tab.page.focus("#time")
        tab.press("ArrowRight")
        assert tab.step == 8
        tab.page.evaluate(
            """() => { window.seen = [];
                 new MutationObserver(() => seen.push(+document.getElementById('player').dataset.step))
                   .observe(document.getElementById('clock'), {childList: true}); }"""
        )
        tab.page.click("#play")
        tab.run(4.5)
        assert tab.page.evaluate("seen") == [12, 16, 20, 24]  # an hour a second, and nothing between
        tab.page.uncheck("#calm")
        tab.run(1)
        assert tab.step > 30 and tab.page.is_enabled("#speed")


def test_summaries_are_read_out_at_most_every_six_hours(browser: Any, file: Path) -> None:
    with Tab(browser, file) as tab:
        assert tab.page.get_attribute("#said", "aria-live") == "polite"
        live = tab.page.evaluate("document.querySelectorAll('[aria-live], [role=status], [role=alert]').length")
        assert live == 1
        tab.page.evaluate(
            """() => { window.seen = [];
                 new MutationObserver(() => seen.push(+document.getElementById('player').dataset.step))
                   .observe(document.getElementById('said'), {childList: true}); }"""
        )
        tab.page.select_option("#speed", "1")
        tab.page.click("#play")
        tab.run(20)
        slow = tab.page.evaluate("seen.splice(0)")
        assert [s // 24 for s in slow] == [1, 2, 3]
        tab.page.select_option("#speed", "24")
        tab.run(6)
        assert len(tab.page.evaluate("seen.splice(0)")) <= 3  # fast: not more often than every four seconds either


def test_without_scripts_the_tables_are_there(browser: Any, file: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert not page.is_visible("#player")
    assert page.is_visible("#days table >> nth=0")
    assert "scripts" in page.inner_text("main >> nth=0")
    page.click("summary >> nth=2")
    assert page.is_visible("#days table >> nth=3")
    context.close()
