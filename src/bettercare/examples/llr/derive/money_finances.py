"""Opening income and cost lines that are carried, published totals to reconcile with, and allocations."""

from __future__ import annotations

from . import money_read as mr
from .money_contracts import Contracts
from .money_costs import TEACHING, Costs
from .money_read import Figures

CITY_PER_HEAD = 997.0
PRESCRIBING_PER_HEAD = 140.0
CONTINUING_PER_HEAD = 40.0
# Growth of funding from 2016/17 in cash, percent a year (see the README on real and cash).
VARIANTS = {"high": "summit-funding-high", "middle": "summit-funding-middle", "flat": "summit-funding-flat"}
COUNCIL_VARIANTS = ("high", "middle", "flat")

Line = dict[str, object]


def line(
    code: str, partner: str, name: str, kind: str, amount: float, index: str = "", role: str = "carried", **more: str
) -> Line:
    """One row of finances.csv."""
    return {
        "code": code,
        "partner": partner,
        "line": name,
        "kind": kind,
        "role": role,
        "amount_gbp": float(round(amount)),
        "index": index,
        **more,
    }


ACCOUNTS = "trust-accounts-2013"
NOT_COUNTED = {
    "uhl": "Patient care not counted line by line, estates and headquarters",
    "lpt": "Services not counted line by line (children's public health, podiatry, secure care), estates and "
    "headquarters",
}
BESIDE_CARE = {
    "uhl": "Teaching, research and other activities",
    "lpt": "Training, research, public health for councils and other activities",
}


def trust(who: str, costs: Costs, f: Figures) -> list[Line]:
    """Carried and reported lines of UHL or LPT; together with the services they give the published position."""
    income, cost, surplus = (f(f"{who}-{what}-2013") * 1000 for what in ("income", "cost", "surplus"))
    financing = income - cost - surplus
    rest = cost - costs.total(who) - TEACHING[who]
    return _trust_reported(who, income, cost, financing) + _trust_carried(who, rest, financing)


def _trust_reported(who: str, income: float, cost: float, financing: float) -> list[Line]:
    return [
        line(f"{who}-reported-income", who, "Operating income", "income", income, role="reported", evidence=ACCOUNTS),
        line(f"{who}-reported-cost", who, "Operating cost", "cost", cost, role="reported", evidence=ACCOUNTS),
        line(
            f"{who}-reported-financing",
            who,
            "Financing and other items below operating cost",
            "cost",
            financing,
            role="reported",
            evidence=ACCOUNTS,
            note="Income less cost less the published surplus",
        ),
    ]


def _trust_carried(who: str, rest: float, financing: float) -> list[Line]:
    other = BESIDE_CARE[who]
    why = "Size assumed from what trusts of this kind report; equal to its own income so that it does not move the gap"
    return [
        line(
            f"{who}-rest",
            who,
            NOT_COUNTED[who],
            "cost",
            rest,
            "provider-cost",
            assumed="Balancing figure: published operating cost less the services modelled and less teaching and "
            "other activities",
        ),
        line(f"{who}-teaching-cost", who, other, "cost", TEACHING[who], "provider-cost", assumed=why),
        line(
            f"{who}-teaching-income",
            who,
            f"Income for: {other[0].lower()}{other[1:]}",
            "income",
            TEACHING[who],
            "other-income",
            assumed=why,
        ),
        line(
            f"{who}-financing",
            who,
            "Interest, dividend and other items below operating cost",
            "cost",
            financing,
            "",
            evidence=ACCOUNTS,
            note="Stays flat in cash",
        ),
    ]


def ccg(code: str, contracts: Contracts, f: Figures) -> list[Line]:
    """Carried lines of a CCG; the last balances its budget in the base year."""
    people = f(f"registered-{code}")
    running = people * f("running-cost-per-head")
    lines = [
        line(
            f"{code}-prescribing",
            code,
            "Medicines prescribed by general practice",
            "cost",
            people * PRESCRIBING_PER_HEAD,
            "prescribing",
            assumed="About 140 pounds a registered patient, judged near the England average of the time; no figure "
            "was found",
        ),
        line(
            f"{code}-continuing-care",
            code,
            "Continuing healthcare and nursing contributions",
            "cost",
            people * CONTINUING_PER_HEAD,
            "continuing-care",
            assumed="About 40 pounds a registered patient, judged near the England average of the time; no figure was "
            "found",
        ),
        line(
            f"{code}-running",
            code,
            "Running costs",
            "cost",
            running,
            "",
            evidence="nhse-running-costs-2014",
            note="25 pounds a head; flat in cash (the allowance fell in 2015/16, which is not counted)",
        ),
    ]
    spent = contracts.paid_by(code) + sum(float(str(item["amount_gbp"])) for item in lines)
    left = opening(code, f) - spent
    if left < 0:
        raise ValueError(f"{code}: contracts and lines exceed its budget by {-left / 1e6:.1f}m")
    lines.append(
        line(
            f"{code}-other",
            code,
            "Other commissioning (independent and voluntary providers, transport, reserves)",
            "cost",
            left,
            "provider-cost",
            assumed="Balancing figure: the CCG is taken to have spent exactly its budget in 2013/14",
        )
    )
    lines.append(
        line(f"{code}-reported", code, "Budget", "income", opening(code, f), role="reported", **opening_source(code))
    )
    return lines


def opening(code: str, f: Figures) -> float:
    """A CCG's budget in the base year: Leicester City's as published; the others at the same sum a head."""
    if code == "leicester-ccg":
        return f("ccg-budget-leicester") * 1e6
    return round(f(f"registered-{code}") * CITY_PER_HEAD)


def opening_source(code: str) -> dict[str, str]:
    if code == "leicester-ccg":
        return {"evidence": "psnc-leicester-ccg", "assumed": "The page gives no year; taken as 2013/14"}
    return {
        "evidence": "ccg-registered-2012",
        "assumed": "Registered patients times Leicester City's 997 pounds a head; this CCG's own allocation was not "
        "found",
    }


def council(area: str, contracts: Contracts, costs: Costs, f: Figures) -> list[Line]:
    """Carried lines of a council's adult social care; the last but one balances the published net expenditure."""
    who = f"{area}-council"
    lines = _council_published(area, f)
    client = _clients(area, f)
    net = f(f"ro-asc-{area}-2013") * 1000
    gross = costs.total(who) + sum(float(str(i["amount_gbp"])) for i in lines if i["kind"] == "cost")
    rest = net - (gross - client - contracts.paid_to(who))
    name = (
        "Other long-term support (supported living, day care and the like)"
        if rest >= 0
        else "Other income and difference of definitions"
    )
    lines.append(
        line(
            f"{who}-other",
            who,
            name,
            "cost" if rest >= 0 else "income",
            abs(rest),
            "social-care-cost",
            assumed="Balancing figure to the published net current expenditure of 2013/14",
        )
    )
    lines.append(
        line(
            f"{who}-reported",
            who,
            "Adult social care net current expenditure",
            "cost",
            net,
            role="reported",
            evidence="ro-2013",
            note="Public health is outside this plan",
        )
    )
    return lines


def _council_published(area: str, f: Figures) -> list[Line]:
    """The lines that a council's return of 2014/15 has, at the level of 2013/14."""
    who = f"{area}-council"
    stand_in = "2014/15 figure at 2013/14 level as a stand-in: the 2013/14 return has no such line in what was found"
    lines = []
    for key, name in (
        ("assessment", "Assessment and social work"),
        ("commissioning", "Commissioning and support services"),
        ("equipment", "Equipment and technology"),
        ("information", "Information and early help"),
    ):
        lines.append(
            line(
                f"{who}-{key}",
                who,
                name,
                "cost",
                f(f"pss14-{key}-{area}") * _thousands_of_2013(area, f),
                "social-care-cost",
                evidence="pss-ex1-2014",
                assumed=stand_in,
            )
        )
    lines.append(
        line(
            f"{who}-clients",
            who,
            "Contributions of people who use care",
            "income",
            _clients(area, f),
            "social-care-cost",
            evidence="pss-ex1-2014",
            assumed=stand_in + "; taken to rise with prices but not with numbers",
        )
    )
    return lines


def _clients(area: str, f: Figures) -> float:
    """What people who use a council's care pay towards it, pounds in the base year."""
    return sum(f(f"pss14-{k}-{area}") for k in ("wa-client", "op-client")) * _thousands_of_2013(area, f)


def _thousands_of_2013(area: str, f: Figures) -> float:
    """Pounds of the base year for a thousand of the return of 2014/15, by the council's published net expenditure."""
    return 1000 * f(f"ro-asc-{area}-2013") / f(f"ro-asc-{area}-2014")


def finances(contracts: Contracts, costs: Costs, f: Figures) -> list[Line]:
    """All rows of finances.csv."""
    out = trust("uhl", costs, f) + trust("lpt", costs, f)
    for code in mr.CCGS:
        out += ccg(code, contracts, f)
    for area in mr.AREAS:
        out += council(area, contracts, costs, f)
    out.append(
        line(
            "emas-reported",
            "emas",
            "Local share of the budget",
            "income",
            contracts.paid_to("emas"),
            role="reported",
            evidence="emas-encyclopaedia",
            assumed="2012/13 budget shared by population",
        )
    )
    return out


def allocations(contracts: Contracts, f: Figures) -> list[Line]:
    """Allocations of the payers by year and funding variant."""
    rows: list[Line] = []
    for payer in (*mr.CCGS, "nhs-england"):
        base = opening(payer, f) if payer in mr.CCGS else contracts.paid_by(payer)
        source = (
            opening_source(payer)
            if payer in mr.CCGS
            else {
                "evidence": "",
                "assumed": "What the contracts in this plan cost: NHS England is taken to balance in 2013/14",
            }
        )
        for name, code in VARIANTS.items():
            rows += nhs_path(payer, name, base, f(code), source, f)
    for area in mr.AREAS:
        for name in COUNCIL_VARIANTS:
            rows += council_path(area, name, f)
    return rows


def nhs_path(payer: str, name: str, base: float, later: float, source: dict[str, str], f: Figures) -> list[Line]:
    """Opening funding, the two published uplifts, then the variant's growth in cash."""
    rows: list[Line] = [{"payer": payer, "year": mr.BASE, "funding": name, "amount_gbp": float(round(base)), **source}]
    amount = base
    for year in mr.YEARS:
        published = published_uplift(name, year, f)
        amount *= 1 + (published if published is not None else later) / 100
        if published is not None:
            why = (
                {
                    "evidence": "hfma-allocations-2014",
                    "assumed": "The least that any CCG received; this payer's own was not found",
                }
                if (name == "flat")
                else {
                    "evidence": "nhse-running-costs-2014",
                    "assumed": "The uplift of NHS England as a whole, taken for this payer because its own was not "
                    "found",
                }
            )
        else:
            why = {
                "evidence": "llr-summit-2014",
                "assumed": f"{later:g}% a year from the summit's slide, taken as growth in cash although the slide "
                f"says real",
            }
        rows.append({"payer": payer, "year": year, "funding": name, "amount_gbp": float(round(amount)), **why})
    return rows


def published_uplift(name: str, year: str, f: Figures) -> float | None:
    """Uplift of a year whose funding was known: the least that any CCG had under the flat variant, or NHS England's."""
    stem = "ccg-minimum" if name == "flat" else "uplift"
    return f(f"{stem}-{year[:4]}") if year in ("2014/15", "2015/16") else None


def council_cut(area: str, name: str, year: str, f: Figures) -> float:
    """Cut of a council's net budget in a year, pounds: the published cuts to their end, then flat or going on."""
    yearly = {"leicestershire": f("county-cuts") / 4, "leicester": f("city-cuts") / 2, "rutland": 0.0}[area] * 1e6
    last = {"leicestershire": "2016/17", "leicester": "2014/15", "rutland": ""}[area]
    if name == "high":
        return 0.0
    return yearly if year <= last or name == "flat" else 0.0


def council_path(area: str, name: str, f: Figures) -> list[Line]:
    """Net budget of adult social care by year."""
    amount = f(f"ro-asc-{area}-2013") * 1000
    rows: list[Line] = [
        {
            "payer": f"{area}-council",
            "year": mr.BASE,
            "funding": name,
            "amount_gbp": amount,
            "evidence": "ro-2013",
            "assumed": "Councils must balance: the net budget is the published net current expenditure",
        }
    ]
    why = {
        "high": "No cut: the budget stays flat in cash",
        "middle": "The cuts announced in 2013 spread evenly to their last year, then flat in cash",
        "flat": "The cuts announced in 2013 go on at the same sum each year",
    }[name]
    if area == "rutland":
        why = "No cut was found for Rutland: the budget stays flat in cash"
    for year in mr.YEARS:
        amount -= council_cut(area, name, year, f)
        rows.append(
            {
                "payer": f"{area}-council",
                "year": year,
                "funding": name,
                "amount_gbp": float(round(amount)),
                "evidence": "" if area == "rutland" else "bbc-cuts-2013",
                "assumed": why,
            }
        )
    return rows
