"""The pictures in these pages, taken anew: `.venv/bin/python docs/screenshots.py`.

Forecasts the worked example and takes the first page of its report, for the README. Then starts `bettercare serve llr`
in a temporary folder, acts as its demonstration people and takes the workspace's pages. All in headless Chromium, into
`docs/images`. The two partners' returns are made up; they are those of the tests.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SCREEN, PHONE, REPORT = (1280, 900), (390, 844), (1180, 1000)  # width and height in pixels
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
CODE = "I062"  # an initiative that saves beds, with a date that has not come
PATIENCE = 120_000  # milliseconds; a forecast may have to be made
DRAWS = 500  # as the workspace forecasts the plan when it holds returns against it
PEOPLE = "20000"  # made up, for the Nerve Centre


def main() -> None:
    """Take all of them."""
    from playwright.sync_api import sync_playwright

    found = next((path for path in BROWSERS if Path(path).exists()), None)  # None: the one that Playwright brings
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        report(browser, folder / "out")
        with serving(folder / "data") as (address, passwords):
            desk = Desk(browser, address, passwords)
            public_pages(desk)
            number = a_slipped_date(desk)
            triangulation(desk, made_up_returns(folder / "returns"))
            a_meeting(desk, number)
        with serving(folder / "records", "--synthetic", PEOPLE) as (address, passwords):
            nerve_centre(Desk(browser, address, passwords))
        browser.close()


def report(browser: Any, folder: Path) -> None:
    """The first page of the report on the worked example."""
    subprocess.run(
        [sys.executable, "-m", "bettercare.cli", "run", "llr", "--out", str(folder)], env=clean(), check=True
    )
    tab = browser.new_page()
    tab.goto((folder / "report.html").as_uri())
    take(tab, "report", REPORT)


def take(tab: Any, name: str, size: tuple[int, int] = SCREEN, at: str = "h1") -> None:
    """The page, from a heading or from its top."""
    width, height = size
    tab.set_viewport_size({"width": width, "height": height})
    tab.evaluate("at => { scrollTo(0, 0); if (at !== 'h1') document.querySelector(at).scrollIntoView(); }", at)
    tab.wait_for_timeout(300)
    path = IMAGES / f"{name}.png"
    png = tab.screenshot(path=path)
    print(f"{path.name}  {len(png) / 1024:.0f} KiB", flush=True)


def until_worked_out(tab: Any) -> None:
    """Load a page again until nothing in it is still being worked out."""
    for _ in range(PATIENCE // 500):
        if "being worked out" not in tab.content():
            break
        tab.wait_for_timeout(500)
        tab.reload()


def clean() -> dict[str, str]:
    """The environment without settings of another workspace."""
    return {k: v for k, v in os.environ.items() if not k.startswith("BETTERCARE_")}


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A workspace of its own: its address, and the passwords of its demonstration people."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "bettercare.cli", "serve", "llr", "--port", str(port), "--data", str(folder)]
    command += options
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=clean() | {"PYTHONUNBUFFERED": "1"}
    ) as server:
        assert server.stdout is not None
        passwords = {}
        for line in server.stdout:
            if match := re.fullmatch(r"\s+(\S+)\s+password (\S+)\s*", line):
                passwords[match[1]] = match[2]
            if "Ctrl-C" in line:
                break
        try:
            yield f"http://127.0.0.1:{port}", passwords
        finally:
            server.terminate()


def made_up_returns(folder: Path) -> list[Path]:
    """The returns of two partners, with planted disagreements and a saving claimed twice."""
    sys.path.insert(0, str(ROOT))
    from tests.appraisal.returns import build

    from bettercare import forecast, read_plan
    from bettercare.appraisal.triangulation_figures import Figures

    plan = read_plan("llr")
    return build(plan, Figures(plan, forecast(plan, [plan.settings.main], draws=DRAWS)), folder)


class Desk:
    """A browser in front of the workspace."""

    def __init__(self, browser: Any, address: str, passwords: dict[str, str]) -> None:
        self.browser, self.address, self.passwords = browser, address, passwords

    def tab(self, person: str = "") -> Any:
        """A new tab, signed in as a demonstration person unless it is the public's."""
        tab = self.browser.new_context(base_url=self.address, reduced_motion="reduce").new_page()
        tab.set_default_timeout(PATIENCE)
        if person:
            tab.goto("/sign-in")
            tab.fill("[name=username]", person)
            tab.fill("[name=password]", self.passwords[person])
            tab.click("main button")
            tab.wait_for_url("**/work/")
        return tab


def public_pages(desk: Desk) -> None:
    """What anybody sees: home, roadmap, an initiative once its forecast is there."""
    tab = desk.tab()
    wanted = (("home", "/", SCREEN), ("roadmap", "/roadmap", SCREEN), ("initiative", f"/initiatives/{CODE}", PHONE))
    for name, path, size in wanted:
        tab.goto(path)
        until_worked_out(tab)
        take(tab, f"workspace-{name}{'-phone' if size == PHONE else ''}", size)


def a_slipped_date(desk: Desk) -> int:
    """A contributor sees what a year's slip does, and makes it a proposal; its number."""
    tab = desk.tab("contributor")
    tab.goto(f"/work/initiatives/{CODE}/slip")
    tab.fill("#months", "12")
    tab.click("#show")
    tab.wait_for_selector("#preview-heading")
    take(tab, "workspace-slip", at="#preview-heading")
    tab.fill("#reason", "The teams cannot be recruited in time. The agency route was tried and gave a third of them.")
    tab.click("text=Save as a proposal >> visible=true >> nth=-1")
    tab.wait_for_url("**/work/proposals/*")
    take(tab, "workspace-proposal")
    return int(tab.url.rpartition("/")[2])


def triangulation(desk: Desk, returns: list[Path]) -> None:
    """The programme office sends both returns; what disagrees."""
    tab = desk.tab("programme-office")
    for path in returns:
        tab.goto("/triangulation/send")
        tab.select_option("[name=partner]", path.stem)
        tab.set_input_files("[name=file]", path)
        tab.click("main form button")
        tab.wait_for_url("**/triangulation/returns/*")
    tab.goto("/triangulation")
    take(tab, "workspace-triangulation")


def a_meeting(desk: Desk, proposal: int) -> None:
    """A board secretary prepares a meeting; its paper."""
    tab = desk.tab("board-secretary")
    tab.goto("/work/meetings")
    tab.select_option("[name=board]", "bct-board")
    tab.fill("[name=on]", "2015-07-16")
    tab.click("main form button")
    tab.wait_for_url("**/work/meetings/*")
    home = tab.url
    for verb, choose in (("approve", {"proposal": str(proposal)}), ("note", {"initiative": "I070"})):
        tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        for name, value in {"verb": verb, **choose}.items():
            tab.select_option(f"[name={name}]", value)
        tab.click("form[action$='/items'] button")
        tab.wait_for_load_state()
    tab.goto(f"{home}/preview")
    take(tab, "workspace-paper")


def nerve_centre(desk: Desk) -> None:
    """What records say: measures by partner and place, and one chart."""
    tab = desk.tab("programme-office")
    wanted = (("centre", "/nerve-centre", ".nc-heads"), ("chart", "/nerve-centre/ae-four-hours", ".nc-figure"))
    for name, path, at in wanted:
        tab.goto(path)
        until_worked_out(tab)
        take(tab, f"nerve-{name}", at=at)


if __name__ == "__main__":
    main()
