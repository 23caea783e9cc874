"""Reckon every partner's base-year position from the plan's tables alone and compare it with what was published.

Uses only the tables and the formulas of the forecast: provider cost is fixed + steps x step cost + marginal x units;
a payer's cost is its contracts and carried lines less its allocation; gap = cost - income.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import money_read as mr
from .money_read import Care, Row

Ratio = dict[tuple[str, str], float]  # by service and locality
Units = Callable[[str, str, str], float]
PUBLISHED_M = {"uhl": 39.655, "lpt": -2.911}


@dataclass
class Position:
    """Pounds of one partner in one year, by kind of line."""

    service_cost: float = 0.0
    carried_cost: float = 0.0
    paid_out: float = 0.0
    contract_income: float = 0.0
    carried_income: float = 0.0
    funding: float = 0.0
    fund_in: float = 0.0
    fund_out: float = 0.0

    @property
    def gap(self) -> float:
        cost = self.service_cost + self.carried_cost + self.paid_out + self.fund_out
        return cost - self.contract_income - self.carried_income - self.funding - self.fund_in


@dataclass
class Scene:
    """One year: price levels, and units and bed days over the base year's by (service, locality)."""

    year: str
    level: dict[str, float] = field(default_factory=dict)
    units: Ratio = field(default_factory=dict)
    days: Ratio = field(default_factory=dict)
    funding: str = "middle"

    def index(self, name: str) -> float:
        return self.level.get(name, 1.0) if name else 1.0


def levels(folder: Path, year: str) -> dict[str, float]:
    """Price level of each index in a year from the modes (means for a triangle) of prices.csv."""
    out: dict[str, float] = defaultdict(lambda: 1.0)
    for row in mr.read(folder / "prices.csv"):
        if row["year"] <= year:
            value = float(row["mode"])
            if row["distribution"] == "triangular":
                value = (float(row["low"]) + value + float(row["high"])) / 3
            out[row["index"]] *= 1 + value / 100 if row["part"] == "inflation" else 1 - value / 100
    return dict(out)


def reckon(folder: Path, care: Care, scene: Scene) -> dict[str, Position]:
    """Positions of all partners in a year."""
    out: dict[str, Position] = defaultdict(Position)

    def units(service: str, provider: str, locality: str) -> float:
        return care.units(service, provider, locality) * scene.units.get((service, locality), 1.0)

    def all_units(service: str, provider: str) -> float:
        return sum(units(service, provider, where) for where in care.localities(service))

    for row in mr.read(folder / "costs.csv"):
        if (row["from_year"] or mr.BASE) > mr.BASE:
            raise ValueError("costs.csv has rows from a later year, which this check does not read")
        cost = service_cost(row, care, scene.days, all_units)
        out[row["provider"]].service_cost += cost * scene.index(row["index"])
    for row in mr.read(folder / "contracts.csv"):
        value = contract(row, care, units) * scene.index(row["index"])
        out[row["payer"]].paid_out += value
        out[row["provider"]].contract_income += value
    lines_and_funding(folder, scene, out)
    return dict(out)


def lines_and_funding(folder: Path, scene: Scene, out: dict[str, Position]) -> None:
    """Add carried lines, allocations and pooled funds to the positions."""
    for row in mr.read(folder / "finances.csv"):
        value = float(row["amount_gbp"]) * scene.index(row["index"])
        if row["role"] == "carried" and row["kind"] == "cost":
            out[row["partner"]].carried_cost += value
        elif row["role"] == "carried":
            out[row["partner"]].carried_income += value
    for row in mr.read(folder / "allocations.csv"):
        if row["year"] == scene.year and row["funding"] == scene.funding:
            out[row["payer"]].funding += float(row["amount_gbp"])
    for row in mr.read(folder / "funds.csv"):
        if row["year"] == scene.year and row["recycled"] != "yes":
            if row["kind"] == "contribution":
                out[row["partner"]].fund_out += float(row["amount_gbp"])
            else:
                out[row["partner"]].fund_in += float(row["amount_gbp"])


def service_cost(row: Row, care: Care, days: Ratio, all_units: Callable[[str, str], float]) -> float:
    """One row of costs.csv before prices: steps are whole; beds needed follow m + k sqrt(m)."""
    service, provider = row["service"], row["provider"]
    n = all_units(service, provider)
    needs = care.needs(service, provider)
    if care.services[service]["capacity_unit"] == "bed":
        needs = {site: beds_then(care, service, site, beds, days) for site, beds in needs.items()}
    else:
        needs = {"": n}
    count = mr.steps(needs.values(), float(row["step_size"])) if row["step_size"] else 0
    return float(row["fixed_gbp"]) + count * float(row["step_gbp"] or 0) + float(row["marginal_gbp"] or 0) * n


def beds_then(care: Care, service: str, site: str, beds: float, days: Ratio) -> float:
    """Beds needed at a site when its bed days have changed by ratios, at the base year's margin."""
    mean = care.days_at(service, site) / 365
    if mean <= 0:
        return beds
    changed = {key: n * days.get(key, 1.0) for key, n in care.bed_days.items()}
    later = replace(care, bed_days=changed).days_at(service, site) / 365
    margin = (beds - mean) / mean**0.5
    return float(later + margin * later**0.5)


def contract(row: Row, care: Care, units: Units) -> float:
    """One row of contracts.csv before prices."""
    if row["basis"] == "block":
        return float(row["value_gbp"])
    share = float(row["payer_share"] or 1)
    price = float(row["price_gbp"])
    now = units(row["service"], row["provider"], row["locality"]) * share
    if row["basis"] == "activity":
        return price * now
    base = care.units(row["service"], row["provider"], row["locality"]) * share
    return price * (base + float(row["marginal_rate"]) * (now - base) if now > base else now)


def growth(folder: Path, care: Care, year: str) -> tuple[Ratio, Ratio]:
    """Units and bed days in a year over the base: population by age and sex, and the mean of growth.csv, no chance."""
    people: dict[tuple[str, str, int, str], float] = defaultdict(float)
    for row in mr.read(folder / "population.csv"):
        if row["variant"] == "principal" and row["year"] in (mr.BASE, year):
            people[row["locality"], row["sex"], int(row["age_low"]), row["year"]] += float(row["people"])
    rates = mean_growth(folder, year)
    units: dict[tuple[str, str], float] = defaultdict(float)
    days: dict[tuple[str, str], float] = defaultdict(float)
    for row in mr.read(folder / "activity.csv"):
        service, where, count = row["service"], row["locality"], float(row["count"])
        low, high = int(row["age_low"]), int(row["age_high"])
        sexes = ("F", "M") if row["sex"] == "P" else (row["sex"],)
        ages = range(low, high + 1)
        before = sum(people[where, sex, age, mr.BASE] for sex in sexes for age in ages)
        after = sum(people[where, sex, age, year] for sex in sexes for age in ages)
        more, longer = after / before if before else 1.0, 1.0
        for rate in rates:
            if rate.of == service and rate.where in ("", where) and rate.low <= low and high <= rate.high:
                if rate.stays:
                    longer *= rate.times
                else:
                    more *= rate.times
        units[service, where] += count * more
        days[service, where] += count * float(row["mean_los_days"] or 0) * more * longer
    return _over(units, care.count), _over(days, care.bed_days)


def _over(then: Ratio, base: Ratio) -> Ratio:
    return {key: then[key] / n for key, n in base.items() if n}


@dataclass(frozen=True)
class Rate:
    """A row of growth.csv: whose units it changes (or stays, which change bed days alone), and how far by the year."""

    of: str
    where: str
    low: int
    high: int
    stays: bool
    times: float


def mean_growth(folder: Path, year: str) -> list[Rate]:
    """The rows of growth.csv at their means."""
    out = []
    for row in mr.read(folder / "growth.csv"):
        first, last = row["from_year"] or mr.YEARS[0], row["to_year"] or mr.YEARS[-1]
        n = sum(1 for y in mr.YEARS if first <= y <= last and y <= year)
        value = float(row["mode"])
        if row["distribution"] in ("triangular", "uniform"):
            ends = float(row["low"]) + float(row["high"])
            value = (ends + value) / 3 if row["distribution"] == "triangular" else ends / 2
        low, high = int(row["age_low"] or 0), int(row["age_high"] or 120)
        times = (1 + value / 100) ** n
        out.append(Rate(row["service"], row["locality"], low, high, row["kind"] == "length-of-stay", times))
    return out


def show(title: str, positions: dict[str, Position]) -> None:
    """Print positions in millions."""
    heads = ("services", "carried", "paid", "contracts", "other in", "funding", "funds", "gap")
    print(f"\n{title} (millions of pounds)")
    print(f"{'partner':34}" + "".join(f"{head:>10}" for head in heads))
    for name, p in sorted(positions.items()):
        spent = (p.service_cost, p.carried_cost, p.paid_out)
        got = (p.contract_income, p.carried_income, p.funding, p.fund_in - p.fund_out)
        print(f"{name:34}" + "".join(f"{value / 1e6:>10.1f}" for value in (*spent, *got, p.gap)))


def inside(folder: Path, positions: dict[str, Position]) -> dict[str, Position]:
    """Only the partners whose money is part of the system."""
    out = mr.outsiders()
    return {name: p for name, p in positions.items() if name not in out}


def main(folder: Path = mr.PLAN) -> None:
    """Print the base year and a rough do-nothing year.

    Raises SystemExit when a base-year gap is not as published.
    """
    care = mr.care(folder)
    base = inside(folder, reckon(folder, care, Scene(mr.BASE)))
    show("Base year 2013/14, from the tables", base)
    wrong = []
    for name, position in base.items():
        wanted = PUBLISHED_M.get(name, 0.0)
        turnover = position.contract_income + position.carried_income + position.funding
        allowed = 0.01 * abs(wanted) * 1e6 if wanted else 0.0005 * turnover
        if abs(position.gap - wanted * 1e6) > allowed:
            wrong.append(f"{name} {position.gap / 1e6:.2f} against {wanted}")
    if wrong:
        raise SystemExit(f"NOT AS PUBLISHED, in millions of pounds: {'; '.join(wrong)}. Correct the source tables.")
    print("\nbase-year gaps agree with the published positions")
    units, days = growth(folder, care, mr.YEARS[-1])
    for variant in ("high", "middle", "flat"):
        scene = Scene(mr.YEARS[-1], levels(folder, mr.YEARS[-1]), units, days, variant)
        later = inside(folder, reckon(folder, care, scene))
        show(f"If nothing is done, {mr.YEARS[-1]}, funding {variant}, rough", later)
        print(f"system gap {sum(p.gap for p in later.values()) / 1e6:.1f}")


if __name__ == "__main__":
    main()
