"""Scenario overlays that follow from the plan's own tables: planned closures, two acute sites, a failed shift.

What is judged by hand (effects under `as-planned` and `hindsight`, achieved efficiency) stands in the scenarios' own
files and is left alone. Run again when activity, capacity, catchments, costs or effects have changed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from bettercare.examples.llr.derive.tables import LOCALITIES, PLAN

Row = dict[str, str]

ACUTE_SITES = ("lri", "lgh", "glenfield")
BASE_YEAR, LAST_YEAR = "2013/14", "2018/19"
BASIS = "KH03 average overnight"

# Strategic outline case of December 2014: 427 of 1,773 beds go by 2018/19. Pace and split are assumed.
CLOSED, OF_BEDS = 427, 1773
PACE = {"2015/16": 0.20, "2016/17": 0.45, "2017/18": 0.70, "2018/19": 1.0}
WHERE = {"emergency-medical": 0.81, "emergency-surgical": 0.12, "elective-inpatient": 0.07}

# Two acute sites: what leaves Leicester General, and the part of its fixed cost that stops. Both are assumed.
MOVES = ("emergency-medical", "emergency-surgical", "elective-inpatient", "specialised", "critical-care")
FIXED_SAVED = 0.25

CAPACITY = ("service", "site", "year", "available", "basis", "initiative", "evidence", "assumed")
CATCHMENTS = ("service", "locality", "site", "from_year", "share", "evidence", "assumed")
EFFECTS = (
    *("code", "initiative", "lever", "service", "locality", "sex", "age_low", "age_high", "reach", "unit"),
    *("distribution", "low", "mode", "high", "interval", "grade", "evidence", "assumed"),
)
OVERLAPS = ("effect_a", "effect_b", "relation", "share", "evidence", "assumed")


def _table(folder: Path, name: str) -> list[Row]:
    path = folder / f"{name}.csv"
    if not path.exists():  # tables that are written by hand are only in the plan's own folder
        path = PLAN / f"{name}.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _write(
    folder: Path, scenario: str, table: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> int:
    path = folder / "scenarios" / scenario / f"{table}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_text(row.get(column, "")) for column in columns])
    return len(rows)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _base_beds(folder: Path) -> dict[tuple[str, str], float]:
    return {
        (row["service"], row["site"]): float(row["available"])
        for row in _table(folder, "capacity")
        if row["year"] == BASE_YEAR and row["basis"] == BASIS  # beds, not places in the emergency department
    }


def planned_closures(folder: Path) -> list[Row]:
    """Capacity under `as-planned`: the planned closures, on the count that the plan uses, by year, service and site.

    The share of all beds that closes is published; largest remainders make each year's whole beds add up.
    """
    beds = _base_beds(folder)
    total = sum(n for (_, site), n in beds.items() if site in (*ACUTE_SITES, "st-marys"))
    close = round(total * CLOSED / OF_BEDS)
    rows: list[Row] = []
    for year, pace in PACE.items():
        exact = {
            (service, site): close * pace * weight * beds[service, site] / sum(beds[service, s] for s in ACUTE_SITES)
            for service, weight in WHERE.items()
            for site in ACUTE_SITES
        }
        whole = {key: int(value) for key, value in exact.items()}
        short = round(close * pace) - sum(whole.values())
        for key in sorted(exact, key=lambda k: exact[k] - whole[k], reverse=True)[:short]:
            whole[key] += 1
        reason = (
            f"Planned closures: {CLOSED} of {OF_BEDS:,} beds by 2018/19 in the outline case, the same "
            f"{CLOSED / OF_BEDS:.1%} of {total:,.0f} beds on the KH03 count ({close}). The pace ({pace:.0%} by {year}) "
            "and the split by service and site are assumed."
        )
        for (service, site), gone in whole.items():
            left = f"{beds[service, site] - gone:g}"
            row = {"service": service, "site": site, "year": year, "available": left, "basis": BASIS}
            rows.append({**row, "evidence": "soc-2014", "assumed": reason})
    return rows


def two_sites_beds(folder: Path) -> list[Row]:
    """Capacity under `two-acute-sites`: the beds of Leicester General go to the other two as their own beds are."""
    beds = _base_beds(folder)
    reason = (
        "The beds of the General go to the other two in the proportion of their own beds: beds by site are not "
        "published and the plan for each specialty was not found."
    )
    rows: list[Row] = []
    for service in MOVES:
        royal, general, glenfield = (beds[service, site] for site in ACUTE_SITES)
        up = round(general * royal / (royal + glenfield))
        for site, open_ in (("lri", royal + up), ("lgh", 0.0), ("glenfield", glenfield + general - up)):
            row = {"service": service, "site": site, "year": LAST_YEAR, "available": f"{open_:g}", "basis": BASIS}
            rows.append({**row, "assumed": reason})
    return rows


def two_sites_catchments(folder: Path) -> list[Row]:
    """Catchments under `two-acute-sites`, complete for each service and locality so that shares add up to 1."""
    beds = _base_beds(folder)
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for row in _table(folder, "catchments"):
        if row["service"] in MOVES and not row["from_year"]:
            groups.setdefault((row["service"], row["locality"]), {})[row["site"]] = float(row["share"])
    reason = "The share of the General goes to the other two sites in the proportion of their beds; other shares stay."
    rows: list[Row] = []
    for (service, locality), shares in groups.items():
        if "lgh" not in shares:
            continue
        royal, _, glenfield = (beds[service, site] for site in ACUTE_SITES)
        up = round(shares["lgh"] * royal / (royal + glenfield), 6)
        moved = {**shares, "lgh": 0.0, "lri": shares["lri"] + up, "glenfield": shares["glenfield"] + shares["lgh"] - up}
        for site, share in moved.items():
            row = {"service": service, "locality": locality, "site": site, "from_year": LAST_YEAR}
            rows.append({**row, "share": f"{share:.6f}".rstrip("0").rstrip("."), "assumed": reason})
    return rows


def two_sites_costs(folder: Path) -> list[Row]:
    """Costs under `two-acute-sites`: a part of the fixed cost of the General's share of the beds stops."""
    beds = _base_beds(folder)
    rows: list[Row] = []
    for row in _table(folder, "costs"):
        if row["provider"] != "uhl" or row["service"] not in MOVES or row["site"] or row["from_year"]:
            continue
        service = row["service"]
        part = beds[service, "lgh"] / sum(beds[service, site] for site in ACUTE_SITES)
        reason = (
            f"A quarter of the fixed cost of the General's share of the beds ({part:.0%}) stops when one rota, theatre "
            "suite or unit does the work of two; no saving had been published for this plan. Other cost as before."
        )
        fixed = round(float(row["fixed_gbp"]) * (1.0 - part * FIXED_SAVED))
        rows.append({**row, "from_year": LAST_YEAR, "fixed_gbp": str(fixed), "assumed": reason, "note": ""})
    return rows


def failed_effects(folder: Path) -> list[Row]:
    """Effects under `shift-fails`: none on hospital use; what they would have sent elsewhere is added there instead."""
    effects = _table(folder, "effects")
    none = "The shift fails: no effect, while the service runs and costs."
    rows: list[Row] = [{"code": e["code"], **_fixed("0"), "assumed": none} for e in effects if e["lever"] != "add"]
    activity = _table(folder, "activity")
    empty = {row["service"] for row in activity} - {row["service"] for row in activity if float(row["count"]) > 0.0}
    for effect in effects:
        if effect["to_service"]:
            rows += _opened(effect, activity, effect["to_service"] in empty)
    return rows


def _opened(effect: Row, activity: Sequence[Row], by_locality: bool) -> list[Row]:
    """What a shift would have brought at its most likely size in the base year, as additions."""
    size = float(effect["reach"]) * float(effect["mode"]) * float(effect["substitution_rate"])
    units = dict.fromkeys(LOCALITIES, 0.0)
    for row in activity:
        inside = int(effect["age_low"]) <= int(row["age_low"]) and int(row["age_high"]) <= int(effect["age_high"])
        here = row["locality"] in units and effect["locality"] in ("", row["locality"])
        if row["service"] == effect["service"] and inside and here:
            units[row["locality"]] += float(row["count"]) * size
    places = units if by_locality else {effect["locality"]: sum(units.values())}
    ages = ("0", "120") if by_locality else (effect["age_low"], effect["age_high"])
    reason = (
        f"What {effect['code']} would have brought to this service at its most likely size in the base year: it is "
        "opened and used, but hospital use stays."
    )
    rows: list[Row] = []
    for place, count in places.items():
        if round(count) == 0:
            continue
        code = "F" + effect["code"][1:] + (f"-{place}" if by_locality else "")
        row = {"code": code, "initiative": effect["initiative"], "lever": "add", "service": effect["to_service"]}
        row |= {"locality": place, "sex": "P", "age_low": ages[0], "age_high": ages[1], "reach": "1"}
        row |= {"unit": "count-a-year", "grade": "none", "assumed": reason, **_fixed(str(round(count)))}
        rows.append(row)
    return rows


def _fixed(value: str) -> Row:
    return {"distribution": "fixed", "low": value, "mode": value, "high": value, "interval": "range"}


def failed_overlaps(folder: Path, opened: Sequence[Row]) -> list[Row]:
    """Overlaps under `shift-fails`: what is opened adds up with what is opened elsewhere."""
    adds = [e for e in _table(folder, "effects") if e["lever"] == "add"]
    new = [row for row in opened if row.get("lever") == "add"]
    codes = {row["code"] for row in new}
    rows: list[Row] = []
    for a, b in combinations([*new, *adds], 2):
        if not {a["code"], b["code"]} & codes or a["service"] != b["service"] or a["initiative"] == b["initiative"]:
            continue
        apart = a["locality"] and b["locality"] and a["locality"] != b["locality"]
        ages = int(a["age_low"]) <= int(b["age_high"]) and int(b["age_low"]) <= int(a["age_high"])
        if not apart and ages:
            one, other = sorted((a["code"], b["code"]))
            reason = "Each opens visits of its own, so they add up."
            rows.append({"effect_a": one, "effect_b": other, "relation": "distinct", "assumed": reason})
    return rows


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write the derived overlays of a plan's folder; rows by file."""
    opened = failed_effects(folder)
    costs = two_sites_costs(folder)
    parts: tuple[tuple[str, str, Sequence[str], Sequence[Row]], ...] = (
        ("as-planned", "capacity", CAPACITY, planned_closures(folder)),
        ("two-acute-sites", "capacity", CAPACITY, two_sites_beds(folder)),
        ("two-acute-sites", "catchments", CATCHMENTS, two_sites_catchments(folder)),
        ("two-acute-sites", "costs", list(costs[0]), costs),
        ("shift-fails", "effects", EFFECTS, opened),
        ("shift-fails", "overlaps", OVERLAPS, failed_overlaps(folder, opened)),
    )
    return {
        f"scenarios/{name}/{table}": _write(folder, name, table, columns, rows) for name, table, columns, rows in parts
    }
