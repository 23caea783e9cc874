"""All charts of a report, in the order of its chapters; a chart that a plan has no numbers for is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bettercare.reporting import (
    chart_beds,
    chart_gap,
    chart_initiatives,
    chart_partners,
    chart_people,
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


def each_chart(m: Material) -> Iterator[Chart]:
    """The charts, one after the other, so that one can be drawn while the next is made."""
    for make in MAKERS.values():
        chart = make(m)
        if chart is not None:
            yield chart
