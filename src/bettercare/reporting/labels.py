"""Codes of a plan as the names that people know."""

from __future__ import annotations

import re
from functools import cached_property

import polars as pl

from bettercare.plan.plan import Plan

MEASURES = {
    "gap_gbp": "Gap between cost and income",
    "cost_gbp": "Cost",
    "income_gbp": "Income",
    "acute_beds_needed": "Acute hospital beds needed",
    "community_beds_needed": "Community hospital beds needed",
    "mental_health_beds_needed": "Mental health and learning disability beds needed",
    "emergency_admissions": "Emergency admissions",
    "elective_admissions": "Planned admissions",
    "maternity_admissions": "Maternity admissions",
    "urgent_attendances": "Attendances at urgent care",
    "outpatient_attendances": "Outpatient attendances",
    "staff_wte": "Staff (whole-time equivalents)",
}
BED_GROUPS = {
    "acute_beds": "Acute hospital beds",
    "community_beds": "Community hospital beds",
    "mental_health_beds": "Mental health and learning disability beds",
}
BED_KINDS = {"acute_beds": "Acute", "community_beds": "Community", "mental_health_beds": "Mental health"}
UNITS = {
    "spell": "hospital stays",
    "episode": "episodes",
    "day-case": "day cases",
    "attendance": "attendances",
    "contact": "contacts",
    "bed-day": "bed days",
    "bed days": "bed days",
    "week-of-care": "weeks of care",
    "call": "calls",
    "hour": "hours",
    "person-year": "person-years",
}
LEVERS = {
    "avoid": "fewer",
    "shift": "moved elsewhere",
    "shorten": "shorter stays",
    "convert": "done another way",
    "add": "added",
}
GRADES = {"strong": "strong", "moderate": "moderate", "weak": "weak", "none": "none found"}


class Labels:
    """Names of a plan's services, partners, sites, initiatives, scenarios and uncertain inputs."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def _names(self, table: str, column: str = "name") -> dict[str, str]:
        return dict(self.plan.tables[table].select("code", column).iter_rows())

    @cached_property
    def services(self) -> dict[str, str]:
        return self._names("services")

    @cached_property
    def partners(self) -> dict[str, str]:
        return {code: brief(name) for code, name in self._names("partners").items()}

    @cached_property
    def sites(self) -> dict[str, str]:
        return self._names("sites")

    @cached_property
    def localities(self) -> dict[str, str]:
        return self._names("localities")

    @cached_property
    def settings(self) -> dict[str, str]:
        table = self.plan.tables["settings"].sort("order")
        return dict(table.select("code", "name").iter_rows())

    @cached_property
    def initiatives(self) -> dict[str, str]:
        return self._names("initiatives", "title")

    def scenario(self, name: str) -> str:
        """The title of a scenario, with its label where it has one."""
        found = self.plan.scenarios.get(name)
        if found is None:
            return name
        label = found.label and found.label.lower() not in found.title.lower()
        return f"{found.title} ({found.label})" if label else found.title

    def service(self, code: str) -> str:
        return self.services.get(code, code)

    def named(self, words: str) -> str:
        """The words with each initiative's code replaced by its title."""
        return re.sub(r"[\w-]+", lambda w: quoted(self.initiatives[w[0]]) if w[0] in self.initiatives else w[0], words)

    def cause(self, kind: str, code: str, fallback: str) -> str:
        """A cause of the ledger: an initiative by its title, a growth by its service."""
        if kind == "initiative":
            return self.initiatives.get(code, code)
        return fallback

    def input(self, name: str) -> str:
        """An uncertain input, such as `effect:home-first` or `price:tariff:inflation`, in words."""
        kind, _, code = name.partition(":")
        if kind == "date":
            return f"When it starts: {self.initiatives.get(code, code)}"
        if kind == "effect":
            row = self._row("effects", code)
            return f"How well it works: {self.initiatives.get(row.get('initiative', ''), code)}" + self._of(row)
        if kind == "cost":
            row = self._row("investments", code)
            return f"What it costs: {self.initiatives.get(row.get('initiative', ''), code)}"
        if kind == "capital":
            return f"Building and equipment: {self._row('capital', code).get('title', code)}"
        if kind == "price":
            index, _, part = code.partition(":")
            return f"{'Efficiency' if part == 'efficiency' else 'Inflation'}: {_spaced(index)}"
        if kind == "growth":
            return f"Growth beyond population: {self._grown(code)}"
        return "How the population grows" if kind == "population" else name

    def _of(self, row: dict[str, str]) -> str:
        service = row.get("service")
        return f" ({self.service(service).lower()})" if service else ""

    def group(self, group: str, label: str) -> str:
        """A group of inputs that the shares of variance take together."""
        if group in self.initiatives:
            return f"{self.initiatives[group]} (effect, date and cost)"
        kind, _, code = group.partition(":")
        if kind == "price":
            return f"Prices: {_spaced(code)}"
        if kind == "growth":
            return f"Growth beyond population: {self._grown(code)}"
        return "How the population grows" if group == "population" else label

    def _grown(self, draw: str) -> str:
        table = self.plan.tables["growth"]
        rows = table.filter((pl.col("draw") == draw) | (pl.col("code") == draw))
        found = [self.service(s) for s in rows["service"].unique(maintain_order=True).to_list()]
        return found[0].lower() if len(found) == 1 else _spaced(draw)

    def _row(self, table: str, code: str) -> dict[str, str]:
        rows = self.plan.tables[table].filter(pl.col("code") == code)
        return rows.row(0, named=True) if rows.height else {}


def _spaced(code: str) -> str:
    return code.replace("-", " ")


def brief(partner: str) -> str:
    """An organisation as people say it: `NHS Leicester City Clinical Commissioning Group` is Leicester City CCG."""
    name = re.sub(r"\s*\([^)]*\)$", "", partner)
    name = re.sub(r"^NHS (.*) Clinical Commissioning Group$", r"\1 CCG", name)
    return re.sub(r"( NHS)?( Foundation)? Trust$", "", name) if " NHS " in name else name


def short(name: str, most: int = 60) -> str:
    """A name shortened at a word, for rows that must stay on two lines."""
    if len(name) <= most:
        return name
    return name[: most - 1].rsplit(" ", 1)[0].rstrip(",;:") + "\u2026"


def quoted(name: str, most: int = 60) -> str:
    """The name in quotation marks, shortened where it is long: an initiative's title in a sentence."""
    return f"\u201c{short(name, most)}\u201d"


def unit(currency: str) -> str:
    """The plural of a currency in plain words."""
    return UNITS.get(currency, currency)
