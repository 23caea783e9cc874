"""Series as control charts: their limits, verdicts and pictures, and the forecast's own path beside them."""

from __future__ import annotations

import hashlib
import importlib
import pickle
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from markupsafe import Markup

from bettercare import UsageError
from bettercare.activity import control_chart
from bettercare.activity.control_chart import ControlChart, xmr
from bettercare.reporting.chart_control import Expected
from bettercare.reporting.chart_control import control_chart as drawn
from bettercare.reporting.chart_control_small import assurance_icon, small_chart, variation_icon
from bettercare.reporting.chart_style import Chart, dress
from bettercare.reporting.drawing import svg
from bettercare.workspace.measurement.catalogue import Definition
from bettercare.workspace.measurement.models import Rebase
from bettercare.workspace.measurement.series import Series, axis, say

MOST_PICTURES = 60
SYMBOLS = re.compile(r' (?:role="graphics-\w+"|aria-roledescription="[^"]*")')
_warm = False
_pictures: OrderedDict[str, str] = OrderedDict()


@dataclass(frozen=True)
class Judged:
    """A series with its chart, or words that say why it has none."""

    series: Series
    definition: Definition
    chart: ControlChart | None
    why_not: str = ""

    @property
    def verdict(self) -> bool:
        """Whether there are points enough to say whether it changes."""
        return self.chart is not None and self.chart.enough

    @property
    def weight(self) -> int:
        """How much it needs attention: 0 not, and more the sooner somebody should look."""
        if self.chart is None or not self.verdict:
            return 0
        worse = self.chart.variation.startswith("concern")
        return 3 * worse + {"fail": 2, "hit_or_miss": 1}.get(self.chart.assurance, 0)

    def small(self, name: str) -> Markup:
        """The small picture; blank where there is none."""
        return Markup(small_chart(self.chart, name)) if self.chart else Markup("")

    def icons(self) -> Markup:
        """The two icons; blank where nothing can be said."""
        if self.chart is None or not self.verdict:
            return Markup("")
        changes = self.chart.variation_words if "variation" in self.chart.unsure else variation_icon(self.chart)
        return Markup(changes + (assurance_icon(self.chart) if self.chart.assurance else ""))

    def words(self) -> str:
        """The verdict in words."""
        if self.chart is None or not self.verdict:
            return ""
        said = self.chart.variation_words
        return f"{said}. {self.chart.assurance_words}." if self.chart.assurance_words else f"{said}."


def judge(series: Series, definition: Definition, rebases: Iterable[Rebase] = ()) -> Judged:
    """Set the limits of a series, afresh where people decided so."""
    if not series.can_be_drawn:
        return Judged(series, definition, None, "There are too few figures for a chart.")
    decided = [as_decided(r) for r in rebases]
    try:
        chart = _xmr(definition, series, decided)
    except UsageError as error:  # a corrected feed may take away the months that a rebase rested on
        return Judged(series, definition, _xmr(definition, series, []), f"A rebase was left out: {error}")
    return Judged(series, definition, chart)


def _xmr(definition: Definition, series: Series, decided: list[control_chart.Rebase]) -> ControlChart:
    between = (0.0, 100.0) if definition.unit in ("%", "percent") else None
    return xmr(
        [r.value for r in series.rows], [r.when for r in series.rows], direction=definition.direction,
        target=definition.target, rebase=decided, gaps=True, between=between,
        rounding={r.when: r.ends for r in series.rows if r.ends},
    )  # fmt: skip


def as_decided(row: Rebase) -> control_chart.Rebase:
    """A decision as the chart takes it."""
    return control_chart.Rebase(
        row.on, row.reason, row.by, row.significant_change, row.cause_understood, row.expected_to_persist,
        row.enough_points,
    )  # fmt: skip


def rebases_of(*codes: str) -> dict[tuple[str, str, str, str], list[Rebase]]:
    """The rebases in force, by the chart that they are of; of all indicators where none is named."""
    found: dict[tuple[str, str, str, str], list[Rebase]] = {}
    rows = Rebase.objects.filter(withdrawn=False)
    for row in rows.filter(indicator__in=codes) if codes else rows:
        found.setdefault((row.indicator, row.source, row.partner, row.locality), []).append(row)
    return found


def full(judged: Judged, name: str, badge: str, source: str, expected: Sequence[Expected] = ()) -> Chart:
    """The whole chart of a series: picture, words and table."""
    unit = judged.definition.unit
    assert judged.chart is not None
    return drawn(
        "control", name, judged.chart, say=lambda v: say(unit, v), labels=axis(unit), expected=expected, badge=badge,
        source=source,
    )  # fmt: skip


def warm() -> None:
    """Load what draws charts beside the request, once: it takes seconds, which nobody should wait for."""
    global _warm
    if not _warm:
        _warm = True
        threading.Thread(target=_load, daemon=True, name="drawing").start()


def _load() -> None:
    with suppress(ImportError):
        importlib.import_module("altair")
        importlib.import_module("vl_convert")


def picture(chart: Chart) -> Markup:
    """A chart's picture as SVG for a page; the last few are kept."""
    key = hashlib.sha256(pickle.dumps((chart.picture, chart.alt))).hexdigest()
    if key not in _pictures:
        # The picture as a whole has a name; parts of it that say they are symbols would each need one.
        _pictures[key] = dress(SYMBOLS.sub("", svg(chart.picture)), chart.code, chart.alt)
        while len(_pictures) > MOST_PICTURES:
            _pictures.popitem(last=False)
    return Markup(_pictures[key])
