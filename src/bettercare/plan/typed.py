"""From the texts of cells to typed rows: columns are known, cells have their type and lie in their range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from bettercare.foundation.problems import Problem, count, did_you_mean, nearest, shown
from bettercare.plan import values
from bettercare.plan.schema import Column, Table
from bettercare.plan.source import RawTable

if TYPE_CHECKING:
    import polars as pl

MOST_PROBLEMS_PER_COLUMN = 1_000
CHANGE = "change"  # the column of an overlay that can say `remove`


class Row(dict[str, Any]):
    """One row by column name, and where it was written.

    `bad` rows have a problem and are left out of later checks; `overlay` rows come from a scenario.
    """

    __slots__ = ("bad", "file", "overlay", "row")

    def __init__(
        self,
        content: Iterable[tuple[str, Any]],
        file: str,
        row: int | None,
        bad: bool = False,
        overlay: bool = False,
    ) -> None:
        super().__init__(content)
        self.file = file
        self.row = row
        self.bad = bad
        self.overlay = overlay

    def problem(self, column: str | None, message: str, hint: str = "", warning: bool = False) -> Problem:
        """A problem of this row."""
        return Problem(self.file, self.row, column, message, hint, warning)


def key_of(table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    """The values of the key columns."""
    return tuple([row[name] for name in table.key])


def sort_key(table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    """The key in a form that sorts: blanks first, numbers by size."""
    return tuple([(value is not None, 0 if value is None else value) for value in key_of(table, row)])


def sort_rows(table: Table, rows: Iterable[Row]) -> list[Row]:
    """The rows in key order, so that the order in the file never matters."""
    return sorted(rows, key=lambda row: sort_key(table, row))


def to_frame(table: Table, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """A polars frame of the rows in their order, typed by the schema."""
    import polars as pl

    if not rows:
        return _empty_frame(table).clone()
    content = [tuple([row[name] for name in table.names]) for row in rows]
    return pl.DataFrame(content, schema=table.polars_schema(), orient="row")


@cache
def _empty_frame(table: Table) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(schema=table.polars_schema())


def read_rows(table: Table, raw: RawTable, problems: list[Problem], overlay: bool = False) -> list[Row]:
    """The typed rows of a raw table.

    Every problem is added to `problems`. A cell that cannot be read becomes None (a code keeps its text, so that what
    refers to it is not blamed as well) and its row is marked bad. With `overlay`, only the key columns must be there,
    blanks stay blank (they keep the base plan's value) and a column `change` is allowed.
    """
    places = _header(table, raw, problems, overlay)
    if places is None:
        return []
    width = len(raw.header)
    kept: list[tuple[int, tuple[str, ...]]] = []
    short: set[int] = set()
    for number, cells in raw.records:
        if len(cells) != width:
            message = f"has {count(len(cells), 'cell')} where the header has {width}."
            problems.append(Problem(raw.file, number, None, message, 'Put text that holds a comma in "quotes".'))
            short.add(len(kept))
            cells = cells + ("",) * (width - len(cells))
        kept.append((number, cells))
    bad: set[int] = set(short)
    columns: dict[str, list[Any]] = {}
    for column in table.columns:
        place = places.get(column.name)
        texts = [cells[place] for _, cells in kept] if place is not None else [""] * len(kept)
        rows = [number for number, _ in kept]
        columns[column.name] = _column(column, texts, rows, raw.file, problems, bad, short, overlay)
    if overlay:
        columns[CHANGE] = _change(places.get(CHANGE), kept, raw.file, problems, bad)
    names = list(columns)
    return [
        Row(zip(names, content, strict=True), raw.file, kept[i][0], i in bad, overlay)
        for i, content in enumerate(zip(*columns.values(), strict=True))
    ]


def read_table(
    table: Table, raw: RawTable, broken: set[str], problems: list[Problem], overlay: bool = False
) -> list[Row]:
    """The rows as `read_rows` gives them; a table whose header cannot be used is added to `broken`."""
    before = len(problems)
    rows = read_rows(table, raw, problems, overlay)
    if not rows and len(problems) > before:
        broken.add(table.name)
    return rows


def _header(table: Table, raw: RawTable, problems: list[Problem], overlay: bool) -> dict[str, int] | None:
    places: dict[str, int] = {}
    known = (*table.names, CHANGE) if overlay else table.names
    usable = True
    for place, cell in enumerate(raw.header):
        name = values.clean(cell)
        if not name:
            if any(len(cells) > place and cells[place].strip() for _, cells in raw.records):
                message = f"column {place + 1} has no name, but its cells are filled."
                problems.append(Problem(raw.file, 1, None, message, "Name it or empty it."))
        elif name not in known:
            missing = [n for n in known if n not in raw.header]
            hint = did_you_mean(name, missing) or did_you_mean(name, known)
            hint = hint or f"The columns are {', '.join(known)}."
            problems.append(Problem(raw.file, 1, None, f"{shown(name)} is not a column of this table.", hint))
            meant = nearest(name, missing)
            if meant is not None:  # its cells are read as what was meant, so that nothing else is blamed
                places.setdefault(meant, place)
        elif name in places:
            problems.append(Problem(raw.file, 1, name, "the column is there twice.", "Keep one of them."))
        else:
            places[name] = place
    for column in table.columns:
        needed = column.required and column.default is None and (column.key or not overlay)
        if needed and column.name not in places:
            problems.append(
                Problem(raw.file, 1, column.name, "the column is missing.", f"Add it: {column.description}.")
            )
            usable = usable and not column.key
    return places if usable else None


def _column(
    column: Column,
    texts: list[str],
    rows: list[int],
    file: str,
    problems: list[Problem],
    bad: set[int],
    short: set[int],
    overlay: bool,
) -> list[Any]:
    keep_blank = overlay and not column.key
    default = None if keep_blank else values.blank(column)
    missing = column.required and default is None and not keep_blank
    parsed: dict[str, Any] = {}  # a value is parsed once however often it stands there
    errors: dict[str, values.CellError] = {}
    for text in dict.fromkeys(texts):
        parsed[text], error = _cell(column, text, default)
        if error is None and parsed[text] is None and missing:
            error = values.CellError("the value is missing.", f"{column.description}.")
        if error is not None:
            errors[text] = error
    wrong = [i for i, text in enumerate(texts) if text in errors] if errors else []
    bad.update(wrong)
    # A row of the wrong width has been reported; its cells are in the wrong columns.
    for i in [i for i in wrong if i not in short][:MOST_PROBLEMS_PER_COLUMN]:
        error = errors[texts[i]]
        problems.append(Problem(file, rows[i], column.name, error.message, error.hint))
    return [parsed[text] for text in texts]


def _cell(column: Column, text: str, default: Any) -> tuple[Any, values.CellError | None]:
    cleaned = values.clean(text)
    if not cleaned:
        return default, None
    try:
        return values.parse(column, cleaned), None
    except values.CellError as error:
        keep = column.type == "code" and len(cleaned) <= values.LONGEST_CODE
        return (cleaned if keep else None), error


def _change(
    place: int | None,
    kept: list[tuple[int, tuple[str, ...]]],
    file: str,
    problems: list[Problem],
    bad: set[int],
) -> list[str | None]:
    result: list[str | None] = []
    for i, (number, cells) in enumerate(kept):
        text = cells[place].strip() if place is not None else ""
        if text not in ("", "remove"):
            hint = "Write remove, or leave it blank to change or add the row."
            problems.append(Problem(file, number, CHANGE, f"{shown(text)} is not understood.", hint))
            bad.add(i)
        result.append(text or None)
    return result
