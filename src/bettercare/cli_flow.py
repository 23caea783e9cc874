"""`bettercare simulate`: patient flow against finite beds."""

from __future__ import annotations

from typing import Annotated

import typer

from bettercare.cli_parts import Json, PlanArgument, print_json, read


def simulate(
    plan: PlanArgument,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="Scenario (the plan's main one when left out).")
    ] = None,
    year: Annotated[
        str | None, typer.Option("--year", metavar="YEAR", help="Financial year, for example 2018/19.")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications", metavar="N", help="Simulated years (as many as are precise when left out).", min=2
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of the random draws.", min=0)] = None,
    precision: Annotated[
        float,
        typer.Option(
            "--precision", metavar="PERCENT", help="Half an interval over its mean, if no number is given.", min=0.5
        ),
    ] = 5.0,
    late: Annotated[
        list[str] | None,
        typer.Option("--late", metavar="CODE=MONTHS", help="An initiative that is late; may be given several times."),
    ] = None,
    one_more: Annotated[
        bool, typer.Option("--one-more/--no-one-more", help="Find out what one more bed or place would buy.")
    ] = True,
    keep_risk: Annotated[
        float | None,
        typer.Option(
            "--keep-risk", metavar="PERCENT", help="Find the cheapest beds that keep waits over four hours below this."
        ),
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for report, tables and replay.")] = "out",
    replay: Annotated[bool, typer.Option("--replay/--no-replay", help="Write a page that plays a week.")] = True,
    events: Annotated[bool, typer.Option("--events", help="Write every event of one year to events.parquet.")] = False,
    threads: Annotated[int | None, typer.Option("--threads", metavar="N", help="Threads.", min=1)] = None,
    erlang: Annotated[
        tuple[int, float] | None,
        typer.Option("--erlang", metavar="BEDS UTILISATION", help="Only a textbook queue: simulated and exact waits."),
    ] = None,
    json: Json = False,
) -> None:
    """Simulate patients through a plan's beds: waits, full wards, delayed transfers, cancelled operations."""
    if erlang is not None:
        _textbook(erlang, seed, json)
        return
    from rich.console import Console

    from bettercare.appraisal.census import preview
    from bettercare.appraisal.patient_flow import simulate as run
    from bettercare.appraisal.search import cheapest_beds, what_a_bed_buys
    from bettercare.reporting import flow_screen, flow_write, screen, write
    from bettercare.reporting.flow_material import as_json

    content = read(plan)
    folder = write.prepare(out)
    console = Console(highlight=False, stderr=json)
    if not json:
        for line in preview(content, scenario, year):
            console.print(line, markup=False, soft_wrap=True)
    with screen.progress(console) as step:
        flow = run(
            content,
            scenario,
            year,
            replications,
            seed=seed,
            precision=precision / 100.0,
            slips=_months(late or []),
            threads=threads,
            events=events or replay,
            progress=step,
        )
    chosen = list(flow.years)[-1]
    simulation = flow.simulations[chosen]
    bought = what_a_bed_buys(simulation, flow.years[chosen], threads=threads) if one_more else None
    cheapest = None
    if keep_risk is not None:
        with screen.progress(console) as step:
            cheapest = cheapest_beds(simulation, flow.years[chosen], keep_risk / 100.0, threads=threads, progress=step)
    paths = flow_write.write(flow, folder, chosen, bought, cheapest, replay=replay, events=events)
    if json:
        print_json(as_json(flow))
        return
    flow_screen.show(flow, console, paths["report"], bought, cheapest)


def _months(late: list[str]) -> dict[str, float]:
    """Initiatives and months from arguments of the form CODE=MONTHS."""
    from bettercare.foundation.problems import UsageError

    out = {}
    for text in late:
        code, _, months = text.partition("=")
        try:
            out[code.strip()] = float(months)
        except ValueError:
            raise UsageError(f'--late "{text}" is not of the form CODE=MONTHS, for example I055=6') from None
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
