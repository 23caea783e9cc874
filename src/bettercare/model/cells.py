"""Cells: the fewest groups of activity that population change, growth or any effect tells apart.

A sum of independent Poisson counts is Poisson, so drawing the total of a cell has the same distribution of counts as
drawing every record in it. Bed days keep their first two moments through the count, the sum and the sum of squares of
length of stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


def label(keys: NDArray[np.generic]) -> tuple[Codes, Codes]:
    """Number the distinct rows of `keys`, shape (records, columns): (cell of each record, first record of each cell).

    Cells are numbered in the order of their keys, so the order of the records does not matter.
    """
    codes = np.zeros(keys.shape[0], dtype=np.int64)
    for column in range(keys.shape[1]):
        _, part = np.unique(keys[:, column], return_inverse=True)
        width = int(part.max()) + 1 if part.size else 1
        codes = codes * width + part.reshape(-1)
        if codes.size and codes.max() > 2**40:  # renumber before the product can overflow
            codes = np.unique(codes, return_inverse=True)[1].reshape(-1).astype(np.int64)
    _, first, cell = np.unique(codes, return_index=True, return_inverse=True)
    return cell.reshape(-1).astype(np.int64), first.astype(np.int64)


def moments(cell: Codes, cells: int, count: Array, mean_stay: Array, sd_stay: Array) -> Array:
    """Count, sum and sum of squares of length of stay of each cell, shape (3, cells)."""
    return np.stack(
        [
            np.bincount(cell, weights=count, minlength=cells),
            np.bincount(cell, weights=count * mean_stay, minlength=cells),
            np.bincount(cell, weights=count * (mean_stay**2 + sd_stay**2), minlength=cells),
        ]
    )


def collapse_records(keys: Codes, stay_days: Array) -> tuple[Codes, Array]:
    """Collapse person-level records to cells: (code of each cell, moments of shape (3, cells)).

    `keys` holds one non-negative integer code per record (service, place, age group and so on, already combined);
    `stay_days` its length of stay.
    """
    cells = int(keys.max()) + 1 if keys.size else 0
    if cells <= 4 * keys.size + 1024:  # dense codes: count straight into place
        count = np.bincount(keys, minlength=cells)
        codes = np.flatnonzero(count)
        days = np.bincount(keys, weights=stay_days, minlength=cells)
        squares = np.bincount(keys, weights=stay_days * stay_days, minlength=cells)
        return codes.astype(np.int64), np.stack([count.astype(np.float64), days, squares])[:, codes]
    codes, cell = np.unique(keys, return_inverse=True)
    ones = np.ones(keys.size)
    return codes.astype(np.int64), moments(cell.reshape(-1), codes.size, ones, stay_days, np.zeros(keys.size))
