"""Beds: how many are needed and how many are open, by kind and year, and by site."""

from __future__ import annotations

from bettercare.reporting import text
from bettercare.reporting.chart_gap import said
from bettercare.reporting.chart_lines import Panel, Panels
from bettercare.reporting.chart_style import WIDTH, Chart, Table
from bettercare.reporting.labels import BED_GROUPS
from bettercare.reporting.material import Material, Spread


def shortfall(need: Spread, opened: float) -> str:
    """`31 beds too few`, `12 beds to spare`, `as many as are needed`."""
    short = round(need.mean) - round(opened)
    if short == 0:
        return "as many as are needed"
    return f"{text.counted(abs(short), 'bed')} {'too few' if short > 0 else 'to spare'}"


def opened(m: Material, group: str, name: str = "", year: str = "") -> float:
    """Beds open of a group under a scenario."""
    return m.spread(name or m.main, f"{group}_open", year).mean


def by_year(m: Material) -> Chart | None:
    """Beds needed with their range against beds open, one panel a kind of bed."""
    groups = m.bed_groups
    if not groups:
        return None
    years = m.f.years
    panels, cells = [], []
    for group in groups:
        points: list[dict[str, float]] = []
        for i, year in enumerate(years):
            s, n = (m.spread(k, f"{group}_needed", year) for k in (m.main, m.nothing))
            o = opened(m, group, year=year)
            points.append({"year": i, "mean": s.mean, "low": s.p5, "high": s.p95, "dashed": n.mean, "open": o})
            ends = text.span(text.beds(s.p5), text.beds(s.p95))
            cells.append((BED_GROUPS[group], year, text.beds(s.mean), ends, text.beds(n.mean), text.beds(o)))
        need = m.spread(m.main, f"{group}_needed")
        open_ = opened(m, group)
        numbers = f"{text.beds(need.mean)} needed, {text.beds(open_)} open: {shortfall(need, open_)}"
        panels.append(Panel([f"{BED_GROUPS[group]}, {m.year}:", numbers], points))
    picture = Panels(
        panels,
        size=(WIDTH - 60, 130),
        years=tuple(year[2:] for year in years),
        ticks=list(range(len(years))) if len(years) <= 7 else [0, len(years) - 1],
        labels="format(datum.value, ',.0f')",
        without=("zero",),
        extent=40,
    )
    worst = max(groups, key=lambda g: m.spread(m.main, f"{g}_needed").mean - opened(m, g))
    need, open_ = m.spread(m.main, f"{worst}_needed"), opened(m, worst)
    title = (
        f"{BED_GROUPS[worst]}: {text.beds(need.mean)} needed in {m.year} under "
        f"\u201c{m.labels.scenario(m.main)}\u201d, "
        f"{text.beds(open_)} open, {shortfall(need, open_)}"
    )
    table = Table(
        f"Beds needed under \u201c{m.labels.scenario(m.main)}\u201d and beds open",
        ("Kind of bed", "Year", "Needed", "90% range", "Needed if nothing is done", "Open in the plan"),
        tuple(cells),
    )
    how = (
        "Solid line: beds needed; band: 5% to 95% point, given these assumptions. Dashed line: needed if nothing "
        "is done. "
        "Black squares: beds that the plan has open. The scales do not begin at nought."
    )
    return Chart("beds", title, said(title, None), how, "modelled", table, picture)


def by_site(m: Material) -> Table | None:
    """Beds needed and open at each site in the headline year; the badge is that of the site's own row."""
    result = m.result(m.main)
    year = result.system.years.index(m.year)
    rows, marks = [], []
    for row in result.system.beds:
        service, site = result.system.services[row.service], result.system.sites[row.site]
        s = m.spread(m.main, "beds_needed", service=service, place=site)
        o = m.spread(m.main, "beds_open", service=service, place=site).mean
        if not (s.p95 or o):
            continue
        risk = _risk(m, service, site)
        rows.append(
            (
                m.labels.sites.get(site, site),
                m.labels.service(service),
                text.beds(s.mean),
                text.span(text.beds(s.p5), text.beds(s.p95)),
                text.beds(o),
                risk,
                row.basis,
            )
        )
        marks.append(row.badges[year])
    if not rows:
        return None
    order = sorted(range(len(rows)), key=lambda i: rows[i][:2])
    return Table(
        f"Beds by site in {m.year}, \u201c{m.labels.scenario(m.main)}\u201d",
        ("Site", "Service", "Needed", "90% range", "Open", "Chance of being full on a day", "Basis of the count"),
        tuple(rows[i] for i in order),
        tuple(marks[i] for i in order),
        "Ranges of sites must not be added: when one hospital is unlucky, another need not be.",
    )


def _risk(m: Material, service: str, site: str) -> str:
    try:
        return text.percent(m.spread(m.main, "risk_of_full", service=service, place=site).mean)
    except KeyError:
        return ""
