"""What a baseline from events counted, what it left as the plan had it, and in what the two differ.

Everything is said from the protected rows and from which services were counted, never from a count of records.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

LEAST = 0.01  # differences below are not said


def notes(
    plan: Plan, activity: pl.DataFrame, months: int, services: tuple[list[str], list[str], list[str]],
    factors: dict[str, float], seen: set[str],
) -> Iterator[str]:  # fmt: skip
    """The notes, a sentence or two each. `services` are those counted, those kept, and of these the ones that a sample
    says too little of; `seen` are all that the store has events of."""
    counted, kept, unsure = services
    yield f"Counted from events: {', '.join(counted) or 'nothing'}."
    if unsure:
        yield (
            "As in the plan, because a sample of this size says too little of them (chance alone often makes it a "
            f"tenth more or less): {', '.join(unsure)}."
        )
    none = [code for code in kept if code not in unsure]
    if none:
        yield f"As in the plan, because the store has no event of them: {', '.join(none)}."
    if months < 12:
        year = plan.settings.base_year
        yield f"Only {months} of 12 months of {year} are held: counts are those times {12 / months:.2f}."
    if factors:
        said = ", ".join(f"{code} {factor:.2f}" for code, factor in sorted(factors.items()))
        yield f"Scaled to the population by home area: {said}."
    unknown = sorted(seen - set(counted) - set(unsure))
    if unknown:
        yield f"Not in the plan's activity, and left out: {', '.join(unknown)}."
    yield from _differences(plan, activity, counted)


def _differences(plan: Plan, activity: pl.DataFrame, counted: list[str]) -> Iterator[str]:
    """By how much amounts and stays of the services counted differ from the plan's."""
    was, now = _sums(plan["activity"]), _sums(activity)
    amounts = {code: (now[code][0], was[code][0]) for code in counted}
    stays = {code: (now[code][1], was[code][1]) for code in counted}
    for what, pairs in (("How much is used", amounts), ("Mean stays", stays)):
        compared = {code: new / old - 1.0 for code, (new, old) in pairs.items() if old}
        differ = [f"{code} {change:+.0%}" for code, change in compared.items() if abs(change) >= LEAST]
        if compared:
            like = "" if len(differ) == len(compared) else " The others: within 1%."
            yield f"{what}, against the plan: {', '.join(differ) or 'all within 1%'}.{like if differ else ''}"


def _sums(table: pl.DataFrame) -> dict[str, tuple[float, float]]:
    """By service: units, and mean days of stay (0 where nobody stays)."""
    days = (pl.col("count") * pl.col("mean_los_days").fill_null(0.0)).sum()
    sums = table.group_by("service").agg(pl.col("count").sum(), days.alias("days"))
    return {code: (count, days / count if count else 0.0) for code, count, days in sums.iter_rows()}
