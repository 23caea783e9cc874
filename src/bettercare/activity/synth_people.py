"""Synthetic people: drawn from the plan's population into zones and households, with names, lives and moves of home.

Dates are days since 1970 as whole numbers (`NEVER` where something does not happen), so that all is arithmetic on
arrays. Nobody here is a person: names are made up, postcodes begin with ZZ, and NHS numbers are of the range for tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bettercare.activity import synth_assumed as assumed
from bettercare.activity import synth_names
from bettercare.activity.nhs_number import TEST_RANGE, WEIGHTS
from bettercare.foundation import years
from bettercare.foundation.problems import UsageError
from bettercare.foundation.streams import generator

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

NEVER = 10**6  # a day in the year 4707
YEAR_DAYS = 365.25
MOST_PEOPLE = 850_000  # the test range holds about 909,000 NHS numbers, and children are born
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, eq=False)
class People:
    """The people of a synthetic world, one entry of each array for each person.

    `zone`, `postcode` before and `zone_after`, `postcode_after` from the day `moved`; `frailty` has mean 1.
    `locality` is a number into `localities`, `zone` a number into `zone_codes`.
    """

    localities: tuple[str, ...]
    zone_codes: Texts
    zone_locality: Ints
    locality: Ints
    sex: Texts
    birth: Ints
    death: Ints
    frailty: Floats
    quintile: Ints
    household: Ints
    group: Texts
    kind: Texts
    forename: Texts
    surname: Texts
    nhs: Texts
    zone: Ints
    postcode: Texts
    moved: Ints
    zone_after: Ints
    postcode_after: Texts
    scale: float  # people here for each person of the plan

    def __len__(self) -> int:
        return len(self.birth)

    def age(self, day: int) -> Ints:
        """Whole years on a day; below zero before birth."""
        return np.floor((day - self.birth) / YEAR_DAYS).astype(np.int64)


def day(text: str) -> int:
    """Days since 1970 of an ISO date."""
    return int(np.datetime64(text, "D").astype(np.int64))


def people(plan: Plan, number: int, seed: int, until: int) -> People:
    """About `number` people in the middle of the plan's base year, and the children born until the day `until`."""
    if not 100 <= number <= MOST_PEOPLE:
        raise UsageError(
            f"--people {number} cannot be made; ask for 100 to {MOST_PEOPLE:,}. NHS numbers for tests are no more."
        )
    random = generator(seed, "synth people")
    start = day(years.start(plan.settings.base_year).isoformat())
    localities, cells, scale = _cells(plan, number)
    locality, sex, age = (np.repeat(column, cells[:, 4]) for column in (cells[:, 0], cells[:, 1], cells[:, 2]))
    width = np.repeat(cells[:, 3], cells[:, 4])
    middle = start + 183
    birth = middle - np.floor((age + random.random(len(age)) * width) * YEAR_DAYS).astype(np.int64) - 1
    zones = _Zones(plan, localities)
    zone = zones.draw(locality, random)
    household, postcode_number = _households(zone, random)
    locality, sex, birth, zone, household, postcode_number = _children(
        (locality, sex, birth, zone, household, postcode_number), middle, until, random
    )
    sexes = np.where(sex == 0, "F", "M").astype(object)
    count = len(birth)
    frailty = random.gamma(assumed.FRAILTY_SHAPE, 1.0 / assumed.FRAILTY_SHAPE, count)
    group = _groups(localities, locality, household, random)
    kind = synth_names.kind(group)
    surname = _surnames(kind, household, random)
    moved, zone_after, number_after = _moves(zones, locality, zone, postcode_number, start, until, random)
    return People(
        localities=localities, zone_codes=zones.codes, zone_locality=zones.locality, locality=locality, sex=sexes,
        birth=birth, death=_deaths(birth, frailty, start, until, random), frailty=frailty,
        quintile=zones.quintile[zone], household=household, group=group, kind=kind,
        forename=synth_names.forenames(kind, sexes, random.random(count)), surname=surname,
        nhs=_numbers(count, random), zone=zone, postcode=_postcodes(zone, postcode_number), moved=moved,
        zone_after=zone_after, postcode_after=_postcodes(zone_after, number_after), scale=scale,
    )  # fmt: skip


def _cells(plan: Plan, number: int) -> tuple[tuple[str, ...], Ints, float]:
    """Rows (locality, sex 0 or 1, lowest age, years in the band, people), rounded so that the people add up."""
    import polars as pl

    inside = plan["localities"].filter(~pl.col("outside"))["code"].to_list()
    table = plan["population"].filter(
        (pl.col("year") == plan.settings.base_year)
        & (pl.col("variant") == plan.settings.population.variant)
        & pl.col("locality").is_in(inside)
    )
    table = table.sort("locality", "age_low", "sex")
    wanted = table["people"].to_numpy() * (number / table["people"].sum())
    whole = np.floor(wanted).astype(np.int64)
    short = number - int(whole.sum())
    whole[np.argsort(-(wanted - whole), kind="stable")[:short]] += 1
    localities = tuple(sorted(inside))
    place = np.array([localities.index(code) for code in table["locality"]], dtype=np.int64)
    sex = np.array([int(one == "M") for one in table["sex"]], dtype=np.int64)
    low = table["age_low"].to_numpy()
    width = np.where(table["age_high"].to_numpy() >= 110, 8, table["age_high"].to_numpy() - low + 1)
    return localities, np.column_stack([place, sex, low, width, whole]), float(number / table["people"].sum())


class _Zones:
    """The plan's zones as arrays; a plan without zones gets one for each locality."""

    def __init__(self, plan: Plan, localities: tuple[str, ...]) -> None:
        import polars as pl

        table = plan["zones"].filter(pl.col("locality").is_in(localities)).sort("code")
        missing = [code for code in localities if code not in table["locality"].to_list()]
        self.codes = np.array([*table["code"].to_list(), *[""] * len(missing)], dtype=object)
        homes = [*table["locality"].to_list(), *missing]
        self.locality = np.array([localities.index(code) for code in homes], dtype=np.int64)
        self.people = np.concatenate([table["people"].fill_null(1.0).to_numpy(), np.ones(len(missing))])
        quintile = table["deprivation_quintile"].cast(pl.Int64).fill_null(3).to_numpy()
        self.quintile = np.concatenate([quintile, np.full(len(missing), 3)]).astype(np.int64)

    def draw(self, locality: Ints, random: np.random.Generator) -> Ints:
        out = np.zeros(len(locality), dtype=np.int64)
        for place in np.unique(locality):
            own, here = np.flatnonzero(self.locality == place), locality == place
            share = self.people[own] / self.people[own].sum()
            out[here] = random.choice(own, size=int(here.sum()), p=share)
        return out


def _households(zone: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """A household for each person (people of one zone), and the number of its postcode within the zone."""
    order = np.lexsort((random.random(len(zone)), zone))
    sizes, shares = (np.array(column) for column in zip(*assumed.HOUSEHOLDS, strict=True))
    drawn = random.choice(sizes, size=len(zone), p=shares / shares.sum())
    ends = np.cumsum(drawn)
    run = np.searchsorted(ends, np.arange(len(zone)), side="right")
    fresh = np.ones(len(zone), dtype=bool)
    fresh[1:] = (run[1:] != run[:-1]) | (zone[order][1:] != zone[order][:-1])
    household = np.empty(len(zone), dtype=np.int64)
    household[order] = np.cumsum(fresh) - 1
    return household, (household // assumed.HOMES_PER_POSTCODE) % (len(LETTERS) ** 2)


def _children(columns: tuple[Ints, ...], middle: int, until: int, random: np.random.Generator) -> tuple[Ints, ...]:
    """The same columns (locality, sex, birth, zone, household, postcode) with the children born after `middle`."""
    birth, sex = columns[2], columns[1]
    women = np.flatnonzero((sex == 0) & (birth < middle - 18 * YEAR_DAYS) & (birth > middle - 42 * YEAR_DAYS))
    expected = assumed.BIRTHS * len(birth) * max(until - middle, 0) / YEAR_DAYS
    number = int(random.poisson(expected)) if len(women) else 0
    mothers = random.choice(women, size=number) if number else np.empty(0, dtype=np.int64)
    born = [column[mothers] for column in columns]
    born[1] = random.integers(0, 2, number)
    born[2] = random.integers(middle, max(until, middle) + 1, number)
    return tuple(np.concatenate([old, new]) for old, new in zip(columns, born, strict=True))


def _groups(localities: tuple[str, ...], locality: Ints, household: Ints, random: np.random.Generator) -> Texts:
    """An ethnic group for each household, by the shares of its locality; one person in thirty has another."""
    draws = random.random(int(household.max()) + 1)[household]
    alone = random.random(len(household)) < 1 / 30
    draws[alone] = random.random(int(alone.sum()))
    out = np.empty(len(household), dtype=object)
    for place, code in enumerate(localities):
        shares = np.cumsum(assumed.GROUP_SHARES.get(code, assumed.GROUP_SHARES[""]))
        here = locality == place
        found = np.minimum(np.searchsorted(shares / shares[-1], draws[here], side="right"), len(assumed.GROUPS) - 1)
        out[here] = np.array(assumed.GROUPS, dtype=object)[found]
    return out


def _surnames(kind: Texts, household: Ints, random: np.random.Generator) -> Texts:
    """Most people of a household share its surname; the others have one of their own."""
    shared = random.random(int(household.max()) + 1)[household]
    own = random.random(len(household))
    return synth_names.surnames(kind, np.where(own < assumed.SAME_SURNAME, shared, random.random(len(household))))


def _moves(
    zones: _Zones, locality: Ints, zone: Ints, postcode: Ints, start: int, until: int, random: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """The day each person moves (`NEVER` for most), and the zone and postcode after that."""
    span = max(until - start, 1)
    moves = random.random(len(zone)) < 1 - np.exp(-assumed.MOVES * span / YEAR_DAYS)
    moved = np.where(moves, start + random.integers(0, span, len(zone)), NEVER)
    drawn = zones.draw(locality, random)  # people stay in their locality, so that its rates keep their meaning
    near = random.random(len(zone)) > assumed.MOVES_IN_LOCALITY
    after = np.where(moves, np.where(near, zone, drawn), zone)
    number = np.where(moves, random.integers(0, len(LETTERS) ** 2, len(zone)), postcode)
    return moved, after, number


def _postcodes(zone: Ints, number: Ints) -> Texts:
    """Postcodes of an area ZZ, which does not exist: zone 123 has those of `ZZ13 3..`. None
    begins with ZZ99, which stands for no fixed home."""
    ends = np.array([a + b for a in LETTERS for b in LETTERS], dtype=object)
    starts = np.array([f"ZZ{one // 10 % 90 + 1} {one % 10}" for one in range(int(zone.max()) + 1)], dtype=object)
    return np.asarray(starts[zone] + ends[number], dtype=object)


def _deaths(birth: Ints, frailty: Floats, start: int, until: int, random: np.random.Generator) -> Ints:
    """The day each person dies (`NEVER` when after the period): chances rise with age and frailty (Gompertz)."""
    a, b = assumed.DEATH
    age = np.clip((start + until) / 2 - birth, 0, 110 * YEAR_DAYS) / YEAR_DAYS
    yearly = np.exp(a + b * age) * np.maximum(frailty, 0.05) ** assumed.DEATH_FRAILTY
    wait = random.exponential(1.0, len(birth)) / yearly * YEAR_DAYS
    died = np.maximum(start, birth) + wait
    return np.where(died <= until, died, NEVER).astype(np.int64)


def _numbers(count: int, random: np.random.Generator) -> Texts:
    """Different NHS numbers of the range for tests, each with its check digit."""
    tails = random.permutation(1_000_000)[: count * 10 // 9 + 1000]  # of 11 numbers 10 have a check digit
    digits = (tails[:, None] // 10 ** np.arange(5, -1, -1)) % 10
    first = sum(int(digit) * weight for digit, weight in zip(TEST_RANGE, WEIGHTS, strict=False))
    check = (11 - (first + digits @ np.array(WEIGHTS[len(TEST_RANGE) :])) % 11) % 11
    whole = (tails * 10 + check)[check != 10]
    if count > len(whole):
        raise UsageError(f"{count:,} people need more NHS numbers than the range for tests holds; ask for fewer.")
    kept = whole[whole != 9_999_999][:count]  # with 999 in front that would be ten times the same digit
    return np.char.add(TEST_RANGE, np.char.zfill(kept.astype(str), 7)).astype(object)
