"""Indicators: each is one readable SQL file in `indicators/`, with what it means in the comments at its top.

`known` reads what they say of themselves, `run` counts them over the store's views by month, partner and locality.
What `run` gives are true counts: they stay inside `activity`. `indicator_series.publish` is the way out.

Beside the store's views `persons` and `events`, the files may use what `run` makes first, so that fifty million events
are not read afresh by each: `spells` (the stays in hospital and at home, with what the plan's table of services says of
their service), `held` (the last day that each organisation's events reach), `months` (all months and the day after
each) and `ambulatory_codes` (the named list of avoidable admissions). Their short functions are in `MACROS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from bettercare.activity.views import give
from bettercare.foundation.problems import UsageError, did_you_mean, shown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from bettercare.plan.plan import Plan

COLUMNS = ("indicator", "part", "month", "partner", "locality", "numerator", "denominator")
UNKNOWN = "unknown"
WHOLE = ""  # the part of an indicator that has no parts
UNITS = ("percent", "count", "days")
KEYS = (
    "name", "numerator", "denominator", "exclusions", "source", "version", "unit", "direction", "target", "outcome",
    "plan indicator", "sphere", "joins", "needs",
)  # fmt: skip
NEEDED = ("name", "numerator", "denominator", "exclusions", "source", "version", "unit", "direction", "sphere")

# Small functions that the SQL files share. A time that lies before its start is not in time.
MACROS = """
create or replace temp macro icd(code) as upper(replace(trim(code), '.', ''));
create or replace temp macro other_codes(codes) as
    list_filter(list_transform(string_split(coalesce(codes, ''), ';'), lambda c: icd(c)), lambda c: c <> '');
create or replace temp macro in_time(clock_start, clock_stop, minutes) as
    clock_stop >= clock_start and clock_stop <= clock_start + to_minutes(minutes::bigint);
create or replace temp macro minutes_due(priority) as 60 * left(priority, len(priority) - 1)::bigint;
create or replace temp macro months_between(first, last) as
    generate_series(date_trunc('month', first)::date, date_trunc('month', last)::date, interval 1 month);
create or replace temp macro nights_in(month_start, first, last) as
    greatest(0, datediff('day', greatest(first, month_start::date),
                         least(last, (month_start + interval 1 month)::date)));
create or replace temp macro efi_tier(value) as
    case when round(value * 1000) <= 120 then 'fit' when round(value * 1000) <= 240 then 'mild'
         when round(value * 1000) <= 360 then 'moderate' else 'severe' end;
create or replace temp macro weeks(start_at, end_at) as
    greatest(1, ceil(datediff('day', start_at, coalesce(end_at, start_at)) / 7))::bigint;
"""

TABLES = """
create or replace temp table sent as select distinct organisation, month from {events};
create or replace temp table held as
    select organisation, last_day(max(strptime(month, '%Y-%m')))::date as until from sent group by organisation;
create or replace temp table months as
    select strftime(m, '%Y-%m') as month, (m + interval 1 month)::timestamp as next_start
    from (select unnest(generate_series(min(strptime(month, '%Y-%m')), max(strptime(month, '%Y-%m')),
        interval 1 month)) as m from sent);
create or replace temp table spells as
    select e.id, e.person, e.organisation, e.service, e.method, e.diagnosis, e.diagnoses, e.procedure, e.start_at,
        e.end_at, e.ready, e.outcome, e.code, e.value, e.month, e.locality, e.age, s.admission,
        s.bed_type is not null as has_beds
    from events e left join service_kinds s on s.code = e.service
    where e.event = 'spell';
"""


@dataclass(frozen=True)
class Indicator:
    """What an indicator says of itself. `parts` are its parts as (value, group or blank, name).

    `groups` are sums of parts that are indicators in their own right, as (code, outcome, name). `plan` are the codes
    of the plan's own indicators that are the same measure.
    """

    code: str
    name: str
    numerator: str
    denominator: str
    exclusions: str
    source: str
    version: str
    unit: str
    direction: str
    sphere: str
    target: float | None
    outcome: str
    plan: tuple[str, ...]
    joins: bool
    needs: str
    parts: tuple[tuple[str, str, str], ...]
    groups: tuple[tuple[str, str, str], ...]
    sql: str

    @property
    def has_parts(self) -> bool:
        """Whether its counts are split into parts."""
        return re.search(r"\bpart\b", _body(self.sql)) is not None


@cache
def known() -> tuple[Indicator, ...]:
    """All indicators that come with the program, in the order of their codes."""
    folder = files("bettercare.activity") / "indicators"
    found = sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))
    return tuple(parse(name[:-4], (folder / name).read_text("utf-8")) for name in found)


def find(code: str) -> Indicator:
    """The indicator of a code (also that of a group of its parts, or of one part). Raises UsageError for another."""
    for one in known():
        own = {one.code, *(g[0] for g in one.groups), *one.plan}
        if code in own or code.partition(":")[0] == one.code:
            return one
    codes = sorted({one.code for one in known()} | {g[0] for one in known() for g in one.groups})
    hint = did_you_mean(code, codes) or f"The indicators are: {', '.join(codes)}."
    raise UsageError(f"{shown(code)} is not an indicator that events can measure. {hint}")


def parse(code: str, sql: str) -> Indicator:
    """Read the comments at the top of an indicator's SQL. Raises UsageError when one that is needed is missing."""
    said: dict[str, str] = {}
    parts, groups, lines = [], [], _header(sql)
    for key, text in lines:
        if key == "part":
            value, _, name = text.partition(" = ")
            value, _, group = value.partition(" in ")
            parts.append((value.strip(), group.strip(), name.strip()))
        elif key == "group":
            own, _, name = text.partition(" = ")
            own, _, outcome = own.partition(",")
            groups.append((own.strip(), outcome.strip(), name.strip()))
        elif key in KEYS:
            said[key] = text
        else:
            raise UsageError(f"{code}.sql: the comment {shown(key)} is not known; use {', '.join(KEYS)}, part, group.")
    lacking = [key for key in NEEDED if not said.get(key)]
    if lacking:
        raise UsageError(
            f"{code}.sql does not say its {', '.join(lacking)}: add a comment such as -- {lacking[0]}: ..."
        )
    if said["unit"] not in UNITS or said["direction"] not in ("up", "down", "neither"):
        raise UsageError(f"{code}.sql: the unit must be one of {', '.join(UNITS)}, the direction up, down or neither.")
    plan = tuple(c.strip() for c in said.get("plan indicator", "").split(",") if c.strip())
    return Indicator(
        code=code, **{key: said[key] for key in NEEDED},
        target=float(said["target"]) if said.get("target") else None,
        outcome=said.get("outcome", ""), plan=plan, joins=said.get("joins") == "organisations",
        needs=said.get("needs", ""), parts=tuple(parts), groups=tuple(groups), sql=sql,
    )  # fmt: skip


def _header(sql: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        if line.startswith("--   ") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line[5:].strip()}")
            continue
        key, _, text = line[2:].partition(":")
        found.append((key.strip(), text.strip()))
    return found


def run(connection: DuckDBPyConnection, plan: Plan, only: Iterable[str] | None = None) -> pl.DataFrame:
    """The true counts of the indicators by month, partner and locality: never for anybody's eyes as they are.

    `connection` has the store's views. `only` names the indicators to count. A count without people to count it among
    has a blank denominator; of days, the denominator is the number of stays behind them. An indicator that needs a
    view which the store does not have is left out.
    """
    prepare(connection, plan)
    chosen = known() if only is None else tuple(dict.fromkeys(find(code) for code in only))
    there = _views(connection)
    frames = [counted(connection, one) for one in chosen if not one.needs or one.needs in there]
    return pl.concat(frames) if frames else pl.DataFrame(schema=_schema())


def _views(connection: DuckDBPyConnection) -> set[str]:
    """The names of the views and tables of a connection."""
    views = "select view_name from duckdb_views() where not internal union select table_name from duckdb_tables()"
    return {name for (name,) in connection.execute(views).fetchall()}


def prepare(connection: DuckDBPyConnection, plan: Plan) -> None:
    """Make the functions and the shared tables that the SQL files use."""
    give(connection, "service_kinds", plan["services"].select("code", "admission", "bed_type"))
    codes = (files("bettercare.activity") / "indicators" / "ambulatory_codes.csv").read_bytes()
    give(connection, "ambulatory_codes", pl.read_csv(codes, infer_schema=False).with_columns(pl.all().fill_null("")))
    there = _views(connection)
    # What months are held needs no people; the store's view without them is quicker to go through.
    connection.execute(MACROS + TABLES.format(events="stored_events" if "stored_events" in there else "events"))


def counted(connection: DuckDBPyConnection, one: Indicator) -> pl.DataFrame:
    """The counts of one indicator; `prepare` comes first.

    A stay may end after the last month that its organisation has sent. Such months are not whole, and left out.
    """
    body = _body(one.sql)
    part = "part" if one.has_parts else "''"
    select = f"""
        select '{one.code}' as indicator, coalesce({part}, '{UNKNOWN}') as part, month,
            coalesce(partner, '{UNKNOWN}') as partner, coalesce(locality, '{UNKNOWN}') as locality,
            sum(coalesce(numerator, 0))::bigint as numerator, sum(denominator)::bigint as denominator
        from ({body}) left join held on organisation = partner
        where month <= coalesce(strftime(until, '%Y-%m'), (select max(month) from months))
        group by all order by all
    """
    return pl.DataFrame(connection.execute(select).fetchall(), schema=_schema(), orient="row")


def _body(sql: str) -> str:
    """The SQL without the lines of comments."""
    return re.sub(r"^\s*--.*\n", "", sql, flags=re.MULTILINE)


def _schema() -> dict[str, pl.DataType]:
    return {c: pl.Int64() if c in ("numerator", "denominator") else pl.String() for c in COLUMNS}
