"""Checks of money and staff: prices, allocations, contracts, costs, pooled funds, workforce."""

from __future__ import annotations

from collections.abc import Iterator

from bettercare.foundation.problems import Problem, did_you_mean, shown
from bettercare.foundation.years import after, start
from bettercare.plan.typed import Row
from bettercare.plan.view import SETTINGS, Rule, View, group, in_force, rule, turning_years

TOLERANCE = 0.001
FUND_TOLERANCE = 0.005
GAP = "GBP gap"  # the unit of a published gap, which the forecast answers
BOARD = "board"
COSTS = ("fixed_gbp", "step_gbp", "marginal_gbp")


@rule("prices", SETTINGS, whole=True)
def price_years(view: View) -> Iterator[Problem]:
    """Each index says how prices rise in each year after the base year."""
    for (index,), rows in group(view.rows("prices"), "index").items():
        there = {row["year"] for row in rows if row["part"] == "inflation"}
        missing = [year for year in view.plan.years[1:] if year not in there]
        if missing:
            message = f"the index {shown(index)} has no inflation for {', '.join(missing)}."
            hint = "Add the rows; write 0 where the price stays."
            yield Problem(view.file("prices"), None, "year", message, hint)


@rule("allocations", SETTINGS, whole=True)
def allocation_years(view: View) -> Iterator[Problem]:
    """Each payer's funding is there for the chosen variant and every year."""
    rows = view.rows("allocations")
    if not rows:
        return
    variant = view.plan.funding.variant
    variants = sorted({row["funding"] for row in rows})
    if variant not in variants:
        hint = did_you_mean(variant, variants) or f"The variants are {', '.join(variants)}."
        message = f"{shown(variant)} is not in {view.file('allocations')}, column funding."
        yield Problem(view.settings_file, None, "funding.variant", message, hint)
        return
    there = {(row["payer"], row["funding"], row["year"]) for row in rows}
    for payer in sorted({row["payer"] for row in rows}):
        for funding in variants:
            missing = [year for year in view.plan.years if (payer, funding, year) not in there]
            if missing and (funding == variant or len(missing) < len(view.plan.years)):
                message = f"{payer} has no amount for funding {shown(funding)} in {', '.join(missing)}."
                yield Problem(view.file("allocations"), None, "year", message, "Add the rows.")


@rule("contracts")
def contract_terms(view: View) -> Iterator[Problem]:
    """A contract has what its basis needs."""
    for row in view.rows("contracts"):
        basis = row["basis"]
        if row["payer"] == row["provider"]:
            yield row.problem("provider", f"{row['payer']} pays itself.", "Name the other partner, or remove the row.")
        if basis == "block" and row["value_gbp"] is None:
            yield row.problem("value_gbp", "a block contract needs its value a year.")
        if basis in ("activity", "marginal-rate") and row["price_gbp"] is None:
            yield row.problem("price_gbp", f"a contract on {basis} needs the price of a unit.")
        if basis in ("activity", "marginal-rate") and row["service"] is None:
            yield row.problem("service", f"a contract on {basis} needs the service that is paid for.")


@rule("contracts")
def contract_shares(view: View) -> Iterator[Problem]:
    """Nobody's care is paid for more than once (blocks pay a sum, whatever is done)."""
    for (provider, service), all_rows in view.whole_groups("contracts", "provider", "service").items():
        rows = [row for row in all_rows if row["basis"] != "block"]
        if service is None:
            continue
        for locality in sorted({row["locality"] for row in rows}, key=lambda code: code or ""):
            here = [row for row in rows if row["locality"] in (None, locality)]
            total = sum(row["payer_share"] for row in here)
            if total > 1 + TOLERANCE:
                where = f" from {locality}" if locality else ""
                last = max(here, key=lambda row: (row.file, row.row or 0))
                message = f"the payers' shares of {service}{where} at {provider} add up to {total:.4g}, more than 1."
                yield last.problem("payer_share", message, "Each unit is paid for once.")
                break


@rule("costs", "sites")
def cost_steps(view: View) -> Iterator[Problem]:
    """A stepped cost says how large a step is, and a site belongs to who bears its cost."""
    sites = view.by_code("sites")
    for row in view.rows("costs"):
        if row["step_gbp"] and row["step_size"] is None:
            hint = "Write the beds of a ward, or the units a year of a team."
            yield row.problem("step_size", "there is a cost for each step, but no size of a step.", hint)
        site = sites.get(row["site"]) if row["site"] is not None else None
        if site is not None and site["provider"] != row["provider"]:
            message = f"{row['site']} is run by {site['provider']}, not by {row['provider']}."
            yield row.problem("site", message, "Check who bears the cost.", warning=True)


@rule("costs", SETTINGS)
def cost_sites(view: View) -> Iterator[Problem]:
    """In no year is a cost given both for all sites of a provider and for single sites."""
    for (provider, service), rows in group(view.rows("costs"), "provider", "service").items():
        for year in turning_years(rows, view.plan.base_year):
            here = [row for row in in_force(rows, year, "site") if any(row[name] for name in COSTS)]
            whole = [row for row in here if row["site"] is None]
            if whole and len(here) > 1:
                message = f"{service} of {provider} has a cost for all sites and costs for single sites."
                yield whole[0].problem("site", message, "Keep the one or the others, so that nothing counts twice.")
                break


@rule("funds")
def funds(view: View) -> Iterator[Problem]:
    """What is paid into a fund is what its schemes spend, each year: new money and recycled money apart.

    Otherwise moving money between partners would make some, or lose some.
    """
    for (fund, year, recycled), rows in view.whole_groups("funds", "fund", "year", "recycled").items():
        paid = sum(row["amount_gbp"] for row in rows if row["kind"] == "contribution")
        spent = sum(row["amount_gbp"] for row in rows if row["kind"] == "scheme")
        if abs(paid - spent) > FUND_TOLERANCE * max(paid, spent):
            what = "recycled money" if recycled else "new money"
            message = f"{fund} takes in {paid:,.0f} of {what} in {year} and its schemes spend {spent:,.0f} of it."
            last = max(rows, key=lambda row: (row.file, row.row or 0))
            yield last.problem("amount_gbp", message, "The two must agree within 0.5%.")


@rule("workforce", "services", "costs")
def workforce(view: View) -> Iterator[Problem]:
    """Staff are counted per something that the service has."""
    services = view.by_code("services")
    steps = {(row["provider"], row["service"]) for row in view.rows("costs") if row["step_size"] is not None}
    for row in view.rows("workforce"):
        service = services.get(row["service"])
        if row["per"] == "bed" and service is not None and service["capacity_unit"] != "bed":
            yield row.problem("per", f"{row['service']} has no beds.", "Count staff per step or per thousand units.")
        if row["per"] == "step" and (row["provider"], row["service"]) not in steps and not view.has_bad("costs"):
            hint = f"Add the step to {view.file('costs')}, or count staff per thousand units."
            yield row.problem("per", f"{row['service']} of {row['provider']} has no step.", hint)


@rule("services", "capacity")
def capacity_units(view: View) -> Iterator[Problem]:
    """Capacity is given for services that have a unit of capacity."""
    services = view.by_code("services")
    seen: set[str] = set()
    rows: list[Row] = view.rows("capacity")
    for row in rows:
        service = services.get(row["service"])
        if service is not None and service["capacity_unit"] == "none" and row["service"] not in seen:
            seen.add(row["service"])
            hint = "Write bed or slot in services.csv, or remove the capacity."
            yield row.problem("service", f"{row['service']} has no unit of capacity.", hint)
        day = row["from_date"]
        if day is not None and not start(row["year"]) <= day < start(after(row["year"])):
            yield row.problem("from_date", f"{day} does not lie in {row['year']}.", "Give a day of that year, or none.")


@rule("submissions", "partners")
def published_gaps(view: View) -> Iterator[Problem]:
    """A gap that was published is of partners whose own money is forecast, or of a board: the whole partnership's."""
    partners = view.by_code("partners")
    for row in view.rows("submissions"):
        named = {column: partners[row[column]] for column in ("partner", "counterparty") if row[column] in partners}
        if row["unit"] != GAP or ("partner" in named and named["partner"]["kind"] == BOARD):
            continue
        for column, partner in named.items():
            if partner["kind"] == BOARD:
                message = f"the gap of {row['partner']} is joined to that of {row[column]}, a board, which has none."
                yield row.problem(column, message, "For the gap of the whole partnership name the board as partner.")
            elif not partner["in_system"]:
                message = f"{row[column]} is outside the partnership, so its gap is not forecast."
                yield row.problem(column, message, "Remove the row, or write another unit to keep the figure.")


RULES: tuple[Rule, ...] = (
    price_years,
    allocation_years,
    contract_terms,
    contract_shares,
    cost_steps,
    cost_sites,
    funds,
    workforce,
    capacity_units,
    published_gaps,
)
