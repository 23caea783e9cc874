"""`bettercare indicators` and `bettercare baseline`: what the events of a store say, as it may be shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bettercare.cli.activity import StoreOption
from bettercare.cli.parts import Json, PlanArgument, print_json, read
from bettercare.foundation.problems import UsageError, shown

if TYPE_CHECKING:
    import polars as pl

    from bettercare.activity.indicator_series import LinkError, Series

SHOWN = 20


def indicators(
    plan: PlanArgument,
    store: StoreOption = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CODE", help="One indicator; may be given several times.")
    ] = None,
    csv: Annotated[str | None, typer.Option("--csv", metavar="FILE", help="Write the table of all counts.")] = None,
    json: Json = False,
) -> None:
    """Count the indicators by month, partner and locality; what needs attention comes first.

    Small numbers are hidden: `*` is 1 to 7, `..` is hidden so that no `*` can be worked out, the rest is rounded to 5.
    """
    from bettercare.activity import indicators as counts
    from bettercare.activity.indicator_series import LinkError, publish, series
    from bettercare.activity.store import Store

    held, content = Store.open(store), read(plan)
    with held.connect(content) as connection:
        table = publish(counts.run(connection, content, only or None))
    link = LinkError.of(held)
    if csv is not None:
        _write(table, csv)
    found = series(table, content, held.months_held(), link)
    if json:
        print_json({
            "plan": content.settings.name, "revision": content.revision, "badge": held.badge,
            "shown": "0; * is 1 to 7; .. is hidden so that no * can be worked out; otherwise rounded to the nearest 5",
            "links": asdict(link) | {"words": str(link)},
            "series": [as_json(one) for one in found],
        })  # fmt: skip
        return
    show(found, held.badge, link)
    if csv is not None:
        typer.echo(f"Wrote {csv}.")


def _write(table: pl.DataFrame, csv: str) -> None:
    try:
        with open(csv, "wb") as file:
            table.drop("numerator", "denominator").write_csv(file)
    except OSError as error:
        raise UsageError(f"{shown(csv)} cannot be written: {error.strerror or error}.") from None


def as_json(one: Series) -> dict[str, Any]:
    """A series for programs, with what the indicator means and what its control chart says."""
    known, chart = one.indicator, one.chart
    said: dict[str, Any] = {
        "indicator": one.code, "name": one.name, "outcome": one.outcome or None, "unit": known.unit,
        "direction": known.direction, "sphere": known.sphere, "partner": one.partner or None,
        "locality": one.locality or None, "target": one.target,
        "definition": known.numerator + "; " + known.denominator,
        "exclusions": known.exclusions, "source": known.source, "version": known.version,
        "joins_organisations": known.joins,
    }  # fmt: skip
    columns = {"month": "month", "numerator": "numerator_shown", "denominator": "denominator_shown"}
    said |= {name: one.rows[column].to_list() for name, column in columns.items()}
    said |= {name: [None if v is None else round(v, 1) for v in one.rows[name]] for name in ("value", "low", "high")}
    if chart is not None:
        said |= {
            "variation": chart.variation, "variation_words": chart.variation_words, "assurance": chart.assurance,
            "assurance_words": chart.assurance_words, "warnings": list(chart.warnings), "suggestion": chart.suggestion,
        }  # fmt: skip
    return said


def show(found: list[Series], badge: str, link: LinkError) -> None:
    """What needs attention first, then every indicator of the whole area."""
    if not found:
        typer.echo("The store holds nothing that these indicators count.")
        return
    urgent = distinct([one for one in found if one.attention])
    typer.echo(f"Figures are {badge}. 1 to 7 is shown as *, other counts to the nearest 5.")
    typer.echo("\nNeeds attention" if urgent else "\nNothing needs attention.")
    for one in urgent[:SHOWN]:
        typer.echo(f"  {line(one)}\n    {words(one)}")
    if len(urgent) > SHOWN:
        typer.echo(f"  and {len(urgent) - SHOWN} more (all with --json)")
    typer.echo("\nThe whole area")
    whole = [one for one in found if not one.partner and not one.locality]
    for one in sorted(whole, key=lambda s: (s.outcome or "~", s.code)):
        typer.echo(f"  {one.outcome or '--':<4}{line(one)}")
    if any(one.indicator.joins for one in found):
        typer.echo(f"\nIntervals of what joins organisations' records allow for links: {link}")


def distinct(found: list[Series]) -> list[Series]:
    """The series without those that repeat one before them: the only council of a place, say."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for one in found:
        key = (one.code, *one.rows["numerator_shown"], *one.rows["denominator_shown"])
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept


def line(one: Series) -> str:
    """Name, place and last month of a series; the last with anybody to count, where the newest has none."""
    percent = one.indicator.unit == "percent"
    counted = [row for row in one.rows.iter_rows(named=True) if not percent or row["denominator_shown"] != "0"]
    where = ", ".join(x for x in (one.partner, one.locality) if x)
    name = f"{one.name}{f' ({where})' if where else ''}"
    if not counted:
        return f"{name}: nobody to count"
    last = counted[-1]
    text = f"{name}, {last['month']}: "
    if not percent:
        return text + last["numerator_shown"] + (" days" if one.indicator.unit == "days" else "")
    if last["value"] is None:
        return f"{text}{last['numerator_shown']} of {last['denominator_shown']}"
    between = f"{last['low']:.0f} to {last['high']:.0f}"
    return f"{text}{last['value']:.0f}% ({between}; {last['numerator_shown']} of {last['denominator_shown']})"


def words(one: Series) -> str:
    """What the control chart says, and up to which month where the newest figures are hidden."""
    assert one.chart is not None
    shown = [month for month, value in one.rows.select("month", "value").iter_rows() if value is not None]
    until = "" if shown[-1] == one.rows["month"][-1] else f"Up to {shown[-1]}: "
    return until + ". ".join(x for x in (one.chart.variation_words, one.chart.assurance_words) if x) + "."


def baseline(
    plan: PlanArgument,
    out: Annotated[str, typer.Option("--out", metavar="FOLDER", help="New or empty folder for activity.csv.")],
    store: StoreOption = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="Multiply by population over people in the registers (for a sample).")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="PEOPLE", help="The events are of so many residents: scale to all of them."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a plan's base-year activity from the events of a store, in place of rates from elsewhere."""
    from bettercare.activity import baseline as base
    from bettercare.activity.store import Store

    held, content = Store.open(store), read(plan)
    with held.connect(content) as connection:
        found = base.baseline(connection, content, scale=scale, sample=sample, synthetic=held.synthetic)
    path = base.write(found, content, out)
    if json:
        print_json({"folder": str(path), **found.as_dict()})
        return
    for text in found.notes:
        typer.echo(text)
    typer.echo(f"Wrote {path / 'activity.csv'} and evidence.csv. Copy both into a copy of the plan, then run check.")
