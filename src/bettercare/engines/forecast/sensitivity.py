"""What the answer hangs on: one input at a time, and shares of the variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.results import ScenarioResult, known
from bettercare.engines.forecast.run import evaluate
from bettercare.engines.forecast.system import System
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]

ENDS = (0.05, 0.95)  # an input's low and high end: one chance in twenty of lying beyond each
_PERMUTATIONS = 40


@dataclass(frozen=True)
class Tornado:
    """One-at-a-time sensitivity of one measure in one year.

    `table` has a row an input, widest first: input, label, group, badge, low, high (the measure with that input alone
    at its 5% and 95% point, all others at their middle). `base` is the measure with all at their middle; `joint` the
    lowest and highest value with every assumed input at the end that lowers, or raises, it.
    """

    measure: str
    year: str
    base: float
    table: pl.DataFrame
    joint: tuple[float, float]


def tornado(plan: Plan, scenario: str, year: str, measure: str = "gap_gbp") -> Tornado:
    """Move each named input to its ends and see how far the measure moves; chance is left out.

    Raises UsageError for a scenario, year or measure that is not known.
    """
    system = compile_plan(plan.under(scenario))
    system.at_year(year)
    inputs = system.inputs
    n = len(inputs)
    positions = np.full((1 + 2 * n, n), 0.5)
    for i in range(n):
        positions[1 + 2 * i, i], positions[2 + 2 * i, i] = ENDS
    values = _measure(system, positions, measure, year)
    low, high = values[1::2], values[2::2]
    joint_positions = np.full((2, n), 0.5)
    for i, item in enumerate(inputs):
        if item.badge == "assumed":
            rising = high[i] >= low[i]
            joint_positions[0, i] = ENDS[0] if rising else ENDS[1]
            joint_positions[1, i] = ENDS[1] if rising else ENDS[0]
    joint = _measure(system, joint_positions, measure, year)
    table = pl.DataFrame(
        {
            "input": [i.name for i in inputs],
            "label": [i.label for i in inputs],
            "group": [i.group for i in inputs],
            "badge": [i.badge for i in inputs],
            "low": low,
            "high": high,
        },
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    table = table.with_columns(swing=(pl.col("high") - pl.col("low")).abs()).sort(
        ["swing", "input"], descending=[True, False]
    )
    return Tornado(measure, year, float(values[0]), table, (float(joint[0]), float(joint[1])))


def _measure(system: System, positions: Array, measure: str, year: str) -> Array:
    batch = evaluate(system, positions)
    whole = {k.measure: value for k, value in batch.values.items() if not (k.service or k.place or k.partner)}
    known(whole, measure, "measure")
    return np.asarray(whole[measure][system.at_year(year)])


def variance_shares(result: ScenarioResult, year: str, measure: str = "gap_gbp") -> pl.DataFrame:
    """First-order share of the variance of a measure that each group of inputs explains, from the forecast's own draws.

    The mean of the measure given a group is fitted by squares of the inputs' normal scores; the share is the adjusted
    R squared (Ezekiel 1930), which is free of the bias that grows with the number of inputs. `noise_floor` is the 95%
    point of the largest share of any group when the draws are shuffled, so that nothing is explained: a share below it
    is not distinguishable from none, although many groups are tried. Inputs in one group (an initiative's effects, date
    and cost) are taken together; shares of groups that move together through the programme's luck overlap, so they need
    not add up to 1.
    """
    from scipy.special import ndtri

    result.check_measure(measure)
    y = result.draws(measure, year)
    scores = ndtri(result.inputs)
    groups: dict[str, list[int]] = {}
    for i, item in enumerate(result.system.inputs):
        groups.setdefault(item.group, []).append(i)
    rng = np.random.Generator(np.random.Philox(key=[0, 0]))
    shuffled = np.stack([rng.permutation(y) for _ in range(_PERMUTATIONS)], axis=1)
    rows: list[dict[str, object]] = []
    largest = np.zeros(_PERMUTATIONS)
    for group, at in groups.items():
        z = scores[:, at]
        design = np.column_stack([z, z * z - 1.0])
        share = _adjusted(design, y[:, None])[0]
        largest = np.maximum(largest, _adjusted(design, shuffled))
        label = result.system.inputs[at[0]].label if len(at) == 1 else group
        rows.append({"group": group, "label": label, "inputs": len(at), "share": float(share)})
    schema = {
        "group": pl.String, "label": pl.String, "inputs": pl.Int64, "share": pl.Float64
    }  # fmt: skip
    floor = pl.lit(float(np.quantile(largest, 0.95))).alias("noise_floor")
    return pl.DataFrame(rows, schema=schema).with_columns(floor).sort(["share", "group"], descending=[True, False])


def _adjusted(design: Array, targets: Array) -> Array:
    """Adjusted R squared of each column of `targets` (draws, targets) on `design` (draws, terms)."""
    n, p = design.shape
    q, _ = np.linalg.qr(design - design.mean(axis=0))
    centred = targets - targets.mean(axis=0)
    total = (centred**2).sum(axis=0)
    explained = ((q.T @ centred) ** 2).sum(axis=0)
    r2 = np.divide(explained, total, out=np.zeros_like(total), where=total > 0.0)
    return np.asarray(1.0 - (1.0 - r2) * (n - 1) / max(n - p - 1, 1))
