"""Checks of single rows, the same for every table: keys, references, intervals, spans and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from bettercare.foundation import years
from bettercare.foundation.problems import Problem, did_you_mean, shown
from bettercare.plan.schema import Column, Table, schema
from bettercare.plan.typed import Row, key_of
from bettercare.plan.values import CODE
from bettercare.plan.view import SETTINGS, View

RISING = "Put low, mode and high in rising order."
MOST_HINTS = 100
BOUNDED = ("uniform", "triangular", "pert")


def keys(view: View, table: Table) -> Iterator[Problem]:
    """No two rows have the same key."""
    seen: dict[object, Row] = {}
    for row in view.tables[table.name]:
        key = key_of(table, row)
        if any(row[column.name] is None for column in table.columns if column.key and column.required):
            continue  # reported as a missing value
        first = seen.setdefault(key, row)
        if first is not row:
            later, earlier = (row, first) if (row.row or 0) >= (first.row or 0) else (first, row)
            said = shown(", ".join("(blank)" if part is None else str(part) for part in key))
            yield later.problem(None, f"has the same key as row {earlier.row}: {said}.", "Keep one of the two.")


def references(view: View, table: Table) -> Iterator[Problem]:
    """What a row names exists."""
    for column in table.columns:
        if column.refers_to is None or column.refers_to[0] in view.broken:
            continue
        target, target_column = column.refers_to
        known = {row[target_column] for row in view.tables[target] if row[target_column] is not None}
        hints: dict[str, str] = {}
        for row in view.tables[table.name]:
            for code in _codes(column, row[column.name]):
                if code in known or not CODE.fullmatch(code):
                    continue
                if code not in hints:
                    many = len(hints) >= MOST_HINTS  # a search among all names takes its time
                    hints[code] = "" if many else _reference_hint(view, code, known, target)
                place = view.file(target) + ("" if target_column == "code" else f", column {target_column}")
                yield row.problem(column.name, f"{shown(code)} is not in {place}.", hints[code])


def _codes(column: Column, value: str | None) -> Sequence[str]:
    if value is None:
        return ()
    return value.split(";") if column.type == "codes" else (value,)


def _reference_hint(view: View, code: str, known: set[str], target: str) -> str:
    return did_you_mean(code, sorted(known)) or f"Add it to {view.file(target)}, or correct the code."


def intervals(view: View, table: Table) -> Iterator[Problem]:
    """Each uncertain value has what its distribution needs, in rising order."""
    if not table.has_distribution:
        return
    for row in view.rows(table.name):
        shape = row["distribution"]
        if shape == "fixed":
            continue
        low, mode, high, interval = row["low"], row["mode"], row["high"], row["interval"]
        missing = [name for name in ("low", "high") if row[name] is None]
        if missing:
            which = " and ".join(missing)
            hint = f"Fill in {which}, or write fixed when nothing is unknown."
            yield row.problem(missing[0], f"a {shape} value needs low and high, and {which} is blank.", hint)
            continue
        if shape in BOUNDED and interval != "range":
            hint = "Write range, or choose normal or lognormal."
            yield row.problem("interval", f"low and high of a {shape} value are its whole range.", hint)
        if shape not in BOUNDED and interval == "range":
            hint = "Write p5-p95, p10-p90 or ci95: what low and high are quantiles of."
            yield row.problem("interval", f"a {shape} value has no end, so low and high cannot be its range.", hint)
        if low > mode:
            yield row.problem(None, f"low {low:g} is above mode {mode:g}.", RISING)
        if mode > high:
            yield row.problem(None, f"mode {mode:g} is above high {high:g}.", RISING)
        if shape == "lognormal" and min(low, mode) <= 0:
            hint = "Use a normal or triangular value where it can be nought or less."
            yield row.problem("low" if low <= 0 else "mode", "a lognormal value is always above 0.", hint)


def spans(view: View, table: Table) -> Iterator[Problem]:
    """Ages, dates and years begin before they end, and years are not far outside the horizon."""
    names = table.names
    for row in view.rows(table.name):
        if "age_low" in names and row["age_low"] > row["age_high"]:
            message = f"age_low {row['age_low']} is above age_high {row['age_high']}."
            yield row.problem(None, message, "Swap them.")
        for first, last in (("from_date", "to_date"), ("from_year", "to_year")):
            if (
                first in names
                and last in names
                and row[first] is not None
                and row[last] is not None
                and row[first] > row[last]
            ):
                yield row.problem(last, f"{row[last]} is before {first} {row[first]}.", "Swap or correct them.")
    if view.settings is None:
        return
    base, end = years.parse(view.settings.base_year), years.parse(view.settings.last_year)
    for column in table.columns:
        if column.type != "year":
            continue
        for row in view.rows(table.name):
            value = row[column.name]
            if value is not None and not base - 20 <= years.parse(value) <= end + 20:
                message = (
                    f"{value} is far outside the plan's years, {view.settings.base_year} to {view.settings.last_year}."
                )
                yield row.problem(column.name, message, "Correct the year.")


def known_evidence(view: View, table: Table) -> Iterator[Problem]:
    """Every number names its evidence or says why it was assumed, and evidence was known when the plan was made."""
    if not table.counts_evidence:
        return
    known_from = evidence_dates(view)
    hindsight = view.scenario is not None and view.scenario.content["hindsight"]
    for row in view.rows(table.name):
        if row["evidence"] is None and row["assumed"] is None:
            hint = f"Name a row of {view.file('evidence')}, or say in assumed why the value was chosen."
            yield row.problem("evidence", "there is neither evidence nor reasoning.", hint)
            continue
        if hindsight and row.overlay:
            continue
        if row["assumed"] is None and is_late(view, row, known_from):
            day = known_from[row["evidence"]]
            message = f"{shown(row['evidence'])} is known only from {day}, after the plan's date {view.plan.plan_date}."
            hint = "Use what was known then, or say in assumed why a later figure stands in."
            yield row.problem("evidence", message, hint)


def evidence_dates(view: View) -> dict[str, date]:
    """Since when each source has been known."""
    return {row["code"]: row["known_from"] for row in view.rows("evidence")}


def is_late(view: View, row: Row, known_from: dict[str, date]) -> bool:
    """Whether the row's evidence was known only after the plan's date."""
    if view.settings is None or row["evidence"] is None:
        return False
    day = known_from.get(row["evidence"])
    return day is not None and day > view.settings.plan_date


def check_rows(view: View, changed: set[str] | None = None) -> list[Problem]:
    """All checks of single rows; rows with an error are marked bad.

    With `changed` (tables that a scenario overlays, and `plan.toml` when it changes the plan's date), only the tables
    are checked that these can touch.
    """
    found: list[Problem] = []
    tables = schema().values()

    def touched(table: Table) -> bool:
        if changed is None or table.name in changed or SETTINGS in changed:
            return True
        return any(column.refers_to and column.refers_to[0] in changed for column in table.columns)

    chosen = [table for table in tables if touched(table) and table.name not in view.broken]
    for table in chosen:
        if changed is None:  # an overlay cannot repeat a key
            found.extend(keys(view, table))
        found.extend(references(view, table))
    # A number whose source is not described is still a number, so the checks that follow go on with it.
    _mark(view, [problem for problem in found if problem.column != "evidence"])
    for table in chosen:
        for step in (intervals, spans, known_evidence):
            found.extend(step(view, table))
    _mark(view, [problem for problem in found if problem.column != "evidence"])
    return found


def _mark(view: View, found: Sequence[Problem]) -> None:
    places = {(problem.file, problem.row) for problem in found if not problem.warning}
    if not places:
        return
    for rows in view.tables.values():
        for row in rows:
            if (row.file, row.row) in places:
                row.bad = True
    view.forget()
