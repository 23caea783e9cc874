"""The Better Care Fund by board and year, and capital lines."""

from __future__ import annotations

from . import money_read as mr
from .money_contracts import nhs_income, short, social_care_payers
from .money_read import Figures

Line = dict[str, object]
FIRST = "2015/16"
# Of the 1.9 billion of NHS money in the national fund, 1.0 billion was for services that the NHS commissions.
NHS_COMMISSIONED = 1000 / 1900
PERFORMANCE = 0.3
WHY_SHARE = (
    "Local pooled totals were not found: the national fund of 3.8 billion shared by resident population (mid-2012 for "
    "LLR and "
    "England; mid-2014 between boards); capital grants left out; flat in cash after 2015/16"
)


def local_share(f: Figures) -> float:
    """LLR's share of England's residents."""
    return sum(f(f"resident12-{ccg}") for ccg in mr.CCGS) / f("england-2012")


def board_shares(f: Figures) -> list[float]:
    """Each board's share of LLR's residents, in the order of AREAS."""
    people = [f(f"resident14-{area}") for area in mr.AREAS]
    return [p / sum(people) for p in people]


def commissioners(area: str, f: Figures) -> list[tuple[str, float]]:
    """CCGs that pay into a board's fund and their shares."""
    west = mr.west_share(f)
    return {
        "leicester": [("leicester-ccg", 1.0)],
        "leicestershire": [("west-leicestershire-ccg", west), ("east-leicestershire-rutland-ccg", 1 - west)],
        "rutland": [("east-leicestershire-rutland-ccg", 1.0)],
    }[area]


def parts(area: str, share: float, f: Figures) -> list[tuple[str, str, float, bool, float, str]]:
    """Parts of a board's fund: name, receiver, pounds a year, recycled, risk share, reasoning."""
    new = f("bcf-nhs-new") * 1e6 * local_share(f) * share
    why_transfer = (
        "What the NHS already paid the council (a block contract in this plan; 2014/15 accounts as a stand-in): in the "
        "pool but no new money; NHS England's part reached the pool through the CCGs' budgets in 2015/16 and is kept "
        "with NHS England here; close to the share by population of the national transfer, reablement and carers' money"
    )
    why_services = (
        f"{WHY_SHARE}; community services that the CCGs already bought from LPT: in the pool but no new money; up to "
        "0.3 of the 1.0 billion was tied to fewer emergency admissions (judged; no local sum was found)"
    )
    why_protection = (
        f"{WHY_SHARE}; the rest of the NHS money is taken as new support for social care, which moves from the CCGs to "
        "the council"
    )
    council = f"{area}-council"
    return [
        ("transfer", council, nhs_income(area, f), True, 0.0, why_transfer),
        ("services", "lpt", new * NHS_COMMISSIONED, True, PERFORMANCE, why_services),
        ("protection", council, new * (1 - NHS_COMMISSIONED), False, 0.0, why_protection),
    ]


def funds(f: Figures) -> list[Line]:
    """All rows of funds.csv: contributions and schemes of each board and year add up to the same sum."""
    rows: list[Line] = []
    years = [year for year in mr.YEARS if year >= FIRST]
    for area, share in zip(mr.AREAS, board_shares(f), strict=True):
        payers = commissioners(area, f)
        for year in years:
            for name, receiver, amount, recycled, risk, why in parts(area, share, f):
                common: Line = {
                    "fund": f"better-care-fund-{area}",
                    "board": f"hwb-{area}",
                    "year": year,
                    "recycled": "yes" if recycled else "no",
                    "evidence": "pss-ex1-2014" if name == "transfer" else "bcf-national-2014",
                    "assumed": why,
                }
                stem = f"bcf-{area}-{name}-{year[:4]}"
                shared = zip((ccg for ccg, _ in payers), mr.split(amount, [p for _, p in payers]), strict=True)
                for ccg, part in social_care_payers(area, f) if name == "transfer" else shared:
                    rows.append(
                        common
                        | {
                            "code": f"{stem}.in.{short(ccg)}",
                            "kind": "contribution",
                            "partner": ccg,
                            "amount_gbp": float(part),
                            "risk_share": risk,
                        }
                    )
                rows.append(
                    common
                    | {
                        "code": f"{stem}.out",
                        "kind": "scheme",
                        "partner": receiver,
                        "amount_gbp": float(round(amount)),
                        "risk_share": risk,
                    }
                )
    return rows


def capital(f: Figures) -> list[Line]:
    """All rows of capital.csv: low, mode and high are millions, or the code of a figure of source-money.csv."""

    def pounds(cell: str) -> float:
        return (f(cell) if cell in f.rows else float(cell)) * 1e6

    rows = mr.read(mr.HERE / "source-money-capital.csv")
    return [{**row, **{name: pounds(row[name]) for name in ("low", "mode", "high")}} for row in rows]
