"""All charts of a report, in the order of its chapters; a chart that a plan has no numbers for is left out."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bettercare.reporting import (
    chart_beds,
    chart_gap,
    chart_initiatives,
    chart_lines,
    chart_partners,
    chart_people,
    chart_rows,
    chart_sensitivity,
)
from bettercare.reporting.chart_style import Chart
from bettercare.reporting.material import Material

MAKERS: dict[str, Callable[[Material], Chart | None]] = {
    "scenarios": chart_gap.scenarios,
    "fan": chart_gap.fan,
    "why-nothing": chart_gap.why_nothing,
    "why-main": chart_gap.why_main,
    "beds": chart_beds.by_year,
    "partners": chart_partners.partners,
    "population": chart_people.population,
    "deprivation": chart_people.deprivation,
    "settings": chart_partners.settings,
    "carrying": chart_initiatives.carrying,
    "forest": chart_initiatives.forest,
    "tornado": chart_sensitivity.tornado,
    "shares": chart_sensitivity.shares,
}


def prepare() -> None:
    """Load altair and make its templates in the background, where there is something else to wait for."""
    for kind in (chart_rows.prepare, chart_lines.prepare):
        threading.Thread(target=kind, name="charts").start()


def all_charts(m: Material) -> dict[str, Chart]:
    """The charts by code."""
    made = {code: make(m) for code, make in MAKERS.items()}
    return {code: chart for code, chart in made.items() if chart is not None}
