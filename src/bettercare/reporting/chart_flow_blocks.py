"""Charts of where a simulated year blocks: delays and what they wait for, queues, and what one more bed would buy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bettercare.reporting import text
from bettercare.reporting.chart_gap import said
from bettercare.reporting.chart_rows import COUNTS, Bar, Point, Row, Rows
from bettercare.reporting.chart_style import BLUE, GREY, ORANGE, Chart, Table
from bettercare.reporting.flow_material import FlowMaterial, Line, Spread

if TYPE_CHECKING:
    from bettercare.appraisal.search import Bought, Cheapest

COUNT = Line("", "", "count", {})
SHOWN = 8


def delays(m: FlowMaterial) -> Chart | None:
    """Days ready to leave and still in a bed, by what people wait for: arranging it, and waiting because it is full."""
    found = m.waiting_for(m.name)
    if not found:
        return None
    before = {s: float((a + f).mean()) for s, _, a, f, _ in m.waiting_for(m.nothing)} if m.nothing else {}
    rows, cells = [], []
    for service, heading, arranging, full, counted in found:
        a, f = float(arranging.mean()), float(full.mean())
        point = (Point(before.get(service, 0.0), "diamond", GREY, hollow=True),) if m.nothing else ()
        bars = (Bar(0.0, a, BLUE), *((Bar(a, a + f, ORANGE, hollow=True),) if f > 0.0 else ()))
        label = m.labels.service(service)
        rows.append(Row(label, f"{COUNT.said(a + f)} days", bars=bars, points=point))
        beside = (COUNT.said(before.get(service, 0.0)),) if m.nothing else ()
        parts = (arranging + full, arranging, full, counted)
        cells.append((label, *(COUNT.ranged(Spread.of(v)) for v in parts), heading, *beside))
    total = float(np.sum([(a + f).mean() for _, _, a, f, _ in found]))
    full_ = float(np.sum([f.mean() for _, _, _, f, _ in found]))
    top = found[0]
    share = float((top[2] + top[3]).mean()) / total
    title = (
        f"{text.percent(share)} of the days that people ready to leave spend in a bed are a wait for "
        f"{m.labels.service(top[0]).lower()}; in all, {text.percent(full_ / total)} are because the next place is full"
    )
    head = ("Waiting for", "All days", "Being arranged", "Next place full", "Counted officially", "Counted as")
    table = Table(
        f"Days a year ready to leave and still in a bed, {m.title(m.name)}, {m.year}",
        (*head, *(("All days if nothing is done",) if m.nothing else ())),
        tuple(cells),
        note="The official count leaves some waits out; the shares that it includes are assumed.",
    )
    diamond = " Diamond: all days if nothing is done." if m.nothing else ""
    how = f"Filled: days until it is arranged. Outlined: arranged, and the next place is full.{diamond}"
    return Chart("flow-delays", title, said(title, table), how, "modelled", table, Rows(rows, "Days a year", COUNTS))


def queues(m: FlowMaterial) -> Chart | None:
    """Where people wait to come in."""
    found = list(m.waiting(m.name).items())
    if not found:
        return None
    before = m.waiting(m.nothing) if m.nothing else {}
    rows, cells = [], []
    for where, values in found[:SHOWN]:
        s = Spread.of(values)
        then = float(before[where].mean()) if where in before else 0.0
        point = (Point(then, "diamond", GREY, hollow=True),) if m.nothing else ()
        points = (Point(s.mean), *point)
        rows.append(Row(m.where(where), text.number(s.mean), max(s.low, 0.0), s.high, points=points))
    for where, values in found:
        beside = (COUNT.ranged(Spread.of(before[where])) if where in before else "0",) if m.nothing else ()
        cells.append((m.where(where), COUNT.ranged(Spread.of(values)), *beside))
    where, values = found[0]
    title = (
        f"It blocks first at {m.where(where)}: {COUNT.ranged(Spread.of(values))} people wait there on an average day"
    )
    names = (m.title(m.name), *(("If nothing is done",) if m.nothing else ()))
    caption = f"People waiting to come in on an average day of {m.year}"
    table = Table(caption, ("Place", *names), tuple(cells))
    diamond = " Diamond: if nothing is done." if m.nothing else ""
    how = f"Circle: mean over the simulated years, with its 95% interval.{diamond} The {len(rows)} longest are drawn."
    picture = Rows(rows, "People waiting", COUNTS)
    return Chart("flow-queues", title, said(title, None), how, "modelled", table, picture)


def one_more(m: FlowMaterial, bought: Sequence[Bought]) -> Chart | None:
    """What one more bed or place would buy where people lose most time."""
    if not bought:
        return None
    rows = [
        Row(
            m.where((b.service, b.site)),
            f"{text.number(round(b.person_days[0]))} days",
            b.person_days[1],
            b.person_days[2],
            points=(Point(b.person_days[0], hollow=b.person_days[1] <= 0.0),),
        )
        for b in bought
    ]
    clear = [b for b in bought if b.person_days[1] > 0.0]
    if clear:
        b = clear[0]
        ends = text.span(*(text.number(round(v)) for v in b.person_days[1:]))
        title = f"One more at {m.where((b.service, b.site))} takes away {text.number(round(b.person_days[0]))} days of "
        title += f"waiting a year ({ends}); a clear gain at {len(clear)} of {text.counted(len(bought), 'place')} tried"
    else:
        title = f"At none of {text.counted(len(bought), 'place')} tried does one more bed or place show a clear gain"
    cells = tuple(
        (
            m.where((b.service, b.site)),
            str(b.added),
            *(_fewer(v) for v in (b.person_days, b.long_waits, b.cancelled)),
            text.money(b.cost_gbp),
        )
        for b in bought
    )
    head = ("Place", "Added at once", "Days of waiting", "Waits over 4 h", "Operations put off", "Cost a year of one")
    table = Table(
        "What each extra bed or place takes away in a year",
        head,
        cells,
        note="Minus: more of it, not less. Several are added at once and the gain is shared out; everybody keeps their "
        "luck. Where the interval has nought inside, no gain is shown.",
    )
    how = "Days of waiting that one more bed or place takes away in a year, with the 95% interval. Hollow: not clear."
    return Chart("flow-bought", title, said(title, None), how, "modelled", table, Rows(rows, "Days a year", COUNTS))


def _fewer(v: tuple[float, float, float]) -> str:
    mean, low, high = (text.number(round(x)) for x in v)
    return f"{mean} ({text.span(low, high)})"


def cheapest(m: FlowMaterial, found: Cheapest) -> Table | None:
    """The beds that the search for the cheapest added."""
    if not found.added:
        return None
    rows = tuple((m.where(w), str(n)) for w, n in sorted(found.added.items(), key=lambda kv: (-kv[1], kv[0])))
    level = text.percent(found.target)
    head = "Cheapest beds found that keep" if found.reached else "Best beds found, which do not keep"
    return Table(
        f"{head} the share who wait over 4 h for a bed under {level}",
        ("Place", "Beds or places added"),
        rows,
        ("modelled",) * len(rows),
        f"At {text.money(found.cost_gbp)} a year together. A search of this kind does not prove that nothing cheaper "
        f"exists. The risk is measured on {found.replications} simulated years that the search did not use.",
    )
