"""What the Nerve Centre shows of each measure: its charts by place, its headline, and what needs attention first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bettercare.reporting import text
from bettercare.workspace.measurement import records
from bettercare.workspace.measurement.catalogue import Definition
from bettercare.workspace.measurement.judged import Judged, judge, rebases_of
from bettercare.workspace.measurement.series import PUBLISHED, Row, Series, published, say, unit_words
from bettercare.workspace.programme import facts

if TYPE_CHECKING:
    from bettercare import Plan

EVERYWHERE = "All partners, everywhere"
UNKNOWN = "unknown"
ATTENTION = 12  # how many are listed at the top


@dataclass(frozen=True)
class Line:
    """One measure and its charts, the whole first."""

    definition: Definition
    charts: tuple[Judged, ...] = ()

    @property
    def first(self) -> Judged | None:
        """The chart that stands for the measure."""
        return self.charts[0] if self.charts else None

    @property
    def tiles(self) -> tuple[Judged, ...]:
        """What is shown in a frame of its own: the first, and whatever has a picture."""
        return tuple(c for c in self.charts if c.chart or c is self.first)

    @property
    def others(self) -> tuple[Judged, ...]:
        """What has no picture, to be named in a line."""
        return tuple(c for c in self.charts if not c.chart and c is not self.first)


@dataclass(frozen=True)
class Outcome:
    """An outcome of the plan: its headline measure, its measures of mental health beside it, and all of them."""

    code: str
    name: str
    headline: Line | None
    mental: tuple[Line, ...]
    lines: tuple[Line, ...]
    without: tuple[Definition, ...]  # measures that have no figures


@dataclass
class Centre:
    """The measures of a plan with what is known of them."""

    plan: Plan
    held: records.Held
    definitions: dict[str, Definition]
    series: dict[str, list[Series]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> Centre:
        """What there is, from records where they are held and from what was published."""
        held = records.held(plan)
        centre = cls(plan, held, records.definitions(held, plan))
        for one in held.series.values():
            centre.series.setdefault(one.indicator, []).append(one)
        for code, one in published(plan).items():
            centre.series.setdefault(code, []).append(one)
        for found in centre.series.values():
            found.sort(key=lambda s: (s.source == PUBLISHED, bool(s.partner) + bool(s.locality), s.partner, s.locality))
        return centre

    def partner(self, code: str) -> str:
        """The name of a partner."""
        return "Partner not known" if code == UNKNOWN else facts.partner_names(self.plan).get(code, code)

    def locality(self, code: str) -> str:
        """The name of a locality."""
        if code == UNKNOWN:
            return "Place not known"
        names = dict(self.plan["localities"].select("code", "name").iter_rows())
        return str(names.get(code, code))

    def place(self, series: Series) -> str:
        """Whose figures a series has."""
        parts = [self.partner(series.partner)] if series.partner else []
        parts += [self.locality(series.locality)] if series.locality else []
        return ", ".join(parts) or EVERYWHERE

    def chosen(self, code: str, partner: str, locality: str) -> Iterator[Series]:
        """The series of a measure for a choice of partner and locality; of no choice, totals over one or the other.

        Of no choice, what repeats one before it, such as the only council of a place, is left out.
        """
        seen: set[tuple[Row, ...]] = set()
        for one in self.series.get(code, []):
            fits = (not partner or one.partner == partner) and (not locality or one.locality == locality)
            crossed = bool(one.partner and one.locality) and not (partner or locality) and one.source != PUBLISHED
            again = not (partner or locality) and one.rows in seen
            if fits and not crossed and not again:
                seen.add(one.rows)
                yield one

    def lines(self, outcome: str = "", partner: str = "", locality: str = "") -> list[Outcome]:
        """The outcomes with their measures, those that need attention first within each."""
        decided = rebases_of()
        headlines = dict(self.plan["outcomes"].select("headline", "code").iter_rows())
        by_outcome: dict[str, list[Line]] = {}
        for code, definition in self.definitions.items():
            charts = tuple(
                judge(s, definition, decided.get(s.key, ())) for s in self.chosen(code, partner, locality)
            )  # fmt: skip
            by_outcome.setdefault(definition.outcome, []).append(Line(definition, charts))
        out = []
        rows = [*self.plan["outcomes"].sort("order").select("code", "name").iter_rows(), ("", "Other measures")]
        for code, name in rows:
            lines = by_outcome.get(code, [])
            if (outcome and outcome != code) or not lines:
                continue
            known = sorted((x for x in lines if x.charts), key=lambda x: -max(c.weight for c in x.charts))
            headline = next((x for x in lines if x.definition.code in headlines), None)
            mental = tuple(x for x in lines if x.definition.sphere == "mental" and x is not headline) if code else ()
            without = tuple(x.definition for x in lines if not x.charts)
            out.append(Outcome(code, name, headline, mental, tuple(known), without))
        return out


def attention(outcomes: list[Outcome]) -> list[tuple[Definition, Judged]]:
    """The charts that somebody should look at, the most pressing first."""
    found = [(x.definition, c) for o in outcomes for x in o.lines for c in x.charts if c.weight > 1]
    return sorted(found, key=lambda pair: -pair[1].weight)


def latest(judged: Judged) -> str:
    """The last figure of a series with its unit: `91%`, `1,234 admissions`."""
    row = judged.series.last
    if row is None or row.value is None:
        return "hidden to protect people"
    unit = judged.definition.unit
    return f"{say(unit, row.value)} {unit_words(unit)}".strip()


def target(definition: Definition) -> str:
    """The target in words, or a blank."""
    if definition.target is None:
        return ""
    year = f" by {definition.target_year}" if definition.target_year else ""
    return f"{say(definition.unit, definition.target)} {unit_words(definition.unit)}".strip() + year


def better(definition: Definition) -> str:
    """Which way is better, in words."""
    return {"up": "Higher is better", "down": "Lower is better"}.get(definition.direction, "Neither way is better")


def how_many(number: int) -> str:
    """`3 points`."""
    return text.counted(number, "point")
