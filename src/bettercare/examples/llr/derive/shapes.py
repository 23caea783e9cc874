"""growth.csv and profiles.csv: how use grows beyond people, and its shape over the year, the week and the day."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bettercare.examples.llr.derive.tables import PLAN, figure, read, write

FROM, TO = "2014/15", "2018/19"
FIRST = {"month": 1, "weekday": 1, "hour": 0}


def _growth() -> list[dict[str, object]]:
    """One row for each service of a line of source-growth.csv: a normal with its 5% and 95% points."""
    rows: list[dict[str, object]] = []
    for line in read("growth"):
        for service in line["services"].split(";"):
            rows.append(
                {
                    "code": line["code"],
                    "service": service,
                    "age_low": int(line["age_low"]),
                    "age_high": int(line["age_high"]),
                    "kind": line["kind"],
                    "draw": line["draw"],
                    "from_year": FROM,
                    "to_year": TO,
                    "distribution": "normal",
                    "low": float(line["p5_percent"]),
                    "mode": float(line["mean_percent"]),
                    "high": float(line["p95_percent"]),
                    "interval": "p5-p95",
                    "evidence": line["evidence"],
                    "assumed": line["assumed"],
                }
            )
    return rows


def _profiles() -> list[dict[str, object]]:
    """Weights of source-shapes.csv (months from April, days from Monday, hours from midnight) around a mean of 1."""
    rows: list[dict[str, object]] = []
    for line in read("shapes"):
        shape = np.array([float(weight) for weight in line["weights"].split(";")])
        for position, weight in enumerate(shape / shape.mean(), start=FIRST[line["dimension"]]):
            rows.append(
                {
                    "service": line["service"],
                    "dimension": line["dimension"],
                    "position": position,
                    "weight": round(float(weight), 4),
                    "assumed": line["assumed"],
                }
            )
    return rows


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write growth.csv and profiles.csv.

    Errors: ValueError where older people's growth beyond demography is not below the growth in all of its source.
    """
    rows = _growth()
    older = max(float(str(row["mode"])) for row in rows if row["code"] == "emergency-older")
    if not 0.0 < older < figure("growth-emergency-65"):
        raise ValueError("growth beyond demography must be below the growth in all that its source gives")
    return {"growth": write("growth", rows, folder), "profiles": write("profiles", _profiles(), folder)}
