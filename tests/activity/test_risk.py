"""Tiers on their limits, and case lists of one's own tokens only."""

from __future__ import annotations

import hashlib
from datetime import datetime
from types import SimpleNamespace

import pytest

from bettercare.activity import risk
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
