"""`bettercare risk`: people by tier of a score, and a model of who comes to need social care."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from bettercare.cli.activity import StoreOption
from bettercare.cli.parts import Json, PlanArgument, print_json, read
from bettercare.foundation.problems import UsageError, shown


def risk(
    plan: PlanArgument,
    store: StoreOption = None,
    score: Annotated[
        str,
        typer.Option("--score", metavar="efi|hfrs", help="electronic Frailty Index, or Hospital Frailty Risk Score."),
    ] = "efi",
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="YYYY-MM-DD", help="First day of the model's three years (the last three when left out)."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """People by tier of a frailty score, and how a model of who comes to need social care was fitted and judged.

    Scores sort people into groups; they do not foretell what happens to one person. Small numbers are hidden.
    """
    from rich.console import Console

    from bettercare.activity.risk import people_by_tier
    from bettercare.activity.risk_need import need_of
    from bettercare.activity.store import Store
    from bettercare.reporting import risk_answer, terminal

    begin = _first_of_month(from_)
    content, held = read(plan), Store.open(store)
    need, why_not = None, ""
    with held.connect(content) as connection:
        tiers = people_by_tier(connection, score)
        try:
            need = need_of(held, content, connection, begin)
        except UsageError as error:
            why_not = str(error)
    answer = risk_answer.Answer(content, score, tiers, need, why_not, held.synthetic)
    if json:
        print_json(risk_answer.as_json(answer))
    else:
        terminal.show(risk_answer.lines(answer), Console(highlight=False))


def _first_of_month(text: str | None) -> date | None:
    """The day of --from. Feeds are held by month, so a year of them begins on the first of one."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--from {shown(text)} is not a day; write for example 2013-04-01.") from None
    if day.day != 1:
        raise UsageError(f"--from {shown(text)} is not the first day of a month, and feeds are held by month.")
    return day
