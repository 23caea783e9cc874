"""Synthetic events: for each service who used it and when, then what a record of that service says.

Times are minutes since 1970 until they are written. One row is one unit of the service's currency: a stay, an
attendance, a contact, a week of care. So the rows of the base year add up to the plan's own activity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bettercare.activity import synth_assumed as assumed
from bettercare.activity import synth_rates as rates
from bettercare.activity.synth_people import Floats, Ints, People, Texts, day
from bettercare.activity.synth_rates import Service
from bettercare.foundation import years
from bettercare.foundation.streams import generator

if TYPE_CHECKING:
    import polars as pl

    from bettercare.plan.plan import Plan

DAY = 1440
NONE = -(10**12)  # a time that is not there
KINDS = {"attendance": "attendance", "contact": "contact", "call": "contact", "week-of-care": "care"}
METHODS = {"emergency": "emergency", "elective": "elective", "maternity": "maternity"}
OFFICE = np.array([0.0] * 8 + [1.0] * 10 + [0.0] * 6)
GOLDEN = (5**0.5 - 1) / 2
YEARS_BEFORE = 10  # packages of care that began before the first year are still going on in it
Window = tuple[int, int]  # first and last day, both in


def of_service(plan: Plan, people: People, service: Service, window: Window, seed: int) -> pl.DataFrame:
    """All records of one service within the window."""
    random = generator(seed, f"synth events {service.code}")
    if service.currency == "week-of-care":
        person, on, cell = _weeks(plan, people, service, window, random)
    else:
        person, on, cell = _draw(plan, people, service, window, random, alive=True)
    base: dict[str, NDArray[np.generic]] = {"person": person, "cell": cell}
    start = on * DAY + (0 if service.currency == "week-of-care" else _clock(plan, service.code, len(on), random))
    if service.admission or service.currency in ("spell", "episode", "day-case"):
        base |= _spell(service, people, person, start, cell, random)
    elif service.currency == "week-of-care":
        base |= {"start": start, "end": (np.minimum(on + 7, people.death[person])) * DAY}
        base |= {"cost_gbp": np.full(len(on), assumed.COST["care"])}
    else:
        base |= _visit(service.code, KINDS.get(service.currency, "contact"), start, random)
    out = frame(base)
    return located(plan, people, out, service.code, random)


def frame(columns: dict[str, NDArray[np.generic]]) -> pl.DataFrame:
    """Columns as a frame: times and texts that are not there become null."""
    import polars as pl

    times = [name for name in ("end", "clock_start", "clock_stop", "ready") if name in columns]
    texts = [name for name, values in columns.items() if values.dtype == object]
    out = pl.DataFrame({n: pl.Series(n, v.tolist() if v.dtype == object else v) for n, v in columns.items()})
    return out.with_columns(
        *(pl.when(pl.col(n) > NONE).then(pl.col(n)).alias(n) for n in times),
        *(pl.when(pl.col(n).cast(pl.String) != "").then(pl.col(n).cast(pl.String)).alias(n) for n in texts),
    )


def _draw(
    plan: Plan, people: People, service: Service, window: Window, random: np.random.Generator, alive: bool
) -> tuple[Ints, Ints, Ints]:
    """Person, day and cell of each use. With `alive` false also before the first year, and of the dead.

    The chance does not fall when somebody dies in a year: what falls after the death is taken out afterwards, and the
    rate was worked out on the time that people lived.
    """
    weight = rates.weights(service, people)
    rate = rates.base_rates(plan, service, people, weight)
    base = years.parse(plan.settings.base_year)
    mean = 1.0 if alive else package_weeks(service.code)
    first = window[0] if alive else window[0] - YEARS_BEFORE * 365
    found = []
    for year in years.span(years.label(base - (0 if alive else YEARS_BEFORE)), plan.settings.last_year):
        from_day, to_day = day(years.start(year).isoformat()), day(years.end(year).isoformat())
        if to_day < first or from_day > window[1]:
            continue
        middle = max(from_day, day(years.start(plan.settings.base_year).isoformat())) + 183
        cell = rates.cells(service, people, middle)
        users = np.flatnonzero((cell >= 0) & (people.birth <= to_day) & (not alive or people.death >= from_day))
        expected = rate[cell[users]] * weight[users] / mean
        expected = expected * rates.growth(plan, service.code, year, people.age(middle)[users])
        person = np.repeat(users, random.poisson(expected))
        days, running = rates.days_of_year(plan, service.code, year)
        on = days[
            np.searchsorted(running, random.random(len(person)) * running[-1], side="right").clip(0, len(days) - 1)
        ]
        kept = (on >= first) & (on <= window[1])
        if alive:
            kept &= (on >= people.birth[person]) & (on <= people.death[person])
        found.append((person[kept], on[kept], cell[person[kept]]))
    empty = np.empty(0, dtype=np.int64)
    columns = [np.concatenate([one[place] for one in found] or [empty]) for place in range(3)]
    return columns[0], columns[1], columns[2]


def package_weeks(service: str) -> float:
    """Weeks that a package of care lasts, on average."""
    return assumed.PACKAGE_WEEKS.get(service, assumed.PACKAGE_WEEKS_OTHER)


def _weeks(
    plan: Plan, people: People, service: Service, window: Window, random: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """A row for each week of each package of care: packages begin by chance and last a geometric number of weeks."""
    person, on, cell = _draw(plan, people, service, window, random, alive=False)
    weeks = random.geometric(1.0 / package_weeks(service.code), len(person))
    row = np.repeat(np.arange(len(person)), weeks)
    week = np.arange(len(row)) - np.repeat(np.cumsum(weeks) - weeks, weeks)
    begins = on[row] + 7 * week
    kept = (begins >= window[0]) & (begins <= window[1])
    kept &= (begins <= people.death[person[row]]) & (begins >= people.birth[person[row]])
    return person[row][kept], begins[kept], cell[row][kept]


def _clock(plan: Plan, service: str, number: int, random: np.random.Generator) -> Ints:
    """Minutes after midnight, by the plan's hours of the day or in office hours."""
    share = rates.profile(plan, service, "hour", 0, 24)
    if (share == 1.0).all():
        share = OFFICE
    hour = np.searchsorted(np.cumsum(share) / share.sum(), random.random(number), side="right").clip(0, 23)
    return np.asarray(hour * 60 + random.integers(0, 60, number))


def pick(choices: tuple[tuple[str, int], ...], number: int, random: np.random.Generator) -> Texts:
    """Clinical codes by weight, written without a point."""
    codes = np.array([code.replace(".", "") for code, _ in choices], dtype=object)
    share = np.array([weight for _, weight in choices], dtype=float)
    return np.asarray(random.choice(codes, size=number, p=share / share.sum()))


def _spell(
    service: Service, people: People, person: Ints, start: Ints, cell: Ints, random: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    number = len(person)
    stay = _stay(service, cell, _year_of(start), random)
    end = start + np.maximum((stay * DAY).astype(np.int64), 60)
    age = np.floor((start / DAY - people.birth[person]) / 365.25)
    delayed = (age >= 65) & (stay >= 3) & (random.random(number) < assumed.DELAYED)
    delay = np.minimum(random.gamma(1.2, assumed.DELAY_DAYS / 1.2, number), np.maximum(stay - 1, 0.1))
    ready = np.where(delayed, end - (delay * DAY).astype(np.int64), end)
    others = pick(assumed.OTHER_DIAGNOSES, number, random)
    more = pick(assumed.OTHER_DIAGNOSES, number, random)
    has = random.random(number) < np.clip((age - 30) / 70, 0.02, 0.9)
    both = has & (random.random(number) < 0.5) & (others != more)
    second = np.where(both, others + ";" + more, np.where(has, others, ""))
    planned = service.admission == "elective" or service.currency == "day-case"
    method = "day-case" if service.code == "day-case" else METHODS.get(service.admission, "")
    moved = (age >= 65) & (stay > 2) & (random.random(number) < 0.06)
    choices = assumed.DIAGNOSES.get(service.code, assumed.DIAGNOSES[""])
    return {
        "start": start, "end": end, "ready": np.where(stay >= 1, ready, NONE),
        "event": np.full(number, "spell", dtype=object), "method": np.full(number, method, dtype=object),
        "diagnosis": pick(choices, number, random), "diagnoses": second.astype(object),
        "procedure": pick(assumed.PROCEDURES, number, random) if planned else np.full(number, "", dtype=object),
        "outcome": np.where(moved, "transfer", "home").astype(object),
        "cost_gbp": np.round(assumed.COST_SPELL + assumed.COST_DAY * stay, 2),
    }  # fmt: skip


def _stay(service: Service, cell: Ints, year: Ints, random: np.random.Generator) -> Floats:
    """Days of stay: gamma with the mean and spread that the plan gives for the cell.

    Quantiles are spread evenly over the stays of each year and cell, in an order by lot (additive recurrence with the
    golden ratio: Niederreiter 1992). A few very long stays would otherwise decide what beds a small world needs.
    """
    mean, spread = service.mean_stay[cell], service.sd_stay[cell]
    if service.currency == "day-case" or not (mean > 0).any():
        return np.asarray(random.uniform(0.1, 0.4, len(cell)))
    from scipy.special import gammaincinv

    mean = np.maximum(mean, 0.05)
    shape = (mean / np.where(spread > 0, spread, mean)) ** 2
    place = np.empty(len(cell), dtype=np.int64)
    place[np.lexsort((random.random(len(cell)), cell, mean, year))] = np.arange(len(cell))
    return np.asarray(gammaincinv(shape, (random.random() + place * GOLDEN) % 1.0) * mean / shape)


def _visit(service: str, event: str, start: Ints, random: np.random.Generator) -> dict[str, NDArray[np.generic]]:
    """An attendance, contact or response, with its waiting clock where the service has a target."""
    number = len(start)
    event = "response" if service == "ambulance" else event
    out: dict[str, NDArray[np.generic]] = {
        "start": start, "event": np.full(number, event, dtype=object),
        "cost_gbp": np.full(number, assumed.COST[event]),
    }  # fmt: skip
    if service not in assumed.CLOCKS:
        return out | {"end": start + random.integers(15, 60, number), "outcome": np.full(number, "", dtype=object)}
    share, limit, priority = assumed.CLOCKS[service]
    red = random.random(number) < assumed.RED_CALLS if service == "ambulance" else np.ones(number, dtype=bool)
    limits = np.where(red, limit, 30)
    # A Weibull wait (shape 1.4) that is within the limit as often as the share says.
    wait = limits * (np.log(random.random(number)) / np.log(1 - share)) ** (1 / 1.4)
    stop = start + np.maximum(wait, 1).astype(np.int64)
    rejected = (random.random(number) < assumed.REJECTED) & (service == "crisis-response")
    stays = stop if event == "attendance" else stop + random.integers(20, 90, number)
    outcome = np.where(random.random(number) < (0.25 if service == "ae-major" else 0.5), "admitted", "home")
    if service == "ambulance":
        outcome = np.where(outcome == "admitted", "conveyed", "home")
    elif service != "ae-major":
        outcome = np.where(rejected, "rejected", "seen")
    return out | {
        "clock_start": start, "clock_stop": np.where(rejected, NONE, stop), "end": np.where(rejected, start, stays),
        "priority": np.where(red, priority, "green").astype(object), "outcome": outcome.astype(object),
    }  # fmt: skip


def crisis(plan: Plan, people: People, window: Window, seed: int) -> Iterator[pl.DataFrame]:
    """Crisis response at home, which began after the base year: assumed volumes, mostly of old and frail people."""
    service, begins, per_thousand = assumed.CRISIS
    if service not in plan["services"]["code"]:
        return
    random = generator(seed, "synth events crisis")
    first, last = max(window[0], day(begins)), window[1]
    weight = people.frailty * np.exp(np.clip(people.age(first), 18, 95) / 14.0) * (people.age(first) >= 18)
    expected = per_thousand / 1000 * len(people) * max(last - first + 1, 0) / 365.25
    person = np.sort(random.choice(len(people), size=random.poisson(expected), p=weight / weight.sum()))
    on = first + random.integers(0, max(last - first + 1, 1), len(person))
    kept = people.death[person] >= on
    person, on = person[kept], on[kept]
    base = {"person": person, "cell": np.full(len(person), -1)}
    out = frame(base | _visit(service, "contact", on * DAY + _clock(plan, service, len(on), random), random))
    yield located(plan, people, out, service, random)


def located(
    plan: Plan, people: People, events: pl.DataFrame, service: str, random: np.random.Generator
) -> pl.DataFrame:
    """The events with the service, a site by the plan's catchments, and the organisation that runs the site."""
    import polars as pl

    table = plan["catchments"].filter(pl.col("service") == service)
    providers = dict(plan["sites"].select("code", "provider").iter_rows())
    place = people.locality[events["person"].to_numpy()]
    year = _year_of(events["start"].to_numpy())
    draws = random.random(events.height)
    sites = np.full(events.height, "", dtype=object)
    for number, locality in enumerate(people.localities):
        rows = table.filter(pl.col("locality") == locality)
        for one in np.unique(year[place == number]):
            here = (place == number) & (year == one)
            open_then = _open(rows.iter_rows(named=True), int(one))
            if open_then:
                share = np.cumsum([row["share"] for row in open_then])
                found = np.searchsorted(share / share[-1], draws[here], side="right").clip(0, len(share) - 1)
                sites[here] = np.array([row["site"] for row in open_then], dtype=object)[found]
    event = [] if "event" in events.columns else [pl.lit("care").alias("event")]
    return events.with_columns(
        *event,
        pl.lit(service).alias("service"),
        pl.Series("site", sites.tolist(), dtype=pl.String),
    ).with_columns(pl.col("site").replace_strict(providers, default=None).alias("organisation"))


def _open(rows: Iterable[dict[str, Any]], year: int) -> list[dict[str, Any]]:
    """The newest share of each site that applies in a year."""
    since = [(years.parse(row["from_year"]) if row["from_year"] else 0, row) for row in rows]
    newest = {row["site"]: row for began, row in sorted(since, key=lambda one: one[0]) if began <= year}
    return [row for _, row in sorted(newest.items()) if row["share"] > 0]


def _year_of(minutes: Ints) -> Ints:
    """The first calendar year of the financial year of each time."""
    months = (minutes // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray((months - 3) // 12 + 1970)
