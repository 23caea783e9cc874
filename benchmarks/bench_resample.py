"""Resampling every record against drawing cells, on the same data, in one process.

The reference is what record-based models do: each record of the base year is given a Poisson number of copies in each
run, with its own factor for demand, thinned by its own effect, and its stay is shortened by its own effect; admissions
and bed days are summed by service and locality. Ours draws the totals of cells, which have the same distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bettercare.foundation.streams import normals, uniforms
from bettercare.model.cells import collapse_records
from bettercare.model.chance import bed_days, poisson_quantile
from timing import best_of, finish, report, seconds

Array = NDArray[np.float64]

SPELLS, RUNS = 250_000, 256
SERVICES, LOCALITIES, SEXES, BANDS = 6, 4, 2, 19
GROUPS = SERVICES * LOCALITIES
PEOPLE = SEXES * BANDS


@dataclass(frozen=True)
class Data:
    """Records: the group (service and locality) and kind of person of each, and its stay in days."""

    group: NDArray[np.int64]
    person: NDArray[np.int64]
    stay: Array
    demand: Array  # (runs, people): change of demand in each run
    left: Array  # (runs, groups): what avoidance leaves
    kept: Array  # (runs, groups): what shortening leaves of a stay


def make() -> Data:
    """Made-up records with stays as skewed as real ones."""
    rng = np.random.default_rng(1)
    group = rng.integers(0, GROUPS, SPELLS)
    return Data(
        group=group,
        person=rng.integers(0, PEOPLE, SPELLS),
        stay=rng.gamma(0.7, 4.0 + group % SERVICES, SPELLS).round(),
        demand=rng.normal(1.08, 0.02, (RUNS, PEOPLE)),
        left=rng.uniform(0.85, 1.0, (RUNS, GROUPS)),
        kept=rng.uniform(0.9, 1.0, (RUNS, GROUPS)),
    )


def record_by_record(data: Data) -> tuple[Array, Array]:
    """The reference: (admissions, bed days), each (runs, groups)."""
    rng = np.random.default_rng(2)
    admissions, days = np.empty((RUNS, GROUPS)), np.empty((RUNS, GROUPS))
    for run in range(RUNS):
        expected = data.demand[run][data.person] * data.left[run][data.group]
        copies = rng.poisson(expected)
        stay = data.stay * data.kept[run][data.group]
        admissions[run] = np.bincount(data.group, weights=copies, minlength=GROUPS)
        days[run] = np.bincount(data.group, weights=copies * stay, minlength=GROUPS)
    return admissions, days


def by_cells(data: Data) -> tuple[Array, Array, Array, Array]:
    """Ours, collapsing included: (admissions, bed days, what was expected of each), each (runs, groups).

    Cells are group and kind of person; chance is drawn for each group.
    """
    cells, moments = collapse_records(data.group * PEOPLE + data.person, data.stay)
    full = np.zeros((3, GROUPS * PEOPLE))
    full[:, cells] = moments
    # expectations before the levers, (runs, groups)
    count, total, square = (np.einsum("rp,gp->rg", data.demand, m) for m in full.reshape(3, GROUPS, PEOPLE))
    mean = total / count * data.kept
    variance = (square / count - (total / count) ** 2) * data.kept**2
    expected = count * data.left
    luck = np.stack([uniforms(1, f"count:{g}", RUNS) for g in range(GROUPS)], axis=1)
    length = np.stack([normals(1, f"days:{g}", RUNS) for g in range(GROUPS)], axis=1)
    admissions = poisson_quantile(luck, expected)
    return admissions, bed_days(admissions, mean, variance, length), expected, expected * mean


def agree(reference: tuple[Array, Array], ours: tuple[Array, Array, Array, Array]) -> None:
    """Means and spreads around the expectation within 4 standard errors, pooled over groups."""
    for name, a, b, expected in zip(("admissions", "bed days"), reference, ours[:2], ours[2:], strict=True):
        by_record, by_cell = a - expected, b - expected
        spread, our_spread = by_record.std(axis=0), by_cell.std(axis=0)
        noise = np.sqrt((spread**2 + our_spread**2) / RUNS)
        shift = (by_record.mean(axis=0) - by_cell.mean(axis=0)) / noise
        assert abs(shift.mean()) < 4.0 / np.sqrt(GROUPS), (name, shift)
        assert abs(np.log(our_spread / spread).mean()) < 4.0 / np.sqrt(RUNS * GROUPS), (name, spread, our_spread)
        print(f"{name}, by record and by cell: mean {a.mean():,.1f} and {b.mean():,.1f}", end=", ")
        print(f"chance (standard deviation) {spread.mean():,.1f} and {our_spread.mean():,.1f}")


def main() -> None:
    """Time both and print the ratio."""
    data = make()
    results: dict[str, Any] = {}
    slow = seconds(lambda: results.__setitem__("reference", record_by_record(data)))
    fast = best_of(5, lambda: results.__setitem__("ours", by_cells(data)))
    agree(results["reference"], results["ours"])
    print(f"record by record {slow:.2f} s, cells {fast * 1000.0:.1f} ms ({SPELLS:,} spells, {RUNS} runs)")
    finish(report("resampling: reference over ours", slow / fast, 100.0, "times", at_least=True))


if __name__ == "__main__":
    main()
