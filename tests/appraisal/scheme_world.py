"""Made-up people with bad spells, some of whom a scheme takes on in one: the scheme's effect is known exactly."""

from __future__ import annotations

import numpy as np
import polars as pl

WEEKS, FIRST, LAST = 112, 68, 85  # weeks of records, and in which of them people are referred
DAY0 = np.datetime64("2013-01-07", "us")


def world(
    seed: int, people: int = 12_000, effect: float = 0.0, share: float = 1.0
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People and events. `effect` is the part of emergency admissions after referral that the scheme prevents."""
    rng = np.random.default_rng(seed)
    age = rng.integers(65, 96, people)
    frail = np.clip(0.05 + 0.006 * (age - 65) + rng.normal(0.0, 0.08, people), 0.01, 0.7)  # what the GP's score sees
    hidden = rng.normal(0.0, 0.5, people)  # what nobody sees, but which shows in what happens
    log_rate = np.log(0.25) + 3.0 * (frail - 0.15) + hidden
    bad = _bad_spells(rng, people, frail)
    yearly = np.exp(log_rate)[:, None] * np.where(bad, 7.0, 1.0)
    dead = rng.random((people, WEEKS)) < 0.04 / 52.0 * np.exp(2.0 * frail)[:, None] * np.where(bad, 3.0, 1.0)
    week_of_death = np.where(dead.any(axis=1), dead.argmax(axis=1), WEEKS)
    alive = np.arange(WEEKS)[None, :] < week_of_death[:, None]
    admitted = _when(rng, rng.poisson(yearly / 52.0 * alive))
    further = _when(rng, rng.poisson(yearly / 52.0 * alive))
    attended = (np.concatenate([admitted[0], further[0]]), np.concatenate([admitted[1], further[1]]))
    planned = _when(rng, rng.poisson(0.3 / 52.0 * np.exp(0.5 * hidden)[:, None] * alive))
    death = np.where(week_of_death < WEEKS, week_of_death * 7.0, np.inf)
    referred = _referred(rng, people, frail, attended, death, share)
    kept = (admitted[1] < referred[admitted[0]]) | (rng.random(admitted[0].size) >= effect)
    stay = rng.exponential(5.0, admitted[0].size)
    events = [
        _events("spell", admitted[0][kept], admitted[1][kept], "emergency", (admitted[1] + stay)[kept]),
        _events("attendance", *attended, "emergency"),
        _events("spell", *planned, "day-case"),
        _events("score", np.arange(people), np.full(people, 1.0), code="efi", value=frail),
        _events("death", np.flatnonzero(np.isfinite(death)), death[np.isfinite(death)]),
        _events("scheme", np.flatnonzero(np.isfinite(referred)), referred[np.isfinite(referred)], code="I105"),
    ]
    who = pl.DataFrame(
        {
            "id": np.arange(people, dtype=np.int64),
            "sex": rng.choice(["F", "M"], people),
            "birth_year": 2014 - age,
            "locality": rng.choice(["leicester", "leicestershire"], people),
            "residence": np.where(rng.random(people) < 0.05, "care-home", "home"),
            "deprivation_quintile": rng.integers(1, 6, people),
        }
    )
    return who, pl.concat(events).sample(fraction=1.0, shuffle=True, seed=seed)


def _bad_spells(rng: np.random.Generator, people: int, frail: np.ndarray) -> np.ndarray:
    start = rng.random((people, WEEKS)) < (0.3 + 2.0 * frail)[:, None] / 52.0
    left = np.zeros(people)
    out = np.zeros((people, WEEKS), dtype=bool)
    for week in range(WEEKS):
        left = np.where(start[:, week], rng.exponential(9.0, people), left - 1.0)
        out[:, week] = left > 0.0
    return out


def _when(rng: np.random.Generator, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    person, week = np.nonzero(counts)
    often = counts[person, week]
    person, week = np.repeat(person, often), np.repeat(week, often)
    return person, 7.0 * (week + rng.random(person.size))


def _referred(rng, people, frail, attended, death, share):
    """The first referral of each person: some days after an attendance, the likelier the more came just before."""
    person, day = attended
    order = np.argsort(person * 1e5 + day)
    person, day = person[order], day[order]
    key = person * 1e5 + day
    lately = np.arange(key.size) - np.searchsorted(key, key - 90.0)
    chance = share / (1.0 + np.exp(2.8 - 4.0 * frail[person] - 0.5 * np.minimum(lately, 4)))
    taken = (rng.random(day.size) < chance) & (day >= 7.0 * FIRST) & (day < 7.0 * LAST)
    when = day[taken] + rng.exponential(2.0, int(taken.sum()))
    out = np.full(people, np.inf)
    np.minimum.at(out, person[taken], when)
    return np.where(out < death, out, np.inf)


def _events(event, person, day, method="", end=None, code="", value=0.0):
    n = len(person)

    def times(days: np.ndarray) -> pl.Series:
        return pl.Series(DAY0 + (np.asarray(days) * 86_400_000_000).astype("timedelta64[us]"))

    return pl.DataFrame(
        {
            "person": np.asarray(person, dtype=np.int64),
            "event": [event] * n,
            "start_at": times(day),
            "end_at": times(day if end is None else end),
            "method": [method] * n,
            "code": [code] * n,
            "value": np.broadcast_to(np.asarray(value, dtype=float), n),
            "outcome": np.where(np.arange(n) % 3 == 0, "avoided", "not") if event == "scheme" else [""] * n,
        }
    )
