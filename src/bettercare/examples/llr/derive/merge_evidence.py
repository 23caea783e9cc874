"""evidence.csv: the parts that each script's author keeps (evidence-*.csv) joined, each source once."""

from __future__ import annotations

import csv
from pathlib import Path

from bettercare.examples.llr.derive.tables import HERE, PLAN, write


def merged() -> list[dict[str, str]]:
    """All sources by code. ValueError where two parts give one code to different sources."""
    found: dict[str, dict[str, str]] = {}
    for part in sorted(HERE.glob("evidence-*.csv")):
        with part.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                code = row["code"]
                if code in found and found[code] != row:
                    raise ValueError(f"{part.name}: {code} is already another source in a part read before it")
                found[code] = row
    return [found[code] for code in sorted(found)]


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write evidence.csv."""
    return {"evidence": write("evidence", merged(), folder)}
