"""learn: weigh the draws of a forecast by what was seen, and say what that changes."""

from bettercare.engines.learn.benefit import LEVEL, Claim, Judged, claim, judged
from bettercare.engines.learn.check import Check
from bettercare.engines.learn.learn import Learned, learn
from bettercare.engines.learn.likelihood import DISCREPANCY, Observation, log_likelihood

__all__ = [
    "DISCREPANCY",
    "LEVEL",
    "Check",
    "Claim",
    "Judged",
    "Learned",
    "Observation",
    "claim",
    "judged",
    "learn",
    "log_likelihood",
]
