"""Risk: tiers from scores that arrive with the feeds, and one transparent model of who comes to need social care.

Scores sort people into groups; they do not foretell what happens to one person. Two kinds are taken as they come: the
electronic Frailty Index of GP systems (code efi) and the Hospital Frailty Risk Score (hfrs), compared as whole numbers
so that a score on a limit falls on the same side everywhere. This program reckons neither.

The model says how likely somebody without council-paid care is to begin it in the next twelve months, from age, sex,
deprivation, the year's emergency admissions and falls, and the frailty tier. All its weights are shown. It is fitted
on one year and judged on the next, by age, sex and ethnic group. What leaves is counts by place and tier, through
disclosure control; `case_list` gives an organisation the tokens of its own people, which only it can turn into names.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from bettercare.activity.disclosure import SMALL, Protected, protect
from bettercare.foundation.problems import UsageError, shown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from bettercare.activity.store import Store
    from bettercare.plan.plan import Plan

TIERS = {
    "efi": (("fit", 120), ("mild", 240), ("moderate", 360), ("severe", None)),  # thousandths, up to and including
    "hfrs": (("low", 49), ("intermediate", 150), ("high", None)),  # tenths: under 5, 5 to 15, above 15
}
UNITS = {"efi": 1000, "hfrs": 10}
HFRS_AGE = 75
BANDS = ((18, 64), (65, 74), (75, 84), (85, 120))
FEW = 50  # people who began care, without whom nothing is fitted
CHANCE_TIERS = ((0.02, "below 2%"), (0.05, "2% to 5%"), (0.1, "5% to 10%"), (1.01, "10% and over"))
SETTINGS_OF_CARE = ("home-care", "care-home", "direct-payments", "working-age-social-care", "reablement")


def tier(code: str, value: float) -> str:
    """The tier of a score. On a limit: .12 is fit, .24 mild, .36 moderate; 5 and 15 are both intermediate."""
    if code not in TIERS:
        raise UsageError(f"{shown(code)} is not a score that has tiers; known are {', '.join(TIERS)}.")
    whole = round(value * UNITS[code])
    return next(name for name, top in TIERS[code] if top is None or whole <= top)


def _case(code: str) -> str:
    whens = " ".join(
        f"when round(value * {UNITS[code]}) <= {top} then '{n}'" for n, top in TIERS[code] if top is not None
    )
    return f"case {whens} else '{TIERS[code][-1][0]}' end"


def people_by_tier(connection: DuckDBPyConnection, code: str = "efi", on: date | None = None) -> Protected:
    """How many people are in each tier in each home area, by their newest score up to a day; protected."""
    rows = connection.execute(f"""
        select coalesce(locality, 'unknown'), tier, count(*) from ({_newest(code, on)})
        where id not in (select person from events where event = 'death' and start_at < {_day(on)}) group by all
    """).fetchall()  # fmt: skip
    cube = pl.DataFrame(rows, schema={"locality": pl.String, "tier": pl.String, "people": pl.Int64}, orient="row")
    return protect(cube, ["locality", "tier"], ["people"])


def _day(on: date | None) -> str:
    return f"timestamp '{on.isoformat()}' + interval 1 day" if on else "timestamp '9999-01-01'"


def _newest(code: str, on: date | None) -> str:
    if code not in TIERS:
        raise UsageError(f"{shown(code)} is not a score that has tiers; known are {', '.join(TIERS)}.")
    old = f" and e.age >= {HFRS_AGE}" if code == "hfrs" else ""
    return f"""
        select p.id, p.locality, s.tier from persons p join (
            select person, {_case(code)} as tier from (
                select e.person, arg_max(e.value, (e.start_at, e.value)) as value from events e
                where e.event = 'score' and e.code = '{code}' and e.start_at < {_day(on)}{old} group by e.person)
        ) s on s.person = p.id
    """


def case_list(
    store: Store, plan: Plan, organisation: str, tier_: str, tokens: Iterable[str], code: str = "efi"
) -> list[str]:
    """Of an organisation's own tokens, those of its people in a tier, whoever scored them; in order.

    The store keeps tokens hashed once more and cannot undo that. So the organisation gives the tokens of its register,
    as in its people feed, and gets some of them back; a token that it did not itself send is never given.
    """
    if organisation not in store.organisations("people"):
        raise UsageError(f"{shown(organisation)} has sent no register of people to this store.")
    names = [name for name, _ in TIERS.get(code, ())]
    if tier_ not in names:
        raise UsageError(f"{shown(tier_)} is no tier of {shown(code)}; they are {', '.join(names) or 'none'}.")
    with store.connect(plan) as connection:
        rows = connection.execute(
            f"""select distinct r.person from registers r join ({_newest(code, None)}) t on t.id = r.id
                where r.organisation = $1 and t.tier = $2
                    and t.id not in (select person from events where event = 'death')""",
            [organisation, tier_],
        ).fetchall()
    inside = {int(held) for (held,) in rows}
    return sorted(t for t in set(tokens) if _as_held(t, store.secret) in inside)


def _as_held(token: str, secret: str) -> int:
    """A token as `feed_check.hashed` stores it."""
    return int(hashlib.sha256((secret + token).encode("utf-8")).hexdigest()[:16], 16)


# --- need of social care ------------------------------------------------------------------------------------------

FEATURES = f"""
with alive as (
    select p.id, p.sex, p.ethnic_group, p.locality, coalesce(z.deprivation_quintile, 3) as quintile,
        year($from) - p.birth_year - 1 as age
    from persons p left join zones z on z.code = p.zone
    where p.id not in (select person from events where event = 'death' and start_at < $from)
        and p.id not in (select person from events where event = 'care' and start_at >= $before and start_at < $from
            and service in {SETTINGS_OF_CARE})
),
before as (
    select person, count(*) filter (event = 'spell' and method = 'emergency') as admissions,
        count(*) filter (regexp_matches(upper(coalesce(diagnosis, '') || ';' || coalesce(diagnoses, '')), '(^|;)W[01]')
            or (event = 'scheme' and code = 'I105')) as falls,
        arg_max(value, start_at) filter (event = 'score' and code = 'efi') as efi
    from events where start_at >= $before and start_at < $from group by person
),
after as (
    select distinct person from events where event = 'care' and start_at >= $from and start_at < $until
        and service in {SETTINGS_OF_CARE}
)
select a.*, least(coalesce(b.admissions, 0), 3) as admissions, least(coalesce(b.falls, 0), 2) as falls, b.efi,
    f.person is not null as began
from alive a left join before b on b.person = a.id left join after f on f.person = a.id
where a.age >= 18 order by a.id
"""
NAMES = (
    *(f"age {low} to {high}" if high < 120 else f"age {low} and over" for low, high in BANDS[1:]), "female",
    "each fifth towards more deprived", "each emergency admission in the year before (up to 3)",
    "each fall in the year before (up to 2)", "frailty mild", "frailty moderate", "frailty severe", "no frailty score",
)  # fmt: skip


@dataclass(frozen=True)
class Need:
    """The model of social care need: its weights, how well it did in the next year, and people by place and chance."""

    fitted_on: str
    judged_on: str
    coefficients: pl.DataFrame  # term, weight (log odds), odds
    calibration: pl.DataFrame  # group, value, people, expected, observed (%), low, high, inside
    discrimination: float  # c-statistic in the year that it had not seen
    people: Protected


def need(connection: DuckDBPyConnection, first: date, second: date, third: date) -> Need:
    """Fit on care begun from `first` to `second`, judge on care begun from `second` to `third`, a year each.

    Raises UsageError when fewer than 50 people began care in the first.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    train, test = _features(connection, first, second), _features(connection, second, third)
    for frame, start in ((train, first), (test, second)):
        began = int(frame["began"].sum()) if frame.height else 0
        if began < FEW:
            raise UsageError(
                f"Too few people begin social care in the year from {start} to judge a model ({FEW} are needed). "
                "Add feeds of the councils for that year and the year before."
            )
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(_matrix(train), train["began"].to_numpy())
    chance = model.predict_proba(_matrix(test))[:, 1]
    weights = [float(model.intercept_[0]), *(float(w) for w in model.coef_[0])]
    terms = pl.DataFrame({"term": ["everybody", *NAMES], "weight": [round(w, 3) for w in weights]})
    terms = terms.with_columns(odds=pl.col("weight").exp().round(2))
    judged = test.with_columns(chance=pl.Series(chance))
    cube = judged.group_by(pl.col("locality").fill_null("unknown"), _chance_tier().alias("tier")).len("people")
    return Need(
        f"{first} to {second}", f"{second} to {third}", terms, _calibration(judged),
        float(roc_auc_score(judged["began"].to_numpy(), chance)), protect(cube, ["locality", "tier"], ["people"]),
    )  # fmt: skip


def _chance_tier() -> pl.Expr:
    out = pl.lit(CHANCE_TIERS[-1][1])
    for top, name in reversed(CHANCE_TIERS[:-1]):
        out = pl.when(pl.col("chance") < top).then(pl.lit(name)).otherwise(out)
    return out


def _features(connection: DuckDBPyConnection, start: date, end: date) -> pl.DataFrame:
    before = date(start.year - 1, start.month, start.day)
    cursor = connection.execute(FEATURES, {"from": start, "until": end, "before": before})
    names = [c[0] for c in cursor.description or ()]
    return pl.DataFrame(cursor.fetchall(), schema=names, orient="row", infer_schema_length=None)


def _matrix(frame: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    efi = (pl.col("efi") * UNITS["efi"]).round()
    columns = [
        *(pl.col("age").is_between(low, high) for low, high in BANDS[1:]),
        pl.col("sex") == "F",
        5 - pl.col("quintile"),
        pl.col("admissions"),
        pl.col("falls"),
        efi.is_between(121, 240),
        efi.is_between(241, 360),
        efi > 360,
        pl.col("efi").is_null(),
    ]
    return frame.select(
        c.cast(pl.Float64).fill_null(0.0).alias(n) for c, n in zip(columns, NAMES, strict=True)
    ).to_numpy()


def _calibration(judged: pl.DataFrame) -> pl.DataFrame:
    """Expected and observed shares by group, from counts as they may be shown; a group too small is left blank."""
    band = pl.lit("18 to 64")
    for low, high in BANDS[1:]:
        band = pl.when(pl.col("age").is_between(low, high)).then(pl.lit(f"{low} to {high}")).otherwise(band)
    parts = []
    for name, by in (
        ("age", band),
        ("sex", pl.col("sex")),
        ("ethnic group", pl.col("ethnic_group").fill_null("unknown")),
    ):
        table = judged.group_by(by.alias("value")).agg(
            pl.len().alias("people"), pl.col("began").sum().alias("began"), pl.col("chance").mean().alias("expected")
        )
        cube = table.select("value", "people", "began")
        shown_ = protect(cube, ["value"], ["began", "people"], within=[("began", "people")]).table
        parts += [_line(name, row, shown_) for row in table.sort("value").iter_rows(named=True)]
    return pl.DataFrame(parts, infer_schema_length=None)


def _line(group: str, row: dict[str, Any], table: pl.DataFrame) -> dict[str, Any]:
    public = table.filter(pl.col("value") == row["value"]).row(0, named=True)
    n, k = public["people"], public["began"]
    out = {"group": group, "value": row["value"], "people": public["people_shown"], "expected": None, "observed": None,
           "low": None, "high": None, "inside": None}  # fmt: skip
    if not n or k is None:
        return out
    share = k / n
    half = 1.96 * math.sqrt(max(share * (1 - share), 1 / n) / n)
    low, high = max(0.0, share - half), min(1.0, share + half)
    expected = float(row["expected"]) if row["people"] > SMALL else None
    inside = expected is not None and low <= expected <= high
    return out | {
        "expected": None if expected is None else round(100 * expected, 2), "observed": round(100 * share, 2),
        "low": round(100 * low, 2), "high": round(100 * high, 2), "inside": inside,
    }  # fmt: skip
