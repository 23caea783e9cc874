"""Checks of the programme: initiatives, milestones and their dependencies, and the scenarios' own references."""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import date

from bettercare.foundation import years
from bettercare.foundation.problems import Problem, count, did_you_mean, shown
from bettercare.plan.cycles import cycles, walked
from bettercare.plan.typed import Row
from bettercare.plan.view import SETTINGS, Rule, View, group, rule

FAR_YEARS = 10  # a date further outside the horizon than this is taken for a slip of the keyboard


@rule("initiatives", "effects")
def levers_or_reasons(view: View) -> Iterator[Problem]:
    """An initiative has an effect, or says why it has none."""
    pulling = {row["initiative"] for row in view.tables["effects"]}
    for row in view.rows("initiatives"):
        has = row["code"] in pulling
        if not has and row["no_lever_reason"] is None:
            hint = f"Add a row to {view.file('effects')}, or say why in no_lever_reason."
            yield row.problem("no_lever_reason", f"{shown(row['code'])} has no effect on activity.", hint)
        elif has and row["no_lever_reason"] is not None:
            message = f"{shown(row['code'])} has an effect on activity, yet says why it has none."
            yield row.problem("no_lever_reason", message, "Empty the cell or remove the effect.")


@rule("initiatives")
def slippage(view: View) -> Iterator[Problem]:
    """An initiative's own slippage is given whole and in rising order."""
    names = ("slip_low_months", "slip_mode_months", "slip_high_months")
    for row in view.rows("initiatives"):
        given = [row[name] for name in names if row[name] is not None]
        if 0 < len(given) < len(names):
            missing = next(name for name in names if row[name] is None)
            yield row.problem(missing, "the slippage is given in part.", "Fill in all three, or none.")
        elif given != sorted(given):
            message = f"low {given[0]:g}, mode {given[1]:g} and high {given[2]:g} do not rise."
            yield row.problem(names[0], message, "Put low, mode and high in rising order.")


@rule("initiatives", "effects", "investments", "capital", "milestones", whole=("milestones",))
def going_live(view: View) -> Iterator[Problem]:
    """An initiative with an effect, an investment or a capital line goes live once, at a milestone."""
    lives = group((row for row in view.rows("milestones") if row["kind"] == "live"), "initiative")
    needs: dict[str, str] = {}
    for table, what in (("effects", "an effect"), ("investments", "an investment"), ("capital", "a capital line")):
        for row in view.rows(table):
            if row["initiative"] is not None:
                needs.setdefault(row["initiative"], what)
    initiatives = view.by_code("initiatives")
    for code, what in needs.items():
        if (code,) not in lives and code in initiatives:
            hint = f"Add a milestone of the kind live to {view.file('milestones')}."
            yield initiatives[code].problem("code", f"{shown(code)} has {what} but never goes live.", hint)
    for (code,), rows in lives.items():
        if len(rows) > 1:
            ordered = sorted(rows, key=lambda r: r.row or 0)
            message = f"{shown(code)} goes live {len(rows)} times: {', '.join(shown(r['code']) for r in ordered)}."
            yield ordered[-1].problem("kind", message, "Keep one live milestone; the others are steps.")


@rule("milestones", "effects", SETTINGS)
def dates(view: View) -> Iterator[Problem]:
    """Milestones lie in the years that are planned."""
    first, last = years.start(view.plan.base_year), years.end(view.plan.last_year)
    pulling = {row["initiative"] for row in view.rows("effects")}
    late: list[Row] = []
    for row in view.rows("milestones"):
        day: date = row["date"]
        if not first.year - FAR_YEARS <= day.year <= last.year + FAR_YEARS:
            span = f"{view.plan.base_year} to {view.plan.last_year}"
            yield row.problem("date", f"{day} is far outside the plan's years, {span}.", "Correct the date.")
        elif row["kind"] == "live" and row["initiative"] in pulling and day < first:
            message = (
                f"{shown(row['initiative'])} goes live on {day}, before the base year {view.plan.base_year} begins."
            )
            hint = "What it does is in the base year's activity already: remove its effects, or correct the date."
            yield row.problem("date", message, hint)
        elif row["kind"] == "live" and row["initiative"] in pulling and day > last:
            late.append(row)
    if late:
        codes = ", ".join(shown(row["code"]) for row in late[:4])
        more = f" and {count(len(late) - 4, 'other')}" if len(late) > 4 else ""
        message = f"{codes}{more}: live only after {last}, so the forecast sees no effect."
        yield Problem(late[0].file, late[0].row, "date", message, "Extend the horizon, or leave it so.", warning=True)


@rule("milestones")
def dependencies(view: View) -> Iterator[Problem]:
    """No milestone waits for itself, by whatever way; initiatives that wait for one another are worth a look."""
    by_code = view.by_code("milestones")
    edges = {
        code: [name for name in (row["depends_on"] or "").split(";") if name in by_code]
        for code, row in by_code.items()
    }
    tangled: set[str] = set()
    for cycle in cycles(edges):
        tangled.update(by_code[code]["initiative"] for code in cycle)
        last = max((by_code[code] for code in cycle), key=lambda row: row.row or 0)
        message = f"the milestones wait for one another: {walked(cycle)}."
        yield last.problem("depends_on", message, "Remove one of these dependencies.")
    between: dict[str, list[str]] = {}
    for code, names in edges.items():
        one = by_code[code]["initiative"]
        others = [by_code[name]["initiative"] for name in names]
        between.setdefault(one, []).extend(other for other in others if other != one)
    for cycle in cycles(between):
        if not tangled & set(cycle):
            message = f"initiatives wait for one another at different milestones: {walked(cycle)}."
            hint = "That can be right; check that none holds up the other for ever."
            yield Problem(view.file("milestones"), None, "depends_on", message, hint, warning=True)
    for code, row in by_code.items():
        for name in edges[code]:
            if by_code[name]["date"] > row["date"] and row["initiative"] not in tangled:
                after = f"{shown(name)}, on which it depends ({by_code[name]['date']})"
                message = f"it is planned for {row['date']}, before {after}."
                hint = "The forecast will hold it back until then."
                yield row.problem("date", message, hint, warning=True)


@rule("initiatives")
def scenario_initiatives(view: View) -> Iterator[Problem]:
    """A scenario names initiatives that exist."""
    if view.scenario is None:
        return
    known = {row["code"] for row in view.tables["initiatives"]}
    for key in ("initiatives", "without"):
        named = view.scenario.content[key]
        for code in () if isinstance(named, str) else named:
            if code not in known:
                hint = did_you_mean(code, sorted(known))
                message = f"{shown(code)} is not in {view.file('initiatives')}."
                yield Problem(view.scenario.file, None, key, message, hint)


@rule("options")
def status_quo(view: View) -> Iterator[Problem]:
    """At most one option is carrying on as now."""
    rows = [row for row in view.rows("options") if row["status_quo"]]
    for row in rows[1:]:
        message = f"{shown(rows[0]['code'])} is the option of carrying on as now already."
        yield row.problem("status_quo", message, "Write no in one of the two.")


RULES: tuple[Rule, ...] = (
    levers_or_reasons,
    slippage,
    going_live,
    dates,
    dependencies,
    scenario_initiatives,
    status_quo,
)


def scenario_names(view: View, known: Set[str]) -> Iterator[Problem]:
    """The settings name scenarios that exist."""
    if view.settings is None:
        return
    asked = [("comparison", view.settings.comparison), ("main", view.settings.main)]
    asked += [("scenario_order", name) for name in view.settings.scenario_order]
    for key, name in asked:
        if name not in known:
            hint = did_you_mean(name, sorted(known)) or f"Make the folder scenarios/{name} with a scenario.toml."
            yield Problem(view.settings_file, None, key, f"there is no scenario {shown(name)}.", hint)
