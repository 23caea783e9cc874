"""A plan under a scenario, compiled to arrays: what the forecast works on.

Axes: services, localities, sites, years (the base year first) and draws, in that order wherever several occur.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.causes import COMMON, Cause
from bettercare.engines.forecast.inputs import Input, Quantity
from bettercare.foundation.problems import UsageError
from bettercare.model.timing import Milestone
from bettercare.plan.badges import weakest

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

COUNT_LEVERS = ("avoid", "shift", "convert")
MOVING_LEVERS = ("shift", "convert")


@dataclass(frozen=True)
class Growth:
    """Growth of a service beyond population: the yearly rate and, for each year, how many years of it have passed."""

    code: str
    kind: str
    rate: Quantity
    years: Array  # (years,)


@dataclass(frozen=True)
class Effect:
    """A typed lever of an initiative on the activity of one service."""

    code: str
    initiative: int
    lever: str
    service: int
    to_service: int
    rate: float
    reach: float
    unit: str
    size: Quantity
    spread: Array  # (localities,): where units that are added a year go
    addressed: float  # base-year activity that it addresses
    addressed_days: float  # base-year bed days of that activity
    claimed: float | None
    grade: str
    badge: str

    @property
    def is_nothing(self) -> bool:
        """Whether it is known to do nothing: then it tells no cells apart, and the scenario without it is the same."""
        return self.size.range.fixed and self.size.range.mode == 0.0


@dataclass(frozen=True)
class Flow:
    """People who leave one service for another and drive its activity."""

    from_service: int
    to_service: int
    share: float


@dataclass(frozen=True)
class ServiceCells:
    """The cells of one service. `moments` is (variants, 3, cells, years): principal, low and high population."""

    locality: Ints
    flow: NDArray[np.bool_]
    moments: Array
    growth: tuple[tuple[int, Array], ...]  # (growth, weight of each cell)
    effects: tuple[tuple[int, Array], ...]
    sends: tuple[tuple[int, Array], ...]  # (flow, part of each cell that it takes from)

    @property
    def base(self) -> Array:
        """Base-year count, sum and sum of squares of stays, shape (3, cells)."""
        return np.asarray(self.moments[0, :, :, 0])


@dataclass(frozen=True)
class Beds:
    """Staffed beds of a service at a site: what is open each year, and the base year's margin k."""

    service: int
    site: int
    open: Array  # (years,)
    margin: float
    full_risk: float
    basis: str
    badges: tuple[str, ...]  # of what is open, in each year

    @property
    def badge(self) -> str:
        """The weakest of its badges, for what speaks of all years."""
        return weakest(self.badges)


@dataclass(frozen=True)
class Cost:
    """What a service costs its provider at one or several sites."""

    provider: int
    service: int
    sites: Ints
    beds: Ints  # the beds of the service at each of those sites (-1: none)
    fixed: Array  # (years,), like the next three: a cost may change when a building does
    step_size: Array
    step: Array
    marginal: Array
    index: tuple[str, ...]  # (years,)


@dataclass(frozen=True)
class Contract:
    """Who pays whom for what. `part` is the share of activity that is paid for, (localities, years)."""

    code: str
    payer: int
    provider: int
    service: int
    basis: str
    part: Array
    price: float
    value: float
    marginal_rate: float
    index: str


@dataclass(frozen=True)
class Line:
    """A carried line of income or cost of a partner."""

    code: str
    partner: int
    cost: bool
    amount: float
    index: str


@dataclass(frozen=True)
class Investment:
    """What an initiative costs a partner."""

    code: str
    initiative: int
    partner: int
    recurrent: bool
    amount: Quantity
    index: str


@dataclass(frozen=True)
class Capital:
    """A capital line: outside the recurrent gap, inside the net present value."""

    code: str
    owner: int
    initiative: int
    year: int
    amount: Quantity


@dataclass(frozen=True)
class Price:
    """Yearly changes of a price index: inflation and efficiency, a quantity for each year."""

    inflation: tuple[Quantity, ...]
    efficiency: tuple[Quantity, ...]


@dataclass(frozen=True)
class Staff:
    """Staff of all groups that a service needs, per bed, per thousand units, or per whole step of one of its costs."""

    provider: int
    service: int
    per: str
    wte: float
    step_size: Array  # (years,): 0 where there are no steps
    sites: Ints
    beds: Ints


@dataclass(frozen=True)
class Accounts:
    """The money of a system."""

    costs: tuple[Cost, ...]
    contracts: tuple[Contract, ...]
    lines: tuple[Line, ...]
    investments: tuple[Investment, ...]
    capital: tuple[Capital, ...]
    allocations: Array  # (partners, years)
    funds: Array  # (2, partners, years): paid in, received; recycled money left out
    prices: dict[str, Price]
    staff: tuple[Staff, ...]


@dataclass(frozen=True)
class System:
    """Everything the forecast needs, as arrays."""

    scenario: str
    years: tuple[str, ...]
    services: tuple[str, ...]
    localities: tuple[str, ...]
    home: NDArray[np.bool_]  # (localities,): False for people who live elsewhere
    sites: tuple[str, ...]
    partners: tuple[str, ...]
    inside: NDArray[np.bool_]  # (partners,): whether its money is part of the system
    provider_of: Ints  # (sites,): partner that runs each site
    catchment: Array  # (services, localities, sites, years)
    cells: tuple[ServiceCells, ...]
    order: tuple[int, ...]
    growth: tuple[Growth, ...]
    effects: tuple[Effect, ...]
    shared: Array  # (effects, effects): what overlaps say two effects share
    flows: tuple[Flow, ...]
    initiatives: tuple[str, ...]
    ramp_months: Array  # (initiatives,)
    live: Ints  # (initiatives,): milestone at which each begins to work
    milestones: tuple[Milestone, ...]
    slips: tuple[Quantity, ...]
    population: int  # column of the population input (-1: no variants)
    beds: tuple[Beds, ...]
    accounts: Accounts
    inputs: tuple[Input, ...]
    has_stay: NDArray[np.bool_]
    traits: dict[str, tuple[str, ...]] = field(default_factory=dict)  # service attributes by name

    def at_year(self, year: str) -> int:
        """Position of a year. Raises UsageError for one that the plan does not have."""
        if year not in self.years:
            raise UsageError(f'the plan has no year "{year}"; its years are {self.years[0]} to {self.years[-1]}')
        return self.years.index(year)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """All that can change anything: the common causes, then each growth and each initiative."""
        grown = dict.fromkeys((g.kind, g.code) for g in self.growth)
        return (*COMMON, *grown, *(("initiative", code) for code in self.initiatives))
