"""Read observations to learn from: a plan's own table, or a file of indicators and benefits, judged or compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bettercare.foundation.problems import Problem, Problems, UsageError, did_you_mean, shown
from bettercare.foundation.ranges import Range
from bettercare.foundation.years import label
from bettercare.foundation.years import parse as year_of
from bettercare.plan.new import LEARNING_FILE
from bettercare.plan.plan import Plan
from bettercare.plan.schema import Column, Table
from bettercare.plan.source import RawTable, read_csv
from bettercare.plan.typed import Row, read_rows

PUBLISHED, OWN = "published", "plan"  # what stands for a plan's ready file, and for its own table
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
PERIOD_HINT = "Write a financial year (2014/15), a month (2015-01) or two months (2015-01/2015-04)."
ATTRIBUTION = ("attribution_low", "attribution_mode", "attribution_high")


@dataclass(frozen=True)
class Seen:
    """One row of observations, checked. Months are years times 12 plus the month less 1, both ends included.

    `offered` says that it was worked out from records and not entered, `made_up` that those records are.
    """

    id: str
    kind: str
    indicator: str
    effect: str
    period: str
    first: int
    last: int
    year: str
    value: float | None
    count: float | None
    out_of: float | None
    sd: float
    attribution: Range | None
    evidence: str
    note: str
    known_to_builders: bool
    file: str
    row: int | None
    made_up: bool = False
    offered: bool = False

    @property
    def compared(self) -> bool:
        """Whether it is a benefit as a comparison with like people found it, and not as staff judged it."""
        return self.kind == "benefit" and self.value is not None

    @property
    def months(self) -> int:
        """How many months it covers."""
        return self.last - self.first + 1


def _column(name: str, type_: str, description: str, **more: Any) -> Column:
    plain: dict[str, Any] = {
        "unit": "", "key": False, "refers_to": None, "choices": (), "minimum": None, "maximum": None,
        "above_minimum": False, "required": False, "default": None,
    }  # fmt: skip
    return Column(name=name, type=type_, description=description, **(plain | more))


TABLE = Table(
    "observations",
    (
        _column("id", "code", "Name of the observation, once in all files", key=True, required=True),
        _column("kind", "text", "What it is of", choices=("indicator", "benefit"), required=True),
        _column("indicator", "code", "Indicator of the plan that names a measure of the forecast"),
        _column("effect", "code", "Effect of the plan that a benefit is of"),
        _column("period", "text", "Financial year, month, or first and last month", required=True),
        _column("year", "year", "Financial year of the forecast that it is held against"),
        _column("value", "number", "A rate, level or amount; of a compared benefit, admissions avoided a year"),
        _column("count", "number", "A number of events; of a judged benefit, those avoided", minimum=0.0),
        _column("out_of", "number", "What the count is out of; of a judged benefit, the referrals", minimum=0.0),
        _column("sd", "number", "Standard error of the value", minimum=0.0),
        _column("attribution_low", "number", "Least part of a judged benefit that is truly one"),
        _column("attribution_mode", "number", "Most likely part"),
        _column("attribution_high", "number", "Largest part"),
        _column("evidence", "code", "Where it comes from (a row of evidence.csv)"),
        _column("made_up", "boolean", "Whether the records that it is from are synthetic", default="no"),
        _column("note", "text", "Anything a reader should know about this row"),
    ),
)


def read_observations(plan: Plan, sources: tuple[str, ...]) -> list[Seen]:
    """The observations of some sources: files, `published` (the plan's learning/published.csv) or `plan` (its table).

    Raises UsageError where there is no such file, Problems with all that is wrong in any of them.
    """
    problems: list[Problem] = []
    found: list[Seen] = []
    for source in sources:
        if source == OWN:
            found += _own(plan)
        else:
            path = published(plan) if source == PUBLISHED else Path(source)
            if path is None or not path.is_file():
                said = "This plan has no learning/published.csv" if path is None else f"There is no file {source}"
                raise UsageError(f'{said}. Name a file of observations, or "{OWN}" for the plan\'s own table.')
            raw = read_csv(path, path.name, problems)
            rows = read_rows(TABLE, raw, problems) if raw is not None else []
            found += [made for row in rows if (made := _seen(plan, row, problems)) is not None]
    if any(not p.warning for p in problems):
        raise Problems(p for p in problems if not p.warning)
    return found


def published(plan: Plan) -> Path | None:
    """The ready file of observations beside a plan, if it has one."""
    path = plan.folder / LEARNING_FILE if plan.folder is not None else None
    return path if path is not None and path.is_file() else None


def offered(plan: Plan, row: Mapping[str, Any]) -> Seen:
    """An observation that records give (`appraisal.benefits.to_observation`), read as a row of a file is."""
    problems: list[Problem] = []
    raw = RawTable("records", tuple(row), ((1, tuple(str(value) for value in row.values())),))
    found = [made for one in read_rows(TABLE, raw, problems) if (made := _seen(plan, one, problems)) is not None]
    if not found:
        raise Problems(problems)
    return replace(found[0], offered=True, row=None)


def _own(plan: Plan) -> Iterator[Seen]:
    """The plan's own table, for the years after its base year; bases that are not used are left out."""
    measures = dict(plan.tables["indicators"].select("code", "measure").iter_rows())
    first = year_of(plan.settings.base_year)
    for row in plan.tables["observations"].iter_rows(named=True):
        if not row["used"] or not row["year"] or not measures[row["indicator"]] or year_of(row["year"]) <= first:
            continue
        start = year_of(row["year"]) * 12 + 3
        yield Seen(
            id=f"{row['indicator']} {row['year']}",
            kind="indicator",
            indicator=row["indicator"],
            effect="",
            period=row["period"],
            first=start,
            last=start + 11,
            year=row["year"],
            value=row["value"],
            count=None,
            out_of=None,
            sd=0.0,
            attribution=None,
            evidence=row["evidence"] or "",
            note=row["note"] or "",
            known_to_builders=bool(row["known_to_builders"]),
            file="observations.csv",
            row=None,
        )


def _seen(plan: Plan, row: Row, problems: list[Problem]) -> Seen | None:
    before = len(problems)
    problems += _wrong(plan, row)
    months = period_of(row["period"] or "")
    if row["period"] and months is None:
        problems.append(row.problem("period", f"{shown(row['period'])} is not a period.", PERIOD_HINT))
    if row.bad or len(problems) > before or months is None:
        return None
    benefit = row["kind"] == "benefit"
    low, mode, high = (row[name] for name in ATTRIBUTION)
    kind = "fixed" if low == high else "pert"
    return Seen(
        id=row["id"],
        kind=row["kind"],
        indicator=row["indicator"] or "",
        effect=row["effect"] or "",
        period=row["period"],
        first=months[0],
        last=months[1],
        year=row["year"] or label((months[0] - 3) // 12),
        value=row["value"],
        count=row["count"],
        out_of=row["out_of"],
        sd=row["sd"] or 0.0,
        attribution=Range(kind, mode, low, high) if benefit and row["value"] is None else None,
        evidence=row["evidence"] or "",
        note=row["note"] or "",
        known_to_builders=False,
        file=row.file,
        row=row.row,
        made_up=bool(row["made_up"]),
    )


def _wrong(plan: Plan, row: Row) -> Iterator[Problem]:
    benefit = row["kind"] == "benefit"
    table, column = ("effects", "effect") if benefit else ("indicators", "indicator")
    known = plan.tables[table]["code"].to_list()
    if row["kind"] and not row[column]:
        yield row.problem(column, f"is blank in a row of kind {row['kind']}.", f"Write a code of {table}.csv.")
    elif row["kind"] and row[column] not in known:
        yield row.problem(column, f"{shown(row[column])} is not in {table}.csv.", did_you_mean(row[column], known))
    elif row["kind"] == "indicator" and not _measure(plan, row["indicator"]):
        hint = "Give it a measure in indicators.csv, or take the row out."
        yield row.problem("indicator", "names no measure of the forecast, so nothing can be learnt from it.", hint)
    if row["evidence"] and row["evidence"] not in set(plan.tables["evidence"]["code"].to_list()):
        yield row.problem("evidence", f"{shown(row['evidence'])} is not in evidence.csv.")
    if row["count"] is not None and row["out_of"] is not None and row["count"] > row["out_of"]:
        yield row.problem("count", f"{row['count']:g} is more than out_of, {row['out_of']:g}.")
    if benefit:
        yield from _wrong_comparison(row) if row["value"] is not None else _wrong_judgement(row)
    elif row["kind"] and row["count"] is None and row["value"] is None:
        yield row.problem("value", "and count are both blank.", "Write one of them.")


def _wrong_comparison(row: Row) -> Iterator[Problem]:
    hint = "A compared benefit has a value and its sd, a judged one a count, out_of and an attribution."
    for name in ("count", "out_of", *ATTRIBUTION):
        if row[name] is not None:
            yield row.problem(name, "stands beside the value of a compared benefit.", hint)
    if not row["sd"]:
        yield row.problem("sd", "is blank or 0: a comparison has an error.", "Write its standard error.")


def _wrong_judgement(row: Row) -> Iterator[Problem]:
    for name in ("count", "out_of"):
        if row[name] is None:
            hint = "Write how many were judged avoided, and of how many; or value and sd, if like people were compared."
            yield row.problem(name, "is blank in a benefit.", hint)
    if row["out_of"] == 0:
        yield row.problem("out_of", "is 0: a benefit of nobody referred says nothing.")
    if row["sd"] is not None:
        hint = "Write the comparison as value and sd (`bettercare benefits --observation` does), with nothing judged."
        yield row.problem("sd", "is that of a comparison, and this benefit is judged.", hint)
    values = [row[name] for name in ATTRIBUTION]
    if any(v is None for v in values):
        hint = "A judged benefit is not a comparison: say how much of it may be real (0, 0.5 and 1, for example)."
        yield row.problem(ATTRIBUTION[1], "low, mode and high of the attribution are needed.", hint)
    elif not values[0] <= values[1] <= values[2]:
        yield row.problem(ATTRIBUTION[1], "low, mode and high are not in rising order.")


def _measure(plan: Plan, indicator: str) -> str:
    found = dict(plan.tables["indicators"].select("code", "measure").iter_rows())
    return found.get(indicator) or ""


def period_of(text: str) -> tuple[int, int] | None:
    """First and last month of a period, or None when it cannot be read."""
    try:
        first = year_of(text) * 12 + 3
    except ValueError:
        parts = [MONTH.fullmatch(part.strip()) for part in text.split("/")]
        months = [int(m[1]) * 12 + int(m[2]) - 1 for m in parts if m]
        if len(months) != len(parts) or not 1 <= len(months) <= 2 or months[0] > months[-1]:
            return None
        return months[0], months[-1]
    return first, first + 11
