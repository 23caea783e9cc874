"""The pictures of the workspace in these pages, taken anew: `.venv/bin/python docs/screenshots.py`.

Starts `bettercare serve llr` in a temporary folder, acts as its demonstration people and takes each page in headless
Chromium, on a screen (1280 pixels wide) and a phone (390), into `docs/images/workspace-*.png`. The two partners'
returns are made up; they are those of the tests.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTHS = {"": (1280, 900), "-phone": (390, 844)}
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
CODE = "I062"  # an initiative that saves beds, with a date that has not come
PATIENCE = 120_000  # milliseconds; a forecast may have to be made
COLOURS = 256
DRAWS = 200  # as the workspace forecasts the plan when it holds returns against it

# The pixels of a picture, read by the browser that drew it.
PIXELS = """async source => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + source;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const data = pen.getImageData(0, 0, image.width, image.height).data;
  let text = '';
  for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def main() -> None:
    """Take all of them."""
    from playwright.sync_api import sync_playwright

    found = next((path for path in BROWSERS if Path(path).exists()), None)  # None: the one that Playwright brings
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "data") as (address, passwords):
        returns = made_up_returns(Path(folder) / "returns")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
            desk = Desk(browser, address, passwords)
            public_pages(desk)
            number = a_slipped_date(desk)
            triangulation(desk, returns)
            a_meeting(desk, number)
            browser.close()


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A workspace of its own: its address, and the passwords of its demonstration people."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "bettercare.cli", "serve", "llr", "--port", str(port), "--data", str(folder)]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BETTERCARE_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**clean, "PYTHONUNBUFFERED": "1"}) as server:
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
        self.blank = browser.new_page()

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

    def take(self, tab: Any, name: str, at: str = "h1") -> None:
        """The page on both widths, from a heading or from its top."""
        for ending, (width, height) in WIDTHS.items():
            tab.set_viewport_size({"width": width, "height": height})
            tab.evaluate("at => { scrollTo(0, 0); if (at !== 'h1') document.querySelector(at).scrollIntoView(); }", at)
            tab.wait_for_timeout(300)
            png = self.smaller(tab.screenshot())
            path = IMAGES / f"workspace-{name}{ending}.png"
            path.write_bytes(png)
            print(f"{path.relative_to(ROOT)}  {len(png) / 1024:.0f} KiB", flush=True)

    def smaller(self, png: bytes) -> bytes:
        """The picture with a palette of its commonest colours; the rest take the nearest of them."""
        width, height, text = self.blank.evaluate(PIXELS, base64.b64encode(png).decode())
        pixels = np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, 4)[:, :3]
        colours, where, count = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
        kept = colours[np.argsort(-count, kind="stable")[:COLOURS]].astype(np.int32)
        apart = ((colours[:, None].astype(np.int32) - kept) ** 2).sum(axis=2)
        index = apart.argmin(axis=1).astype(np.uint8)[where.reshape(-1)].reshape(height, width)
        rows = np.hstack([np.zeros((height, 1), np.uint8), index]).tobytes()  # a 0 before each row: no filter
        small = b"\x89PNG\r\n\x1a\n" + b"".join(
            _chunk(kind, data)
            for kind, data in (
                (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
                (b"PLTE", kept.astype(np.uint8).tobytes()),
                (b"IDAT", zlib.compress(rows, 9)),
                (b"IEND", b""),
            )
        )
        return min(small, png, key=len)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def public_pages(desk: Desk) -> None:
    """What anybody sees: home, roadmap, an initiative once its forecast is there."""
    tab = desk.tab()
    for name, path in (("home", "/"), ("roadmap", "/roadmap"), ("initiative", f"/initiatives/{CODE}")):
        tab.goto(path)
        for _ in range(PATIENCE // 500):
            if "being worked out" not in tab.content():
                break
            tab.wait_for_timeout(500)
            tab.reload()
        desk.take(tab, name)


def a_slipped_date(desk: Desk) -> int:
    """A contributor sees what a year's slip does, and makes it a proposal; its number."""
    tab = desk.tab("contributor")
    tab.goto(f"/work/initiatives/{CODE}/slip")
    tab.fill("#months", "12")
    tab.click("#show")
    tab.wait_for_selector("#preview-heading")
    desk.take(tab, "slip", "#preview-heading")
    tab.fill("#reason", "The teams cannot be recruited in time. The agency route was tried and gave a third of them.")
    tab.click("text=Save as a proposal >> visible=true >> nth=-1")
    tab.wait_for_url("**/work/proposals/*")
    desk.take(tab, "proposal")
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
    desk.take(tab, "triangulation")


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
    desk.take(tab, "paper")


if __name__ == "__main__":
    main()
