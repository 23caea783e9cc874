"""From the text of a cell to a typed value, or to a sentence that says what is wrong and what to write.

Pure functions. Spreadsheets change what people type (`2010/11` becomes `Nov-10`, the code `5E1` becomes `5.00E+01`),
so the commonest damage is recognised and named.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from bettercare.foundation import years
from bettercare.foundation.problems import did_you_mean, shown
from bettercare.plan.schema import Column

LONGEST_TEXT = 32_000  # a cell of a workbook holds no more than 32,767 characters
LONGEST_CODE = 100

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,15}(\.0{1,10})?", re.ASCII)
DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
EXCEL_ERROR = re.compile(r"#(REF|N/A|VALUE|NAME|DIV/0|NULL|NUM|SPILL|CALC)[!?]?|#{3,}", re.ASCII)
EXCEL_POWER = re.compile(r"\d(\.\d+)?E[+-]\d+", re.ASCII | re.IGNORECASE)
EXCEL_MONTH = re.compile(r"([A-Z][a-z]{2})-(\d{2}|\d{4})|(\d{1,2})-([A-Z][a-z]{2})", re.ASCII)
BRITISH_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})", re.ASCII)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # a tab and a line end are fine

Value = str | int | float | bool | date | None


class CellError(Exception):
    """A cell that cannot be read: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse(column: Column, text: str) -> Value:
    """The typed value of a stripped, non-blank text. Raises CellError."""
    if EXCEL_ERROR.fullmatch(text):
        raise CellError(f"{shown(text)} is an error of the spreadsheet, not a value.", "Put the value back.")
    value = _READERS[column.type](column, text)
    _within(column, text, value)
    return value


def blank(column: Column) -> Value:
    """What a blank cell stands for: the default of the column, or None."""
    return None if column.default is None else _default(column)


@cache
def _default(column: Column) -> Value:
    return parse(column, column.default or "")


def clean(text: str) -> str:
    """The text without surrounding blanks and in one Unicode form, so that equal text is equal."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _text(column: Column, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise CellError(
            f"the text has {len(text):,} characters.", f"A cell holds at most {LONGEST_TEXT:,}; shorten it."
        )
    if match := UNPRINTABLE.search(text):
        character = match[0]
        what = (
            "a character that is not text"
            if character in "\ufffe\uffff"
            else f"the control character U+{ord(character):04X}"
        )
        raise CellError(f"the text holds {what}.", "Type the text again without it.")
    if column.choices and text not in column.choices:
        raise CellError(f"{shown(text)} is not one of {', '.join(column.choices)}.", did_you_mean(text, column.choices))
    return text


def _code(column: Column, text: str) -> str:
    if CODE.fullmatch(text) and len(text) <= LONGEST_CODE:
        return _text(column, text) if column.choices else text
    if EXCEL_POWER.fullmatch(text):
        raise CellError(
            f"{shown(text)} looks like a code that the spreadsheet turned into a number.",
            "Format the column as text and type the code again.",
        )
    slug = re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-._").lower()[:LONGEST_CODE]
    raise CellError(
        f"{shown(text)} is not a code (letters, digits, dots, hyphens and underscores; at most {LONGEST_CODE}).",
        f"Write for example {shown(slug)}." if slug else "",
    )


def _codes(column: Column, text: str) -> str:
    parts = [part.strip() for part in text.split(";")]
    if len(parts) == 1 and "," in text:
        raise CellError(f"{shown(text)} is not a list of codes.", "Separate codes with semicolons: a;b;c.")
    return ";".join(dict.fromkeys(_code(column, part) for part in parts if part))


def _number(column: Column, text: str) -> float:
    if NUMBER.fullmatch(text):
        value = float(text)
        if math.isfinite(value) and abs(value) < 1e18:
            return value + 0.0 if value else 0.0  # no minus nought
        raise CellError(f"{shown(text)} is too large.", "Check the unit.")
    raise CellError(f"{shown(text)} is not a number.", _number_hint(column, text))


def _number_hint(column: Column, text: str) -> str:
    bare = re.sub(r"[\s,_£$€\N{NO-BREAK SPACE}]", "", text)
    if bare.endswith("%") and NUMBER.fullmatch(bare[:-1]):
        value = float(bare[:-1])
        return f"Write {value:g}." if "%" in column.unit else f"Write {value / 100:g}."
    if bare.startswith("(") and bare.endswith(")") and NUMBER.fullmatch(bare[1:-1]):
        return f"Write -{bare[1:-1]}."
    for suffix, factor in (("m", 1e6), ("k", 1e3), ("bn", 1e9)):
        if bare.lower().endswith(suffix) and NUMBER.fullmatch(bare[: -len(suffix)]):
            return f"Write {float(bare[: -len(suffix)]) * factor:.15g}."
    if NUMBER.fullmatch(bare):
        return f"Write {bare} (no commas, spaces or currency signs)."
    unit = f" ({column.unit})" if column.unit else ""
    return f"Write digits with a point for decimals{unit}, or leave the cell blank."


def _integer(column: Column, text: str) -> int:
    if INTEGER.fullmatch(text):
        return int(text.split(".")[0])
    if EXCEL_MONTH.fullmatch(text):
        raise CellError(f"{shown(text)} is a date that the spreadsheet made.", "Write the number again.")
    if NUMBER.fullmatch(text):
        raise CellError(f"{shown(text)} is not a whole number.", "Round it.")
    raise CellError(f"{shown(text)} is not a whole number.", _number_hint(column, text))


def _boolean(column: Column, text: str) -> bool:
    lower = text.lower()
    if lower in ("yes", "no"):
        return lower == "yes"
    meant = {"true": "yes", "y": "yes", "1": "yes", "false": "no", "n": "no", "0": "no"}.get(lower)
    raise CellError(f"{shown(text)} is neither yes nor no.", f"Write {meant}." if meant else "Write yes or no.")


def _year(column: Column, text: str) -> str:
    try:
        return years.label(years.parse(text))
    except ValueError:
        pass
    meant = _meant_year(text)
    if meant is not None and EXCEL_MONTH.fullmatch(text):
        raise CellError(
            f"{shown(text)} is a date that the spreadsheet made of a financial year.",
            f"Format the column as text and write {meant}.",
        )
    raise CellError(f"{shown(text)} is not a financial year.", f"Write {meant or 'it as 2013/14'}.")


def _meant_year(text: str) -> str | None:
    if match := EXCEL_MONTH.fullmatch(text):
        month = match[1] or match[4]
        if month not in MONTHS:
            return None
        # 2010/11 was read as the month 11 of 2010.
        first = int(match[2] or match[3]) % 100
        second = MONTHS.index(month) + 1
        return f"20{first:02d}/{second:02d}" if second == (first + 1) % 100 else None
    if match := re.fullmatch(r"(\d{4})\s*[-/–]\s*(\d{2}|\d{4})", text, re.ASCII):
        first = int(match[1])
        return years.label(first) if (first + 1) % 100 == int(match[2]) % 100 and 0 < first < 9999 else None
    if match := re.fullmatch(r"(\d{4})(\.0)?", text, re.ASCII):
        return f"it as {years.label(int(match[1]))}" if 0 < int(match[1]) < 9999 else None
    return None


def _date(column: Column, text: str) -> date:
    if match := DATE.fullmatch(text):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise CellError(f"{shown(text)} is not a day of the calendar.", "Write the date as 2014-09-30.") from None
    raise CellError(f"{shown(text)} is not a date.", f"Write {_meant_date(text) or 'the date as 2014-09-30'}.")


def _meant_date(text: str) -> str | None:
    try:
        if match := BRITISH_DATE.fullmatch(text):
            year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
            return date(year, int(match[2]), int(match[1])).isoformat()
        if re.fullmatch(r"[1-9]\d{4}", text, re.ASCII):  # the number by which a spreadsheet keeps a date
            return (date(1899, 12, 30) + timedelta(days=int(text))).isoformat()
    except (ValueError, OverflowError):
        return None
    return None


def _within(column: Column, text: str, value: Value) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        if not low <= value <= high:
            hint = f"Write {value / 100:g} for {value:g}%." if column.type == "share" and 1 < value <= 100 else ""
            raise CellError(f"{text} is not between {low:g} and {high:g}.", hint)
    elif low is not None and (value < low or (column.above_minimum and value == low)):
        least = f"above {low:g}" if column.above_minimum else f"{low:g} or more"
        raise CellError(f"{text} is not allowed: it must be {least}.")


_READERS: dict[str, Callable[[Column, str], Value]] = {
    "code": _code,
    "codes": _codes,
    "text": _text,
    "integer": _integer,
    "number": _number,
    "share": _number,
    "boolean": _boolean,
    "year": _year,
    "date": _date,
}


def written(column: Column, value: Value) -> str:
    """The text of a value as the plan's files hold it; `parse` reads it back to the same value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
