"""The report in a real browser: a phone, a screen and paper. Needs Chromium and Playwright; otherwise it says so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

BASICS = """() => {
  const wrong = [];
  const shown = e => e.checkVisibility ? e.checkVisibility() : true;
  const levels = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1]);
  if (levels.filter(l => l === 1).length !== 1) wrong.push('one h1');
  levels.forEach((l, i) => { if (i && l - levels[i - 1] > 1) wrong.push('heading order at ' + i); });
  document.querySelectorAll('svg[role=img]').forEach(s => {
    const name = document.getElementById(s.getAttribute('aria-labelledby'));
    if (!name || !name.textContent.trim()) wrong.push('picture without a name');
    if (s.getBoundingClientRect().width < 100) wrong.push('picture too small');
  });
  document.querySelectorAll('img').forEach(i => { if (!i.alt) wrong.push('image without words'); });
  document.querySelectorAll('table').forEach(t => { if (!t.querySelector('th[scope=col]')) wrong.push('table head'); });
  document.querySelectorAll('a, summary').forEach(a => { if (shown(a) && !a.textContent.trim()) wrong.push('link'); });
  document.querySelectorAll('svg text').forEach(t => {
    if (parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width /
        t.ownerSVGElement.viewBox.baseVal.width < 9.5) wrong.push('type too small: ' + t.textContent);
  });
  document.querySelectorAll('svg').forEach(s => {
    const box = s.getBoundingClientRect();
    s.querySelectorAll('text').forEach(t => {
      const r = t.getBoundingClientRect();
      if (r.left < box.left - 1 || r.right > box.right + 1) wrong.push('cut: ' + t.textContent);
    });
  });
  return wrong;
}"""


@pytest.fixture(scope="module")
def file(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_scrolls_sideways_and_nothing_is_cut(browser: Any, file: Path, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(file.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate(BASICS) == []
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert asked == [file.as_uri()]
    tab.close()


@pytest.mark.parametrize("width", [375, 1280])
def test_a_table_that_scrolls_says_so(browser: Any, file: Path, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(file.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    tab.wait_for_timeout(200)
    found = tab.evaluate(
        """[...document.querySelectorAll('.scroll')].map(e => [
             e.scrollWidth > e.clientWidth + 1, getComputedStyle(e, '::before').visibility === 'visible',
             e.tabIndex, e.getAttribute('role'), e.getAttribute('aria-label')])"""
    )
    tab.close()
    assert any(scrolls for scrolls, *_ in found) == (width == 375)
    for scrolls, told, index, role, label in found:
        assert told == scrolls, label
        assert (index, role) == (0, "region")
        assert label


def test_the_skip_link_is_first(browser: Any, file: Path) -> None:
    tab = browser.new_page()
    tab.goto(file.as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    tab.close()


def test_paper_shows_the_tables(browser: Any, file: Path, tmp_path: Path) -> None:
    tab = browser.new_page(viewport={"width": 700, "height": 1000})
    tab.goto(file.as_uri())
    tab.emulate_media(media="print")
    hidden = tab.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().height < 5).length"
    )
    assert hidden == 0
    tab.set_viewport_size({"width": 710, "height": 1000})  # A4 within its margins
    cut = tab.evaluate(
        """[...document.querySelectorAll('table, svg, p')].filter(e => e.getBoundingClientRect().right > 711)
           .map(e => e.textContent.trim().slice(0, 60))"""
    )
    assert cut == []
    pdf = tmp_path / "report.pdf"
    tab.pdf(path=str(pdf), prefer_css_page_size=True)
    tab.close()
    if shutil.which("pdftotext"):
        import subprocess

        first = subprocess.run(
            ["pdftotext", "-l", "1", str(pdf), "-"], capture_output=True, text=True, check=True
        ).stdout
        assert "What must be true by when" in first, "the answer fits on one page"
        assert "Contents" not in first


def test_on_paper_no_cell_of_the_sources_runs_into_the_next(browser: Any, file: Path) -> None:
    tab = browser.new_page(viewport={"width": 710, "height": 1000})  # A4 between its margins
    tab.goto(file.as_uri())
    tab.emulate_media(media="print")
    over = """[...document.querySelectorAll('table.sources td:not(:last-child)')].filter(cell => {
        const words = document.createRange(); words.selectNodeContents(cell);
        return words.getBoundingClientRect().right > cell.getBoundingClientRect().right + 0.5;
    }).map(cell => cell.textContent)"""
    for column, longest in ((4, "before-after"), (5, "31 December 2014")):
        cells = f"document.querySelectorAll('.sources td:nth-child({column})')"
        tab.evaluate(f"{cells}.forEach(c => c.textContent = '{longest}')")
    assert tab.evaluate(over) == []
