"""What the forecast says that each initiative contributes; worked out beside the requests, once for a revision."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bettercare.reporting.material import Material
from bettercare.workspace.plans import DRAWS, forecast_of

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

MOST_PLANS = 4


@dataclass(frozen=True)
class Contributed:
    """What the forecast says of one initiative.

    `effects` are its rows of `initiative_table`; `gap` is what all of it does to the yearly gap (mean, p5 and p95 in
    GBP: minus closes it), None where it does nothing to it.
    """

    effects: tuple[Mapping[str, Any], ...] = ()
    gap: tuple[float, float, float] | None = None


Found = dict[str, Contributed]
_found: dict[str, Found | None] = {}  # None: being worked out, or it cannot be
_failed: set[str] = set()
_lock = threading.Lock()
_turn = 0


def turn() -> int:
    """A number that rises whenever there is more to say."""
    return _turn


def contributions(plan: Plan) -> Found | None:
    """What each initiative does under the main scenario in the headline year, by its code, or None until known.

    Starts working them out where nobody has.
    """
    key = plan.fingerprint
    with _lock:
        if key not in _found:
            while len(_found) >= MOST_PLANS:
                _found.pop(next(iter(_found)))
            _found[key] = None
            threading.Thread(target=_work, args=(plan,), daemon=True, name="contributions").start()
        return _found[key]


def failed(plan: Plan) -> bool:
    """Whether the forecast of a plan cannot be made."""
    return plan.fingerprint in _failed


def _work(plan: Plan) -> None:
    global _turn
    found: Found | None = None
    try:
        found = _contributed(Material(forecast_of(plan, [plan.settings.main], DRAWS)))
    except Exception:  # a page must not fail because its figures do
        logging.getLogger(__name__).exception("the forecast for the public pages could not be made")
        _failed.add(plan.fingerprint)
    with _lock:
        _found[plan.fingerprint] = found
        _turn += 1


def _contributed(m: Material) -> Found:
    effects: dict[str, list[Mapping[str, Any]]] = {}
    for row in m.initiatives.iter_rows(named=True):
        effects.setdefault(row["initiative"], []).append(row)
    # From where a paper takes it: some initiatives move money and no activity.
    gaps = {code: (mean, p5, p95) for code, _, mean, p5, p95 in m.by_initiative.iter_rows()}
    return {code: Contributed(tuple(effects.get(code, ())), gaps.get(code)) for code in effects.keys() | gaps.keys()}
