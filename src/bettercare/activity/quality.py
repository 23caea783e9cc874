"""How good an extract's identifying details are: what a custodian sees before the feed goes out.

How many NHS numbers are there is an indicator of its own, because the number is to be used wherever it helps care. The
report may be passed on: counts of people in it went through disclosure control.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from bettercare.activity import disclosure
from bettercare.activity.nhs_number import STATUSES, TEST, VALID

PARTS = ("forename", "surname", "birth_date", "postcode")


@dataclass
class Quality:
    """What was counted while an extract went through."""

    organisation: str
    kind: str
    synthetic: bool = False
    rows: int = 0
    left_out: int = 0
    by_month: dict[tuple[str, str], int] = field(default_factory=dict)  # (month of recorded_on, status of the number)
    blank: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))

    def count(self, extract: pl.DataFrame, feed: pl.DataFrame) -> None:
        """Count a block of people: the rows of the extract, and what was made of them."""
        cells = feed.group_by(pl.col("recorded_on").str.head(7).fill_null("not known"), "nhs_status").len()
        for month, status, number in cells.iter_rows():
            self.by_month[month, status] = self.by_month.get((month, status), 0) + number
        for part in PARTS:
            if part in extract.columns:
                self.blank[part] += extract[part].null_count()

    def numbers(self) -> disclosure.Protected:
        """People by month of the record's last change and by what their NHS number is, as it may be shown."""
        rows = [(month, status, number) for (month, status), number in sorted(self.by_month.items())]
        schema = {"month": pl.String, "nhs_status": pl.String, "people": pl.Int64}
        cube = pl.DataFrame(rows, schema=schema, orient="row")
        return disclosure.protect(cube, ["month", "nhs_status"], ["people"])

    def lines(self) -> list[str]:
        """The report in words."""
        read = f"{self.organisation}, {self.kind}: {self.rows:,} rows read, {disclosure.shown(self.left_out)} left out."
        if self.kind != "people":
            return [read]
        shown = {(month, status): (text, number) for month, status, text, number in self.numbers().table.select(
            "month", "nhs_status", "people_shown", "people").iter_rows()}  # fmt: skip
        out = [read, "", "NHS numbers by month in which the record was last changed:", ""]
        out.append(f"{'month':<12}" + "".join(f"{name:>10}" for name in ("people", *STATUSES)) + f"{'complete':>10}")
        counted = 1 + STATUSES.index(TEST if self.synthetic else VALID)  # made-up people have test numbers only
        for month in [*sorted({month for month, _ in self.by_month}), disclosure.ALL]:
            cells = [shown.get((month, status), ("0", 0)) for status in (disclosure.ALL, *STATUSES)]
            share = disclosure.proportion(cells[counted][1], cells[0][1])
            complete = ".." if share is None else f"{share:.0%}"
            out.append(f"{month or 'all':<12}" + "".join(f"{text:>10}" for text, _ in cells) + f"{complete:>10}")
        blank = ", ".join(f"{name.replace('_', ' ')} {disclosure.shown(number)}" for name, number in self.blank.items())
        out += ["", f"Blank: {blank}.", "* is 1 to 7 people, .. is hidden so that no * can be worked out."]
        return out
