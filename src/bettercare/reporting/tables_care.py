"""Tables of care: what is given in each scenario, and the beds of each site."""

from __future__ import annotations

from dataclasses import replace

from bettercare.reporting import chart_beds, text
from bettercare.reporting.chart_style import Table
from bettercare.reporting.labels import MEASURES
from bettercare.reporting.material import Material, Spread

ACTIVITY = (
    "emergency_admissions",
    "elective_admissions",
    "maternity_admissions",
    "urgent_attendances",
    "outpatient_attendances",
    "staff_wte",
)


def activity(m: Material) -> Table | None:
    """Admissions, attendances and staff: base year and headline year of each scenario."""
    measures = [k for k in ACTIVITY if any(m.has(k, n) for n in m.names)]
    if not measures:
        return None
    base = {k: m.spread(m.main, k, m.base_year).mean for k in measures}
    rows = [(f"{m.base_year}, all", *(text.number(base[k]) for k in measures))]
    rows += [(m.labels.scenario(n), *(_amount(m.spread(n, k), base[k]) for k in measures)) for n in m.names]
    return Table(
        f"Care given and staff needed in {m.year}, people who live in the area",
        ("Scenario", *(MEASURES[k] for k in measures)),
        tuple(rows),
        ("modelled",) * len(rows),
        f"Average, change since {m.base_year}, and 90% range {text.ASSUMING}.",
        kind="spans",
    )


def _amount(s: Spread, base: float) -> str:
    change = f" ({text.percent(s.mean / base - 1.0, plus=True)})" if base else ""
    return f"{text.number(s.mean)}{change}: {text.span(text.number(s.p5), text.number(s.p95))}"


def by_site(m: Material) -> Table | None:
    """Beds by site, with what stands behind the need at a site that is closed."""
    table = chart_beds.by_site(m)
    if table is None:
        return None
    system = m.result(m.main).system
    shut: dict[tuple[str, str], str] = {}
    for row in system.beds:
        service, site = system.services[row.service], system.sites[row.site]
        if row.open[0] > 0.0 and row.open[m.f.years.index(m.year)] == 0.0:
            shut[m.labels.sites.get(site, site), m.labels.service(service)] = service
    rows = [(*r[:4], "closed", "", r[6]) if r[:2] in shut else r for r in table.rows]
    notes = [table.note]
    for (site, service), need in ((r[:2], r[2]) for r in rows if r[:2] in shut):
        notes.append(
            f"{site} ({service.lower()}) is closed in the plan. The {need} beds that its patients need are still shown "
            "there, and count as too few, because no row of the plan says where those patients go."
        )
    if len({r[6] for r in rows}) == 1:
        notes.insert(0, f"Beds are counted as: {rows[0][6]}.")
        return replace(table, headers=table.headers[:6], rows=tuple(r[:6] for r in rows), note=" ".join(notes))
    return replace(table, rows=tuple(rows), note=" ".join(notes))
