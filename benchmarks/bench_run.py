"""The whole main job: `bettercare run llr --draws 1000`, all scenarios, report included."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from timing import finish, report, run, seconds

BETTERCARE = str(Path(sys.executable).with_name("bettercare"))


def main() -> None:
    """Run twice, each in a fresh process and folder, and take the second: the first fills the file cache."""
    times = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            command = [BETTERCARE, "run", "llr", "--draws", "1000", "--seed", "1", "--out", "out", "--json"]
            times.append(seconds(lambda: run(command, cwd=folder)))  # noqa: B023 (called at once)
            assert (Path(folder) / "out" / "report.html").stat().st_size > 0
    finish(report("bettercare run llr --draws 1000", times[-1], 10.0))


if __name__ == "__main__":
    main()
