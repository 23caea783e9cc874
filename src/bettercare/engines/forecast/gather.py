"""Collects batches of draws, straight into arrays of their final size."""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.causes import Cause
from bettercare.engines.forecast.measures import Batch, Key
from bettercare.engines.forecast.results import ScenarioResult
from bettercare.engines.forecast.system import System
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]


class Gathered:
    """The draws of one scenario as they come in, from any thread and in any order."""

    def __init__(self, plan: Plan, system: System, draws: int) -> None:
        self._plan, self._system, self._draws = plan, system, draws
        self._lock = Lock()
        self._keys: tuple[Key, ...] = ()
        self._arrays: dict[str, Array] = {}
        self._sums: dict[int, tuple[dict[str, Array], Array]] = {}
        self._inputs = np.empty((len(system.inputs), draws)).T  # an input's draws side by side
        self._missing = draws

    def put(self, start: int, batch: Batch, positions: Array) -> ScenarioResult | None:
        """Keep the batch that begins with draw `start`; the result, when it was the last one."""
        with self._lock:
            if not self._keys:
                self._keys = tuple(batch.values)
                self._arrays["values"] = np.empty((len(self._keys), len(self._system.years), self._draws))
                for name, part in batch.whole.items():
                    self._arrays[name] = np.empty((*part.shape[:-1], self._draws))
            self._sums[start] = (batch.ledger, batch.partner_kinds)
        stop = start + positions.shape[0]
        for k, key in enumerate(self._keys):
            self._arrays["values"][k, :, start:stop] = batch.values[key]
        for name, part in batch.whole.items():
            self._arrays[name][..., start:stop] = part
        self._inputs[start:stop] = positions
        with self._lock:
            self._missing -= positions.shape[0]
            return self._result() if self._missing == 0 else None

    def _result(self) -> ScenarioResult:
        """All draws; sums over batches are taken in the order of the draws, so that they do not depend on threads."""
        order = [self._sums[start] for start in sorted(self._sums)]
        causes = self._system.causes
        ledger: dict[tuple[str, Cause], Array] = {}
        for name in order[0][0]:
            mean = np.sum([sums[name] for sums, _ in order], axis=0) / self._draws
            ledger |= {(name, cause): mean[k] for k, cause in enumerate(causes) if mean[k].any()}
        arrays = self._arrays
        gap = arrays.pop("gap_causes")
        return ScenarioResult(
            plan=self._plan,
            system=self._system,
            keys=self._keys,
            values=arrays.pop("values"),
            ledger=ledger,
            partner_kinds=np.sum([kinds for _, kinds in order], axis=0) / self._draws,
            out=arrays.pop("out"),
            alone=arrays.pop("alone"),
            gap_causes={cause: gap[k] for k, cause in enumerate(causes) if gap[k].any()},
            inputs=self._inputs,
            real=arrays,
        )
