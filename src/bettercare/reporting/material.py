"""Everything that a report says, worked out once from a forecast: what the page, the screen and the charts share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines import forecast as engine
from bettercare.engines.forecast import Forecast, Tornado
from bettercare.engines.forecast.compare import comparison_of, spread
from bettercare.engines.forecast.results import ScenarioResult
from bettercare.foundation import years as calendar
from bettercare.model.timing import starts
from bettercare.plan.plan import Plan
from bettercare.reporting import badges
from bettercare.reporting.labels import BED_GROUPS, Labels, brief

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """A result as people see it: the average of the draws and the ends of its 90% range."""

    mean: float
    p5: float
    p95: float
    p50: float = 0.0

    @classmethod
    def of(cls, draws: Array) -> Spread:
        s = spread(draws)
        return cls(s["mean"], s["p5"], s["p95"], s["p50"])


@dataclass
class Material:
    """A forecast and its explanations. Tables are worked out when they are first asked for."""

    f: Forecast
    labels: Labels = field(init=False)

    def __post_init__(self) -> None:
        self.labels = Labels(self.f.plan)

    @property
    def plan(self) -> Plan:
        return self.f.plan

    @property
    def names(self) -> tuple[str, ...]:
        """Scenarios in the plan's order."""
        return tuple(n for n in self.plan.scenario_names if n in self.f.scenarios)

    @property
    def year(self) -> str:
        """The year that summaries show."""
        return self.plan.settings.headline_year

    @property
    def base_year(self) -> str:
        return self.f.years[0]

    @cached_property
    def nothing(self) -> str:
        """The scenario of doing nothing (the first one where that was not run)."""
        return comparison_of(self.f)

    @cached_property
    def main(self) -> str:
        """The scenario that is shown first."""
        chosen = self.plan.settings.main
        return chosen if chosen in self.f.scenarios else self.names[-1]

    @property
    def compares(self) -> bool:
        """Whether there is a scenario to hold against another."""
        return self.main != self.nothing

    def result(self, name: str) -> ScenarioResult:
        return self.f.scenarios[name]

    def has(self, measure: str, scenario: str = "") -> bool:
        """Whether a measure exists with something in it."""
        result = self.result(scenario or self.main)
        for i, key in enumerate(result.keys):
            if key.measure == measure and not (key.service or key.place or key.partner):
                return bool(np.any(result.values[i]))
        return False

    def spread(self, name: str, measure: str, year: str = "", **where: str) -> Spread:
        """A measure of a scenario in a year (the headline year when left out)."""
        return Spread.of(self.result(name).draws(measure, year or self.year, **where))

    def change(self, base: str, other: str, measure: str = "gap_gbp", year: str = "", **where: str) -> Spread:
        """What `other` changes against `base`, draw by draw, so that both have the same luck."""
        year = year or self.year
        after = self.result(other).draws(measure, year, **where)
        return Spread.of(after - self.result(base).draws(measure, year, **where))

    @property
    def bed_groups(self) -> list[str]:
        return [g for g in BED_GROUPS if self.has(f"{g}_needed")]

    def causes(self, name: str) -> pl.DataFrame:
        """Causes of the gap: group, kind, label, value (GBP, means); none in a plan without money."""
        names = {"group": pl.String, "kind": pl.String, "label": pl.String, "value": pl.Float64}
        if not any(measure == "gap_gbp" for measure, _ in self.result(name).ledger):
            return pl.DataFrame(schema=names)
        return engine.causes(self.f, name, self.year)

    @cached_property
    def initiatives(self) -> pl.DataFrame:
        """Effects of the main scenario's initiatives in the headline year."""
        return engine.initiative_table(self.f, self.main, self.year)

    @cached_property
    def by_initiative(self) -> pl.DataFrame:
        """What each initiative does to the gap: code, title, low, mid, high (GBP), badge; the most helpful first."""
        result = self.result(self.main)
        y = self.f.years.index(self.year)
        names = {str(code): self.labels.initiatives.get(str(code), str(code)) for code in result.system.initiatives}
        rows = []
        for code, title in names.items():
            draws = result.gap_causes.get(("initiative", code))
            if draws is not None and np.any(draws[y]):
                s = Spread.of(draws[y])
                rows.append({"code": code, "title": title, "mean": s.mean, "p5": s.p5, "p95": s.p95})
        schema = {"code": pl.String, "title": pl.String, "mean": pl.Float64, "p5": pl.Float64, "p95": pl.Float64}
        return pl.DataFrame(rows, schema=schema).sort("mean", "code")

    @cached_property
    def partners(self) -> pl.DataFrame:
        table = engine.partner_table(self.f, self.main, self.year)
        return table.with_columns(pl.col("name").map_elements(brief, return_dtype=pl.String)) if table.height else table

    @cached_property
    def savings(self) -> pl.DataFrame:
        return engine.savings(self.f, self.main, self.year)

    @cached_property
    def worth(self) -> dict[str, dict[str, float]]:
        """Net present value of each scenario but doing nothing."""
        return {n: engine.net_present_value(self.f, n) for n in self.names if n != self.nothing}

    @cached_property
    def published(self) -> pl.DataFrame:
        """Published gaps beside ours; empty where none was published or doing nothing was not run."""
        if self.plan.settings.comparison not in self.f.scenarios:
            return pl.DataFrame()
        return engine.published_gap(self.f, self.year)

    @cached_property
    def tornado(self) -> Tornado:
        return engine.tornado(self.plan, self.main, self.year)

    @cached_property
    def shares(self) -> pl.DataFrame:
        return engine.variance_shares(self.result(self.main), self.year)

    @cached_property
    def tested(self) -> pl.DataFrame:
        """The back-test against the plan's own observations."""
        return engine.backtest(self.f)

    @cached_property
    def badges(self) -> pl.DataFrame:
        return badges.count(self.plan)

    @cached_property
    def dates(self) -> pl.DataFrame:
        """When each initiative of the main scenario goes live: planned date, chance of being late, likely delay."""
        return live_dates(self.plan.under(self.main), self.result(self.main))

    @cached_property
    def without_lever(self) -> pl.DataFrame:
        """Initiatives with no effect on activity: code, title, reason."""
        pulling = self.plan.tables["effects"]["initiative"].unique()
        table = self.plan.tables["initiatives"].filter(~pl.col("code").is_in(pulling.implode()))
        return table.select("code", "title", reason=pl.col("no_lever_reason").fill_null("No reason is given"))

    @property
    def failing(self) -> str | None:
        """The scenario that warns: the first one with a trigger."""
        for name in self.names:
            if self.plan.scenarios[name].trigger:
                return name
        return None


LATE_MONTHS = 3.0


def live_dates(plan: Plan, result: ScenarioResult) -> pl.DataFrame:
    """Initiative, title, planned date, chance of going live at least three months late, mean delay in months."""
    system = result.system
    table = plan.tables["milestones"].filter(pl.col("kind") == "live")
    planned = {r["initiative"]: r["date"] for r in table.iter_rows(named=True)}
    titles = dict(plan.tables["initiatives"].select("code", "title").iter_rows())
    slips = np.stack([q.values(result.inputs) for q in system.slips]) if system.slips else np.zeros((0, 1))
    when = starts(system.milestones, slips)
    first = calendar.start(system.years[0])
    rows = []
    for i, code in enumerate(system.initiatives):
        date = planned.get(code)
        if date is None:
            continue
        delay = when[system.live[i]] - calendar.months_between(first, date)
        rows.append(
            {
                "code": code,
                "title": titles[code],
                "date": date,
                "late": float((delay >= LATE_MONTHS).mean()),
                "delay": float(delay.mean()),
                "p95": float(np.quantile(delay, 0.95)),
            }
        )
    schema = {
        "code": pl.String,
        "title": pl.String,
        "date": pl.Date,
        "late": pl.Float64,
        "delay": pl.Float64,
        "p95": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema).sort("date", "code")
