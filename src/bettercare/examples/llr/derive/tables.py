"""Reading the source tables and writing the plan's tables: what all derivation scripts share."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HERE = Path(__file__).parent
PLAN = HERE.parent

LOCALITIES = ("leicester", "leicestershire", "rutland")
OUTSIDE = "outside"
SEXES = ("F", "M")
AGE_LOWS = tuple(range(0, 95, 5))
BANDS = tuple((low, low + 4 if low < 90 else 120) for low in AGE_LOWS)
QUINTILES = (1, 2, 3, 4, 5)

# The county council's area is seven districts; Leicester and Rutland are districts of their own.
DISTRICTS: Mapping[str, str] = {
    "Leicester": "leicester",
    "Blaby": "leicestershire",
    "Charnwood": "leicestershire",
    "Harborough": "leicestershire",
    "Hinckley and Bosworth": "leicestershire",
    "Melton": "leicestershire",
    "North West Leicestershire": "leicestershire",
    "Oadby and Wigston": "leicestershire",
    "Rutland": "rutland",
}

# Published later than the plan's own date and knowingly used: every row that uses one says so.
STAND_IN = {
    "mye": "ONS published the mid-2014 estimate in June 2015; used as the best count of the people of 2014.",
    "components": "Later revision of ONS components of change, used for what was already published in 2014 and 2015.",
    "imd": "Index of Multiple Deprivation 2015, published in September 2015; stands in for the 2010 index.",
    "rates": "England rates of 2011/12, published in 2016 and 2017; stand in for local records.",
}


def read(name: str) -> list[dict[str, str]]:
    """Rows of ``derive/source-<name>.csv``."""
    with (HERE / f"source-{name}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def _figures() -> dict[str, float]:
    return {row["code"]: float(row["value"]) for row in read("figures")}


def figure(code: str) -> float:
    """The value of one figure of source-figures.csv. KeyError where there is no such figure."""
    return _figures()[code]


def schema_columns(table: str) -> list[str]:
    """Columns of a plan table, in the order of its schema."""
    schema = PLAN.parents[1] / "plan" / "schema" / f"{table}.csv"
    with schema.open(encoding="utf-8", newline="") as lines:
        return [row["column"] for row in csv.DictReader(lines)]


def write(table: str, rows: Iterable[Mapping[str, object]], folder: Path = PLAN) -> int:
    """Write a plan table with its schema's columns; returns the number of rows.

    Numbers are written as short as they are exact at the given rounding (``12`` not ``12.0``). Errors: KeyError for a
    column that the schema does not have.
    """
    columns = schema_columns(table)
    count = 0
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            extra = set(row) - set(columns)
            if extra:
                raise KeyError(f"{table}.csv has no column {sorted(extra)}")
            writer.writerow([_text(row.get(column)) for column in columns])
            count += 1
    return count


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".") or "0"
    return str(value)


def rounded_to_total(values: Array, total: float, unit: float = 0.1) -> Array:
    """Values scaled to a total and rounded to a unit so that their sum is the rounded total (largest remainders).

    Any shape; values must not be negative and must not all be zero unless the total is zero.
    """
    if total == 0.0 or values.sum() == 0.0:
        return np.zeros_like(values)
    exact = (values * (total / values.sum()) / unit).ravel()
    floor = np.floor(exact + 1e-9)
    short = round(total / unit) - round(floor.sum())
    order = np.argsort(-(exact - floor), kind="stable")[: max(short, 0)]
    floor[order] += 1.0
    return np.round(floor * unit, 6).reshape(values.shape)


def shares(weights: Sequence[float], digits: int = 4) -> list[float]:
    """Weights as shares that add up to exactly 1 at the given number of digits; the largest takes what is left."""
    total = sum(weights)
    result = [round(w / total, digits) for w in weights]
    largest = max(range(len(result)), key=lambda i: result[i])
    result[largest] = round(result[largest] + 1.0 - sum(result), digits)
    return result
