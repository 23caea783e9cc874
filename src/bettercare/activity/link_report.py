"""What may be shown of links: how many records are linked, how good the links are, and for whom they are worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from bettercare.activity import disclosure
from bettercare.activity.disclosure import ALL, Protected
from bettercare.activity.indicator_series import LinkError, interval
from bettercare.activity.link_quality import GROUPINGS, Quality, age_band
from bettercare.activity.match_keys import KEYS
from bettercare.activity.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A record is linked where another organisation has one of the same person: an organisation's own copies are no link.
LINKED = """
SELECT r.organisation, r.birth_year, coalesce(r.sex, 'U') AS sex,
       coalesce(r.ethnic_group, 'not-stated') AS ethnic_group,
       count(*) AS records, count(*) FILTER (p.organisations > 1) AS linked
FROM registers AS r
JOIN (SELECT id, count(DISTINCT organisation) AS organisations FROM registers GROUP BY id) AS p USING (id)
GROUP BY ALL ORDER BY ALL
"""
OTHERS = "others"
HEADS = {"organisation": "Organisation", "age": "Age", "sex": "Sex", "ethnic_group": "Ethnic group"}
SEXES = {"F": "women and girls", "M": "men and boys", "U": "sex not known"}
HEADS_OF_KEYS = ("Key", "What has to agree", "Links", "By this key alone", "Refused", "Values of several people")


@dataclass(frozen=True)
class Share:
    """A row of a table: a group (blank: all), counts as they may be shown, and the share of the published counts."""

    value: str
    whole: str
    part: str
    share: str


@dataclass(frozen=True)
class Worse:
    """A group whose pairs are found less often than everybody's, by more than chance explains. Shares in percent."""

    group: str
    value: str
    share: float
    of_all: float

    def __str__(self) -> str:
        return f"{in_words(self.group, self.value)}: {self.share:.1f}% found, against {self.of_all:.1f}% of all"


@dataclass(frozen=True)
class LinkReport:
    """What may be shown of a store's links.

    `linked` has a table of records and those linked with another organisation's for each of `HEADS`, `tried` one of
    pairs of which a number was withheld and those that were found for each of `GROUPINGS` (empty where it has not been
    tried). Groups with a count from 1 to 7 stand together as `others`, so that tables of the same people have nothing
    hidden that another could give away. `keys` has a row a key, as `HEADS_OF_KEYS` says.
    """

    records: str
    people: str
    error: LinkError
    linked: Mapping[str, Protected]
    tried: Mapping[str, Protected]
    keys: tuple[tuple[str, ...], ...]
    badge: str

    def worse(self) -> list[Worse]:
        """The groups for which links are worse, the worst first."""
        found = [one for group, table in self.tried.items() for one in _worse(group, table)]
        return sorted(found, key=lambda one: one.share)

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        linked, tried = (
            {name: [asdict(one) for one in shares(table)] for name, table in tables.items()}
            for tables in (self.linked, self.tried)
        )
        return {
            "badge": self.badge, "records": self.records, "people": self.people, "quality": asdict(self.error),
            "quality_words": str(self.error), "linked": linked, "found_without_number": tried,
            "worse": [{**asdict(one), "words": str(one)} for one in self.worse()],
            "keys": [dict(zip(("key", "parts", "links", "alone", "refused", "shared"), row, strict=True))
                     for row in self.keys],
        }  # fmt: skip


def report(store: Store, connection: DuckDBPyConnection) -> LinkReport | None:
    """What may be shown of the links of a store (`connection` is to it); None while no register is held."""
    if store.register_year is None:
        return None
    cube = _cube(connection, store.register_year)
    kept = Quality.of(store)
    people = connection.execute("SELECT count(DISTINCT id) FROM registers").fetchone()
    return LinkReport(
        disclosure.shown(int(cube["records"].sum())),
        disclosure.shown(people[0] if people else 0),
        LinkError.of(store),
        {name: _protected(cube, name, "records", "linked") for name in HEADS},
        {} if kept is None else _tried(kept),
        () if kept is None else _keys(kept),
        store.badge,
    )


def _cube(connection: DuckDBPyConnection, year: int) -> pl.DataFrame:
    types = {"organisation": pl.String, "birth_year": pl.Int64, "sex": pl.String, "ethnic_group": pl.String,
             "records": pl.Int64, "linked": pl.Int64}  # fmt: skip
    rows = pl.DataFrame(connection.execute(LINKED).fetchall(), schema=types, orient="row")
    return rows.with_columns(age_band(year))


def _tried(kept: Quality) -> dict[str, Protected]:
    columns = [*GROUPINGS, "pairs", "found"]
    types = {name: pl.Int64 if name in ("pairs", "found") else pl.String for name in columns}
    cube = pl.DataFrame(kept.groups, schema=types, orient="row")
    return {group: _protected(cube, group, "pairs", "found") for group in GROUPINGS}


def _protected(cube: pl.DataFrame, dimension: str, whole: str, part: str) -> Protected:
    """The table of one dimension, its small groups together, as it may be published."""
    rows = cube.group_by(dimension).agg(pl.col(whole, part).sum()).sort(whole, dimension).to_dicts()
    others: dict[str, Any] = {dimension: OTHERS, whole: 0, part: 0}
    kept: list[dict[str, Any]] = []
    for row in rows:  # the smallest first: those after it join it until it is large enough
        if _small(row[whole], row[part]) or _small(others[whole], others[part]):
            others |= {name: others[name] + row[name] for name in (whole, part)}
        else:
            kept.append(row)
    while kept and _small(others[whole], others[part]):
        others |= {name: others[name] + kept[0][name] for name in (whole, part)}
        del kept[0]
    if others[whole]:
        kept.append(others)
    schema = {dimension: pl.String, whole: pl.Int64, part: pl.Int64}
    return disclosure.protect(pl.DataFrame(kept, schema=schema), [dimension], [whole, part], within=[(part, whole)])


def _small(*counts: int) -> bool:
    return any(0 < count <= disclosure.SMALL for count in counts)


def _keys(kept: Quality) -> tuple[tuple[str, ...], ...]:
    parts = {key.code: ", ".join(key.parts).replace("_", " ") for key in KEYS}
    return tuple((code, parts[code], *map(disclosure.shown, numbers)) for code, *numbers in kept.keys)


def shares(table: Protected) -> list[Share]:
    """The groups of a table of one dimension, the total last: a count, and the second count as a share of it."""
    whole, part = table.counts
    return [
        Share(r[table.dimensions[0]], r[f"{whole}_shown"], r[f"{part}_shown"], share(r[part], r[whole]))
        for r in _ordered(table)
    ]


def _ordered(table: Protected) -> list[dict[str, Any]]:
    (dimension,) = table.dimensions
    return table.table.sort(pl.col(dimension) == ALL, pl.col(dimension) == OTHERS, dimension).to_dicts()


def share(part: int | None, whole: int | None) -> str:
    """A share of two published counts in percent; blank where it cannot be said."""
    return "" if part is None or not whole else f"{min(100.0 * part / whole, 100.0):.0f}%"


def _worse(group: str, table: Protected) -> Iterator[Worse]:
    whole, part = table.counts
    *rows, total = _ordered(table) or [{part: None, whole: None}]
    if total[part] is None or not total[whole]:
        return
    of_all = 100.0 * total[part] / total[whole]
    slack = disclosure.STEP // 2  # a group must not seem worse only because its counts are rounded
    for row in rows:
        if row[part] is None or not row[whole] or row[group] == OTHERS:
            continue
        fewest = row[whole] - slack
        if interval(min(row[part] + slack, fewest), fewest)[1] < of_all:
            yield Worse(group, row[group], 100.0 * row[part] / row[whole], of_all)


def in_words(group: str, value: str) -> str:
    """A group as people read it: `women and girls`, `aged 75-84`, `ethnic group asian`."""
    if group == "sex":
        return SEXES.get(value, value)
    if group == "age":
        return "age not known" if value == "not known" else f"aged {value}"
    return f"ethnic group {value.replace('-', ' ')}"
