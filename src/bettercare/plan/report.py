"""What `bettercare check` says: problems, warnings, and what the numbers of the plan rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bettercare.foundation.problems import Problem, Problems, command, count, listed
from bettercare.plan.badges import BADGES, badge_of
from bettercare.plan.check_rows import evidence_dates, is_late
from bettercare.plan.schema import schema
from bettercare.plan.typed import key_of

if TYPE_CHECKING:
    from bettercare.plan.load import Loaded

REASONS_SHOWN = 5
FILES_SHOWN = 5


@dataclass(frozen=True)
class Noted:
    """A row that is mentioned: its file, its row, its key in words, and a text about it.

    `stretched` marks what is assumed, yet begins from a source.
    """

    file: str
    row: int | None
    key: str
    text: str
    stretched: bool = False


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    `rows` counts the rows of each table that has any; `badges` counts, for each table whose rows name evidence or an
    assumption, the rows by badge; `assumed` are the rows with reasoning for an assumption; `later` those whose
    evidence was known only after the plan's date; `without_lever` the initiatives with no effect, and why.
    `revision` is None when the plan has problems.
    """

    where: str
    revision: str | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    rows: dict[str, int]
    scenarios: tuple[str, ...]
    badges: dict[str, dict[str, int]]
    assumed: tuple[Noted, ...]
    later: tuple[Noted, ...]
    with_lever: tuple[str, ...]
    without_lever: tuple[Noted, ...]

    @property
    def ok(self) -> bool:
        """Whether the plan has no problems (it may have warnings)."""
        return not self.problems

    @property
    def totals(self) -> dict[str, int]:
        """Rows by badge over all tables."""
        return {badge: sum(counts[badge] for counts in self.badges.values()) for badge in BADGES}

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return {
            "plan": self.where,
            "ok": self.ok,
            "revision": self.revision,
            "problems": [_problem(problem) for problem in self.problems],
            "warnings": [_problem(problem) for problem in self.warnings],
            "tables": self.rows,
            "scenarios": list(self.scenarios),
            "badges": {"total": self.totals, "tables": self.badges},
            "assumed": [vars(note) for note in self.assumed],
            "later_evidence": [vars(note) for note in self.later],
            "initiatives": {
                "with_lever": list(self.with_lever),
                "without_lever": [vars(note) for note in self.without_lever],
            },
        }

    def __str__(self) -> str:
        lines = [*self._summary(), ""]
        if self.warnings:
            lines += [f"{count(len(self.warnings), 'warning')}:", *listed(self.warnings), ""]
        return "\n".join([*lines, *listed(self.problems), self.verdict])

    @property
    def verdict(self) -> str:
        """The last line: whether the plan can be run, or how many problems it has in how many files."""
        if self.problems:
            return Problems(self.problems).closing
        warned = f", {count(len(self.warnings), 'warning')}" if self.warnings else ""
        return f"No problems{warned}. Revision {self.revision}."

    def _summary(self) -> Iterator[str]:
        total = sum(self.rows.values())
        read = f"{count(len(self.rows), 'table')} with {count(total, 'row')}"
        names = f": {', '.join(self.scenarios)}" if self.scenarios else ""
        yield f"Read: {read}, and {count(len(self.scenarios), 'scenario')}{names}."
        yield from self._rests_on()
        if self.with_lever or self.without_lever:
            with_, without = len(self.with_lever), len(self.without_lever)
            yield f"Initiatives: {with_} with a lever on activity, {without} without."
            yield from (f"  {line}" for line in _reasons(self.without_lever, command("check", self.where, "--json")))
        if self.later:
            files = _by_file(self.later)
            yield f"Later sources used knowingly as stand-ins: {count(len(self.later), 'row')} ({files})."

    def _rests_on(self) -> Iterator[str]:
        if not sum(self.totals.values()):
            return
        said = ", ".join(f"{number:,} {badge}" for badge, number in self.totals.items())
        yield f"Rows with numbers: {said}."
        stretched = sum(note.stretched for note in self.assumed)
        if stretched:
            yield f"  Of those assumed, {stretched:,} begin from a source and say how it was stretched to fit."
        most = sorted(self.badges.items(), key=lambda item: (-item[1]["assumed"], item[0]))
        named = [f"{table} {counts['assumed']:,}" for table, counts in most if counts["assumed"]]
        if named:
            yield f"  Most is assumed in: {', '.join(named[:6])}."


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "row": problem.row,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
        "text": str(problem),
    }


def _reasons(notes: Sequence[Noted], to_list_all: str) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for note in notes:
        by_reason.setdefault(note.text, []).append(note.key)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    for reason, codes in ordered[:REASONS_SHOWN]:
        named = ", ".join(codes[:4]) + (f" and {len(codes) - 4} more" if len(codes) > 4 else "")
        yield f"{len(codes)}: {reason.rstrip('.')} ({named})."
    if left := ordered[REASONS_SHOWN:]:
        number = sum(len(codes) for _, codes in left)
        yield f"{number}: {count(len(left), 'other reason')} ({to_list_all} lists all)."


def _by_file(notes: Sequence[Noted]) -> str:
    files: dict[str, int] = {}
    for note in notes:
        files[note.file] = files.get(note.file, 0) + 1
    most = sorted(files.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{file} {number:,}" for file, number in most[:FILES_SHOWN]]
    if left := most[FILES_SHOWN:]:
        named.append(f"{count(len(left), 'other file')} {sum(number for _, number in left):,}")
    return ", ".join(named)


def report(where: str, loaded: Loaded, problems: Sequence[Problem], revision: str | None) -> CheckReport:
    """The report of a loaded plan and its problems."""
    view = loaded.view
    evidence = {row["code"]: row["badge"] for row in view.rows("evidence")}
    known_from = evidence_dates(view)
    badges: dict[str, dict[str, int]] = {}
    assumed: list[Noted] = []
    later: list[Noted] = []
    for name, table in schema().items():
        if not table.counts_evidence or not view.tables[name]:
            continue
        counts = dict.fromkeys(BADGES, 0)
        for row in view.tables[name]:
            badge = badge_of(row, evidence)
            if badge is not None:
                counts[badge] += 1
            said = ", ".join(str(part) for part in key_of(table, row) if part is not None)
            if row["assumed"] is not None:
                assumed.append(Noted(row.file, row.row, said, row["assumed"], row["evidence"] is not None))
            if row["assumed"] is not None and is_late(view, row, known_from):
                text = f"{row['evidence']}: {row['assumed']}"
                later.append(Noted(row.file, row.row, said, text))
        badges[name] = counts
    pulling = {row["initiative"] for row in view.tables["effects"]}
    initiatives = [] if "effects" in view.broken else view.tables["initiatives"]  # else nothing is known of levers
    with_lever = [row["code"] for row in initiatives if row["code"] in pulling]
    without = [
        Noted(row.file, row.row, str(row["code"]), row["no_lever_reason"] or "no reason is given")
        for row in initiatives
        if row["code"] not in pulling
    ]
    return CheckReport(
        where=where,
        revision=revision,
        problems=tuple(sorted(p for p in problems if not p.warning)),
        warnings=tuple(sorted(p for p in problems if p.warning)),
        rows={name: len(rows) for name, rows in view.tables.items() if rows},
        scenarios=tuple(scenario.name for scenario, _ in loaded.scenarios),
        badges=badges,
        assumed=tuple(assumed),
        later=tuple(later),
        with_lever=tuple(code for code in with_lever if code is not None),
        without_lever=tuple(without),
    )
