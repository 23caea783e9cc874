"""The indicators as anybody may see them: through disclosure control, as series with a control chart each.

Each indicator is protected in one call with all of its parts, groups and totals. A percentage is made from published
counts. Days are published where the stays behind them are; where one cell of a line would then be hidden alone,
another is hidden with it, so that no total gives it away.

An indicator that joins what several organisations sent rests on links between their records, and a link may be missing
or wrong. Its interval allows for both: the lower end counts the numerator times the precision of links, the upper end
the numerator over their recall, and each end then has the usual interval of a share (Wilson) around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

import polars as pl

from bettercare.activity import indicators
from bettercare.activity.control_chart import ControlChart, Ends, xmr
from bettercare.activity.disclosure import ALL, HIDDEN, STEP, protect, shown
from bettercare.activity.indicators import WHOLE, Indicator

if TYPE_CHECKING:
    from bettercare.activity.store import Store
    from bettercare.plan.plan import Plan

DIMENSIONS = ("month", "partner", "locality")
KEYS = ("indicator", "part", *DIMENSIONS)
NUMBERS = ("numerator", "denominator")
Z = 1.959964
ROUNDED = STEP // 2  # how far a count to the nearest 5 may lie from the true one


@dataclass(frozen=True)
class LinkError:
    """Precision and recall of links between organisations' records, and what the two figures rest on.

    They are assumed, or the estimate from `pairs` of records known by their NHS numbers (`link_referee`): modelled, or
    made up where people are. An estimate is cut to whole hundredths, which gives no small count away, and at most .99:
    an error that no number shows can never be ruled out.
    """

    precision: float = 0.99
    recall: float = 0.95
    badge: str = "assumed"
    pairs: str = ""

    @classmethod
    def of(cls, store: Store) -> LinkError:
        """That of the links of a store: the estimate where there is one."""
        kept = store.link_quality()
        if kept is None or kept["recall"] is None:
            return cls()
        badge = "made up" if store.synthetic else "modelled"
        precision, recall = (min(max(math.floor(100 * kept[n]), 1), 99) / 100 for n in ("precision", "recall"))
        return cls(precision, recall, badge, shown(kept["pairs"]))

    def __str__(self) -> str:
        rest = f"{self.badge}; tried on {self.pairs} pairs known by NHS number" if self.pairs else self.badge
        return f"{self.precision:.0%} of links are right, and {self.recall:.0%} of true links were found ({rest})."


@dataclass(frozen=True)
class Series:
    """One indicator (or part of one) of one partner and locality over the months; "" stands for all of them.

    `rows` has month, numerator_shown and denominator_shown (text), numerator and denominator (rounded, null where
    hidden), value, low and high (its 95% interval), and least and most, between which it lies as counts are rounded.
    `chart` is None where fewer than two values may be shown.
    """

    code: str
    name: str
    outcome: str
    indicator: Indicator
    part: str
    partner: str
    locality: str
    target: float | None
    rows: pl.DataFrame
    chart: ControlChart | None

    @property
    def attention(self) -> int:
        """How much it needs somebody's attention, from 4 (it gets worse and misses its target) to 0."""
        if self.chart is None or not self.chart.enough:
            return 0
        worse = self.chart.variation.startswith("concern")
        changed = self.chart.variation.startswith("neutral")
        return 3 * worse + changed + (self.chart.assurance == "fail")


def publish(cube: pl.DataFrame) -> pl.DataFrame:
    """The counts of `indicators.run` as they may be published, with every total.

    Columns: indicator, part, month, partner, locality ("" is the total over one), each count as text (`..._shown`) and
    as a rounded number, and value: the percentage, the count or the days.
    """
    tables = []
    for one in indicators.known():
        own = cube.filter(pl.col("indicator") == one.code)
        if own.height:
            tables.append(_protected(own, one))
    return pl.concat(tables) if tables else pl.DataFrame(schema=_schema())


def _protected(own: pl.DataFrame, one: Indicator) -> pl.DataFrame:
    parts = one.has_parts
    dimensions = (*DIMENSIONS, *(("part",) if parts else ()))
    groups = {"part": {value: group for value, group, _ in one.parts}} if one.groups else None
    counts = ["numerator"] if one.unit == "count" else list(NUMBERS)
    within = [("numerator", "denominator")] if one.unit == "percent" else []
    own = own.with_columns(pl.col("numerator").fill_null(0))
    table = protect(own, dimensions, counts, within=within, groups=groups).table
    if not parts:
        table = table.with_columns(part=pl.lit(WHOLE))
    if one.unit == "count":
        table = table.with_columns(denominator=pl.lit(None, pl.Int64), denominator_shown=pl.lit(""))
    if one.unit == "days":
        table = _days(table)
    value = pl.col("numerator").cast(pl.Float64)
    if one.unit == "percent":
        value = pl.when(pl.col("denominator") > 0).then(100.0 * value / pl.col("denominator"))
    return table.select(pl.lit(one.code).alias("indicator"), *_columns()[1:-1], value.alias("value"))


def _columns() -> tuple[str, ...]:
    return (*KEYS, *(f"{n}{suffix}" for n in NUMBERS for suffix in ("", "_shown")), "value")


def _schema() -> dict[str, pl.DataType]:
    own = {"numerator": pl.Int64(), "denominator": pl.Int64(), "value": pl.Float64()}
    return {c: own.get(c, pl.String()) for c in _columns()}


def _days(table: pl.DataFrame) -> pl.DataFrame:
    """Days hidden where the stays behind them are, and wherever a single hidden cell could be had from its line."""
    axes = ("part", *DIMENSIONS)
    cells = {row[:-2]: row[-2:] for row in table.select(*axes, "numerator", "denominator").iter_rows()}
    hidden = {key for key, (days, stays) in cells.items() if days != 0 and (days is None or stays is None)}
    lines: dict[tuple[Any, ...], list[tuple[str, ...]]] = {}
    for key, (days, _) in cells.items():
        for axis in range(len(axes)):
            if days != 0:
                lines.setdefault((axis, *key[:axis], *key[axis + 1 :]), []).append(key)
    waiting = list(lines.values())
    while waiting:
        line = waiting.pop()
        if sum(key in hidden for key in line) == 1 and len(line) > 1:
            best = min((k for k in line if k not in hidden), key=lambda k: (k.count(ALL), cells[k][0], k))
            hidden.add(best)
            waiting += [lines[axis, *best[:axis], *best[axis + 1 :]] for axis in range(len(axes))]
    away = pl.Series([key in hidden for key in table.select(axes).iter_rows()], dtype=pl.Boolean)
    return table.with_columns(
        pl.when(away).then(None).otherwise("numerator").alias("numerator"),
        pl.when(away).then(pl.lit(HIDDEN)).otherwise("numerator_shown").alias("numerator_shown"),
    )


def interval(
    numerator: int, denominator: int, joins: bool = False, link: LinkError | None = None
) -> tuple[float, float]:
    """A 95% interval of a percentage; of one that joins organisations, with the error of links in it."""
    link = link or LinkError()
    share = numerator / denominator
    low, high = (share * link.precision, min(1.0, share / link.recall)) if joins else (share, share)
    return 100.0 * _wilson(low, denominator, -1), 100.0 * _wilson(high, denominator, 1)


def _wilson(share: float, n: int, sign: int) -> float:
    middle = share + Z * Z / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return min(1.0, max(0.0, (middle + sign * half) / (1 + Z * Z / n)))


def series(
    table: pl.DataFrame, plan: Plan, held: Mapping[str, tuple[str, str]], link: LinkError | None = None
) -> list[Series]:
    """Every series of a published table, what needs attention first, and the largest before the smallest.

    `held` is the first and last month held of each organisation's events: a count without a row is nought between
    them, and not known outside. `link` is the error of links, assumed where it is left out.
    """
    months = sorted({m for m in table["month"].unique() if m != ALL})
    if not months:
        return []
    known = {one.code: one for one in indicators.known()}
    targets = {r["code"]: r["target"] for r in plan["indicators"].iter_rows(named=True) if r["target"] is not None}
    titles = dict(plan["initiatives"].select("code", "title").iter_rows())
    spans = _spans(table, held)
    ordered = table.filter(pl.col("month") != ALL).sort("indicator", "part", "partner", "locality", "month")
    found = []
    for key, rows in groupby(ordered.iter_rows(named=True), key=lambda r: tuple(r[k] for k in KEYS if k != "month")):
        code, part, partner, locality = key
        named = _named(known[code], part, titles)
        if named is None:
            continue
        own, name, outcome = named
        first, last = spans[code, partner]
        span = [m for m in months if first <= m <= last]
        lines = list(_lines({r["month"]: r for r in rows}, span, known[code], link))
        target = targets.get(own, known[code].target if own == code else None)
        chart = _chart(lines, known[code], target)
        frame = pl.DataFrame(lines, infer_schema_length=None)
        found.append(Series(own, name, outcome, known[code], part, partner, locality, target, frame, chart))
    return sorted(
        found,
        key=lambda s: (-s.attention, -sum(x is None or x == ALL for x in (s.partner, s.locality)), s.outcome or "~"),
    )


def _named(one: Indicator, part: str, titles: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Code, name and outcome of a series; None for a part that is the whole of its group and shown as that."""
    if part == WHOLE:
        return one.code, one.name, one.outcome
    for code, outcome, name in one.groups:
        if part == code:
            return code, name, outcome
    for value, group, name in one.parts:
        if part == value:
            alone = group and sum(g == group for _, g, _ in one.parts) == 1
            return None if alone else (f"{one.code}:{part}", f"{one.name}: {name[0].lower()}{name[1:]}", "")
    return f"{one.code}:{part}", f"{one.name}: {titles.get(part, part)}", ""


def _spans(table: pl.DataFrame, held: Mapping[str, tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """The first and last month of each indicator and partner.

    An indicator of all partners ends with the last of its own partners: months that only others sent say nothing of
    it. A percentage ends where nobody is known to count it among (what needs a sequel ends before its months do).
    """
    rows = table.filter(pl.col("month") != ALL)
    percent = {one.code for one in indicators.known() if one.unit == "percent"}
    ends = dict(rows.group_by("indicator").agg(pl.col("month").max()).iter_rows())
    seen = rows.group_by("partner").agg(pl.col("month").min().alias("first"), pl.col("month").max().alias("last"))
    own = {partner: (first, last) for partner, first, last in seen.iter_rows()} | dict(held)
    spans = {}
    for code, partner in rows.select("indicator", "partner").unique().iter_rows():
        partners = rows.filter(pl.col("indicator") == code, pl.col("partner") != ALL)["partner"].unique()
        of = [own[p] for p in (partners if partner == ALL else [partner])]
        last = max(until for _, until in of)
        spans[code, partner] = min(since for since, _ in of), min(last, ends[code]) if code in percent else last
    return spans


def _lines(
    rows: Mapping[str, dict[str, Any]], span: Sequence[str], one: Indicator, link: LinkError | None
) -> Iterator[dict[str, Any]]:
    nothing = {"numerator": 0, "numerator_shown": "0", "denominator": 0, "denominator_shown": "0", "value": 0.0}
    for month in span:
        row = rows.get(month, nothing)
        value = row["value"] if month in rows or one.unit != "percent" else None
        low = high = None
        if one.unit == "percent" and value is not None:
            value = min(value, 100.0)  # of two rounded counts
            low, high = interval(row["numerator"], row["denominator"], one.joins, link)
        ends = _ends(row["numerator"], row["denominator"], one.unit)
        yield {
            "month": month, "numerator": row["numerator"], "numerator_shown": row["numerator_shown"],
            "denominator": row["denominator"], "denominator_shown": row["denominator_shown"],
            "value": value, "low": low, "high": high, "least": ends[0] if ends else None,
            "most": ends[1] if ends else None,
        }  # fmt: skip


def _ends(numerator: int | None, denominator: int | None, unit: str) -> Ends | None:
    """The least and the most that a value may truly be, from its counts as published; None where one is hidden."""
    off = ROUNDED if numerator else 0  # nought is not rounded
    if unit != "percent":
        return None if numerator is None else (float(numerator - off), float(numerator + off))
    if numerator is None or not denominator:
        return None
    least, most = (100.0 * (numerator + s * off) / (denominator - s * ROUNDED) for s in (-1, 1))
    return least, min(most, 100.0)


def _chart(lines: Sequence[dict[str, Any]], one: Indicator, target: float | None) -> ControlChart | None:
    values, dates = [r["value"] for r in lines], [date.fromisoformat(f"{r['month']}-01") for r in lines]
    if sum(v is not None for v in values) < 2:
        return None
    between = (0.0, 100.0) if one.unit == "percent" else None
    rounding = {d: (r["least"], r["most"]) for d, r in zip(dates, lines, strict=True) if r["least"] is not None}
    return xmr(
        values, dates, direction=one.direction, target=target, gaps=True, between=between, rounding=rounding,
    )  # fmt: skip
