"""Who pays whom for what in the base year, so that each provider's income is its published income.

Activity prices are the provider's own modelled unit cost times one factor: what its published income is to its
published cost, once teaching, research and other income are set against their own cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import money_read as mr
from .money_costs import TEACHING, Costs, specification
from .money_read import Care, Figures

EMERGENCY = ("emergency-medical", "emergency-surgical", "emergency-child")
OUTSIDE_PAYER = "other-commissioners"
# Who pays UHL for the patient care that is not counted line by line (assumed; see the README).
REST_OF_UHL = {"nhs-england": 0.70, "ccgs": 0.15, OUTSIDE_PAYER: 0.15}
# Part of each service that falls under the national definition of specialised care, so NHS England pays (assumed).
SPECIALISED_PART = {
    "critical-care": 0.60,
    "day-case": 0.20,
    "elective-inpatient": 0.20,
    "outpatient-first": 0.20,
    "outpatient-follow-up": 0.20,
    "emergency-medical": 0.10,
    "emergency-surgical": 0.10,
    "emergency-child": 0.10,
}
SPECIALISED_WHY = (
    "Part of the service counts as specialised and is paid by NHS England: the part is assumed so that its payments "
    "to UHL stay "
    "below those of the fifteen largest providers (about 250 million)"
)
# Who pays LPT besides the three CCGs (assumed).
LPT_OTHERS = {"nhs-england": 30_000_000.0}
LPT_MENTAL_HEALTH = 0.52
PRICE_NOTE = "The provider's modelled unit cost times its published income over its published cost"


@dataclass
class Contracts:
    """Rows of contracts.csv and their base-year value by (payer, provider)."""

    rows: list[dict[str, object]] = field(default_factory=list)
    value: dict[tuple[str, str], float] = field(default_factory=dict)

    def pay(self, payer: str, provider: str, amount: float) -> None:
        self.value[payer, provider] = self.value.get((payer, provider), 0.0) + amount

    def paid_by(self, payer: str) -> float:
        return sum(v for (who, _), v in self.value.items() if who == payer)

    def paid_to(self, provider: str) -> float:
        return sum(v for (_, who), v in self.value.items() if who == provider)


def short(code: str) -> str:
    """A partner's code without its kind."""
    return (
        code.replace("-ccg", "").replace("east-leicestershire-rutland", "east").replace("west-leicestershire", "west")
    )


def payers(locality: str, part: float, f: Figures) -> list[tuple[str, float]]:
    """Payers of a locality's hospital use and their shares; part is what NHS England pays."""
    if locality == "outside":
        return [(OUTSIDE_PAYER, 1.0)]
    rest = round(1 - part, 4)
    if locality == "leicester":
        found = [("leicester-ccg", rest)]
    elif locality == "rutland":
        found = [("east-leicestershire-rutland-ccg", rest)]
    else:
        west = round(rest * mr.west_share(f), 4)
        found = [("west-leicestershire-ccg", west), ("east-leicestershire-rutland-ccg", round(rest - west, 4))]
    return [(payer, share) for payer, share in [*found, ("nhs-england", part)] if share > 0]


def price_factor(provider: str, f: Figures) -> float:
    """Published income over published operating cost, both less teaching, research and other income."""
    income = f(f"{provider}-income-2013") * 1000 - TEACHING[provider]
    cost = f(f"{provider}-cost-2013") * 1000 - TEACHING[provider]
    return income / cost


def build(care: Care, costs: Costs, f: Figures) -> Contracts:
    """All rows of contracts.csv."""
    out = Contracts()
    for service in sorted(care.services):
        for provider in care.providers(service):
            if provider == "uhl" or provider in mr.outsiders():
                activity(out, care, costs, service, provider, f)
    rest_of_uhl(out, costs, f)
    lpt(out, f)
    emas(out, costs, f)
    general_practice(out, costs)
    social_care(out, f)
    return out


def unit_price(care: Care, costs: Costs, service: str, provider: str, f: Figures) -> float:
    """Price of a unit: UHL's for hospital care anywhere, otherwise the stated unit cost."""
    key = ("uhl", service)
    if key in costs.unit:
        return round(costs.unit[key] * price_factor("uhl", f), 2)
    spec = specification()[service]
    value = float(spec["unit_cost_gbp"])
    if spec["basis"] == "bed-day":
        units = care.units(service, provider)
        value *= care.days(service, provider) / units if units else 14.0
    return round(value, 2)


def activity(out: Contracts, care: Care, costs: Costs, service: str, provider: str, f: Figures) -> None:
    """Contracts that pay by activity: UHL and providers outside the system."""
    special = 1.0 if care.services[service]["specialised"] == "yes" else SPECIALISED_PART.get(service, 0.0)
    price = unit_price(care, costs, service, provider, f)
    acute = provider in ("uhl", "other-trusts")
    for locality in care.localities(service):
        if care.provider_share(service, locality, provider) <= 0:
            continue
        for payer, share in payers(locality, special, f):
            marginal = service in EMERGENCY and provider == "uhl"
            units = care.units(service, provider, locality)
            row: dict[str, object] = {
                "code": f"{service}.{short(payer)}.{provider}.{locality}",
                "payer": payer,
                "provider": provider,
                "service": service,
                "locality": locality,
                "payer_share": share,
                "basis": "marginal-rate" if marginal else "activity",
                "price_gbp": price,
                "index": "tariff-acute" if acute else "tariff-community",
                "assumed": f"{PRICE_NOTE}; local prices were not found"
                if acute
                else "Paid by activity at the national unit cost; local prices were not found",
            }
            if marginal:
                row |= {
                    "marginal_rate": f("marginal-rate") / 100,
                    "evidence": f.evidence("marginal-rate"),
                    "note": "The national baseline was 2008/09 activity; here it is the base year's because the "
                    "earlier "
                    "count was not found",
                }
            if 0 < special < 1 and locality != "outside":
                row["assumed"] = f"{row['assumed']}. {SPECIALISED_WHY}"
            if locality == "leicestershire" and payer.endswith("-ccg"):
                row["note"] = f"{row.get('note', '')} Share by resident population in mid-2013".strip()
            out.rows.append(row)
            out.pay(payer, provider, units * share * price)


def block(out: Contracts, code: str, payer: str, provider: str, value: int, index: str, **more: object) -> None:
    """One block contract."""
    row: dict[str, object] = {
        "code": code,
        "payer": payer,
        "provider": provider,
        "basis": "block",
        "value_gbp": float(value),
        "index": index,
    }
    out.rows.append(row | more)
    out.pay(payer, provider, value)


def registered(f: Figures) -> list[float]:
    """Registered patients of the three CCGs in the order of CCGS."""
    return [f(f"registered-{ccg}") for ccg in mr.CCGS]


def rest_of_uhl(out: Contracts, costs: Costs, f: Figures) -> None:
    """Blocks for patient care at UHL that is not counted line by line; they bring income to its published total."""
    left = f("uhl-income-2013") * 1000 - TEACHING["uhl"] - out.paid_to("uhl")
    if left < 0:
        raise ValueError(f"UHL's contracts exceed its published income by {-left:.0f}")
    england, ccgs, others = split3(left)
    why = (
        "Dialysis, chemotherapy, drugs and devices paid at cost, direct-access tests and intensive care of newborn "
        "babies: "
        "what is left of the published income; the split between payers is assumed"
    )
    block(out, "uhl-rest.nhs-england", "nhs-england", "uhl", england, "tariff-acute", assumed=why)
    for ccg, part in zip(mr.CCGS, mr.split(ccgs, registered(f)), strict=True):
        block(out, f"uhl-rest.{short(ccg)}", ccg, "uhl", part, "tariff-acute", assumed=why)
    block(out, f"uhl-rest.{OUTSIDE_PAYER}", OUTSIDE_PAYER, "uhl", others, "tariff-acute", assumed=why)


def split3(left: float) -> list[int]:
    """The rest of UHL's income by payer."""
    return mr.split(left, [REST_OF_UHL["nhs-england"], REST_OF_UHL["ccgs"], REST_OF_UHL[OUTSIDE_PAYER]])


def lpt(out: Contracts, f: Figures) -> None:
    """Block contracts of LPT: its published income less training and other income, shared by registered patients."""
    total = f("lpt-income-2013") * 1000 - TEACHING["lpt"]
    for payer, amount in LPT_OTHERS.items():
        block(
            out,
            f"lpt-specialised.{payer}",
            payer,
            "lpt",
            round(amount),
            "tariff-community",
            assumed="Secure and eating-disorder services, and health visiting (NHS England paid until 2015); size "
            "assumed",
        )
    rest = total - sum(LPT_OTHERS.values())
    why = (
        "LPT's published income less other income, shared between the CCGs by registered patients; contract values "
        "were not found"
    )
    weights = registered(f)
    mental = round(rest * LPT_MENTAL_HEALTH)
    for name, amount in (("mental-health", mental), ("community", round(rest) - mental)):
        for ccg, part in zip(mr.CCGS, mr.split(amount, weights), strict=True):
            block(
                out,
                f"lpt-{name}.{short(ccg)}",
                ccg,
                "lpt",
                part,
                "tariff-community",
                assumed=why,
                note="Mental health and learning disability are taken as 52% of the contract; the rest is community",
            )


def emas(out: Contracts, costs: Costs, f: Figures) -> None:
    """EMAS is paid what its local service costs, by resident population."""
    for ccg, part in zip(mr.CCGS, mr.split(costs.total("emas"), registered(f)), strict=True):
        block(
            out,
            f"emas.{short(ccg)}",
            ccg,
            "emas",
            part,
            "tariff-community",
            evidence=f.evidence("emas-budget"),
            assumed="The 2012/13 budget shared by population and taken to balance in 2013/14",
        )


def general_practice(out: Contracts, costs: Costs) -> None:
    """General practice is paid by the head, so the payment does not follow consultations."""
    block(
        out,
        "general-practice",
        "nhs-england",
        "primary-care",
        round(costs.total("primary-care")),
        "primary-care",
        evidence="hscic-gp-payments-2013",
        assumed="National payment for each registered patient times local lists; taken to balance",
    )


def social_care(out: Contracts, f: Figures) -> None:
    """What the NHS already pays the councils for social care, before the Better Care Fund."""
    for area in mr.AREAS:
        for payer, part in social_care_payers(area, f):
            block(
                out,
                f"social-care.{short(payer)}.{area}",
                payer,
                f"{area}-council",
                part,
                "",
                evidence="pss-ex1-2014",
                assumed="2014/15 income from the NHS at 2013/14 level as a stand-in; NHS England's part is the "
                "planned national "
                "transfer of 900 million shared by population and the CCGs pay the rest; flat in cash",
            )


def social_care_payers(area: str, f: Figures) -> list[tuple[str, int]]:
    """Who pays a council for social care, and how much, in pounds a year that add up to its income from the NHS."""
    west = mr.west_share(f)
    ccgs = {
        "leicester": [("leicester-ccg", 1.0)],
        "leicestershire": [("west-leicestershire-ccg", west), ("east-leicestershire-rutland-ccg", 1 - west)],
        "rutland": [("east-leicestershire-rutland-ccg", 1.0)],
    }[area]
    total = nhs_income(area, f)
    england = min(national_transfer(area, f), total)
    parts = mr.split(round(total) - round(england), [share for _, share in ccgs])
    return [("nhs-england", round(england)), *((ccg, part) for (ccg, _), part in zip(ccgs, parts, strict=True))]


def national_transfer(area: str, f: Figures) -> float:
    """An area's part by population of the national transfer to social care, pounds."""
    local = sum(f(f"resident12-{ccg}") for ccg in mr.CCGS) / f("england-2012")
    people = {place: f(f"resident14-{place}") for place in mr.AREAS}
    return f("social-care-transfer-2013") * 1e6 * local * people[area] / sum(people.values())


def nhs_income(area: str, f: Figures) -> float:
    """A council's income from the NHS for adult social care, pounds, at 2013/14 level."""
    lines = ("wa-nhs", "op-nhs", "st-wa-nhs", "st-op-nhs")
    deflator = f(f"ro-asc-{area}-2013") / f(f"ro-asc-{area}-2014")
    return sum(f(f"pss14-{line}-{area}") for line in lines) * 1000 * deflator
