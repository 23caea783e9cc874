"""How good the links are, and for whom they are worse.

Against a truth (synthetic people only): precision, the share of linked pairs of records that are one person, and
recall, the share of one person's pairs that were linked. Without a truth: the estimate of `link_referee`, the share of
pairs found without a number by group, links by key, and the share of records linked by organisation and group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from bettercare.activity.link import Links
from bettercare.activity.link_referee import estimate
from bettercare.activity.match_keys import CODES
from bettercare.activity.store import Store

GROUPINGS = ("age", "sex", "ethnic_group")
AGES = (0, 18, 40, 65, 75, 85)


@dataclass(frozen=True)
class Against:
    """Pairs of records against the truth: `found` links, of which `right`; `true` pairs that there are."""

    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        """Share of links that are right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of true pairs that were linked."""
        return self.right / self.true if self.true else 1.0


def against_truth(people: pl.DataFrame, truth: pl.DataFrame) -> Against:
    """`people` (organisation, person, id) against `truth` (organisation, person, truth)."""
    return _against(_counted(people, truth))


def by_group(people: pl.DataFrame, truth: pl.DataFrame, groups: pl.DataFrame, group: str) -> pl.DataFrame:
    """Precision and recall of each group of records (`groups`: organisation, person and the column `group`).

    Only for synthetic people: the counts are exact.
    """
    wanted = groups.select("organisation", "person", group)
    counted = _counted(people, truth).join(wanted, on=["organisation", "person"])
    rows = []
    for (value,), some in sorted(counted.group_by(group), key=lambda item: str(item[0][0])):
        one = _against(some)
        rows.append((value, one.precision, one.recall, one.true))
    return pl.DataFrame(rows, schema=[group, "precision", "recall", "pairs"], orient="row")


def _counted(people: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """For each record, how many others it was linked with, how many it should be, and how many are both."""
    both = people.join(truth, on=["organisation", "person"])
    return both.with_columns(
        (pl.len().over("id") - 1).alias("found"),
        (pl.len().over("truth") - 1).alias("true"),
        (pl.len().over("id", "truth") - 1).alias("right"),
    )


def _against(counted: pl.DataFrame) -> Against:
    found, right, true = counted.select(pl.col("found", "right", "true").cast(pl.Int64).sum()).row(0)
    return Against(found // 2, right // 2, true // 2)


@dataclass(frozen=True)
class Quality:
    """What can be said of links without a truth: true counts, kept in the store. `link_report` is the way out.

    `precision` and `recall` are the estimate from `pairs` (`link_referee`), None where these are too few. `keys` has a
    row a key: code, links, links that no other key found, pairs refused, values that several people share. `groups`
    has age, sex, ethnic group, pairs of which one number was withheld, and those of them that were found.
    """

    precision: float | None
    recall: float | None
    pairs: int
    keys: tuple[tuple[str, int, int, int, int], ...]
    groups: tuple[tuple[str, str, str, int, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, store: Store) -> Quality | None:
        """What the store keeps of its links; None where it was linked before this was kept, or has no links."""
        kept = store.link_quality()
        return None if kept is None else cls(**{**kept, "keys": tuple(kept["keys"]), "groups": tuple(kept["groups"])})


def quality(links: Links, frames: Mapping[str, pl.DataFrame], year: int) -> Quality:
    """The quality of links between registers; `year` is the year that ages are reckoned in."""
    found = estimate(links, frames)
    who = pl.concat(
        frame.select(
            pl.lit(organisation).alias("organisation"), "person", age_band(year),
            pl.col("sex").fill_null("U"), pl.col("ethnic_group").cast(pl.String).fill_null("not-stated"),
        ) for organisation, frame in frames.items()
    )  # fmt: skip
    tried = (
        found.tried.join(links.people.with_row_index("row"), on="row")
        .join(who, on=["organisation", "person"])
        .group_by(GROUPINGS)
        .agg(pl.len().alias("pairs"), pl.col("found").sum())
        .sort(GROUPINGS)
    )
    return Quality(found.precision, found.recall, found.pairs, _by_key(links), tuple(tried.iter_rows()))


def _by_key(links: Links) -> tuple[tuple[str, int, int, int, int], ...]:
    kept = links.pairs.filter("kept")
    alone = kept.filter(pl.sum_horizontal(CODES) == 1)
    return tuple(
        (code, int(kept[code].sum()), int(alone[code].sum()), links.vetoed[code], links.ambiguous[code])
        for code in CODES
    )


def age_band(year: int) -> pl.Expr:
    """The age that a person reaches in a year, in bands such as `65-74`; `not known` without a year of birth."""
    age = year - pl.col("birth_year").cast(pl.Int64, strict=False)
    band: Any = pl.when(age.is_null()).then(pl.lit("not known"))
    for low, above in zip(AGES, (*AGES[1:], None), strict=True):
        label = f"{low}+" if above is None else f"{low}-{above - 1}"
        band = band.when(age < above if above is not None else age >= low).then(pl.lit(label))
    known: pl.Expr = band.otherwise(pl.lit("not known"))
    return known.alias("age")
