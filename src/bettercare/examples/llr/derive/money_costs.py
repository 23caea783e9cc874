"""Cost of each service at each provider: fixed, stepped and marginal, scaled to published totals.

All amounts are base-year (2013/14) pounds. Unit costs come from source-money-services.csv; the trusts' costs are
scaled by one factor so that the services modelled take the stated part of the published cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import money_read as mr
from .money_read import Care, Figures, Row

# What of the trusts' cost is patient care modelled line by line; the rest is carried (see the README).
TEACHING = {"uhl": 95_000_000.0, "lpt": 28_000_000.0}
MODELLED_SHARE = {"uhl": 0.85, "lpt": 0.70}
SCALE_LIMITS = (0.75, 1.35)
INDEX = {"primary-care": "primary-care"}


@dataclass
class Costs:
    """Rows of costs.csv, cost by (provider, service), price basis by service and the scale by provider."""

    rows: list[dict[str, object]] = field(default_factory=list)
    cost: dict[tuple[str, str], float] = field(default_factory=dict)
    unit: dict[tuple[str, str], float] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    raw: dict[str, float] = field(default_factory=dict)

    def total(self, provider: str) -> float:
        return sum(value for (who, _), value in self.cost.items() if who == provider)


def specification() -> dict[str, Row]:
    """Unit costs and their shape by service."""
    return {row["service"]: row for row in mr.read(mr.HERE / "source-money-services.csv")}


def council_unit(area: str, service: str, care: Care, f: Figures) -> tuple[float, str, str] | None:
    """A council's own published cost a week of a service: (pounds, evidence, assumed) or None."""
    if service == "care-home":
        return f(f"uc13-care-home-{area}"), "pss-ex1-2013", ""
    if service == "home-care":
        return f(f"uc13-home-care-all-{area}"), "pss-ex1-2013", ""
    if service == "direct-payments":
        return f(f"uc13-direct-payments-all-{area}"), "pss-ex1-2013", ""
    if service == "working-age-social-care":
        groups = ("ld", "mh", "pd")
        weeks_by = [f(f"wa-weeks-{group}-{area}") for group in groups]
        cost = sum(n * f(f"uc13-wa-{group}-{area}") for n, group in zip(weeks_by, groups, strict=True))
        return round(cost / sum(weeks_by), 2), "pss-ex1-2013", ""
    weeks = care.units(service, f"{area}-council")
    if service == "reablement" and weeks:
        deflator = f(f"ro-asc-{area}-2013") / f(f"ro-asc-{area}-2014")
        gross = (f(f"pss14-st-op-gross-{area}") + f(f"pss14-st-wa-gross-{area}")) * 1000 * deflator
        return (
            gross / weeks,
            "pss-ex1-2014",
            (
                "2014/15 short-term spending at 2013/14 level divided by the weeks in the plan: a later year as a "
                "stand-in"
            ),
        )
    return None


def raw_cost(care: Care, spec: Row, provider: str) -> float:
    """Cost of a service at a provider from its unit cost, before scaling."""
    service = spec["service"]
    units = care.days(service, provider) if spec["basis"] == "bed-day" else care.units(service, provider)
    return units * float(spec["unit_cost_gbp"])


def scales(care: Care, specs: dict[str, Row], f: Figures) -> tuple[dict[str, float], dict[str, float]]:
    """Factor on unit costs by provider, and the cost before it."""
    raw: dict[str, float] = {}
    for service, spec in specs.items():
        for provider in care.providers(service):
            raw[provider] = raw.get(provider, 0.0) + raw_cost(care, spec, provider)
    people = sum(f(f"resident12-{ccg}") for ccg in mr.CCGS)
    target = {
        "uhl": MODELLED_SHARE["uhl"] * (f("uhl-cost-2013") * 1000 - TEACHING["uhl"]),
        "lpt": MODELLED_SHARE["lpt"] * (f("lpt-cost-2013") * 1000 - TEACHING["lpt"]),
        "emas": f("emas-budget") * 1e6 * people / (f("emas-people") * 1e6),
        "primary-care": f("gp-per-patient") * sum(f(f"registered-{ccg}") for ccg in mr.CCGS),
    }
    scale = {}
    for provider, wanted in target.items():
        factor = wanted / raw[provider]
        if provider in ("uhl", "lpt"):
            factor = min(max(factor, SCALE_LIMITS[0]), SCALE_LIMITS[1])
        scale[provider] = round(factor, 4)
    return scale, raw


def build(care: Care, f: Figures) -> Costs:
    """All rows of costs.csv."""
    specs = specification()
    out = Costs()
    out.scale, out.raw = scales(care, specs, f)
    unknown = sorted(set(care.services) - set(specs))
    if unknown:
        raise ValueError(f"services without a unit cost in source-money-services.csv: {unknown}")
    for service in sorted(care.services):
        for provider in care.providers(service):
            if provider not in mr.outsiders():
                add(out, care, specs[service], provider, f)
    return out


def add(out: Costs, care: Care, spec: Row, provider: str, f: Figures) -> None:
    """One row of costs.csv."""
    service = spec["service"]
    area = provider.removesuffix("-council")
    own = council_unit(area, service, care, f) if provider.endswith("-council") else None
    unit, evidence, assumed = float(spec["unit_cost_gbp"]), spec["evidence"], spec["assumed"]
    if own:
        unit, evidence, why = own
        assumed = why or "Only the split into fixed and marginal is assumed: care bought by the week or hour"
    scale = out.scale.get(provider, 1.0)
    units = care.units(service, provider)
    basis_units = care.days(service, provider) if spec["basis"] == "bed-day" else units
    total = basis_units * unit * scale
    needs = list(care.needs(service, provider).values())
    fixed, stepped = float(spec["fixed_share"]), float(spec["step_share"])
    size = mr.fair_size(needs, float(spec["step_size"])) if spec["step_size"] else None
    row: dict[str, object] = {"provider": provider, "service": service, "fixed_gbp": float(round(total * fixed))}
    cost = float(round(total * fixed))
    if size and stepped:
        count = mr.steps(needs, size)
        per = total * stepped / count if count else unit * scale * stepped * size
        row |= {"step_size": size, "step_gbp": float(round(per))}
        cost += count * round(per)
    per_unit = total / units if units else unit * scale
    marginal = round(per_unit * (1 - fixed - stepped), 2)
    row["marginal_gbp"] = marginal
    cost += marginal * units
    row["index"] = "social-care-cost" if provider.endswith("-council") else INDEX.get(provider, "provider-cost")
    row |= {"evidence": evidence, "assumed": assumed}
    if scale != 1.0:
        row["note"] = f"Unit cost times {scale:g} so that the provider's services take their part of the published cost"
    out.rows.append(row)
    out.cost[provider, service] = cost
    out.unit[provider, service] = per_unit
