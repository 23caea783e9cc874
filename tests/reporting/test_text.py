"""Numbers read as a person would say them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from bettercare.reporting import text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (397_600_000, "£398m"),
        (-4_240_000, "−£4.2m"),
        (1_234_000_000, "£1.23bn"),
        (999_600_000, "£1.00bn"),
        (847_300, "£850,000"),
        (999_900, "£1.0m"),
        (996_000, "£1.0m"),
        (994_000, "£990,000"),
        (-300, "£0"),
        (-998_400_000, "−£998m"),
        (9_960_000, "£10m"),
        (38_730, "£39,000"),
        (12, "£0"),
        (-0.0, "£0"),
    ],
)
def test_money(value: float, said: str) -> None:
    assert text.money(value) == said


def test_money_with_a_sign() -> None:
    assert text.money(2_000_000, plus=True) == "+£2.0m"
    assert text.money(0.0, plus=True) == "£0"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1671.2, "1,671"),
        (14_505.3, "14,500"),
        (-37.1, "−37"),
        (-3.14, "−3.1"),
        (-0.3, "−0.3"),
        (-0.04, "0.0"),
        (-0.0, "0"),
        (0.0, "0"),
        (9_999.6, "10,000"),
        (5, "5"),
    ],
)
def test_number(value: float, said: str) -> None:
    assert text.number(value) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.12, "12%"), (0.043, "4.3%"), (0.0001, "less than 0.1%"), (0.0, "0%"), (-0.083, "−8.3%"), (1.0, "100%")],
)
def test_percent(share: float, said: str) -> None:
    assert text.percent(share) == said


def test_ranges_say_what_they_assume() -> None:
    assert text.between("£310m", "£470m") == "between £310m and £470m given these assumptions"
    assert text.between("£3m", "£3m") == "about £3m given these assumptions"
    assert text.span("1", "2") == "1 to 2"


def test_gaps_know_their_sign() -> None:
    assert text.gap(4e8) == "short by £400m"
    assert text.gap(-1.9e7) == "£19m in surplus"
    assert text.gap(100.0) == "in balance"
    assert text.change_of_gap(-2e6) == "£2.0m better"
    assert text.change_of_gap(2e6) == "£2.0m worse"
    assert text.change_of_gap(0.0) == "no change"


def test_lists_and_counts() -> None:
    assert text.listed(["a"]) == "a"
    assert text.listed(["a", "b", "c"]) == "a, b and c"
    assert text.counted(1, "bed") == "1 bed"
    assert text.counted(1200, "bed") == "1,200 beds"
    assert text.months(-1.2) == "1 month early"
    assert text.months(0.2) == "on time"


def test_days() -> None:
    on = date(2015, 7, 4)
    assert text.day(on) == "4 July 2015"
    assert text.day(on, year=False) == "4 July"
    assert text.day(on, year=False, weekday=True) == "Saturday 4 July"
    assert text.day(datetime(2015, 7, 4, 23, 30)) == "4 July 2015"
    assert text.day(None) == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("It is so", "It is so."),
        (" Is it? ", "Is it?"),
        ("It is so.", "It is so."),
        ("As follows:", "As follows:"),
        ("", ""),
    ],
)
def test_a_sentence_ends_once(given: str, said: str) -> None:
    assert text.ended(given) == said


def test_a_sentence_keeps_its_figures_exact() -> None:
    said = text.say("A gap of ", text.Figure("£2.0m", 1_987_654.0, "gap_gbp|x|2015/16|mean"), " & more.")
    assert said.plain == "A gap of £2.0m & more."
    assert 'value="1987654.0"' in said.html
    assert "&amp; more" in said.html
