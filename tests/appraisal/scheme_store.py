"""A real store of the made-up people of `scheme_world`: feeds with tokens, added and linked; the effect is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from bettercare.activity import feed, synth, synth_write
from bettercare.activity.store import SECRET, Store
from bettercare.activity.synth_people import NEVER, day
from bettercare.plan import Plan
from tests.appraisal.scheme_world import world

MINUTES, HALF_YEAR = 1440, 182.625
HOSPITAL, AMBULANCE, PRACTICES = "uhl", "emas", "primary-care"
WHO = {"spell": HOSPITAL, "attendance": HOSPITAL, "score": PRACTICES, "death": PRACTICES, "scheme": AMBULANCE}
FROM, TO, REFERRED_MONTHS = "2013-01", "2015-02", 5  # referrals from April to August 2014


@dataclass(frozen=True)
class SchemeStore:
    """The store's folder, and what the scheme truly prevented in the half years after referral, put for a year."""

    folder: Path
    avoided_a_year: float


def scheme_store(plan: Plan, folder: Path, people: int = 6000, effect: float = 0.4, seed: int = 6) -> SchemeStore:
    """Make it in a folder. Admissions prevented are those of the same world without the scheme, less those with it."""
    who, events = world(seed, people=people, effect=effect)
    _, without = world(seed, people=people, effect=0.0)
    made = synth.world(plan, people, seed, "2013-04", "2013-04", ["ambulance"])
    born = np.array([day(f"{year}-07-01") for year in who["birth_year"]])
    some = replace(
        made.people,
        birth=_padded(born, made.people.birth),
        sex=_padded(who["sex"].to_numpy().astype(object), made.people.sex),
        death=np.full(len(made.people), NEVER),
    )
    written = _events(events).filter(pl.col("start") < day("2015-03-01") * MINUTES)
    synth_write.write(replace(made, people=some, events=written, schemes=[], from_=FROM, to=TO), folder / "feeds")
    store = Store.create(folder / "store", plan.settings.name)
    (store.folder / SECRET).write_text("5e" * 32 + "\n", encoding="ascii")  # the order of people hangs on it, and pairs
    feed.add(store, plan, [folder / "feeds"])
    prevented = _soon_after(without) - _soon_after(events)
    return SchemeStore(store.folder, prevented * 12.0 / REFERRED_MONTHS)


def _padded(first: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Those of the world; children whom the maker of people added stay as they are, with no events."""
    return np.concatenate([first, rest[first.size :]])


def _events(events: pl.DataFrame) -> pl.DataFrame:
    minute = [(pl.col(f"{name}_at").dt.epoch("s") // 60).alias(name) for name in ("start", "end")]
    kinds = pl.col("method").replace({"emergency": "emergency-medical"})
    service = (
        pl.when(pl.col("event") == "spell")
        .then(kinds)
        .when(pl.col("event") == "attendance")
        .then(pl.lit("ae-major"))
        .when(pl.col("event") == "scheme")
        .then(pl.lit("ambulance"))
    )
    blank = dict.fromkeys(("clock_start", "clock_stop", "ready", "cell"), pl.Int64)
    words = dict.fromkeys(("priority", "diagnosis", "diagnoses", "procedure", "site"), pl.String)
    return events.select(
        "person",
        *minute,
        "event",
        service.alias("service"),
        pl.when(pl.col("event") == "spell").then(pl.col("method")).alias("method"),
        pl.when(pl.col("code") != "").then(pl.col("code")).alias("code"),
        pl.when(pl.col("event") == "score").then(pl.col("value")).alias("value"),
        pl.when(pl.col("outcome") != "").then(pl.col("outcome")).alias("outcome"),
        pl.col("event").replace_strict(WHO).alias("organisation"),
        *(pl.lit(None, dtype=kind).alias(name) for name, kind in (blank | words | {"cost_gbp": pl.Float64}).items()),
    ).sort("organisation", "start", "person", "event")


def _soon_after(events: pl.DataFrame) -> int:
    """Emergency admissions of people referred in the half year after."""
    referred = events.filter(pl.col("event") == "scheme").select("person", since="start_at")
    spells = events.filter((pl.col("event") == "spell") & (pl.col("method") == "emergency")).join(referred, on="person")
    after = (pl.col("start_at") - pl.col("since")).dt.total_seconds() / 86_400.0
    return spells.filter((after > 0.0) & (after <= HALF_YEAR)).height
