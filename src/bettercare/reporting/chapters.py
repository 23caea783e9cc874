"""The chapters of a report: which charts and tables follow which, with the words between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bettercare.reporting import tables, tables_care, text
from bettercare.reporting.chart_style import Chart, Table
from bettercare.reporting.material import Material

Block = str | Chart | Table


@dataclass(frozen=True)
class Chapter:
    """A heading and what stands under it: paragraphs, charts and tables."""

    code: str
    title: str
    blocks: tuple[Block, ...]


def charts_of(chapters: Iterable[Chapter]) -> list[Chart]:
    """The charts of some chapters, in order."""
    return [b for c in chapters for b in c.blocks if isinstance(b, Chart)]


def chapters(m: Material, charts: dict[str, Chart]) -> list[Chapter]:
    """All chapters that have something in them."""
    found = [*_results(m, charts), *_grounds(m, charts)]
    return [c for c in found if c.code == "method" or any(not isinstance(b, str) for b in c.blocks)]


def _results(m: Material, charts: dict[str, Chart]) -> Iterator[Chapter]:
    """What comes of the plan: money, beds, partners, people, initiatives and dates."""
    c = charts.get
    yield _chapter(
        "gap",
        "The gap",
        "The gap is what the partners' recurrent costs are in a year, less their recurrent income. What is spent once, "
        "and buildings, stand apart: they are in the net present value.",
        c("scenarios"),
        c("fan"),
        c("why-nothing"),
        tables.build_up(m),
        c("why-main"),
        tables.savings(m),
        tables.worth(m),
        tables.published(m),
    )
    yield _chapter(
        "beds",
        "Beds and staff",
        "Beds needed are those at which the chance of being full stays what it was in the base year. Planned closures "
        "change the beds that are open, never the need.",
        c("beds"),
        tables_care.by_site(m),
        tables_care.activity(m),
    )
    yield _chapter("partners", "Partners: gains and losses", c("partners"))
    yield _chapter("people", "People, and who uses hospitals", c("population"), c("deprivation"))
    yield _chapter("settings", "Where care is given", c("settings"))
    yield _chapter(
        "initiatives",
        "Initiatives",
        "On the same people two effects never add up: the second works only on what the first has left. Effects with "
        "weak evidence succeed or fail partly together, so that many guesses do not add up to a certainty.",
        c("carrying"),
        c("forest"),
        tables.odd_averages(m),
        tables.overlaps(m),
        tables.no_lever(m),
    )
    yield _chapter("dates", "What must be true by when", tables.first_dates(m), tables.dates(m))


def _grounds(m: Material, charts: dict[str, Chart]) -> Iterator[Chapter]:
    """What the results rest on."""
    untested = "The plan holds no observation after its base year that the forecast could be tested on."
    yield _chapter(
        "doubt",
        "How sure this is",
        charts.get("tornado"),
        charts.get("shares"),
        tables.badges(m),
        tables.later(m),
        tables.tested(m),
        tables.coverage(m),
        None if m.tested.height else untested,
    )
    yield _chapter("scenarios", "The scenarios", tables.scenarios(m))
    yield _chapter("method", "Method in short", *method(m))
    yield _chapter("sources", "Sources", tables.sources(m))


def _chapter(code: str, title: str, *blocks: Block | None) -> Chapter:
    return Chapter(code, title, tuple(b for b in blocks if b is not None))


def method(m: Material) -> Iterable[str]:
    """How the numbers come about, in a few short paragraphs."""
    yield (
        f"The forecast starts from what was done and spent in {m.base_year}. Activity changes with the number of "
        "people of each age, sex and place, with growth beyond that, and with what each initiative takes away, moves, "
        "shortens or adds. What leaves one service arrives in another where the plan says so."
    )
    yield (
        f"What is not known is drawn by chance {m.f.draws:,} times: how many people, how fast prices rise, how well "
        "each initiative works, and when it starts. Each draw is one possible future; all scenarios meet the same "
        "futures, so that their differences are not luck. A range runs from the 5% to the 95% point of the draws: nine "
        "futures in ten lie inside, given these assumptions. The figure given first is the average of the draws, "
        "because averages add up."
    )
    yield (
        "Costs have a fixed part, steps (a ward or a team stays until a whole one can go) and a part for each patient. "
        "Contracts decide who gains when care moves. Payments between partners cancel in the system's total."
    )
    slip = m.plan.settings.slippage
    yield (
        f"Dates move between {text.months(slip.low_months)} and {text.months(slip.high_months)}, most likely "
        f"{text.months(slip.mode_months)}, and partly together. An initiative works up to its full effect over the "
        "months that the plan gives it."
    )
    yield (
        "This is a forecast of the plan's own assumptions, not of everything that may happen. It does not know events "
        "that no row of the plan describes, and figures marked as assumed are somebody's judgement."
    )
