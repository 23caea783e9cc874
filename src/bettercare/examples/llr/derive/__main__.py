"""Write the plan's derived tables again: ``python -m bettercare.examples.llr.derive [folder]``.

The scripts read only the source tables beside them (and, for money, the activity written just before); the same input
gives the same bytes.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from bettercare.examples.llr.derive.tables import PLAN

PARTS = (
    "population",
    "places",
    "activity",
    "shapes",
    "patient_flow",
    "measures",
    "money",
    "scenarios",
    "merge_evidence",
)


def main(folder: Path) -> None:
    """Run every part in order and say how many rows each table has."""
    for part in PARTS:
        module = import_module(f"bettercare.examples.llr.derive.{part}")
        if not hasattr(module, "write_tables"):
            module.main(folder)  # says itself what it wrote
            continue
        for table, rows in module.write_tables(folder).items():
            print(f"{table}.csv: {rows} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PLAN)
