"""NHS numbers: the check digit, the two rules beside it, and the same answers for one value and for a column."""

from __future__ import annotations

import nhs_number as package
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bettercare.activity import nhs_number


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("9434765919", "valid"),  # the NHS data dictionary's own example
        ("943 476 5919", "valid"),
        (" 943-476-5919 ", "valid"),
        ("9434765918", "invalid"),
        ("9434756919", "invalid"),  # two digits swapped
        ("943476591", "invalid"),
        ("94347659190", "invalid"),
        ("943476591X", "invalid"),
        ("٩٤٣٤٧٦٥٩١٩", "invalid"),  # digits, but of another script
        ("0000000000", "invalid"),
        ("9999999999", "invalid"),
        ("4444444444", "invalid"),
        ("9990000018", "test"),
        ("9990000010", "invalid"),
        ("3113000001", "invalid"),
        ("", "missing"),
        ("  ", "missing"),
        (None, "missing"),
    ],
)
def test_status(value: str | None, status: str) -> None:
    assert nhs_number.status(value) == status
    assert nhs_number.statuses(pl.Series("n", [value], dtype=pl.String)).to_list() == [status]


@given(st.lists(st.text("0123456789", min_size=9, max_size=10), min_size=1, max_size=30))
def test_a_column_gets_the_answers_that_single_values_get(values: list[str]) -> None:
    nines = [value[:9] for value in values]
    whole = [nine + str(nhs_number.check_digit(nine) % 10) for nine in nines]
    numbers = [*values, *whole]
    assert nhs_number.statuses(pl.Series("n", numbers)).to_list() == [nhs_number.status(one) for one in numbers]


@given(st.text("0123456789", min_size=9, max_size=9))
def test_the_check_digit_is_the_packages(nine: str) -> None:
    assert nhs_number.check_digit(nine) == package.validate.calculate_checksum(nine)


def test_test_numbers_help_only_where_all_is_made_up() -> None:
    assert nhs_number.usable("valid", synthetic=False)
    assert nhs_number.usable("test", synthetic=True)
    assert not nhs_number.usable("test", synthetic=False)
    assert not nhs_number.usable("invalid", synthetic=True)
    assert not nhs_number.usable("missing", synthetic=True)
