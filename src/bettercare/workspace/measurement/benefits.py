"""Benefits of initiatives: claimed, compared and learnt from. Worked out beside the requests and kept.

What was learnt is kept by plan, observations and store, what was compared by plan, store and initiative: a new
revision, a new file or a new feed is worked out afresh. The comparisons of the store's records are learnt from with the
file of observations; where a person entered the same evidence in the file, that stands.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Hashable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from bettercare import UsageError
from bettercare.plan.new import LEARNING_FILE
from bettercare.workspace.measurement import records
from bettercare.workspace.measurement.beside import NONE, Kept, beside, here

if TYPE_CHECKING:
    from bettercare import Plan
    from bettercare.activity.store import Store
    from bettercare.appraisal.benefits import Benefits
    from bettercare.appraisal.learned import Benefit, Change, EffectLearned
    from bettercare.appraisal.learned_read import Seen
    from bettercare.appraisal.learned_update import Update

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
    benefits: tuple[Benefit, ...]
    effects: tuple[EffectLearned, ...]
    changes: tuple[Change, ...]
    left_out: Mapping[str, str]
    conflicts: tuple[str, ...]
    updates: Mapping[str, Update]
    offered: Mapping[str, str]  # the observation that the comparison of an initiative is
    unused: Mapping[str, str]  # why the comparison of an initiative is none
    made_up: tuple[str, ...]


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
    """The judged benefits of an initiative's effects in the file. Raises Problems where the file has mistakes."""
    from bettercare.appraisal.learned_read import read_observations

    path = observations()
    if path is None:
        return []
    mine = set(plan["effects"].filter(plan["effects"]["initiative"] == initiative)["code"].to_list())
    seen = read_observations(plan, (str(path),))
    return [s for s in seen if s.kind == "benefit" and not s.compared and s.effect in mine]


def learnt(plan: Plan) -> Kept:
    """A `Learnt`, or that it is being worked out, or why there is none."""
    path = observations()
    try:
        store = _store()
    except UsageError:
        store = None  # what is wrong with it stands where the comparison would
    if path is None and store is None:
        return NONE
    held = records.state_of(store) if store else ""
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
    return beside(("learnt", plan.fingerprint, digest, held, DRAWS), lambda: _learn(plan, path, store))


def compared(plan: Plan, initiative: str) -> Kept:
    """A `Benefits` of the store's records, or that it is being worked out, or why there is none."""
    try:
        store = _store()
    except UsageError as error:
        return Kept("failed", why=str(error))
    if store is None:
        return NONE
    return beside(_key(plan, store, initiative), lambda: _compare(plan, store, initiative))


def _store() -> Store | None:
    """The workspace's store where it holds events."""
    found = records.store()
    return found if found is not None and found.organisations("events") else None


def _key(plan: Plan, store: Store, initiative: str) -> Hashable:
    return ("compared", plan.fingerprint, records.state_of(store), initiative)


def _compare(plan: Plan, store: Store, initiative: str) -> Benefits:
    from bettercare.appraisal.benefits import benefits

    with closing(store.connect(plan)) as connection:
        return benefits(plan, connection, initiative)


def _offered(plan: Plan, store: Store | None) -> tuple[list[Seen], dict[str, str], dict[str, str]]:
    """The comparisons of a store as observations; their names, and why there is none, by initiative."""
    from bettercare.appraisal.benefits_observed import people_each, schemes, to_observation
    from bettercare.appraisal.learned_read import offered

    found: list[Seen] = []
    names: dict[str, str] = {}
    unused: dict[str, str] = {}
    if store is None:
        return found, names, unused
    with closing(store.connect(plan)) as connection:
        wanted = schemes(plan, connection)
        raised = people_each(plan, connection) if store.synthetic and wanted else None
    for code in wanted:
        kept = here(_key(plan, store, code), partial(_compare, plan, store, code))
        if kept.value is None:
            unused[code] = kept.why
            continue
        try:
            seen = offered(plan, to_observation(kept.value, _named(plan, code), raised))
        except UsageError as error:
            unused[code] = str(error)
        else:
            found.append(seen)
            names[code] = seen.id
    return found, names, unused


def _named(plan: Plan, initiative: str) -> str | None:
    """The effect that the file's claims of an initiative are of, where they are of one: so is its comparison."""
    named = {seen.effect for seen in claims(plan, initiative)}
    return named.pop() if len(named) == 1 else None


def _learn(plan: Plan, path: Path | None, store: Store | None) -> Learnt:
    from bettercare.appraisal.learned import learn
    from bettercare.appraisal.learned_update import update

    compared, names, unused = _offered(plan, store)
    if path is None and not compared:
        raise UsageError("There is no file of observations, and no comparison in the records to learn from.")
    sources = (str(path),) if path else ()
    found = learn(plan, sources, offered=compared, draws=DRAWS, threads=1)
    year = plan.settings.headline_year or found.before.years[-1]
    touched = {e.initiative for e in found.effects if e.informed}
    return Learnt(
        scenario=found.scenario,
        scenario_title=plan.scenarios[found.scenario].title,
        year=year,
        draws=found.before.draws,
        seed=found.before.seed,
        observations=len(found.used),
        benefits=found.benefits,
        effects=found.effects,
        changes=tuple(found.changes(year)),
        left_out={seen.id: why for seen, why in found.left_out},
        conflicts=tuple(check.id for check in found.learned.conflicts),
        updates={code: update(found, code) for code in touched},
        offered=names,
        unused=unused,
        made_up=found.made_up,
    )
