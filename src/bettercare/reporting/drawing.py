"""Pictures to SVG without a browser, in a process of its own.

altair and the drawing engine take a second or two to load, and the engine holds up every thread beside it. In a process
of their own they load while the plan is read, and draw while the rest of the page is made.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bettercare.reporting.chart_style import Picture


class Drawer:
    """A drawing process, until the block ends. Where it cannot run, or has died, the drawing is done here."""

    def __init__(self) -> None:
        self._queue = ThreadPoolExecutor(1, "drawing")
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bettercare.reporting.drawing"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )

    def __enter__(self) -> Drawer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._queue.shutdown(wait=False, cancel_futures=True)
        self._end()

    def draw(self, picture: Picture) -> Future[str]:
        """Begin to draw a picture; the result is its SVG."""
        return self._queue.submit(self._draw, picture)

    def _draw(self, picture: Picture) -> str:
        process = self._process
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                pickle.dump(picture, process.stdin)
                process.stdin.flush()
                return str(pickle.load(process.stdout))
            except (OSError, ValueError, EOFError, pickle.UnpicklingError):
                self._end()
        return svg(picture)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def svg(picture: Picture) -> str:
    """Draw a picture in this process."""
    import vl_convert

    return vl_convert.vegalite_to_svg(picture.spec())


def main() -> None:
    """Draw what comes in until there is no more; first a picture of each kind, which loads what all of them need."""
    from bettercare.reporting.chart_lines import Panel, Panels
    from bettercare.reporting.chart_rows import Row, Rows

    svg(Rows([Row("", "")], "", "''"))
    svg(Panels([Panel([], [])], (1, 1), (), [], "''"))
    while True:
        try:
            picture = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(svg(picture), sys.stdout.buffer)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
