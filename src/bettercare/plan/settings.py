"""`plan.toml`: what a plan is called, its years, its draws and the assumptions that are one number each.

Every key is described once, in `KEYS`; the reader, the overlay of a scenario and the workbook use that.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bettercare.foundation import years
from bettercare.foundation.problems import Problem, did_you_mean, nearest, shown
from bettercare.plan.values import CODE, LONGEST_TEXT


@dataclass(frozen=True)
class Discount:
    """Discount rates in % a year: `standard_percent` for money, `health_percent` for health."""

    standard_percent: float
    health_percent: float


@dataclass(frozen=True)
class Funding:
    """Which funding variant of allocations.csv applies."""

    variant: str


@dataclass(frozen=True)
class Population:
    """Which variant of population.csv applies."""

    variant: str


@dataclass(frozen=True)
class Slippage:
    """How dates move, in months (minus is early), and the correlation (0..1) that all dates share."""

    low_months: float
    mode_months: float
    high_months: float
    shared: float


@dataclass(frozen=True)
class Programme:
    """Correlation (0..1) of effects with the programme's luck, by the grade of their evidence."""

    shared_strong: float
    shared_moderate: float
    shared_weak: float
    shared_none: float


@dataclass(frozen=True)
class Settings:
    """The settings of a plan. Years are texts such as `2013/14`."""

    name: str
    title: str
    description: str
    base_year: str
    last_year: str
    headline_year: str
    plan_date: date
    price_base: str
    currency: str
    seed: int
    draws: int
    comparison: str
    main: str
    scenario_order: tuple[str, ...]
    discount: Discount
    funding: Funding
    population: Population
    slippage: Slippage
    programme: Programme

    @property
    def years(self) -> tuple[str, ...]:
        """The financial years from the base year to the last year."""
        return tuple(years.span(self.base_year, self.last_year))


@dataclass(frozen=True)
class Key:
    """One setting: its dotted name, its kind, its default (None: it must be given), its range and its meaning."""

    name: str
    kind: str  # text, code, year, date, integer, number, codes
    default: Any
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    overlay: bool = True  # whether a scenario may change it


FEWEST_DRAWS = 20  # a range runs from the 5th to the 95th percentile: one draw in twenty on each side

KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        Key("name", "code", None, "Short name of the plan", overlay=False),
        Key("title", "text", None, "Title in plain words", overlay=False),
        Key("description", "text", "", "What the plan is for", overlay=False),
        Key("base_year", "year", None, "Financial year whose activity and money the plan starts from", overlay=False),
        Key("last_year", "year", None, "Last financial year of the forecast", overlay=False),
        Key("headline_year", "year", None, "Financial year that summaries show", overlay=False),
        Key("plan_date", "date", None, "Day on which the plan was made; evidence known later is marked"),
        Key("price_base", "year", None, "Financial year in whose prices real terms are given", overlay=False),
        Key("currency", "text", "GBP", "Currency of all money (GBP)", overlay=False),
        Key("seed", "integer", 1, "Seed of the random draws", 0, 2**63 - 1),
        Key("draws", "integer", 1000, "Number of draws, enough for a range", FEWEST_DRAWS, 1_000_000),
        Key("comparison", "code", None, "Scenario of doing nothing, with which others are compared", overlay=False),
        Key("main", "code", None, "Scenario that is shown first", overlay=False),
        Key("scenario_order", "codes", (), "Order of the scenarios in charts and papers", overlay=False),
        Key("discount.standard_percent", "number", 3.5, "Discount rate of money in % a year", 0, 30),
        Key("discount.health_percent", "number", 1.5, "Discount rate of health in % a year", 0, 30),
        Key("funding.variant", "code", None, "Funding variant of allocations.csv"),
        Key("population.variant", "code", "principal", "Variant of population.csv"),
        Key("slippage.low_months", "number", 0.0, "Least that a date moves in months (minus is early)", -60, 240),
        Key("slippage.mode_months", "number", 0.0, "Most likely move of a date in months", -60, 240),
        Key("slippage.high_months", "number", 0.0, "Most that a date moves in months", -60, 240),
        Key("slippage.shared", "number", 0.5, "Correlation that all dates share", 0, 1),
        Key("programme.shared_strong", "number", 0.0, "Shared luck of effects with strong evidence", 0, 1),
        Key("programme.shared_moderate", "number", 0.25, "Shared luck of effects with moderate evidence", 0, 1),
        Key("programme.shared_weak", "number", 0.5, "Shared luck of effects with weak evidence", 0, 1),
        Key("programme.shared_none", "number", 0.75, "Shared luck of effects with no evidence", 0, 1),
    )
}


HORIZON = ("last_year", "headline_year")


def parse_toml(text: str, file: str, problems: list[Problem]) -> dict[str, Any] | None:
    """A TOML text as nested dictionaries, or None and a problem with its row."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        match = re.search(r"\(at line (\d+), column \d+\)", str(error))
        what = re.sub(r"\s*\(at .*\)$", "", str(error))[:120] or "it is nested too deeply"
        hint = 'A line is: key = "text", key = 12 or key = 2014-09-30.'
        problems.append(Problem(file, int(match[1]) if match else None, None, f"is not TOML: {what}.", hint))
        return None


def flatten(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one with dotted names."""
    flat: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict) and not prefix:
            flat.update(flatten(value, f"{name}."))
        else:
            flat[prefix + name] = value
    return flat


def line_of(text: str, dotted: str) -> int | None:
    """The row of a TOML text in which a dotted key is set, as far as a plain reading finds it."""
    section, _, name = dotted.rpartition(".")
    current = ""
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            current = stripped.strip("[] ").removeprefix("settings.")
            current = "" if current == "settings" else current
            if dotted == current:
                return number
        elif "=" in stripped:
            key = stripped.split("=", 1)[0].strip().strip("\"'").removeprefix("settings.")
            if (current == section and key == name) or (not current and key == dotted):
                return number
    return None


def check_values(
    flat: Mapping[str, Any], text: str, file: str, problems: list[Problem], overlay: bool = False
) -> dict[str, Any]:
    """The values that are right, by dotted name; what is wrong becomes problems. Defaults are not filled in."""
    good: dict[str, Any] = {}
    for name, value in flat.items():
        row = line_of(text, name)
        key = KEYS.get(name)
        if key is None:
            hint = did_you_mean(name, KEYS)
            problems.append(Problem(file, row, None, f"{shown(name)} is not a setting.", hint))
            continue
        if overlay and not key.overlay:
            problems.append(Problem(file, row, name, "a scenario cannot change this setting.", "Leave it out."))
            continue
        try:
            good[name] = _value(key, value)
        except ValueError as error:
            problems.append(Problem(file, row, name, str(error), f"{key.meaning}."))
    return good


def read_settings(text: str, file: str, problems: list[Problem]) -> Settings | None:
    """The settings of a plan.toml. What is wrong is in `problems`.

    A wrong value that has a default takes that, so that the rest of the plan can be checked; None where there is none.
    """
    content = parse_toml(text, file, problems)
    if content is None:
        return None
    good = check_values(flatten(content), text, file, problems)
    for key in KEYS.values():
        if key.default is None and key.name not in flatten(content):
            near = nearest(key.name, [name for name in flatten(content) if name not in KEYS])
            if near is None:  # otherwise the misspelt key has been reported
                problems.append(Problem(file, None, key.name, "the setting is missing.", f"{key.meaning}."))
    if any(key.default is None and key.name not in good for key in KEYS.values()):
        return None
    settings = build(good)
    found = together(settings, text, file)
    problems.extend(found)
    return None if any(problem.column in HORIZON for problem in found) else settings


def build(values: Mapping[str, Any]) -> Settings:
    """Settings from checked values by dotted name; what is not given takes its default."""
    filled = {name: values.get(name, key.default) for name, key in KEYS.items()}

    def part(prefix: str) -> dict[str, Any]:
        return {n.partition(".")[2]: v for n, v in filled.items() if n.startswith(prefix + ".")}

    return Settings(
        **{name: value for name, value in filled.items() if "." not in name},
        discount=Discount(**part("discount")),
        funding=Funding(**part("funding")),
        population=Population(**part("population")),
        slippage=Slippage(**part("slippage")),
        programme=Programme(**part("programme")),
    )


def as_flat(settings: Settings) -> dict[str, Any]:
    """The settings by dotted name, in the order of `KEYS`."""
    flat: dict[str, Any] = {}
    for name in KEYS:
        value: Any = settings
        for part in name.split("."):
            value = getattr(value, part)
        flat[name] = value
    return flat


def together(settings: Settings, text: str, file: str) -> list[Problem]:
    """What is wrong between settings that are each right."""
    found: list[Problem] = []

    def problem(key: str, message: str, hint: str = "") -> None:
        found.append(Problem(file, line_of(text, key), key, message, hint))

    if years.parse(settings.last_year) <= years.parse(settings.base_year):
        problem("last_year", f"{settings.last_year} is not after the base year {settings.base_year}.")
    elif len(settings.years) > 60:
        problem("last_year", f"the horizon has {len(settings.years)} years.", "At most 60 are forecast.")
    else:
        if settings.headline_year not in settings.years:
            ends = f"{settings.base_year} to {settings.last_year}"
            problem("headline_year", f"{settings.headline_year} lies outside the horizon.", f"Choose from {ends}.")
    if settings.currency != "GBP":
        problem("currency", f"{shown(settings.currency)} is not known.", "Only GBP is.")
    slip = settings.slippage
    if not slip.low_months <= slip.mode_months <= slip.high_months:
        message = f"low {slip.low_months:g}, mode {slip.mode_months:g}, high {slip.high_months:g} do not rise."
        problem("slippage.low_months", message, "Put low, mode and high in rising order.")
    return found


def _value(key: Key, value: Any) -> Any:
    if key.kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{shown(value)} is not a number.")
        if key.kind == "integer" and not isinstance(value, int):
            raise ValueError(f"{value} is not a whole number.")
        if not key.low <= value <= key.high:
            raise ValueError(f"{value} is not between {key.low:,.10g} and {key.high:,.10g}.")
        return value if key.kind == "integer" else float(value) + 0.0
    if key.kind == "date":
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValueError(f"{shown(value)} is not a date; write 2014-09-30.") from None
    if key.kind == "codes":
        if not isinstance(value, list) or not all(isinstance(v, str) and CODE.fullmatch(v) for v in value):
            raise ValueError('this is not a list of codes; write ["a", "b"].')
        return tuple(dict.fromkeys(value))
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not a text; put it in quotes.")
    if key.kind == "year":
        try:
            return years.label(years.parse(value.strip()))
        except ValueError:
            raise ValueError(f"{shown(value)} is not a financial year; write 2013/14.") from None
    if key.kind == "code" and not CODE.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a code (letters, digits, dots, hyphens and underscores).")
    return check_text(value)


def check_text(value: str) -> str:
    """The text stripped; ValueError when it is blank-proof unsafe (control characters) or too long for a cell."""
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"the text has more than {LONGEST_TEXT:,} characters.")
    if any((c < " " and c not in "\n\t") or c in "\x7f\ufffe\uffff" or "\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("the text holds a control character.")
    return text
