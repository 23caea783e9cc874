"""People: how many of which age, and who uses hospitals most."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import polars as pl

from bettercare.reporting import badges, text
from bettercare.reporting.chart_gap import said
from bettercare.reporting.chart_rows import COUNTS, Point, Row, Rows
from bettercare.reporting.chart_style import BLUE, GREY, Chart, Table
from bettercare.reporting.material import Material

Band = tuple[int, int]
OLD = 65


def people_by_band(m: Material, year: str) -> dict[Band, float]:
    """People who live in the area, by age band, in a year of the plan's own variant."""
    home = m.plan.tables["localities"].filter(~pl.col("outside"))["code"]
    table = m.plan.tables["population"].filter(
        (pl.col("year") == year)
        & (pl.col("variant") == m.plan.settings.population.variant)
        & pl.col("locality").is_in(home.implode())
    )
    sums = table.group_by("age_low", "age_high").agg(pl.col("people").sum()).sort("age_low")
    return {(low, high): n for low, high, n in sums.iter_rows()}


def merged(bands: dict[Band, float], most: int = 11) -> dict[Band, float]:
    """Neighbouring bands joined until there are at most `most`; the last stays as it is."""
    items = sorted(bands.items())
    while len(items) > most:
        joined = []
        for i in range(0, len(items) - 1, 2):
            (a, n), (b, k) = items[i], items[i + 1]
            joined.append(((a[0], b[1]), n + k))
        items = joined + ([items[-1]] if len(items) % 2 else [])
    return dict(items)


def age(band: Band) -> str:
    """`0 to 4`, `85 and over`."""
    return f"{band[0]} and over" if band[1] >= 110 else f"{band[0]} to {band[1]}"


def population(m: Material) -> Chart | None:
    """People by age in the base year and in the last."""
    first, last = m.f.years[0], m.f.years[-1]
    before, after = (merged(people_by_band(m, y)) for y in (first, last))
    if not before or set(before) != set(after):
        return None
    rows, cells = [], []
    for band, n in before.items():
        k = after[band]
        grown = text.percent(k / n - 1.0, plus=True) if n else ""
        rows.append(
            Row(f"Aged {age(band)}", grown, points=(Point(n, "circle", GREY, hollow=True), Point(k, "square", BLUE)))
        )
        cells.append((age(band), text.number(n), text.number(k), grown))
    fine = [people_by_band(m, y) for y in (first, last)]
    old = [sum(n for b, n in year.items() if b[0] >= OLD) for year in fine]
    young = [sum(n for b, n in year.items() if b[0] < OLD) for year in fine]
    title = (
        f"By {last} there are {text.number(sum(after.values()))} people, "
        f"{_more(sum(before.values()), sum(after.values()))}"
    )
    if old[0] and any(b[0] == OLD for b in fine[0]):
        title += f": {_more(*old)} aged 65 and over, {_more(*young)} younger"
    table = Table(f"People by age, {first} and {last}", ("Age", first, last, "Change"), tuple(cells))
    how = f"Hollow circle: {first}. Filled square: {last}. The number on the right is the change."
    picture = Rows(rows, "People", COUNTS, zero=True)
    return Chart("population", title, said(title, table), how, badges.of_table(m.plan, "population"), table, picture)


def _more(before: float, after: float) -> str:
    if not before:
        return "none before"
    share = after / before - 1.0
    if abs(share) < 0.0005:
        return "no more"
    return f"{text.percent(abs(share))} {'more' if share > 0 else 'fewer'}"


def _share_of(low: int, high: int, band: Band) -> float:
    """Part of the people of a population band that lies in the ages `low` to `high`, ages spread evenly."""
    inside = min(high, band[1]) - max(low, band[0]) + 1
    return max(inside, 0) / (band[1] - band[0] + 1)


def standardised(m: Material) -> list[dict[str, Any]]:
    """Emergency admissions per 1,000 people in the base year, by locality: as counted, and at one age structure.

    Direct standardisation: each locality's rate in each age band of the activity, weighted by the whole area's people
    of that band. Also the share of people in zones of the most deprived fifth.
    """
    services = m.plan.tables["services"].filter(pl.col("admission") == "emergency")["code"]
    use = m.plan.tables["activity"].filter(pl.col("service").is_in(services.implode()))
    everyone = m.plan.tables["population"].filter(
        (pl.col("year") == m.base_year) & (pl.col("variant") == m.plan.settings.population.variant)
    )
    people: dict[tuple[str, Band], float] = defaultdict(float)
    for place, low, high, n in everyone.select("locality", "age_low", "age_high", "people").iter_rows():
        people[place, (low, high)] += n
    counts: dict[tuple[str, Band], float] = defaultdict(float)
    for place, low, high, n in use.select("locality", "age_low", "age_high", "count").iter_rows():
        counts[place, (low, high)] += n
    homes: dict[str, str] = dict(
        m.plan.tables["localities"].filter(~pl.col("outside")).select("code", "name").iter_rows()
    )
    bands = sorted({b for place, b in counts if place in homes})

    def living(place: str, band: Band) -> float:
        return sum(n * _share_of(*band, own) for (p, own), n in people.items() if p == place)

    standard = {b: sum(living(p, b) for p in homes) for b in bands}
    whole = sum(n for (p, _), n in people.items() if p in homes)
    out = []
    for place, name in homes.items():
        rate = sum(counts[place, b] / living(place, b) * standard[b] for b in bands if living(place, b) > 0.0)
        total = sum(n for (p, _), n in people.items() if p == place)
        crude = sum(n for (p, _), n in counts.items() if p == place)
        if total and whole:
            out.append(
                {"name": name, "poor": _poor(m, place), "crude": 1000 * crude / total, "rate": 1000 * rate / whole}
            )
    return out


def _poor(m: Material, place: str) -> float | None:
    zones = m.plan.tables["zones"].filter(pl.col("locality") == place)
    total = float(zones["people"].sum())
    poor = float(zones.filter(pl.col("deprivation_quintile") == 1)["people"].sum())
    return poor / total if total else None


def deprivation(m: Material) -> Chart | None:
    """Emergency admissions against deprivation, by locality."""
    rows = [r for r in standardised(m) if r["poor"] is not None and r["rate"] > 0.0]
    if len(rows) < 2 or len({r["poor"] for r in rows}) < 2:
        return None
    poorest, richest = max(rows, key=lambda r: r["poor"]), min(rows, key=lambda r: r["poor"])
    more = poorest["rate"] / richest["rate"] - 1.0
    title = (
        f"At the same ages, people of {poorest['name']}, where {text.percent(poorest['poor'])} live in the most "
        f"deprived "
        f"fifth of England, are admitted in an emergency {_more(1.0, 1.0 + more).replace('fewer', 'less')} often "
        f"than those "
        f"of {richest['name']} ({text.percent(richest['poor'])})"
    )
    drawn = [
        Row(
            f"{r['name']}: {text.percent(r['poor'])} in the most deprived fifth",
            f"{text.number(r['rate'])} in 1,000",
            points=(Point(r["crude"], "circle", GREY, hollow=True), Point(r["rate"], "square", BLUE)),
        )
        for r in sorted(rows, key=lambda r: -r["poor"])
    ]
    picture = Rows(drawn, "Emergency admissions for 1,000 people in a year", COUNTS)
    table = Table(
        f"Emergency admissions and deprivation by locality, {m.base_year}",
        ("Locality", "In the most deprived fifth", "Per 1,000 people", "Per 1,000, at the same ages"),
        tuple((r["name"], text.percent(r["poor"]), text.number(r["crude"]), text.number(r["rate"])) for r in rows),
        note=(
            "Standardised directly to the ages of the whole area. This compares areas, not people: it does not "
            "say that "
            "deprivation causes admissions, nor how one person compares with another, and it leaves out people from "
            "elsewhere. Where the plan's use by locality was itself worked out from national rates, part of this "
            "pattern was "
            "put in and not found."
        ),
    )
    how = "Filled square: at the same ages. Hollow circle: as counted. The scale begins at nought."
    badge = badges.of_table(m.plan, "activity")
    return Chart("deprivation", title, said(title, table), how, badge, table, picture)
