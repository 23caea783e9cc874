"""Who gains, who loses, and where care is given."""

from __future__ import annotations

from typing import Any

from bettercare.reporting import text
from bettercare.reporting.chart_gap import said
from bettercare.reporting.chart_rows import Bar, Row, Rows, pounds
from bettercare.reporting.chart_style import BLUE, GREY, ORANGE, Chart, Table
from bettercare.reporting.material import Material

SMALL = 5e4  # pounds: less than this is no change worth naming


def partners(m: Material) -> Chart | None:
    """What the main scenario does to each partner's own gap."""
    table = m.partners
    if not m.compares or table.is_empty():
        return None
    rows, cells = [], []
    for r in table.sort("change", "partner").iter_rows(named=True):
        colour = ORANGE if r["change"] > 0 else BLUE
        words = text.change_of_gap(r["change"]) if abs(r["change"]) >= SMALL else "no change"
        bar = (Bar(0.0, r["change"], colour, hollow=r["change"] < 0),)
        rows.append(Row(r["name"], words, r["p5"], r["p95"], bar))
        cells.append(
            (
                r["name"],
                r["funding_label"],
                text.money(r["gap_base"]),
                text.money(r["gap_do_nothing"]),
                text.money(r["gap"]),
                text.change_of_gap(r["change"]),
                text.change_of_gap(r["own_change"]),
                text.change_of_gap(r["payment_change"]),
            )
        )
    gain, lose = winners(m)
    title = "; ".join(
        part
        for part in (
            f"{text.listed(names(gain))} gain{'s' if len(gain) == 1 else ''}" if gain else "No partner gains",
            f"{text.listed(names(lose))} lose{'s' if len(lose) == 1 else ''}" if lose else "no partner loses",
        )
    )
    title += f" under \u201c{m.labels.scenario(m.main)}\u201d"
    how = (
        "Change of each partner's own gap against doing nothing. A hollow bar to the left is a gain, a filled "
        "bar to the "
        "right a loss; the line is the 90% range, given these assumptions."
    )
    shown = Table(
        f"Partners in {m.year}: gap if nothing is done and under \u201c{m.labels.scenario(m.main)}\u201d",
        (
            "Partner",
            "What it has",
            f"In {m.base_year}",
            "Do nothing",
            "With the plan",
            "Change",
            "of which its own costs and income",
            "of which payments between partners",
        ),
        tuple(cells),
        note=(
            "Averages; minus is a surplus. A council must balance its budget, so what it has is pressure without "
            "funding. "
            "Payments between partners add up to nought."
        ),
    )
    reach = max(abs(v) for r in rows for v in r.reach())
    picture = Rows(rows, "Change of the gap", pounds(reach))
    return Chart("partners", title, said(title, None), how, "modelled", shown, picture)


def winners(m: Material) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Partners that gain and that lose under the main scenario, the largest first."""
    rows = m.partners.to_dicts() if not m.partners.is_empty() else []
    gain = sorted((r for r in rows if r["change"] <= -SMALL), key=lambda r: r["change"])
    lose = sorted((r for r in rows if r["change"] >= SMALL), key=lambda r: -r["change"])
    return gain, lose


def names(rows: list[dict[str, Any]], most: int = 2) -> list[str]:
    """Names of the first, and how many more there are."""
    out = [str(r["name"]) for r in rows[:most]]
    return [*out, f"{len(rows) - most} more"] if len(rows) > most else out


def settings(m: Material) -> Chart | None:
    """What care in each setting costs: base year, doing nothing and the main scenario in the last year."""
    order = [s for s in m.labels.settings if _has(m, s)]
    if len(order) < 2:
        return None
    last = m.f.years[-1]
    base = {s: _cost(m, m.main, s, m.base_year) for s in order}
    rows: list[Row] = []
    for s in order:
        rows.append(Row(m.labels.settings[s], f"{text.money(base[s])} in {m.base_year}", heading=True))
        for name, hollow in ((m.nothing, True), (m.main, False)):
            change = _cost(m, name, s, last) - base[s]
            if name == m.nothing and not m.compares:
                continue
            rows.append(
                Row(
                    m.labels.scenario(name),
                    text.money(change, plus=True),
                    bars=(Bar(0.0, change, GREY if hollow else BLUE, hollow=hollow),),
                )
            )
    title = _finding(m, order, base, last)
    headers = ("Scenario", *(f"{m.labels.settings[s]}" for s in order))
    cells = [(f"{m.base_year}, all", *(_cell(base[s], base) for s in order))]
    for name in m.names:
        costs = {s: _cost(m, name, s, last) for s in order}
        cells.append((f"{m.labels.scenario(name)}, {last}", *(_cell(costs[s], costs) for s in order)))
    table = Table(
        f"What care in each setting costs, {m.base_year} and {last}, at prices of {m.base_year}, and its share",
        headers,
        tuple(cells),
        note="Averages. Costs of the services in the plan; costs that no service carries are left out.",
    )
    how = (
        f"Change from {m.base_year} to {last}, at prices of {m.base_year}. Hollow: doing nothing. Filled: with "
        f"the plan."
    )
    reach = max((abs(v) for r in rows for v in r.reach()), default=1.0)
    return Chart("settings", title, said(title, table), how, "modelled", table, Rows(rows, "Change", pounds(reach)))


def _finding(m: Material, order: list[str], base: dict[str, float], last: str) -> str:
    hospital = order[-1]
    now = {s: _cost(m, m.main, s, last) for s in order}
    before, after = base[hospital] / sum(base.values()), now[hospital] / sum(now.values())
    moved = 100 * (after - before)
    if abs(moved) < 0.5:
        verb = "hardly changes"
    else:
        verb = f"{'rises' if moved > 0 else 'falls'} by {text.number(abs(moved))} points"
    return (
        f"{m.labels.settings[hospital]}: the share of the cost of care {verb} under "
        f"\u201c{m.labels.scenario(m.main)}\u201d, from {100 * before:.1f}% to {100 * after:.1f}%"
    )


def _cell(cost: float, costs: dict[str, float]) -> str:
    return f"{text.money(cost)} ({text.percent(cost / sum(costs.values()))})"


def _cost(m: Material, name: str, setting: str, year: str) -> float:
    return float(m.result(name).draws("resources_gbp", year, place=setting).mean())


def _has(m: Material, setting: str) -> bool:
    try:
        return any(_cost(m, n, setting, y) for n in m.names for y in m.f.years)
    except KeyError:
        return False
