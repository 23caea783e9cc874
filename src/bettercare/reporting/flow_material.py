"""What the screen, the chapter and the JSON of a simulated patient flow share, worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bettercare.appraisal.patient_flow import PatientFlow
from bettercare.engines.forecast.measures import BED_GROUPS
from bettercare.engines.simulate.network import Station
from bettercare.engines.simulate.precision import interval
from bettercare.engines.simulate.results import MEASURES, Where, YearOfFlow
from bettercare.plan.badges import badge_of
from bettercare.reporting import text
from bettercare.reporting.labels import Labels

Array = NDArray[np.float64]
Kind = Literal["share", "count", "hours"]
Verdict = Literal["more", "less", "unclear"]

ALL = "all"  # the key of totals in the JSON: all sites of a service, or all beds of a site
DAYS = 365.0
FEWEST_BEDS = 10.0  # a site with fewer has no line of its own
MOST_CHANGES = 30  # beds that open and close more often than this keep opening hours: they are not closures


@dataclass(frozen=True)
class Spread:
    """A result over simulated years: the mean and its 95% interval (both ends are the mean where there is one year)."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Array) -> Spread:
        """Of one value a replication."""
        mean, low, high = interval(np.asarray(values, dtype=np.float64))
        return cls(float(mean), float(low), float(high))

    @property
    def verdict(self) -> Verdict:
        """Of a difference: whether the interval leaves nought out."""
        return "more" if self.low > 0.0 else "less" if self.high < 0.0 else "unclear"


@dataclass(frozen=True)
class Line:
    """One measure of the years that are held beside each other: one value a replication for each.

    `judged` says whether more of it is worse for people. A year in which it has no meaning is left out of `values`.
    """

    code: str
    label: str
    kind: Kind
    values: Mapping[str, Array]
    judged: bool = False
    brief: str = ""  # the label where there is little room

    def spread(self, name: str) -> Spread | None:
        """Mean and interval in one of the years, or None."""
        return Spread.of(self.values[name]) if name in self.values else None

    def change(self, name: str, against: str) -> Spread | None:
        """How much more it is than in another year, year by year with the same luck; None where it has no meaning, or
        where one simulated year leaves no interval.
        """
        if name not in self.values or against not in self.values or self.values[name].size < 2:
            return None
        return Spread.of(self.values[name] - self.values[against])

    def said(self, value: float) -> str:
        """A value in words: `96%`, `14,300`, `2.6 h`."""
        if self.kind == "share":
            return text.percent(min(max(value, 0.0), 1.0))
        return f"{max(value, 0.0):.1f} h" if self.kind == "hours" else text.number(round(max(value, 0.0)))

    def shown(self, name: str) -> str:
        """Mean and interval for a table: `96% (95 to 97)`; nothing where it has no meaning."""
        s = self.spread(name)
        return "" if s is None else self.ranged(s)

    def ranged(self, s: Spread) -> str:
        """A spread in words; an interval does not leave what the measure can be."""
        mean, ends = self.said(s.mean), text.span(self.said(s.low).rstrip("% h"), self.said(s.high).rstrip("% h"))
        return mean if ends == mean.rstrip("% h") else f"{mean} ({ends})"

    def difference(self, s: Spread) -> str:
        """A change in words: `3.2 points fewer (2.9 to 3.5)`; `no clear difference` where nought is inside."""
        if s.verdict == "unclear":
            return "no clear difference"
        ends = sorted((abs(s.low), abs(s.high)))
        mean, low, high = (self._size(v) for v in (abs(s.mean), *ends))
        more, less = ("longer", "shorter") if self.kind == "hours" else ("more", "fewer")
        unit = " points" if self.kind == "share" else " h" if self.kind == "hours" else ""
        return f"{mean}{unit} {more if s.verdict == 'more' else less} ({text.span(low, high)})"

    def _size(self, value: float) -> str:
        if self.kind == "share":
            return f"{100.0 * value:.1f}"
        return f"{value:.1f}" if self.kind == "hours" else text.number(round(value))


@dataclass
class FlowMaterial:
    """A simulated patient flow and what is to be said of it."""

    flow: PatientFlow
    labels: Labels = field(init=False)

    def __post_init__(self) -> None:
        self.labels = Labels(self.flow.plan)

    @property
    def year(self) -> str:
        return self.flow.year

    @property
    def base(self) -> str:
        """The key and name of the base year."""
        return self.flow.base.year

    @cached_property
    def name(self) -> str:
        """The scenario that is asked about: the one that is not the comparison, where there are two."""
        nothing = self.flow.plan.settings.comparison
        return next((n for n in self.flow.years if n != nothing), nothing)

    @cached_property
    def nothing(self) -> str | None:
        """The scenario that it is held against, if that was simulated too."""
        nothing = self.flow.plan.settings.comparison
        return nothing if nothing in self.flow.years and nothing != self.name else None

    @cached_property
    def years(self) -> dict[str, YearOfFlow]:
        """The scenario, the one beside it, and the base year (by its name) where it is another year."""
        named = [self.name, *([self.nothing] if self.nothing else [])]
        out = {n: self.flow.years[n] for n in named}
        if self.base != self.year or self.nothing is None:
            out[self.base] = self.flow.base
        return out

    def title(self, name: str) -> str:
        """What one of the years is called."""
        return name if name == self.base else self.labels.scenario(name)

    def beside(self, name: str) -> str:
        """What it is called in the middle of a sentence, as a thing held against."""
        return f"in {name}" if name == self.base else "if nothing is done"

    @cached_property
    def _services(self) -> dict[str, dict[str, Any]]:
        return {r["code"]: r for r in self.flow.plan.tables["services"].iter_rows(named=True)}

    def places(self, name: str, group: str) -> list[Where]:
        """Services and sites of a group in one of the years: acute, community, home, emergency, timed, beds, all, or
        `site:` and a code for the beds of a site.
        """
        year = self.years[name]
        return [w for w in year.places if self._belongs(year, w, group)]

    def _belongs(self, year: YearOfFlow, where: Where, group: str) -> bool:
        row, bed = self._services[where[0]], where[0] in year.bed_services
        timed = where[0] in year.timed_services
        kind, _, code = group.partition(":")
        found = {
            "all": True,
            "beds": bed,
            "site": bed and where[1] == code and year.limited(where),
            "acute": row["bed_type"] in BED_GROUPS["acute_beds"] and year.limited(where),
            "community": row["bed_type"] in BED_GROUPS["community_beds"] and year.limited(where),
            "mental": row["bed_type"] in BED_GROUPS["mental_health_beds"] and year.limited(where),
            "home": not bed and not timed and year.limited(where),
            "emergency": bed and row["admission"] == "emergency" and year.limited(where),
            "onward": not timed and year.limited(where) and row["bed_type"] in (None, "community"),
            "timed": timed,
        }
        return bool(found[kind])

    def line(
        self, code: str, names: tuple[str, str], kind: Kind, measure: str, group: str, judged: bool = False
    ) -> Line:
        """A measure of a group of places in every year; `names` are its label and its brief label."""
        values = {}
        for name, year in self.years.items():
            where = self.places(name, group)
            found = year.measure(measure, where) if where else None
            if found is not None:
                values[name] = found
        return Line(code, names[0], kind, values, judged, names[1])

    @cached_property
    def taken(self) -> list[Line]:
        """Beds and places taken, of those open: acute in all and by site, then other kinds."""
        acute = {site for n in self.years for _, site in self.places(n, "acute")}
        acute = {s for s in acute if any(self._open(n, f"site:{s}") >= FEWEST_BEDS for n in self.years)}
        named = {s: name for s, name in self.labels.sites.items() if s in acute and len(acute) > 1}
        groups = {
            "acute": ("Acute beds taken", "Acute beds taken"),
            **{f"site:{s}": (f"at {name}", name.removesuffix(" Hospital")) for s, name in named.items()},
            "community": ("Community hospital beds taken", "Community beds taken"),
            "mental": ("Mental health and learning disability beds taken", "Mental health beds taken"),
            "home": ("Places for care at home taken", "Care-at-home places taken"),
        }
        lines = [self.line(f"taken-{g}", names, "share", "mean_occupancy", g) for g, names in groups.items()]
        return [line for line in lines if line.values]

    @cached_property
    def people(self) -> list[Line]:
        """Waits, delays, and what is put off."""
        late, time = ("Over 4 h in A&E", "Over 4 h in A&E"), ("Mean time in A&E", "Mean time in A&E")
        bed = ("Emergency patients: over 4 h for a bed", "Over 4 h for emergency bed")
        put_off = ("Operations put off for want of a bed", "Operations put off")
        diverted = ("Ambulances sent to another hospital", "Ambulances sent elsewhere")
        gave_up = ("Gave up waiting, looked after elsewhere", "Gave up waiting")
        lines = [
            self.line("ae-late", late, "share", "share_in_ae_over_4h", "timed", True),
            self.line("ae-time", time, "hours", "mean_time_in_ae_hours", "timed"),
            self.line("bed-late", bed, "share", "share_waiting_over_4h_for_a_bed", "emergency", True),
            *self.delays,
            self.line("cancelled", put_off, "count", "cancelled", "beds", True),
            self.line("diverted", diverted, "count", "diverted", "all", True),
            self.line("gave-up", gave_up, "count", "gave_up", "all", True),
        ]
        return [line for line in lines if line.values]

    @cached_property
    def delays(self) -> list[Line]:
        """Days that people ready to leave were still in a bed: all, the official count, and its two parts."""
        parts = {n: y.counted_delays() for n, y in self.years.items()}
        names = ("Days ready to leave, still in a bed", "Days of delayed transfer")
        out = [
            self.line("delayed", names, "count", "delayed_transfer_days", "beds", True),
            Line("counted", "of these, as counted officially", "count", parts, brief="officially counted"),
        ]
        for heading in ("NHS", "social care"):
            values = {
                n: sum((v for _, h, _, _, v in self.waiting_for(n) if h == heading), np.zeros(y.replications))
                for n, y in self.years.items()
            }
            out.append(Line(f"counted-{heading}", f"counted as {heading}", "count", values, brief=f"of it {heading}"))
        return [line for line in out if line.values]

    def waiting_for(self, name: str) -> list[tuple[str, str, Array, Array, Array]]:
        """What people in beds wait for in one of the years: service, heading of the official count, and days of
        arranging, days full, and days that the official count includes, one value a replication; most days first.
        """
        year = self.years[name]
        rules = {r["service"]: r for r in year.plan.tables["patient_flow"].iter_rows(named=True)}
        at = [i for w in self.places(name, "beds") for i in year.places[w]]
        out = []
        for k, reason in enumerate(year.network.reasons):
            arranging = np.array([c.arranging[at, k].sum() for c in year.counted], dtype=np.float64)
            full = np.array([c.blocked[at, k].sum() for c in year.counted], dtype=np.float64)
            if reason and (arranging + full).any():
                rule = rules.get(reason, {})
                share = rule.get("counted_share")
                counted = (1.0 if share is None else share) * (arranging + full)
                out.append((reason, rule.get("counted_as") or "social care", arranging, full, counted))
        return sorted(out, key=lambda r: -float((r[2] + r[3]).mean()))

    def waiting(self, name: str) -> dict[Where, Array]:
        """People waiting on an average day to come into each service at each site that has a limit, most first."""
        year = self.years[name]
        found = {
            w: np.array([c.stations[at].days_waiting.sum() for c in year.counted], dtype=np.float64) / DAYS
            for w, at in year.places.items()
            if year.limited(w)
        }
        return {w: v for w, v in sorted(found.items(), key=lambda kv: (-float(kv[1].mean()), kv[0])) if v.any()}

    def where(self, where: Where) -> str:
        """A service at a site in words: `Coalville Community Hospital (community hospital admission)`."""
        service, site = where
        return f"{self.labels.sites.get(site, site)} ({self.labels.service(service).lower()})"

    def load(self, group: str) -> dict[str, float]:
        """Beds or places that the people of each year would fill on an average day if nothing were ever full: their
        treatment, and the days until it is arranged where they go next.
        """
        out = {}
        for name, year in self.years.items():
            inside, network = set(self.places(name, group)), year.network
            at = {s.name: (s.service, s.site) for s in network.stations}
            out[name] = float(
                sum(
                    rate
                    * (step.stay.mean + sum(r.share * r.hold for r in step.routes))
                    * sum(share for station, share in step.where if at[station] in inside)
                    for rate, step in zip(network.rates(), network.steps, strict=True)
                )
            )
        return out

    def open(self, group: str) -> dict[str, float]:
        """Beds or places open on average, in each year."""
        return {n: self._open(n, group) for n in self.years}

    def _open(self, name: str, group: str) -> float:
        where = self.places(name, group)
        found = self.years[name].measure("mean_open", where) if where else None
        return 0.0 if found is None else float(found.mean())

    @cached_property
    def openings(self) -> dict[Where, list[tuple[float, int]]]:
        """Beds and places that open or close within the scenario's year: (day, open from then on), from day 0."""
        year, out = self.years[self.name], {}
        for where, at in year.places.items():
            stations = [year.network.stations[i] for i in at]
            if not any(s.changes for s in stations) or any(len(s.changes) > MOST_CHANGES for s in stations):
                continue
            days = (0.0, *sorted({day for s in stations for day, _ in s.changes}))
            out[where] = [(day, sum(_open_on(s, day) for s in stations)) for day in days]
        return out

    @cached_property
    def published(self) -> list[dict[str, Any]]:
        """The base year beside what was published: what `against_published` has, and the badge of the publication."""
        plan = self.flow.plan
        known = dict(plan.tables["evidence"].select("code", "badge").iter_rows())
        seen = {(r["indicator"], r["year"], r["basis"]): r for r in plan.tables["observations"].iter_rows(named=True)}
        days = {r["code"] for r in plan.tables["indicators"].iter_rows(named=True) if r["measure"] == "delayed_days"}
        out = []
        for row in self.flow.against_published().iter_rows(named=True):
            badge = badge_of({"assumed": None, **seen[row["indicator"], self.base, row["basis"]]}, known) or "measured"
            kind: Kind = "count" if row["indicator"] in days else "share"
            out.append({**row, "badge": badge, "kind": kind})
        return out


def _open_on(station: Station, day: float) -> int:
    """Beds of a station on a day."""
    return ([station.beds or 0] + [beds for at, beds in sorted(station.changes) if at <= day])[-1]


def as_json(flow: PatientFlow) -> dict[str, Any]:
    """Plain values for programs.

    `scenarios.<name>.<site>.<service>.<measure>` is {mean, low, high} with 95% intervals, or null where the measure
    has no meaning there; every measure of `MEASURES` is present. The site or service "all" holds totals: a service over
    its sites, or the beds of a site. Without `--replications` `precise` says whether the stated precision was reached.
    """
    return {
        "revision": flow.plan.revision,
        "seed": flow.seed,
        "year": flow.year,
        "scenario": FlowMaterial(flow).name,
        "late": dict(flow.slips),
        "replications": flow.replications,
        "precise": flow.precise,
        "seconds": round(flow.seconds, 3),
        "base_year": {"year": flow.base.year, "against_published": flow.against_published().to_dicts()},
        "scenarios": {name: _year(year) for name, year in flow.years.items()},
    }


def _year(year: YearOfFlow) -> dict[str, dict[str, dict[str, dict[str, float] | None]]]:
    out: dict[str, dict[str, dict[str, dict[str, float] | None]]] = {}
    for where in year.groups():
        measures: dict[str, dict[str, float] | None] = {}
        for name in MEASURES:
            values = year.values.get((where, name))
            s = None if values is None else Spread.of(values)
            measures[name] = None if s is None else {"mean": s.mean, "low": s.low, "high": s.high}
        out.setdefault(where[1] or ALL, {})[where[0] or ALL] = measures
    return out
