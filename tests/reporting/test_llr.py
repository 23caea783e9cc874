"""The report of the worked example, on a phone too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bettercare.engines.forecast import forecast
from bettercare.foundation.problems import Problems
from bettercare.plan.read import read_plan
from bettercare.reporting.answer import answer
from bettercare.reporting.charts import MAKERS, each_chart
from bettercare.reporting.material import Material
from bettercare.reporting.report import render
from bettercare.reporting.screen import lines
from tests.reporting.conftest import ABOUT
from tests.reporting.page import read
from tests.reporting.test_browser import BASICS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def llr() -> Material:
    try:
        return Material(forecast(read_plan("llr"), draws=40, seed=1))
    except Problems as problems:
        pytest.fail(str(problems))


def test_everything_is_there(llr: Material) -> None:
    assert {chart.code for chart in each_chart(llr)} == set(MAKERS)
    items = {item.code for item in answer(llr)}
    assert items == {
        "if-nothing", "scenarios", "beds", "partners", "carriers", "twice", "rests-on", "by-when", "fails",
    }  # fmt: skip


def test_one_screen(llr: Material) -> None:
    shown = lines(llr)
    assert len(shown) <= 48
    assert max(map(len, shown)) <= 80


def test_every_chart_is_in_the_page(llr: Material) -> None:
    assert len(read(render(llr, ABOUT)).all("figure")) == len(MAKERS)


def test_a_phone_and_a_page(llr: Material, browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(llr, ABOUT), encoding="utf-8")
    for width in (375, 1280):
        tab = browser.new_page(viewport={"width": width, "height": 800})
        tab.goto(file.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(BASICS) == []
        tab.close()
