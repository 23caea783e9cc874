"""Control charts as pictures: what they say, that no meaning hangs on colour, and that nothing hidden is drawn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date
from itertools import pairwise

import pytest

from bettercare.activity.control_chart import ControlChart, Rebase, xmr
from bettercare.reporting.chart_control import MEANT, Expected, control_chart
from bettercare.reporting.chart_control_small import assurance_icon, small_chart, variation_icon
from bettercare.reporting.chart_style import dress
from bettercare.reporting.drawing import svg

SAW = [9.0, 11.0] * 6


def series(values, direction="up", **more) -> ControlChart:
    days = [date(2013 + i // 12, i % 12 + 1, 1) for i in range(len(values))]
    return xmr(values, days, direction=direction, baseline=12, gaps=True, **more)


BETTER = series([*SAW, 9, 17], target=20)
WORSE = series([*SAW, 9, 17], "down", target=4)
CHANGED = series([*SAW, 9, 17], "neither")
COMMON = series(SAW, target=10)
ALL = {"better": BETTER, "worse": WORSE, "changed": CHANGED, "common": COMMON}


def test_the_title_states_the_finding() -> None:
    title = control_chart("c", "Admissions", BETTER).title
    assert title.startswith("Admissions: Getting better, higher than chance explains")
    assert "miss the target" in title
    assert control_chart("c", "Admissions", COMMON).title == (
        "Admissions: No clear change; whether it meets the target is chance"
    )


def test_three_points_have_no_finding() -> None:
    assert control_chart("c", "Waits", series([97, 95, 96], target=99)).title == (
        "Waits: Too early to judge, with fewer than 7 points"
    )


def test_alt_text_table_and_how_to_read() -> None:
    c = control_chart("c", "Admissions", BETTER)
    assert "The last of 14 values is 17 (February 2014); mean 10, limits 4.7 to 15." in c.alt
    assert len(c.table.rows) == 14
    assert c.table.rows[-1][-1] == "better than chance explains (outside the limits)"
    assert "A run or trend is 7 points" in c.how
    assert "A run or trend is 6 points" in control_chart("c", "Admissions", series(SAW, run=6)).how


def test_every_class_has_its_own_shape_and_a_dark_outline() -> None:
    assert len({shape for shape, _, _ in MEANT.values()}) == len(MEANT)
    outlines = re.findall(
        r'aria-roledescription="point"|stroke="#212b32"', svg(control_chart("c", "A", BETTER).picture)
    )
    assert len(outlines) >= 14
    ends = [re.findall(r'<g transform="[^"]*"[^>]*>(<[^>]*>)', small_chart(c, "A"))[-1] for c in ALL.values()]
    assert len(set(ends)) == 4


def test_the_picture_has_run_length_target_rebase_and_forecast() -> None:
    rebase = Rebase("2014-01", "New ward opened", "A. Person", True, True, True, True)
    c = series([*SAW, *[v + 9 for v in SAW]], target=[("2013-01", 12), ("2014-01", 15)], rebase=[rebase])
    path = [Expected(date(2014, m, 1), 18 + m, 16 + m, 20 + m) for m in range(6, 13)]
    made = control_chart("c", "Admissions", c, expected=[*path, Expected(date(2015, 3, 1), 33, 30, 35)])
    drawn = svg(made.picture)
    for words in ("7 points", "target", "forecast", "upper limit", "Mar 2015"):
        assert words in drawn
    assert "New ward opened" in made.how
    assert made.table.rows[-1][0] == "March 2015"
    assert "33 (30 to 35)" in made.table.rows[-1][-1]
    ET.fromstring(dress(drawn, made.code, made.alt))


def test_a_hidden_value_is_a_gap_and_is_said() -> None:
    c = control_chart("c", "Admissions", series([*SAW, None, 10, 11]))
    assert c.table.rows[12][1] == "missing or hidden"
    assert "missing or hidden" in c.how
    assert len(c.picture.points) == 14
    assert len({p["piece"] for p in c.picture.points}) == 2


@pytest.mark.parametrize("name", ALL)
def test_small_chart_and_icons_are_sound_and_have_words(name: str) -> None:
    c = ALL[name]
    for drawn in (small_chart(c, 'A & "B"'), variation_icon(c), assurance_icon(c)):
        root = ET.fromstring(drawn)
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert " id=" not in drawn
    assert len(small_chart(c, "A")) < 5000
    assert ET.fromstring(variation_icon(c)).findtext("{http://www.w3.org/2000/svg}text")
    assert c.variation_words in (ET.fromstring(small_chart(c, "A")).get("aria-label") or "")


def test_series_at_the_edge_can_be_drawn() -> None:
    for values in ([5.0], [5.0, 5.0], [100.0] * 14, [0.0, None, 1.0]):
        c = series(values, target=5)
        ET.fromstring(small_chart(c, "A"))
        assert svg(control_chart("c", "A", c).picture).startswith("<svg")


def test_names_of_lines_stay_apart_and_let_the_axis_of_a_percentage_end_at_100() -> None:
    near_all = series([99.2, 99.9] * 6, target=99.8, between=(0.0, 100.0))
    spec = control_chart("c", "Seen in time", near_all).picture.spec()
    names = {e["label"]: e["value"] for e in spec["layer"][-1]["data"]["values"]}
    assert set(names) == {"upper limit", "target", "mean", "lower limit"}
    assert max(names.values()) == 100.0 == names["upper limit"]
    lowest = near_all.segments[-1].lpl
    assert lowest is not None
    step = (100.0 - lowest) * 12 / 210  # letters of 12 on a picture 210 high
    assert all(a - b >= step for a, b in pairwise(sorted(names.values(), reverse=True)))
