"""From the CSV of a feed to Parquet: rows are staged and checked, then written month by month."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bettercare.activity import feed_check
from bettercare.activity.feed_files import Sent
from bettercare.activity.nhs_number import INVALID, TEST
from bettercare.activity.store import INCOMING, Store, sync, sync_folder
from bettercare.activity.views import EVENT_TYPES, PEOPLE_TYPES, quoted
from bettercare.foundation.problems import Problem, Problems, count

if TYPE_CHECKING:
    import duckdb

    from bettercare.plan.plan import Plan

THREADS = 2
MEMORY = "1GB"
LONGEST_LINE = 100_000  # bytes
MOST_REJECTED = 0.05
KEPT_REJECTED = 100_000  # rows that are listed; what is above is counted
SHAPE = {
    "MISSING COLUMNS": "has too few cells",
    "TOO MANY COLUMNS": "has too many cells",
    "UNQUOTED VALUE": "has a quotation mark that does not close",
    "LINE SIZE OVER MAXIMUM": "is too long",
    "INVALID ENCODING": "is not UTF-8 text",
}


@dataclass(frozen=True)
class Rejected:
    """A row that does not count. The row is as a spreadsheet shows it; no cell is repeated."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What was written: the files by month (None: no rows), relative to the store."""

    files: Mapping[str, str | None]
    counted: int
    rejected: int
    reasons: tuple[Rejected, ...]


def load(store: Store, plan: Plan, sent: Sent, header: tuple[str, ...], months: list[str], now: datetime) -> Loaded:
    """Check a feed and write the files of the months that are wanted. Raises Problems when the feed is refused."""
    import duckdb

    incoming = store.folder / INCOMING
    incoming.mkdir(exist_ok=True, mode=0o700)
    before = sent.path.stat()
    connection = duckdb.connect(str(incoming / "staged.duckdb"), config={"threads": THREADS, "memory_limit": MEMORY})
    try:
        connection.execute(f"SET temp_directory = {quoted(str(incoming / 'spill'))}")
        misshapen = _stage(connection, sent, header, plan, store.secret)
        after = sent.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Problems([Problem(sent.path.name, None, None, "was changed while it was read.", "Add it again.")])
        _later_ones_of_a_record(connection, sent)
        total, rejected, reasons = _rejected(connection, misshapen)
        _judge(sent, total, rejected, reasons)
        files, counted = _write(connection, store, sent, months, now)
        return Loaded(files, counted, rejected, reasons)
    except (
        duckdb.OperationalError,
        duckdb.DataError,
        duckdb.InvalidInputException,
    ) as error:  # what it says may hold cells of the feed
        hint = "See that it is CSV with commas, and that the disk has room for it twice."
        said = f"cannot be loaded ({type(error).__name__})."
        raise Problems([Problem(sent.path.name, None, None, said, hint)]) from None
    finally:
        connection.close()
        shutil.rmtree(incoming, ignore_errors=True)


def _stage(
    connection: duckdb.DuckDBPyConnection, sent: Sent, header: tuple[str, ...], plan: Plan, secret: str
) -> list[Rejected]:
    """Make the table `staged` (row, the columns as they are stored, reasons); rows of a wrong shape are returned."""
    checked = feed_check.columns(sent, header, plan, secret)
    cells = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    # A row with a fault is staged without its cells: nobody checked what they are.
    values = ", ".join(
        f"CASE WHEN reasons = '' THEN {one.value} END AS {feed_check.RENAMED.get(one.name, one.name)}"
        for one in checked
    )
    if sent.kind == "events":
        start = next(one.value for one in checked if one.name == "start")
        values += f", CASE WHEN reasons = '' THEN strftime({start}, '%Y-%m') END AS month"
    source = (
        f"read_csv({quoted(str(sent.path))}, auto_detect = false, all_varchar = true, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', columns = {{{cells}}}, nullstr = '', compression = 'none', "
        f"max_line_size = {LONGEST_LINE}, store_rejects = true, rejects_limit = 0)"
    )
    numbered = f"SELECT *, row_number() OVER () + 1 AS row FROM {source}"
    judged = f"SELECT *, {feed_check.reasons(sent, header, checked)} AS reasons FROM ({numbered})"
    connection.execute(f"CREATE TABLE staged AS SELECT row, reasons, {values} FROM ({judged})")
    lines = "SELECT line, min(error_type)::VARCHAR FROM reject_errors GROUP BY line ORDER BY line"
    found = connection.execute(f"{lines} LIMIT {KEPT_REJECTED}").fetchall()
    misshapen = [Rejected(line, "", SHAPE.get(kind, "cannot be read")) for line, kind in found]
    if len(misshapen) == KEPT_REJECTED:
        said = f"{KEPT_REJECTED:,} rows and more have not as many cells as the header."
        raise Problems([Problem(sent.path.name, None, None, said, "Tokenise the extract again.")])
    _renumber(connection, misshapen)
    return misshapen


def _renumber(connection: duckdb.DuckDBPyConnection, misshapen: list[Rejected]) -> None:
    """Rows of a wrong shape were passed over and not numbered: those behind them move down."""
    if not misshapen:
        return
    moved = {one.row - i: i + 1 for i, one in enumerate(misshapen)}  # from which number on, by how many
    steps = ", ".join(f"({since}, {by})" for since, by in moved.items())
    connection.execute(f"CREATE TEMP TABLE moved AS SELECT * FROM (VALUES {steps}) AS m(since, by_rows)")
    connection.execute(
        "UPDATE staged SET row = place.row FROM (SELECT s.rowid AS id, s.row + by_rows AS row "
        "FROM staged AS s ASOF JOIN moved ON s.row >= moved.since) AS place WHERE staged.rowid = place.id"
    )


def _later_ones_of_a_record(connection: duckdb.DuckDBPyConnection, sent: Sent) -> None:
    """A record (or a person of a register) counts once in a file: its later rows are rejected."""
    key = "record" if sent.kind == "events" else "person"
    reason = quoted(f"{key}{feed_check.PLACE}stands in an earlier row already")
    connection.execute(
        f"CREATE TEMP TABLE twice AS SELECT {key} AS key, min(row) AS first FROM staged WHERE reasons = '' "
        f"GROUP BY {key} HAVING count(*) > 1"
    )
    same = f"staged.{key} = twice.key AND reasons = '' AND row > first"
    connection.execute(f"UPDATE staged SET reasons = {reason} FROM twice WHERE {same}")


def _rejected(
    connection: duckdb.DuckDBPyConnection, misshapen: list[Rejected]
) -> tuple[int, int, tuple[Rejected, ...]]:
    """How many rows there are, how many are rejected, and the first of these with their reasons."""
    row = connection.execute("SELECT count(*), count(*) FILTER (reasons <> '') FROM staged").fetchone()
    total, bad = row or (0, 0)
    found = connection.execute(
        f"SELECT row, reasons FROM staged WHERE reasons <> '' ORDER BY row LIMIT {KEPT_REJECTED}"
    ).fetchall()
    listed = [
        Rejected(number, *reason.split(feed_check.PLACE))
        for number, reasons in found
        for reason in reasons.split(feed_check.SEVERAL)
    ]
    listed = sorted([*misshapen, *listed], key=lambda one: (one.row, one.column))
    return total + len(misshapen), bad + len(misshapen), tuple(listed)


def _judge(sent: Sent, total: int, rejected: int, reasons: tuple[Rejected, ...]) -> None:
    name = sent.path.name
    if total != sent.rows:
        hint = "It was cut short or changed on the way: send it again."
        raise Problems([Problem(name, None, None, f"has {total:,} rows; its manifest says {sent.rows:,}.", hint)])
    if rejected > MOST_REJECTED * total:
        share = f"{count(rejected, 'row')} of {total:,} cannot be counted"
        refused = Problem(
            name, None, None, f"{share}, more than {MOST_REJECTED:.0%}: the feed is refused.", "Mend them."
        )
        rows = [Problem(name, one.row, one.column or None, f"{one.reason}.") for one in reasons[:1000]]
        raise Problems([refused, *rows])


def _write(
    connection: duckdb.DuckDBPyConnection, store: Store, sent: Sent, months: list[str], now: datetime
) -> tuple[dict[str, str | None], int]:
    """Write the rows that count and say how many they are: a file a month, in an order that helps queries skip rows."""
    types = EVENT_TYPES if sent.kind == "events" else PEOPLE_TYPES
    names = [name for name in types if name not in ("feed", "received_at", "organisation", "month")]
    cells = {name: name for name in names}
    if "nhs_status" in cells and not sent.synthetic:  # a number of the range for tests is nobody's
        cells["nhs_status"] = f"(CASE nhs_status WHEN {quoted(TEST)} THEN {quoted(INVALID)} ELSE nhs_status END)"
    columns = ", ".join(f"{cell}::{types[name]} AS {name}" for name, cell in cells.items())
    columns += (
        f", {quoted(sent.feed)} AS feed, TIMESTAMP {quoted(now.isoformat(sep=' ', timespec='seconds'))} AS received_at"
    )
    order = "event, service, start_at, record" if sent.kind == "events" else "person"
    files: dict[str, str | None] = {}
    counted = 0
    there = {""}
    if sent.kind == "events":
        there = {
            row[0] for row in connection.execute("SELECT DISTINCT month FROM staged WHERE reasons = ''").fetchall()
        }
    for month in months:
        if month not in there:
            files[month] = None
            continue
        place = f"{sent.kind}/organisation={sent.organisation}" + (f"/month={month}" if month else "")
        path = store.folder / place / f"{sent.feed}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        only = f" AND month = {quoted(month)}" if month else ""
        written = connection.execute(
            f"COPY (SELECT {columns} FROM staged WHERE reasons = ''{only} ORDER BY {order}) "
            f"TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        ).fetchone()
        counted += written[0] if written else 0
        sync(path)
        sync_folder(path.parent)
        files[month] = f"{place}/{sent.feed}.parquet"
    return files, counted


def write_rejected(folder: Path, sent: Sent, reasons: tuple[Rejected, ...]) -> None:
    """Keep which rows did not count and why: row, column and reason, and nothing that a cell held."""
    folder.mkdir(exist_ok=True)
    with (folder / f"{sent.feed}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", "column", "reason"])
        writer.writerows([one.row, one.column, one.reason] for one in reasons)
