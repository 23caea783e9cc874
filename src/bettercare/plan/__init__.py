"""A plan as data: tables, settings and scenarios in a folder; reading, checking, comparing and exporting it."""

from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.plan.scenarios import Scenario
from bettercare.plan.settings import Settings

__all__ = ["Plan", "Scenario", "Settings", "read_plan"]
