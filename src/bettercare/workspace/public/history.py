"""What changed between two revisions, in words that the public can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bettercare.plan.diff import diff
from bettercare.reporting import dates
from bettercare.workspace.roadmap import CONSULTATION, STATUSES
from bettercare.workspace.words import day

if TYPE_CHECKING:
    from bettercare.plan.diff import Change
    from bettercare.plan.plan import Plan

COLUMNS = {
    "title": "name",
    "description": "description",
    "lead": "lead",
    "locality": "where it applies",
    "status": "where it stands",
    "consultation": "whether public consultation is needed",
    "target": "target",
    "doubt": "what is unclear in the source",
    "ramp_months": "months to full effect",
}
ABOUT = {"effects.csv": "what it is assumed to do", "investments.csv": "what it costs"}


@dataclass(frozen=True)
class Said:
    """One change in words; `initiative` is the code that it is about, blank for none."""

    initiative: str
    text: str


def words(before: Plan, after: Plan) -> list[Said]:
    """The changes of initiatives one by one, and how many there are of anything else."""
    found: list[Said] = []
    others: Counter[str] = Counter()
    for change in diff(before, after):
        said = _said(change, before, after)
        if said is None:
            others[change.file] += 1
        elif said not in found:
            found.append(said)
    found += [Said("", f"{count} other change{'s' * (count > 1)} in {file}") for file, count in others.items()]
    return found


def _said(change: Change, before: Plan, after: Plan) -> Said | None:
    if change.file == "initiatives.csv":
        return _initiative(change, before, after)
    if change.file == "milestones.csv":
        return _milestone(change, before, after)
    if change.file == "placements.csv":
        code = change.key.split(", ")[0]
        row = _row(after, "initiatives", code) or _row(before, "initiatives", code)
        return Said(code, f"{row['title']}: its place on the roadmap changed") if row else None
    if change.file in ABOUT:
        table = change.file.removesuffix(".csv")
        row = _row(after, table, change.key) or _row(before, table, change.key)
        owner = _row(after, "initiatives", row["initiative"]) if row else None
        return Said(owner["code"], f"{owner['title']}: {ABOUT[change.file]} changed") if owner else None
    if change.file == "questions.csv":
        row = _row(after, "questions", change.key) or _row(before, "questions", change.key)
        verb = {"added": "A new question", "removed": "A question taken away"}.get(change.kind, "A new answer")
        return Said("", f"{verb}: {row['question']}") if row else None
    return None


def _initiative(change: Change, before: Plan, after: Plan) -> Said:
    row = _row(after, "initiatives", change.key) or _row(before, "initiatives", change.key) or {}
    title = row.get("title", change.key)
    if change.kind != "changed":
        return Said(change.key, f"{title}: {'new' if change.kind == 'added' else 'taken out of the plan'}")
    column = COLUMNS.get(change.column or "", (change.column or "").replace("_", " "))
    names = {"status": STATUSES, "consultation": CONSULTATION}.get(change.column or "", {})
    old, new = (names.get(text or "", text) or "blank" for text in (change.before, change.after))
    return Said(change.key, f"{title}: {column} was \u201c{old}\u201d, is \u201c{new}\u201d")


def _milestone(change: Change, before: Plan, after: Plan) -> Said | None:
    old, new = _row(before, "milestones", change.key), _row(after, "milestones", change.key)
    row = new or old
    if row is None:
        return None
    if change.kind != "changed" or old is None or new is None:
        return Said(row["initiative"], f"{row['title']}: milestone {change.kind}")
    if change.column == "date" or (change.column == "assumed" and old["date"] != new["date"]):  # said once
        then, now = (dates.known(r["date"], r["assumed"]) for r in (old, new))
        if then == now:  # a day within a month or year that is all that is known
            then, now = (day(r["date"]) for r in (old, new))
        return Said(row["initiative"], f"{row['title']}: planned for {then}, now {now}")
    return Said(row["initiative"], f"{row['title']}: {(change.column or '').replace('_', ' ')} changed")


def _row(plan: Plan, table: str, code: str) -> Mapping[str, Any] | None:
    rows = plan[table].filter(plan[table]["code"] == code)
    return rows.row(0, named=True) if rows.height else None
