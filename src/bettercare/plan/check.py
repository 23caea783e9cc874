"""Everything that is wrong with a plan, and what deserves a look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bettercare.foundation.problems import Problem
from bettercare.plan import check_effects, check_groups, check_money, check_overlaps, check_people, check_programme
from bettercare.plan.check_rows import check_rows
from bettercare.plan.load import Loaded
from bettercare.plan.scenarios import ReadScenario
from bettercare.plan.schema import REQUIRED_TABLES
from bettercare.plan.view import SETTINGS, View

RULES = (*check_people.RULES, *check_effects.RULES, *check_overlaps.RULES, *check_programme.RULES, *check_money.RULES)


def find_problems(loaded: Loaded) -> list[Problem]:
    """All problems and warnings of a plan, of the plan itself and under each of its scenarios."""
    view = loaded.view
    found = [*loaded.problems, *check_rows(view)]
    found += [problem for rule in RULES if rule.applies(view) for problem in rule.find(view)]
    found += _empty(view)
    found += check_programme.scenario_names(view, loaded.scenario_names)
    known = set(found)
    for scenario, under in loaded.scenarios:
        for problem in _of_scenario(under):
            if problem not in known:
                known.add(problem)
                found.append(_placed(problem, scenario))
    scenarios = [under for _, under in loaded.scenarios]
    found += check_overlaps.claimed_twice(view, scenarios)
    found += check_groups.too_many_overlap(view, scenarios)
    return sorted(set(found))


def _of_scenario(view: View) -> Iterator[Problem]:
    """What is wrong under a scenario, as far as its overlay can have to do with it."""
    assert view.scenario is not None
    changed = {name for name, rows in view.scenario.rows.items() if rows}
    if view.scenario.settings:
        changed.add(SETTINGS)
    rows_changed = changed if "plan_date" in view.scenario.settings else changed - {SETTINGS}
    yield from check_rows(view, rows_changed)
    for rule in RULES:
        own = rule is check_programme.scenario_initiatives
        if (own or changed.intersection(rule.reads)) and rule.applies(view):
            yield from rule.find(view)


def _placed(problem: Problem, scenario: ReadScenario) -> Problem:
    """The problem with the scenario's file: what only shows in another file is told of the scenario as a whole."""
    if problem.file == scenario.file or any(
        row.file == problem.file for rows in scenario.rows.values() for row in rows
    ):
        return problem
    message = f"with this overlay, {problem.file}"
    if problem.row is not None:
        message += f", row {problem.row}"
    if problem.column:
        message += f", {problem.column}"
    return replace(problem, file=scenario.file, row=None, column=None, message=f"{message}: {problem.message}")


def _empty(view: View) -> Iterator[Problem]:
    for name in REQUIRED_TABLES:
        if name not in view.broken and not view.tables[name]:
            yield Problem(view.file(name), None, None, "has no rows yet.", "A forecast needs some.", warning=True)
