"""What queries see of a store: the views `persons` and `events`, and tables of the plan."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from bettercare.activity.store import Store
    from bettercare.plan.plan import Plan

PLAN_TABLES = (
    "zones",
    "services",
    "sites",
    "localities",
    "partners",
    "population",
    "settings",
    "initiatives",
    "indicators",
)

EVENT_TYPES = {
    "person": "UBIGINT", "record": "UBIGINT", "event": "VARCHAR", "start_at": "TIMESTAMP", "end_at": "TIMESTAMP",
    "service": "VARCHAR", "site": "VARCHAR", "method": "VARCHAR", "priority": "VARCHAR", "diagnosis": "VARCHAR",
    "diagnoses": "VARCHAR", "procedure": "VARCHAR", "clock_start": "TIMESTAMP", "clock_stop": "TIMESTAMP",
    "ready": "TIMESTAMP", "outcome": "VARCHAR", "code": "VARCHAR", "value": "DOUBLE", "cost_gbp": "DOUBLE",
    "feed": "VARCHAR", "received_at": "TIMESTAMP", "organisation": "VARCHAR", "month": "VARCHAR",
}  # fmt: skip
PEOPLE_TYPES = {
    "person": "UBIGINT", "recorded_on": "DATE", "nhs_status": "VARCHAR", "nhs": "UBIGINT",
    **{f"k{i:02}": "UBIGINT" for i in range(1, 13)},
    "sex": "VARCHAR", "birth_year": "SMALLINT", "ethnic_group": "VARCHAR", "zone": "VARCHAR", "residence": "VARCHAR",
    "feed": "VARCHAR", "received_at": "TIMESTAMP", "organisation": "VARCHAR",
}  # fmt: skip


def connect(store: Store, plan: Plan, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A connection in memory: nothing that is done with it changes the store.

    - `registers`: every row of every people feed, with the `id` of the person that it belongs to
    - `persons`: one row a person (id, sex, birth_year, ethnic_group, zone, locality, council, commissioner, residence)
    - `events`: one row an event, with the person's id as `person`, and locality, sex and age at its start
    - tables of the plan: zones, services, sites, localities, partners, population, settings, initiatives, indicators
    """
    import duckdb

    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET parquet_metadata_cache = true")
    for name in PLAN_TABLES:
        give(connection, name, plan[name])
    connection.execute(f"CREATE VIEW stored_people AS {_files(store, 'people', PEOPLE_TYPES)}")
    connection.execute(f"CREATE VIEW stored_events AS {_files(store, 'events', EVENT_TYPES)}")
    _links(connection, store)
    connection.execute(REGISTERS)
    connection.execute(PERSONS)
    connection.execute(WHO)
    connection.execute(EVENTS.format(kept=_kept(store)))
    return connection


def give(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    """Make a frame a table of a connection (through a file: handing it over directly needs a further library)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.parquet"
        frame.write_parquet(path)
        connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM read_parquet({quoted(str(path))})')


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _files(store: Store, kind: str, types: dict[str, str]) -> str:
    """The select over the files that count; with none, over no rows of the same form."""
    columns = ", ".join(f"{name}" for name in types)
    paths = store.manifest.paths(kind)
    if not paths:
        nothing = ", ".join(f"NULL::{kind_of} AS {name}" for name, kind_of in types.items())
        return f"SELECT {nothing} WHERE false"
    names = ", ".join(quoted((store.folder / path).resolve().as_posix()) for path in paths)
    places = {name: types[name] for name in ("organisation", "month") if name in types}
    hive = ", ".join(f"{quoted(name)}: {kind_of}" for name, kind_of in places.items())
    return f"SELECT {columns} FROM read_parquet([{names}], hive_partitioning = true, hive_types = {{{hive}}})"


def _links(connection: duckdb.DuckDBPyConnection, store: Store) -> None:
    if store.manifest.links is None:
        connection.execute("CREATE TABLE links (organisation VARCHAR, person UBIGINT, id UBIGINT)")
        return
    path = quoted((store.folder / store.manifest.links).resolve().as_posix())
    connection.execute(f"CREATE TABLE links AS SELECT organisation, person, id FROM read_parquet({path})")


def _kept(store: Store) -> str:
    """The condition that leaves out an event that a later feed holds under another month."""
    paths = store.manifest.superseded.values()
    if not paths:
        return ""
    names = ", ".join(quoted((store.folder / path).resolve().as_posix()) for path in paths)
    return f"ANTI JOIN read_parquet([{names}]) AS twice ON e.record = twice.record AND e.feed = twice.feed"


# A person whom no link names stays a person of one organisation, known by its own token.
REGISTERS = """
CREATE TABLE registers AS
SELECT coalesce(l.id, p.person) AS id, p.organisation, p.person, p.recorded_on, p.nhs_status, p.sex, p.birth_year,
       p.ethnic_group, p.zone, p.residence
FROM stored_people AS p LEFT JOIN links AS l ON p.person = l.person
"""

# What registers say differently is taken from the one that was changed last and says it. (Of one day: in the order of
# tokens.)
PERSONS = """
CREATE TABLE persons AS
WITH latest AS (
  SELECT id,
    arg_max(sex, rank) FILTER (sex <> 'U') AS sex,
    arg_max(birth_year, rank) AS birth_year,
    arg_max(ethnic_group, rank) FILTER (ethnic_group <> 'not-stated') AS ethnic_group,
    arg_max(zone, rank) AS zone,
    arg_max(residence, rank) AS residence
  FROM (SELECT *, (coalesce(recorded_on, DATE '1900-01-01'), person) AS rank FROM registers)
  GROUP BY id
)
SELECT id, coalesce(sex, 'U') AS sex, birth_year, coalesce(ethnic_group, 'not-stated') AS ethnic_group, zone,
       z.locality, z.council, z.commissioner, coalesce(residence, 'home') AS residence
FROM latest LEFT JOIN zones AS z ON latest.zone = z.code
"""

WHO = """
CREATE TABLE who AS
SELECT r.person AS token, r.id, p.sex, p.birth_year, p.locality FROM registers AS r JOIN persons AS p USING (id)
"""

EVENTS = """
CREATE VIEW events AS
SELECT e.record AS id, coalesce(w.id, e.person) AS person, e.organisation, e.event, e.start_at, e.end_at, e.service,
       e.site, e.method, e.priority, e.diagnosis, e.diagnoses, e.procedure, e.clock_start, e.clock_stop, e.ready,
       e.outcome, e.code, e.value, e.cost_gbp, e.feed, e.received_at, e.month, w.locality, w.sex,
       (year(e.start_at) - w.birth_year)::INTEGER AS age
FROM stored_events AS e LEFT JOIN who AS w ON e.person = w.token {kept}
"""
