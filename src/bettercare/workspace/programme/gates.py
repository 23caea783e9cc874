"""Gates: a dated rule set as data (gates.toml), what was recorded against it, and what is computed from the plan."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bettercare import Plan
from bettercare.workspace.programme import facts
from bettercare.workspace.programme.gates_computed import APPLIES, COMPUTED, Finding, Question
from bettercare.workspace.programme.models import Evidence


@dataclass(frozen=True)
class Criterion:
    """One thing that must be true: `compute` names what computes it, or is None where an assurer records it.

    `by` are the kinds of partner whose assurers may record it (`lead` is the partner that leads the initiative). Where
    it is empty, or the plan has no partner of these kinds, any assurer may.
    """

    code: str
    text: str
    assurer: str
    compute: str | None = None
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gate:
    """Criteria that belong together; `holds` are the sizes of proposal that wait for it."""

    code: str
    title: str
    words: str
    holds: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    applies: str | None = None


@dataclass(frozen=True)
class RuleSet:
    """All gates, their date and their limits."""

    dated: date
    title: str
    limits: Mapping[str, Any]
    gates: tuple[Gate, ...]

    def criterion(self, code: str) -> Criterion | None:
        """A criterion by its code."""
        return next((c for g in self.gates for c in g.criteria if c.code == code), None)


@dataclass
class CriterionState:
    """How a criterion stands: what was computed, or what was recorded, the latest first."""

    criterion: Criterion
    finding: Finding | None = None
    recorded: list[Evidence] = field(default_factory=list)

    @property
    def met(self) -> bool | None:
        """True, False, or None where nobody knows yet."""
        if self.criterion.compute:
            return self.finding.met if self.finding else None
        return self.recorded[0].met if self.recorded else None

    @property
    def unknowable(self) -> bool:
        """Whether it is computed and the plan holds nothing to compute it from."""
        return self.criterion.compute is not None and self.met is None


@dataclass
class GateState:
    """How a gate stands for an initiative."""

    gate: Gate
    not_needed: str
    criteria: list[CriterionState]

    @property
    def state(self) -> str:
        """One of passed, open (something is not known), failed, not-needed."""
        if self.not_needed:
            return "not-needed"
        answers = [c.met for c in self.criteria]
        if all(a is True for a in answers):
            return "passed"
        return "failed" if any(a is False for a in answers) else "open"

    @property
    def is_open(self) -> bool:
        """Whether a decision that depends on it has to wait."""
        return self.state in ("open", "failed")


@cache
def rule_set() -> RuleSet:
    """The rule set of gates.toml; a name in it that nothing computes is an error at once."""
    content = tomllib.loads((Path(__file__).parent / "gates.toml").read_text(encoding="utf-8"))
    gates = tuple(
        Gate(**{**g, "holds": tuple(g["holds"]), "criteria": tuple(_criterion(c) for c in g["criteria"])})
        for g in content["gate"]
    )
    for gate in gates:
        unknown = [c.compute for c in gate.criteria if c.compute and c.compute not in COMPUTED]
        if unknown or (gate.applies and gate.applies not in APPLIES):
            raise ValueError(f"gate {gate.code}: nothing is called {unknown or gate.applies}")
    return RuleSet(content["dated"], content["title"], content["limits"], gates)


def _criterion(row: Mapping[str, Any]) -> Criterion:
    return Criterion(**{**row, "by": tuple(row.get("by", ()))})


def recorders(plan: Plan, initiative: str, criterion: Criterion) -> set[str] | None:
    """The partners whose assurers may record a criterion of an initiative; None where any assurer may."""
    found = {p["code"] for p in plan.tables["partners"].iter_rows(named=True) if p["kind"] in criterion.by}
    if "lead" in criterion.by:
        found |= {row["lead"] for row in facts.rows(plan, "initiatives", code=initiative)}
    return found or None


def states(plan: Plan, initiative: str, gates: Iterable[Gate] | None = None) -> list[GateState]:
    """How each gate stands for an initiative of a plan; computed criteria are computed on that plan."""
    recorded: dict[str, list[Evidence]] = {}
    rows = Evidence.objects.filter(initiative=initiative).select_related("revision").defer("revision__content")
    for found in rows.order_by("-pk"):
        recorded.setdefault(found.criterion, []).append(found)
    question = Question(plan, initiative, dict(rule_set().limits))
    out = []
    for gate in rule_set().gates if gates is None else gates:
        reason = APPLIES[gate.applies](plan, initiative) if gate.applies else ""
        criteria = [
            CriterionState(
                c, COMPUTED[c.compute](question) if c.compute and not reason else None, recorded.get(c.code, [])
            )
            for c in gate.criteria
        ]
        out.append(GateState(gate, reason, criteria))
    return out


def holding(plan: Plan, initiative: str, size: str, *, nothing: bool = False) -> list[GateState]:
    """The gates that hold up a proposal of a size about an initiative, on the plan as it would become.

    A change that does nothing in the forecast (`nothing`) does not wait for figures that cannot be computed.
    """
    if not initiative:
        return []
    found = states(plan, initiative, [g for g in rule_set().gates if size in g.holds])
    return [s for s in found if s.is_open and not (nothing and all(c.met or c.unknowable for c in s.criteria))]


def recorded_left(initiative: str, size: str) -> int:
    """How many criteria that an assurer records are not met, of the gates that hold up this size. No forecast."""
    latest: dict[str, bool] = {}
    for code, met in Evidence.objects.filter(initiative=initiative).order_by("pk").values_list("criterion", "met"):
        latest[code] = met
    wanted = [c for g in rule_set().gates if size in g.holds for c in g.criteria if not c.compute]
    return sum(not latest.get(c.code, False) for c in wanted)
