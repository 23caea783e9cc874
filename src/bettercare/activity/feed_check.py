"""The checks of a feed's cells, as SQL made from the schema: DuckDB does ten million rows in flat memory.

Every check is a condition and the words for it. The words never say what a cell held: it may be what it should not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bettercare.activity.feed_files import Sent
from bettercare.activity.tables import TOKEN_DIGITS, table
from bettercare.activity.views import EVENT_TYPES, PEOPLE_TYPES, quoted
from bettercare.plan.schema import Column

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

LONGEST = 400  # characters of a cell
RENAMED = {"start": "start_at", "end": "end_at"}  # words of SQL would need quotes in every query
SEVERAL, PLACE = "\n", "\t"  # between the reasons of a row; between column and reason

CLINICAL = r"[A-Z][0-9]{2}\.?[0-9X]?[0-9]?[AD]?"  # so narrow that no name or postcode passes for one
PATTERNS = {
    # (a regular expression that the whole cell must match, what is wrong otherwise)
    "token": (f"[0-9a-f]{{{TOKEN_DIGITS}}}", f"is not a token of {TOKEN_DIGITS} hexadecimal digits"),
    "priority": (
        "[0-9]{1,3}[hdw]|routine|urgent|red|amber|green",
        "is not 2h, 2d, routine, urgent, red, amber or green",
    ),
    "clinical code": (CLINICAL, "is not a code such as J45 or J45.9"),
    "clinical codes": (f"{CLINICAL}(;{CLINICAL})*", "is not codes such as J45 with semicolons between"),
}
SUBJECTS = ("efi", "hfrs", "named-gp")  # what a value may be of, beside the plan's initiatives
ZONE = "[A-Z][0-9]{8}"  # of the Office for National Statistics: a person may live outside the plan's area


@dataclass(frozen=True)
class Checked:
    """A column of the staged table: how it is made from the cell, and the conditions under which the cell is wrong."""

    name: str
    value: str
    wrong: tuple[tuple[str, str], ...]


def columns(sent: Sent, header: tuple[str, ...], plan: Plan, secret: str) -> list[Checked]:
    """Every stored column of a feed."""
    known = _known(plan)
    types = EVENT_TYPES if sent.kind == "events" else PEOPLE_TYPES
    return [_column(column, column.name in header, types, known, secret) for column in table(sent.kind).columns]


def reasons(sent: Sent, header: tuple[str, ...], checked: list[Checked]) -> str:
    """An expression: what is wrong with a row, blank when nothing is."""
    cases = [
        f"CASE WHEN {condition} THEN {quoted(one.name + PLACE + words)} END"
        for one in checked
        for condition, words in one.wrong
    ]
    if sent.kind == "events":
        start = next(one.value for one in checked if one.name == "start")
        inside = f"{quoted(sent.from_)} AND {quoted(sent.to)}"
        outside = f"begins outside the months of the feed ({sent.from_} to {sent.to})"
        cases.append(
            f"CASE WHEN strftime({start}, '%Y-%m') NOT BETWEEN {inside} THEN {quoted('start' + PLACE + outside)} END"
        )
        ends = {one.name: one.value for one in checked}
        # A bare day means any time of that day, so it is compared as a day.
        for first, last in (("start", "end"), ("clock_start", "clock_stop"), ("start", "ready")):
            if not {first, last} <= set(header):
                continue
            a, b = ends[first], ends[last]
            before = f'{b} < {a} AND (length("{last}") > 10 AND length("{first}") > 10 OR {b}::DATE < {a}::DATE)'
            cases.append(f"CASE WHEN {before} THEN {quoted(last + PLACE + f'comes before {first}')} END")
    return f"concat_ws({quoted(SEVERAL)}, {', '.join(cases)})"


def _known(plan: Plan) -> Mapping[str, str]:
    """The codes of the plan's tables that feeds refer to, as lists of SQL."""
    return {
        name: ", ".join(quoted(code) for code in plan[name]["code"].to_list()) or "''"
        for name in ("services", "sites", "zones", "initiatives")
    }


def _column(column: Column, there: bool, types: Mapping[str, str], known: Mapping[str, str], secret: str) -> Checked:
    kind = types[RENAMED.get(column.name, column.name)]
    if not there:
        return Checked(column.name, f"NULL::{kind}", ())
    cell = f'"{column.name}"'
    wrong = [(f"length({cell}) > {LONGEST}", "is too long")]
    if column.required:
        wrong.append((f"{cell} IS NULL", "is missing"))
    value = cell
    if column.unit == "token":
        value = f"CASE WHEN {_is(cell, 'token')} THEN {hashed(cell, secret)} END"
        wrong.append((f"NOT {_is(cell, 'token')}", PATTERNS["token"][1]))
    elif column.type == "date":
        value = f"try_cast({cell} AS {kind})"
        wrong += _dates(cell, value, minutes=column.unit != "")
    elif column.type in ("integer", "number"):
        number = f"try_cast({cell} AS DOUBLE)"
        whole = f" OR {number} <> floor({number})" if column.type == "integer" else ""
        between = f"{column.minimum:.0f} AND {column.maximum:.0f}"
        wrong.append((f"{cell} IS NOT NULL AND ({number} IS NULL{whole})", "is not a number"))
        wrong.append(
            (f"{number} NOT BETWEEN {between}", f"is not between {column.minimum:,.0f} and {column.maximum:,.0f}")
        )
        value = f"try_cast({cell} AS {kind})"
    elif column.choices:
        wrong.append((f"{cell} NOT IN ({', '.join(map(quoted, column.choices))})", f"is not {_or(column.choices)}"))
    elif column.refers_to:
        name = column.refers_to[0]
        elsewhere = f" AND NOT regexp_full_match({cell}, {quoted(ZONE)})" if name == "zones" else ""
        wrong.append((f"{cell} NOT IN ({known[name]}){elsewhere}", f"is not one of the plan's {name}"))
    elif column.unit == "subject":
        codes = ", ".join([*map(quoted, SUBJECTS), known["initiatives"]])
        wrong.append((f"{cell} NOT IN ({codes})", f"is neither {_or(SUBJECTS)} nor an initiative of the plan"))
    else:
        pattern, words = PATTERNS[column.unit]
        wrong.append((f"NOT regexp_full_match({cell}, {quoted(pattern)})", words))
    if column.default is not None:
        value = f"coalesce({value}, {quoted(column.default)})"
    return Checked(column.name, value, tuple(wrong))


def _is(cell: str, unit: str) -> str:
    return f"regexp_full_match({cell}, {quoted(PATTERNS[unit][0])})"


def _dates(cell: str, value: str, minutes: bool) -> list[tuple[str, str]]:
    shape = f"{cell} LIKE '____-__-__'"
    if minutes:
        shape = f"({shape} OR {cell} LIKE '____-__-__T__:__' OR {cell} LIKE '____-__-__T__:__:__')"
    example = "2014-01-31 or 2014-01-31T23:10" if minutes else "2014-01-31"
    return [
        (f"NOT {shape}", f"is not written as {example}"),
        (f"{shape} AND {value} IS NULL", "is not a day or time that exists"),
    ]


def hashed(cell: str, secret: str) -> str:
    """A token, hashed with the store's key to 64 bits (a cut digest: it cannot be prolonged)."""
    return f"('0x' || sha256({quoted(secret)} || {cell})[1:16])::UBIGINT"


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
