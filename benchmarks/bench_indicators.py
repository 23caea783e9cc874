"""All indicators over 50 million made-up events of a million people, by month, partner and locality.

The events are Parquet as the store keeps them: a file for each organisation and month, the store's own views over
them. Two indicators are also counted by polars over the same files in the same run, for comparison, and must agree.
`python benchmarks/bench_indicators.py 5000000` takes fewer events; a folder after the number keeps the files there.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl

from bettercare.activity import indicators, views
from bettercare.plan.read import read_plan
from timing import best_of, finish, peak_mib, report, seconds

EVENTS = 50_000_000
PEOPLE = 1_000_000
MONTHS = 60
LIMIT = 20.0

# Of each organisation: people in its register, its share of all events, and how its events divide, as (event, service,
# method, share). They follow the worked example's own activity, of which 50 million events are five years.
WHO_SENDS: dict[str, tuple[int, float, list[tuple[str, str, str, float]]]] = {
    "uhl": (600_000, 0.19, [
        ("attendance", "outpatient-first", "", 0.19), ("attendance", "outpatient-follow-up", "", 0.44),
        ("attendance", "ae-major", "", 0.18), ("spell", "emergency-medical", "emergency", 0.06),
        ("spell", "emergency-surgical", "emergency", 0.02), ("spell", "emergency-child", "emergency", 0.01),
        ("spell", "day-case", "day-case", 0.08), ("spell", "elective-inpatient", "elective", 0.02),
    ]),
    "lpt": (400_000, 0.13, [
        ("contact", "district-nursing", "", 0.46), ("contact", "mental-health-community", "", 0.33),
        ("referral", "mental-health-crisis", "", 0.02), ("contact", "crisis-response", "", 0.02),
        ("contact", "community-therapy", "", 0.14), ("spell", "intensive-community-support", "transfer", 0.005),
        ("spell", "community-inpatient", "transfer", 0.005), ("contact", "end-of-life-home", "", 0.02),
    ]),
    "emas": (200_000, 0.03, [("response", "ambulance", "", 0.99), ("scheme", "ambulance", "", 0.01)]),
    "leicester-council": (30_000, 0.03, [("care", "home-care", "", 0.62), ("care", "care-home", "", 0.33),
                                         ("care", "reablement", "", 0.05)]),
    "leicestershire-council": (50_000, 0.05, [("care", "home-care", "", 0.62), ("care", "care-home", "", 0.33),
                                              ("care", "reablement", "", 0.05)]),
    "primary-care": (1_000_000, 0.57, [
        ("contact", "gp-consultation", "", 0.965), ("score", "gp-consultation", "", 0.02),
        ("plan", "gp-consultation", "", 0.005), ("register", "gp-consultation", "", 0.005), ("death", "", "", 0.005),
    ]),
}  # fmt: skip
CODES = ("R02", "J440", "I500", "L031", "K257", "A09", "C509", "S720", "N390", "J181")


def make(folder: Path, events: int) -> int:
    """Write the files; how many events they hold."""
    with duckdb.connect() as maker:
        maker.execute("SET threads = 2; SELECT setseed(0.5)")
        (folder / "people").mkdir()
        for organisation in WHO_SENDS:
            maker.execute(f"COPY ({_people(organisation)}) TO '{folder}/people/{organisation}.parquet'")
        for number, (organisation, (people, share, kinds)) in enumerate(WHO_SENDS.items()):
            size = int(events * share / MONTHS)
            for m in range(MONTHS):
                place = (
                    folder
                    / "events"
                    / f"organisation={organisation}"
                    / f"month={2013 + (m + 3) // 12}-{(m + 3) % 12 + 1:02}"
                )
                place.mkdir(parents=True)
                first = (number * MONTHS + m) * 10_000_000
                maker.execute(f"COPY ({_month(number, people, kinds, size, m, first)}) TO '{place}/feed.parquet'")
        return int(maker.execute(f"SELECT count(*) FROM '{folder}/events/*/*/*.parquet'").fetchall()[0][0])


def _people(organisation: str) -> str:
    """The first people are in the smaller registers too, so that events of several organisations are of one person."""
    number = list(WHO_SENDS).index(organisation)
    return f"""
        SELECT (hash(i * 100 + {number}))::UBIGINT AS person, i::UBIGINT AS id, '{organisation}' AS organisation,
            DATE '2014-01-01' AS recorded_on, 'valid' AS nhs_status, if(i % 2 = 0, 'F', 'M') AS sex,
            (1915 + i % 99)::SMALLINT AS birth_year, 'white' AS ethnic_group, i % 600 AS zone_number,
            if(i % 200 = 0, 'care-home', 'home') AS residence FROM range({WHO_SENDS[organisation][0]}) AS r(i)"""


def _month(
    number: int, people: int, kinds: list[tuple[str, str, str, float]], size: int, month: int, first: int
) -> str:
    cases, upto = {"event": "", "service": "", "method": ""}, 0.0
    for event, service, method, share in kinds:
        upto += share
        for name, value in (("event", event), ("service", service), ("method", method)):
            cases[name] += f" WHEN u < {upto:.4f} THEN {repr(value) if value else 'NULL'}"
    said = {
        name: f"CASE {text} ELSE {kinds[-1][('event', 'service', 'method').index(name)] or None!r} END".replace(
            "ELSE None", "ELSE NULL"
        )
        for name, text in cases.items()
    }
    codes = "[" + ", ".join(repr(c) for c in CODES) + "]"
    return f"""
        WITH drawn AS (
            SELECT i, random() AS u, random() AS v, random() AS w,
                TIMESTAMP '2013-04-01' + to_months({month}) + to_minutes((random() * 40300)::BIGINT) AS start_at
            FROM range({size}) AS r(i)),
        named AS (SELECT *, ({said["event"]})::VARCHAR AS event, ({said["service"]})::VARCHAR AS service,
            ({said["method"]})::VARCHAR AS method FROM drawn)
        SELECT (hash((w * {people - 1})::BIGINT * 100 + {number}))::UBIGINT AS person,
            ({first} + i)::UBIGINT AS record, event,
            start_at,
            CASE event WHEN 'spell' THEN start_at + to_minutes((v * v * 20000)::BIGINT)
                WHEN 'attendance' THEN start_at + to_minutes((v * 260)::BIGINT)
                WHEN 'care' THEN start_at + INTERVAL 6 DAY END AS end_at,
            service, NULL::VARCHAR AS site, method,
            CASE WHEN service = 'crisis-response' THEN '2h'
                WHEN service = 'mental-health-crisis' THEN '4h' END AS priority,
            CASE WHEN event = 'spell' THEN {codes}[1 + (v * 9.99)::INTEGER % 10] END AS diagnosis,
            CASE WHEN event = 'spell'
                THEN ['I10;E119;J449', 'I48', 'D57;J13', 'N179;E119', 'F03']
                    [1 + (w * 4.99)::INTEGER % 5] END AS diagnoses,
            NULL::VARCHAR AS procedure,
            CASE WHEN service LIKE '%crisis%' THEN start_at END AS clock_start,
            CASE WHEN service LIKE '%crisis%' THEN start_at + to_minutes((v * 200)::BIGINT) END AS clock_stop,
            CASE WHEN event = 'spell' AND v > 0.7 THEN start_at + to_minutes((v * v * 15000)::BIGINT) END AS ready,
            CASE WHEN event = 'spell' THEN if(u * 1000 % 1 < 0.03, 'died', 'home')
                WHEN event = 'scheme' THEN if(v < 0.7, 'avoided', 'not') END AS outcome,
            CASE event WHEN 'score' THEN 'efi' WHEN 'scheme' THEN 'I105' END AS code,
            CASE WHEN event = 'score' THEN v / 2 END::DOUBLE AS value, NULL::DOUBLE AS cost_gbp, 'feed' AS feed,
            TIMESTAMP '2015-07-01' AS received_at
        FROM named ORDER BY event, service"""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """The store's views over the files."""
    plan = read_plan("llr")
    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    views.give(connection, "zones", plan["zones"])
    connection.execute(f"""
        CREATE TABLE links AS SELECT organisation, person, id FROM '{folder}/people/*.parquet';
        CREATE VIEW stored_people AS SELECT p.* EXCLUDE (id, zone_number), z.code AS zone
            FROM '{folder}/people/*.parquet' p
            JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS n FROM zones) z ON z.n = p.zone_number;
        CREATE VIEW stored_events AS SELECT *
            FROM read_parquet('{folder}/events/*/*/*.parquet', hive_partitioning = true,
            hive_types = {{'organisation': VARCHAR, 'month': VARCHAR}});
    """)
    for text in (views.REGISTERS, views.PERSONS, views.WHO, views.EVENTS.format(kept="")):
        connection.execute(text)
    return connection


def peer(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Four hours in A&E, and first outpatient attendances, in polars."""
    zones = read_plan("llr")["zones"].sort("code").select("locality").with_row_index("zone_number")
    people = pl.scan_parquet(f"{folder}/people/*.parquet").select("person", pl.col("zone_number").cast(pl.UInt32))
    people = people.join(zones.lazy(), on="zone_number")
    events = pl.scan_parquet(f"{folder}/events/*/*/*.parquet", hive_partitioning=True)
    keys = ["month", "organisation", "locality"]
    waits = events.filter(pl.col("event") == "attendance", pl.col("service").is_in(["ae-major", "ae-minor"]))
    in_time = (pl.col("end_at") - pl.col("start_at")).is_between(pl.duration(), pl.duration(minutes=240))
    waits = (
        waits.join(people, on="person")
        .group_by(keys)
        .agg(in_time.sum().alias("numerator"), pl.len().alias("denominator"))
    )
    first = events.filter(pl.col("event") == "attendance", pl.col("service") == "outpatient-first")
    first = first.join(people, on="person").group_by(keys).agg(pl.len().alias("numerator"))
    return waits.collect(engine="streaming"), first.collect(engine="streaming")


def main() -> None:
    """Make the files, count, compare."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    plan = read_plan("llr")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(name)
        if not (folder / "events").is_dir():
            folder.mkdir(exist_ok=True)
            print(f"{make(folder, wanted):,} events made", flush=True)
        connection = connect(folder)
        found: list[pl.DataFrame] = []
        each = {"shared tables": seconds(lambda: indicators.prepare(connection, plan))}
        for one in indicators.known():
            each[one.code] = seconds(lambda one=one: indicators.counted(connection, one))  # type: ignore[misc]
        print(f"processor time so far {time.process_time():.1f} s")
        for code, taken in sorted(each.items(), key=lambda pair: -pair[1])[:6]:
            print(f"  {code:<40} {taken:6.2f} s")
        kept = report(
            f"all {len(indicators.known())} indicators",
            best_of(2, lambda: found.append(indicators.run(connection, plan))),
            LIMIT,
        )
        two = ["ae-four-hours", "outpatient-first-attendances"]
        report("of which these two by themselves", sum(each[c] for c in two), LIMIT)
        theirs: list[tuple[pl.DataFrame, pl.DataFrame]] = []
        report("the same two in polars", best_of(1, lambda: theirs.append(peer(folder))), 1e9)
        for code, own in zip(two, theirs[0], strict=True):
            ours = found[0].filter(pl.col("indicator") == code)
            assert ours.height == own.height, code
            assert ours["numerator"].sum() == own["numerator"].sum(), code
        few = report("largest memory", peak_mib(), 4096.0, "MiB")
    finish(kept, few)


if __name__ == "__main__":
    main()
