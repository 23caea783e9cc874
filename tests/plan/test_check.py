# ruff: noqa: E501, ISC004  (a line of CASES is a line that a person sees)
"""Each check finds its problem, says it in the right place, and finds nothing in a plan that is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bettercare.foundation.problems import Problems
from bettercare.plan.read import check, read_plan
from tests.plan import small

# file, what stands there, what stands there instead, and a line that the check then prints
CASES = [
    # files, headers, cells
    ("sites.csv", "", None, "sites.csv: the file is missing."),
    ("costs.csv", "step_size", "stepsize", 'costs.csv, row 1: "stepsize" is not a column of this table. Did you mean "step_size"?'),
    ("costs.csv", "provider,service", "service,service", "costs.csv, row 1, provider: the column is missing."),
    ("costs.csv", "provider,service", "provider,service,service", "costs.csv, row 1, service: the column is there twice."),
    ("sites.csv", "general,General Hospital,", "general,General Hospital,,", "sites.csv, row 2: has 13 cells where the header has 12."),
    ("sites.csv", "general,General Hospital,", 'general,"General "Hospital,', "sites.csv, row 2: is not well-formed CSV"),
    ("services.csv", "urgent,spell,emergency", "urgent,spel,emergency", 'services.csv, row 2, currency: "spel" is not one of'),
    ("partners.csv", "hospital,General Hospital Trust", "hospital,", "partners.csv, row 4, name: the value is missing."),
    ("workstreams.csv", "planned,Planned care", "urgent,Planned care", 'workstreams.csv, row 3: has the same key as row 2: "urgent".'),
    ("effects.csv", "shift,emergency,home-team", "shift,emergency,home-tam",
     'effects.csv, row 2, to_service: "home-tam" is not in services.csv. Did you mean "home-team"?'),
    ("costs.csv", "600,cost,", "600,costs,", 'costs.csv, row 2, index: "costs" is not in prices.csv, column index. Did you mean "cost"?'),
    ("milestones.csv", "home-first-staff;one", "home-first-stuff;one",
     'milestones.csv, row 3, depends_on: "home-first-stuff" is not in milestones.csv. Did you mean "home-first-staff"?'),
    ("evidence.csv", "", None, "evidence.csv: the file is missing. It holds the sources of all numbers. "),
    # intervals and spans
    ("effects.csv", "0,60,120", "80,60,120", "effects.csv, row 3: low 80 is above mode 60. Put low, mode and high in rising order."),
    ("effects.csv", "pert,0,0.15,0.3", "pert,,0.15,0.3", "effects.csv, row 2, low: a pert value needs low and high, and low is blank."),
    ("effects.csv", "0.3,range,moderate", "0.3,p5-p95,moderate", "effects.csv, row 2, interval: low and high of a pert value are its whole range."),
    ("effects.csv", "0.1,p5-p95", "0.1,range", "effects.csv, row 5, interval: a normal value has no end"),
    ("effects.csv", "lognormal,0.05", "lognormal,-0.05", "effects.csv, row 6, low: a lognormal value is always above 0."),
    ("growth.csv", "emergency,,65,120,health", "emergency,,65,60,health", "growth.csv, row 3: age_low 65 is above age_high 60."),
    ("duties.csv", "decide,2014-06-01,", "decide,2014-06-01,2013-06-01", "duties.csv, row 2, to_date: 2013-06-01 is before from_date 2014-06-01."),
    ("capacity.csv", "general,2015/16", "general,2105/06", "capacity.csv, row 3, year: 2105/06 is far outside the plan's years"),
    # evidence
    ("growth.csv", "10-p90,,Judged", "10-p90,,", "growth.csv, row 3, evidence: there is neither evidence nor reasoning."),
    ("growth.csv", "2.5,range,returns,", "2.5,range,later-returns,",
     'growth.csv, row 2, evidence: "later-returns" is known only from 2015-09-01, after the plan\'s date 2014-11-26.'),
    # people, care, beds
    ("population.csv", "south,M,65,120,2014/15,principal", "south,M,60,120,2014/15,principal",
     "population.csv, row 68, age_low: people aged 60 and over overlap with row 59 (aged 0 to 64)."),
    ("population.csv", "south,M,65,120,2014/15,principal", "south,M,70,120,2014/15,principal",
     "activity.csv, row 9: population.csv does not cover all people aged 65 and over in south (sex M) in 2014/15"),
    ("plan.toml", 'variant = "principal"', 'variant = "principle"',
     'plan.toml, population.variant: "principle" is not in population.csv. The variants are high, low, principal.'),
    ("activity.csv", "elective,south,F,0,64", "elective,south,F,0,66", "overlap with row 14 (aged 0 to 66)"),
    ("activity.csv", "500,4,3,", "500,,,", "activity.csv, row 10, mean_los_days: the length of stay is missing."),
    ("activity.csv", "500,4,3,", "500,4,,", "activity.csv, row 10, sd_los_days: there is a mean length of stay but no standard deviation."),
    ("services.csv", "emergency,acute,bed", "emergency,,bed", "services.csv, row 2, bed_type: a service with beds needs"),
    ("catchments.csv", "general,0.9", "general,0.8", "catchments.csv, row 3, share: the shares of emergency from north add up to 0.9, not to 1."),
    ("flows.csv", "0.1,1.5", "1,1.5", "flows.csv: community-ward has 300 from north marked flow, but its senders bring 3,000."),
    ("flows.csv", "yes,returns", "no,returns", "activity.csv, row 27, arrives: no flow brings people from north to community-ward."),
    ("flows.csv", "0.1,1.5,yes,returns,\n", "0.1,1.5,yes,returns,\nemergency,day-case,,70,90,0.95,0,no,returns,\n",
     "flows.csv, row 3, share: the shares that leave emergency at age 70 add up to 1.05, more than 1."),
    ("capacity.csv", "cottage,2013/14,38", "cottage,2014/15,38", "capacity.csv: community-ward at cottage occupies 32.9 beds in 2013/14, but has none there."),
    ("capacity.csv", "cottage,2013/14,38", "cottage,2013/14,30", "capacity.csv, row 5, available: community-ward at cottage has 30.0 beds, but its activity occupies 32.9"),
    ("capacity.csv", "elective,general", "day-case,general", "capacity.csv, row 4, service: day-case has no unit of capacity."),
    # effects
    ("effects.csv", "emergency,home-team,8", "emergency,,8", "effects.csv, row 2, to_service: shift needs the service where the activity goes."),
    ("effects.csv", "emergency,home-team,8", "emergency,emergency,8", "effects.csv, row 2, to_service: the activity goes back to emergency."),
    ("effects.csv", "shorten,emergency,", "shorten,emergency,home-team", "effects.csv, row 5, to_service: the lever shorten sends nothing anywhere."),
    ("effects.csv", "convert,elective,day-case", "convert,day-case,elective", "effects.csv, row 6, to_service: a day-case cannot be converted to a spell."),
    ("effects.csv", "emergency,,,north,P,65,120,1,count", "emergency,,,outside,P,65,120,1,count", 'effects.csv, row 3, locality: "outside" is not in localities.csv.'),
    ("effects.csv", "shorten,emergency", "shorten,home-team", "effects.csv, row 5, service: it addresses no activity: activity.csv has no home-team of people aged 0 and over"),
    ("effects.csv", "shorten,emergency", "shorten,day-case", "effects.csv, row 5, lever: nobody stays in day-case (day-case), so no stay shortens."),
    ("effects.csv", "0,60,120", "0,6000,7000", "effects.csv, row 3, mode: 6,000 a year is more than all the activity that it addresses (3,000)."),
    ("effects.csv", "pert,0,0.15,0.3", "pert,0,15,30", "effects.csv, row 2, mode: 15 is more than all of the activity. Write 0.15 for 15%."),
    ("effects.csv", "shift,emergency,home-team,8,,P,65", "shift,emergency,home-team,8,,P,70", "effects.csv, row 2, age_low: its ages cut the band 65 to 120"),
    ("effects.csv", "convert,elective,day-case", "shift,community-ward,emergency",
     'activity is sent in a circle, community-ward -> emergency -> community-ward, by "e-day", flows.csv row 2.'),
    ("effects.csv", "uniform,50", "uniform,-50", "effects.csv, row 7, low: add brings -50 units a year, which is fewer than none."),
    ("effects.csv", "uniform,50,100,200,range", "fixed,,-100,,range", "effects.csv, row 7, mode: add brings -100 units a year, which is fewer than none."),
    ("effects.csv", "uniform,50,100,200,range", "normal,50,100,200,ci95",
     "effects.csv, row 7, distribution: a normal value has a tail, and this one reaches below 0 units a year. Use triangular"),
    ("effects.csv", "uniform,50,100,200,range", "normal,95,100,105,ci95", ""),
    ("overlaps.csv", "e-home-avoid", "e-falls", 'overlaps.csv, row 2, effect_b: "e-falls" is compared with itself.'),
    ("overlaps.csv", "sharing,0.25", "sharing,", "overlaps.csv, row 2, share: sharing needs the part that is shared."),
    ("overlaps.csv", "e-falls,e-home-avoid,sharing,0.25,,Some who fall are known to the team\n", "",
     'effects.csv, row 4: "Falls prevention" (falls, e-falls) and "Home first" (home-first, e-home-avoid) avoid emergency for the'
     " same people aged 65 and over in north: 1 pair, in all scenarios that run both. The same, distinct, or sharing how much?"
     " Say so in overlaps.csv."),
    ("overlaps.csv", "e-home-avoid", "e-day", 'overlaps.csv, row 2: "e-falls" and "e-day" address different services or people'),
    # programme
    ("initiatives.csv", "It enables the others and has no effect of its own", "",
     'initiatives.csv, row 6, no_lever_reason: "one-record" has no effect on activity. Add a row to effects.csv'),
    ("milestones.csv", "falls-live,falls,Begins,live", "falls-live,falls,Begins,step", 'initiatives.csv, row 5, code: "falls" has an effect but never goes live.'),
    ("milestones.csv", "Staff in post,step", "Staff in post,live", 'milestones.csv, row 3, kind: "home-first" goes live 2 times'),
    ("milestones.csv", "same-day,Begins,live,2014-12-01", "same-day,Begins,live,2012-12-01", 'milestones.csv, row 5, date: "same-day" goes live on 2012-12-01, before the base year 2013/14 begins.'),
    ("milestones.csv", "same-day,Begins,live,2014-12-01", "same-day,Begins,live,2104-12-01", "milestones.csv, row 5, date: 2104-12-01 is far outside the plan's years"),
    ("milestones.csv", "same-day,Begins,live,2014-12-01", "same-day,Begins,live,2017-12-01", "live only after 2016-03-31, so the forecast sees no effect."),
    ("milestones.csv", "2014-11-01,,", "2014-11-01,short-stay-live,",
     "milestones.csv, row 7, depends_on: the milestones wait for one another: home-first-live -> one-record-live -> short-stay-live -> home-first-live."),
    ("milestones.csv", "2015-04-01,home-first-live", "2014-04-01,home-first-live", 'milestones.csv, row 4, date: it is planned for 2014-04-01, before "home-first-live"'),
    ("options.csv", "falls,no", "falls,yes", 'options.csv, row 3, status_quo: "as-now" is the option of carrying on as now already.'),
    # money and staff
    ("prices.csv", "cost,2015/16,inflation", "cost,2016/17,inflation", 'prices.csv, year: the index "cost" has no inflation for 2015/16.'),
    ("allocations.csv", "north-ccg,2014/15,middle", "north-ccg,2017/18,middle", 'allocations.csv, year: north-ccg has no amount for funding "middle" in 2014/15.'),
    ("plan.toml", 'variant = "middle"', 'variant = "midle"', 'plan.toml, funding.variant: "midle" is not in allocations.csv, column funding. Did you mean "middle"?'),
    ("contracts.csv", "block,,2800000", "block,,", "contracts.csv, row 5, value_gbp: a block contract needs its value a year."),
    ("contracts.csv", "activity,3000", "activity,", "contracts.csv, row 2, price_gbp: a contract on activity needs the price of a unit."),
    ("contracts.csv", "hospital,elective,south", "hospital,elective,north", "contracts.csv, row 6, payer_share: the payers' shares of elective from north at hospital add up to 2, more than 1."),
    ("contracts.csv", "north-ccg-elective,north-ccg", "north-ccg-elective,hospital", "contracts.csv, row 2, provider: hospital pays itself."),
    ("costs.csv", "28,1600000", ",1600000", "costs.csv, row 2, step_size: there is a cost for each step, but no size of a step."),
    ("costs.csv", "hospital,elective,general", "hospital,emergency,", "costs.csv, row 3, site: emergency of hospital has a cost for all sites and costs for single sites."),
    ("costs.csv", "hospital,elective,general", "hospital,elective,cottage", "costs.csv, row 3, site: cottage is run by community-trust, not by hospital."),
    ("funds.csv", "council,,2015/16,300000", "council,,2015/16,200000", "funds.csv, row 5, amount_gbp: small-fund takes in 200,000 of recycled money in 2015/16 and its schemes spend 300,000 of it."),
    ("workforce.csv", "nursing,step", "nursing,bed", "workforce.csv, row 4, per: home-team has no beds."),
    ("workforce.csv", "medical,bed", "medical,step", ""),
    ("costs.csv", "0,1000,90000", "0,,0", "workforce.csv, row 4, per: home-team of community-trust has no step."),
    # settings and scenarios
    ("plan.toml", "draws = 200", "drawz = 200", 'plan.toml, row 11: "drawz" is not a setting. Did you mean "draws"?'),
    ("plan.toml", "draws = 200", 'draws = "many"', 'plan.toml, row 11, draws: "many" is not a number.'),
    ("plan.toml", "draws = 200", "draws = 19", "plan.toml, row 11, draws: 19 is not between 20 and 1,000,000. Number of draws, enough for a range."),
    ("plan.toml", "draws = 200", "draws = ", "plan.toml, row 11: is not TOML: Invalid value."),
    ("plan.toml", 'comparison = "do-nothing"', 'comparison = "donothing"', 'plan.toml, comparison: there is no scenario "donothing". Did you mean "do-nothing"?'),
    ("plan.toml", 'headline_year = "2015/16"', 'headline_year = "2018/19"', "plan.toml, row 6, headline_year: 2018/19 lies outside the horizon. Choose from 2013/14 to 2015/16."),
    ("plan.toml", 'last_year = "2015/16"\n', "", "plan.toml, last_year: the setting is missing. Last financial year of the forecast."),
    ("plan.toml", "mode_months = 2", "mode_months = 20", "plan.toml, row 27, slippage.low_months: low -1, mode 20, high 9 do not rise."),
    ("scenarios/as-planned/effects.csv", "e-home,0.1", "e-home,0.4", "scenarios/as-planned/effects.csv, row 2: mode 0.4 is above high 0.3."),
    ("scenarios/as-planned/effects.csv", "e-home,0.1", "e-hom,0.1",
     'scenarios/as-planned/effects.csv, row 2: effects.csv has no row "e-hom", so this is a new row, and initiative, lever, service, distribution, grade are missing. Did you mean "e-home"?'),
    ("scenarios/as-planned/milestones.csv", "code,date\nsame-day-live,2015-04-01", "code,change\nsame-day-live,remove",
     'scenarios/as-planned/scenario.toml: with this overlay, initiatives.csv, row 4, code: "same-day" has an effect but never goes live.'),
    ("scenarios/as-planned/milestones.csv", "code,date\nsame-day-live,2015-04-01", "code,change\nsame-day-life,remove",
     'scenarios/as-planned/milestones.csv, row 2, change: there is no row "same-day-life" to remove. Did you mean "same-day-live"?'),
    ("scenarios/as-planned/scenario.toml", '"flat"', '"flatt"',
     'scenarios/as-planned/scenario.toml, funding.variant: "flatt" is not in allocations.csv, column funding. Did you mean "flat"?'),
    ("scenarios/as-planned/scenario.toml", "[settings.funding]", "[funding]",
     'scenarios/as-planned/scenario.toml, row 5: "funding" is not a key of a scenario. A changed setting stands under [settings], for example [settings.funding].'),
    ("scenarios/as-planned/scenario.toml", '"all"', '["home-fist"]',
     'scenarios/as-planned/scenario.toml, initiatives: "home-fist" is not in initiatives.csv. Did you mean "home-first"?'),
    ("scenarios/as-planned/scenario.toml", "", None, "scenarios/as-planned/scenario.toml: the file is missing."),
]  # fmt: skip


def changed(folder: Path, file: str, old: str, new: str | None) -> Path:
    """The small plan with one text of one file replaced once (None: the file is left out)."""
    files = small.files()
    if new is None:
        del files[file]
    else:
        assert old in files[file], f"{file} does not hold {old!r}"
        files[file] = files[file].replace(old, new, 1)
    return small.write(folder, files)


@pytest.mark.parametrize(("file", "old", "new", "line"), CASES, ids=[f"{c[0]}:{c[2]}"[:60] for c in CASES])
def test_a_mistake_is_said_where_it_is(tmp_path: Path, file: str, old: str, new: str | None, line: str) -> None:
    report = check(changed(tmp_path / "plan", file, old, new))
    lines = [str(problem) for problem in (*report.problems, *report.warnings)]
    if line:
        assert any(line in found for found in lines), "\n".join(lines) or "nothing was found"
    else:
        assert not lines


def problems(folder: Path, **files: str) -> list[str]:
    """The problems of the small plan with other texts of some tables, as a person reads them."""
    content = small.files() | {f"{name}.csv": text for name, text in files.items()}
    return [str(problem) for problem in check(small.write(folder, content)).problems]


@pytest.mark.parametrize(
    ("first", "second", "day", "line"),
    [
        (20, 200, "2014-03-22", "community-ward at cottage has 24.9 beds, but its activity occupies 32.9 in 2013/14."),
        (60, 20, "2014-03-22", ""),
        (20, 200, "2014-02-22", ""),
    ],
)
def test_the_beds_of_the_base_year_are_its_average(
    tmp_path: Path, first: int, second: int, day: str, line: str
) -> None:
    rows = small.files()["capacity.csv"].replace("year,", "year,from_date,", 1).replace("/14,", "/14,,")
    rows = rows.replace("/16,", "/16,,").replace("2013/14,,38", f"2013/14,,{first}")
    rows += f"community-ward,cottage,2013/14,{day},{second},Average overnight,,returns,\n"
    found = problems(tmp_path / "plan", capacity=rows)
    assert [line in one for one in found] == [True] * bool(line), found


def test_an_initiative_that_only_builds_goes_live_too(tmp_path: Path) -> None:
    content = small.files()
    step = content["milestones.csv"].replace("one-record,Begins,live", "one-record,Begins,step")
    assert problems(tmp_path / "step", milestones=step) == []
    capital = content["capital.csv"].replace(",same-day,", ",one-record,")
    assert problems(tmp_path / "built", milestones=step, capital=capital) == [
        'initiatives.csv, row 6, code: "one-record" has a capital line but never goes live. Add a milestone of the kind '
        "live to milestones.csv."
    ]


def test_a_published_gap_is_of_somebody_whose_money_is_forecast(tmp_path: Path) -> None:
    header = "code,partner,file,received,item,counterparty,year,value,unit\n"
    right = "".join(
        f"s{n},{partner},pack,2014-06-30,money,{other},2015/16,1,{unit}\n"
        for n, (partner, other, unit) in enumerate(
            [
                ("hospital", "community-trust", "GBP gap"),
                ("health-board", "", "GBP gap"),
                ("other-hospital", "health-board", "GBP"),
            ]
        )
    )
    assert problems(tmp_path / "right", submissions=header + right) == []
    wrong = right + "x,other-hospital,pack,2014-06-30,money,health-board,2015/16,1,GBP gap\n"
    assert problems(tmp_path / "wrong", submissions=header + wrong) == [
        "submissions.csv, row 5, counterparty: the gap of other-hospital is joined to that of health-board, a board, "
        "which has none. For the gap of the whole partnership name the board as partner.",
        "submissions.csv, row 5, partner: other-hospital is outside the partnership, so its gap is not forecast. Remove "
        "the row, or write another unit to keep the figure.",
    ]


def test_a_right_plan_has_no_problem(tmp_path: Path) -> None:
    report = check(small.build(tmp_path / "plan"))
    assert report.problems == ()
    assert report.warnings == ()
    assert report.revision == read_plan(tmp_path / "plan").revision


def test_warnings_do_not_stop_reading(tmp_path: Path) -> None:
    folder = changed(tmp_path / "plan", "flows.csv", "0.1,1.5", "0.2,1.5")
    assert check(folder).warnings
    assert read_plan(folder).settings.name == "small"


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    files = small.files()
    for file, old, new in (
        ("effects.csv", "0,60,120", "80,60,120"),
        ("sites.csv", "acute,hospital,", "acute,hospitl,"),
    ):
        files[file] = files[file].replace(old, new, 1)
    with pytest.raises(Problems) as caught:
        read_plan(small.write(tmp_path / "plan", files))
    assert {problem.file for problem in caught.value.items} == {"effects.csv", "sites.csv"}


def test_a_broken_file_is_not_blamed_on_what_refers_to_it(tmp_path: Path) -> None:
    files = small.files()
    folder = small.write(tmp_path / "plan", files)
    (folder / "services.csv").write_bytes(b"\xff\xfec\x00o\x00d\x00e\x00")
    with pytest.raises(Problems) as caught:
        read_plan(folder)
    assert [str(problem) for problem in caught.value.items] == [
        'services.csv: is written in UTF-16, not in UTF-8. In the spreadsheet, save as "CSV UTF-8".'
    ]


def test_later_evidence_with_reasoning_is_listed(tmp_path: Path) -> None:
    report = check(changed(tmp_path / "plan", "growth.csv", "range,returns,", "range,later-returns,A stand-in"))
    assert report.ok
    assert [(note.file, note.row) for note in report.later] == [("growth.csv", 2)]
    assert "Later sources used knowingly as stand-ins: 1 row (growth.csv 1)." in str(report)


def test_hindsight_may_know_later_evidence(tmp_path: Path) -> None:
    files = small.files()
    files["scenarios/as-planned/effects.csv"] = "code,mode,evidence\ne-home,0.1,later-returns\n"
    assert not check(small.write(tmp_path / "plan", files)).ok
    files["scenarios/as-planned/scenario.toml"] = "hindsight = true\n" + files["scenarios/as-planned/scenario.toml"]
    assert check(small.write(tmp_path / "hindsight", files)).ok


def test_what_numbers_rest_on_is_counted(tmp_path: Path) -> None:
    report = check(small.build(tmp_path / "plan"))
    assert report.badges["effects"] == {"measured": 3, "modelled": 0, "assumed": 3}
    assert report.with_lever == ("falls", "home-first", "same-day", "short-stay")
    assert [(note.key, note.text) for note in report.without_lever] == [
        ("one-record", "It enables the others and has no effect of its own")
    ]
    assert "Initiatives: 4 with a lever on activity, 1 without." in str(report)


def test_the_verdict_is_the_last_line(tmp_path: Path) -> None:
    right = check(small.build(tmp_path / "right"))
    assert str(right).split("\n")[-1] == f"No problems. Revision {right.revision}."
    warned = check(changed(tmp_path / "warned", "flows.csv", "0.1,1.5", "0.2,1.5"))
    assert str(warned).split("\n")[-1] == f"No problems, 2 warnings. Revision {warned.revision}."
    files = small.files()
    files["flows.csv"] = files["flows.csv"].replace("0.1,1.5", "0.2,1.5")
    files["effects.csv"] = files["effects.csv"].replace("0,60,120", "80,60,120")
    wrong = str(check(small.write(tmp_path / "wrong", files))).split("\n")
    assert wrong[-1] == "1 problem in 1 file. Nothing was run."
    assert wrong[-2].startswith("effects.csv, row 3: low 80 is above mode 60.")
    assert "2 warnings:" in wrong
