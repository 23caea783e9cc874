"""Whatever the order in which feeds come, and however often: the store holds the same."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bettercare.activity import feed
from bettercare.activity.store import Store
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from tests.activity.feeds import AGREEMENTS, event, write

MONTHS = ("2013-04", "2013-05", "2013-06", "2013-07")
NOW = datetime(2014, 5, 1)

# A feed: first and last month, day of extraction, and the month of each of its records (by the record's number).
FEED = st.tuples(
    st.integers(0, 3), st.integers(0, 3), st.integers(1, 5), st.dictionaries(st.integers(0, 5), st.integers(0, 3))
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan("llr")


def sent(folder: Path, drawn: list[tuple[int, int, int, dict[int, int]]]) -> list[Path]:
    (folder / "agreements.csv").write_text(AGREEMENTS)
    paths = []
    for number, (a, b, day, records) in enumerate(drawn):
        first, last = min(a, b), max(a, b)
        rows = [
            event("uhl", 1, record, f"{MONTHS[month]}-0{day}")
            for record, month in records.items()
            if first <= month <= last
        ]
        said: dict[str, Any] = {"from": MONTHS[first], "to": MONTHS[last], "extracted_at": f"2013-09-0{day}T00:00:00"}
        paths.append(write(folder, f"feed-{number}", "uhl", "events", rows, **said))
    return paths


def held(store: Store, plan: Plan) -> list[tuple[Any, ...]]:
    """All events without what says when they were received; records as numbers in order, as each store has a key."""
    query = "SELECT month, start_at, event, feed, count(*) FROM events GROUP BY ALL ORDER BY ALL"
    return store.connect(plan).execute(query).fetchall()


def oracle(drawn: list[tuple[int, int, int, dict[int, int]]], names: list[str]) -> dict[str, int]:
    """How many events each month has, worked out slowly: the latest extract of a month, and of a record, counts."""
    ranked = sorted(zip(drawn, names, strict=True), key=lambda one: (one[0][2], one[1]))
    month_of: dict[str, tuple[int, int]] = {}
    for rank, ((a, b, _, _), _) in enumerate(ranked):
        for month in range(min(a, b), max(a, b) + 1):
            month_of[MONTHS[month]] = (rank, month)
    latest: dict[int, str] = {}
    for rank, ((a, b, _, records), _) in enumerate(ranked):
        for record, month in records.items():
            if min(a, b) <= month <= max(a, b) and month_of[MONTHS[month]][0] == rank:
                latest[record] = MONTHS[month]
    return {month: list(latest.values()).count(month) for month in MONTHS if month in latest.values()}


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(FEED, min_size=1, max_size=4), random=st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_store(plan: Plan, drawn: list[Any], random: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "feeds").mkdir()
        paths = sent(folder / "feeds", drawn)
        agreements = folder / "feeds" / "agreements.csv"
        together = Store.create(folder / "together")
        received = feed.add(together, plan, [folder / "feeds"], link=False, now=NOW)
        assert not any(one.refused for one in received)
        names = {one.file: one.feed for one in received}
        one_by_one = Store.create(folder / "one-by-one")
        shuffled = [*paths, *random.choices(paths, k=2)]
        random.shuffle(shuffled)
        for path in shuffled:
            feed.add(one_by_one, plan, [path, agreements], link=False, now=NOW)
        assert held(one_by_one, plan) == held(together, plan)
        found = together.connect(plan).execute("SELECT month, count(*) FROM events GROUP BY month").fetchall()
        assert dict(found) == oracle(drawn, [names[path.name] for path in paths])
