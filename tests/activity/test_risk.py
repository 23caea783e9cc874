"""Tiers on their limits, case lists of one's own tokens only, and a model that finds what was put in."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from types import SimpleNamespace

import duckdb
import numpy as np
import polars as pl
import pytest

from bettercare.activity import risk
from bettercare.activity.views import give
from bettercare.foundation.problems import UsageError
from tests.activity.event_rows import Event, Person, connect

WHEN = datetime(2014, 1, 5)


@pytest.mark.parametrize(
    ("code", "value", "tier"),
    [
        ("efi", 0.12, "fit"),
        ("efi", 0.121, "mild"),
        ("efi", 0.24, "mild"),
        ("efi", 0.36, "moderate"),
        ("efi", 0.361, "severe"),
        ("hfrs", 4.9, "low"),
        ("hfrs", 5.0, "intermediate"),
        ("hfrs", 15.0, "intermediate"),
        ("hfrs", 15.1, "high"),
    ],
)
def test_a_score_on_a_limit(code: str, value: float, tier: str) -> None:
    assert risk.tier(code, value) == tier
    table = risk.people_by_tier(connect([Person(i) for i in range(1, 11)], [
        Event(i, "score", WHEN, code=code, value=value) for i in range(1, 11)
    ]), code).where(tier=tier)  # fmt: skip
    assert table["people_shown"].to_list() == ["10"]


def test_small_tiers_are_hidden_and_the_dead_are_left_out() -> None:
    people = [Person(i) for i in range(1, 31)]
    scores = [Event(i, "score", WHEN, code="efi", value=0.5 if i < 4 else 0.1) for i in range(1, 31)]
    died = [Event(i, "death", WHEN) for i in range(20, 31)]
    table = risk.people_by_tier(connect(people, scores + died))
    assert table.where(tier="severe")["people_shown"].to_list() == ["*"]
    assert table.where(tier="fit")["people_shown"].to_list() == ["15"]


def test_a_case_list_gives_an_organisation_its_own_tokens_only() -> None:
    secret = "s" * 64
    held = {t: int(hashlib.sha256((secret + t).encode()).hexdigest()[:16], 16) for t in ("aa", "bb", "cc")}
    people = [Person(i) for i in (1, 2, 3)]
    connection = connect(
        people, [Event(i, "score", WHEN, code="efi", value=0.5, organisation="primary-care") for i in (1, 2)]
    )
    connection.execute("delete from registers")
    rows = [(1, "uhl", held["aa"], "valid"), (2, "lpt", held["bb"], "valid"), (3, "uhl", held["cc"], "valid")]
    connection.executemany("insert into registers values (?, ?, ?, ?)", rows)
    store = SimpleNamespace(
        secret=secret, organisations=lambda kind: ["uhl", "lpt"], connect=lambda plan: connection.cursor()
    )
    assert risk.case_list(store, None, "uhl", "severe", ["aa", "bb", "cc", "zz"]) == ["aa"]  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no register"):
        risk.case_list(store, None, "emas", "severe", [])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="they are fit, mild, moderate, severe"):
        risk.case_list(store, None, "uhl", "worst", [])  # type: ignore[arg-type]


def world(n: int = 40_000) -> duckdb.DuckDBPyConnection:
    """People of whom age and admissions truly raise the chance of care, over two years."""
    rng = np.random.default_rng(3)
    age, admissions = rng.integers(20, 98, n), rng.poisson(0.3, n).clip(0, 3)
    connection = duckdb.connect()
    give(
        connection,
        "people",
        pl.DataFrame({"id": np.arange(n), "age": age, "admissions": admissions, "female": rng.random(n) < 0.5}),
    )
    begins = []
    for year in (2014, 2015):
        chance = 1 / (1 + np.exp(4.5 - 1.2 * (age >= 75) - 1.0 * (age >= 85) - 0.7 * admissions))
        begins += [(int(i), f"{year}-06-01") for i in np.flatnonzero(rng.random(n) < chance)]
    give(connection, "begins", pl.DataFrame(begins, schema=["id", "day"], orient="row"))
    give(connection, "zones", pl.DataFrame({"code": ["z"], "deprivation_quintile": [3]}))
    connection.execute("""
        create table persons as select id, if(female, 'F', 'M') as sex, (2014 - age)::int as birth_year, 'z' as zone,
            'leicester' as locality, if(id % 4 = 0, 'asian', 'white') as ethnic_group from people;
        create table events as
        select id as person, 'spell' as event, 'emergency' as method, 'emergency-medical' as service,
            null as code, null::double as value,
            make_timestamp(y, 9, 1, 0, 0, 0) as start_at, null as diagnosis, null as diagnoses
        from people, unnest([2013, 2014]) t(y), range(3) r(k) where k < admissions
        union all select id, 'care', null, 'home-care', null, null, day::timestamp, null, null from begins
        union all select -1, 'score', null, null, 'efi', 0.1, timestamp '2013-10-01', null, null;
    """)
    return connection


def test_the_model_finds_the_odds_that_were_put_in_and_is_calibrated() -> None:
    found = risk.need(world(), date(2014, 4, 1), date(2015, 4, 1), date(2016, 4, 1))
    weights = dict(found.coefficients.select("term", "weight").iter_rows())
    assert weights["each emergency admission in the year before (up to 3)"] == pytest.approx(0.7, abs=0.15)
    assert weights["age 85 and over"] == pytest.approx(2.2, abs=0.25)
    assert abs(weights["female"]) < 0.15
    assert 0.65 < found.discrimination < 0.9
    judged = found.calibration.filter(pl.col("inside").is_not_null())
    assert judged["inside"].mean() >= 0.7
    assert set(judged["group"]) == {"age", "sex", "ethnic group"}
    assert not set(found.people.table["people_shown"]) & {str(n) for n in range(1, 10)}


def test_too_few_beginnings_are_refused() -> None:
    with pytest.raises(UsageError, match="Too few people begin social care"):
        risk.need(world(300), date(2014, 4, 1), date(2015, 4, 1), date(2016, 4, 1))
