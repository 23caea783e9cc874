"""The model of social care need: it finds what was put in, is calibrated as theory says, and gives nothing away."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import duckdb
import numpy as np
import polars as pl
import pytest

from bettercare.activity import risk_need
from bettercare.activity.disclosure import protect
from bettercare.activity.risk import tier
from bettercare.activity.risk_judged import calibration, discrimination
from bettercare.activity.views import give
from bettercare.foundation.problems import UsageError
from bettercare.reporting import risk_answer
from tests.activity.event_rows import Event, Person, connect, some_events, some_people

YEARS = (date(2014, 4, 1), date(2015, 4, 1), date(2016, 4, 1))
ETHNIC = {"white": 0.7, "asian": 0.15, "black": 0.06, "mixed": 0.05, "other": 0.04}


def world(
    n: int = 40_000, seed: int = 3, random: bool = False, times: dict[str, float] | None = None
) -> duckdb.DuckDBPyConnection:
    """People of whom age and admissions truly raise the chance of care, over two years; or it is the same for all.

    `times` multiplies the chance of an ethnic group, of which the model knows nothing.
    """
    draw = np.random.default_rng(seed)
    age, admissions = draw.integers(20, 98, n), draw.poisson(0.3, n).clip(0, 3)
    ethnic = draw.choice(list(ETHNIC), n, p=list(ETHNIC.values()))
    truth = (
        np.full(n, 0.03) if random else 1 / (1 + np.exp(4.5 - 1.2 * (age >= 75) - 1.0 * (age >= 85) - 0.7 * admissions))
    )
    for group, factor in (times or {}).items():
        truth = np.where(ethnic == group, truth * factor, truth)
    begins = [(int(i), f"{year}-06-01") for year in (2014, 2015) for i in np.flatnonzero(draw.random(n) < truth)]
    connection = duckdb.connect()
    give(connection, "begins", pl.DataFrame(begins, schema=["id", "day"], orient="row"))
    give(connection, "zones", pl.DataFrame({"code": ["z"], "deprivation_quintile": [3]}))
    give(connection, "people", pl.DataFrame({
        "id": np.arange(n), "age": age, "admissions": admissions, "female": draw.random(n) < 0.5, "ethnic": ethnic,
    }))  # fmt: skip
    connection.execute("""
        create table persons as select id, if(female, 'F', 'M') as sex, (2014 - age)::int as birth_year, 'z' as zone,
            'leicester' as locality, if(id % 2 = 0, 'city', 'county') as council, ethnic as ethnic_group from people;
        create table events as
        select id as person, 'spell' as event, 'emergency' as method, 'emergency-medical' as service,
            null as code, null::double as value,
            make_timestamp(y, 9, 1, 0, 0, 0) as start_at, null as diagnosis, null as diagnoses
        from people, unnest([2013, 2014]) t(y), range(3) r(k) where k < admissions
        union all select id, 'care', null, 'home-care', null, null, day::timestamp, null, null from begins
        union all select -1, 'score', null, null, 'efi', 0.1, timestamp '2013-10-01', null, null;
    """)
    return connection


def test_the_model_finds_the_odds_that_were_put_in() -> None:
    found = risk_need.need(world(), *YEARS)
    weights = dict(found.weights.select("term", "weight").iter_rows())
    assert weights["each emergency admission in the year before (up to 3)"] == pytest.approx(0.7, abs=0.15)
    assert weights["age 85 and over"] == pytest.approx(2.2, abs=0.25)
    assert weights["everybody"] == pytest.approx(-4.5, abs=0.2)
    assert abs(weights["female"]) < 0.15
    assert 0.65 < found.discrimination[0] < 0.9
    assert found.left_out == (  # nobody has a score or a fall, and all live in the middle fifth
        "mild frailty or moderate frailty or severe frailty",
        "no frailty score",
        "each fifth towards more deprived",
        "each fall in the year before (up to 2)",
    )
    assert set(found.calibration["group"]) == {"everybody", "age", "sex", "ethnic_group"}


def test_most_groups_hold_what_the_model_expects_and_a_group_of_which_it_knows_nothing_does_not() -> None:
    """Fit and judged years of one size: a right model lies inside P(|N(0, 2)| < 1.96) = 83% of the intervals, and a
    little more often as they are widened for rounding."""
    judged = pl.concat(risk_need.need(world(20_000, seed), *YEARS).calibration for seed in range(12))
    judged = judged.filter(pl.col("group") != "everybody", pl.col("inside").is_not_null())
    assert judged.height > 100
    assert 0.78 <= judged["inside"].cast(pl.Float64).mean() <= 0.96  # type: ignore[operator]
    found = risk_need.need(world(times={"asian": 1.8}), *YEARS).calibration
    asian = found.filter(pl.col("value") == "asian").row(0, named=True)
    assert asian["inside"] is False and asian["expected"] < asian["low"]


def test_where_care_begins_at_random_the_model_cannot_tell_people_apart() -> None:
    found = [risk_need.need(world(20_000, seed, random=True), *YEARS) for seed in range(6)]
    assert all(abs(one.discrimination[0] - 0.5) < 0.03 for one in found)
    told = [one for one in found if one.discrimination[1] <= 0.5]
    assert len(told) >= 5 and "cannot be told from guessing" in risk_answer.discrimination(told[0])


def test_the_c_statistic_is_the_share_of_pairs_and_its_interval_covers_what_theory_gives() -> None:
    """Of chances that are exponential with rates 1 and 3, the first is higher in 3 of 4 pairs."""
    draw = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        chance = np.concatenate([draw.exponential(1, 60), draw.exponential(1 / 3, 140)])
        began = np.repeat([1, 0], [60, 140])
        c, low, high = discrimination(pl.DataFrame({"chance": chance, "people": [1] * 200, "began": began}))
        pairs = chance[:60, None] - chance[None, 60:]
        assert c == pytest.approx((pairs > 0).mean())
        covered += low <= 0.75 <= high
    assert 0.91 <= covered / 200 <= 0.99


def test_people_are_counted_as_in_plain_python() -> None:
    people, start, before, until = some_people(5, 400), datetime(2014, 3, 1), datetime(2013, 3, 1), datetime(2015, 3, 1)
    events = some_events(5, people, 2500)
    connection = connect(people, events)
    connection.execute("create table zones (code varchar, deprivation_quintile bigint)")
    given = {"from": start.date(), "until": until.date(), "before": before.date(), "missing": ["rutland-council"]}
    rows = connection.execute(risk_need.PEOPLE, given).fetchall()
    expected: Counter[tuple[object, ...]] = Counter()
    for one in people:
        own = [e for e in events if e.person == one.id]
        past = [e for e in own if before <= e.start < start]
        dead = any(e.event == "death" and e.start < start for e in own)
        age = 2014 - one.birth_year - 1
        if dead or age < 18 or one.locality == "rutland" or any(_is_care(e) for e in past):
            continue
        band = "85 and over" if age > 84 else "75 to 84" if age > 74 else "65 to 74" if age > 64 else "18 to 64"
        admissions = sum(e.event == "spell" and e.method == "emergency" for e in past)
        falls = sum(e.event == "scheme" and e.code == "I105" for e in past)
        scores = [(e.start, e.value) for e in past if e.event == "score" and e.code == "efi"]
        frailty = tier("efi", max(scores)[1] or 0.0) if scores else "none"
        began = any(_is_care(e) and start <= e.start < until for e in own)
        key = (band, one.sex, one.ethnic_group, one.locality, 3, min(admissions, 3), min(falls, 2), frailty)
        expected[(*key, "people")] += 1
        expected[(*key, "began")] += began
    found = {(*row[:8], name): n for row in rows for name, n in zip(("people", "began"), row[8:], strict=True)}
    assert found == dict(expected) and sum(row[9] for row in rows) > 10


def _is_care(event: Event) -> bool:
    return event.event == "care" and event.service in risk_need.SERVICES


def test_a_feature_of_few_people_has_no_weight_of_its_own() -> None:
    """Seven of the severely frail begin care: a weight would tell that. With the moderately frail they are enough."""
    when = datetime(2013, 6, 1)
    people = [Person(i, "FM"[i % 2], birth_year=1960) for i in range(1, 501)]
    scores = {i: 0.5 if i <= 20 else 0.3 if i <= 100 else 0.1 for i in range(1, 501)}
    events = [
        Event(i, "score", when + timedelta(days=365 * y), code="efi", value=scores[i]) for y in (0, 1) for i in scores
    ]
    begin = [*range(1, 8), *range(30, 60), *range(200, 240)]
    care = [
        Event(i, "care", datetime(2014, 6, 1), organisation="leicester-council", service="home-care") for i in begin
    ]
    later = [
        Event(i + 40, "care", datetime(2015, 6, 1), organisation="c", service="home-care") for i in range(200, 270)
    ]
    connection = connect(people, [*events, *care, *later])
    connection.execute("create table zones (code varchar, deprivation_quintile bigint)")
    found = risk_need.need(connection, *YEARS)
    terms = found.weights["term"].to_list()
    assert "moderate frailty or severe frailty" in terms and "severe frailty" not in terms
    assert "mild frailty" in found.left_out and "no frailty score" in found.left_out


def test_shares_come_from_counts_as_shown_and_are_blank_for_small_groups() -> None:
    rows = [
        ("18 to 64", "F", "white", 1002, 103),
        ("18 to 64", "M", "asian", 498, 52),
        ("18 to 64", "M", "black", 40, 4),
    ]
    frame = pl.DataFrame(rows, schema=["age", "sex", "ethnic_group", "people", "began"], orient="row")
    frame = frame.with_columns(chance=pl.lit(0.1))
    found = calibration(frame, protect(frame, ["sex"], ["people"]))
    women = found.filter(pl.col("value") == "F").row(0, named=True)
    assert (women["people"], women["began"]) == ("1,000", "105")
    assert women["observed"] == 10.5 and women["expected"] == 10.0 and women["inside"]
    assert women["low"] < 100 * 103 / 1002 < women["high"]
    black = found.filter(pl.col("value") == "black").row(0, named=True)
    assert black["observed"] is None and black["expected"] is None and black["inside"] is None


def test_people_of_councils_without_feeds_are_left_out() -> None:
    whole, half = risk_need.need(world(), *YEARS), risk_need.need(world(), *YEARS, ["county"])
    people = [one.people.where()["people"].item() for one in (whole, half)]
    assert people[1] == pytest.approx(people[0] / 2, abs=600)
    assert "County Hall" in risk_answer.sentences(half, {"county": "County Hall"})[-1]


def test_too_few_beginnings_are_refused() -> None:
    with pytest.raises(UsageError, match="Too few people begin social care"):
        risk_need.need(world(300), *YEARS)


def test_the_years_are_the_last_that_every_council_covers() -> None:
    def span(first: int, last: int) -> dict[str, None]:
        return {f"{m // 12}-{m % 12 + 1:02}": None for m in range(first, last)}

    begin = 2013 * 12 + 3
    held = {"city": span(begin, begin + 40), "county": span(begin, begin + 38), "short": span(begin, begin + 27)}
    held["gap"] = {m: None for m in held["city"] if m != "2016-04"}
    store = SimpleNamespace(manifest=SimpleNamespace(months=held.__getitem__))

    def ask(codes: list[str], on: date | None = None) -> tuple[date, date, date]:
        return risk_need.years(store, codes, on)  # type: ignore[arg-type]

    assert ask(["city"]) == (date(2014, 8, 1), date(2015, 8, 1), date(2016, 8, 1))
    assert ask(["city", "county"]) == (date(2014, 6, 1), date(2015, 6, 1), date(2016, 6, 1))
    assert ask(["city", "gap"]) == YEARS
    assert ask(["city", "county"], date(2013, 4, 1)) == YEARS
    with pytest.raises(UsageError, match=r"27 months \(2013-04 to 2015-06\). The model needs 36"):
        ask(["city", "short"])
    with pytest.raises(UsageError, match="in a row from 2014-01"):
        ask(["city"], date(2014, 1, 1))
    with pytest.raises(UsageError, match="No council has sent events"):
        ask([])
