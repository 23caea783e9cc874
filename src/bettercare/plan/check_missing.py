"""Tables that are not there, or hold nothing, while other rows need them: each is said once.

What refers to such a table is then not held against it, so that one lost file is one problem and not hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from bettercare.foundation.problems import Problem, command, count
from bettercare.plan.scenarios import ReadScenario
from bettercare.plan.schema import REQUIRED_TABLES, schema
from bettercare.plan.typed import CHANGE, Row
from bettercare.plan.view import View

MOST_FILES_NAMED = 4

HOLDS: Mapping[str, str] = {
    "partners": "the organisations of the plan",
    "duties": "which organisation decides, is consulted or votes",
    "localities": "the home areas of the people",
    "zones": "the small areas that make up the localities",
    "population": "how many people live where, by sex, age and year",
    "settings": "the kinds of place where care is given",
    "pathways": "the kinds of need that care answers",
    "services": "the services, and in what their activity is counted",
    "sites": "the places where services are given, and who runs them",
    "capacity": "the beds and slots of each service and site by year",
    "catchments": "which site the people of a locality go to",
    "activity": "how much each service was used in the base year, and by whom",
    "profiles": "how activity spreads over months, weekdays and hours",
    "flows": "which service people come to from which",
    "patient_flow": "how people wait, stay and move in the patient-flow simulation",
    "growth": "how use changes for other reasons than the number of people",
    "prices": "how prices and tariffs change from year to year",
    "allocations": "what payers have to spend each year",
    "contracts": "who pays whom for what",
    "costs": "what services cost those who run them",
    "workforce": "how many staff services need",
    "finances": "income and cost that activity does not move",
    "capital": "what is built or bought",
    "funds": "the pooled funds: who pays in, and for which schemes",
    "outcomes": "what the plan wants to achieve",
    "workstreams": "the groups of work that initiatives belong to",
    "initiatives": "what is planned to be done",
    "placements": "where initiatives stand on the outcomes roadmap",
    "milestones": "when initiatives begin, and what must come first",
    "effects": "what initiatives do to the use of services",
    "investments": "what initiatives cost, and whom",
    "overlaps": "how far two effects claim the same activity",
    "submissions": "figures as partners sent them",
    "options": "the choices put to the public",
    "indicators": "what is measured, and with which target",
    "observations": "what was measured",
    "questions": "what the public asked",
    "consultations": "what the public is asked, and when",
    "evidence": "the sources of all numbers",
}

DATED = ("effects", "investments", "capital")  # a row of these that names an initiative waits until it goes live

Tables = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class Need:
    """Rows that need some row of a table although none of their cells names one.

    `instead` says what else can be done; `warning` that a plan can do without.
    """

    rows: Callable[[Tables], Iterable[Row]]
    instead: str = ""
    warning: bool = False


def _beds(tables: Tables) -> Iterator[Row]:
    with_beds = {row["code"] for row in tables["services"] if row["capacity_unit"] == "bed"}
    elsewhere = {row["code"] for row in tables["sites"] if row["elsewhere"]}
    return (r for r in tables["catchments"] if r["service"] in with_beds and r["site"] not in elsewhere)


NEEDS: Mapping[str, Need] = {
    "population": Need(lambda t: (row for row in t["activity"] if row["count"])),
    "activity": Need(lambda t: t["effects"]),
    "effects": Need(
        lambda t: (row for row in t["initiatives"] if row["no_lever_reason"] is None),
        "Or say in no_lever_reason why an initiative has no effect.",
    ),
    "milestones": Need(lambda t: (r for name in DATED for r in t[name] if r["initiative"] is not None)),
    "flows": Need(lambda t: (r for r in t["activity"] if r["arrives"] == "flow"), "Or mark the activity direct."),
    "costs": Need(lambda t: (r for r in t["workforce"] if r["per"] == "step"), "Or count staff per thousand units."),
    "capacity": Need(_beds),
    "catchments": Need(
        lambda t: (row for row in t["activity"] if row["count"]),
        "Until then nothing needs beds, and no contract pays for activity.",
        warning=True,
    ),
}


def missing_tables(
    view: View, absent: Set[str], scenarios: Sequence[ReadScenario], kind: str, template: str
) -> list[Problem]:
    """A problem for each table without rows that some row needs; these tables become `broken`.

    `absent` are the tables of which not even a header is there, `kind` is what holds a table (file or sheet), and
    `template` the command that makes empty ones.
    """
    found: dict[str, Problem] = {}
    for name in schema():
        if name in view.broken or view.tables[name]:
            continue
        need = NEEDS.get(name, Need(lambda _: ()))
        referring = _distinct(_referring(name, view.tables, scenarios))
        needing = _distinct([*referring, *need.rows(view.tables)])
        gone = name in absent
        if not needing and not (gone and name in REQUIRED_TABLES):
            continue
        said = f"the {kind} is missing" if gone else "has no rows"
        who = _counted(needing) if needing else "Every plan needs it"
        hint = f"Put it back, or begin from the empty one that {template} makes." if gone else "Fill it in."
        message = f"{said}. It holds {HOLDS[name]}. {who}."
        warning = need.warning and not referring
        found[name] = Problem(view.file(name), None, None, message, f"{hint} {need.instead}".rstrip(), warning)
    view.broken.update(found)
    return list(found.values())


def template_command(kind: str) -> str:
    """The command that makes a plan with the header of every table."""
    words = ("new", "blank", "--from", "empty") if kind == "file" else ("export", "empty", "--to", "blank.xlsx")
    return command(*words)


def _referring(name: str, tables: Tables, scenarios: Sequence[ReadScenario]) -> Iterator[Row]:
    """The rows that name a row of the table, and those with which a scenario changes one."""
    for table in schema().values():
        columns = [c.name for c in table.columns if c.refers_to and c.refers_to[0] == name]
        if not columns:
            continue
        overlays = (s.rows.get(table.name, ()) for s in scenarios if not s.rows.get(name))
        for rows in (tables[table.name], *overlays):
            yield from (row for row in rows if any(row[column] is not None for column in columns))
    needed = [c.name for c in schema()[name].columns if c.required and c.default is None]
    for scenario in scenarios:
        for row in scenario.rows.get(name, ()):
            if not row.bad and (row[CHANGE] == "remove" or any(row[column] is None for column in needed)):
                yield row


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return list({(row.file, row.row): row for row in rows}.values())


def _counted(rows: Sequence[Row]) -> str:
    """How many rows need it, and in which files most of them stand."""
    files: dict[str, int] = {}
    for row in rows:
        files[row.file] = files.get(row.file, 0) + 1
    most = sorted(files.items(), key=lambda item: (-item[1], item[0]))
    needs = "needs" if len(rows) == 1 else "need"
    if len(most) == 1:
        return f"{count(len(rows), 'row')} of {most[0][0]} {needs} it"
    named = [f"{file} {number:,}" for file, number in most[:MOST_FILES_NAMED]]
    if rest := most[MOST_FILES_NAMED:]:
        named.append(f"{count(len(rest), 'other file')} {sum(number for _, number in rest):,}")
    return f"{count(len(rows), 'row')} {needs} it ({', '.join(named)})"
