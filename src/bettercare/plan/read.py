"""`read_plan` and `check`: a plan, or all of its problems at once; and what its numbers rest on."""

from __future__ import annotations

from pathlib import Path

from bettercare.plan.check import find_problems
from bettercare.plan.load import find_folder, finish, load
from bettercare.plan.plan import Plan
from bettercare.plan.report import CheckReport, report
from bettercare.plan.source import read_folder


def read_plan(where: str | Path) -> Plan:
    """Read and check a plan.

    `where` is a folder, or the name of a shipped example ("llr", "empty", "broken"). Raises `Problems` with everything
    that is wrong (warnings do not stop it; `check` shows them) and `UsageError` when there is no such folder. Nothing
    is ever written.
    """
    loaded = load(read_folder(find_folder(where)))
    return finish(loaded, find_problems(loaded))


def check(where: str | Path) -> CheckReport:
    """Check a plan (a folder, or the name of a shipped example) and report; raises only UsageError.

    The report says of a plan with problems as much as can be said.
    """
    folder = find_folder(where)
    loaded = load(read_folder(folder))
    problems = find_problems(loaded)
    wrong = any(not problem.warning for problem in problems)
    revision = None if wrong else finish(loaded, problems).revision
    return report(str(where), loaded, problems, revision)
