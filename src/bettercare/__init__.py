"""Open planning for health and care systems: one plan, as data, and everything derived from it.

The names below are public. They are imported when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bettercare.appraisal.patient_flow import PatientFlow, simulate
    from bettercare.engines.forecast import Forecast, backtest, compare, forecast, tornado
    from bettercare.foundation.problems import Problem, Problems, UsageError
    from bettercare.plan.datapackage import export_datapackage
    from bettercare.plan.diff import diff
    from bettercare.plan.new import new_plan
    from bettercare.plan.plan import Plan
    from bettercare.plan.read import check, read_plan
    from bettercare.plan.workbook import export_workbook
    from bettercare.plan.workbook_read import import_workbook

_HOMES = {
    "Forecast": "bettercare.engines.forecast",
    "PatientFlow": "bettercare.appraisal.patient_flow",
    "Plan": "bettercare.plan.plan",
    "Problem": "bettercare.foundation.problems",
    "Problems": "bettercare.foundation.problems",
    "UsageError": "bettercare.foundation.problems",
    "backtest": "bettercare.engines.forecast",
    "check": "bettercare.plan.read",
    "compare": "bettercare.engines.forecast",
    "diff": "bettercare.plan.diff",
    "export_datapackage": "bettercare.plan.datapackage",
    "export_workbook": "bettercare.plan.workbook",
    "forecast": "bettercare.engines.forecast",
    "import_workbook": "bettercare.plan.workbook_read",
    "new_plan": "bettercare.plan.new",
    "read_plan": "bettercare.plan.read",
    "simulate": "bettercare.appraisal.patient_flow",
    "tornado": "bettercare.engines.forecast",
}

__all__ = [
    "Forecast",
    "PatientFlow",
    "Plan",
    "Problem",
    "Problems",
    "UsageError",
    "backtest",
    "check",
    "compare",
    "diff",
    "export_datapackage",
    "export_workbook",
    "forecast",
    "import_workbook",
    "new_plan",
    "read_plan",
    "simulate",
    "tornado",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
