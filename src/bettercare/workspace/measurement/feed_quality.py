"""How good the feeds are: NHS numbers by organisation and month, and whom a second organisation knows."""

from __future__ import annotations

from typing import Any

import polars as pl

from bettercare.activity.disclosure import ALL, Protected, protect

NOT_KNOWN = "not known"
NUMBERS = f"""
SELECT organisation, coalesce(strftime(recorded_on, '%Y-%m'), '{NOT_KNOWN}') AS month, count(*) AS people,
       count(*) FILTER (nhs_status = 'valid') AS valid
FROM registers GROUP BY ALL ORDER BY ALL
"""
# Of the people whom a council knows, those whom an organisation of another kind knows too.
LINKED = f"""
WITH known AS (
  SELECT r.id, bool_or(p.kind = 'council') AS social, bool_or(p.kind <> 'council') AS health
  FROM registers AS r JOIN partners AS p ON p.code = r.organisation GROUP BY r.id
)
SELECT p.sex, coalesce(p.ethnic_group, '{NOT_KNOWN}') AS ethnic_group,
       CASE WHEN p.birth_year IS NULL THEN '{NOT_KNOWN}' WHEN p.birth_year > ? - 18 THEN 'under 18'
            WHEN p.birth_year > ? - 65 THEN '18 to 64' WHEN p.birth_year > ? - 85 THEN '65 to 84'
            ELSE '85 and over' END AS age,
       count(*) AS people, count(*) FILTER (k.health) AS linked
FROM known AS k JOIN persons AS p USING (id) WHERE k.social GROUP BY ALL ORDER BY ALL
"""
GROUPS = {"sex": "Sex", "age": "Age", "ethnic_group": "Ethnic group"}


def numbers(connection: Any) -> Protected:
    """People on each register, and those with a valid NHS number, by month of the record's last change."""
    return _protected(connection, NUMBERS, [], ["organisation", "month"], ["people", "valid"])


def linked(connection: Any, year: int) -> Protected:
    """People whom a council knows, and those found in health records too, by sex, age and ethnic group together."""
    return _protected(connection, LINKED, [year] * 3, ["sex", "age", "ethnic_group"], ["people", "linked"])


def _protected(connection: Any, sql: str, given: list[Any], dims: list[str], counts: list[str]) -> Protected:
    rows = connection.execute(sql, given)
    columns = [c[0] for c in rows.description]
    types = {c: pl.Int64() if c in counts else pl.String() for c in columns}
    cube = pl.DataFrame(rows.fetchall(), schema=types, orient="row")
    return protect(cube, dims, counts, within=[(counts[1], counts[0])])


def shares(table: Protected, dimension: str) -> list[dict[str, Any]]:
    """The rows of one dimension over all values of the others, the total last; with a share of the published counts."""
    whole, part = table.counts
    others = [pl.col(d) == ALL for d in table.dimensions if d != dimension]
    rows = table.table.filter(*others).sort(pl.col(dimension) == ALL, dimension).iter_rows(named=True)
    return [
        {
            "value": r[dimension],
            "whole": r[f"{whole}_shown"],
            "part": r[f"{part}_shown"],
            "share": _share(r[part], r[whole]),
        }
        for r in rows
    ]


def by_month(table: Protected, organisation: str) -> list[dict[str, Any]]:
    """The months of one organisation."""
    rows = table.table.filter(pl.col("organisation") == organisation, pl.col("month") != ALL).sort("month")
    return [
        {
            "month": r["month"],
            "whole": r["people_shown"],
            "part": r["valid_shown"],
            "share": _share(r["valid"], r["people"]),
        }
        for r in rows.iter_rows(named=True)
    ]


def _share(part: int | None, whole: int | None) -> str:
    return "" if part is None or not whole else f"{min(100.0 * part / whole, 100.0):.0f}%"
