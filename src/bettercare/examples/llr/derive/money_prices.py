"""Price indexes by year: published where known by the plan's date, otherwise assumed with a range."""

from __future__ import annotations

from . import money_read as mr

Line = dict[str, object]
LATER = mr.YEARS[2:]


def row(
    index: str,
    year: str,
    part: str,
    mode: float,
    low: float | None = None,
    high: float | None = None,
    *,
    shape: str = "fixed",
    interval: str = "range",
    evidence: str = "",
    assumed: str = "",
) -> Line:
    """One row of prices.csv, percent a year."""
    return {
        "index": index,
        "year": year,
        "part": part,
        "distribution": shape,
        "low": low,
        "mode": mode,
        "high": high,
        "interval": interval,
        "evidence": evidence,
        "assumed": assumed,
    }


def normal(index: str, years: tuple[str, ...], mode: float, half: float, why: str) -> list[Line]:
    """Inflation drawn from a normal whose middle nine tenths reach half either side."""
    return [
        row(
            index,
            year,
            "inflation",
            mode,
            round(mode - half, 2),
            round(mode + half, 2),
            shape="normal",
            interval="p5-p95",
            assumed=why,
        )
        for year in years
    ]


def none(index: str, years: tuple[str, ...], why: str) -> list[Line]:
    """Efficiency of nothing, fixed, for scenarios to overlay."""
    return [row(index, year, "efficiency", 0.0, assumed=why) for year in years]


def provider_cost() -> list[Line]:
    """What trusts' pay and prices rise by."""
    rows = [
        row(
            "provider-cost",
            "2014/15",
            "inflation",
            2.5,
            2.0,
            3.0,
            shape="normal",
            interval="p5-p95",
            evidence="hfma-tariff-2014",
            assumed="The cost uplift in the 2014/15 tariff; the half point either side is assumed",
        )
    ]
    rows += normal("provider-cost", ("2015/16",), 2.5, 0.8, "As the 2014/15 tariff assumed; range assumed")
    rows += normal("provider-cost", LATER, 2.5, 1.0, "As the 2014/15 tariff assumed; range assumed to widen with time")
    return rows + none(
        "provider-cost", mr.YEARS, "If nothing is done no provider becomes more efficient; scenarios change this row"
    )


def other_income() -> list[Line]:
    """What trusts are paid for teaching, research and the like: as costs rise, whatever efficiency they make."""
    why = "Follows what costs were expected to rise by; what a trust saves is its own"
    return normal("other-income", mr.YEARS, 2.5, 0.5, why)


def tariff_acute() -> list[Line]:
    """What hospitals are paid: inflation as costs, less the efficiency asked for."""
    rows = [row("tariff-acute", "2014/15", "inflation", 2.5, evidence="hfma-tariff-2014")]
    rows += normal(
        "tariff-acute",
        mr.YEARS[1:],
        2.5,
        0.4,
        "The tariff is taken to allow for the cost rise that was expected; narrower than costs because it is set a "
        "year ahead",
    )
    rows.append(row("tariff-acute", "2014/15", "efficiency", 4.0, evidence="hfma-tariff-2014"))
    rows.append(
        row(
            "tariff-acute",
            "2015/16",
            "efficiency",
            3.8,
            3.0,
            5.0,
            shape="triangular",
            evidence="nhsconfed-tariff-2015",
            assumed="The proposal of November 2014; low and high are the range that was discussed",
        )
    )
    rows += [
        row(
            "tariff-acute",
            y,
            "efficiency",
            4.0,
            3.0,
            5.0,
            shape="triangular",
            assumed="4% was asked in each year from 2012/13 to 2014/15; taken to go on; range as discussed for 2015/16",
        )
        for y in LATER
    ]
    return rows


def tariff_community() -> list[Line]:
    """What community, mental health and ambulance services are paid."""
    rows = [
        row(
            "tariff-community",
            "2014/15",
            "inflation",
            2.2,
            evidence="hfma-tariff-2014",
            assumed="Chosen so that with 4% efficiency the net change is the published -1.8%",
        )
    ]
    rows += normal("tariff-community", mr.YEARS[1:], 2.2, 0.4, "As 2014/15; range assumed")
    rows.append(row("tariff-community", "2014/15", "efficiency", 4.0, evidence="hfma-tariff-2014"))
    rows += [
        row(
            "tariff-community",
            y,
            "efficiency",
            4.0,
            3.0,
            5.0,
            shape="triangular",
            assumed="The efficiency asked in 2014/15 is taken to go on; range as discussed for 2015/16",
        )
        for y in mr.YEARS[1:]
    ]
    return rows


def others() -> list[Line]:
    """General practice, social care, councils' other income, medicines and continuing care."""
    rows = normal(
        "primary-care",
        mr.YEARS,
        2.0,
        1.0,
        "No forecast was found: a little under provider costs because practices were paid low uplifts",
    )
    rows += none("primary-care", mr.YEARS, "If nothing is done practices become no more efficient")
    rows += [
        row(
            "social-care-cost",
            y,
            "inflation",
            2.0,
            1.0,
            4.0,
            shape="triangular",
            assumed="No forecast was found: care workers' wages and fees; the high end stands for a rise in the "
            "minimum wage",
        )
        for y in mr.YEARS
    ]
    rows += none(
        "social-care-cost", mr.YEARS, "If nothing is done councils buy care no more cheaply; scenarios change this row"
    )
    rows += [
        row(
            "council-funding",
            y,
            "inflation",
            0.0,
            -2.0,
            1.0,
            shape="triangular",
            assumed="Spare index for grants to councils: flat in cash; councils' budgets themselves are in allocations",
        )
        for y in mr.YEARS
    ]
    rows += normal(
        "prescribing",
        mr.YEARS,
        4.0,
        2.5,
        "No forecast was found: price and volume together because medicines are not modelled by activity",
    )
    rows += normal(
        "continuing-care",
        mr.YEARS,
        5.0,
        3.0,
        "No forecast was found: price and volume together because the places are not modelled by activity",
    )
    return rows


def prices() -> list[Line]:
    """All rows of prices.csv."""
    return provider_cost() + other_income() + tariff_acute() + tariff_community() + others()
