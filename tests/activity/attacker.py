"""Somebody who knows the rule, sees all that is published, and has a solver: what each hidden number can still be.

Written from the published text alone, apart from the code that it attacks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import polars as pl
from scipy.optimize import Bounds, LinearConstraint, milp


def meaning(text: str, total: bool) -> tuple[float, float]:
    """What a published text says about the count behind it. A hidden cell is 8 or more: smaller ones are `*`."""
    if text == "*":
        return 1, 7
    if text == "..":
        return (1 if total else 8), np.inf
    number = int(text.replace(",", ""))
    return (0, 0) if number == 0 else (max(8, number - 2), number + 2)


class Attacker:
    """The whole numbers that could be behind a published table."""

    def __init__(
        self,
        table: pl.DataFrame,
        dims: Sequence[str],
        counts: Sequence[str],
        within: Sequence[tuple[str, str]] = (),
        groups: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        rows = table.to_dicts()
        tops = {d: {*(groups or {}).get(d, {}).values(), ""} for d in dims}
        cells = [tuple(r[d] for d in dims) for r in rows if all(r[d] not in tops[d] for d in dims)]
        place = {(c, cell): i for i, (c, cell) in enumerate(product(counts, cells))}
        lines, low, high = [], [], []
        self.stars: list[np.ndarray] = []
        for r in rows:
            key = tuple(r[d] for d in dims)
            for c in counts:
                line = np.zeros(len(place))
                for cell in cells:
                    of = [{v, "", (groups or {}).get(d, {}).get(v, "")} for d, v in zip(dims, cell, strict=True)]
                    if all(k in o for k, o in zip(key, of, strict=True)):
                        line[place[c, cell]] = 1
                a, b = meaning(r[f"{c}_shown"], key not in cells)
                lines.append(line)
                low.append(a)
                high.append(b)
                if r[f"{c}_shown"] == "*":
                    self.stars.append(line)
        for part, whole in within:
            for cell in cells:
                line = np.zeros(len(place))
                line[place[part, cell]], line[place[whole, cell]] = -1, 1
                lines.append(line)
                low.append(0)
                high.append(np.inf)
        self.rules = LinearConstraint(np.array(lines), low, high)
        self.n = len(place)

    def _can(self, line: np.ndarray, value: int) -> bool:
        known = [self.rules, LinearConstraint(line[None, :], value, value)]
        found = milp(np.zeros(self.n), constraints=known, integrality=np.ones(self.n), bounds=Bounds(0, np.inf))
        return bool(found.success)

    def left(self) -> Iterator[int]:
        """For each `*`, how many of the values 1 to 7 it can still be (counted up to four)."""
        for line in self.stars:
            possible = 0
            for value in range(1, 8):
                possible += self._can(line, value)
                if possible == 4:
                    break
            yield possible
