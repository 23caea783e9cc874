"""How good the links are, and for whom they are worse.

Against a truth (synthetic people only): precision, the share of linked pairs of records that are one person, and
recall, the share of one person's pairs that were linked. Without a truth: shares linked by group and by key, and an
estimate. Where both records have an NHS number it acts as a referee for the keys that do without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from bettercare.activity import disclosure
from bettercare.activity.link import Links
from bettercare.activity.match_keys import CODES, KEYS

GROUPINGS = ("age", "sex", "ethnic_group")
AGES = (0, 18, 40, 65, 75, 85)
WITH_NUMBER = tuple(key.code for key in KEYS if key.with_number)
WITHOUT_NUMBER = tuple(key.code for key in KEYS if not key.with_number)


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
    """What can be said without a truth.

    `wrong_without_number` estimates the share of false pairs among those that rest on names, dates and postcodes;
    `missed_without_number` the share of true pairs that these alone do not find. `share` is the table of people and
    people linked by organisation, age, sex and ethnic group, ready to be published; `keys` counts links by key.
    """

    wrong_without_number: float | None
    missed_without_number: float | None
    keys: pl.DataFrame
    share: Mapping[str, disclosure.Protected]


def quality(links: Links, frames: Mapping[str, pl.DataFrame], year: int) -> Quality:
    """The quality of links between registers; `year` is the year that ages are reckoned in."""
    return Quality(*_estimates(links), _by_key(links), _shares(links, frames, year))


def _estimates(links: Links) -> tuple[float | None, float | None]:
    pairs = links.pairs
    agree = sum(links.referee[code][0] for code in WITHOUT_NUMBER)
    differ = sum(links.referee[code][1] for code in WITHOUT_NUMBER)
    sure = pairs.filter(pl.any_horizontal(WITH_NUMBER), "kept")
    found = int(sure.select(pl.any_horizontal(WITHOUT_NUMBER).sum()).item()) if len(sure) else 0
    return (differ / (agree + differ) if agree + differ else None), (1 - found / len(sure) if len(sure) else None)


def _by_key(links: Links) -> pl.DataFrame:
    """By key: links, links that no other key found, pairs refused, and values that several people share."""
    kept = links.pairs.filter("kept")
    alone = kept.filter(pl.sum_horizontal(CODES) == 1)
    rows = [
        (key.code, " + ".join(key.parts), int(kept[key.code].sum()), int(alone[key.code].sum()),
         links.vetoed[key.code], links.ambiguous[key.code])
        for key in KEYS
    ]  # fmt: skip
    shown = [(code, parts, *(disclosure.shown(number) for number in numbers)) for code, parts, *numbers in rows]
    return pl.DataFrame(shown, schema=["key", "parts", "links", "alone", "refused", "shared"], orient="row")


def _shares(links: Links, frames: Mapping[str, pl.DataFrame], year: int) -> dict[str, disclosure.Protected]:
    linked = links.people.with_columns((pl.len().over("id") > 1).alias("linked"))
    people = pl.concat(
        frame.select(
            pl.lit(organisation).alias("organisation"), "person", age_band(year),
            pl.col("sex").fill_null("U"), pl.col("ethnic_group").cast(pl.String).fill_null("not-stated"),
        ) for organisation, frame in frames.items()
    ).join(linked, on=["organisation", "person"])  # fmt: skip
    state = pl.when("linked").then(pl.lit("linked")).otherwise(pl.lit("alone")).alias("state")
    out = {}
    for group in GROUPINGS:
        cube = people.group_by("organisation", group, state).len("people").sort("organisation", group, "state")
        out[group] = disclosure.protect(cube, ["organisation", group, "state"], ["people"])
    return out


def age_band(year: int) -> pl.Expr:
    """The age that a person reaches in a year, in bands such as `65-74`; `not known` without a year of birth."""
    age = year - pl.col("birth_year").cast(pl.Int64, strict=False)
    band: Any = pl.when(age.is_null()).then(pl.lit("not known"))
    for low, above in zip(AGES, (*AGES[1:], None), strict=True):
        label = f"{low}+" if above is None else f"{low}-{above - 1}"
        band = band.when(age < above if above is not None else age >= low).then(pl.lit(label))
    known: pl.Expr = band.otherwise(pl.lit("not known"))
    return known.alias("age")
