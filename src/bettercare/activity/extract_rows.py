"""The rows of an extract: read in blocks, and looked through before anything of them is written.

Problems name a row and a column and never a value: the value may be somebody's name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bettercare.activity import tokenise
from bettercare.foundation.problems import Problem, Problems, UsageError, shown

BLOCK = 4 << 20  # bytes read at once: some forty thousand people
LONGEST_HEADER = 10_000

_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = rf"^{_DATE}([T ]\d{{2}}:\d{{2}}(:\d{{2}})?)?$"
_WORD = r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$"
_CODE = r"[A-Z]\d{2}\.?[0-9X]?\d?[AD]?"  # so narrow that no name or postcode passes for one
_CLINICAL = rf"^{_CODE}(;{_CODE}){{0,99}}$"
_NUMBER = r"^-?\d{1,8}(\.\d{1,9})?$"
# What may pass into a feed as it stands. Anything else might be a name or an address in the wrong column.
FORMS = {
    "recorded_on": rf"^{_DATE}$", "sex": r"^[FMU]$", "ethnic_group": r"^[a-z][a-z-]{0,19}$", "zone": _WORD,
    "residence": r"^(home|care-home)$",
    **dict.fromkeys(("start", "end", "clock_start", "clock_stop", "ready"), _TIME),
    **dict.fromkeys(("diagnosis", "diagnoses", "procedure"), _CLINICAL),
    **dict.fromkeys(("event", "service", "site", "method", "priority", "outcome", "code"), _WORD),
    "value": _NUMBER, "cost_gbp": _NUMBER,
}  # fmt: skip
_NHS_NUMBER = r"^\d{3}[ -]?\d{3}[ -]?\d{4}$"
_POSTCODE = r"(?i)^[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}$"
REQUIRED = {"people": ("local_id",), "events": ("local_id", "record_id", "event", "start")}
WANTED = {
    "people": ("local_id", "nhs_number", "forename", "surname", "birth_date", "sex", "postcode"),
    "events": REQUIRED["events"],
}


def header(path: Path) -> tuple[str, tuple[str, ...]]:
    """Whether an extract holds people or events, and the names of its columns."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_HEADER)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
        cells = tuple(cell.strip() for cell in next(csv.reader([text], strict=True), []))
    except (UnicodeDecodeError, csv.Error):
        hint = "Save it as CSV in UTF-8."
        raise Problems([Problem(path.name, 1, None, "has no header that can be read.", hint)]) from None
    if not any(cells):
        hint = "The file is empty, or begins with a blank line."
        raise Problems([Problem(path.name, 1, None, "has no header.", hint)])
    known: tuple[str, ...]
    if "record_id" in cells:
        kind, known = "events", tokenise.EVENTS
    elif "birth_date" in cells or "nhs_number" in cells:
        kind, known = "people", tokenise.PEOPLE
    else:
        hint = (
            "The first row names the columns: local_id, nhs_number, birth_date ...; of events local_id, record_id ..."
        )
        raise Problems([Problem(path.name, 1, None, "is neither an extract of people nor one of events.", hint)])
    problems = [
        Problem(path.name, 1, None, f"column {place} is not a column of an extract of {kind}.", "Leave it out.")
        for place, cell in enumerate(cells, 1) if cell not in known
    ]  # fmt: skip
    problems += [Problem(path.name, 1, name, "the column is there twice.") for name in known if cells.count(name) > 1]
    problems += [Problem(path.name, 1, name, "the column is missing.") for name in WANTED[kind] if name not in cells]
    if problems:
        raise Problems(problems)
    return kind, cells


def blocks(path: Path, columns: tuple[str, ...], size: int = BLOCK) -> Iterator[pl.DataFrame]:
    """The rows of an extract as text, some hundred thousand at a time, with their number in the column `row`."""
    row = 2
    with path.open("rb") as file:
        file.readline(LONGEST_HEADER)
        rest = b""
        while True:
            read = file.read(size)
            data = rest + read
            if not data:
                return
            cut = _whole_rows(data) if read else len(data)
            if cut == 0 and len(data) > 4 * size:
                raise Problems([Problem(path.name, row, None, "has a quotation mark that does not close.")])
            piece, rest = data[:cut], data[cut:]
            if piece:
                frame = _parsed(path, piece, columns, row)
                yield frame
                row += len(frame)


def _whole_rows(data: bytes) -> int:
    """Where the last row ends that is whole. A line's end between quotation marks is part of a cell."""
    cut = data.rfind(b"\n") + 1
    while cut and data.count(b'"', 0, cut) % 2:
        cut = data.rfind(b"\n", 0, cut - 1) + 1
    return cut


def _parsed(path: Path, piece: bytes, columns: tuple[str, ...], row: int) -> pl.DataFrame:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError as error:
        at = row + piece.count(b"\n", 0, error.start)
        raise Problems([Problem(path.name, at, None, "is not UTF-8 text.", "Save the extract in UTF-8.")]) from None
    if b"\0" in piece:
        at = row + piece.count(b"\n", 0, piece.index(b"\0"))
        raise Problems([Problem(path.name, at, None, "holds a NUL byte, so it is not text.", "Extract it again.")])
    try:
        frame = pl.read_csv(piece, has_header=False, new_columns=list(columns), infer_schema=False)
    except pl.exceptions.PolarsError:  # its own text may repeat what stands in the row
        raise Problems(_misshapen(path, piece, columns, row)) from None
    if frame.width != len(columns):
        raise Problems(_misshapen(path, piece, columns, row))
    return frame.select(pl.int_range(row, row + len(frame)).alias("row"), *columns)


def _misshapen(path: Path, piece: bytes, columns: tuple[str, ...], row: int) -> list[Problem]:
    problems = []
    try:
        for at, cells in enumerate(csv.reader(io.StringIO(piece.decode(), newline=""), strict=True), row):
            if len(cells) != len(columns):
                said = f"has {len(cells)} cells where the header has {len(columns)}."
                problems.append(Problem(path.name, at, None, said))
    except csv.Error:
        problems.append(Problem(path.name, None, None, "has a quotation mark in a wrong place.", "Extract it again."))
    unclear = Problem(path.name, row, None, "and the rows after it cannot be read.", "Extract it again.")
    return problems[:1000] or [unclear]


def looked_through(frame: pl.DataFrame, kind: str, months: tuple[str, str] | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that may go on, and what was found (row, column, reason, left_out)."""
    text = pl.all().exclude("row").str.strip_chars()
    frame = frame.with_columns(pl.when(text != "").then(text))
    if kind == "people":
        frame = frame.with_columns(pl.col("sex").str.to_uppercase().fill_null("U"))
    found = []

    def note(column: str, wrong: pl.Expr, reason: str, left_out: bool = True) -> None:
        rows = frame.filter(wrong).select("row")
        if len(rows):
            said = (pl.lit(column).alias("column"), pl.lit(reason).alias("reason"), pl.lit(left_out).alias("left_out"))
            found.append(rows.with_columns(said))

    for column in REQUIRED[kind]:
        note(column, pl.col(column).is_null(), "is blank.")
    for column, form in FORMS.items():
        if column in frame.columns:
            cell, different = pl.col(column), frame.select(pl.col(column).unique())
            alike = cell.str.contains(_NHS_NUMBER) | cell.str.contains(_POSTCODE)
            wrong = ~cell.str.contains(form) | (alike if form == _WORD else pl.lit(False))
            if len(different.filter(wrong)):  # most cells of such a column are alike: look at each once
                note(column, wrong, "is not of the form that this column has.")
    if kind == "people":
        dates = pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False)
        wrong = pl.col("birth_date").is_not_null() & dates.is_null()
        if len(frame.select(pl.col("birth_date").unique()).filter(wrong)):
            note("birth_date", wrong, "is no date; it was left blank.", False)
    elif months is not None:
        month = pl.col("start").str.head(7)
        note("start", (month < months[0]) | (month > months[1]), "is outside the months of the feed.")
    if not found:
        return frame, EMPTY
    notes = pl.concat(found).sort("row", maintain_order=True)
    out = notes.filter("left_out")["row"].unique()
    return frame.filter(~pl.col("row").is_in(out.implode())), notes


EMPTY = pl.DataFrame(schema={"row": pl.Int64, "column": pl.String, "reason": pl.String, "left_out": pl.Boolean})


def month(text: str, option: str) -> str:
    """A month as `--from` and `--to` take it."""
    if len(text) == 7 and text[:4].isdigit() and text[4] == "-" and text[5:] in {f"{n:02}" for n in range(1, 13)}:
        return text
    raise UsageError(f"{option} {shown(text)} is not a month. Write it as 2013-04.")
