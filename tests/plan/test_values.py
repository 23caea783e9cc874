"""Cells: what is read, and what a person is told when it cannot be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bettercare.plan import values
from bettercare.plan.schema import Column, schema


def column(kind: str, unit: str = "", **limits: Any) -> Column:
    base = {"choices": (), "minimum": None, "maximum": None, "above_minimum": False, **limits}
    return Column("x", kind, unit, key=False, refers_to=None, required=False, default=None, description="", **base)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("code", "007", "007"),
        ("code", "5E1", "5E1"),
        ("codes", "a; b ;a", "a;b"),
        ("text", "=SUM(A1)", "=SUM(A1)"),
        ("integer", "12.0", 12),
        ("number", "1e3", 1000.0),
        ("number", "-0", 0.0),
        ("boolean", "Yes", True),
        ("boolean", "no", False),
        ("year", "1999/00", "1999/00"),
        ("date", "2014-09-30", date(2014, 9, 30)),
    ],
)
def test_what_is_read(kind: str, text: str, value: object) -> None:
    assert values.parse(column(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("code", "5.00E+01", "looks like a code that the spreadsheet turned into a number"),
        ("code", "Home team", 'Write for example "home-team"'),
        ("codes", "a, b", "Separate codes with semicolons"),
        ("text", "bell\x07", "control character U+0007"),
        ("integer", "1.5", "is not a whole number. Round it"),
        ("integer", "05-Sep", "is a date that the spreadsheet made"),
        ("number", "1,234", "Write 1234 (no commas"),
        ("number", "£12", "Write 12 "),
        ("number", "(12)", "Write -12"),
        ("number", "1.5m", "Write 1500000"),
        ("number", "nan", "is not a number"),
        ("number", "inf", "is not a number"),
        ("number", "1e400", "is too large"),
        ("share", "20%", "Write 0.2."),
        ("boolean", "TRUE", "Write yes"),
        ("boolean", "maybe", "Write yes or no"),
        ("year", "Nov-10", "Format the column as text and write 2010/11"),
        ("year", "10-Nov", "write 2010/11"),
        ("year", "2013-14", "Write 2013/14"),
        ("year", "2013", "Write it as 2013/14"),
        ("year", "2013/15", "is not a financial year"),
        ("date", "30/09/2014", "Write 2014-09-30"),
        ("date", "41912", "Write 2014-09-30"),
        ("date", "2014-02-30", "is not a day of the calendar"),
        ("number", "#REF!", "is an error of the spreadsheet"),
    ],
)
def test_what_is_not_read_is_explained(kind: str, text: str, said: str) -> None:
    with pytest.raises(values.CellError) as caught:
        values.parse(column(kind), text)
    assert said in f"{caught.value.message} {caught.value.hint}"


def test_per_cent_columns_take_per_cent() -> None:
    with pytest.raises(values.CellError) as caught:
        values.parse(column("number", unit="% a year"), "2.5%")
    assert caught.value.hint == "Write 2.5."


def test_ranges_and_choices() -> None:
    share = column("share", minimum=0.0, maximum=1.0)
    with pytest.raises(values.CellError) as caught:
        values.parse(share, "20")
    assert (caught.value.message, caught.value.hint) == ("20 is not between 0 and 1.", "Write 0.2 for 20%.")
    with pytest.raises(values.CellError, match="must be above 0"):
        values.parse(column("number", minimum=0.0, above_minimum=True), "0")
    with pytest.raises(values.CellError) as caught:
        values.parse(column("text", choices=("avoid", "shift")), "aviod")
    assert caught.value.hint == 'Did you mean "avoid"?'


@given(st.text())
def test_any_text_is_read_or_explained(text: str) -> None:
    cleaned = values.clean(text)
    for kind in ("code", "codes", "text", "integer", "number", "share", "boolean", "year", "date"):
        try:
            value = values.parse(column(kind), cleaned) if cleaned else None
        except values.CellError as error:
            said = error.message
        else:
            said = ""
            written = values.written(column(kind), value)
            assert values.clean(written) == written
            assert not written or values.parse(column(kind), written) == value
        assert said or not cleaned or value is not None


@given(st.floats(-1e17, 1e17, allow_nan=False))
def test_numbers_are_written_without_loss(number: float) -> None:
    assert values.parse(column("number"), values.written(column("number"), number)) == number


def test_the_schema_is_sound() -> None:
    for table in schema().values():
        assert table.key, f"{table.name} has no key"
        for one in table.columns:
            assert one.description
            assert not one.description.endswith(".")
            if one.refers_to:
                assert one.refers_to[1] in schema()[one.refers_to[0]].names
            values.blank(one)  # the default can be read
        if table.has_distribution:
            assert {"low", "mode", "high", "interval"} <= set(table.names)
