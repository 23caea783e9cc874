"""Collapsing 5 million activity records to cells: count, days and squares of days of each."""

from __future__ import annotations

import numpy as np

from bettercare.model.cells import collapse_records, label
from timing import best_of, finish, report

RECORDS = 5_000_000


def main() -> None:
    """Records as a hospital data set has them: codes in columns, one stay each."""
    rng = np.random.default_rng(1)
    columns = [rng.integers(0, n, RECORDS) for n in (30, 4, 2, 19)]  # service, locality, sex, age band
    stay = rng.gamma(0.7, 8.0, RECORDS).round()

    def combined() -> tuple[np.ndarray, np.ndarray]:
        key = columns[0]
        for column, width in zip(columns[1:], (4, 2, 19), strict=True):
            key = key * width + column
        return collapse_records(key, stay)

    codes, moments = combined()
    assert moments[0].sum() == RECORDS
    assert np.isclose(moments[1].sum(), stay.sum())
    kept = report(f"collapse {RECORDS:,} records to {codes.size:,} cells", best_of(3, combined), 5.0)
    keys = np.stack(columns, axis=1)
    kept_any = report("number the cells of any columns (label)", best_of(1, lambda: label(keys)), 5.0)
    finish(kept, kept_any)


if __name__ == "__main__":
    main()
