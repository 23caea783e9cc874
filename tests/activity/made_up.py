"""A store of made-up people who come to need social care."""

from __future__ import annotations

from pathlib import Path

from bettercare import Plan
from bettercare.activity import feed, synth, synth_write
from bettercare.activity.store import Store

SERVICES = ("home-care", "direct-payments", "reablement", "care-home", "emergency-medical")


def filled(plan: Plan, folder: Path, to: str, people: int) -> str:
    """A new store in a folder, with feeds from April 2013 to a month."""
    synth_write.write(synth.world(plan, people, 2, "2013-04", to, SERVICES), folder / "feeds")
    store = Store.create(folder / "store", "llr")
    feed.add(store, plan, [folder / "feeds"])
    return str(store.folder)
