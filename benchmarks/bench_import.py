"""How long the program takes to be there: `import bettercare` and `bettercare --help`, in fresh processes."""

from __future__ import annotations

import sys
from pathlib import Path

from timing import best_of, finish, report, run

BETTERCARE = str(Path(sys.executable).with_name("bettercare"))


def main() -> None:
    """Measure both, less what Python itself takes to start for the first."""
    bare = best_of(5, lambda: run([sys.executable, "-c", "pass"]))
    imported = best_of(5, lambda: run([sys.executable, "-c", "import bettercare"])) - bare
    helped = best_of(5, lambda: run([BETTERCARE, "--help"]))
    finish(report("import bettercare", imported, 0.5), report("bettercare --help", helped, 0.4))


if __name__ == "__main__":
    main()
