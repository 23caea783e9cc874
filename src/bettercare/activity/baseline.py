"""The base-year activity of a plan, counted from the events of a store instead of taken from national rates.

The counts leave the store in a file that others read, so they pass disclosure control in the form for numbers that
must not be blank: each cell (service, home area, sex, ages) is the middle of its band of six, and all cells of a
service and area are then moved together so that they add up to their true total rounded to 5. A length of stay is that
of the cell where 8 or more people stayed; else what the plan had, moved as the stays of the service in the area are.

Where the events are of a sample of residents, chance decides much about a small service. One whose amount has a
standard error above a tenth keeps the plan's rows: a person is drawn into the sample or not, so the error comes from
the sum of squares of what each person used (a total from a Bernoulli sample: Särndal, Swensson and Wretman 1992,
section 3.2).

Events know only a year of birth. A person counts as a year older from a day of the year that depends on the person
alone, so that on average the ages are right. Rows without a home area or sex are shared out as the others lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from bettercare.activity.baseline_words import notes
from bettercare.activity.disclosure import midpoint6, rounded
from bettercare.activity.indicators import MACROS
from bettercare.activity.views import give
from bettercare.foundation import years
from bettercare.foundation.problems import UsageError
from bettercare.plan.schema import schema
from bettercare.plan.write import new_folder, table_text, write_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from bettercare.plan.plan import Plan

EVIDENCE = "event-store"
ENOUGH = 8  # people behind a mean
UNSURE = 0.10  # standard error of a sampled amount above which it says too little

# One unit is a row, but for care a week and for a bed day a night (at least one).
USED = """
create or replace temp view used as
select e.service, e.locality, e.sex, e.person,
    greatest(0, e.age - if(hash(e.person) % 365 < dayofyear(e.start_at), 0, 1)) as age,
    (case k.currency when 'week-of-care' then weeks(e.start_at, e.end_at)
        when 'bed-day' then greatest(1, datediff('day', e.start_at, e.end_at)) else 1 end)::double as units,
    if(e.event = 'spell', epoch(e.end_at - e.start_at) / 86400, null) as days
from events e join base_services k on k.code = e.service
where e.month between '{first}' and '{last}' and e.event in ('attendance', 'spell', 'contact', 'response', 'care')
    and coalesce(e.outcome, '') <> 'rejected'
"""
UNITS = """
select service, locality, sex, age, sum(units) as units, count(days) as stays, sum(days) as days,
    sum(days ** 2) as squares from used group by all
"""
# What each person used: days where people stay, units elsewhere.
EACH = """
select service, locality, sum(size), sum(size ** 2)
from (select service, locality, person, sum(coalesce(days, units)) as size from used group by all) group by all
"""


@dataclass(frozen=True)
class Baseline:
    """Base-year activity in the plan's columns, and the evidence row that its counts name."""

    activity: pl.DataFrame
    evidence: dict[str, Any]
    counted: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"rows": self.activity.height, "counted": self.counted, "kept": self.kept, "notes": self.notes,
                "evidence": self.evidence["code"]}  # fmt: skip


def baseline(
    connection: DuckDBPyConnection,
    plan: Plan,
    *,
    scale: bool = False,
    sample: int | None = None,
    synthetic: bool = False,
) -> Baseline:
    """Activity of the plan's base year from the events of a connection.

    `scale` multiplies each area's counts by its population over the people in the registers. Where registers hold
    only people who have used something, that is too much: `sample` says then of how many residents the events are.
    Services keep the plan's rows where the store has no event of them, or too few in a sample, and so do people who
    live elsewhere. Raises UsageError when the events hold no month of the base year.
    """
    first = years.start(plan.settings.base_year).strftime("%Y-%m")
    last = years.end(plan.settings.base_year).strftime("%Y-%m")
    held = connection.execute(
        "select distinct month from events where month between $1 and $2", [first, last]
    ).fetchall()
    if not held:
        raise UsageError(
            f"The store holds no events of the base year {plan.settings.base_year} ({first} to {last}). "
            "Add feeds of those months, or change base_year in the plan's plan.toml."
        )
    connection.execute(MACROS)
    give(connection, "base_services", plan["services"].select("code", "currency"))
    connection.execute(USED.format(first=first, last=last))
    rows = connection.execute(UNITS).fetchall()
    names = ("service", "locality", "sex", "age", "units", "stays", "days", "squares")
    types = {n: pl.String() if n in names[:3] else pl.Int64() if n in ("age", "stays") else pl.Float64() for n in names}
    units = pl.DataFrame(rows, schema=types, orient="row")
    factors = _factors(connection, plan, scale, sample)
    year = 12 / len(held)
    seen = set(units["service"])
    unsure = _unsure(connection, factors) & set(plan["activity"]["service"])
    counted = sorted((seen - unsure) & set(plan["activity"]["service"]))
    inside = set(plan["localities"].filter(~pl.col("outside"))["code"])
    new = [row for service in counted for row in _service(service, units, plan, factors, year, inside)]
    stays = plan["activity"].filter(~(pl.col("service").is_in(counted) & pl.col("locality").is_in(list(inside))))
    table = schema()["activity"]
    fresh = pl.DataFrame(new, schema=table.polars_schema()).select(stays.columns) if new else stays.clear()
    activity = pl.concat([stays, fresh]).sort(*table.key)
    kept = sorted(set(stays["service"]) - set(counted))
    said = notes(plan, activity, len(held), (counted, kept, sorted(unsure)), factors, seen)
    return Baseline(
        activity, _evidence(plan, first, last, synthetic, bool(factors)), tuple(counted), tuple(kept), tuple(said)
    )


def _factors(connection: DuckDBPyConnection, plan: Plan, scale: bool, sample: int | None) -> dict[str, float]:
    """By home area, what a count is multiplied by."""
    if not scale and sample is None:
        return {}
    if sample is not None and sample < 1:
        raise UsageError(
            f"A sample of {sample} people says nothing; give the number of residents that the events are of."
        )
    people = dict(connection.execute("select locality, count(*) from persons group by all").fetchall())
    chosen = plan["population"].filter(
        pl.col("year") == plan.settings.base_year, pl.col("variant") == plan.settings.population.variant
    )
    lived = dict(chosen.group_by("locality").agg(pl.col("people").sum()).iter_rows())
    if sample is not None:
        outside = set(plan["localities"].filter(pl.col("outside"))["code"])
        inside = {code: number for code, number in lived.items() if code not in outside}
        return dict.fromkeys(inside, sum(inside.values()) / sample)
    return {code: lived[code] / people[code] for code in lived if people.get(code)}


def _unsure(connection: DuckDBPyConnection, factors: dict[str, float]) -> set[str]:
    """The services whose amount, scaled up from a sample, has too large a standard error."""
    totals: dict[str, tuple[float, float]] = {}
    for service, locality, total, squares in connection.execute(EACH).fetchall():
        factor = factors.get(locality, 1.0)
        before = totals.get(service, (0.0, 0.0))
        variance = max(0.0, factor * (factor - 1.0)) * (squares or 0.0)
        totals[service] = before[0] + factor * (total or 0.0), before[1] + variance
    return {service for service, (total, variance) in totals.items() if variance > (UNSURE * total) ** 2}


def _service(
    service: str, units: pl.DataFrame, plan: Plan, factors: dict[str, float], year: float, inside: set[str]
) -> Iterator[dict[str, Any]]:
    """The rows of a service, in the plan's own ages and sexes."""
    own = units.filter(pl.col("service") == service)
    shape = plan["activity"].filter(pl.col("service") == service)
    placed = own.filter(pl.col("locality").is_in(list(inside)))
    unplaced = float(own.filter(pl.col("locality").is_null())["units"].sum())
    known = float(placed["units"].sum())
    share = 1.0 + unplaced / known if known else 1.0
    for locality in sorted(set(shape["locality"]) & inside):
        here = placed.filter(pl.col("locality") == locality)
        cells = list(_cells(here, shape.filter(pl.col("locality") == locality)))
        total = rounded(round(here["units"].sum()))
        total = midpoint6(round(here["units"].sum())) if total is None else total
        shown = [midpoint6(round(cell["units"])) for cell in cells]
        weight = total / sum(shown) if sum(shown) else 0.0
        moved = _moved(cells)
        for cell, middle in zip(cells, shown, strict=True):
            number = middle * weight * share * factors.get(locality, 1.0) * year
            yield from _rows(cell, number, moved, plan, service, locality)


def _cells(here: pl.DataFrame, shape: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Units and stays of each band of the plan; ages between or beyond its bands go to the nearest."""
    bands = (
        shape.group_by("sex", "age_low", "age_high", maintain_order=True)
        .agg(pl.col("mean_los_days").mean().alias("was"))
        .rows(named=True)
    )
    sexes = {b["sex"] for b in bands}
    sums = [{**b, "units": 0.0, "stays": 0, "days": 0.0, "squares": 0.0} for b in bands]
    for row in here.iter_rows(named=True):
        fits = [s for s in sums if s["sex"] in ("P", row["sex"])] or (sums if row["sex"] not in sexes else [])
        away = [max(s["age_low"] - row["age"], row["age"] - s["age_high"], 0) for s in fits]
        nearest = [s for s, gap in zip(fits, away, strict=True) if gap == min(away)]
        for s in nearest:  # more than one only where the sex is not known
            for name in ("units", "stays", "days", "squares"):
                s[name] += (row[name] or 0) / len(nearest)
    yield from sums


def _rows(
    cell: dict[str, Any], number: float, moved: float, plan: Plan, service: str, locality: str
) -> Iterator[dict[str, Any]]:
    """The cell in the plan's columns; where another service sends some of its people, split as the plan splits it."""
    was = plan["activity"].filter(
        pl.col("service") == service, pl.col("locality") == locality, pl.col("sex") == cell["sex"],
        pl.col("age_low") == cell["age_low"], pl.col("age_high") == cell["age_high"],
    )  # fmt: skip
    before = was["count"].sum()
    bed_day = plan["services"].filter(pl.col("code") == service)["currency"][0] == "bed-day"
    for old in was.iter_rows(named=True):
        part = old["count"] / before if before else 1.0 / was.height
        mean, spread = _stay(cell, moved, old, bed_day)
        yield {
            **old, "count": round(number * part, 1), "mean_los_days": mean, "sd_los_days": spread,
            "evidence": EVIDENCE, "assumed": None,
        }  # fmt: skip


def _stay(cell: dict[str, Any], moved: float, old: dict[str, Any], bed_day: bool) -> tuple[float | None, float | None]:
    """Mean and spread of the stays of a cell; where too few stayed, the plan's, moved as those of the area are."""
    if old["mean_los_days"] is None or bed_day:
        return old["mean_los_days"], old["sd_los_days"]
    if cell["stays"] >= ENOUGH:
        mean = cell["days"] / cell["stays"]
        return round(mean, 3), round(max(0.0, cell["squares"] / cell["stays"] - mean * mean) ** 0.5, 3)
    return round(old["mean_los_days"] * moved, 3), round((old["sd_los_days"] or 0.0) * moved, 3)


def _moved(cells: list[dict[str, Any]]) -> float:
    """Days of stay in an area over those that the plan's stays would give; 1 where too few stayed."""
    stays = sum(cell["stays"] for cell in cells)
    expected = sum(cell["stays"] * (cell["was"] or 0.0) for cell in cells)
    return sum(cell["days"] for cell in cells) / expected if stays >= ENOUGH and expected else 1.0


def _evidence(plan: Plan, first: str, last: str, synthetic: bool, scaled: bool) -> dict[str, Any]:
    made_up = "Made-up (synthetic) events: not for decisions. " if synthetic else ""
    text = f"{made_up}Counts of the events that partners sent, {first} to {last}"
    note = "Each cell is the middle of its band of six; the total of each service and area is rounded to 5"
    return {
        "code": EVIDENCE,
        "citation": text,
        "where": "bettercare baseline",
        "badge": "modelled" if synthetic or scaled else "measured",
        "grade": "statistic",
        "known_from": years.end(plan.settings.base_year),
        "licence": None,
        "note": note,
    }


def write(found: Baseline, plan: Plan, folder: str | Path) -> Path:
    """Write activity.csv, and evidence.csv with the row that it names, into a new or empty folder."""
    path = new_folder(folder)
    path.mkdir(parents=True, exist_ok=True)
    tables = schema()
    before = plan["evidence"].filter(pl.col("code") != EVIDENCE)
    row = pl.DataFrame([found.evidence], schema=tables["evidence"].polars_schema()).select(before.columns)
    evidence = pl.concat([before, row]).sort("code")
    write_files(path, {
        "activity.csv": table_text(tables["activity"], found.activity),
        "evidence.csv": table_text(tables["evidence"], evidence),
    })  # fmt: skip
    return path
