"""A simulated patient flow on one terminal screen: how near the base year comes, the answer, and its numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bettercare.reporting import flow_answer as answer
from bettercare.reporting import terminal, text
from bettercare.reporting.badges import SHAPES
from bettercare.reporting.flow_material import FlowMaterial, Line
from bettercare.reporting.labels import short
from bettercare.reporting.terminal import WIDE, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from bettercare.appraisal.patient_flow import PatientFlow
    from bettercare.appraisal.search import Bought, Cheapest

NAME, COLUMN = 29, 25  # characters of the table: what it is, and each scenario


def show(
    flow: PatientFlow,
    console: Console,
    report_path: Path | None,
    bought: Sequence[Bought] | None = None,
    cheapest: Cheapest | None = None,
) -> None:
    """The simulated year on one screen; the last line says where the report is."""
    last = "" if report_path is None else f"Report: {report_path}"
    terminal.show(lines(FlowMaterial(flow), bought, cheapest), console, last)


def lines(m: FlowMaterial, bought: Sequence[Bought] | None = None, cheapest: Cheapest | None = None) -> list[str]:
    """The screen as lines of at most 80 characters."""
    out = base_year(m)  # first: a scenario is worth no more than what is known to come out right
    out += [f"{answer.QUESTION} {m.year}".upper(), *wrapped(s.plain for s in answer.question(m))]
    out += table(m)
    out += blocks(m)
    if bought:
        out += ["ONE MORE BED OR PLACE WOULD BUY", *wrapped(s.plain for s in answer.buys(m, bought, 2))]
    if cheapest is not None:
        out.append(f"CHEAPEST BEDS THAT KEEP WAITS OVER 4 H UNDER {text.percent(cheapest.target)}")
        out += wrapped(s.plain for s in answer.cheapest(m, cheapest))
    return [*out, "WHAT THIS IS NOT", *wrapped([" ".join(answer.limits(m))])]


def base_year(m: FlowMaterial) -> list[str]:
    """The base year held against what was published."""
    out = [f"THE BASE YEAR {m.base}, SIMULATED AND PUBLISHED", *wrapped([answer.base_year(m).plain])]
    for row in m.published:
        both = [answer.published_value(row, row[k]) for k in ("mean", "published")]
        near = "near" if row["near"] else "NOT NEAR"
        out.append(f"  {short(row['name'], 46):<46} {both[0]:>7} {both[1]:>7} {SHAPES[row['badge']]} {near}")
    return out


def table(m: FlowMaterial) -> list[str]:
    """The scenario beside what it is held against: mean and 95% interval over the simulated years."""
    names = [m.name, *([m.nothing] if m.nothing else [])]
    count = m.flow.replications
    said = text.counted(count, "simulated year")
    out = [f"{m.year}: mean of {said}{' (95% interval)' if count > 1 else ''}".upper()]
    heads = [textwrap.wrap(m.title(n), COLUMN - 1)[:3] for n in names]
    for k in range(max(map(len, heads))):
        out.append(f"{'':<{NAME}}" + " ".join(f"{(h[k] if k < len(h) else ''):>{COLUMN}}" for h in heads))
    for line in m.taken:
        out.append(_row(line, names, 4 if line.code.startswith("taken-site") else 2))
    for line in m.people:
        out.append(_row(line, names, 4 if line.code.startswith("counted") else 2))
        if line.code == "counted-social care":
            out += _reasons(m)
    return out


def _row(line: Line, names: Sequence[str], indent: int) -> str:
    cells = " ".join(f"{line.shown(n):>{COLUMN}}" for n in names)
    room = min(NAME, WIDE - len(cells))  # a wide interval takes from the name
    label = f"{'':<{indent}}{short(line.brief or line.label, room - indent)}"
    return f"{label:<{room}}{cells}"


def _reasons(m: FlowMaterial) -> list[str]:
    """What people in beds wait for, under the scenario."""
    named = [
        f"{m.labels.service(service).lower()} {text.number(round(float((arranging + full).mean())))} days"
        f"{f' ({_of(full.mean(), arranging.mean())} because full)' if full.any() else ''}"
        for service, _, arranging, full, _ in m.waiting_for(m.name)[:3]
    ]
    return (
        textwrap.wrap(f"for {', '.join(named)}", WIDE, initial_indent="    ", subsequent_indent="    ") if named else []
    )


def _of(full: float, arranging: float) -> str:
    return text.percent(float(full / (full + arranging)))


def blocks(m: FlowMaterial) -> list[str]:
    """Where most people wait to come in."""
    found = wrapped(s.plain for s in answer.blocks(m))
    return [
        "WHERE IT BLOCKS FIRST: PEOPLE WAITING TO COME IN ON AN AVERAGE DAY",
        *(found or ["  Nobody waits anywhere."]),
    ]
