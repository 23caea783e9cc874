"""Data-sharing agreements: no feed is counted without one that is in force."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from bettercare.activity.tables import table
from bettercare.foundation.problems import Problem, Problems
from bettercare.plan import source, values
from bettercare.plan.typed import read_rows

FILE = "agreements.csv"
MADE_UP = "SYNTHETIC"  # stands for the impact assessment where nobody in the records exists


@dataclass(frozen=True)
class Agreement:
    """One agreement: who may work on whose records, what for, and until when."""

    code: str
    controller: str
    processor: str
    purpose: str
    organisation: str
    kinds: str
    legal_basis: str
    impact_assessment: str
    opt_outs_applied: bool
    from_date: date
    expires: date

    def covers(self, organisation: str, kind: str, purpose: str) -> bool:
        """Whether it is about such a feed at all."""
        return (self.organisation, self.purpose) == (organisation, purpose) and kind in self.kinds.split(";")

    def in_force(self, day: date) -> bool:
        """Whether feeds may be counted under it on a day."""
        return self.opt_outs_applied and self.from_date <= day <= self.expires


def read(path: Path) -> list[Agreement]:
    """The agreements of a file, by code. Raises Problems."""
    problems: list[Problem] = []
    raw = source.read_csv(path, path.name, problems)
    found: dict[str, Agreement] = {}
    for row in read_rows(table("agreements"), raw, problems) if raw else []:
        if row.bad:
            continue
        if row["code"] in found:
            problems.append(row.problem("code", "the agreement is there twice.", "Keep one of the rows."))
        if row["from_date"] > row["expires"]:
            hint = "Give the first and the last day on which it is in force."
            problems.append(row.problem("expires", "the agreement ends before it begins.", hint))
        found[row["code"]] = Agreement(**row)
    if problems:
        raise Problems(problems)
    return sorted(found.values(), key=lambda one: one.code)


def merge(held: Iterable[Agreement], new: Iterable[Agreement], replace: bool) -> list[Agreement]:
    """The agreements of both. One that says something else than before counts only with `replace`; raises Problems."""
    by_code = {one.code: one for one in held}
    problems = []
    for one in new:
        before = by_code.get(one.code, one)
        if before != one and not replace:
            changed = [f.name for f in fields(Agreement) if getattr(before, f.name) != getattr(one, f.name)]
            said = "; ".join(f"{name} was {getattr(before, name)}, is {getattr(one, name)}" for name in changed)
            hint = "If that is agreed, add --replace-agreements; otherwise give it a code of its own."
            problems.append(Problem(FILE, None, "code", f"agreement {one.code} has changed: {said}.", hint))
        by_code[one.code] = one
    if problems:
        raise Problems(problems)
    return sorted(by_code.values(), key=lambda one: one.code)


def written(agreements: Iterable[Agreement]) -> str:
    """The text of the file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = table("agreements").columns
    writer.writerow([column.name for column in columns])
    for one in agreements:
        writer.writerow([values.written(column, getattr(one, column.name)) for column in columns])
    return out.getvalue()


def why_not(
    agreements: Iterable[Agreement], organisation: str, kind: str, purpose: str, day: date, synthetic: bool = False
) -> tuple[str, str]:
    """What is wrong with the agreements for a feed and what to do; two empty texts when one is in force.

    An agreement that is about made-up people covers nobody else.
    """
    about = [
        one
        for one in agreements
        if one.covers(organisation, kind, purpose) and (synthetic or one.impact_assessment != MADE_UP)
    ]
    if any(one.in_force(day) for one in about):
        return "", ""
    what = f"{organisation}'s {kind} for the purpose {purpose}"
    if not about:
        return f"there is no agreement for {what}.", f"Add a row to {FILE} and give that file along with the feeds."
    if not any(one.opt_outs_applied for one in about):
        hint = "Take the people who opted out of the extract, tokenise it again, and say so in the agreement."
        return f"agreement {about[0].code} says that opt-outs were not applied.", hint
    said = ", ".join(f"{one.code} ({one.from_date} to {one.expires})" for one in about)
    return f"no agreement for {what} is in force on {day}: {said}.", "Renew it before the feed is counted."
