"""What the store's records say: counted beside the requests, once for a store's state and a plan, and kept."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from bettercare import UsageError
from bettercare.activity.disclosure import Protected
from bettercare.workspace.measurement import feed_quality
from bettercare.workspace.measurement.catalogue import Definition, catalogue
from bettercare.workspace.measurement.series import RECORDS, Row, Series

if TYPE_CHECKING:
    from bettercare import Plan
    from bettercare.activity.link_report import LinkReport
    from bettercare.activity.store import Store

MADE_UP = "made up"


@dataclass(frozen=True)
class Held:
    """The protected series of a store. `state` is none (no store), working, ready or failed."""

    state: str
    series: Mapping[tuple[str, str, str], Series] = field(default_factory=dict)
    synthetic: bool = False
    why: str = ""
    counted: tuple[Any, ...] = ()  # the series as `indicator_series` gives them
    numbers: Protected | None = None  # NHS numbers by organisation and month
    links: LinkReport | None = None  # how many records are linked, and how good the links are

    @property
    def badge(self) -> str:
        """The badge of every figure that rests on records."""
        return MADE_UP if self.synthetic else "measured"


NONE = Held("none")
WORKING = Held("working")
_kept: dict[tuple[str, str], Held] = {}
_lock = threading.Lock()


def store() -> Store | None:
    """The store that the workspace was given, or None."""
    from bettercare.activity.store import MANIFEST, Store

    folder = settings.STORE
    if not folder or not (Path(folder) / MANIFEST).is_file():
        return None
    return Store.open(folder)


def state_of(found: Store) -> str:
    """A word that changes whenever the store does."""
    from bettercare.activity.store import MANIFEST

    return hashlib.sha256((found.folder / MANIFEST).read_bytes()).hexdigest()[:16]


def held(plan: Plan) -> Held:
    """The series of the store, or that there is none, or that they are being worked out."""
    try:
        found = store()
    except UsageError as error:
        return Held("failed", why=str(error))
    if found is None or not found.organisations("events"):
        return NONE
    key = (plan.fingerprint, state_of(found))
    with _lock:
        if key not in _kept:
            _kept[key] = WORKING
            threading.Thread(target=_work, args=(found, plan, key), daemon=True, name="indicators").start()
        return _kept[key]


def forget() -> None:
    """Drop what is kept."""
    with _lock:
        _kept.clear()


def _work(found: Store, plan: Plan, key: tuple[str, str]) -> None:
    try:
        made = counted(found, plan)
    except Exception:  # a page must not fail because its figures do
        logging.getLogger(__name__).exception("the indicators could not be counted")
        made = Held("failed", why="The records could not be counted. The server's log says why.")
    with _lock:
        for old in [k for k, v in _kept.items() if v is not WORKING and k != key]:
            del _kept[old]
        _kept[key] = made


def definitions(found: Held, plan: Plan) -> dict[str, Definition]:
    """Every measure of the plan, and of the records where some are held."""
    if found.state == "none":
        return catalogue(plan)
    from bettercare.activity.indicators import known

    return catalogue(plan, known(), found.counted)


def counted(found: Store, plan: Plan) -> Held:
    """Count, protect, and put into series."""
    from bettercare.activity import indicator_series, indicators, link_report

    with found.connect(plan) as connection:
        table = indicator_series.publish(indicators.run(connection, plan))
        numbers = feed_quality.numbers(connection)
        links = link_report.report(found, connection)
    made = indicator_series.series(table, plan, found.months_held(), indicator_series.LinkError.of(found))
    series = {
        (one.code, one.partner, one.locality): Series(
            one.code, RECORDS, one.partner, one.locality,
            tuple(_row(r) for r in one.rows.to_dicts()), found.badge,
        )
        for one in made
    }  # fmt: skip
    return Held("ready", series, found.synthetic, "", tuple(made), numbers, links)


def _row(row: dict[str, Any]) -> Row:
    """A month as it may be shown."""
    when = date.fromisoformat(f"{row['month']}-01")
    note = f"95% interval {row['low']:.1f} to {row['high']:.1f}" if row["low"] is not None else ""
    ends = None if row["least"] is None else (row["least"], row["most"])
    return Row(when, f"{when:%B %Y}", row["value"], row["numerator_shown"], row["denominator_shown"], note, ends)
