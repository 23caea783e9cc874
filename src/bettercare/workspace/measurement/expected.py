"""What the forecast of the plan expected of an indicator, for its chart; worked out beside the requests."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from bettercare.appraisal.months import part
from bettercare.foundation.years import label
from bettercare.reporting import text
from bettercare.reporting.chart_control import Expected
from bettercare.workspace.measurement.catalogue import Definition
from bettercare.workspace.measurement.records import MADE_UP
from bettercare.workspace.measurement.series import PUBLISHED, Series, say, unit_words
from bettercare.workspace.plans import DRAWS, forecast_of
from bettercare.workspace.programme import facts
from bettercare.workspace.public import contribution

if TYPE_CHECKING:
    from bettercare import Plan

SHARES = ("%", "percent")
MONTHS = 12


def has_measure(plan: Plan, definition: Definition, series: Series) -> dict[str, Any] | None:
    """The indicator of the plan that says which measure of the forecast a series can be held against, if any.

    A series of one partner or locality can, where the plan's indicator is of the same, or is a total that the forecast
    has by locality.
    """
    row = facts.row(plan, "indicators", code=definition.in_plan) if definition.in_plan else None
    if (
        row is None
        or not row["measure"]
        or _of_a_sample(definition, series)
        or (series.partner or "") not in ("", row["partner"] or "")
    ):
        return None
    return row


def _of_a_sample(definition: Definition, series: Series) -> bool:
    """Whether it counts made-up people, who are fewer than those whom the forecast is of."""
    return series.badge == MADE_UP and definition.unit not in SHARES


def path(plan: Plan, definition: Definition, series: Series) -> list[Expected] | None:
    """The forecast's path under the main scenario: empty where it has none, None while it is being worked out.

    Of a year's number each month has its part (`appraisal.months`): its days, and the plan's seasons.
    """
    row = has_measure(plan, definition, series)
    if row is None:
        return []
    if contribution.contributions(plan) is None:
        return [] if contribution.failed(plan) else None
    main = plan.settings.main
    made = forecast_of(plan, [main], DRAWS)
    result = made.result(main)
    place = str(row["site"] or series.locality or row["locality"] or "")
    whole = series.source == PUBLISHED or definition.unit in SHARES
    measure, service = str(row["measure"]), str(row["service"] or "")
    out = []
    for year in made.years:
        try:
            draws = result.draws(measure, year, service, place, str(row["partner"] or ""))
        except KeyError:
            return []
        mean, (p5, p95) = float(draws.mean()), (float(q) for q in np.quantile(draws, [0.05, 0.95]))
        for when in _dates(year, series):
            month = when.year * MONTHS + when.month - 1
            share = 1.0 if whole else part(plan, measure, service, month, month)
            out.append(Expected(when, mean * share, p5 * share, p95 * share))
    return out


def years(plan: Plan, definition: Definition, series: Series | None) -> list[tuple[str, str, str]] | None:
    """The forecast of each financial year in words: year, mean, 90% range. It needs nothing to have been seen.

    Empty where the plan does not forecast the measure at the series' place, None while it is being worked out.
    """
    place = (series.partner, series.locality) if series else ("", "")
    found = path(plan, definition, Series(definition.code, PUBLISHED, *place, (), "modelled"))
    if found is None:
        return None
    unit = definition.unit
    return [
        (
            label(e.when.year),
            f"{say(unit, e.mean)} {unit_words(unit)}".strip(),
            text.span(say(unit, e.p5), say(unit, e.p95)),
        )
        for e in found
    ]


def _dates(year: str, series: Series) -> list[date]:
    """Where a financial year stands on a chart: its first day, or each of its months."""
    first = int(year[:4])
    if series.source == PUBLISHED:
        return [date(first, 4, 1)]
    months = [date(first + (m > MONTHS), (m - 1) % MONTHS + 1, 1) for m in range(4, 4 + MONTHS)]
    return [m for m in months if series.rows and series.rows[0].when <= m <= series.rows[-1].when]
