"""What happens across services: coming back soon, dying, registers, shared care plans, and frailty scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bettercare.activity import synth_assumed as assumed
from bettercare.activity.synth_events import DAY, NONE, Window, frame
from bettercare.activity.synth_people import NEVER, Floats, Ints, People
from bettercare.foundation.streams import generator

if TYPE_CHECKING:
    import polars as pl

EMERGENCY = "emergency"
TIERS = ("fit", "mild", "moderate", "severe")
EFI_LIMITS = (0.12, 0.24, 0.36)
HFRS_AGE, EFI_AGE = 75, 65


def readmitted(events: pl.DataFrame, people: People, window: Window, seed: int) -> pl.DataFrame:
    """Some emergency stays become the return of the person before them in the same cell, within 29 days of leaving.

    Locality, sex, age band and service stay the same, so that the totals of the plan hold.
    """
    import polars as pl

    random = generator(seed, "synth readmissions")
    events = events.sort("service", "cell", "start", "person", maintain_order=True)
    person, start, end, cell = (events[name].to_numpy().copy() for name in ("person", "start", "end", "cell"))
    urgent = (events["method"] == EMERGENCY).fill_null(False).to_numpy()
    same = np.zeros(len(person), dtype=bool)
    service = events["service"].to_numpy()
    same[1:] = urgent[1:] & urgent[:-1] & (cell[1:] == cell[:-1]) & (service[1:] == service[:-1])
    again = same & (random.random(len(person)) < assumed.READMITTED)
    again[1:] &= ~again[:-1]
    rows = np.flatnonzero(again)
    back = end[rows - 1] + (random.uniform(0.5, 29.0, len(rows)) * DAY).astype(np.int64)
    fits = (back // DAY <= window[1]) & (back // DAY < people.death[person[rows - 1]])
    rows, back = rows[fits], back[fits]
    shift = np.zeros(len(person), dtype=np.int64)
    shift[rows] = back - start[rows]
    person[rows] = person[rows - 1]
    return events.with_columns(
        pl.Series("person", person),
        *((pl.col(name) + pl.Series(shift)).alias(name) for name in ("start", "end", "ready")),
    )


def ended(events: pl.DataFrame, people: People, window: Window, seed: int) -> tuple[pl.DataFrame, Ints]:
    """Stays end with a death where somebody dies in one; also, for each person, whether a hospital was the place.

    Of those who die, some had left hospital shortly before: they are taken to have died there, up to the share who are
    assumed to die in hospital. It stays well below that (7% in a world of 20,000), because the plan's rates do not say
    that people are admitted more in their last weeks. A last stay is moved by whole days until it ends on the day of
    the death, so that it stays as long as it was drawn; one that would begin too early is cut short instead.
    """
    import polars as pl

    random = generator(seed, "synth last stays")
    death = people.death
    spells = (events["event"] == "spell").to_numpy()
    person, start, end = (events[name].fill_null(NONE).to_numpy().copy() for name in ("person", "start", "end"))
    dies = death[person] * DAY + DAY // 2
    inside = spells & (death[person] < NEVER) & (end >= death[person] * DAY)
    urgent = spells & (events["method"] == EMERGENCY).fill_null(False).to_numpy() & (death[person] < NEVER)
    near = np.flatnonzero(urgent & ~inside & (dies - end < 60 * DAY))
    last = near[np.lexsort((start[near], person[near]))]
    last = last[np.append(person[last][1:] != person[last][:-1], True)] if len(last) else last
    last = last[~np.isin(person[last], person[inside])]
    wanted = assumed.DIED_IN_HOSPITAL * (death < NEVER).sum() - len(np.unique(person[inside]))
    share = np.clip(wanted / max(len(last), 1), 0, 1)
    inside[last[random.random(len(last)) < share]] = True
    moved = np.where(inside, (death[person] - end // DAY) * DAY, 0)
    early = start + moved < np.maximum(window[0], people.birth[person]) * DAY
    moved[early] = 0
    end = np.where(inside & early, np.maximum(dies, start + 60), end + moved)
    hospital = np.zeros(len(people), dtype=np.int64)
    hospital[person[inside]] = 1
    died = pl.Series(inside)
    out = events.with_columns(
        pl.Series("start", start + moved),
        pl.when(died).then(pl.Series(end)).otherwise(pl.col("end")).alias("end"),
        pl.when(~died).then(pl.col("ready")).alias("ready"),
        pl.when(died).then(pl.lit("died")).otherwise(pl.col("outcome")).alias("outcome"),
    )
    return out, hospital


def residents(events: pl.DataFrame, people: People) -> Ints:
    """1 for people who had residential care in the period."""
    import polars as pl

    out = np.zeros(len(people), dtype=np.int64)
    out[events.filter(pl.col("service").is_in(["care-home", "working-age-social-care"]))["person"].to_numpy()] = 1
    return out


def efi(people: People, on: int, seed: int) -> Floats:
    """The electronic frailty index of each person on a day, between 0 and 1: it rises with age and frailty."""
    luck = np.exp(0.12 * generator(seed, "synth efi").standard_normal(len(people)))
    level = 0.07 + 0.0042 * np.clip(people.age(on) - EFI_AGE, 0, 35)
    return np.asarray(np.clip(level * (0.45 + 0.62 * people.frailty**0.8) * luck, 0, 0.75))


def lives(events: pl.DataFrame, people: People, window: Window, hospital: Ints, homes: Ints, seed: int) -> pl.DataFrame:
    """Deaths, entries in the end-of-life register, shared care plans and frailty scores, as events of the practices."""
    import polars as pl

    random = generator(seed, "synth lives")
    dead = np.flatnonzero(people.death < NEVER)
    outside = np.where(homes[dead] == 1, "care-home", np.where(random.random(len(dead)) < 0.8, "home", "hospice"))
    place = np.where(hospital[dead] == 1, "hospital", outside).astype(object)
    parts = [_simple("death", dead, people.death[dead], outcome=place)]
    old = dead[
        (people.death[dead] - people.birth[dead] > 50 * 365) & (random.random(len(dead)) < assumed.REGISTER_SHARE)
    ]
    entered = people.death[old] - random.exponential(assumed.REGISTER_DAYS, len(old)).astype(np.int64)
    parts.append(_simple("register", old, entered))
    score = efi(people, window[0], seed)
    tier = np.digitize(score, EFI_LIMITS)
    chance = np.array([assumed.CARE_PLAN[name] for name in TIERS])[tier] * (people.age(window[0]) >= EFI_AGE)
    planned = np.flatnonzero(random.random(len(people)) < chance)
    parts.append(_simple("plan", planned, random.integers(window[0], window[1] + 1, len(planned))))
    for on in range(window[0], window[1] + 1, 365):
        value = efi(people, on, seed)
        here = np.flatnonzero((people.age(on) >= EFI_AGE) & (random.random(len(people)) < assumed.SCORED))
        days = on + random.integers(0, min(90, window[1] - on + 1), len(here))
        code = np.full(len(here), "efi", dtype=object)
        parts.append(_simple("score", here, days, code=code, value=np.round(value[here], 3)))
    out = pl.concat(parts, how="diagonal")
    alive = people.death[out["person"].to_numpy()] * DAY >= out["start"].to_numpy()
    return out.filter(pl.Series(alive) & (pl.col("start") >= window[0] * DAY) & (pl.col("start") <= window[1] * DAY))


def _simple(event: str, person: Ints, on: Ints, **more: np.ndarray) -> pl.DataFrame:
    names = np.full(len(person), event, dtype=object)
    return frame({"person": person, "start": on * DAY, "event": names, **more})


def named_gp(events: pl.DataFrame, lives: pl.DataFrame, people: People, seed: int) -> pl.DataFrame:
    """Discharges of people on the end-of-life register say whether a named GP was recorded."""
    import polars as pl

    random = generator(seed, "synth named gp")
    entered = np.full(len(people), NEVER * DAY)
    register = lives.filter(pl.col("event") == "register")
    entered[register["person"].to_numpy()] = register["start"].to_numpy()
    end = events["end"].fill_null(NONE).to_numpy()
    home = (events["outcome"] == "home").fill_null(False).to_numpy() & (events["event"] == "spell").to_numpy()
    known = pl.Series(home & (end >= entered[events["person"].to_numpy()]))
    value = pl.Series((random.random(events.height) < assumed.NAMED_GP).astype(float))
    return events.with_columns(
        pl.when(known).then(pl.lit("named-gp")).otherwise(pl.col("code")).alias("code"),
        pl.when(known).then(value).otherwise(pl.col("value")).alias("value"),
    )


def hospital_scores(events: pl.DataFrame, people: People, seed: int) -> pl.DataFrame:
    """A hospital frailty risk score on the day of each emergency admission at 75 and over, by the hospital."""
    import polars as pl

    spells = events.filter((pl.col("event") == "spell") & (pl.col("method") == EMERGENCY))
    person, start = spells["person"].to_numpy(), spells["start"].to_numpy()
    old = (start // DAY - people.birth[person]) >= HFRS_AGE * 365.25
    random = generator(seed, "synth hfrs")
    value = np.round(4.0 * people.frailty[person] + random.gamma(1.2, 2.0, len(person)), 1)
    found = spells.select("person", "organisation").with_columns(
        (pl.Series(start) // DAY * DAY).alias("start"), pl.Series("value", value),
        pl.lit("score").alias("event"), pl.lit("hfrs").alias("code"),
    ).filter(pl.Series(old))  # fmt: skip
    return found.unique(["person", "organisation", "start"], keep="first", maintain_order=True)


def home_again(events: pl.DataFrame, homes: Ints) -> pl.DataFrame:
    """Residents of care homes go back there after a stay."""
    import polars as pl

    resident = pl.Series(homes[events["person"].to_numpy()] == 1)
    gone = (pl.col("event") == "spell") & (pl.col("outcome") == "home") & resident
    return events.with_columns(pl.when(gone).then(pl.lit("care-home")).otherwise(pl.col("outcome")).alias("outcome"))
