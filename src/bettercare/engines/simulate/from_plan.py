"""The network of a plan: what the tables say of services, sites, beds, flows and people, ready to be simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.simulate.network import Network, Route, Rule, Step, Stream
from bettercare.engines.simulate.people import DAYS, HOURS, NEAR, Care, Group, care, named
from bettercare.engines.simulate.surge import surge_sd
from bettercare.engines.simulate.wards import Wards, calendar, openings, wards
from bettercare.foundation.problems import Problem, Problems
from bettercare.plan.plan import Plan
from bettercare.plan.view import in_force

Array = NDArray[np.float64]

Inflow = dict[tuple[str, Group], dict[tuple[str, str], float]]


def network_of(
    plan: Plan,
    year: str,
    activity: pl.DataFrame,
    dispersion: Mapping[tuple[str, str], float],
    *,
    slips: Mapping[str, float] | None = None,
    unlimited: bool = False,
) -> Network:
    """The network of a plan (under a scenario) in a year, from its expected activity.

    `activity` has service, locality, age_low, age_high, count, days and squares; `dispersion` is the variance of daily
    occupancy over its mean by (service, site). `slips` are months by which initiatives are late. `unlimited` leaves all
    limits out: then activity and bed days are the forecast's. Raises Problems that name the rows which cannot be.
    """
    found = care(plan, activity)
    return _Builder(plan, year, found, dispersion, slips or {}, unlimited).build()


class _Builder:
    def __init__(
        self,
        plan: Plan,
        year: str,
        found: Care,
        dispersion: Mapping[tuple[str, str], float],
        slips: Mapping[str, float],
        unlimited: bool,
    ) -> None:
        self.plan, self.year, self.care, self.dispersion = plan, year, found, dispersion
        table = plan.tables["catchments"].iter_rows(named=True)
        self.catchments = in_force(table, year, "service", "locality", "site")
        self.split: dict[tuple[str, str], dict[str, float]] = {}  # by service and locality: share of each site
        for row in self.catchments:
            self.split.setdefault((row["service"], row["locality"]), {})[row["site"]] = row["share"]
        elsewhere = dict(plan.tables["sites"].select("code", "elsewhere").iter_rows())
        opened = {} if unlimited else openings(plan, year, slips)
        opened = {key: value for key, value in opened.items() if key[0] in found.rules}
        sites: dict[str, list[str]] = {service: [] for service in found.rules}
        for (service, _), shares in self.split.items():
            if service in sites:
                sites[service] += [s for s in shares if not elsewhere[s] and s not in sites[service]]
        self.sites = sites
        self.wards: Wards = wards(plan, found.rules, sites, opened, unlimited)
        self.limited = {service for service, _ in opened}
        self.closed_in_year = {key for key, o in opened.items() if any(b == 0 for _, b in o.changes)}
        self.elsewhere = elsewhere
        self.problems: list[Problem] = []
        self._surges: dict[str, float] = {}

    def build(self) -> Network:
        """The network."""
        shares = {key: self._here(*key) for key in self.care.use}
        people = {key: use.people * sum(shares[key].values()) for key, use in self.care.use.items()}
        self._refuse()
        outside, inflow = self._sources(people)
        self._refuse()
        steps, streams, rules = [], [], dict[str, Rule]()
        profiles = self._profiles()
        for key in sorted(set(people) | set(inflow)):
            service, group = key
            if key not in people or not shares[key]:
                continue
            senders = {via for (via, _) in inflow.get(key, {})} | {""}
            for via in sorted(senders):
                steps.append(self._step(service, group, via, shares[key], people, rules))
            if outside[key] > 0.0:
                sd = self._surge(service)
                name = _name(service, group, self.care)
                rate = outside[key] / DAYS
                streams.append(Stream(name, name, rate, **profiles.get(service, {}), surge=service, surge_sd=sd))
        weekday, months = calendar(self.year)
        return Network(self.wards.stations, tuple(rules.values()), tuple(steps), tuple(streams), weekday, months)

    def _refuse(self) -> None:
        if self.problems:
            raise Problems(list(dict.fromkeys(self.problems)))

    def _here(self, service: str, group: Group) -> dict[str, float]:
        """The share of a group's use of a service that each site of the network takes; the rest goes elsewhere."""
        out = {}
        for site, share in self.split.get((service, group[0]), {}).items():
            if self.elsewhere[site] or share <= 0.0:
                continue
            if (service, site) not in self.wards.at or (service, site) in self.closed_in_year:
                when = "closes during" if (service, site) in self.closed_in_year else "has no beds in"
                message = (
                    f"{self._row(service, group[0], site)}: {share:.1%} of {service} from {group[0]} goes to {site},"
                    f" which {when} {self.year}."
                )
                hint = "Send them to another site from that year on (from_year), or open beds in capacity.csv."
                self.problems.append(Problem("catchments.csv", None, "share", message, hint))
                continue
            out[site] = share
        return out

    def _row(self, *key: str) -> str:
        """What tells the row of catchments.csv that applies in the year from all others."""
        columns = ("service", "locality", "site")
        return next(named(r, *columns, "from_year") for r in self.catchments if tuple(r[c] for c in columns) == key)

    def _stays(self, service: str, to: str, group: Group) -> float:
        """The share of those who go on to a service who are looked after in the network, and not elsewhere.

        Within one hospital all stay; those who come from another kind of place go where their home's people go.
        """
        if set(self.sites[service]) & set(self.sites[to]):
            return 1.0
        return sum(s for site, s in self.split.get((to, group[0]), {}).items() if not self.elsewhere[site])

    def _sources(self, people: Mapping[tuple[str, Group], float]) -> tuple[dict[tuple[str, Group], float], Inflow]:
        """Where people come from: from outside the network, and what flows bring.

        Those from outside are the forecast's less what flows bring. Where flows bring a band of ages more than its
        forecast, the other bands of the place have so many fewer; where they bring the whole place more, the plan
        contradicts itself. Services are taken in the order in which they send to each other, so that what is sent on is
        a share of those who are there.
        """
        outside: dict[tuple[str, Group], float] = {}
        inflow: Inflow = {}
        for service in self._order():
            for locality in sorted({group[0] for name, group in people if name == service}):
                keys = [k for k in people if k[0] == service and k[1][0] == locality]
                rest = {k: people[k] - sum(inflow.get(k, {}).values()) for k in keys}
                total, above = sum(rest.values()), sum(max(r, 0.0) for r in rest.values())
                if total < -NEAR * sum(people[k] for k in keys):
                    self.problems.append(self._too_many(service, locality, people, inflow, keys))
                scale = max(total, 0.0) / above if above > 0.0 else 0.0
                outside |= {k: max(r, 0.0) * scale for k, r in rest.items()}
                for key in keys:
                    self._send(key, outside[key] + sum(inflow.get(key, {}).values()), people, inflow)
        return outside, inflow

    def _send(
        self, key: tuple[str, Group], count: float, people: Mapping[tuple[str, Group], float], inflow: Inflow
    ) -> None:
        """What flows take from a service and group, by (sender if it diverts, key of the flow's row)."""
        service, group = key
        via = service if self.care.rules[service]["diverts_at"] is not None else ""
        for flow in self.care.flows_from(service, group):
            to = (flow["to_service"], group)
            if flow["to_service"] in self.care.rules and to in people:
                into = inflow.setdefault(to, {})
                more = count * flow["share"] * self._stays(service, *to)
                into[via, flow["row"]] = into.get((via, flow["row"]), 0.0) + more

    def _order(self) -> list[str]:
        """Services, senders first; a circle is left as it is and found when the network is checked."""
        senders: dict[str, set[str]] = {service: set() for service in self.care.rules}
        for flow in self.care.flows:
            if flow["to_service"] in senders:
                senders[flow["to_service"]].add(flow["from_service"])
        done: list[str] = []
        while len(done) < len(senders):
            left = [s for s in senders if s not in done]
            ready = [s for s in left if not senders[s] - set(done)]
            done += ready or left
        return done

    def _too_many(
        self,
        service: str,
        locality: str,
        people: Mapping[tuple[str, Group], float],
        inflow: Inflow,
        keys: list[tuple[str, Group]],
    ) -> Problem:
        rows: dict[str, float] = {}
        for key in keys:
            for (_, row), count in inflow.get(key, {}).items():
                rows[row] = rows.get(row, 0.0) + count
        largest = max(rows, key=lambda r: rows[r])
        others = " and others" if len(rows) > 1 else ""
        message = (
            f"{largest}{others}: flows bring {sum(rows.values()):,.0f} people from {locality} to {service} in"
            f" {self.year}, and the forecast has {sum(people[k] for k in keys):,.0f} in all."
        )
        return Problem("flows.csv", None, "share", message, "Lower the shares, or raise the activity.")

    def _step(
        self,
        service: str,
        group: Group,
        via: str,
        shares: Mapping[str, float],
        people: Mapping[tuple[str, Group], float],
        rules: dict[str, Rule],
    ) -> Step:
        row = self.care.rules[service]
        total = sum(shares.values())
        where = []
        for site, share in shares.items():
            here = self.wards.at[service, site]
            size = sum(n for _, n in here)
            where += [(name, share / total * n / size) for name, n in here]
        routes = []
        for flow in self.care.flows_from(service, group):
            to = (flow["to_service"], group)
            inside = flow["to_service"] in self.care.rules and to in people and people[to] > 0.0
            onward = service if row["diverts_at"] is not None else ""
            name = _name(*to, self.care, onward) if inside else None
            stays = self._stays(service, *to) if inside else 0.0
            for way, share in ((name, flow["share"] * stays), (None, flow["share"] * (1.0 - stays))):
                if share > 0.0:
                    routes.append(Route(way, share, flow["delay_days"], flow["to_service"]))
        rule = _rule(service, row, via, self.care.rules)
        rules.setdefault(rule.name, rule)
        name = _name(service, group, self.care, via)
        stay = self.care.treatment(service, group)
        return Step(name, tuple(where), stay, rule.name, tuple(routes), row["outlying_share"], row["overflow_share"])

    def _surge(self, service: str) -> float:
        """Standard deviation of the day's factor that gives a service the dispersion of its occupancy."""
        if service not in self._surges:
            uses = [(k, u) for k, u in self.care.use.items() if k[0] == service]
            profile = self._profiles().get(service, {})
            sites = {s: phi for (name, s), phi in self.dispersion.items() if name == service}
            self._surges[service] = surge_sd([u for _, u in uses], sites, profile)
        return self._surges[service]

    def _profiles(self) -> dict[str, dict[str, Any]]:
        """Weights over months, weekdays and hours of each service that has them."""
        size = {"month": (12, 1), "weekday": (7, 1), "hour": (24, 0)}
        out: dict[str, dict[str, Any]] = {}
        for row in self.plan.tables["profiles"].iter_rows(named=True):
            length, first = size[row["dimension"]]
            weights = out.setdefault(row["service"], {}).setdefault(row["dimension"], [1.0] * length)
            weights[row["position"] - first] = row["weight"]
        return out


def _rule(service: str, row: Mapping[str, Any], via: str, rules: Mapping[str, Mapping[str, Any]]) -> Rule:
    patience = np.inf if row["patience_hours"] is None else row["patience_hours"] / HOURS
    back = row["return_days"] if row["after_patience"] == "returns" else 0.0
    most = rules[via]["diverts_at"] if via else None
    name = f"{service} via {via}" if via else service
    return Rule(name, row["priority"] - 1, float(patience), float(back), True, most)


def _name(service: str, group: Group, found: Care, via: str = "") -> str:
    name = f"{service}|{group[0]}|{found.band_name(group[1])}"
    return f"{name}|via {via}" if via else name
