"""The synthetic world: totals as in the plan, errors as stated, effects as set, and nobody who exists."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bettercare.activity import nhs_number, synth, synth_assumed, synth_errors, synth_names, synth_write, tables
from bettercare.activity.synth import World
from bettercare.activity.synth_events import DAY
from bettercare.activity.synth_life import ended
from bettercare.activity.synth_people import NEVER, day
from bettercare.activity.synth_rates import services
from bettercare.foundation.problems import UsageError
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan

PEOPLE = 40_000


@pytest.fixture(scope="module")
def llr() -> Plan:
    return read_plan("llr")


@pytest.fixture(scope="module")
def world(llr: Plan) -> World:
    return synth.world(llr, PEOPLE, seed=5)


@pytest.fixture(scope="module")
def extracts(world: World) -> dict[str, tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    return {one: world.extracts(one) for one in world.organisations}


def test_base_year_totals_are_the_plans(world: World) -> None:
    """By service and locality, within chance: a package of care brings many weeks at once, so its chance is wider."""
    people, plan = world.people, world.plan
    ends = day("2014-04-01") * DAY
    events = world.events.filter((pl.col("start") < ends) & pl.col("service").is_not_null())
    events = events.filter(pl.col("event") != "scheme").with_columns(
        pl.col("person")
        .replace_strict(pl.Series(range(len(people))), pl.Series([people.localities[n] for n in people.locality]))
        .alias("locality")
    )
    made = {(a, b): n for a, b, n in events.group_by("service", "locality").len().iter_rows()}
    weekly = plan["services"].filter(pl.col("currency") == "week-of-care")["code"].to_list()
    wanted = plan["activity"].filter(pl.col("locality").is_in(people.localities))
    wanted = wanted.filter(pl.col("service").is_in(world.services)).group_by("service", "locality").agg(pl.sum("count"))
    checked, squares = 0, 0.0
    for service, locality, count in wanted.iter_rows():
        expected = count * people.scale
        if expected < 30:
            continue
        weeks = min(2 * synth_assumed.PACKAGE_WEEKS[service], 52.0) if service in weekly else 1.0
        z = (made.get((service, locality), 0) - expected) / np.sqrt(expected * weeks)
        assert abs(z) < 4.5, (service, locality, expected, made.get((service, locality), 0))
        checked, squares = checked + 1, squares + z * z
    assert checked > 50
    assert 0.5 < squares / checked < 1.6  # as much chance as there should be, no more and no less


def test_use_grows_as_the_plan_says(world: World) -> None:
    by_year = (
        world.events.filter(pl.col("service") == "ambulance", pl.col("event") == "response")
        .select(((pl.col("start") // DAY - day("2013-04-01")) // 365).alias("year"))
        .group_by("year").len().sort("year")["len"].to_list()
    )  # fmt: skip
    assert 1.0 < by_year[1] / by_year[0] < 1.09  # 2.5% a year in the plan, and people grow older


def test_people_are_the_plans(world: World) -> None:
    people = world.people
    base = people.birth <= day("2013-10-01")
    assert base.sum() == PEOPLE
    assert 0.0125 * 1.5 < (~base).sum() / PEOPLE < 0.0128 * 2.1  # children of a year and three quarters
    assert 0.006 < (people.death < NEVER).sum() / PEOPLE / 2.25 < 0.014
    share = np.bincount(people.locality[base]) / base.sum()
    table = world.plan["population"].filter(pl.col("year") == "2013/14", pl.col("variant") == "principal")
    for place, code in enumerate(people.localities):
        own = table.filter(pl.col("locality") == code)["people"].sum()
        assert share[place] == pytest.approx(own * people.scale / PEOPLE, abs=0.001)
    assert (people.zone_locality[people.zone] == people.locality).all()
    assert (people.zone_locality[people.zone_after] == people.locality).all()


def test_nobody_in_it_exists(world: World, extracts: dict[str, tuple[pl.DataFrame, ...]]) -> None:
    numbers = pl.Series(world.people.nhs.tolist())
    assert numbers.n_unique() == len(numbers)
    assert set(nhs_number.statuses(numbers)) == {"test"}
    for people, _, _ in extracts.values():
        given = people["nhs_number"].filter(people["nhs_number"] != "")
        assert given.str.starts_with("999").all()
        assert "valid" not in set(nhs_number.statuses(given))
        assert people["postcode"].filter(people["postcode"] != "").str.starts_with("ZZ").all()
        assert not people["postcode"].str.starts_with("ZZ99").any()


def test_extracts_have_the_columns_and_words_of_the_schema(
    world: World, extracts: dict[str, tuple[pl.DataFrame, ...]]
) -> None:
    for name, place in (("extract-people", 0), ("extract-events", 1)):
        table = tables.table(name)
        for frames in extracts.values():
            frame = frames[place]
            assert tuple(frame.columns) == table.names
            for column in table.columns:
                values = frame[column.name].drop_nulls()
                if column.required:
                    assert len(values) == frame.height, column.name
                if column.choices:
                    assert set(values) <= {*column.choices, ""}, column.name
                if column.key:
                    assert values.n_unique() == frame.height
            for code, known in (("service", "services"), ("site", "sites")):
                if code in frame.columns:
                    assert set(frame[code].drop_nulls()) <= set(world.plan[known]["code"])


def test_times_are_in_order(world: World) -> None:
    events, people = world.events, world.people
    assert events.filter(pl.col("end") < pl.col("start")).is_empty()
    assert events.filter(pl.col("ready") > pl.col("end")).is_empty()
    assert events.filter(pl.col("clock_stop") < pl.col("clock_start")).is_empty()
    assert (events["start"] >= day("2013-04-01") * DAY).all()
    assert (events["start"] < day("2015-07-01") * DAY).all()
    person, start = events["person"].to_numpy(), events["start"].to_numpy()
    assert (start // DAY <= people.death[person]).all()
    assert (start // DAY >= people.birth[person]).all()
    spells = events.filter(pl.col("event") == "spell")
    assert (spells["end"].to_numpy() // DAY <= people.death[spells["person"].to_numpy()] + 1).all()
    died = set(events.filter(pl.col("outcome") == "died")["person"])
    dead = events.filter((pl.col("event") == "death") & (pl.col("outcome") == "hospital"))["person"]
    assert died == set(dead)


def test_what_records_say_is_near_what_is_assumed(world: World) -> None:
    events = world.events
    urgent = events.filter((pl.col("event") == "attendance") & (pl.col("service") == "ae-major"))
    in_time = ((urgent["clock_stop"] - urgent["clock_start"]) <= 240).mean()
    assert in_time == pytest.approx(synth_assumed.CLOCKS["ae-major"][0], abs=0.01)
    crisis = events.filter(pl.col("service") == "mental-health-crisis")
    assert ((crisis["clock_stop"] - crisis["clock_start"]) <= 240).mean() == pytest.approx(0.85, abs=0.02)
    medical = events.filter(pl.col("service") == "emergency-medical")
    sensitive = medical["diagnosis"].str.contains("^(J44|I50|N390|I20|L03|E10|G40|J45)").mean()
    assert sensitive == pytest.approx(0.24, abs=0.03)


BEDS = ("emergency-medical", "emergency-surgical", "emergency-child", "elective-inpatient", "maternity", "specialised")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_admissions_and_stays_are_the_plans_in_a_small_world(llr: Plan, seed: int) -> None:
    """20,000 people. Admissions and bed days of the base year lie within four standard errors of chance in who is
    admitted (Poisson). The stays of those admitted add up to what the plan gives for their ages and homes within 1% and
    14 mean stays, about one very long one: 2% for emergency medicine, whose mean of stays drawn one by one would have a
    standard error of 4%."""
    made = synth.world(llr, 20_000, seed, "2013-04", "2014-06", BEDS)
    stays = made.events.filter(pl.col("event") == "spell")
    for service in BEDS:
        own = stays.filter(pl.col("service") == service)
        days = ((own["end"] - own["start"]) / DAY).to_numpy()
        planned = services(llr, made.people, [service])[0].mean_stay[own["cell"].to_numpy()]
        assert abs(days.sum() - planned.sum()) < 0.01 * planned.sum() + 14 * planned.mean(), service
        year = (own["start"] < day("2014-04-01") * DAY).to_numpy()
        table = llr["activity"].filter(pl.col("service") == service, pl.col("locality").is_in(made.people.localities))
        count, mean = table["count"].to_numpy() * made.people.scale, table["mean_los_days"].to_numpy()
        assert abs(year.sum() - count.sum()) < 4 * np.sqrt(count.sum()), service
        error = np.sqrt((count * mean**2).sum())  # of days, where only admissions are by chance
        assert abs(days[year].sum() - (count * mean).sum()) < 4 * error + 14 * mean.mean(), service


@pytest.mark.parametrize("apart", [-40, -1, 0, 3, 5])
def test_a_last_stay_ends_on_the_day_of_death_and_is_as_long_as_before(world: World, apart: int) -> None:
    """A stay of 6 days and 5 hours that ended so many days after the death, or before it, for everybody who died."""
    window = (day("2013-04-01"), day("2015-06-30"))
    person = np.flatnonzero((world.people.death < NEVER) & (world.people.birth < window[0]))
    end = (world.people.death[person] + apart) * DAY + 600
    drawn = pl.DataFrame({"person": person, "start": end - 6 * DAY - 300, "end": end, "ready": end}).with_columns(
        event=pl.lit("spell"), method=pl.lit("emergency"), outcome=pl.lit("home")
    )
    found, hospital = ended(drawn, world.people, window, seed=1)
    died = found.filter(pl.col("outcome") == "died")
    assert hospital.sum() == died.height > 0
    late = died.filter(pl.col("start") > (window[0] + 7) * DAY)
    assert late.height > 0.9 * died.height
    assert (late["end"] - late["start"]).unique().to_list() == [6 * DAY + 300]
    assert (late["end"].to_numpy() // DAY == world.people.death[late["person"].to_numpy()]).all()
    kept = found.filter(pl.col("outcome") != "died")
    assert kept.equals(drawn.join(kept.select("person"), on="person", maintain_order="left").select(kept.columns))


def test_frail_people_use_several_services(world: World) -> None:
    used = np.zeros((len(world.people), 2))
    for place, service in enumerate(("emergency-medical", "home-care")):
        people = world.events.filter(pl.col("service") == service)["person"].unique().to_numpy()
        used[people, place] = 1
    old = world.people.age(day("2013-10-01")) >= 75
    both, home = (used[old, 0] * used[old, 1]).mean(), used[old].mean(axis=0)
    assert both > 1.3 * home[0] * home[1]


def test_errors_are_as_stated(world: World, extracts: dict[str, tuple[pl.DataFrame, ...]]) -> None:
    blank = {}
    for organisation, (people, _, _) in extracts.items():
        stated = synth_errors.missing_rate(organisation, world.kind(organisation))
        found = (people["nhs_number"] == "").mean()
        assert abs(found - stated) < 4.5 * np.sqrt(stated * (1 - stated) / people.height) + 1e-9, organisation
        blank[organisation] = found
    assert blank["leicester-council"] > 0.3 > blank["uhl"]
    people, _, truth = extracts["uhl"]
    both = people.join(truth, on="local_id").sort("true_id")
    person = both["true_id"].to_numpy()
    wrong = both["surname"].to_numpy() != world.people.surname[person]
    kind = world.people.kind[person]
    assert wrong[kind == "asian"].mean() > 1.8 * wrong[kind == "white"].mean()
    births = both["birth_date"].to_numpy() != world.people.birth[person].astype("datetime64[D]").astype(str)
    assert 0.008 < births.mean() < 0.03
    for text in both["birth_date"].filter(both["birth_date"] != ""):
        datetime.date.fromisoformat(text)  # every date that is there exists


def test_schemes_refer_frail_people_and_prevent_what_is_set(llr: Plan) -> None:
    without = synth.world(llr, PEOPLE, 5, "2014-10", "2015-06", effects={"I105": 0.0})
    with_ = synth.world(llr, PEOPLE, 5, "2014-10", "2015-06", effects={"I105": 0.5})
    scheme = {one.code: one for one in with_.schemes}["I105"]
    assert scheme.referred == round(2599 * with_.people.scale)
    assert scheme.organisation == "emas"
    assert 0 < scheme.judged_avoided < 0.2 * scheme.referred

    def later(world: World) -> int:
        referred = world.events.filter((pl.col("event") == "scheme") & (pl.col("code") == "I105"))
        urgent = world.events.filter((pl.col("event") == "spell") & (pl.col("method") == "emergency"))
        joined = urgent.join(referred.select("person", pl.col("start").alias("since")), on="person")
        return joined.filter(pl.col("start") > pl.col("since")).height

    assert later(without) - later(with_) == scheme.prevented > 0
    assert 0.25 < scheme.prevented / later(without) < 0.75
    referred = with_.events.filter(pl.col("code") == "I105")["person"].to_numpy()
    old = with_.people.age(day("2015-01-01")) >= 65
    assert with_.people.frailty[referred].mean() > 1.3 * with_.people.frailty[old].mean()
    assert [one.effect for one in synth.world(llr, 2000, 5, "2015-01", "2015-02").schemes] == [0.0, 0.0, 0.08]


def test_same_seed_same_bytes_and_only_feeds_in_the_folder(llr: Plan, tmp_path: Path) -> None:
    for name in ("a", "b"):
        made = synth.world(llr, 3000, 9, "2013-04", "2013-09")
        written = synth_write.write(made, tmp_path / name, tmp_path / f"{name}-hidden")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    for folder in ("", "-hidden"):
        for path in (tmp_path / f"a{folder}").iterdir():
            assert path.read_bytes() == (tmp_path / f"b{folder}" / path.name).read_bytes(), path.name
    assert "agreements.csv" in files
    assert len(files) == 2 * len(written) + 1
    truth = pl.read_csv(tmp_path / "a-hidden" / "truth-people.csv")
    tokens = set(pl.read_csv(tmp_path / "a" / "uhl-people.csv")["person"])
    assert tokens == set(truth.filter(pl.col("organisation") == "uhl")["person"])
    events = pl.read_csv(tmp_path / "a" / "uhl-events.csv", infer_schema=False)
    assert set(events["person"]) == tokens
    said = tomllib.loads((tmp_path / "a-hidden" / "truth.toml").read_text())
    assert said["seed"] == 9
    assert said["badge"] == "assumed"
    surnames = {name for name in made.people.surname if len(name) > 6}
    text = "".join(path.read_text() for path in (tmp_path / "a").iterdir())
    assert not [name for name in surnames if f",{name}," in text]
    other = synth.world(llr, 3000, 10, "2013-04", "2013-09")
    assert not other.events.equals(made.events)


def test_all_services_can_be_made(llr: Plan) -> None:
    made = synth.world(llr, 500, 2, "2013-04", "2013-04", ["all"])
    assert "gp-consultation" in set(made.events["service"])
    assert "critical-care" not in made.services
    few = synth.world(llr, 500, 2, "2013-04", "2013-04", ["ae-major"])
    assert set(few.events["service"].drop_nulls()) == {"ae-major"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"people": 5}, "ask for 100 to 850,000"),
        ({"people": 2_000_000}, "ask for 100 to 850,000"),
        ({"from_": "2013-13"}, "not a month"),
        ({"from_": "2012-04"}, "must lie within the plan's years"),
        ({"from_": "2014-04", "to": "2014-03"}, "begin before it ends"),
        ({"to": "2030-01"}, "must lie within the plan's years"),
        ({"services": ["ae-majr"]}, 'Did you mean "ae-major"?'),
        ({"services": []}, "No service is left"),
        ({"services": ["critical-care"]}, "no service that can be made"),
        ({"effects": {"I999": 0.1}}, "The schemes are: I121, I117, I105"),
        ({"effects": {"I105": 1.5}}, "from 0 to 1"),
        ({"effects": {"I105": float("nan")}}, "from 0 to 1"),
    ],
)
def test_what_cannot_be_made_is_said(llr: Plan, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        synth.world(llr, **{"people": 500, "seed": 1, "to": "2013-05"} | arguments)  # type: ignore[arg-type]


def test_a_folder_in_use_is_refused(llr: Plan, tmp_path: Path) -> None:
    made = synth.world(llr, 500, 2, "2013-04", "2013-04", ["ae-major"])
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "mine.txt").write_text("kept")
    with pytest.raises(UsageError, match="not empty"):
        synth_write.write(made, tmp_path / "feeds")
    with pytest.raises(UsageError, match="outside --out"):
        synth_write.write(made, tmp_path / "new", tmp_path / "new" / "hidden")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["feeds", "mine.txt"]


def test_spellings_differ_and_are_names() -> None:
    draws = np.linspace(0, 0.999, 200)
    other = [synth_names.misspelt("Choudhury", draw) for draw in draws]
    assert len(set(other)) > 5
    assert "Choudhury" not in other
    assert all(name.isalpha() for name in other)


def test_the_command_says_what_it_made_and_what_it_left_out(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from bettercare.cli.commands import app

    given = ["synth", "llr", "--people", "400", "--to", "2013-04", "--services", "ae-major,ambulance", "--seed", "4"]
    done = CliRunner().invoke(app, [*given, "--out", str(tmp_path / "feeds")])
    assert done.exit_code == 0
    assert "Nobody in them exists" in done.output
    assert "gp-consultation" in done.output.split("Left out: ")[1]
    wrong = CliRunner().invoke(app, [*given, "--out", str(tmp_path / "other"), "--effect", "I105"])
    assert isinstance(wrong.exception, UsageError)
    assert not (tmp_path / "other").exists()
