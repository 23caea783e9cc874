"""Benefits of initiatives: claimed, compared and learnt from. Worked out beside the requests and kept.

What was learnt is kept by plan and observations, what was compared by plan, store and initiative: a new revision, a new
file or a new feed is worked out afresh.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from bettercare import Problems, UsageError
from bettercare.plan.new import LEARNING_FILE
from bettercare.workspace import memory
from bettercare.workspace.measurement import records

if TYPE_CHECKING:
    from bettercare import Plan
    from bettercare.appraisal.benefits import Benefits
    from bettercare.appraisal.learned import Change, Claim, EffectLearned
    from bettercare.appraisal.learned_read import Seen
    from bettercare.appraisal.learned_update import Update

MOST = 24
DRAWS: int | None = None  # the plan's own number


@dataclass(frozen=True)
class Learnt:
    """What was learnt from all observations of the partnership, and what each initiative's effects would become."""

    scenario: str
    scenario_title: str
    year: str
    draws: int
    seed: int
    observations: int
    claims: tuple[Claim, ...]
    effects: tuple[EffectLearned, ...]
    changes: tuple[Change, ...]
    left_out: Mapping[str, str]
    conflicts: tuple[str, ...]
    updates: Mapping[str, Update]


@dataclass(frozen=True)
class Kept:
    """Something that is worked out beside the requests. `state` is none, working, ready or failed."""

    state: str
    value: Any = None
    why: str = ""


NONE, WORKING = Kept("none"), Kept("working")
_kept: OrderedDict[Hashable, Kept] = OrderedDict()
_lock = threading.Lock()
_turn = threading.Lock()  # one at a time: each needs a core and 100 MB


def keep(plan: Plan) -> None:
    """Keep the observations beside a plan with the workspace's own files: a revision holds the plan's tables only."""
    from bettercare.appraisal.learned_read import published

    there = published(plan)
    if there is None:
        return
    path = Path(settings.DATA) / LEARNING_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(there.read_bytes())
    os.replace(new, path)


def observations() -> Path | None:
    """The file of observations that the workspace learns from, if it has one."""
    path = Path(settings.DATA) / LEARNING_FILE
    return path if path.is_file() else None


def claims(plan: Plan, initiative: str) -> list[Seen]:
    """The judged benefits of an initiative's effects. Raises Problems where the file has mistakes."""
    from bettercare.appraisal.learned_read import read_observations

    path = observations()
    if path is None:
        return []
    mine = set(plan["effects"].filter(plan["effects"]["initiative"] == initiative)["code"].to_list())
    return [s for s in read_observations(plan, (str(path),)) if s.kind == "benefit" and s.effect in mine]


def learnt(plan: Plan) -> Kept:
    """A `Learnt`, or that it is being worked out, or why there is none."""
    path = observations()
    if path is None:
        return NONE
    key = ("learnt", plan.fingerprint, hashlib.sha256(path.read_bytes()).hexdigest(), DRAWS)
    return _beside(key, lambda: _learn(plan, path))


def compared(plan: Plan, initiative: str) -> Kept:
    """A `Benefits` of the store's records, or that it is being worked out, or why there is none."""
    try:
        store = records.store()
    except UsageError as error:
        return Kept("failed", why=str(error))
    if store is None or not store.organisations("events"):
        return NONE
    key = ("compared", plan.fingerprint, records.state_of(store), initiative)

    def work() -> Benefits:
        from bettercare.appraisal.benefits import benefits

        connection = store.connect(plan)
        try:
            return benefits(plan, connection, initiative)
        finally:
            connection.close()

    return _beside(key, work)


def forget() -> None:
    """Drop what is kept."""
    with _lock:
        _kept.clear()


def _beside(key: Hashable, work: Callable[[], Any]) -> Kept:
    """What is kept under a key; where nothing is, starts a thread that works it out."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        while len(_kept) >= MOST:
            _kept.popitem(last=False)
        _kept[key] = WORKING
    threading.Thread(target=_work, args=(key, work), daemon=True, name="benefits").start()
    return WORKING


def _work(key: Hashable, work: Callable[[], Any]) -> None:
    try:
        with _turn:
            made = Kept("ready", work())
    except UsageError as error:
        made = Kept("failed", why=str(error))
    except Problems as problems:
        made = Kept("failed", why=" ".join(str(p) for p in problems.items[:5]))
    except Exception:  # a page must not fail because its figures do
        logging.getLogger(__name__).exception("benefits could not be worked out")
        made = Kept("failed", why="It could not be worked out. The server's log says why.")
    memory.give_back()
    with _lock:
        _kept[key] = made


def _learn(plan: Plan, path: Path) -> Learnt:
    from bettercare.appraisal.learned import learn
    from bettercare.appraisal.learned_update import update

    found = learn(plan, (str(path),), draws=DRAWS, threads=1)
    year = plan.settings.headline_year or found.before.years[-1]
    touched = {e.initiative for e in found.effects if e.informed}
    return Learnt(
        scenario=found.scenario,
        scenario_title=plan.scenarios[found.scenario].title,
        year=year,
        draws=found.before.draws,
        seed=found.before.seed,
        observations=len(found.used),
        claims=found.claims,
        effects=found.effects,
        changes=tuple(found.changes(year)),
        left_out={seen.id: why for seen, why in found.left_out},
        conflicts=tuple(check.id for check in found.learned.conflicts),
        updates={code: update(found, code) for code in touched},
    )
