"""How a model of chances did in a year that it had not seen: calibration by group, and the c-statistic.

Calibration in groups and discrimination are what the TRIPOD statement (Collins and others 2015) asks of a model of
chances. The groupings by age, sex and ethnic group are totals of one table that is protected as a whole, so that none
gives a hidden number of another away. People by place and chance are protected apart: they share only their total with
these, and a test with a solver finds nothing to be had from both together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from bettercare.activity.disclosure import ALL, Protected, protect
from bettercare.activity.indicator_series import ROUNDED, Z, interval

FEW = 50  # people who began care in a year, without whom nothing is fitted; and of a group, to say a share of it
GROUPS = ("age", "sex", "ethnic_group")
EVERYBODY = "everybody"
CHANCES = ((0.02, "below 2%"), (0.05, "2% to 5%"), (0.1, "5% to 10%"), (None, "10% and over"))


def band_of_chance() -> pl.Expr:
    """The band that the column `chance` falls in."""
    out = pl.lit(CHANCES[-1][1])
    for top, name in reversed(CHANCES[:-1]):
        out = pl.when(pl.col("chance") < top).then(pl.lit(name)).otherwise(out)
    return out


def discrimination(judged: pl.DataFrame) -> tuple[float, float, float]:
    """The c-statistic, and a 95% interval of it (Hanley and McNeil 1982), of rows of people, began and chance.

    It is the share of pairs, of somebody who began care and somebody who did not, in which the first had the higher
    chance (half where they are alike).
    """
    from sklearn.metrics import roc_auc_score

    chance, began = judged["chance"].to_numpy(), judged["began"].to_numpy()
    others = judged["people"].to_numpy() - began
    weight = np.concatenate([began, others])
    c = float(roc_auc_score(np.repeat([1, 0], len(chance)), np.tile(chance, 2), sample_weight=weight))
    one, none = float(began.sum()), float(others.sum())
    better, worse = c / (2 - c) - c * c, 2 * c * c / (1 + c) - c * c
    half = Z * math.sqrt((c * (1 - c) + (one - 1) * better + (none - 1) * worse) / (one * none))
    return c, max(0.0, c - half), min(1.0, c + half)


def calibration(judged: pl.DataFrame, places: Protected) -> pl.DataFrame:
    """Expected and observed shares (%) of everybody and by group, from counts as they may be shown.

    A row each: group, value, people, began (as shown), expected, observed, low, high, inside. `places` counts the same
    people by place and stands beside this: where their number is hidden here and shown there, it is shown here too, as
    whoever reads one reads both.
    """
    cube = judged.group_by(GROUPS).agg(pl.col("people").sum(), pl.col("began").sum())
    table = protect(cube, GROUPS, ["began", "people"], within=[("began", "people")])
    expected = (pl.col("chance") * pl.col("people")).sum() / pl.col("people").sum()
    everybody, elsewhere = (t.where().row(0, named=True) for t in (table, places))
    if everybody["people"] is None:
        everybody |= {name: elsewhere[name] for name in ("people", "people_shown")}
    parts = [_line(EVERYBODY, ALL, everybody, judged.select(expected).item())]
    for group in GROUPS:
        for value, share in judged.group_by(group).agg(expected.alias("share")).sort(group).iter_rows():
            parts.append(_line(group, value, table.where(**{group: value}).row(0, named=True), share))
    return pl.DataFrame(parts, infer_schema_length=None)


def _line(group: str, value: str, public: dict[str, Any], expected: float) -> dict[str, Any]:
    """One row: shares are blank where a count is hidden or the group is smaller than 50.

    The interval is that of a share (Wilson), widened by what rounding to the nearest 5 may have taken or added.
    """
    n, k = public["people"], public["began"]
    out = {"group": group, "value": value, "people": public["people_shown"], "began": public["began_shown"],
           "expected": None, "observed": None, "low": None, "high": None, "inside": None}  # fmt: skip
    if n is None or k is None or n < FEW:
        return out
    low = interval(max(k - ROUNDED, 0), n + ROUNDED)[0]
    high = interval(k + ROUNDED if k else 0, n - ROUNDED)[1]
    shares = {"expected": 100 * expected, "observed": 100 * k / n, "low": low, "high": high}
    said = {name: round(share, 2) for name, share in shares.items()}
    return out | said | {"inside": said["low"] <= said["expected"] <= said["high"]}
