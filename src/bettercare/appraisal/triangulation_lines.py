"""What a partner's return says: one line a figure, and what each figure is about.

A line becomes a row of the plan's table `submissions` (`Line.submission`). It is kept beside the plan, never merged
into it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

# item -> kind of figure -> what it means, as the template and the problems say it.
KINDS: dict[str, dict[str, str]] = {
    "activity": {
        "delivered": "what you deliver; with a counterparty, the part that it pays for",
        "paid-for": "what you pay the counterparty to deliver",
    },
    "beds": {"open": "staffed beds open, average of the year"},
    "staff": {
        "in-post": "staff in post, whole-time equivalents",
        "needed": "staff that the work needs, whole-time equivalents",
    },
    "money": {
        "paid": "what you pay the counterparty under contracts",
        "received": "what the counterparty pays you under contracts",
        "income": "all your recurrent income",
        "cost": "all your recurrent cost",
        "paid-into-fund": "what you pay into a pooled fund",
        "received-from-fund": "what you receive from a pooled fund",
    },
    "saving": {"claimed": "saving that you count on, a positive number"},
}
FUND_KINDS = ("paid-into-fund", "received-from-fund")
WORDS_OF_UNIT = {"staff": "WTE", "money": "GBP", "saving": "GBP", "beds": "beds"}


@dataclass(frozen=True, order=True)
class Line:
    """One figure of a return, and the cell that it stands in. Empty texts mean that a line names none.

    `value` is in `unit` (a service's currency, beds, WTE or GBP) a year; `received` is the return's as-of date.
    """

    partner: str
    item: str
    kind: str
    year: str
    value: float
    service: str = ""
    site: str = ""
    counterparty: str = ""
    fund: str = ""
    initiative: str = ""
    unit: str = ""
    basis: str = ""
    badge: str = "assumed"
    note: str = ""
    received: date = field(default=date.min)
    file: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""

    @property
    def where(self) -> str:
        """The cell as a person finds it: `uhl.xlsx, sheet beds, row 7, 2015/16`."""
        parts = [self.file, f"sheet {self.sheet}" if self.sheet else "", f"row {self.row}" if self.row else ""]
        return ", ".join(part for part in (*parts, self.column) if part)

    def submission(self, code: str) -> dict[str, Any]:
        """The line as a row of `submissions`; the kind goes into the unit, fund, basis and badge into the note."""
        rest = (("Fund", self.fund), ("Basis", self.basis), ("Badge", self.badge), ("Cell", self.where))
        said = " ".join(f"{name}: {text}." for name, text in rest if text)
        return {
            "code": code,
            "partner": self.partner,
            "file": self.file,
            "received": self.received,
            "item": self.item,
            "service": self.service or None,
            "site": self.site or None,
            "counterparty": self.counterparty or None,
            "initiative": self.initiative or None,
            "year": self.year,
            "value": self.value,
            "unit": f"{self.unit} {self.kind}",
            "note": f"{self.note} {said}".strip(),
        }


@dataclass(frozen=True, order=True)
class Subject:
    """What figures are about, whoever states them: lines with the same subject should agree.

    `partner` is who provides, employs or holds the figure; `counterparty` is who pays. A block of money has no service.
    """

    topic: str  # activity, beds, staff in post, staff needed, payment, income, cost or fund
    year: str
    partner: str = ""
    counterparty: str = ""
    service: str = ""
    site: str = ""
    fund: str = ""

    @property
    def code(self) -> str:
        """A short name that stays the same from run to run."""
        parts = (self.topic, self.partner, self.counterparty, self.service, self.site, self.fund, self.year)
        return ":".join(part.replace(" ", "-") for part in parts if part)


@dataclass(frozen=True, order=True)
class Stated:
    """A figure that somebody stands for: a partner (by code), `plan` or `forecast`.

    `role` says on which side: provider, payer, pays in, receives. `of` is the partner that a figure of the plan about
    a pooled fund concerns.
    """

    who: str
    role: str
    value: float
    badge: str
    basis: str
    where: str
    of: str = ""

    @property
    def by_partner(self) -> bool:
        """Whether a partner states it, not the plan."""
        return self.who not in ("plan", "forecast")


_TOPICS = {"in-post": "staff in post", "needed": "staff needed", "income": "income", "cost": "cost"}


def subject_of(line: Line) -> Subject:
    """What a line of activity, beds, staff or money is about."""
    if line.kind in FUND_KINDS:
        return Subject("fund", line.year, fund=line.fund)
    if line.item == "beds":
        return Subject("beds", line.year, service=line.service, site=line.site)
    if line.kind in _TOPICS:
        service = line.service if line.item == "staff" else ""
        return Subject(_TOPICS[line.kind], line.year, line.partner, service=service)
    topic = "activity" if line.item == "activity" else "payment"
    provider, payer = line.partner, line.counterparty
    if line.kind in ("paid-for", "paid"):
        provider, payer = payer, provider
    return Subject(topic, line.year, provider, payer, line.service)


def stated(line: Line) -> Stated:
    """A line as a figure that its partner stands for."""
    roles = {
        "paid": "payer", "paid-for": "payer", "received": "provider", "delivered": "provider",
        "paid-into-fund": "pays in", "received-from-fund": "receives",
    }  # fmt: skip
    of = line.partner if line.kind in FUND_KINDS else ""
    return Stated(line.partner, roles.get(line.kind, ""), line.value, line.badge, line.basis, line.where, of)
