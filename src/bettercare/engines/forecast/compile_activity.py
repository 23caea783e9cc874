"""Compile the activity of a plan: cells, growth, effects, flows and dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bettercare.engines.forecast.inputs import DATES, PROGRAMME, Input, InputList
from bettercare.engines.forecast.system import Effect, Flow, Growth, ServiceCells
from bettercare.foundation.ranges import Range
from bettercare.foundation.years import label as year_label
from bettercare.foundation.years import parse as year_of
from bettercare.model.cells import label
from bettercare.plan.badges import badge_of
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

VARIANTS = ("principal", "low", "high")
GROWTH_LABELS = {
    "non-demographic": "Growth beyond population",
    "health-status": "Health of people of the same age",
    "length-of-stay": "Trend in length of stay",
}


@dataclass(frozen=True)
class Names:
    """Positions of the codes of a plan."""

    years: tuple[str, ...]
    services: dict[str, int]
    localities: dict[str, int]
    sites: dict[str, int]
    partners: dict[str, int]

    @classmethod
    def of(cls, plan: Plan) -> Names:
        """Names of a plan, in the order of its tables."""
        first, last = year_of(plan.settings.base_year), year_of(plan.settings.last_year)

        def at(table: str) -> dict[str, int]:
            return {c: i for i, c in enumerate(plan.tables[table]["code"].to_list())}

        years = tuple(year_label(y) for y in range(first, last + 1))
        return cls(years, at("services"), at("localities"), at("sites"), at("partners"))


def badge_in(plan: Plan, row: dict[str, Any]) -> str:
    """The badge of a row of this plan: measured, modelled or assumed."""
    return badge_of(row, _evidence_badges(plan)) or "assumed"


@lru_cache(maxsize=32)
def _evidence_badges(plan: Plan) -> dict[str, str]:
    return dict(plan.tables["evidence"].select("code", "badge").iter_rows())


@dataclass(frozen=True)
class Rows:
    """The activity rows of one service as arrays; `known` keeps what targets address of them."""

    keys: list[tuple[str, str, int, int]]  # locality, sex, youngest and oldest age
    locality: Ints
    sex: NDArray[np.str_]
    low: Array
    high: Array
    flow: NDArray[np.bool_]
    count: Array
    mean_stay: Array
    sd_stay: Array
    known: dict[tuple[object, ...], Array] = field(default_factory=dict)


_Made = TypeVar("_Made")
_kept: dict[tuple[object, ...], tuple[tuple[pl.DataFrame, ...], object]] = {}
_lock = Lock()


def _keep(tables: tuple[pl.DataFrame, ...], what: tuple[object, ...], make: Callable[[], _Made]) -> _Made:
    """What `make` makes of some tables: scenarios mostly share them, so the last few results are kept."""
    key = (*what, *(id(table) for table in tables))
    with _lock:
        found = _kept.get(key)
    if found is None:
        found = (tables, make())  # the tables are held too, so that no other gets their identity
        with _lock:
            while len(_kept) >= 16:
                del _kept[next(iter(_kept))]
            found = _kept.setdefault(key, found)  # another thread may have made it meanwhile
    return cast(_Made, found[1])


def activity_rows(plan: Plan, names: Names) -> dict[str, Rows]:
    """The activity rows of each service."""
    table = plan.tables["activity"]

    def make() -> dict[str, Rows]:
        parts = {str(k[0]): v for k, v in table.partition_by("service", as_dict=True).items()}
        return {code: _rows(parts.get(code, table.clear()), names) for code in names.services}

    return _keep((table,), ("rows", *names.services, *names.localities), make)


def _rows(rows: pl.DataFrame, names: Names) -> Rows:
    return Rows(
        keys=list(rows.select("locality", "sex", "age_low", "age_high").iter_rows()),
        locality=np.array([names.localities[c] for c in rows["locality"].to_list()], dtype=np.int64),
        sex=np.array(rows["sex"].to_list(), dtype=np.str_),
        low=rows["age_low"].to_numpy().astype(np.float64),
        high=rows["age_high"].to_numpy().astype(np.float64),
        flow=(rows["arrives"] == "flow").to_numpy(),
        count=rows["count"].to_numpy(),
        mean_stay=rows["mean_los_days"].fill_null(0.0).to_numpy(),
        sd_stay=rows["sd_los_days"].fill_null(0.0).to_numpy(),
    )


def overlap_years(low: Array, high: Array, from_age: float, to_age: float) -> Array:
    """Part of each age band low..high (inclusive) that lies in from_age..to_age."""
    inside = np.minimum(high, to_age) + 1.0 - np.maximum(low, from_age)
    return np.clip(inside, 0.0, None) / (high + 1.0 - low)


def people_of(plan: Plan, names: Names) -> People:
    """People of a plan, with the population variant that it chose."""
    table, variant = plan.tables["population"], plan.settings.population.variant
    tables = (table, plan.tables["activity"])  # what it knows of activity is of these rows
    return _keep(tables, ("people", variant, *names.years), lambda: People(table, variant, names))


class People:
    """People of a locality, sex and ages in each year, for each population variant."""

    def __init__(self, table: pl.DataFrame, chosen: str, names: Names) -> None:
        self._ratios: dict[tuple[str, str, float, float], Array] = {}
        self._moments: dict[str, Array] = {}
        self.bands = table.select("locality", "sex", "age_low", "age_high").unique(maintain_order=True)
        self.variants = [chosen, *(v for v in VARIANTS[1:] if v in set(table["variant"].to_list()))]
        self.uncertain = len(self.variants) == 3
        self._people = []
        principal = self._spread(table.filter(pl.col("variant") == chosen), names, None)
        self._people.append(principal)
        for variant in self.variants[1:] if self.uncertain else []:
            self._people.append(self._spread(table.filter(pl.col("variant") == variant), names, principal))
        self._low = self.bands["age_low"].to_numpy().astype(float)
        self._high = self.bands["age_high"].to_numpy().astype(float)
        self._locality = np.array(self.bands["locality"].to_list())
        self._sex = np.array(self.bands["sex"].to_list())
        self._years = len(names.years)

    def _spread(self, rows: pl.DataFrame, names: Names, fallback: Array | None) -> Array:
        keys = ["locality", "sex", "age_low", "age_high"]
        out = np.zeros((self.bands.height, len(names.years))) if fallback is None else fallback.copy()
        for j, year in enumerate(names.years):
            this = self.bands.join(rows.filter(pl.col("year") == year), on=keys, how="left", maintain_order="left")
            people = this["people"].to_numpy()
            out[:, j] = np.where(np.isnan(people), out[:, j], people)
        return out

    def count(self, locality: str, sex: str, low: float, high: float) -> Array:
        """People, shape (variants, years)."""
        weight = overlap_years(self._low, self._high, low, high) * (self._locality == locality)
        if sex != "P":
            weight = weight * np.where(self._sex == sex, 1.0, np.where(self._sex == "P", 0.5, 0.0))
        return np.stack([weight @ p for p in self._people])

    def ratio(self, locality: str, sex: str, low: float, high: float) -> Array:
        """People in each year over people in the base year, (3 variants, years); 1 where there is nobody."""
        key = (locality, sex, low, high)
        if key not in self._ratios:
            people = self.count(*key)
            ratio = people / people[0, 0] if people[0, 0] > 0.0 else np.ones(people.shape)
            self._ratios[key] = ratio if self.uncertain else np.repeat(ratio[:1], 3, axis=0)
        return self._ratios[key]

    def moments(self, service: str, rows: Rows) -> Array:
        """Moments of every activity row of a service with population change alone, (3 variants, 3, rows, years)."""
        if service not in self._moments:
            count, mean = rows.count, rows.mean_stay
            raw = np.stack([count, count * mean, count * (mean**2 + rows.sd_stay**2)])  # (3, rows)
            none = np.ones((3, 0, self._years))
            ratio = np.stack([self.ratio(*key) for key in rows.keys], axis=1) if rows.keys else none
            ratio = np.where(rows.flow[None, :, None], 1.0, ratio)  # (variants, rows, years)
            self._moments[service] = raw[None, :, :, None] * ratio[:, None]
        return self._moments[service]


def weights(rows: Rows, target: dict[str, Any], names: Names) -> Array:
    """Part of each activity row, 0 to 1, that a growth, effect or flow with these bounds addresses."""
    locality, sex = target.get("locality") or "", target.get("sex") or "P"
    ages = float(target["age_low"]), float(target["age_high"])
    if (locality, sex, *ages) not in rows.known:
        part = overlap_years(rows.low, rows.high, *ages)
        if locality:
            part = part * (rows.locality == names.localities[locality])
        if sex != "P":
            part = part * np.where(rows.sex == sex, 1.0, np.where(rows.sex == "P", 0.5, 0.0))
        rows.known[locality, sex, *ages] = part
    return rows.known[locality, sex, *ages]


def growth_rows(plan: Plan, names: Names, inputs: InputList) -> list[tuple[Growth, dict[str, Any]]]:
    """The growth rows of a plan, compiled, each beside its row."""
    out = []
    first = year_of(names.years[0])
    for row in plan.tables["growth"].iter_rows(named=True):
        start = year_of(row["from_year"]) if row["from_year"] else first + 1
        end = year_of(row["to_year"]) if row["to_year"] else first + len(names.years)
        passed = [sum(start <= first + t <= end for t in range(1, y + 1)) for y in range(len(names.years))]
        draw = row["draw"] or row["code"]
        what = GROWTH_LABELS[row["kind"]]
        item = Input(f"growth:{draw}", f"{what}: {draw}", f"growth:{draw}", row["kind"], badge_in(plan, row))
        rate = inputs.quantity(Range.of(row), item)
        out.append((Growth(row["code"], row["kind"], rate, np.array(passed, float)), row))
    return out


def effect_rows(
    plan: Plan, names: Names, inputs: InputList, initiatives: dict[str, int], people: People
) -> list[tuple[Effect, dict[str, Any]]]:
    """The effects of the initiatives in a scenario, compiled, each beside its row."""
    out = []
    together = plan.settings.programme
    titles = dict(plan.tables["initiatives"].select("code", "title").iter_rows())
    luck = same_effects(plan)
    activity = activity_rows(plan, names)
    home = [c for c, o in plan.tables["localities"].select("code", "outside").iter_rows() if not o]
    for row in plan.tables["effects"].iter_rows(named=True):
        if row["initiative"] not in initiatives:
            continue
        share = float(getattr(together, f"shared_{row['grade']}"))
        factor = PROGRAMME if share > 0.0 else ""
        badge = badge_in(plan, row)
        label = f"What it does: {titles[row['initiative']]} ({row['code']})"
        item = Input(
            f"effect:{luck.get(row['code'], row['code'])}", label, row["initiative"], "effect", badge, factor, share
        )
        rows = activity[row["service"]]
        part = weights(rows, row, names) * rows.count
        spread = np.bincount(rows.locality, weights=part, minlength=len(names.localities)).astype(np.float64)
        if not spread.any():  # a service that is new: it goes where the people are
            places = [row["locality"]] if row["locality"] else home
            ages = float(row["age_low"]), float(row["age_high"])
            spread = np.array(
                [people.count(c, row["sex"], *ages)[0, 0] if c in places else 0.0 for c in names.localities]
            )
        effect = Effect(
            code=row["code"],
            initiative=initiatives[row["initiative"]],
            lever=row["lever"],
            service=names.services[row["service"]],
            to_service=names.services[row["to_service"]] if row["to_service"] else -1,
            rate=row["substitution_rate"],
            reach=row["reach"],
            unit=row["unit"],
            size=inputs.quantity(Range.of(row), item),
            spread=spread / spread.sum() if spread.any() else spread,
            addressed=float(part.sum()),
            addressed_days=float(part @ rows.mean_stay),
            claimed=row["claimed"],
            grade=row["grade"],
            badge=badge,
        )
        out.append((effect, row))
    return out


def service_cells(
    plan: Plan,
    names: Names,
    people: People,
    growth: list[tuple[Growth, dict[str, Any]]],
    effects: list[tuple[Effect, dict[str, Any]]],
    flows: list[tuple[Flow, dict[str, Any]]],
) -> tuple[ServiceCells, ...]:
    """The cells of every service."""
    out = []
    activity = activity_rows(plan, names)
    for code, s in names.services.items():
        rows = activity[code]
        grown = [(g, weights(rows, r, names)) for g, (_, r) in enumerate(growth) if r["service"] == code]
        changed = [
            (e, weights(rows, r, names))
            for e, (x, r) in enumerate(effects)
            if r["service"] == code and not x.is_nothing
        ]
        sent = [(f, weights(rows, r, names)) for f, (w, r) in enumerate(flows) if w.from_service == s]
        signature = [rows.locality, rows.flow, *(w for _, w in [*grown, *changed, *sent])]
        distinct = list({column.tobytes(): column for column in signature}.values())
        cell, first = label(np.column_stack(distinct)) if rows.keys else (rows.locality, rows.locality)
        member = np.zeros((first.size, len(rows.keys)))
        member[cell, np.arange(len(rows.keys))] = 1.0
        moments = member @ people.moments(code, rows)  # (variants, 3, cells, years)
        out.append(
            ServiceCells(
                locality=rows.locality[first],
                flow=rows.flow[first],
                moments=moments,
                growth=tuple((g, w[first]) for g, w in grown if w.any()),
                effects=tuple((e, w[first]) for e, w in changed),
                sends=tuple((f, w[first]) for f, w in sent),
            )
        )
    return tuple(out)


def flow_rows(plan: Plan, names: Names) -> list[tuple[Flow, dict[str, Any]]]:
    """The flows that drive activity, compiled, each beside its row."""
    out = []
    for row in plan.tables["flows"].iter_rows(named=True):
        if row["drives"]:
            flow = Flow(
                names.services[row["from_service"]], names.services[row["to_service"]], row["share"] * row["units_each"]
            )
            out.append((flow, row))
    return out


def same_effects(plan: Plan) -> dict[str, str]:
    """For effects that overlaps.csv calls the same: the one whose luck they all have, by code.

    Two guesses at one effect are one thing that is not known. With luck of their own the larger of the two would be
    kept in every draw, and the forecast would lean towards more effect.
    """
    first: dict[str, str] = {}

    def find(code: str) -> str:
        while first.get(code, code) != code:
            code = first[code]
        return code

    for row in plan.tables["overlaps"].filter(pl.col("relation") == "same").iter_rows(named=True):
        a, b = sorted((find(row["effect_a"]), find(row["effect_b"])))
        first[b] = a
    return {code: find(code) for code in first}


def shared_matrix(plan: Plan, effects: list[tuple[Effect, dict[str, Any]]]) -> Array:
    """What the plan says each two effects share, 0 to 1, shape (effects, effects)."""
    at = {e.code: i for i, (e, _) in enumerate(effects)}
    out = np.zeros((len(at), len(at)))
    for row in plan.tables["overlaps"].iter_rows(named=True):
        if row["effect_a"] in at and row["effect_b"] in at:
            share = {"same": 1.0, "distinct": 0.0}.get(row["relation"], row["share"] or 0.0)
            i, j = at[row["effect_a"]], at[row["effect_b"]]
            out[i, j] = out[j, i] = share
    return out


def evaluation_order(
    services: int, flows: list[tuple[Flow, dict[str, Any]]], effects: list[tuple[Effect, dict[str, Any]]]
) -> tuple[int, ...]:
    """Services in an order in which each comes after those that send to it."""
    after: list[set[int]] = [set() for _ in range(services)]
    for flow, _ in flows:
        after[flow.to_service].add(flow.from_service)
    for effect, _ in effects:
        if effect.to_service >= 0:
            after[effect.to_service].add(effect.service)
    done: list[int] = []
    left = set(range(services))
    while left:
        ready = sorted(s for s in left if not (after[s] & left))
        if not ready:
            raise ValueError("services send to each other in a circle; 'bettercare check' names the rows")
        done += ready
        left -= set(ready)
    return tuple(done)


def slip_input(initiative: str, title: str, shared: float) -> Input:
    """The named input for how far an initiative's dates move."""
    return Input(f"date:{initiative}", f"When it starts: {title}", initiative, "date", "assumed", DATES, shared)
