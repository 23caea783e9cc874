"""Checks of people and care: age bands, missing people, stays, flows, catchments and beds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bettercare.foundation.problems import Problem, count, shown
from bettercare.plan.typed import Row
from bettercare.plan.view import SETTINGS, Rule, View, average_open, group, in_force, rule, turning_years

TOLERANCE = 0.001
NEAR = 0.10  # how far flow activity may lie from what its senders send
DAYS = 365


def ages(low: int, high: int) -> str:
    """An age band in words."""
    return f"aged {low} and over" if high >= 120 else f"aged {low} to {high}"


def mask(low: int, high: int) -> int:
    """An age band as bits, one for each year of age."""
    return ((1 << (high - low + 1)) - 1) << low if high >= low else 0


def _overlapping(rows: list[Row], sexes: bool) -> Iterator[tuple[Row, Row]]:
    """Pairs of rows whose age bands overlap for the same sex (P meets both), each later row once."""
    reached: dict[str, Row] = {}
    for row in sorted(rows, key=lambda r: (r["age_low"], r["age_high"])):
        sex = row["sex"] if sexes else "P"
        clash = [s for s in reached if s == sex or "P" in (s, sex)]
        first = next((reached[s] for s in clash if reached[s]["age_high"] >= row["age_low"]), None)
        if first is not None:
            yield first, row
        if sex not in reached or row["age_high"] > reached[sex]["age_high"]:
            reached[sex] = row


def _bands(view: View, table: str, *columns: str) -> Iterator[Problem]:
    for rows in group(view.rows(table), *columns).values():
        for first, row in _overlapping(rows, "sex" in row_names(rows)):
            later, earlier = (row, first) if (row.row or 0) >= (first.row or 0) else (first, row)
            message = (
                f"people {ages(later['age_low'], later['age_high'])} overlap with row {earlier.row} "
                f"({ages(earlier['age_low'], earlier['age_high'])})."
            )
            yield later.problem("age_low", message, "Give bands that do not overlap, so that nobody counts twice.")


def row_names(rows: list[Row]) -> set[str]:
    """The columns of rows of one table."""
    return set(rows[0]) if rows else set()


@rule("population")
def population_bands(view: View) -> Iterator[Problem]:
    yield from _bands(view, "population", "locality", "year", "variant")


@rule("activity")
def activity_bands(view: View) -> Iterator[Problem]:
    yield from _bands(view, "activity", "service", "locality", "arrives")


@rule("growth", "flows")
def other_bands(view: View) -> Iterator[Problem]:
    yield from _bands(view, "growth", "code", "service", "locality")
    yield from _bands(view, "flows", "from_service", "to_service", "locality")


@rule("activity", "population", SETTINGS, whole=("population",))
def missing_people(view: View) -> Iterator[Problem]:
    """Whoever is active lives somewhere, in every year of the forecast."""
    variant = view.plan.population.variant
    file = view.file("population")
    people: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    variants = set()
    for row in view.rows("population"):
        variants.add(row["variant"])
        if row["variant"] == variant:
            for sex in "FM" if row["sex"] == "P" else row["sex"]:
                band = (mask(row["age_low"], row["age_high"]), row["people"])
                people.setdefault((row["locality"], row["year"], sex), []).append(band)
    if variants and variant not in variants:
        hint = f"The variants are {', '.join(sorted(variants))}."
        yield Problem(view.settings_file, None, "population.variant", f"{shown(variant)} is not in {file}.", hint)
        return
    active = [row for row in view.rows("activity") if row["count"] > 0]
    for (locality, sex, low, high), rows in group(active, "locality", "sex", "age_low", "age_high").items():
        first = min(rows, key=lambda row: (row.file, row.row or 0))
        more = (
            f" ({count(len(rows) - 1, 'other row is', 'other rows are')} of the same people)" if len(rows) > 1 else ""
        )
        who = f"people {ages(low, high)} in {locality}" + ("" if sex == "P" else f" (sex {sex})")
        need = mask(low, high)
        gaps = []
        empty = False
        for year in view.plan.years:
            for one in "FM" if sex == "P" else sex:
                bands = people.get((locality, year, one), [])
                covered = 0
                for bits, _ in bands:
                    covered |= bits
                if need & ~covered:
                    gaps.append(year)
                elif year == view.plan.base_year and not any(n for bits, n in bands if bits & need):
                    empty = True
        if gaps:
            years = ", ".join(dict.fromkeys(gaps))
            message = f"{file} does not cover all {who} in {years}{more}."
            yield first.problem(None, message, f"Add them (variant {variant}; 120 is the end of an open band).")
        elif empty:
            yield first.problem(
                None, f"there is activity of {who}, but {file} has none of them in the base year{more}."
            )


@rule("services", "activity")
def stays(view: View) -> Iterator[Problem]:
    """Services with beds have a bed type, and their activity a length of stay with its spread."""
    services = view.by_code("services")
    for service in view.rows("services"):
        if service["capacity_unit"] == "bed" and service["bed_type"] is None:
            yield service.problem("bed_type", "a service with beds needs the count that they belong to.")
    for row in view.rows("activity"):
        found = services.get(row["service"])
        if found is None or row["count"] == 0:
            continue
        if row["mean_los_days"] is None and found["capacity_unit"] == "bed":
            hint = f"Fill it in: {row['service']} has beds."
            yield row.problem("mean_los_days", "the length of stay is missing.", hint)
        elif row["mean_los_days"] is not None and row["sd_los_days"] is None:
            hint = "Fill it in (0 when all stays are equally long)."
            yield row.problem("sd_los_days", "there is a mean length of stay but no standard deviation.", hint)


@rule("catchments", SETTINGS)
def catchment_shares(view: View) -> Iterator[Problem]:
    """The shares of a service and locality add up to 1, from the base year and from each later turn."""
    for (service, locality), rows in view.whole_groups("catchments", "service", "locality").items():
        for year in turning_years(rows, view.plan.base_year):
            here = in_force(rows, year, "site")
            total = sum(row["share"] for row in here)
            if abs(total - 1) > TOLERANCE:
                last = max(here or rows, key=lambda row: (row.file, row.row or 0))
                when = f" in {year}" if year != view.plan.base_year or not here else ""
                message = f"the shares of {service} from {locality} add up to {total:.4g}{when}, not to 1."
                yield last.problem("share", message, "Every unit goes somewhere; add a site outside if need be.")
                break


@rule("catchments", "activity")
def catchments_there(view: View) -> Iterator[Problem]:
    """Activity goes to a site (a warning, because a plan may begin without sites)."""
    there = {(row["service"], row["locality"]) for row in view.tables["catchments"]}
    missing: dict[str, list[str]] = {}
    for (service, locality), rows in group(view.rows("activity"), "service", "locality").items():
        if (service, locality) not in there and any(row["count"] > 0 for row in rows):
            missing.setdefault(service, []).append(locality)
    for service, localities in sorted(missing.items()):
        message = f"{service} has activity from {', '.join(localities)}, but no site where it goes."
        hint = "Until there is one, it needs no beds and no contract pays for it."
        yield Problem(view.file("catchments"), None, None, message, hint, warning=True)


@rule("flows")
def flow_shares(view: View) -> Iterator[Problem]:
    """No more people leave a service than are in it, for any age and locality."""
    for (service,), rows in view.whole_groups("flows", "from_service").items():
        edges = sorted({row["age_low"] for row in rows})
        for locality in sorted({row["locality"] for row in rows}, key=lambda code: code or ""):
            for age in edges:
                here = [
                    row
                    for row in rows
                    if row["age_low"] <= age <= row["age_high"] and row["locality"] in (None, locality)
                ]
                total = sum(row["share"] for row in here)
                if total > 1 + TOLERANCE:
                    last = max(here, key=lambda row: (row.file, row.row or 0))
                    message = f"the shares that leave {service} at age {age} add up to {total:.4g}, more than 1."
                    yield last.problem("share", message, "Lower them.")
                    break


@rule("flows", "activity", whole=True)
def flow_activity(view: View) -> Iterator[Problem]:
    """Activity marked `flow` is brought by some service, and by about as much as is there."""
    driving = [row for row in view.rows("flows") if row["drives"]]
    senders = {to: rows for (to,), rows in group(driving, "to_service").items()}
    activity = group(view.rows("activity"), "service", "locality")
    for (service, locality), rows in activity.items():
        flow = [row for row in rows if row["arrives"] == "flow" and row["count"] > 0]
        if not flow:
            continue
        sends = [row for row in senders.get(service, []) if row["locality"] in (None, locality)]
        if not sends:
            hint = f"Add the sender to {view.file('flows')} with drives yes, or mark the row direct."
            yield flow[0].problem("arrives", f"no flow brings people from {locality} to {service}.", hint)
            continue
        brought = sum(
            send["share"] * send["units_each"] * row["count"] * _part(row, send)
            for send in sends
            for row in activity.get((send["from_service"], locality), [])
        )
        there = sum(row["count"] for row in flow)
        if abs(brought - there) > NEAR * there:
            message = f"{service} has {there:,.0f} from {locality} marked flow, but its senders bring {brought:,.0f}."
            hint = "In the base year the two should be within 10% of one another."
            yield Problem(view.file("flows"), None, None, message, hint, warning=True)


def _part(row: Row, send: Row) -> float:
    """The part of a row's ages that a flow addresses."""
    low, high = max(row["age_low"], send["age_low"]), min(row["age_high"], send["age_high"])
    ages_of_row = int(row["age_high"]) - int(row["age_low"]) + 1
    return max(0, int(high) - int(low) + 1) / ages_of_row


@rule("services", "sites", "partners", "activity", "catchments", "capacity", SETTINGS, whole=True)
def beds(view: View) -> Iterator[Problem]:
    """Where people stay in beds there are beds in the base year, and more than are always occupied."""
    sites = view.by_code("sites")
    partners = view.by_code("partners")
    base = view.plan.base_year
    dated = sorted(view.rows("capacity"), key=lambda row: (row["year"], row["from_date"] or date.min))
    available = group((row for row in dated if row["year"] <= base), "service", "site")
    days: dict[tuple[str, str], float] = {}
    for row in view.rows("activity"):
        key = (row["service"], row["locality"])
        days[key] = days.get(key, 0.0) + row["count"] * (row["mean_los_days"] or 0.0)
    services = view.by_code("services")
    occupied: dict[tuple[str, str], float] = {}
    for row in in_force(view.rows("catchments"), base, "service", "locality", "site"):
        service = services.get(row["service"])
        if service is not None and service["capacity_unit"] == "bed":
            here = days.get((row["service"], row["locality"]), 0.0) * row["share"] / DAYS
            key = (row["service"], row["site"])
            occupied[key] = occupied.get(key, 0.0) + here
    for (code, site), needed in sorted(occupied.items()):
        place = sites.get(site)
        if needed <= 0 or place is None or place["elsewhere"]:
            continue
        runs = partners.get(place["provider"])
        if runs is not None and not runs["in_system"]:
            continue
        there = available.get((code, site))
        if there is None:
            message = f"{code} at {site} occupies {needed:,.1f} beds in {base}, but has none there."
            hint = "Add a row for the base year, or send the catchment to another site."
            yield Problem(view.file("capacity"), None, None, message, hint)
        elif needed >= (beds_open := average_open(there, [base])[0]):
            message = f"{code} at {site} has {beds_open:,.1f} beds, but its activity occupies {needed:,.1f} in {base}."
            yield there[-1].problem("available", message, "Correct the beds, the stays or the catchment.")


RULES: tuple[Rule, ...] = (
    population_bands,
    activity_bands,
    other_bands,
    missing_people,
    stays,
    catchment_shares,
    catchments_there,
    flow_shares,
    flow_activity,
    beds,
)
