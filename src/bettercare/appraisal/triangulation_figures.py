"""The plan's own figures, about the same subjects as partners' returns.

The base year is the plan's, worked out without chance; later years are the forecast's means. Beds open, staff in post
and pooled funds are rows of the plan in any year.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.appraisal.triangulation_lines import Stated, Subject
from bettercare.engines.forecast.compile import compile_plan
from bettercare.engines.forecast.money import levels, paid_for
from bettercare.engines.forecast.results import Forecast
from bettercare.engines.forecast.run import evaluate
from bettercare.foundation.problems import UsageError, did_you_mean, shown
from bettercare.plan.badges import badge_of, weakest
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]

TOTALS = {"staff needed": "staff_wte", "income": "income_gbp", "cost": "cost_gbp"}
BASES = {
    "activity": "activity delivered",
    "staff in post": "in post",
    "staff needed": "need at the plan's staffing levels",
    "payment": "accruals in prices of the year",
    "income": "recurrent accruals in prices of the year",
    "cost": "recurrent accruals in prices of the year",
    "fund": "agreed fund",
}


class Figures:
    """The plan's figures by subject, and the forecast's saving of each initiative.

    Without a forecast only the base year and what the plan itself states of later years are known, and no savings.
    """

    def __init__(self, plan: Plan, forecast: Forecast | None = None, scenario: str | None = None) -> None:
        if forecast is not None and forecast.plan.fingerprint != plan.fingerprint:
            raise UsageError(f"The forecast is of revision {forecast.plan.revision}, the plan is {plan.revision}.")
        self.scenario = _chosen(plan, forecast, scenario)
        self.plan = plan.under(self.scenario) if self.scenario else plan
        self.has_forecast = forecast is not None
        self._result = forecast.scenarios[self.scenario] if forecast is not None else None
        if self._result is not None:
            self.system, self._positions = self._result.system, self._result.inputs
            self._values = {(k.measure, k.service, k.place, k.partner): v for k, v in self._keyed()}
        else:
            self.system = compile_plan(self.plan)
            self._positions = np.full((1, len(self.system.inputs)), 0.5)
            batch = evaluate(self.system, self._positions).values
            self._values = {(k.measure, k.service, k.place, k.partner): v for k, v in batch.items()}
        self.years = self.system.years
        self._known = len(self.years) if self.has_forecast else 1  # years whose values can be told
        self._badges = dict(plan.tables["evidence"].select("code", "badge").iter_rows())
        self._found: dict[Subject, list[Stated]] = {}
        for part in (self._activity, self._payments, self._totals, self._beds, self._in_post, self._funds):
            part()

    def _keyed(self) -> Iterable[tuple[Any, Array]]:
        assert self._result is not None
        return zip(self._result.keys, self._result.values, strict=True)

    def of(self, subject: Subject) -> list[Stated]:
        """What the plan or the forecast says about a subject; of a pooled fund, a figure for each partner and side."""
        return self._found.get(subject, [])

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Everything that the plan has a figure about."""
        return tuple(self._found)

    def saving(self, initiative: str, year: str) -> float | None:
        """What the forecast expects an initiative to take off the system's gap in a year (mean, GBP).

        Its own running costs are counted. None where there is no forecast; 0 for an initiative that does not happen.
        """
        if self._result is None or year not in self.years:
            return None
        gap = self._result.gap_causes.get(("initiative", initiative))
        return 0.0 if gap is None else -float(gap[self.years.index(year)].mean())

    def saving_error(self, initiative: str, year: str) -> float:
        """The standard error of that mean, GBP: how far it may lie from the mean of ever more draws."""
        if self._result is None or year not in self.years:
            return 0.0
        gap = self._result.gap_causes.get(("initiative", initiative))
        return 0.0 if gap is None else float(np.std(gap[self.years.index(year)]) / np.sqrt(gap.shape[-1]))

    def unit(self, service: str) -> str:
        """The currency of a service."""
        return dict(zip(self.system.services, self.system.traits["currency"], strict=True)).get(service, "")

    def _add(self, subject: Subject, value: float, badge: str, basis: str, where: str = "", **more: str) -> None:
        """Enter a figure; with `where` it is a row of the plan, else the base year's value or the forecast's mean."""
        who, source = "plan", where
        if not where:
            base = subject.year == self.years[0]
            who, source = ("plan", "base year") if base else ("forecast", f"mean under {self.scenario}")
        self._found.setdefault(subject, []).append(
            Stated(who, more.get("role", ""), float(value), badge, basis, source, more.get("of", ""))
        )

    @cached_property
    def _count(self) -> Array:
        """Activity, (services, localities, years, draws)."""
        return np.stack(
            [
                np.stack([self._values["activity", service, place, ""] for place in self.system.localities])
                for service in self.system.services
            ]
        )

    def _activity(self) -> None:
        """Activity that each provider delivers, in all and for each payer."""
        s = self.system
        mean = self._count.mean(axis=-1)
        of_service = [self._badge_of_service(service) for service in s.services]
        sites = [np.flatnonzero(s.provider_of == p) for p in range(len(s.partners))]
        for i, service in enumerate(s.services):
            for p, partner in enumerate(s.partners):
                share = s.catchment[i][:, sites[p]].sum(axis=1)
                if share.any():
                    self._series("activity", partner, "", service, (share * mean[i]).sum(axis=0), of_service[i])
        paid: dict[tuple[str, str, int], Array] = {}
        for c in s.accounts.contracts:
            if c.service >= 0 and c.part.any():
                key = (s.partners[c.provider], s.partners[c.payer], c.service)
                paid[key] = paid.get(key, np.zeros(len(s.years))) + (c.part * mean[c.service]).sum(axis=0)
        for (provider, payer, i), amount in paid.items():
            self._series("activity", provider, payer, s.services[i], amount, of_service[i])

    def _series(self, topic: str, partner: str, payer: str, service: str, amount: Array, badge: str) -> None:
        """Enter one value a year, as far as they can be told; the forecast's are modelled."""
        for y, year in enumerate(self.years[: self._known]):
            subject = Subject(topic, year, partner, payer, service)
            self._add(subject, amount[y], badge if y == 0 else "modelled", BASES[topic])

    def _badge_of_service(self, service: str) -> str:
        found = []
        for table in ("activity", "catchments"):
            rows = self.plan.tables[table].filter(pl.col("service") == service).select("evidence", "assumed").unique()
            found += [badge_of(row, self._badges) for row in rows.iter_rows(named=True)]
        return weakest(found)

    def _payments(self) -> None:
        """Payments under contracts: of each payer to each provider, in all and by service."""
        s = self.system
        paid: dict[tuple[str, str, str], Array] = {}
        badges: dict[tuple[str, str, str], list[str | None]] = {}
        rows = {row["code"]: row for row in self.plan.tables["contracts"].iter_rows(named=True)}
        level = levels(s, self._positions)
        for c in s.accounts.contracts:
            amount = (paid_for(c, self._count) * level[c.index].both).mean(axis=-1)
            service = s.services[c.service] if c.service >= 0 else ""
            of_row = badge_of(rows[c.code], self._badges)
            for key in dict.fromkeys(((c.provider, c.payer, ""), (c.provider, c.payer, service))):
                named = (s.partners[key[0]], s.partners[key[1]], key[2])
                paid[named] = paid.get(named, np.zeros(len(s.years))) + amount
                badges.setdefault(named, []).append(of_row)
        for (provider, payer, service), amount in paid.items():
            badge = weakest(badges[provider, payer, service])
            self._series("payment", provider, payer, service, amount, badge)

    def _totals(self) -> None:
        for topic, measure in TOTALS.items():
            for partner in self.system.partners:
                values = self._values.get((measure, "", "", partner))
                if values is not None:
                    self._series(topic, partner, "", "", values.mean(axis=-1), "modelled")

    def _beds(self) -> None:
        s = self.system
        for row in s.beds:
            for y, year in enumerate(self.years):
                if row.basis:  # without one the plan has no row of capacity for it
                    subject = Subject("beds", year, service=s.services[row.service], site=s.sites[row.site])
                    self._add(subject, row.open[y], row.badges[y], row.basis, "capacity.csv")

    def _in_post(self) -> None:
        table = self.plan.tables["workforce"].filter(pl.col("in_post_wte").is_not_null())
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in table.iter_rows(named=True):
            groups.setdefault((row["provider"], row["service"]), []).append(row)
        for (provider, service), rows in groups.items():
            badge = weakest([badge_of(row, self._badges) for row in rows])
            amount = sum(row["in_post_wte"] for row in rows)
            subject = Subject("staff in post", self.years[0], provider, service=service)
            self._add(subject, amount, badge, BASES["staff in post"], "workforce.csv")

    def _funds(self) -> None:
        groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
        for row in self.plan.tables["funds"].iter_rows(named=True):
            groups.setdefault((row["fund"], row["year"], row["kind"], row["partner"]), []).append(row)
        for (fund, year, kind, partner), rows in sorted(groups.items()):
            role = "pays in" if kind == "contribution" else "receives"
            badge = weakest([badge_of(row, self._badges) for row in rows])
            amount = sum(row["amount_gbp"] for row in rows)
            self._add(
                Subject("fund", year, fund=fund), amount, badge, BASES["fund"], "funds.csv", role=role, of=partner
            )


def _chosen(plan: Plan, forecast: Forecast | None, scenario: str | None) -> str:
    """The scenario that figures are taken from: the one asked for, else the plan's main one, else the first."""
    known = list(forecast.scenarios) if forecast is not None else list(plan.scenario_names)
    if scenario is not None and scenario not in known:
        hint = did_you_mean(scenario, known) or f"There are: {', '.join(known) or 'none'}."
        raise UsageError(f"{shown(scenario)} is not a scenario that was forecast. {hint}")
    if scenario is not None:
        return scenario
    return plan.settings.main if plan.settings.main in known else next(iter(known), "")
