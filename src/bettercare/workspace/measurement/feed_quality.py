"""How good the feeds are: NHS numbers by organisation and month."""

from __future__ import annotations

from typing import Any

import polars as pl

from bettercare.activity.disclosure import ALL, Protected, protect
from bettercare.activity.link_report import Share, share
from bettercare.activity.nhs_number import TEST

NOT_KNOWN = "not known"
NUMBERS = f"""
SELECT organisation, coalesce(strftime(recorded_on, '%Y-%m'), '{NOT_KNOWN}') AS month, count(*) AS people,
       count(*) FILTER (nhs_status = 'valid' OR nhs_status = '{TEST}') AS valid
FROM registers GROUP BY ALL ORDER BY ALL
"""


def numbers(connection: Any) -> Protected:
    """People on each register, and those with an NHS number that is right, by month of the record's last change.

    The numbers of made-up people are of the range for tests; in a feed of real people the store holds those as wrong.
    """
    rows = connection.execute(NUMBERS)
    counts = ["people", "valid"]
    types = {c[0]: pl.Int64() if c[0] in counts else pl.String() for c in rows.description}
    cube = pl.DataFrame(rows.fetchall(), schema=types, orient="row")
    return protect(cube, ["organisation", "month"], counts, within=[("valid", "people")])


def by_organisation(table: Protected) -> list[Share]:
    """The organisations, all of them last."""
    rows = table.table.filter(pl.col("month") == ALL).sort(pl.col("organisation") == ALL, "organisation")
    return [_share(row, row["organisation"]) for row in rows.iter_rows(named=True)]


def by_month(table: Protected, organisation: str) -> list[Share]:
    """The months of one organisation."""
    rows = table.table.filter(pl.col("organisation") == organisation, pl.col("month") != ALL).sort("month")
    return [_share(row, row["month"]) for row in rows.iter_rows(named=True)]


def _share(row: dict[str, Any], value: str) -> Share:
    return Share(value, row["people_shown"], row["valid_shown"], share(row["valid"], row["people"]))
