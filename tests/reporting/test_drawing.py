"""Pictures are the same wherever they are drawn, and are drawn whatever becomes of the drawing process."""

from __future__ import annotations

import shutil
import sys

import pytest

from bettercare.reporting.charts import each_chart
from bettercare.reporting.drawing import Drawer, svg
from bettercare.reporting.material import Material


def test_a_process_of_its_own_draws_the_same(m: Material) -> None:
    pictures = [chart.picture for chart in each_chart(m)]
    with Drawer() as drawer:
        drawn = [drawer.draw(picture) for picture in pictures]
        assert [d.result() for d in drawn] == [svg(picture) for picture in pictures]


@pytest.mark.parametrize("program", ["no-such-program", shutil.which("false") or "no-such-program"])
def test_drawn_here_where_no_process_can_draw(program: str, m: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", program)
    picture = next(each_chart(m)).picture
    with Drawer() as drawer:
        assert drawer.draw(picture).result() == svg(picture)
