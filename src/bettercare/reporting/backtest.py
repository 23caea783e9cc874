"""A back-test in words, and observations from a folder outside the plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bettercare.foundation.problems import Problem, Problems, UsageError, did_you_mean
from bettercare.plan.schema import schema
from bettercare.plan.source import read_csv
from bettercare.plan.typed import read_rows, sort_rows, to_frame
from bettercare.reporting import text

if TYPE_CHECKING:
    import polars as pl

    from bettercare.plan.plan import Plan


def read_observations(where: str | Path, plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables `observations.csv` and, where there is one, `indicators.csv` of a folder (otherwise the plan's).

    Raises UsageError when there is no such folder or file, Problems for what is wrong in them.
    """
    folder = Path(where)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Name a folder that holds observations.csv.")
    if not (folder / "observations.csv").is_file():
        raise UsageError(f"{folder} holds no observations.csv.")
    problems: list[Problem] = []
    seen = _table(folder, "observations", problems)
    known = plan.tables["indicators"]
    if (folder / "indicators.csv").is_file():
        known = _table(folder, "indicators", problems)
    codes = set(known["code"].to_list())
    for row, code in enumerate(seen["indicator"].to_list(), start=2):
        if code not in codes:
            message = f'"{code}" is not in indicators.csv.'
            problems.append(Problem("observations.csv", row, "indicator", message, did_you_mean(str(code), codes)))
    if any(not p.warning for p in problems):
        raise Problems(problems)
    return seen, known


def _table(folder: Path, name: str, problems: list[Problem]) -> pl.DataFrame:
    table = schema()[name]
    raw = read_csv(folder / f"{name}.csv", f"{name}.csv", problems)
    if raw is None:
        raise Problems(problems)
    return to_frame(table, sort_rows(table, read_rows(table, raw, problems)))


def said(plan: Plan, scores: pl.DataFrame) -> Iterator[str]:
    """The back-test as lines for a terminal."""
    from bettercare.engines.forecast import coverage
    from bettercare.reporting.labels import Labels

    if scores.is_empty():
        yield "No observation after the base year belongs to a measure of the forecast, so there is nothing to test."
        return
    labels = Labels(plan)
    count = scores.select("indicator", "year", "basis").unique().height
    unseen = scores.filter(~scores["known_to_builders"]).select("indicator", "year", "basis").unique().height
    yield (
        f"{text.counted(count, 'observation')}, of which the builders of the plan had not seen {unseen}: only "
        f"these are a test."
    )
    yield ""
    yield f"{'Scenario':<34} {'Seen by builders':<17} {'n':>3} {'in 50%':>7} {'in 80%':>7} {'in 90%':>7} {'CRPS':>7}"
    for r in coverage(scores).iter_rows(named=True):
        yield (
            f"{labels.scenario(r['scenario'])[:34]:<34} {'yes' if r['known_to_builders'] else 'no':<17} "
            f"{r['observations']:>3} "
            f"{text.percent(r['inside50']):>7} {text.percent(r['inside80']):>7} {text.percent(r['inside90']):>7} "
            f"{text.percent(r['crps_over_value']):>7}"
        )
    yield ""
    yield "CRPS: mean distance between forecast and outcome as a share of the outcome; nought is perfect."
    main = plan.settings.main
    for r in scores.filter(scores["scenario"] == main).iter_rows(named=True):
        ends = text.span(text.number(r["p5"]), text.number(r["p95"]))
        place = "inside" if r["inside90"] else "OUTSIDE"
        known = "" if r["known_to_builders"] else ", not seen by the builders"
        yield f"{r['name']}, {r['year']}: {text.number(r['value'])}, forecast {ends}: {place}{known}."
