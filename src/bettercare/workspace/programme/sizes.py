"""How large a change is, and who must answer for it: tolerances as data (sizes.toml), duties from the plan."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bettercare import Plan
from bettercare.workspace.programme.models import Endorsement, Proposal

ANSWERED = {
    "decide": {"agreed"},
    "assure": {"assured"},
    "be-consulted": {"agreed", "not-agreed", "noted", "assured"},
}
DUTY_WORDS = {
    "decide": "decides",
    "assure": "assures",
    "be-consulted": "must be consulted",
    "note": "notes",
    "recommend": "recommends, which does not bind",
}


@dataclass(frozen=True)
class Size:
    """A class of change: its limits, and the duties that must be discharged."""

    code: str
    title: str
    words: str
    days: float = math.inf
    money_gbp: float = math.inf
    beds: float = math.inf
    needs: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()  # the only tables that such a change may touch; none means any


@dataclass(frozen=True)
class Rules:
    """The classes from small to large, and which list of members counts for each duty."""

    dated: date
    sizes: tuple[Size, ...]
    lists: Mapping[str, str]

    def named(self, code: str) -> Size:
        """A class by its code; one that the rules no longer have counts as the largest."""
        return next((s for s in self.sizes if s.code == code), self.sizes[-1])


@dataclass
class Asked:
    """A partner that a change needs, and what it has said."""

    partner: str
    name: str
    duty: str
    list: str
    ended: date | None = None
    answer: Endorsement | None = field(default=None)

    @property
    def met(self) -> bool:
        """Whether it has answered as its duty needs."""
        return self.answer is not None and self.answer.answer in ANSWERED.get(self.duty, set())


@cache
def rules() -> Rules:
    """The rule set of sizes.toml."""
    content = tomllib.loads((Path(__file__).parent / "sizes.toml").read_text(encoding="utf-8"))
    sizes = tuple(
        Size(**{**s, "needs": tuple(s["needs"]), "tables": tuple(s.get("tables", ()))}) for s in content["size"]
    )
    return Rules(content["dated"], sizes, content["lists"])


def days_moved(changes: Sequence[Mapping[str, Any]]) -> int:
    """The most days by which any date moves."""
    return max(
        (
            abs((date.fromisoformat(str(c["after"])) - date.fromisoformat(str(c["before"]))).days)
            for c in changes
            if c["column"] == "date"
        ),
        default=0,
    )


def takes_effect(changes: Sequence[Mapping[str, Any]]) -> date | None:
    """The last date that a change sets, which is when it has to be answered for; None where it sets none."""
    return max((date.fromisoformat(str(c["after"])) for c in changes if c["column"] == "date"), default=None)


def size_of(changes: Sequence[Mapping[str, Any]], effect: Mapping[str, Any]) -> Size:
    """The class of a change, from its days and from what the forecast says it does."""
    days, largest = days_moved(changes), effect["largest"]
    touched = {c["table"] for c in changes}
    for size in rules().sizes:
        within = days <= size.days and largest["money_gbp"] <= size.money_gbp and largest["beds"] <= size.beds
        if within and (not size.tables or touched <= set(size.tables)):
            return size
    return rules().sizes[-1]


def duty_of(plan: Plan, partner: str, needs: Sequence[str], day: date) -> str | None:
    """The first of some duties that a partner has on a day, by the list that counts; None where it has none."""
    return next((a.duty for a in asked(plan, needs, day) if a.partner == partner), None)


def asked(plan: Plan, needs: Sequence[str], day: date, takes_effect: date | None = None) -> list[Asked]:
    """Who must answer on a day: each partner once, with the first of its duties.

    A partner that the plan says has ended by the day on which the change takes effect is marked. That it ended later is
    of no matter: a plan of 2015 does not know what was abolished in 2022.
    """
    partners = {p["code"]: p for p in plan.tables["partners"].iter_rows(named=True)}
    found: dict[str, Asked] = {}
    for duty in needs:
        wanted = rules().lists[duty]
        for row in plan.tables["duties"].iter_rows(named=True):
            valid = row["from_date"] <= day and (row["to_date"] is None or day <= row["to_date"])
            if row["duty"] == duty and row["list"] == wanted and valid and row["partner"] not in found:
                partner = partners[row["partner"]]
                until = partner["to_date"]
                ended = until if until and takes_effect and until < takes_effect else None
                found[row["partner"]] = Asked(row["partner"], partner["name"], duty, wanted, ended)
    return list(found.values())


def standing(plan: Plan, proposal: Proposal, day: date) -> list[Asked]:
    """Who must answer for a proposal, with the latest answer of each that is of it as it now is."""
    needed = asked(plan, rules().named(proposal.size).needs, day, takes_effect(proposal.changes))
    answers = proposal.endorsements.filter(overlay=proposal.overlay).select_related("by").order_by("pk")
    said = {e.partner: e for e in answers}
    for each in needed:
        each.answer = said.get(each.partner)
    return needed
