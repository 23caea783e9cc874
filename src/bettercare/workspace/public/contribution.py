"""What the forecast says that each initiative contributes; worked out beside the requests, once for a revision."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from bettercare.engines.forecast import initiative_table
from bettercare.workspace.plans import forecast_of

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

DRAWS = 300
MOST_PLANS = 4

Rows = dict[str, list[dict[str, Any]]]
_found: dict[str, Rows | None] = {}  # None: being worked out, or it cannot be
_failed: set[str] = set()
_lock = threading.Lock()
_turn = 0


def turn() -> int:
    """A number that rises whenever there is more to say."""
    return _turn


def contributions(plan: Plan) -> Rows | None:
    """Rows of `initiative_table` by initiative under the main scenario in its last headline year, or None until known.

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
    rows: Rows | None = None
    try:
        main = plan.settings.main
        made = forecast_of(plan, [main], DRAWS)
        found: Rows = {}
        for row in initiative_table(made, main, plan.settings.headline_year or made.years[-1]).iter_rows(named=True):
            found.setdefault(row["initiative"], []).append(row)
        rows = found
    except Exception:  # a page must not fail because its figures do
        logging.getLogger(__name__).exception("the forecast for the public pages could not be made")
        _failed.add(plan.fingerprint)
    with _lock:
        _found[plan.fingerprint] = rows
        _turn += 1
