"""NHS numbers: which can be one, which cannot, and which are from the range kept for tests.

A number has ten digits; the last checks the other nine (weights 10 to 2, modulo 11). Two rules stand beside that
arithmetic: ten times the same digit passes it and is never a person's, and numbers that begin with 999 are never given
to anybody. Synthetic people have numbers of that range, so that made-up records can be told from real ones for ever.
In a feed that does not say it is synthetic, a test number is therefore as good as none: `usable` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

VALID, MISSING, INVALID, TEST = "valid", "missing", "invalid", "test"
STATUSES = (VALID, MISSING, INVALID, TEST)
TEST_RANGE = "999"
DIGITS = 10
WEIGHTS = tuple(range(10, 1, -1))
_BELOW_ENGLAND = "4"  # numbers that begin lower are of Scotland and Northern Ireland, where some hold a birth date


def normal(value: str | None) -> str:
    """The number without the spaces and hyphens that people put into it; empty when there is none."""
    return "" if value is None else value.strip().replace(" ", "").replace("-", "")


def check_digit(nine: str) -> int:
    """The tenth digit that belongs to nine; 10 when no number begins with these nine.

    Unlike the package's function, this one is told only digits.
    """
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(nine, WEIGHTS, strict=True)) % 11
    return 0 if rest == 11 else rest


def status(value: str | None) -> str:
    """`valid`, `missing`, `invalid` or `test` for one number, with or without spaces."""
    from nhs_number.validate import is_valid

    number = normal(value)
    if not number:
        return MISSING
    plain = len(number) == DIGITS and number.isascii() and number.isdigit()
    if not plain or len(set(number)) == 1 or not is_valid(number):
        return INVALID
    return TEST if number.startswith(TEST_RANGE) else VALID


def statuses(values: pl.Series) -> pl.Series:
    """The status of each value of a text column: the same answers as `status`, at column speed."""
    import polars as pl

    text = normalised(values).alias("n")
    whole = pl.col("n").str.contains(r"^[0-9]{10}$")
    number = pl.col("n").cast(pl.Int64, strict=False)  # digits of a number are taken faster than letters of a text
    digits = [number // 10 ** (DIGITS - 1 - place) % 10 for place in range(DIGITS)]
    total = pl.sum_horizontal(digit * weight for digit, weight in zip(digits[:9], WEIGHTS, strict=True))
    passes = ((11 - total % 11) % 11) == digits[9]
    repeated = number % 1_111_111_111 == 0
    found = text.to_frame().select(
        pl.when(pl.col("n") == "")
        .then(pl.lit(MISSING))
        .when(~whole | repeated | ~passes)
        .then(pl.lit(INVALID))
        .when(pl.col("n").str.starts_with(TEST_RANGE))
        .then(pl.lit(TEST))
        .otherwise(pl.lit(VALID))
        .alias(values.name)
    )[values.name]
    low = (found == VALID) & (text < _BELOW_ENGLAND)
    if not low.any():
        return found
    again = pl.Series([status(one) for one in text.filter(low)], dtype=pl.String)
    return found.scatter(low.arg_true(), again)


def normalised(values: pl.Series) -> pl.Series:
    """A text column without spaces and hyphens, blanks as empty text."""
    import polars as pl

    return values.cast(pl.String).fill_null("").str.strip_chars().str.replace_all(r"[ -]", "")


def usable(status: str, synthetic: bool) -> bool:
    """Whether a number of this status may help to link people: test numbers only where all is made up."""
    return status == VALID or (synthetic and status == TEST)
