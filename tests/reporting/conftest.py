"""One forecast of the small plan, its report and its folder of results, shared by all tests of the reporting."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bettercare.engines.forecast import Forecast, forecast
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.reporting.material import Material
from bettercare.reporting.report import Run, render
from tests.plan.small import build

ABOUT = Run("0.0.0", 1.0, datetime(2015, 6, 1, 12, 30))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="session")
def plan(folder: Path) -> Plan:
    return read_plan(folder)


@pytest.fixture(scope="session")
def f(plan: Plan) -> Forecast:
    return forecast(plan, draws=100, seed=1)


@pytest.fixture(scope="session")
def m(f: Forecast) -> Material:
    return Material(f)


@pytest.fixture(scope="session")
def page(m: Material) -> str:
    return render(m, ABOUT)
