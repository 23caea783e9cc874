"""What was known of a person on a day: counts of events before it, by window, for many people and days at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

SPAN = 100_000.0  # days between two people on the one axis of time that holds everybody; longer than any life
FAR = 730.0  # days: an event longer ago than this counts as never
FRAILTY_LASTS = 1096.0  # days for which a frailty score that arrived is taken to hold
AGE_TOP = 95
SINCE = "days since urgent contact (log)"
URGENT = ("attendance", "response")
DAY_US = 86_400_000_000

# Days before the index date, from and to (the second not included). Several windows, because a scheme takes people
# on at the worst of a bad spell: only somebody who was in as bad a spell, as lately, is like them.
RECENT = ((0.0, 7.0), (7.0, 30.0), (30.0, 90.0), (90.0, 365.0))


@dataclass(frozen=True, eq=False)
class Times:
    """Times of one kind of event for everybody, in order of person and time, on one axis."""

    keys: Array

    @classmethod
    def of(cls, person: Whole, day: Array) -> Times:
        """From the place of each event's person and its day."""
        return cls(np.sort(person * SPAN + day))

    def count(self, person: Whole, start: Array, end: Array) -> Array:
        """How many events of each person lie from `start` up to, not including, `end`."""
        low = np.searchsorted(self.keys, person * SPAN + start)
        high = np.searchsorted(self.keys, person * SPAN + np.maximum(end, start))
        return (high - low).astype(np.float64)

    def since(self, person: Whole, before: Array) -> Array:
        """Days since the last event of each person before a day; FAR where there is none."""
        if not self.keys.size:
            return np.full(before.shape, FAR)
        at = np.searchsorted(self.keys, person * SPAN + before) - 1
        last = self.keys[np.maximum(at, 0)]
        known = (at >= 0) & (last >= person * SPAN)
        return np.where(known, np.clip(person * SPAN + before - last, 0.0, FAR), FAR)


@dataclass(frozen=True, eq=False)
class History:
    """Everybody's record, ready to be asked what was known on a day. People are meant by their place in `ids`."""

    ids: NDArray[np.object_]
    female: Array
    birth: Array
    quintile: Array
    locality: Whole
    localities: tuple[str, ...]
    care_home: Array
    death: Array  # day, or infinity
    referred: Array  # day of the first referral to the scheme, or infinity
    last: float  # day up to which events are known
    urgent: Times
    attendance: Times
    response: Times
    emergency: Times
    planned: Times
    care: Times
    emergency_end: Array  # when each spell of `emergency` ended, in the same order
    score: Times
    score_value: Array
    urgent_person: Whole
    urgent_day: Array

    def known(self, person: Whole, day: Array) -> tuple[Array, tuple[str, ...]]:
        """What was known before each day, a row each, and the names of the columns."""
        columns: dict[str, Array] = {
            "age": self.age(person, day),
            "female": self.female[person],
            "deprivation quintile": self.quintile[person],
            "care home": self.care_home[person],
        }
        for place in range(1, len(self.localities)):
            columns[f"lives in {self.localities[place]}"] = (self.locality[person] == place).astype(np.float64)
        columns |= self.frailty(person, day)
        for name, times in (("emergency admissions", self.emergency), ("A&E attendances", self.attendance)):
            for near, far in RECENT:
                columns[f"{name}, {near:.0f} to {far:.0f} days before"] = times.count(person, day - far, day - near)
        columns["emergency admissions, 365 to 730 days before"] = self.emergency.count(person, day - FAR, day - 365.0)
        columns["ambulance responses, 30 days before"] = self.response.count(person, day - 30.0, day)
        columns["ambulance responses, 30 to 365 days before"] = self.response.count(person, day - 365.0, day - 30.0)
        columns["planned admissions, year before"] = self.planned.count(person, day - 365.0, day)
        columns["social care in the year before"] = np.minimum(self.care.count(person, day - 365.0, day), 1.0)
        columns[SINCE] = np.log1p(self.urgent.since(person, day))
        return np.column_stack(list(columns.values())), tuple(columns)

    def age(self, person: Whole, day: Array) -> Array:
        """Age in whole years, from the year of birth alone, which is all that a feed has."""
        return np.clip(np.floor(1970.0 + day / 365.25) - self.birth[person], 0.0, 120.0)

    def frailty(self, person: Whole, day: Array) -> dict[str, Array]:
        """The tier of the last frailty score before a day, as steps: an unknown score is a tier of its own."""
        at = np.searchsorted(self.score.keys, person * SPAN + day) - 1
        held = self.score.since(person, day) < FRAILTY_LASTS if self.score.keys.size else np.zeros(day.size, bool)
        held &= self.score.since(person, day) < FAR
        value = self.score_value[np.maximum(at, 0)] if self.score.keys.size else np.zeros(day.size)
        steps = {"fit": 0.12, "mildly frail": 0.24, "moderately frail": 0.36}
        out = {
            f"frailty score above {name}": (held & (value > edge)).astype(np.float64) for name, edge in steps.items()
        }
        return out | {"frailty score known": held.astype(np.float64)}

    def in_hospital(self, person: Whole, day: Array) -> NDArray[np.bool_]:
        """Whether somebody was in hospital as an emergency: nobody there can be admitted."""
        at = np.searchsorted(self.emergency.keys, person * SPAN + day) - 1
        if not self.emergency.keys.size:
            return np.zeros(day.size, dtype=bool)
        near = np.maximum(at, 0)
        return (at >= 0) & (self.emergency.keys[near] >= person * SPAN) & (self.emergency_end[near] > day)


def days(column: pl.Series) -> Array:
    """A column of times as days since 1970; what is blank is not a number."""
    if column.dtype == pl.String:
        column = column.str.to_datetime(strict=False, time_unit="us")
    whole = column.cast(pl.Datetime("us")).cast(pl.Int64)
    return (whole / DAY_US).cast(pl.Float64).fill_null(np.nan).to_numpy()


def history(people: pl.DataFrame, events: pl.DataFrame, initiative: str, until: float | None = None) -> History:
    """Arrange people and events (the columns of the store's views) for one scheme.

    `people` needs id, sex, birth_year, locality and residence, and may have deprivation_quintile. `events` needs
    person, event, start_at, end_at, method, code, value. Events of persons who are not in `people` are left out.
    """
    ids = people["id"].to_numpy()
    place = pl.DataFrame({"person": people["id"], "place": np.arange(people.height, dtype=np.int64)})
    joined = events.join(place, on="person", how="inner", maintain_order="left")
    start, end = days(joined["start_at"]), days(joined["end_at"])
    kind, method = joined["event"].to_numpy(), joined["method"].fill_null("").to_numpy()
    who = joined["place"].to_numpy()
    dated = ~np.isnan(start)

    def pick(which: NDArray[np.bool_]) -> tuple[Whole, Array]:
        return who[which & dated], start[which & dated]

    emergency = (kind == "spell") & (method == "emergency") & dated
    order = np.argsort(who[emergency] * SPAN + start[emergency], kind="stable")
    scored = (kind == "score") & (joined["code"].fill_null("") == "efi").to_numpy() & dated
    score_order = np.argsort(who[scored] * SPAN + start[scored], kind="stable")
    scheme = (kind == "scheme") & (joined["code"].fill_null("") == initiative).to_numpy()
    locality, names = _coded(people["locality"])
    urgent = pick(np.isin(kind, URGENT))
    return History(
        ids=ids,
        female=(people["sex"] == "F").fill_null(False).to_numpy().astype(np.float64),
        birth=people["birth_year"].cast(pl.Float64).fill_null(1950.0).to_numpy(),
        quintile=_quintile(people),
        locality=locality,
        localities=names,
        care_home=(people["residence"].fill_null("") == "care-home").to_numpy().astype(np.float64),
        death=_first(people.height, *pick(kind == "death")),
        referred=_first(people.height, *pick(scheme)),
        last=until if until is not None else float(np.floor(np.nanmax(start)) + 1.0 if dated.any() else 0.0),
        urgent=Times.of(*urgent),
        attendance=Times.of(*pick(kind == "attendance")),
        response=Times.of(*pick(kind == "response")),
        emergency=Times.of(*pick(emergency)),
        planned=Times.of(*pick((kind == "spell") & np.isin(method, ("elective", "day-case")))),
        care=Times.of(*pick(kind == "care")),
        emergency_end=np.nan_to_num(end[emergency][order], nan=np.inf),
        score=Times.of(*pick(scored)),
        score_value=joined["value"].cast(pl.Float64).fill_null(0.0).to_numpy()[scored][score_order],
        urgent_person=urgent[0],
        urgent_day=urgent[1],
    )


def _coded(column: pl.Series) -> tuple[Whole, tuple[str, ...]]:
    filled = column.cast(pl.String).fill_null("an unknown place")
    names = sorted(set(filled.to_list()))
    at = {name: i for i, name in enumerate(names)}
    return filled.replace_strict(at, return_dtype=pl.Int64).to_numpy(), tuple(names)


def _quintile(people: pl.DataFrame) -> Array:
    if "deprivation_quintile" not in people.columns:
        return np.full(people.height, 3.0)
    return people["deprivation_quintile"].cast(pl.Float64).fill_null(3.0).to_numpy()


def _first(people: int, who: Whole, day: Array) -> Array:
    out = np.full(people, np.inf)
    np.minimum.at(out, who, day)
    return out


def standardised(a: Array, b: Array, weights: Sequence[float] | None = None) -> Array:
    """Standardised mean differences of columns: difference of means over the pooled standard deviation."""
    spread = np.sqrt((a.var(axis=0) + b.var(axis=0)) / 2.0)
    return np.asarray((a.mean(axis=0) - b.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0))
