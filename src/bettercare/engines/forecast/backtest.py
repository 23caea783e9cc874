"""How good the forecast was: what happened, held against what was forecast."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.results import Forecast, ScenarioResult

Array = NDArray[np.float64]

INTERVALS = {"inside50": (0.25, 0.75), "inside80": (0.10, 0.90), "inside90": (0.05, 0.95)}


def crps(draws: Array, observed: float) -> float:
    """Continuous ranked probability score of a forecast given as draws, in the unit of the measure; 0 is perfect.

    E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007, JASA 102:359), the second term over distinct pairs of draws.
    """
    x = np.sort(draws)
    n = x.size
    weight = 2.0 * np.arange(1, n + 1) - n - 1.0
    pairs = 2.0 * float((weight * x).sum()) / (n * (n - 1.0)) if n > 1 else 0.0
    return float(np.abs(x - observed).mean() - pairs / 2.0)


def backtest(
    f: Forecast, observations: pl.DataFrame | None = None, indicators: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Every observation that a scenario forecast, with the forecast's range, whether it lies inside, and its score.

    `observations` and `indicators` are tables of a plan's form; the plan's own when left out. An observation counts
    when its indicator names a measure of the forecast, its year comes after the base year, and it is the one used where
    two bases differ. `known_to_builders` says whether those who built the forecast had seen it: only the others are a
    test.
    """
    seen = f.plan.tables["observations"] if observations is None else observations
    known = f.plan.tables["indicators"] if indicators is None else indicators
    measures = {r["code"]: r for r in known.iter_rows(named=True) if r["measure"]}
    rows = []
    for row in seen.iter_rows(named=True):
        indicator = measures.get(row["indicator"])
        if indicator is None or not row["used"] or row["year"] not in f.years[1:]:
            continue
        for name, result in f.scenarios.items():
            draws = _draws(result, indicator, row["year"])
            if draws is not None:
                rows.append({"scenario": name, **_score(row, indicator, draws)})
    return pl.DataFrame(rows, schema=_SCHEMA)


def coverage(scores: pl.DataFrame) -> pl.DataFrame:
    """Share of observations inside each interval and the mean score, by scenario and whether the builders knew them.

    A measure without a range (beds that a plan opens or closes) is a decision, not a forecast, and is not counted.
    """
    return (
        scores.filter(pl.col("p95") > pl.col("p5"))
        .group_by("scenario", "known_to_builders", maintain_order=True)
        .agg(
            pl.len().alias("observations"),
            *(pl.col(name).mean() for name in INTERVALS),
            (pl.col("crps") / pl.col("value").abs()).mean().alias("crps_over_value"),
        )
        .sort("scenario", "known_to_builders")
    )


def _draws(result: ScenarioResult, indicator: dict[str, object], year: str) -> Array | None:
    place = indicator["site"] or indicator["locality"] or ""
    try:
        return result.draws(
            str(indicator["measure"]),
            year,
            service=str(indicator["service"] or ""),
            place=str(place),
            partner=str(indicator["partner"] or ""),
        )
    except KeyError:
        return None


def _score(row: dict[str, object], indicator: dict[str, object], draws: Array) -> dict[str, object]:
    value = float(str(row["value"]))
    p5, p50, p95 = np.quantile(draws, [0.05, 0.5, 0.95])
    inside = {
        name: bool(np.quantile(draws, low) <= value <= np.quantile(draws, high))
        for name, (low, high) in INTERVALS.items()
    }
    return {
        "indicator": row["indicator"],
        "name": indicator["name"],
        "measure": indicator["measure"],
        "year": row["year"],
        "basis": row["basis"],
        "unit": indicator["unit"],
        "value": value,
        "p5": float(p5),
        "p50": float(p50),
        "p95": float(p95),
        **inside,
        "crps": crps(draws, value),
        "known_to_builders": bool(row["known_to_builders"]),
    }


_SCHEMA = {
    **dict.fromkeys(("scenario", "indicator", "name", "measure", "year", "basis", "unit"), pl.String),
    **dict.fromkeys(("value", "p5", "p50", "p95"), pl.Float64),
    **dict.fromkeys(INTERVALS, pl.Boolean),
    "crps": pl.Float64,
    "known_to_builders": pl.Boolean,
}
