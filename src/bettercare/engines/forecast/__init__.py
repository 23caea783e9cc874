"""forecast: Monte Carlo over the whole system, from a plan."""

from bettercare.engines.forecast.backtest import backtest, coverage, crps
from bettercare.engines.forecast.compare import compare, net_present_value, partner_table, savings
from bettercare.engines.forecast.explain import causes, initiative_table, partner_causes, published_gap
from bettercare.engines.forecast.results import Forecast, ScenarioResult
from bettercare.engines.forecast.run import forecast
from bettercare.engines.forecast.sensitivity import Tornado, tornado, variance_shares

__all__ = [
    "Forecast",
    "ScenarioResult",
    "Tornado",
    "backtest",
    "causes",
    "compare",
    "coverage",
    "crps",
    "forecast",
    "initiative_table",
    "net_present_value",
    "partner_causes",
    "partner_table",
    "published_gap",
    "savings",
    "tornado",
    "variance_shares",
]
