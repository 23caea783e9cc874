"""Savings that are claimed twice: the same initiative, or the same effect, by several partners or in several plans."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from bettercare.appraisal.triangulation_duty import Duties, working_days_after
from bettercare.appraisal.triangulation_figures import Figures
from bettercare.appraisal.triangulation_lines import Line
from bettercare.plan.plan import Plan

# Why a saving is on the list.
SEVERAL = "claimed by several partners"
PLANS = "claimed in several plans of one partner"
SAME = "several initiatives with the same effect"
BEYOND = "claims beyond the forecast's saving"
CERTAIN = 3.0  # standard errors


@dataclass(frozen=True)
class ClaimedYear:
    """One year of a saving: the sum of the claims, and what the forecast expects (mean, GBP; None without one)."""

    year: str
    claimed: float
    largest: float
    saving: float | None

    @property
    def too_much(self) -> float:
        """What is claimed too much, GBP: beyond the forecast's saving, or without one beyond the largest claim."""
        return self.claimed - (self.largest if self.saving is None else max(self.saving, 0.0))


@dataclass(frozen=True)
class DoubleClaim:
    """A saving that is claimed twice, and `why` it is on the list.

    `initiatives` are those claimed (several have the same effect by the plan's overlaps); or `fund` is a pooled fund
    whose saving no initiative explains.
    """

    initiatives: tuple[str, ...]
    fund: str
    why: tuple[str, ...]
    claims: tuple[Line, ...]
    years: tuple[ClaimedYear, ...]
    asked: str
    because: str
    by: date

    @property
    def code(self) -> str:
        """A short name that stays the same from run to run."""
        return ":".join(("saving", *self.initiatives, *([self.fund] if self.fund else [])))


def double_claims(
    plan: Plan, lines: Iterable[Line], figures: Figures, tolerance: float, floor: float, working_days: int
) -> list[DoubleClaim]:
    """The savings among the lines that are claimed twice; `floor` is the gap in GBP that is too small to matter."""
    alike = _same_effect(figures.plan)
    groups: dict[tuple[str, ...], dict[Line, None]] = {}
    schemes = _schemes(plan)
    for line in sorted(set(lines)):
        if line.value > 0.0:
            claim = replace(line, initiative=line.initiative or schemes.get(line.fund, ""))
            key = alike.get(claim.initiative, (claim.initiative,)) if claim.initiative else ("", claim.fund)
            groups.setdefault(key, {}).setdefault(claim)
    duties = Duties(plan)
    found = []
    for key, claims in groups.items():
        of_fund = key[0] == "" and len(key) == 2
        one = _one_claim([] if of_fund else list(key), _merged(claims), figures, tolerance, floor)
        if one is None:
            continue
        why, years, kept = one
        day = max(line.received for line in kept)
        named = sorted({line.initiative for line in kept} - {""})
        sizes = {i: -sum(line.value for line in kept if line.initiative == i) for i in named}
        asked, because = duties.lead(sorted(named, key=lambda i: (sizes[i], i)))
        if not asked:
            asked, because = duties.asked(_payers(plan, key[-1]), day)
        by = working_days_after(day, working_days)
        fund = key[-1] if of_fund else ""
        found.append(DoubleClaim(tuple(named), fund, why, tuple(kept), years, asked, because, by))
    return sorted(found, key=lambda claim: (-max(y.too_much for y in claim.years), claim.code))


def _merged(claims: Iterable[Line]) -> list[Line]:
    """Claims without those that a partner merely repeats: same initiative, year, plan and amount in two cells."""
    kept: dict[tuple[object, ...], Line] = {}
    for line in claims:
        slot = (line.partner, line.initiative, line.fund, line.basis.casefold(), line.year, line.value)
        kept.setdefault(slot, line)
    return list(kept.values())


def _one_claim(
    initiatives: Sequence[str], claims: Sequence[Line], figures: Figures, tolerance: float, floor: float
) -> tuple[tuple[str, ...], tuple[ClaimedYear, ...], list[Line]] | None:
    """What is wrong with the claims on one saving, in which years, and the claims of those years."""
    why: dict[str, None] = {}
    years = []
    for year in sorted({line.year for line in claims}):
        here = [line for line in claims if line.year == year]
        total = sum(sorted(line.value for line in here))
        saving = _saving(initiatives, year, figures)
        slack = CERTAIN * _error(initiatives, year, figures)  # another number of draws gives another mean
        beyond = saving is not None and total - saving > max(floor, tolerance * total, slack)
        reasons = []
        for initiative in sorted({line.initiative for line in here}):
            same = [line for line in here if line.initiative == initiative]
            if len(same) > 1:
                reasons.append(SEVERAL if len({line.partner for line in same}) > 1 else PLANS)
        # Two initiatives with the same effect may share one saving: only what is beyond it is counted twice.
        if len({line.initiative for line in here}) > 1 and (saving is None or beyond):
            reasons.append(SAME)
        if beyond:
            reasons.append(BEYOND)
        if reasons:
            why |= dict.fromkeys(reasons)
            years.append(ClaimedYear(year, total, max(line.value for line in here), saving))
    if not years:
        return None
    wrong = {year.year for year in years}
    kept = [line for line in claims if line.year in wrong]
    return tuple(w for w in (SEVERAL, PLANS, SAME, BEYOND) if w in why), tuple(years), kept


def _saving(initiatives: Sequence[str], year: str, figures: Figures) -> float | None:
    """What the forecast expects of all the initiatives together; those that cost more than they save count nought."""
    known = [figures.saving(code, year) for code in initiatives]
    amounts = [max(amount, 0.0) for amount in known if amount is not None]
    return sum(amounts) if amounts else None


def _error(initiatives: Sequence[str], year: str, figures: Figures) -> float:
    """The standard error of that sum, as far as it comes from the number of draws."""
    return math.sqrt(sum(figures.saving_error(code, year) ** 2 for code in initiatives))


def _same_effect(plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """Initiatives with the same effect, by each of them: what the plan's overlaps call `same`, joined up."""
    owner = dict(plan.tables["effects"].select("code", "initiative").iter_rows())
    groups: dict[str, set[str]] = {}
    for row in plan.tables["overlaps"].filter(pl.col("relation") == "same").iter_rows(named=True):
        a, b = owner.get(row["effect_a"], ""), owner.get(row["effect_b"], "")
        if a and b and a != b:
            joined = groups.get(a, {a}) | groups.get(b, {b})
            groups |= dict.fromkeys(joined, joined)
    return {code: tuple(sorted(group)) for code, group in groups.items()}


def _schemes(plan: Plan) -> dict[str, str]:
    """The initiative that a pooled fund pays for, where its schemes name exactly one."""
    named: dict[str, set[str]] = {}
    for row in plan.tables["funds"].iter_rows(named=True):
        if row["initiative"]:
            named.setdefault(row["fund"], set()).add(row["initiative"])
    return {fund: next(iter(codes)) for fund, codes in named.items() if len(codes) == 1}


def _payers(plan: Plan, fund: str) -> list[tuple[str, str]]:
    """Who pays into a fund, the largest payer first."""
    table = plan.tables["funds"].filter((pl.col("fund") == fund) & (pl.col("kind") == "contribution"))
    sums = table.group_by("partner").agg(pl.col("amount_gbp").sum())
    rows = sorted(sums.iter_rows(), key=lambda row: (-row[1], row[0]))
    return [(partner, "pays into the fund") for partner, _ in rows]
