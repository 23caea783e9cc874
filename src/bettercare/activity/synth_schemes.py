"""Schemes with a known truth: who was referred, what staff judged, and what the scheme really prevented.

People are referred after an ambulance call or an emergency stay, and are frailer than others: so their use falls again
afterwards by itself, and a comparison of before and after misleads. The true effect removes each later emergency
admission of a referred person with a fixed chance; by default none for two schemes and 8% for the falls scheme.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bettercare.activity import synth_assumed as assumed
from bettercare.activity.synth_events import DAY, Window, frame
from bettercare.activity.synth_people import People, day
from bettercare.foundation.problems import UsageError
from bettercare.foundation.streams import generator

if TYPE_CHECKING:
    import polars as pl

    from bettercare.plan.plan import Plan


@dataclass(frozen=True)
class Scheme:
    """One scheme as it really was: `effect` is the share of later emergency admissions that it prevented."""

    code: str
    organisation: str
    service: str
    locality: str
    effect: float
    referred: int
    judged_avoided: int
    prevented: int


def schemes(
    plan: Plan, people: People, events: pl.DataFrame, window: Window, seed: int, effects: Mapping[str, float]
) -> tuple[pl.DataFrame, list[Scheme]]:
    """The events with the referrals added and what was truly prevented taken out; and the truth about each scheme."""
    import polars as pl

    leads = dict(plan["initiatives"].select("code", "lead").iter_rows())
    known = [row for row in assumed.SCHEMES if row[0] in leads]
    check_effects(effects, [row[0] for row in known])
    found = []
    for code, referrals, judged, service, locality, usual in known:
        effect = effects.get(code, usual)
        referred, number_avoided = _referrals(
            people, events, (code, referrals, judged, service, locality), window, seed
        )
        if referred is None:
            found.append(Scheme(code, leads[code], service, locality, effect, 0, 0, 0))
            continue
        events, prevented = _prevent(events, referred, effect, generator(seed, f"synth effect {code}"))
        referred = referred.with_columns(pl.lit(leads[code]).alias("organisation"))
        events = pl.concat([events, referred], how="diagonal")
        found.append(Scheme(code, leads[code], service, locality, effect, referred.height, number_avoided, prevented))
    return events, found


def check_effects(effects: Mapping[str, float], known: list[str]) -> None:
    """Raise UsageError for an effect of a scheme that is not there, or that is no share."""
    for code, effect in effects.items():
        if code not in known:
            raise UsageError(f"{code} is no scheme of the synthetic world. The schemes are: {', '.join(known)}.")
        if not 0 <= effect <= 1:
            raise UsageError(f"The effect of {code} is {effect}; give the share prevented, from 0 to 1.")


def _referrals(
    people: People, events: pl.DataFrame, scheme: tuple[str, int, int, str, str], window: Window, seed: int
) -> tuple[pl.DataFrame | None, int]:
    """Referrals from January to April 2015, each within two weeks of a call or stay, of frailer people more often."""
    import polars as pl

    code, referrals, judged, service, locality = scheme
    random = generator(seed, f"synth scheme {code}")
    first, last = day(f"{assumed.SCHEME_MONTHS[0]}-01"), day(f"{assumed.SCHEME_MONTHS[1]}-30")
    first, last = max(first, window[0]), min(last, window[1])
    source = (pl.col("event") == "response") if service == "ambulance" else (pl.col("method") == "emergency")
    came = events.filter(source & (pl.col("start") >= (first - 10) * DAY) & (pl.col("start") <= last * DAY))
    person, start = came["person"].to_numpy(), came["end"].fill_null(last * DAY).to_numpy()
    on = np.maximum(start // DAY + random.integers(0, 14, len(person)), first)
    fits = (on <= last) & (on <= people.death[person]) & (on - people.birth[person] >= assumed.SCHEME_AGE * 365.25)
    if locality in people.localities:
        fits &= people.locality[person] == people.localities.index(locality)
    order = np.lexsort((on, -fits.astype(int)))[: int(fits.sum())]
    _, once = np.unique(person[order], return_index=True)
    chosen = order[np.sort(once)]
    wanted = min(max(round(referrals * people.scale), 1), len(chosen))
    if last < first or wanted == 0:
        return None, 0
    weight = people.frailty[person[chosen]] ** 1.2 + 1e-6
    chosen = np.sort(random.choice(chosen, size=wanted, replace=False, p=weight / weight.sum()))
    avoided = random.random(wanted) < judged / referrals
    minute = on[chosen] * DAY + random.integers(8 * 60, 18 * 60, wanted)
    minute = np.minimum(minute, people.death[person[chosen]] * DAY + DAY - 1)
    out = frame(
        {
            "person": person[chosen], "start": minute, "event": np.full(wanted, "scheme", dtype=object),
            "service": np.full(wanted, service, dtype=object), "code": np.full(wanted, code, dtype=object),
            "outcome": np.where(avoided, "avoided", "not").astype(object),
        }
    )  # fmt: skip
    return out, int(avoided.sum())


def _prevent(
    events: pl.DataFrame, referred: pl.DataFrame, effect: float, random: np.random.Generator
) -> tuple[pl.DataFrame, int]:
    """Take out each later emergency stay of a referred person with the chance `effect`. Deaths stay as they were."""
    import polars as pl

    since = dict(referred.select("person", "start").iter_rows())
    later = events["person"].replace_strict(since, default=None, return_dtype=pl.Int64)
    urgent = (events["event"] == "spell") & (events["method"] == "emergency").fill_null(False)
    exposed = (urgent & (events["start"] > later).fill_null(False)).to_numpy()
    gone = exposed & (random.random(events.height) < effect)
    return events.filter(pl.Series(~gone)), int(gone.sum())
