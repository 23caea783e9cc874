"""Write the money tables of the worked example from its care tables and the source figures.

prices, allocations, contracts, costs, workforce, finances, capital, funds, and submissions (published gaps). Rerunnable and deterministic; run it
after the care tables have changed. Amounts are 2013/14 pounds unless a year is named.
"""

from __future__ import annotations

from pathlib import Path

from . import (
    check_money,
    money_contracts,
    money_costs,
    money_finances,
    money_funds,
    money_prices,
    money_published,
    money_workforce,
)
from . import money_read as mr


def main(folder: Path = mr.PLAN) -> None:
    """Write the nine tables and print how the base year agrees with what was published."""
    figures = mr.Figures()
    care = mr.care(folder)
    costs = money_costs.build(care, figures)
    contracts = money_contracts.build(care, costs, figures)
    tables = {
        "costs": costs.rows,
        "contracts": contracts.rows,
        "finances": money_finances.finances(contracts, costs, figures),
        "allocations": money_finances.allocations(contracts, figures),
        "prices": money_prices.prices(),
        "funds": money_funds.funds(figures),
        "capital": money_funds.capital(figures),
        "workforce": money_workforce.workforce(care, costs),
        "submissions": money_published.submissions(figures),
    }
    for name, rows in tables.items():
        print(f"{name}.csv: {mr.write(name, rows, folder)} rows")
    for provider, factor in costs.scale.items():
        print(f"{provider}: unit costs give {costs.raw[provider] / 1e6:.1f}m before a factor of {factor:g}")
    check_money.main(folder)


if __name__ == "__main__":
    main()
