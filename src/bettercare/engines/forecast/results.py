"""The results of a forecast: one tidy table, ledgers, and the draws behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.causes import Cause
from bettercare.engines.forecast.measures import Key
from bettercare.engines.forecast.system import System
from bettercare.foundation.problems import UsageError, did_you_mean
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]

QUANTILES = {"p5": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}


def known(names: Collection[str], name: str, what: str) -> None:
    """Raise UsageError, with the nearest name or all of them, where a forecast has no scenario or measure so named."""
    if name not in names:
        hint = did_you_mean(name, names) or f"It has: {', '.join(sorted(names))}."
        raise UsageError(f'There is no {what} "{name}" in this forecast. {hint}')


@dataclass(frozen=True, eq=False)
class ScenarioResult:
    """One scenario: values of every key in every year and draw, (keys, years, draws), and what explains them.

    `ledger` maps (measure, cause) to its mean part of the change since the base year in each year; the parts of a
    measure add up to its mean. `partner_kinds` is (partners, kinds, years), means. `real` holds money of the system at
    base-year prices: resources by service, (services, years, draws), and carried, outside, invested, once_real.
    `out` and `alone` are what each effect takes with the others and by itself, (effects, years, draws).
    `gap_causes` holds every cause's part of the system's gap in every draw, (years, draws). `inputs` are the positions
    of the named inputs, (draws, inputs).
    """

    plan: Plan
    system: System
    keys: tuple[Key, ...]
    values: Array
    ledger: Mapping[tuple[str, Cause], Array]
    partner_kinds: Array
    real: Mapping[str, Array]
    out: Array
    alone: Array
    gap_causes: Mapping[Cause, Array]
    inputs: Array

    def draws(self, measure: str, year: str, service: str = "", place: str = "", partner: str = "") -> Array:
        """Values of one measure in one year, one a draw; KeyError where there is no such row."""
        return np.asarray(self.values[self.row(measure, service, place, partner), self.system.at_year(year)])

    def check_measure(self, measure: str) -> None:
        """Raise UsageError where there is no such measure of the whole system."""
        known({k.measure for k in self.keys if not (k.service or k.place or k.partner)}, measure, "measure")

    def row(self, measure: str, service: str = "", place: str = "", partner: str = "") -> int:
        """Where a measure stands among the keys; KeyError where there is none."""
        where = (measure, service, place, partner)
        if where not in self._at:
            raise KeyError(f"no {measure} for service={service!r} place={place!r} partner={partner!r}")
        return self._at[where]

    @cached_property
    def _at(self) -> dict[tuple[str, str, str, str], int]:
        return {(k.measure, k.service, k.place, k.partner): i for i, k in enumerate(self.keys)}

    @cached_property
    def statistics(self) -> Array:
        """p5 to p95 and the mean over draws of every key and year, (statistics, keys, years)."""
        keys, years, draws = self.values.shape
        place = np.array(list(QUANTILES.values())) * (draws - 1)
        below = np.minimum(place.astype(np.intp), draws - 2)
        part = place - below
        out = np.empty((len(QUANTILES) + 1, keys, years))
        for k in range(keys):  # one sort for all quantiles, a few rows at a time so that they stay in cache
            ordered = np.sort(self.values[k], axis=1)
            low, high = ordered[:, below], ordered[:, below + 1]
            out[:-1, k] = (low + (high - low) * part).T  # straight lines between draws, as in numpy.quantile
            out[-1, k] = ordered.mean(axis=1)
        return out

    def input_table(self) -> pl.DataFrame:
        """The draws of the named inputs: how far up its range each lies, one row a draw, one column an input."""
        return pl.DataFrame(self.inputs, schema=[i.name for i in self.system.inputs])


@dataclass(frozen=True)
class Forecast:
    """The scenarios of a plan, forecast with the same luck."""

    plan: Plan
    scenarios: Mapping[str, ScenarioResult]
    draws: int
    seed: int
    seconds: float

    @property
    def years(self) -> tuple[str, ...]:
        """Financial years, the base year first."""
        return next(iter(self.scenarios.values())).system.years

    def result(self, scenario: str) -> ScenarioResult:
        """The results of a scenario. Raises UsageError for one that was not forecast."""
        known(self.scenarios, scenario, "scenario")
        return self.scenarios[scenario]

    def table(self) -> pl.DataFrame:
        """Tidy results: scenario, statistic, year, place, service, partner, measure, value, unit, badge.

        `statistic` is a quantile over draws (p5 ... p95) or the mean.
        """
        return pl.concat([_tidy(name, result) for name, result in self.scenarios.items()])

    def summary(self, scenario: str, year: str, measure: str, **where: str) -> dict[str, float]:
        """p5, p50, p95 and mean of one measure."""
        result = self.result(scenario)
        found = result.statistics[:, result.row(measure, **where), result.system.at_year(year)]
        every = dict(zip([*QUANTILES, "mean"], found.tolist(), strict=True))
        return {name: every[name] for name in ("p5", "p50", "p95", "mean")}

    def ledger(self, scenario: str, measure: str) -> pl.DataFrame:
        """Why a measure changed since the base year: kind, cause, year, value (mean over draws); parts add up."""
        result = self.result(scenario)
        rows = [
            (kind, code, year, float(values[y]))
            for (name, (kind, code)), values in result.ledger.items()
            if name == measure
            for y, year in enumerate(result.system.years)
        ]
        schema = {"kind": pl.String, "cause": pl.String, "year": pl.String, "value": pl.Float64}
        return pl.DataFrame(rows, schema=schema, orient="row")


def _tidy(name: str, result: ScenarioResult) -> pl.DataFrame:
    years = result.system.years
    stats = result.statistics
    labels = [*QUANTILES, "mean"]
    keys = result.keys
    size = len(labels) * len(years)
    repeat = {
        c: pl.Series(c, [getattr(k, c) for k in keys]).gather(np.repeat(np.arange(len(keys)), size))
        for c in ("place", "service", "partner", "measure", "unit")
    }
    statistic = np.tile(np.repeat(np.arange(len(labels)), len(years)), len(keys))
    year = np.tile(np.arange(len(years)), len(labels) * len(keys))
    badges = [badge for k in keys for badge in k.badges or ("modelled",) * len(years)]
    badge = np.repeat(np.arange(len(badges)).reshape(len(keys), 1, len(years)), len(labels), axis=1).reshape(-1)
    return pl.DataFrame(
        {
            "scenario": pl.Series([name]).gather(np.zeros(len(statistic), dtype=np.int64)),
            "statistic": pl.Series(labels).gather(statistic),
            "year": pl.Series(list(years)).gather(year),
            "place": repeat["place"],
            "service": repeat["service"],
            "partner": repeat["partner"],
            "measure": repeat["measure"],
            "value": stats.transpose(1, 0, 2).reshape(-1),
            "unit": repeat["unit"],
            "badge": pl.Series(badges).gather(badge),
        }
    )
