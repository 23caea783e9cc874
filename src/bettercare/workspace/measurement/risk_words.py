"""The model of who comes to need social care, worked out beside the requests and put into words for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bettercare import UsageError
from bettercare.activity.risk_judged import CHANCES
from bettercare.reporting import risk_answer
from bettercare.workspace.measurement import records
from bettercare.workspace.measurement.beside import NONE, Kept, beside
from bettercare.workspace.programme import facts

if TYPE_CHECKING:
    from bettercare import Plan
    from bettercare.activity.risk_need import Need
    from bettercare.activity.store import Store


@dataclass(frozen=True)
class Shown:
    """What the page says of the model. `state` is none (no store), working, ready or failed."""

    state: str
    why: str = ""
    badge: str = ""
    sentences: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()
    calibration: tuple[tuple[str, str, str, str, str], ...] = ()
    chances: tuple[str, ...] = ()
    places: tuple[tuple[str, list[str]], ...] = ()


def need(plan: Plan) -> Shown:
    """The model on the store's feeds, kept for a plan and a state of the store."""
    try:
        store = records.store()
    except UsageError as error:
        return Shown("failed", str(error))
    kept = NONE if store is None or not store.organisations("events") else _kept(store, plan)
    if store is None or kept.state != "ready":
        return Shown(kept.state, kept.why)
    return _said(kept.value, plan, store.synthetic)


def _kept(store: Store, plan: Plan) -> Kept:
    def work() -> Need:
        from bettercare.activity.risk_need import need_of

        with store.connect(plan) as connection:
            return need_of(store, plan, connection)

    return beside(("need", plan.fingerprint, records.state_of(store)), work)


def _said(found: Need, plan: Plan, synthetic: bool) -> Shown:
    columns = [name for _, name in CHANCES]
    names = risk_answer.place_names(plan)
    return Shown(
        "ready",
        badge=records.MADE_UP if synthetic else "modelled",
        sentences=tuple(risk_answer.sentences(found, facts.partner_names(plan))),
        weights=tuple(risk_answer.weights(found)),
        calibration=tuple(risk_answer.calibration(found)),
        chances=(*columns, "all"),
        places=tuple((names.get(p, p), counts) for p, counts in risk_answer.by_place(found.people, "chance", columns)),
    )
