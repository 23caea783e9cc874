"""Triangulation: partners' own returns held against each other and against the plan.

Figures about one subject (what a trust delivers, the beds of a ward, a payment between two partners, a pooled fund)
should agree whoever states them. Two figures disagree when they differ by more than the tolerance, as a share of the
larger, and by more than a gap that is too small to matter. The plan is not changed by anything that a return says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bettercare.appraisal.triangulation_claims import DoubleClaim, double_claims
from bettercare.appraisal.triangulation_duty import WORKING_DAYS, Duties, working_days_after
from bettercare.appraisal.triangulation_figures import Figures
from bettercare.appraisal.triangulation_gaps import (
    FLOORS,
    ITSELF,
    PARTNERS,
    PLAN,
    SIDES,
    distinct,
    figure_gaps,
    fund_gaps,
)
from bettercare.appraisal.triangulation_lines import FUND_KINDS, Line, Stated, Subject, stated, subject_of
from bettercare.engines.forecast.results import Forecast
from bettercare.foundation.problems import Problem, UsageError
from bettercare.plan.plan import Plan

TOLERANCE = 0.02

UNITS = {"beds": "beds", "staff in post": "WTE", "staff needed": "WTE"}


@dataclass(frozen=True)
class Disagreement:
    """Figures about one subject that do not agree: partners' in order of their codes, then the plan's.

    `gap` is the widest difference beyond the tolerance, in `unit`, and `share` its share of the larger figure.
    `between` says between whom: partners, both sides of a pooled fund, a partner's own returns, the plan.
    """

    subject: Subject
    unit: str
    figures: tuple[Stated, ...]
    between: tuple[str, ...]
    gap: float
    share: float
    asked: str
    because: str
    by: date

    @property
    def code(self) -> str:
        """A short name that stays the same from run to run."""
        return self.subject.code

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners whose returns state a figure."""
        return tuple(dict.fromkeys(figure.who for figure in self.figures if figure.by_partner))

    @property
    def bases(self) -> tuple[tuple[str, str], ...]:
        """Who counts how, where that differs; empty where all state the same basis."""
        found = dict.fromkeys((figure.who, figure.basis) for figure in self.figures)
        return tuple(found) if len({basis.strip().casefold() for _, basis in found}) > 1 else ()


@dataclass(frozen=True)
class Unmatched:
    """A line that could be held against nothing, and why."""

    line: Line
    reason: str


@dataclass(frozen=True)
class Triangulation:
    """What partners' returns say, held against each other and against a revision of the plan.

    `lines` are all that was returned, `disagreements` the widest (as a share) first, `problems` warnings of the
    reading. `scenario` is the one whose forecast stands for later years, or empty without a forecast.
    """

    plan: str
    revision: str
    scenario: str
    tolerance: float
    as_of: date | None
    lines: tuple[Line, ...]
    disagreements: tuple[Disagreement, ...]
    double_claims: tuple[DoubleClaim, ...]
    unmatched: tuple[Unmatched, ...]
    problems: tuple[Problem, ...]

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners that returned something."""
        return tuple(sorted({line.partner for line in self.lines}))

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values for JSON: dates as ISO texts, everything in a fixed order."""
        return {
            "plan": self.plan,
            "revision": self.revision,
            "scenario": self.scenario,
            "tolerance": self.tolerance,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "partners": list(self.partners),
            "disagreements": [_disagreement(item) for item in self.disagreements],
            "double_claims": [_claim(item) for item in self.double_claims],
            "unmatched": [{"line": _plain(item.line), "reason": item.reason} for item in self.unmatched],
            "problems": [{**vars(problem), "text": str(problem)} for problem in self.problems],
            "lines": [_plain(line) for line in self.lines],
        }


def triangulate(
    plan: Plan,
    lines: Iterable[Line],
    forecast: Forecast | None = None,
    tolerance: float = TOLERANCE,
    *,
    scenario: str | None = None,
    working_days: int = WORKING_DAYS,
    problems: Iterable[Problem] = (),
) -> Triangulation:
    """Hold lines of returns against each other, the plan's base year and the forecast's means of later years.

    `tolerance` is a share: 0.02 lets two figures differ by 2% of the larger. A question is to be resolved
    `working_days` after the latest as-of date of the returns that it is about. The order of the lines does not matter.
    Raises UsageError for a tolerance outside 0 to 1 or a forecast of another plan.
    """
    if not 0.0 <= tolerance <= 1.0:
        raise UsageError(f"The tolerance must lie between 0% and 100%; {tolerance:.0%} does not.")
    ordered = tuple(sorted(set(lines)))
    figures = Figures(plan, forecast, scenario)
    duties = Duties(plan)
    by_subject: dict[Subject, list[Line]] = {}
    for line in ordered:
        if line.item != "saving":
            by_subject.setdefault(subject_of(line), []).append(line)
    found, unmatched = [], []
    for subject, here in by_subject.items():
        said, of_plan = distinct(here), figures.of(subject)
        compare = fund_gaps if subject.topic == "fund" else figure_gaps
        gaps = list(compare(subject.topic, said, of_plan, tolerance))
        if gaps:
            day = max(line.received for line in here)
            asked, because = duties.asked(_parties(subject, said, plan), day)
            gap, share = max((gap, share) for _, gap, share in gaps)
            between = tuple(b for b in (PARTNERS, SIDES, ITSELF, PLAN) if any(b == name for name, _, _ in gaps))
            unit = UNITS.get(subject.topic) or (figures.unit(subject.service) if subject.topic == "activity" else "GBP")
            by = working_days_after(day, working_days)
            found.append(Disagreement(subject, unit, (*said, *of_plan), between, gap, share, asked, because, by))
        unmatched += [Unmatched(line, _reason(line, figures)) for line in here if _is_alone(line, said, of_plan)]
    claims = [line for line in ordered if line.item == "saving"]
    return Triangulation(
        plan=plan.settings.name,
        revision=plan.revision,
        scenario=figures.scenario if figures.has_forecast else "",
        tolerance=tolerance,
        as_of=max((line.received for line in ordered), default=None),
        lines=ordered,
        disagreements=tuple(sorted(found, key=lambda d: (-d.share, d.code))),
        double_claims=tuple(double_claims(plan, claims, figures, tolerance, FLOORS["saving"], working_days)),
        unmatched=tuple(unmatched),
        problems=tuple(sorted(set(problems))),
    )


def _is_alone(line: Line, said: Sequence[Stated], of_plan: Sequence[Stated]) -> bool:
    """Whether a line has nothing to be held against; nought of what the plan does not have is no news."""
    if line.value == 0.0:
        return False
    if line.kind in FUND_KINDS:
        mine = stated(line)
        return not any((figure.of, figure.role) == (mine.of, mine.role) for figure in of_plan)
    return not of_plan and all(figure.who == line.partner for figure in said)


def _reason(line: Line, figures: Figures) -> str:
    if line.year not in figures.years:
        return f"The plan's years are {figures.years[0]} to {figures.years[-1]}."
    if line.kind == "in-post":
        return "The plan has no such figure: it knows staff in post by service, in the base year."
    if not figures.has_forecast and line.year != figures.years[0] and line.item in ("activity", "staff", "money"):
        return "There is no forecast to hold a later year against, and no other partner states it."
    return "Neither the plan nor another partner has such a figure."


def _parties(subject: Subject, said: Sequence[Stated], plan: Plan) -> list[tuple[str, str]]:
    """Who has a part in the matter, and which: the first whose duty it is to decide will be asked."""
    if subject.topic == "fund":
        roles = sorted(said, key=lambda figure: (figure.role != "pays in", -figure.value, figure.who))
        words = {"pays in": "pays into the fund", "receives": "receives from the fund"}
        return [(figure.who, words[figure.role]) for figure in roles]
    if subject.topic == "beds":
        run = dict(plan.tables["sites"].select("code", "provider").iter_rows())
        runs = [(run[subject.site], "runs the site")] if subject.site in run else []
        return [*runs, *((figure.who, "states the figure") for figure in said)]
    if subject.counterparty:
        return [(subject.counterparty, "pays"), (subject.partner, "provides")]
    return [(subject.partner, "holds the figure")]


def _plain(item: Any) -> dict[str, Any]:
    """A dataclass as plain values; dates as ISO texts."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(item).items()}


def _disagreement(item: Disagreement) -> dict[str, Any]:
    return {
        "code": item.code,
        **_plain(item.subject),
        "unit": item.unit,
        "between": list(item.between),
        "gap": item.gap,
        "share": item.share,
        "figures": [_plain(figure) for figure in item.figures],
        "bases": dict(item.bases),
        "asked": item.asked,
        "because": item.because,
        "by": item.by.isoformat(),
    }


def _claim(item: DoubleClaim) -> dict[str, Any]:
    return {
        "code": item.code,
        "initiatives": list(item.initiatives),
        "fund": item.fund,
        "why": list(item.why),
        "years": [{**_plain(year), "too_much": year.too_much} for year in item.years],
        "claims": [_plain(line) for line in item.claims],
        "asked": item.asked,
        "because": item.because,
        "by": item.by.isoformat(),
    }
