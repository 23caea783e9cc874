"""Who comes to need social care: one transparent model, fitted on one year of feeds and judged on the next.

It says how likely somebody without council-paid care is to begin it in the next twelve months, from age, sex,
deprivation, the year's emergency admissions and falls, and the frailty tier. It is a logistic regression, all of whose
weights are shown. It sorts people into groups; it does not foretell what happens to one person.

Nobody's record leaves the store: people are counted by their features there, and the model is fitted on the counts.
A feature that fewer than eight people had who began care (or who did not) gets no weight of its own, since that weight
would tell how many they were: the top of a ladder such as frailty joins the step below, and what is left is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from bettercare.activity.disclosure import SMALL, Protected, protect, shown
from bettercare.activity.risk import tier_case
from bettercare.activity.risk_judged import FEW, GROUPS, band_of_chance, calibration, discrimination
from bettercare.foundation.problems import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from bettercare.activity.store import Store
    from bettercare.plan.plan import Plan

YEAR = 12  # months
NEEDED = 3 * YEAR  # one to look back on, one to fit, one to judge
BANDS = ((18, 64), (65, 74), (75, 84), (85, None))
AGES = tuple(f"{low} and over" if high is None else f"{low} to {high}" for low, high in BANDS)
SERVICES = ("home-care", "care-home", "direct-payments", "working-age-social-care", "reablement")
UNKNOWN = "unknown"
NO_SCORE = "none"

_BAND = " ".join(f"when age <= {high} then '{name}'" for (_, high), name in zip(BANDS, AGES, strict=True) if high)
PEOPLE = f"""
with alive as (
    select p.id, p.sex, coalesce(p.ethnic_group, 'not-stated') as ethnic_group,
        coalesce(p.locality, '{UNKNOWN}') as locality, coalesce(z.deprivation_quintile, 3) as quintile,
        year($from) - p.birth_year - 1 as age
    from persons p left join zones z on z.code = p.zone
    where not list_contains($missing, coalesce(p.council, ''))
        and p.id not in (select person from events where event = 'death' and start_at < $from)
        and p.id not in (select person from events where event = 'care' and start_at >= $before and start_at < $from
            and service in {SERVICES})
),
before as (
    select person, count(*) filter (event = 'spell' and method = 'emergency') as admissions,
        count(*) filter (regexp_matches(upper(coalesce(diagnosis, '') || ';' || coalesce(diagnoses, '')), '(^|;)W[01]')
            or (event = 'scheme' and code = 'I105')) as falls,
        arg_max(value, (start_at, value)) filter (event = 'score' and code = 'efi') as value
    from events where start_at >= $before and start_at < $from group by person
),
after as (
    select distinct person from events where event = 'care' and start_at >= $from and start_at < $until
        and service in {SERVICES}
)
select case {_BAND} else '{AGES[-1]}' end as age, a.sex, a.ethnic_group, a.locality, a.quintile,
    least(coalesce(b.admissions, 0), 3) as admissions, least(coalesce(b.falls, 0), 2) as falls,
    case when b.value is null then '{NO_SCORE}' else {tier_case("efi")} end as frailty,
    count(*) as people, count(f.person) as began
from alive a left join before b on b.person = a.id left join after f on f.person = a.id
where a.age >= {BANDS[0][0]} group by all order by all
"""


@dataclass(frozen=True)
class Term:
    """A feature of the model: its name, and its column worked out of the counts by feature."""

    name: str
    column: pl.Expr

    def joined(self, other: Term) -> Term:
        """Either of two features that are yes or no."""
        return Term(f"{self.name} or {other.name}", self.column | other.column)


LADDERS = (
    tuple(Term(f"age {name}", pl.col("age") == name) for name in AGES[1:]),
    tuple(Term(f"{name} frailty", pl.col("frailty") == name) for name in ("mild", "moderate", "severe")),
)
OTHERS = (
    Term("no frailty score", pl.col("frailty") == NO_SCORE),
    Term("female", pl.col("sex") == "F"),
    Term("each fifth towards more deprived", 5 - pl.col("quintile")),
    Term("each emergency admission in the year before (up to 3)", pl.col("admissions")),
    Term("each fall in the year before (up to 2)", pl.col("falls")),
)


@dataclass(frozen=True)
class Need:
    """The model of social care need: its weights, how well it did in the next year, and people by place and chance.

    It was fitted on care begun from `first` to the day before `second`, and judged from there to before `third`.
    """

    first: date
    second: date
    third: date
    fitted: tuple[str, str]  # people, and those of them who began care, as they may be shown
    weights: pl.DataFrame  # term, weight (log odds), odds
    left_out: tuple[str, ...]  # features that too few people had
    calibration: pl.DataFrame  # group, value, people, began, expected, observed, low, high (%), inside
    discrimination: tuple[float, float, float]  # c-statistic in the year that it had not seen, and its 95% interval
    people: Protected  # by locality and chance
    missing: tuple[str, ...] = ()  # councils that sent no events, whose residents are left out


def need_of(store: Store, plan: Plan, connection: DuckDBPyConnection, begin: date | None = None) -> Need:
    """The model on the last three whole years of the councils' feeds, or on the three that begin on a day.

    Raises UsageError where the feeds are too short for it, or too few people began care.
    """
    councils = set(plan["zones"]["council"].drop_nulls())
    sent = sorted(councils.intersection(store.organisations("events")))
    first, second, third = years(store, sent, begin)
    return need(connection, first, second, third, sorted(councils.difference(sent)))


def years(store: Store, councils: list[str], begin: date | None = None) -> tuple[date, date, date]:
    """The first days of the years to fit and to judge, and the day after: the last that feeds cover, a year before too.

    `begin` is the first day of the year to look back on instead. Raises UsageError where feeds do not cover them.
    """
    if not councils:
        raise UsageError("No council has sent events to this store, so nobody is known to begin social care.")
    every = [{int(m[:4]) * YEAR + int(m[5:]) - 1 for m in store.manifest.months(code)} for code in councils]
    held = set.intersection(*every)
    starts = sorted(held, reverse=True) if begin is None else [begin.year * YEAR + begin.month - 1]
    for start in starts:
        if held.issuperset(range(start, start + NEEDED)):
            first, second, third = (_first_day(start + n * YEAR) for n in (1, 2, 3))
            return first, second, third
    span = f" ({_first_day(min(held)):%Y-%m} to {_first_day(max(held)):%Y-%m})" if held else ""
    wanted = "" if begin is None else f" from {begin:%Y-%m}"
    raise UsageError(
        f"The feeds of {', '.join(councils)} together cover {len(held)} months{span}. The model needs {NEEDED} months "
        f"in a row{wanted}: a year to look back on, a year to fit and a year to judge."
    )


def _first_day(month: int) -> date:
    return date(month // YEAR, month % YEAR + 1, 1)


def need(
    connection: DuckDBPyConnection, first: date, second: date, third: date, missing: list[str] | None = None
) -> Need:
    """Fit on care begun from `first` to `second`, judge on care begun from `second` to `third`, a year each.

    People who live with the councils in `missing` are left out. Raises UsageError when fewer than 50 people began care
    in either year, or they had nothing in common.
    """
    train, test = (_counted(connection, *span, missing or []) for span in ((first, second), (second, third)))
    terms, left_out = _terms(train)
    if not terms:
        raise UsageError("Too few people share any feature to fit a model: each feature needs 8 who began care.")
    weights, chance = _fitted(train, test, terms)
    table = pl.DataFrame({"term": ["everybody", *(t.name for t in terms)], "weight": weights})
    judged = test.with_columns(chance=pl.Series(chance))
    places = protect(judged.with_columns(chance=band_of_chance()), ["locality", "chance"], ["people"])
    return Need(
        first,
        second,
        third,
        (shown(int(train["people"].sum())), shown(int(train["began"].sum()))),
        table.with_columns(odds=pl.col("weight").exp().round(3), weight=pl.col("weight").round(3)),
        left_out,
        calibration(judged, places),
        discrimination(judged),
        places,
        tuple(missing or ()),
    )


def _counted(connection: DuckDBPyConnection, start: date, end: date, missing: list[str]) -> pl.DataFrame:
    """People without care on a day, and those of them who began it by another, by their features the year before."""
    given = {"from": start, "until": end, "before": start.replace(year=start.year - 1), "missing": missing}
    cursor = connection.execute(PEOPLE, given)
    names = [c[0] for c in cursor.description or ()]
    kinds = {n: pl.String() if n in (*GROUPS, "locality", "frailty") else pl.Int64() for n in names}
    frame = pl.DataFrame(cursor.fetchall(), schema=kinds, orient="row")
    if frame["began"].sum() < FEW:
        raise UsageError(
            f"Too few people begin social care in the year from {start} to judge a model ({FEW} are needed). "
            "Add feeds of the councils for that year and the year before."
        )
    return frame


def _terms(train: pl.DataFrame) -> tuple[list[Term], tuple[str, ...]]:
    """The features that get a weight, and the names of those that too few people had."""
    kept: list[Term] = []
    left_out: list[str] = []
    for ladder in LADDERS:
        above: Term | None = None
        steps: list[Term] = []
        for step in reversed(ladder):
            term = step if above is None else step.joined(above)
            above = None if _enough(train, term) else term
            steps += [term] if above is None else []
        kept += reversed(steps)
        left_out += [] if above is None else [above.name]
    kept += [term for term in OTHERS if _enough(train, term)]
    left_out += [term.name for term in OTHERS if not _enough(train, term)]
    return kept, tuple(left_out)


def _enough(train: pl.DataFrame, term: Term) -> bool:
    """Whether more than seven people began care, and more than seven did not, both with the feature and without it."""
    people, began = pl.col("people"), pl.col("began")
    has = term.column.cast(pl.Int64) > 0
    sums = train.select(((people - began).filter(w).sum(), began.filter(w).sum())[i].alias(f"{w}{i}")
                        for w in (has, ~has) for i in (0, 1))  # fmt: skip
    return all(number > SMALL for number in sums.row(0))


def _fitted(train: pl.DataFrame, test: pl.DataFrame, terms: list[Term]) -> tuple[list[float], np.ndarray[Any, Any]]:
    """The weights (log odds, that of everybody first), and each row of `test` its chance.

    Logistic regression; the weights but the first are shrunk a little towards nought (ridge: le Cessie and van
    Houwelingen 1992, with half the sum of their squares as the penalty).
    """
    from sklearn.linear_model import LogisticRegression

    columns = [term.column.cast(pl.Float64).alias(term.name) for term in terms]
    x, people, began = train.select(columns).to_numpy(), train["people"].to_numpy(), train["began"].to_numpy()
    outcome = np.repeat([1, 0], len(x))
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(np.vstack([x, x]), outcome, sample_weight=np.concatenate([began, people - began]))
    weights = [float(w) for w in (model.intercept_[0], *model.coef_[0])]
    return weights, model.predict_proba(test.select(columns).to_numpy())[:, 1]
