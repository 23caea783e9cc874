"""Who needs what: the expected activity of a plan as groups of people, their stays and their ways through services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.simulate.network import Stay
from bettercare.foundation.problems import Problem, Problems
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Group = tuple[str, int]  # locality, age band

OLDEST = 120
DAYS = 365.0
HOURS = 24.0
NEAR = 1e-6  # relative: rounding in what flows bring
SHORTEST_SPREAD = 0.3  # standard deviation over mean, where delays account for more of the spread than there is
FLOW_KEY = ("from_service", "to_service", "locality", "age_low", "age_high")
PEOPLE_OF = {"bed-day": 1.0, "week-of-care": 7.0}  # days that one unit of these currencies stands for


@dataclass(frozen=True)
class Use:
    """How many people of a group begin to use a service in the year, and how long they stay."""

    people: float
    mean_days: float
    sd_days: float


@dataclass(frozen=True)
class Care:
    """The services that take part, their patient_flow rows, and the groups of people: localities and age bands."""

    plan: Plan
    rules: Mapping[str, Mapping[str, Any]]
    edges: tuple[int, ...]  # youngest age of each band, and one more than the oldest
    use: Mapping[tuple[str, Group], Use]
    flows: tuple[Mapping[str, Any], ...]  # from services that take part, with the key of their row, in words, in `row`

    @property
    def bands(self) -> range:
        """Positions of the age bands."""
        return range(len(self.edges) - 1)

    def band_name(self, band: int) -> str:
        """For example 65-74."""
        return f"{self.edges[band]}-{self.edges[band + 1] - 1}"

    def flows_from(self, service: str, group: Group) -> Iterator[Mapping[str, Any]]:
        """The flows that people of a group may take when they leave a service."""
        locality, band = group
        for flow in self.flows:
            here = flow["from_service"] == service and flow["locality"] in (None, locality)
            if here and flow["age_low"] <= self.edges[band] and self.edges[band + 1] - 1 <= flow["age_high"]:
                yield flow

    def treatment(self, service: str, group: Group) -> Stay:
        """Treatment of a group: the length of stay less the time spent, ready to leave, on arranging what comes next.

        The plan's lengths of stay are from admission to leaving, delays included. Raises Problems where the delays of
        flows.csv take longer than the stay.
        """
        use, row = self.use[service, group], self.rules[service]
        flows = list(self.flows_from(service, group))
        delay = sum(f["share"] * f["delay_days"] for f in flows)
        square = sum(f["share"] * 2.0 * f["delay_days"] ** 2 for f in flows)  # of exponential times
        mean = use.mean_days - delay
        if mean <= 0.0:
            longest = max(flows, key=lambda f: f["share"] * f["delay_days"])
            raise Problems(
                [
                    Problem(
                        "flows.csv",
                        None,
                        "delay_days",
                        f"{longest['row']}: people aged {self.band_name(group[1])} of {group[0]} stay"
                        f" {use.mean_days:.3g} days in {service}, and delays alone would take {delay:.3g}.",
                        "Shorten the delay, lower the share, or lengthen the stay in activity.csv.",
                    )
                ]
            )
        variance = use.sd_days**2 - (square - delay**2)
        sd = max(float(np.sqrt(max(variance, 0.0))), SHORTEST_SPREAD * mean) if use.sd_days > 0.0 else 0.0
        return Stay(mean, sd, row["stay_shape"])


def care(plan: Plan, activity: pl.DataFrame) -> Care:
    """Groups of people and their use of the services of patient_flow.csv, from the expected activity of a year."""
    rules = {r["service"]: r for r in plan.tables["patient_flow"].iter_rows(named=True)}
    if not rules:
        raise Problems(
            [
                Problem(
                    "patient_flow.csv",
                    None,
                    None,
                    "the plan says for no service how people wait and stay, so there is nothing to simulate.",
                    "Add a row for each service that takes part; the example llr has some.",
                )
            ]
        )
    every = [f for f in plan.tables["flows"].iter_rows(named=True) if f["from_service"] in rules and f["share"] > 0.0]
    flows = tuple({**f, "row": named(f, *FLOW_KEY)} for f in every)
    ends = {0, OLDEST + 1} | {f["age_low"] for f in flows} | {min(f["age_high"], OLDEST) + 1 for f in flows}
    edges = tuple(sorted(ends))
    moments = _moments(activity.filter(pl.col("service").is_in(list(rules))), edges)
    currency = dict(plan.tables["services"].select("code", "currency").iter_rows())
    problems: list[Problem] = []
    use: dict[tuple[str, Group], Use] = {}
    for (service, group), (count, days, squares) in moments.items():
        row = rules[service]
        if row["stay_hours_mean"] is not None:
            mean, sd = row["stay_hours_mean"] / HOURS, (row["stay_hours_sd"] or 0.0) / HOURS
            people = count * PEOPLE_OF[currency[service]] / mean if currency[service] in PEOPLE_OF else count
        elif days > 0.0:
            mean = days / count
            sd = float(np.sqrt(max(squares / count - mean**2, 0.0)))
            people = count
        else:
            problems.append(_no_stay(service))
            continue
        use[service, group] = Use(people, mean, sd)
    if problems:
        raise Problems(list(dict.fromkeys(problems)))
    return Care(plan, rules, edges, use, flows)


def named(row: Mapping[str, Any], *key: str) -> str:
    """A row by its key, in words: a table of the plan no longer knows at which line of its file a row stood."""
    return f'the row "{", ".join("(blank)" if row[c] is None else str(row[c]) for c in key)}"'


def _no_stay(service: str) -> Problem:
    message = f"{service} has neither stay_hours_mean nor lengths of stay in activity.csv."
    return Problem("patient_flow.csv", None, "stay_hours_mean", message, "Say how long one person is looked after.")


def _moments(activity: pl.DataFrame, edges: tuple[int, ...]) -> dict[tuple[str, Group], Array]:
    """Count, sum and sum of squares of stays of each service and group; age bands are cut evenly at the edges."""
    out: dict[tuple[str, Group], Array] = {}
    for row in activity.iter_rows(named=True):
        low, high = row["age_low"], min(row["age_high"], OLDEST) + 1
        amounts = np.array([row["count"], row["days"], row["squares"]])
        for band in range(len(edges) - 1):
            inside = min(high, edges[band + 1]) - max(low, edges[band])
            if inside > 0:
                key = (row["service"], (row["locality"], band))
                out[key] = out.get(key, np.zeros(3)) + amounts * inside / (high - low)
    return {key: value for key, value in sorted(out.items()) if value[0] > 0.0}
