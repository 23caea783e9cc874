"""What a plan expects of every service in a year, for engines that take it as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from bettercare.engines.forecast.activity import project
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.compile_activity import Names, activity_rows, people_of
from bettercare.model.beds import dispersion
from bettercare.plan.plan import Plan

EVERYONE = (0, 120)


@dataclass(frozen=True)
class Expected:
    """Expected activity of one year, every uncertain input at the middle of its range (its median), without chance.

    `activity` has a row for each service, locality and age band: service, locality, age_low, age_high, count, days (sum
    of lengths of stay) and squares (sum of their squares). Services and localities add up to the forecast exactly;
    within them ages follow the base year and the population. `dispersion` is the variance of daily occupancy over its
    mean, by (service, site), that the base year's open beds imply.
    """

    scenario: str
    year: str
    activity: pl.DataFrame
    dispersion: Mapping[tuple[str, str], float]

    def total(self, service: str, column: str = "count") -> float:
        """The sum of a column over one service."""
        return float(self.activity.filter(pl.col("service") == service)[column].sum())


def expected_activity(plan: Plan, year: str) -> Expected:
    """Expected activity of a plan (under a scenario: `plan.under(name)`) in one of its years."""
    system = compile_plan(plan)
    y = system.at_year(year)
    total = project(system, np.full((1, len(system.inputs)), 0.5)).total[:, :, :, y, 0]
    names = Names.of(plan)
    people = people_of(plan, names)
    rows = activity_rows(plan, names)
    found: list[tuple[str, str, int, int, float, float, float]] = []
    for s, service in enumerate(system.services):
        r = rows[service]
        ratio = np.array([people.ratio(*key)[0, y] for key in r.keys]) if r.keys else np.zeros(0)
        count = r.count * ratio
        days = count * r.mean_stay
        squared = count * (r.mean_stay**2 + r.sd_stay**2)
        for place, locality in enumerate(system.localities):
            want = total[:, s, place]
            if want[0] <= 0.0:
                continue
            here = np.flatnonzero(r.locality == place)
            parts = np.stack([count[here], days[here], squared[here]])
            sums = parts.sum(axis=1)
            if sums[0] <= 0.0:  # a service that is new: nothing says how old its people are
                found.append((service, locality, *EVERYONE, float(want[0]), float(want[1]), float(want[2])))
                continue
            scale = np.divide(want, sums, out=np.zeros(3), where=sums > 0.0)
            bands: dict[tuple[int, int], list[float]] = {}
            for k, row in enumerate(here):
                band = bands.setdefault((int(r.low[row]), int(r.high[row])), [0.0, 0.0, 0.0])
                for m in range(3):
                    band[m] += float(parts[m, k] * scale[m])
            for (low, high), (n, stays, squares) in sorted(bands.items()):
                found.append((service, locality, low, high, n, stays, squares))
    schema = ("service", "locality", "age_low", "age_high", "count", "days", "squares")
    return Expected(
        scenario=system.scenario,
        year=year,
        activity=pl.DataFrame(found, schema=list(schema), orient="row"),
        dispersion={
            (system.services[b.service], system.sites[b.site]): float(dispersion(b.margin, b.full_risk))
            for b in system.beds
            if b.margin > 0.0
        },
    )
