"""A scheme's benefit, claimed and compared: what its staff judged, and what like people without it tell.

Counts leave through `activity.disclosure` only. Both numbers stand side by side, each with its interval. The plan
learns from the comparison where there is one, and never from both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from bettercare.activity.disclosure import Protected, protect
from bettercare.activity.views import quoted
from bettercare.appraisal.matched import Balance, match
from bettercare.appraisal.matched_effect import MONTHS, Compared, Estimate, compare
from bettercare.appraisal.matched_history import DAY_US, days
from bettercare.appraisal.spread import Spread
from bettercare.engines.learn.benefit import claim
from bettercare.foundation.problems import UsageError, did_you_mean, shown
from bettercare.foundation.ranges import Range

if TYPE_CHECKING:
    import duckdb

    from bettercare.plan.plan import Plan

AVOIDED = "avoided"
LOOKBACK = 731  # days of records before the first referral that matching looks at
EVENTS = ("attendance", "response", "spell", "care", "score", "scheme", "death")
COLUMNS = ("person", "event", "start_at", "end_at", "method", "code", "value", "outcome", "organisation")
MINUS = "\u2212"


@dataclass(frozen=True)
class Claimed:
    """What the staff of a scheme judged. `counts` has the dimension judged: avoided, or not.

    The numbers come from the rounded counts; None where they may not be shown. `judged_by` are the organisations that
    recorded it.
    """

    counts: Protected
    judged_by: tuple[str, ...]
    referrals: int | None
    avoided: int | None
    share: Estimate | None
    a_year: Estimate | None


@dataclass(frozen=True)
class Comparison:
    """What matched controls say, as it may be shown.

    `counts` has the dimension group, `taken_on` the dimension matched.
    """

    counts: Protected
    taken_on: Protected
    ratio: Estimate | None
    difference: Estimate | None  # emergency admissions for each 100 people
    avoided_a_year: Estimate | None
    negative: Estimate | None  # ratio of planned admissions, which the scheme cannot change
    balance: tuple[Balance, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class InPlan:
    """An effect of the plan that the scheme is to have: assumed and claimed, in the unit of the effect.

    `assumed` is what the plan's range comes to at the LEVEL of all intervals here, whatever interval it was written as.
    """

    code: str
    unit: str
    assumed: Spread
    claimed: float | None


@dataclass(frozen=True)
class Benefits:
    """Claimed and compared side by side. `uses` is compared or neither; `words` say how far apart they are."""

    initiative: str
    name: str
    first: str  # months of the referrals
    last: str
    referral_months: int
    months: int
    claimed: Claimed
    compared: Comparison | None
    why_not: str
    in_plan: tuple[InPlan, ...]
    uses: str
    words: tuple[str, ...]


def benefits(
    plan: Plan, connection: duckdb.DuckDBPyConnection, initiative: str, months: int = MONTHS, seed: int = 1
) -> Benefits:
    """The benefit of an initiative from the views of a store (`store.connect(plan)`)."""
    known = plan.tables["initiatives"]["code"].to_list()
    if initiative not in known:
        raise UsageError(
            f"{shown(initiative)} is no initiative of this plan. {did_you_mean(initiative, known)}".strip()
        )
    people, events, until = frames(connection, initiative, months)
    return from_frames(plan, people, events, initiative, months, until, seed)


def frames(
    connection: duckdb.DuckDBPyConnection, initiative: str, months: int = MONTHS
) -> tuple[pl.DataFrame, pl.DataFrame, float]:
    """People and events as matching needs them, and the day up to which every hospital has sent its admissions."""
    code = quoted(initiative)
    found = connection.execute(
        f"SELECT min(start_at), max(start_at) FROM events WHERE event = 'scheme' AND code = {code}"
    ).fetchone()
    if not found or found[0] is None:
        raise UsageError(
            f"The store has no referrals to {initiative} (event scheme, code {initiative}). Add a feed that has them."
        )
    sent = connection.execute(
        "SELECT min(last) FROM (SELECT last_day(max(start_at)::DATE) + 1 AS last FROM events "
        "WHERE event = 'spell' AND method = 'emergency' GROUP BY organisation)"
    ).fetchone()
    if not sent or sent[0] is None:
        raise UsageError("The store has no emergency admissions (event spell). Add a feed of a hospital's events.")
    kinds = ", ".join(quoted(kind) for kind in EVENTS)
    wanted = (
        f"SELECT {', '.join(COLUMNS)} FROM events WHERE event IN ({kinds}) AND (event IN ('death', 'score') OR "
        f"start_at BETWEEN TIMESTAMP '{found[0]}' - INTERVAL {LOOKBACK} DAY AND "
        f"TIMESTAMP '{found[1]}' + INTERVAL {31 * months} DAY)"
    )
    people = (
        "SELECT p.id, p.sex, p.birth_year, p.locality, p.residence, z.deprivation_quintile "
        "FROM persons AS p LEFT JOIN zones AS z ON p.zone = z.code ORDER BY p.id"
    )
    until = float(days(pl.Series([sent[0]]).cast(pl.Datetime("us")))[0])
    return _frame(connection, people), _frame(connection, wanted), until


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """What a query finds, through a file: handing it over directly needs a further library."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.parquet"
        connection.execute(f"COPY ({query}) TO {quoted(path.as_posix())} (FORMAT parquet)")
        return pl.read_parquet(path)


def from_frames(
    plan: Plan,
    people: pl.DataFrame,
    events: pl.DataFrame,
    initiative: str,
    months: int = MONTHS,
    until: float | None = None,
    seed: int = 1,
) -> Benefits:
    """The same from frames of people and events, whose order does not matter."""
    events = events.sort(["person", "start_at", "event", "code"], nulls_last=True)
    people = people.sort("id")
    scheme = events.filter((pl.col("event") == "scheme") & (pl.col("code") == initiative))
    if not scheme.height:
        raise UsageError(f"There are no referrals to {initiative} (event scheme, code {initiative}).")
    first, last = (str(t)[:7] for t in _ends(days(scheme["start_at"])))
    span = _month(last) - _month(first) + 1
    claimed = _claimed(scheme, span)
    found, why = None, ""
    try:
        made = compare(match(people, events, initiative, until=until, seed=seed), months)
        found = _comparison(made, span)
    except UsageError as error:
        why = str(error)
    return Benefits(
        initiative=initiative,
        name=str(dict(plan.tables["initiatives"].select("code", "title").iter_rows())[initiative]),
        first=first,
        last=last,
        referral_months=span,
        months=months,
        claimed=claimed,
        compared=found,
        why_not=why,
        in_plan=tuple(_in_plan(plan, initiative)),
        uses="neither" if found is None or found.avoided_a_year is None else "compared",
        words=tuple(_words(claimed, found, why, months)),
    )


def _ends(times: Any) -> tuple[Any, Any]:
    import numpy as np

    known = (times[~np.isnan(times)] * DAY_US).astype("datetime64[us]")
    if not known.size:
        raise UsageError("No referral has a date. Send the feed again with the start of each event.")
    return known.min(), known.max()


def _month(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7])


def _claimed(scheme: pl.DataFrame, span: int) -> Claimed:
    said = pl.when(pl.col("outcome") == AVOIDED).then(pl.lit(AVOIDED)).otherwise(pl.lit("not avoided"))
    counts = protect(scheme.group_by(said.alias("judged")).agg(pl.len().alias("referrals")), ["judged"], ["referrals"])
    shown_of = dict(counts.table.select("judged", "referrals").iter_rows())
    all_, avoided = shown_of.get(""), shown_of.get(AVOIDED, 0)
    by = tuple(sorted(set(scheme["organisation"].drop_nulls()))) if "organisation" in scheme.columns else ()
    if all_ is None or avoided is None or avoided > all_ or not all_:
        return Claimed(counts, by, all_, avoided, None, None)
    said_so = claim(avoided, all_, span)
    return Claimed(counts, by, all_, avoided, Estimate(*said_so.share), Estimate(*said_so.a_year))


def _comparison(made: Compared, span: int) -> Comparison:
    matched = made.matched
    rows = [
        ("referred", matched.pairs, made.referred_deaths, made.outcome.referred_events, made.negative.referred_events),
        ("like them", matched.pairs, made.control_deaths, made.outcome.control_events, made.negative.control_events),
    ]
    names = ["people", "deaths", "emergency_admissions", "planned_admissions"]
    cube = pl.DataFrame(rows, schema=["group", *names], orient="row")
    counts = protect(cube, ["group"], names, within=[("deaths", "people")])
    both = pl.DataFrame({"matched": ["yes", "no"], "people": [matched.pairs, matched.unmatched]})
    gap = made.outcome.difference
    a_year = None
    if gap is not None:
        taken_on = (matched.pairs + matched.unmatched) * 12.0 / span / 100.0
        a_year = Estimate(-gap.value * taken_on, -gap.high * taken_on, -gap.low * taken_on)
    return Comparison(
        counts,
        protect(both, ["matched"], ["people"]),
        made.outcome.ratio,
        gap,
        a_year,
        made.negative.ratio,
        matched.balance,
        tuple(_warnings(made)),
    )


def _warnings(made: Compared) -> Iterator[str]:
    matched = made.matched
    if made.warns and made.negative.ratio is not None:
        side = "more" if made.negative.ratio.value > 1.0 else "fewer"
        yield (
            f"Those referred also had {side} planned admissions, which the scheme cannot change: the two groups were "
            "not alike, and the comparison may mislead. (In one of ten comparisons this is chance.)"
        )
    if made.negative.ratio is None:
        yield "There were too few planned admissions to test whether the groups were alike."
    if matched.unbalanced:
        worst = max(matched.unbalanced, key=lambda b: abs(b.after))
        yield (
            f"After matching the groups still differ by more than 0.1 standard deviations in {len(matched.unbalanced)} "
            f"of {len(matched.balance)} things, most in {worst.name} ({worst.after:+.2f}). It is allowed for."
        )
    if matched.unmatched > 0.1 * (matched.pairs + matched.unmatched):
        yield "More than one in ten people referred had nobody like them, so this is not about them."
    if matched.later_referred > 0.1 * matched.pairs:
        share = round(20 * matched.later_referred / matched.pairs) * 5
        yield f"About {share}% of the controls were referred later. They are taken to have gained as much as others."


def _in_plan(plan: Plan, initiative: str) -> Iterator[InPlan]:
    for row in plan.tables["effects"].iter_rows(named=True):
        if row["initiative"] == initiative and row["lever"] == "avoid":
            yield InPlan(row["code"], row["unit"], Spread.of_range(Range.of(row)), row["claimed"])


def _words(claimed: Claimed, compared: Comparison | None, why: str, months: int) -> Iterator[str]:
    if compared is None or compared.avoided_a_year is None or compared.ratio is None:
        few = "Too few were admitted to say, or too many controls were referred later."
        yield f"There is no comparison, so the plan keeps what it assumes. {why or few}"
        return
    a = compared.avoided_a_year
    value, low, high = (f"{x:,.0f}".replace("-", MINUS) for x in (a.value, a.low, a.high))
    found = f"{value} a year ({low} to {high})"
    yield f"Compared with like people over {months} months, avoided emergency admissions come to {found}."
    if compared.ratio.holds(1.0):
        yield "The interval holds no effect: the records do not show that admissions fell, nor that they did not."
    if claimed.a_year is None:
        yield "The claim rests on too few people to be shown."
        return
    c = claimed.a_year.value
    where = "within" if a.holds(c) else "above" if c > a.high else "below"
    yield f"Staff judged {c:,.0f} a year avoided, which is {where} the interval of the comparison."
    if a.value > 0.0 and c > a.value:
        yield f"The claim is {c / a.value:.1f} times what the comparison finds."
    elif c > a.value:
        yield "The comparison finds none avoided."
    else:
        yield "The comparison finds more than was claimed: look for why before counting on it."
    yield "The plan learns from the comparison, and not from the claim: both rest on the same people."
