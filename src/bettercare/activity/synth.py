"""A synthetic world with known truth: people, and what the organisations of a plan have recorded of them.

Everything runs and is tested on it, without anybody's records. `world` makes it, `synth_write.write` puts it on disk as
feeds. Same plan, arguments and seed: same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bettercare.activity import synth_assumed as assumed
from bettercare.activity import synth_errors, synth_events, synth_life, synth_people, synth_rates, synth_schemes
from bettercare.activity.synth_events import DAY
from bettercare.activity.synth_people import Ints, People, day
from bettercare.activity.synth_schemes import Scheme
from bettercare.foundation import years
from bettercare.foundation.problems import UsageError, did_you_mean, shown

if TYPE_CHECKING:
    import polars as pl

    from bettercare.plan.plan import Plan

EXTRACTED = 20  # days after the end of the period


@dataclass(frozen=True, eq=False)
class World:
    """A synthetic world. `events` has a row for each record: `person` is a number into `people`, times are minutes
    since 1970, `cell` the row of the plan's activity within the service (-1 or null where it has none)."""

    plan: Plan
    people: People
    events: pl.DataFrame
    schemes: list[Scheme]
    homes: Ints  # 1 for people who had residential care
    services: tuple[str, ...]
    from_: str
    to: str
    seed: int

    @property
    def organisations(self) -> list[str]:
        """The organisations that recorded something, by code."""
        return sorted(self.events["organisation"].unique().to_list())

    @property
    def extracted_on(self) -> date:
        """The day on which every organisation made its extract."""
        return last_day(self.to) + timedelta(days=EXTRACTED)

    def kind(self, organisation: str) -> str:
        """The kind of an organisation, as the plan's partners have it."""
        return str(dict(self.plan["partners"].select("code", "kind").iter_rows()).get(organisation, ""))

    def extracts(self, organisation: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """An organisation's extract of people, its extract of events, and the truth (true_id, local_id)."""
        import polars as pl

        own = self.events.filter(pl.col("organisation") == organisation)
        seen = own.group_by("person").agg(pl.col("start").max()).sort("person")
        person, last = seen["person"].to_numpy(), seen["start"].to_numpy() // DAY
        who = (organisation, self.kind(organisation))
        people = synth_errors.extract(self.people, person, last, self.homes, who, self.seed)
        truth = pl.DataFrame({"true_id": person, "local_id": synth_errors.local_ids(organisation, person, self.seed)})
        ids = truth.select(pl.col("true_id").alias("person"), "local_id")
        events = written(own.join(ids, on="person", how="left", maintain_order="left"), self.extracted_on)
        return people, events, truth


def world(
    plan: Plan, people: int, seed: int, from_: str | None = None, to: str | None = None,
    services: Sequence[str] | None = None, effects: Mapping[str, float] | None = None,
) -> World:  # fmt: skip
    """Make a world of about `people` people with events from month `from_` to month `to` (2013-04, both in).

    `services` are those of the plan to include (all but those of huge volume when left out), `effects` the true share
    of later emergency admissions that each scheme prevents. Raises UsageError for what cannot be made.
    """
    from_, to = _months(plan, from_, to)
    window = (day(f"{from_}-01"), day(last_day(to).isoformat()))
    chosen = _chosen(plan, services)
    drawn = synth_people.people(plan, people, seed, window[1])
    events, schemes, homes = _events(plan, drawn, chosen, window, seed, effects or {})
    return World(plan, drawn, events, schemes, homes, tuple(chosen), from_, to, seed)


def _events(
    plan: Plan, people: People, chosen: list[str], window: tuple[int, int], seed: int, effects: Mapping[str, float]
) -> tuple[pl.DataFrame, list[Scheme], Ints]:
    import polars as pl

    parts = [
        synth_events.of_service(plan, people, service, window, seed)
        for service in synth_rates.services(plan, people, chosen)
    ]
    if assumed.CRISIS[0] in chosen:
        parts += synth_events.crisis(plan, people, window, seed)
    if not parts:
        raise UsageError("None of the chosen services has any activity in the plan's base year. Name others.")
    events = pl.concat([pl.DataFrame(schema=_columns()), *parts], how="diagonal_relaxed")
    events = synth_life.readmitted(events, people, window, seed)
    events, schemes = synth_schemes.schemes(plan, people, events, window, seed, effects)
    events, hospital = synth_life.ended(events, people, window, seed)
    homes = synth_life.residents(events, people)
    lives = synth_life.lives(events, people, window, hospital, homes, seed)
    lives = lives.with_columns(pl.lit(_practices(plan)).alias("organisation"))
    events = synth_life.named_gp(events, lives, people, seed)
    scores = synth_life.hospital_scores(events, people, seed)
    events = pl.concat([synth_life.home_again(events, homes), lives, scores], how="diagonal")
    events = events.sort("organisation", "start", "person", "event", "service", "code", maintain_order=True)
    return events.filter(pl.col("organisation").is_not_null()), schemes, homes


def _columns() -> dict[str, pl.DataType | type[pl.DataType]]:
    """The columns of events that some kinds of event lack."""
    import polars as pl

    times = dict.fromkeys(("end", "clock_start", "clock_stop", "ready"), pl.Int64)
    words = ("method", "priority", "diagnosis", "diagnoses", "procedure", "outcome", "code")
    return {**times, **dict.fromkeys(words, pl.String), "value": pl.Float64, "cost_gbp": pl.Float64}


def _practices(plan: Plan) -> str:
    """The partner that holds what general practices know; the first provider where the plan has none."""
    import polars as pl

    found = plan["partners"].filter(pl.col("kind") == "primary-care")["code"].to_list()
    return str((found or sorted(plan["sites"]["provider"].drop_nulls().to_list()))[0])


def written(events: pl.DataFrame, extracted: date) -> pl.DataFrame:
    """The extract's columns: times as text; what had not ended by the day of the extract has no end yet."""
    import polars as pl

    known = day(extracted.isoformat()) * DAY
    dated = pl.col("event").is_in(["care", "plan", "register", "score", "death"])

    def text(name: str) -> pl.Expr:
        moment = pl.from_epoch(pl.col(name) * 60, time_unit="s")
        shown_as = pl.when(dated).then(moment.dt.strftime("%Y-%m-%d")).otherwise(moment.dt.strftime("%Y-%m-%dT%H:%M"))
        return pl.when(pl.col(name) <= known).then(shown_as).alias(name)

    going = (pl.col("event") == "spell") & (pl.col("end") > known)
    blank = [pl.when(~going).then(pl.col(name)).alias(name) for name in ("outcome", "code", "value")]
    return (
        events.with_columns(blank)
        .with_columns(pl.int_range(pl.len()).alias("record_id"))
        .with_columns(
            (pl.lit("R") + pl.col("record_id").cast(pl.String).str.zfill(9)).alias("record_id"),
            *(text(name) for name in ("start", "end", "clock_start", "clock_stop", "ready")),
        )
        .select(EVENTS)
    )


EVENTS = (
    "local_id", "record_id", "event", "start", "end", "service", "site", "method", "priority", "diagnosis", "diagnoses",
    "procedure", "clock_start", "clock_stop", "ready", "outcome", "code", "value", "cost_gbp",
)  # fmt: skip


def last_day(month: str) -> date:
    """The last day of a month such as 2013-04."""
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)


def _months(plan: Plan, from_: str | None, to: str | None) -> tuple[str, str]:
    first = years.start(plan.settings.base_year)
    usual_end = date(first.year + 2, 6, 1)  # two years and a quarter
    end = years.end(plan.settings.last_year)
    chosen = []
    for option, text, usual in (("--from", from_, first), ("--to", to, min(usual_end, end))):
        try:
            chosen.append(date.fromisoformat(f"{text}-01") if text is not None else usual.replace(day=1))
        except ValueError:
            raise UsageError(f"{option} {shown(text)} is not a month; write for example 2013-04.") from None
    if not first <= chosen[0] <= chosen[1] <= end:
        raise UsageError(
            f"The period from {chosen[0]:%Y-%m} to {chosen[1]:%Y-%m} cannot be made: it must lie within the plan's "
            f"years ({first:%Y-%m} to {end:%Y-%m}), and begin before it ends."
        )
    return f"{chosen[0]:%Y-%m}", f"{chosen[1]:%Y-%m}"


def _chosen(plan: Plan, services: Sequence[str] | None) -> list[str]:
    known = [code for code in plan["services"]["code"].to_list() if code not in assumed.NEVER]
    if services is None:
        return [code for code in known if code not in assumed.LEFT_OUT]
    if list(services) == ["all"]:
        return known
    for code in services:
        if code not in known:
            raise UsageError(f"{shown(code)} is no service that can be made here. {did_you_mean(code, known)}".strip())
    if not services:
        raise UsageError("No service is left to make events of; name some, or all.")
    return [code for code in known if code in services]
