"""`bettercare simulate`: patient flow against finite beds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bettercare.cli.parts import Json, PlanArgument, Seed, Threads, print_json, read

if TYPE_CHECKING:
    from bettercare.appraisal.patient_flow import PatientFlow

Scenario = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME", help="Scenario (the plan's main one when left out).")
]
Year = Annotated[str | None, typer.Option("--year", metavar="YEAR", help="Financial year, for example 2018/19.")]
Replications = Annotated[
    int | None,
    typer.Option("--replications", metavar="N", help="Simulated years (as many as are precise when left out).", min=2),
]
Precision = Annotated[
    float,
    typer.Option(
        "--precision", metavar="PERCENT", help="Half an interval over its mean, if no number is given.", min=0.5
    ),
]
Late = Annotated[
    list[str] | None,
    typer.Option("--late", metavar="CODE=MONTHS", help="An initiative that is late; may be given several times."),
]
OneMore = Annotated[
    bool, typer.Option("--one-more/--no-one-more", help="Find out what one more bed or place would buy.")
]
KeepRisk = Annotated[
    float | None,
    typer.Option(
        "--keep-risk", metavar="PERCENT", help="Find the cheapest beds that keep waits over four hours below this."
    ),
]
Out = Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for report, tables and replay.")]
Replay = Annotated[bool, typer.Option("--replay/--no-replay", help="Write a page that plays a week.")]
Events = Annotated[bool, typer.Option("--events", help="Write every event of one year to events.parquet.")]
Erlang = Annotated[
    tuple[int, float] | None,
    typer.Option("--erlang", metavar="BEDS UTILISATION", help="Only a textbook queue: simulated and exact waits."),
]


def simulate(
    plan: PlanArgument,
    scenario: Scenario = None,
    year: Year = None,
    replications: Replications = None,
    seed: Seed = None,
    precision: Precision = 5.0,
    late: Late = None,
    one_more: OneMore = True,
    keep_risk: KeepRisk = None,
    out: Out = "out",
    replay: Replay = True,
    events: Events = False,
    threads: Threads = None,
    erlang: Erlang = None,
    json: Json = False,
) -> None:
    """Simulate patients through a plan's beds: waits, full wards, delayed transfers, cancelled operations."""
    if erlang is not None:
        _textbook(erlang, seed, json)
        return
    from rich.console import Console

    from bettercare.appraisal.census import preview
    from bettercare.appraisal.patient_flow import simulate as run
    from bettercare.reporting import flow_screen, flow_write, terminal, write
    from bettercare.reporting.flow_material import as_json

    slips = _months(late or [])
    content = read(plan)
    folder = write.prepare(out)
    console = Console(highlight=False, stderr=json)
    if not json:
        for line in preview(content, scenario, year):
            console.print(line, markup=False, soft_wrap=True)
    how: dict[str, Any] = {"seed": seed, "precision": precision / 100.0, "slips": slips, "threads": threads}
    with terminal.progress(console, "Simulating") as step:
        flow = run(content, scenario, year, replications, **how, events=events or replay, progress=step)
    bought, cheapest = _more_beds(flow, one_more, keep_risk, threads, console)
    chosen = list(flow.years)[-1]
    paths = flow_write.write(flow, folder, chosen, bought, cheapest, replay=replay, events=events)
    if json:
        print_json(as_json(flow))
    else:
        flow_screen.show(flow, console, paths["report"], bought, cheapest)


def _more_beds(flow: PatientFlow, one_more: bool, keep_risk: float | None, threads: int | None, console: Any) -> Any:
    """What one more bed would buy, and the cheapest beds that keep long waits rare; None for what was not asked."""
    from bettercare.appraisal.search import cheapest_beds, what_a_bed_buys
    from bettercare.reporting import terminal

    chosen = list(flow.years)[-1]
    simulation, year = flow.simulations[chosen], flow.years[chosen]
    bought = what_a_bed_buys(simulation, year, threads=threads) if one_more else None
    if keep_risk is None:
        return bought, None
    with terminal.progress(console, "Looking for beds") as step:
        return bought, cheapest_beds(simulation, year, keep_risk / 100.0, threads=threads, progress=step)


def _months(late: list[str]) -> dict[str, float]:
    """Initiatives and months from arguments of the form CODE=MONTHS."""
    from math import isfinite

    from bettercare.foundation.problems import UsageError

    out = {}
    for text in late:
        code, _, months = text.partition("=")
        try:
            out[code.strip()] = float(months)
        except ValueError:
            raise UsageError(f'--late "{text}" is not of the form CODE=MONTHS, for example I055=6') from None
        if not isfinite(out[code.strip()]):
            raise UsageError(f'--late "{text}" is not a number of months; write for example {code.strip()}=6')
    return out


def _textbook(erlang: tuple[int, float], seed: int | None, json: bool) -> None:
    from dataclasses import asdict

    from bettercare.engines.simulate.theory import erlang as compare

    beds, utilisation = erlang
    found = compare(beds, utilisation, seed=1 if seed is None else seed)
    if json:
        print_json({"beds": beds, "utilisation": utilisation, "measures": [asdict(one) for one in found]})
        return
    typer.echo(f"{beds} beds, {utilisation:.0%} in use, stays of one day on average, exponential (M/M/{beds})")
    typer.echo(f"{'':<22}{'exact':>10}{'simulated':>12}   95% interval")
    for one in found:
        typer.echo(f"{one.measure:<22}{one.exact:>10.5f}{one.mean:>12.5f}   {one.low:.5f} to {one.high:.5f}")
