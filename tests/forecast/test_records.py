"""Cells against records: drawing totals has the mean and the variance of resampling every record."""

import numpy as np
import pytest
from scipy.stats import norm

from bettercare.model.cells import collapse_records
from bettercare.model.chance import bed_days, poisson_quantile


def test_counts_and_bed_days_agree_with_resampling_every_record() -> None:
    """3,000 spells in 12 cells, each multiplied by its cell's factor: 4,000 resamples of each against our draws."""
    rng = np.random.default_rng(5)
    records, cells, runs = 3000, 12, 4000
    cell = rng.integers(0, cells, records)
    stay = np.round(rng.lognormal(1.2, 1.0, records) * (1 + cell / 6))
    factor = np.linspace(0.6, 1.5, cells)

    counts, days = np.empty(runs), np.empty(runs)
    for r in range(runs):
        weight = rng.poisson(factor[cell])
        counts[r], days[r] = weight.sum(), (weight * stay).sum()

    codes, table = collapse_records(cell, stay)
    assert np.array_equal(codes, np.arange(cells))
    scaled = table * factor
    expected, total, squares = scaled.sum(axis=1)
    u, v = rng.random(runs), rng.random(runs)
    ours = poisson_quantile(u, np.full(runs, expected))
    mean = total / expected
    ours_days = bed_days(ours, np.full(runs, mean), np.full(runs, squares / expected - mean**2), norm.ppf(v))

    error = counts.std() / np.sqrt(runs)
    assert ours.mean() == pytest.approx(counts.mean(), abs=5 * error)
    assert ours_days.mean() == pytest.approx(days.mean(), abs=5 * days.std() / np.sqrt(runs))
    spread = np.sqrt(2.0 / runs)  # relative standard error of a variance
    assert ours.var() == pytest.approx(counts.var(), rel=6 * spread)
    assert ours_days.var() == pytest.approx(days.var(), rel=6 * spread)
    # and both agree with the compound Poisson formulas
    assert counts.var() == pytest.approx(expected, rel=6 * spread)
    assert days.var() == pytest.approx(squares, rel=6 * spread)


def test_a_finer_cut_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    cell, stay = rng.integers(0, 40, 10_000), rng.integers(0, 30, 10_000).astype(float)
    _, fine = collapse_records(cell, stay)
    _, coarse = collapse_records(cell // 10, stay)
    assert fine.sum(axis=1) == pytest.approx(coarse.sum(axis=1))
    assert coarse == pytest.approx(fine.reshape(3, 4, 10).sum(axis=2))
