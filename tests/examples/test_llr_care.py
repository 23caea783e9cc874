"""The worked example: its base year is what was published, and its scripts make its tables."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from bettercare.examples.llr.derive import population
from bettercare.examples.llr.derive.__main__ import main as derive
from bettercare.examples.llr.derive.tables import HERE, PLAN, figure

UHL = ("lri", "lgh", "glenfield", "st-marys")
SPELLS = (
    "emergency-medical",
    "emergency-surgical",
    "emergency-child",
    "elective-inpatient",
    "specialised",
    "maternity",
)
LPT_BEDS = ("community-inpatient", "mental-health-inpatient", "learning-disability-inpatient")


def table(name: str) -> pl.DataFrame:
    return pl.read_csv(PLAN / f"{name}.csv", infer_schema_length=None)


def by_site() -> pl.DataFrame:
    """Activity and bed days of the base year by service and site."""
    used = table("activity").with_columns(days=pl.col("count") * pl.col("mean_los_days").fill_null(0.0))
    used = used.group_by("service", "locality").agg(pl.col("count", "days").sum())
    shares = table("catchments").filter(pl.col("from_year").is_null()).select("service", "locality", "site", "share")
    used = used.join(shares, on=["service", "locality"])
    used = used.with_columns(pl.col("count", "days") * pl.col("share"))
    return used.group_by("service", "site").agg(pl.col("count", "days").sum())


def test_admissions_at_the_acute_trust_are_those_published() -> None:
    here = by_site().filter(pl.col("site").is_in(UHL), pl.col("service").is_in([*SPELLS, "day-case"]))
    assert here["count"].sum() == pytest.approx(figure("admissions-uhl-2013-14"), rel=0.0005)


def test_occupied_beds_are_those_published() -> None:
    here = by_site().filter(pl.col("site").is_in(UHL))
    published = figure("beds-uhl-2013-14") * figure("occupancy-uhl-2013-14") * 365.0
    assert here["days"].sum() == pytest.approx(published, rel=0.001)
    there = by_site().filter(pl.col("service").is_in(LPT_BEDS))
    published = figure("beds-lpt-2013-14") * figure("occupancy-lpt-2013-14") * 365.0
    assert there["days"].sum() == pytest.approx(published, rel=0.001)
    assert there["count"].sum() == pytest.approx(figure("admissions-lpt-2013-14"), rel=0.001)


def test_beds_available_are_those_published_and_no_site_is_overfull() -> None:
    beds = table("capacity").filter(pl.col("year") == "2013/14", pl.col("basis").str.starts_with("KH03"))
    lpt = pl.col("service").is_in(LPT_BEDS)
    assert beds.filter(pl.col("site").is_in(UHL))["available"].sum() == figure("beds-uhl-2013-14")
    assert beds.filter(lpt)["available"].sum() == figure("beds-lpt-2013-14")
    joined = beds.join(by_site(), on=["service", "site"])
    assert joined.height == beds.height
    assert (joined["days"] < 365.0 * joined["available"]).all()


def test_emergency_admissions_of_residents_are_about_as_many_as_in_england() -> None:
    used = table("activity").filter(pl.col("service").str.starts_with("emergency-"), pl.col("locality") != "outside")
    people = table("population").filter(
        pl.col("year") == "2013/14", pl.col("variant") == "principal", pl.col("locality") != "outside"
    )
    assert 0.090 < used["count"].sum() / people["people"].sum() < 0.103


@pytest.mark.parametrize("council", ["leicester", "leicestershire", "rutland"])
def test_weeks_of_social_care_are_the_councils_own(council: str) -> None:
    weeks = table("activity").filter(pl.col("locality") == council).group_by("service").agg(pl.col("count").sum())
    found = dict(weeks.iter_rows())
    working = sum(figure(f"care-weeks-{kind}-{council}") for kind in ("physical", "mental", "learning"))
    assert found["care-home"] == pytest.approx(figure(f"care-home-weeks-65-{council}"), abs=0.01)
    assert found["working-age-social-care"] == pytest.approx(working, abs=0.01)
    assert found["home-care"] == pytest.approx(52.0 * figure(f"home-care-all-{council}"), abs=0.01)
    assert found["direct-payments"] == pytest.approx(52.0 * figure(f"direct-payments-all-{council}"), abs=0.01)


def test_what_arrives_by_a_flow_is_what_the_sender_sends() -> None:
    used = table("activity")
    for line in (
        table("flows").filter(pl.col("drives") == "yes").group_by("to_service", "locality").agg(pl.all()).to_dicts()
    ):
        sent = 0.0
        units = [s * (each or 1.0) for s, each in zip(line["share"], line["units_each"], strict=True)]
        for low, high, share in zip(line["age_low"], line["age_high"], units, strict=True):
            ages = (pl.col("age_low") >= low) & (pl.col("age_high") <= high)
            mine = used.filter(ages, pl.col("service") == "emergency-medical", pl.col("locality") == line["locality"])
            sent += share * mine["count"].sum()
        arrived = used.filter(
            pl.col("service") == line["to_service"],
            pl.col("locality") == line["locality"],
            pl.col("arrives") == "flow",
        )
        assert arrived["count"].sum() == pytest.approx(sent, rel=0.002)


def test_projection_is_within_two_per_cent_of_the_published_people_of_2019() -> None:
    for name, projected, published, *_ in population.comparison():
        assert projected == pytest.approx(published, rel=0.02), name


def test_variants_stand_around_the_principal() -> None:
    low, middle, high = (
        table("population")
        .filter(pl.col("variant") == name, pl.col("year") == "2018/19", pl.col("locality") != "outside")["people"]
        .sum()
        for name in ("low", "principal", "high")
    )
    assert low < middle < high


def test_scripts_write_the_tables_that_are_there(tmp_path: Path) -> None:
    derive(tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv")}
    assert len(written) == 30
    for name in written:
        assert (tmp_path / name).read_bytes() == (PLAN / name).read_bytes(), name


def test_sources_hold_no_finer_ages_than_five_years() -> None:
    for source in HERE.glob("source-*.csv"):
        with source.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row.get("age_low"):
                    assert int(row["age_high"]) - int(row["age_low"]) >= 4, source.name
