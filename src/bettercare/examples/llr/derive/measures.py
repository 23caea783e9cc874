"""observations.csv: what was published, before and after the plan, each with the basis on which it was counted.

Everything here was known to those who built this example, so nothing here can test the forecast fairly.
Indicators that indicators.csv does not yet have are appended to it; those it has are left as they are.
"""

from __future__ import annotations

import csv
from pathlib import Path

from bettercare.examples.llr.derive.tables import PLAN, read, schema_columns, write

YEARS = tuple(f"{y}/{(y + 1) % 100:02d}" for y in range(2010, 2019))


def _observations() -> list[dict[str, object]]:
    figures = {row["code"]: row for row in read("figures")}
    rows: list[dict[str, object]] = []

    def add(line: dict[str, str], code: str, period: str, year: str, used: str) -> None:
        found = figures[code]
        rows.append(
            {
                "indicator": line["indicator"],
                "period": period,
                "basis": line["basis"],
                "year": year,
                "value": round(float(found["value"]) * float(line["factor"]), 4),
                "used": used,
                "known_to_builders": True,
                "evidence": found["source"],
                "note": line["note"],
            }
        )

    for line in read("observed-series"):
        for year in YEARS:
            code = f"{line['figures']}-{year.replace('/', '-')}"
            if code in figures:
                add(line, code, year, year, "yes")
    for year in YEARS:
        beds, share = (figures.get(f"{code}-{year.replace('/', '-')}") for code in ("beds-uhl", "occupancy-uhl"))
        if beds and share:
            rows.append(
                {
                    "indicator": "acute-beds-occupied",
                    "period": year,
                    "basis": "KH03 average overnight",
                    "year": year,
                    "value": round(float(beds["value"]) * float(share["value"]), 1),
                    "used": "yes",
                    "known_to_builders": True,
                    "evidence": beds["source"],
                    "note": "Beds times occupancy; occupancy is rounded to 1%, so this is good to 8 beds",
                }
            )
    for line in read("observed"):
        add(line, line["figure"], line["period"], line["year"], line["used"])
    return sorted(rows, key=lambda r: (str(r["indicator"]), str(r["period"]), str(r["basis"])))


def _append_indicators(folder: Path) -> int:
    """Add the indicators that indicators.csv lacks; returns how many it then has."""
    where = folder / "indicators.csv"
    if not where.exists():  # those that were written by hand are only in the plan's own folder
        where = PLAN / "indicators.csv"
    with where.open(encoding="utf-8-sig", newline="") as lines:
        have = list(csv.DictReader(lines))
    known = {row["code"] for row in have}
    why = "No target: held to compare and to learn from."
    new = [{**row, "assumed": why} for row in read("indicators") if row["code"] not in known]
    columns = set(schema_columns("indicators"))
    kept = [{k: v for k, v in row.items() if k in columns} for row in have]
    return write("indicators", [*kept, *new], folder)


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write observations.csv and append to indicators.csv."""
    return {"observations": write("observations", _observations(), folder), "indicators": _append_indicators(folder)}
