"""Vega-Lite to SVG without a browser, in a process of its own.

The drawing engine takes a second or two to start and then holds up every thread beside it. In a process of its own it
starts while the forecast runs, and draws while the rest of the page is written.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

Spec = dict[str, Any]


class Drawer:
    """A drawing process. Where it cannot run, the drawing is done here."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bettercare.reporting.drawing"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )

    def draw(self, specs: Sequence[Spec]) -> list[str]:
        """The SVG of each Vega-Lite specification. To be called once: the process then ends."""
        process, self._process = self._process, None
        if process is not None:
            lines = "".join(json.dumps(spec) + "\n" for spec in specs)
            with suppress(OSError, ValueError):
                answer, _ = process.communicate(lines.encode())
                drawn = [str(json.loads(line)) for line in answer.splitlines()]
                if process.returncode == 0 and len(drawn) == len(specs):
                    return drawn
        import vl_convert

        return [vl_convert.vegalite_to_svg(spec) for spec in specs]


def main() -> None:
    """Draw what comes in, one specification a line, until there is no more."""
    import vl_convert

    vl_convert.vegalite_to_svg({"data": {"values": [{}]}, "mark": "point"})  # start the engine before it is needed
    for line in sys.stdin:
        print(json.dumps(vl_convert.vegalite_to_svg(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
