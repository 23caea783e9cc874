"""Triangulation: planted disagreements are found and nothing else, in any order; the figures are the plan's."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bettercare
from bettercare.appraisal.triangulation import triangulate
from bettercare.appraisal.triangulation_claims import BEYOND, PLANS, SAME, SEVERAL
from bettercare.appraisal.triangulation_duty import bank_holidays, working_days_after
from bettercare.appraisal.triangulation_figures import Figures
from bettercare.appraisal.triangulation_lines import Line, Subject
from bettercare.appraisal.triangulation_read import read_returns
from bettercare.reporting.triangulation_template import write_templates
from tests.appraisal import returns
from tests.plan import small

DAY = date(2015, 6, 30)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> bettercare.Plan:
    return bettercare.read_plan(small.build(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def llr() -> bettercare.Plan:
    return bettercare.read_plan("llr")


@pytest.fixture(scope="module")
def forecast(llr: bettercare.Plan) -> bettercare.Forecast:
    return bettercare.forecast(llr, [llr.settings.main], draws=100)


def line(partner: str, item: str, kind: str, value: float, year: str = "2013/14", **more: str) -> Line:
    return Line(partner, item, kind, year, value, received=DAY, file=f"{partner}.xlsx", **more)


# The plan's own figures, reckoned by hand from tests/plan/small.py.


def value(figures: Figures, *subject: str) -> float:
    (found,) = figures.of(Subject(*subject))
    return found.value


def test_base_year_figures_by_hand(plan: bettercare.Plan) -> None:
    figures = Figures(plan)
    # 7,000 emergencies in each locality; a tenth of the north's go elsewhere.
    assert value(figures, "activity", "2013/14", "hospital", "", "emergency") == pytest.approx(6_300 + 7_000)
    assert value(figures, "activity", "2013/14", "hospital", "north-ccg", "emergency") == pytest.approx(6_300)
    # 2,000 elective at 3,000, 3,200 day cases at 700, 6,300 emergencies at 2,100.
    paid = 2_000 * 3_000 + 3_200 * 700 + 6_300 * 2_100
    assert value(figures, "payment", "2013/14", "hospital", "north-ccg") == pytest.approx(paid)
    assert value(figures, "payment", "2013/14", "hospital", "north-ccg", "elective") == pytest.approx(6_000_000)
    assert value(figures, "payment", "2013/14", "community-trust", "south-ccg") == pytest.approx(2_800_000)
    fund = {(f.of, f.role): f.value for f in figures.of(Subject("fund", "2015/16", fund="small-fund"))}
    expected = {("north-ccg", "pays in"): 1.2e6, ("council", "pays in"): 0.3e6, ("community-trust", "receives"): 1.5e6}
    assert fund == pytest.approx(expected)


def test_payments_are_those_of_the_forecasts_accounts(llr: bettercare.Plan, forecast: bettercare.Forecast) -> None:
    """What each partner pays less what it is paid is a measure of the forecast, reckoned by the engine itself."""
    figures = Figures(llr, forecast)
    result = forecast.scenarios[llr.settings.main]
    held = 0
    for year in forecast.years:
        net: dict[str, float] = {}
        for subject in figures.subjects:
            if subject.topic == "payment" and not subject.service and subject.year == year:
                amount = figures.of(subject)[0].value
                net[subject.counterparty] = net.get(subject.counterparty, 0.0) + amount
                net[subject.partner] = net.get(subject.partner, 0.0) - amount
        for key in result.keys:
            if key.measure == "paid_net_gbp":
                held += 1
                wanted = result.draws("paid_net_gbp", year, partner=key.partner).mean()
                assert net[key.partner] == pytest.approx(wanted, abs=1.0)
    assert held >= 60


# The two made-up returns.


def test_all_that_was_planted_is_found_and_nothing_else(
    llr: bettercare.Plan, forecast: bettercare.Forecast, tmp_path: Path
) -> None:
    figures = Figures(llr, forecast)
    saving = figures.saving(returns.SAVING, "2018/19")
    lead = dict(llr.tables["initiatives"].select("code", "lead").iter_rows())[returns.SAVING]
    assert saving is not None and saving > 1_650_000 and lead == returns.TRUST
    read = read_returns(llr, returns.build(llr, figures, tmp_path))
    assert read.problems == ()
    found = triangulate(llr, read.lines, forecast)
    assert {d.subject for d in found.disagreements} == {
        Subject("payment", "2015/16", "uhl", "leicester-ccg"),
        Subject("beds", "2016/17", service="emergency-medical", site="lri"),
        Subject("staff needed", "2018/19", "uhl"),
        Subject("activity", "2015/16", "uhl", "leicester-ccg", "emergency-medical"),
        Subject("fund", "2016/17", fund="better-care-fund-leicester"),
    }
    by_topic = {d.subject.topic: d for d in found.disagreements}
    payment = by_topic["payment"]
    assert payment.between == ("partners", "the plan") and payment.share == pytest.approx(0.05 / 1.05)
    assert payment.asked == "leicester-ccg" and payment.by == date(2015, 7, 14)
    assert [(f.who, f.role) for f in payment.figures[:2]] == [("leicester-ccg", "payer"), ("uhl", "provider")]
    beds = by_topic["beds"]
    assert beds.between == ("the plan",) and beds.gap == pytest.approx(beds.figures[-1].value * 0.1)
    assert beds.bases == (("uhl", "funded beds"), ("plan", "KH03 average overnight"))
    assert beds.asked == "uhl" and by_topic["activity"].bases == ()
    assert by_topic["fund"].between == ("the plan",)
    (claim,) = found.double_claims
    assert claim.initiatives == (returns.SAVING,) and claim.why == (SEVERAL,) and claim.asked == lead
    assert {(c.partner, c.basis, c.value) for c in claim.claims} == set(returns.CLAIMS)
    assert [(y.year, y.claimed) for y in claim.years] == [("2018/19", 1_650_000.0)]
    assert found.unmatched == ()


def test_templates_filled_from_the_plan_agree(
    llr: bettercare.Plan, forecast: bettercare.Forecast, tmp_path: Path
) -> None:
    """All eleven partners return the plan's own figures: not even a tolerance of nought finds anything."""
    paths = write_templates(llr, tmp_path, Figures(llr, forecast), filled=True)
    assert len(paths) == 11
    read = read_returns(llr, paths)
    found = triangulate(llr, read.lines, forecast, 0.0)
    assert len(found.lines) > 1_500 and {line.item for line in found.lines} == {
        "activity", "beds", "staff", "money", "saving",
    }  # fmt: skip
    assert (found.disagreements, found.double_claims, found.unmatched, found.problems) == ((), (), (), ())


def test_order_of_files_and_lines_changes_nothing(
    llr: bettercare.Plan, forecast: bettercare.Forecast, tmp_path: Path
) -> None:
    paths = returns.build(llr, Figures(llr, forecast), tmp_path)
    one, two = read_returns(llr, paths), read_returns(llr, reversed(paths))
    mixed = list(two.lines)
    random.Random(5).shuffle(mixed)
    wanted = triangulate(llr, one.lines, forecast).to_dict()
    assert triangulate(llr, mixed, forecast).to_dict() == wanted
    assert wanted["disagreements"] and wanted["double_claims"]


# What disagrees and what does not, on the small plan.


def test_payer_against_provider(plan: bettercare.Plan) -> None:
    paid = line("north-ccg", "money", "paid", 21_470_000.0, counterparty="hospital")
    got = line("hospital", "money", "received", 22_300_000.0, counterparty="north-ccg", basis="cash")
    (d,) = triangulate(plan, [paid, got]).disagreements
    assert (d.between, d.gap, d.partners) == (
        ("partners", "the plan"),
        pytest.approx(830_000),
        ("hospital", "north-ccg"),
    )
    assert triangulate(plan, [paid, got], tolerance=0.04).disagreements == ()


def test_exactly_the_tolerance_is_within_it(plan: bettercare.Plan) -> None:
    said = line("north-ccg", "money", "paid", 2_800_000 * 0.98, counterparty="community-trust")
    assert triangulate(plan, [said], tolerance=0.02).disagreements == ()
    less = replace(said, value=said.value - 1.0)
    assert len(triangulate(plan, [less], tolerance=0.02).disagreements) == 1


def test_small_gaps_do_not_matter(plan: bettercare.Plan) -> None:
    """Half a bed of one bed is half of it, and nothing to write about."""
    beds = Figures(plan).of(Subject("beds", "2013/14", service="community-ward", site="cottage"))[0].value
    said = line("community-trust", "beds", "open", beds + 0.5, service="community-ward", site="cottage")
    assert triangulate(plan, [said], tolerance=0.0).disagreements == ()
    assert len(triangulate(plan, [replace(said, value=beds + 1.0)], tolerance=0.0).disagreements) == 1


def test_both_sides_of_a_pooled_fund(plan: bettercare.Plan) -> None:
    """Each side is within the tolerance of the plan, and still more is received than paid in."""
    year, fund = "2015/16", "small-fund"
    pays = line("north-ccg", "money", "paid-into-fund", 1_180_000.0, year, fund=fund)
    gets = line("community-trust", "money", "received-from-fund", 1_528_000.0, year, fund=fund)
    (d,) = triangulate(plan, [pays, gets]).disagreements  # paid in: 1,180,000 + the council's 300,000
    assert d.between == ("sides of the fund",) and d.gap == pytest.approx(48_000)
    assert triangulate(plan, [gets]).disagreements == ()
    extra = line("hospital", "money", "received-from-fund", 5_000.0, year, fund=fund)
    found = triangulate(plan, [extra])
    assert [u.line for u in found.unmatched] == [extra]


def test_a_partner_that_says_two_things(plan: bettercare.Plan) -> None:
    one = line("north-ccg", "money", "paid", 2_800_000.0, counterparty="community-trust")
    (d,) = triangulate(plan, [one, replace(one, value=2_900_000.0, row=9)]).disagreements
    assert d.between == ("its own returns", "the plan")
    assert triangulate(plan, [one, replace(one, row=9)]).disagreements == ()


def test_lines_that_can_be_held_against_nothing(plan: bettercare.Plan) -> None:
    later = line("hospital", "activity", "delivered", 9.0, "2015/16", service="elective")
    beyond = line("hospital", "money", "cost", 9e6, "2040/41")
    unknown = line("hospital", "beds", "open", 9.0, service="elective", site="cottage")
    nought = replace(unknown, value=0.0, site="base")
    found = triangulate(plan, [later, beyond, unknown, nought])
    reasons = {u.line: u.reason for u in found.unmatched}
    assert set(reasons) == {later, beyond, unknown}
    assert "no forecast" in reasons[later] and "2013/14 to 2015/16" in reasons[beyond]


# Savings.


def claim(partner: str, initiative: str, value: float, basis: str = "", **more: str) -> Line:
    return line(partner, "saving", "claimed", value, "2015/16", initiative=initiative, basis=basis, **more)


def test_savings_claimed_twice(plan: bettercare.Plan) -> None:
    one, other = claim("hospital", "home-first", 5e5), claim("north-ccg", "home-first", 3e5)
    (found,) = triangulate(plan, [one, other]).double_claims
    assert found.why == (SEVERAL,) and found.years[0].too_much == pytest.approx(3e5)
    assert (found.asked, found.because) == ("community-trust", "it leads home-first")
    own = [
        claim("hospital", "short-stay", 5e5, "efficiency plan"),
        claim("hospital", "short-stay", 5e5, "Better Care Fund"),
    ]
    assert triangulate(plan, own).double_claims[0].why == (PLANS,)
    # The fund pays for one initiative, so a claim on the fund is a claim on it.
    by_fund = [claim("council", "", 4e5, fund="small-fund"), one]
    assert triangulate(plan, by_fund).double_claims[0].why == (SEVERAL,)
    for fine in (
        [one],
        [one, claim("north-ccg", "falls", 3e5)],
        [one, replace(one, row=7)],
        [one, replace(other, value=0.0)],
    ):
        assert triangulate(plan, fine).double_claims == ()
    next_year = replace(other, year="2014/15")
    assert triangulate(plan, [one, next_year]).double_claims == ()


def test_initiatives_with_the_same_effect(tmp_path: Path) -> None:
    files = small.files()
    files["overlaps.csv"] += "e-falls,e-home,same,,,One team does both\n"
    plan = bettercare.read_plan(small.write(tmp_path, files))
    lines = [claim("council", "falls", 2e5), claim("community-trust", "home-first", 3e5)]
    (found,) = triangulate(plan, lines).double_claims
    assert found.why == (SAME,) and found.initiatives == ("falls", "home-first") and found.asked == "community-trust"


def test_claims_beyond_the_forecast(llr: bettercare.Plan, forecast: bettercare.Forecast) -> None:
    saving = -float(forecast.ledger(llr.settings.main, "gap_gbp").filter(
        cause="I073", kind="initiative", year="2018/19")["value"].item())  # fmt: skip
    said = replace(claim("lpt", "I073", saving), year="2018/19")
    assert triangulate(llr, [said], forecast).double_claims == ()
    # A hundred draws do not tell a mean from one a tenth higher, so such a claim is not said to be beyond it.
    assert triangulate(llr, [replace(said, value=saving * 1.1)], forecast).double_claims == ()
    (found,) = triangulate(llr, [replace(said, value=saving * 2.0)], forecast).double_claims
    assert found.why == (BEYOND,) and found.years[0].too_much == pytest.approx(saving)


# Properties.

FACTORS = st.lists(st.sampled_from([1.0, 1.004, 0.97, 1.03, 0.8, 1.5]), min_size=12, max_size=12)


def perturbed(plan: bettercare.Plan, factors: list[float]) -> list[Line]:
    base = [
        line("hospital", "money", "received", 21_470_000.0, counterparty="north-ccg"),
        line("north-ccg", "money", "paid", 21_470_000.0, counterparty="hospital"),
        line("hospital", "activity", "delivered", 6_300.0, service="emergency", counterparty="north-ccg"),
        line("north-ccg", "activity", "paid-for", 6_300.0, service="emergency", counterparty="hospital"),
        line("hospital", "activity", "delivered", 13_300.0, service="emergency"),
        line("north-ccg", "money", "paid-into-fund", 1.2e6, "2015/16", fund="small-fund"),
        line("community-trust", "money", "received-from-fund", 1.5e6, "2015/16", fund="small-fund"),
        line("council", "money", "paid-into-fund", 0.3e6, "2015/16", fund="small-fund"),
        claim("hospital", "home-first", 5e5),
        claim("north-ccg", "home-first", 5e5),
        claim("council", "falls", 5e5),
        line("south-ccg", "money", "paid", 2.8e6, counterparty="community-trust"),
    ]
    return [replace(one, value=one.value * factor) for one, factor in zip(base, factors, strict=True)]


@settings(max_examples=20, deadline=None)
@given(factors=FACTORS, small_one=st.floats(0.0, 0.6), more=st.floats(0.0, 0.4), seed=st.integers(0, 99))
def test_tolerance_is_monotone_and_order_is_nothing(
    plan: bettercare.Plan, factors: list[float], small_one: float, more: float, seed: int
) -> None:
    lines = perturbed(plan, factors)
    strict = triangulate(plan, lines, tolerance=small_one)
    random.Random(seed).shuffle(lines)
    assert triangulate(plan, lines, tolerance=small_one).to_dict() == strict.to_dict()
    loose = triangulate(plan, lines, tolerance=small_one + more)
    assert {d.code for d in loose.disagreements} <= {d.code for d in strict.disagreements}
    assert {c.code for c in loose.double_claims} <= {c.code for c in strict.double_claims}


def test_wrong_use(plan: bettercare.Plan, forecast: bettercare.Forecast) -> None:
    with pytest.raises(bettercare.UsageError, match="tolerance"):
        triangulate(plan, [], tolerance=1.5)
    with pytest.raises(bettercare.UsageError, match="revision"):
        triangulate(plan, [], forecast)


# Dates: gov.uk/bank-holidays, and the lists that it published for these years.


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (1981, "01-01 04-17 04-20 05-04 05-25 07-29 08-31 12-25 12-28"),
        (1995, "01-02 04-14 04-17 05-08 05-29 08-28 12-25 12-26"),
        (1999, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28 12-31"),
        (2002, "01-01 03-29 04-01 05-06 06-03 06-04 08-26 12-25 12-26"),
        (2014, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"),
        (2015, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
        (2016, "01-01 03-25 03-28 05-02 05-30 08-29 12-26 12-27"),
        (2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28"),
        (2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28"),
        (2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27"),
    ],
)
def test_bank_holidays(year: int, days: str) -> None:
    assert sorted(f"{day:%m-%d}" for day in bank_holidays(year)) == days.split()


def test_working_days() -> None:
    assert working_days_after(date(2015, 6, 30), 10) == date(2015, 7, 14)
    assert working_days_after(date(2014, 12, 19), 10) == date(2015, 1, 7)
    assert working_days_after(date(2015, 4, 2), 1) == date(2015, 4, 7)
    assert working_days_after(date(2015, 4, 4), 0) == date(2015, 4, 4)
