"""A small, complete and valid plan for tests: two localities, five services, three years.

`build(folder)` writes it; `files()` gives it as texts by file name, so that a test can change one before writing.
Emergency admissions at one hospital (a tenth of the north's go elsewhere), planned care that can become day cases, a
community ward that receives older people from the hospital, and a home team that does not exist in the base year.
"""

from __future__ import annotations

from pathlib import Path

BANDS = ((0, 64), (65, 120))
YEARS = ("2013/14", "2014/15", "2015/16")

PLAN = """\
name = "small"
title = "A small plan for tests"
description = "Two localities, five services, three years."
base_year = "2013/14"
last_year = "2015/16"
headline_year = "2015/16"
plan_date = 2014-11-26
price_base = "2013/14"
currency = "GBP"
seed = 1
draws = 200
comparison = "do-nothing"
main = "as-planned"
scenario_order = ["do-nothing", "as-planned"]

[discount]
standard_percent = 3.5
health_percent = 1.5

[funding]
variant = "middle"

[population]
variant = "principal"

[slippage]
low_months = -1
mode_months = 2
high_months = 9
shared = 0.5

[programme]
shared_strong = 0.1
shared_moderate = 0.3
shared_weak = 0.5
shared_none = 0.7
"""

DO_NOTHING = """\
title = "Do nothing"
description = "No initiative happens."
initiatives = "none"
"""

AS_PLANNED = """\
title = "As planned, with a cautious hospital"
description = "All initiatives; fewer admissions avoided and a later start; funding flat."
initiatives = "all"

[settings.funding]
variant = "flat"
"""


def _rows(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def _population() -> str:
    people = {"north": (40_000, 9_000), "south": (60_000, 11_000)}
    growth = (1.005, 1.03)
    rows = []
    for locality, sizes in people.items():
        for sex in "FM":
            for band, (low, high) in enumerate(BANDS):
                for n, year in enumerate(YEARS):
                    for variant, tilt in (("principal", 0.0), ("low", -0.004), ("high", 0.004)):
                        size = sizes[band] * (growth[band] + tilt) ** n
                        rows.append(f"{locality},{sex},{low},{high},{year},{variant},{size:.1f},census,")
    return _rows("locality,sex,age_low,age_high,year,variant,people,evidence,assumed", *rows)


def _activity() -> str:
    # service: (count in each band, mean stay, sd of stay, arrives) for each sex and locality
    counts: dict[str, tuple[tuple[int, int], str, str, str]] = {
        "emergency": ((2000, 1500), "3;8", "4;10", "direct"),
        "elective": ((500, 500), "4;4", "3;3", "direct"),
        "day-case": ((900, 700), ";", ";", "direct"),
        "community-ward": ((0, 150), "20;20", "12;12", "flow"),
        "home-team": ((0, 0), ";", ";", "direct"),
    }
    rows = []
    for service, (sizes, means, sds, arrives) in counts.items():
        for locality in ("north", "south"):
            for sex in "FM":
                for band, (low, high) in enumerate(BANDS):
                    mean, sd = means.split(";")[band], sds.split(";")[band]
                    rows.append(f"{service},{locality},{sex},{low},{high},{arrives},{sizes[band]},{mean},{sd},returns,")
    return _rows(
        "service,locality,sex,age_low,age_high,arrives,count,mean_los_days,sd_los_days,evidence,assumed", *rows
    )


def _catchments() -> str:
    rows = []
    for locality in ("north", "south"):
        away = 0.1 if locality == "north" else 0.0
        rows.append(f"emergency,{locality},general,{1 - away:g},returns,")
        if away:
            rows.append(f"emergency,{locality},elsewhere,{away:g},returns,")
        for service, site in (
            ("elective", "general"),
            ("day-case", "general"),
            ("community-ward", "cottage"),
            ("home-team", "base"),
        ):
            rows.append(f"{service},{locality},{site},1,returns,")
    return _rows("service,locality,site,share,evidence,assumed", *rows)


def _money() -> dict[str, str]:
    prices = [
        f"{index},{year},{part},{dist},{low},{mode},{high},range,prices-2014,"
        for index in ("cost", "tariff")
        for year in YEARS[1:]
        for part, dist, low, mode, high in (
            ("inflation", "triangular", "1", "2", "3.5"),
            ("efficiency", "fixed", "", "4" if index == "tariff" else "0", ""),
        )
    ]
    allocations = [
        f"{payer},{year},{funding},{amount * step**n:.0f},,Small plan for tests"
        for payer, amount in (("north-ccg", 40_000_000), ("south-ccg", 46_000_000))
        for funding, step in (("middle", 1.02), ("flat", 1.0))
        for n, year in enumerate(YEARS)
    ]
    contracts = []
    for ccg, locality in (("north-ccg", "north"), ("south-ccg", "south")):
        for service, price in (("elective", 3000), ("day-case", 700)):
            contracts.append(
                f"{ccg}-{service},{ccg},hospital,{service},{locality},1,activity,{price},,1,tariff,tariffs,,"
            )
        contracts.append(
            f"{ccg}-emergency,{ccg},hospital,emergency,{locality},1,marginal-rate,2100,,0.3,tariff,tariffs,,"
        )
        contracts.append(f"{ccg}-block,{ccg},community-trust,,,1,block,,2800000,1,cost,accounts,,")
    contracts.append("north-ccg-away,north-ccg,other-hospital,emergency,north,1,activity,2100,,1,tariff,tariffs,,")
    return {
        "prices.csv": _rows("index,year,part,distribution,low,mode,high,interval,evidence,assumed", *prices),
        "allocations.csv": _rows("payer,year,funding,amount_gbp,evidence,assumed", *allocations),
        "contracts.csv": _rows(
            "code,payer,provider,service,locality,payer_share,basis,price_gbp,value_gbp,marginal_rate,index,"
            "evidence,assumed,note",
            *contracts,
        ),
        "costs.csv": _rows(
            "provider,service,site,fixed_gbp,step_size,step_gbp,marginal_gbp,index,evidence,assumed,note",
            "hospital,emergency,general,6000000,28,1600000,600,cost,accounts,,",
            "hospital,elective,general,3000000,24,1400000,900,cost,accounts,,",
            "hospital,day-case,,1000000,,,350,cost,accounts,,",
            "community-trust,community-ward,cottage,400000,12,800000,500,cost,accounts,,",
            "community-trust,home-team,base,0,1000,90000,10,cost,,Assumed for the tests,",
        ),
        "finances.csv": _rows(
            "code,partner,line,kind,role,amount_gbp,index,evidence,assumed,note",
            "hospital-income,hospital,Operating income,income,reported,41000000,,accounts,,",
            "hospital-other,hospital,Teaching and other income,income,carried,3000000,tariff,accounts,,",
            "hospital-rest,hospital,Everything else (balancing figure),cost,carried,9000000,cost,,Balances the year,",
            "north-rest,north-ccg,Everything else,cost,carried,15000000,cost,,Balances the year,",
            "council-income,council,Council funding,income,carried,20000000,,accounts,,",
            "council-cost,council,Social care,cost,carried,20000000,cost,accounts,,",
        ),
        "funds.csv": _rows(
            "code,fund,board,kind,partner,initiative,year,amount_gbp,recycled,risk_share,evidence,assumed",
            "f1,small-fund,health-board,contribution,north-ccg,,2015/16,1200000,no,0,accounts,",
            "f2,small-fund,health-board,contribution,council,,2015/16,300000,yes,0,accounts,",
            "f3,small-fund,health-board,scheme,community-trust,home-first,2015/16,1200000,no,0.1,accounts,",
            "f4,small-fund,health-board,scheme,community-trust,home-first,2015/16,300000,yes,0,accounts,",
        ),
    }


def _programme() -> dict[str, str]:
    return {
        "outcomes.csv": _rows(
            "code,name,order,headline,as_written,evidence,note",
            "fewer-stays,Fewer people go into hospital in an emergency,1,admissions,,strategy,",
        ),
        "workstreams.csv": _rows("code,name,note", "urgent,Urgent care,", "planned,Planned care,"),
        "initiatives.csv": _rows(
            "code,title,description,kind,lead,pathway,setting,locality,ramp_months,status,consultation,no_lever_reason,"
            "evidence,assumed",
            'home-first,Home first,"A team that looks after people at home, day and night",service,community-trust,'
            "urgent,community,,12,decided,no,,strategy,",
            "short-stay,Shorter stays,Ward rounds twice a day,pathway,hospital,urgent,acute,,6,proposed,no,,strategy,",
            "same-day,Same-day surgery,Planned operations without a night,service,hospital,planned,acute,,9,proposed,"
            "no,,strategy,",
            "falls,Falls prevention,Classes for balance,service,council,urgent,self-care,north,12,proposed,no,,"
            "strategy,",
            "one-record,One care record,Shared notes,technology,north-ccg,,,,12,proposed,unknown,"
            "It enables the others and has no effect of its own,strategy,",
        ),
        "placements.csv": _rows(
            "initiative,outcome,workstream,year,locality,source_line,evidence,note",
            "home-first,fewer-stays,urgent,2014,,,strategy,",
            "one-record,fewer-stays,planned,2015,,,strategy,",
        ),
        "milestones.csv": _rows(
            "code,initiative,title,kind,date,depends_on,gap_months,evidence,assumed",
            "home-first-staff,home-first,Staff in post,step,2014-10-01,,0,strategy,",
            "home-first-live,home-first,The team takes calls,live,2015-01-01,home-first-staff;one-record-live,2,"
            "strategy,",
            "short-stay-live,short-stay,Begins,live,2015-04-01,home-first-live,0,strategy,",
            "same-day-live,same-day,Begins,live,2014-12-01,,0,strategy,",
            "falls-live,falls,Begins,live,2014-12-01,,0,strategy,",
            "one-record-live,one-record,Begins,live,2014-11-01,,0,strategy,",
        ),
        "effects.csv": _rows(
            "code,initiative,lever,service,to_service,substitution_rate,locality,sex,age_low,age_high,reach,unit,"
            "distribution,low,mode,high,interval,grade,claimed,evidence,assumed",
            "e-home,home-first,shift,emergency,home-team,8,,P,65,120,0.5,share,pert,0,0.15,0.3,range,moderate,0.1,trial,",
            "e-falls,falls,avoid,emergency,,,north,P,65,120,1,count-a-year,triangular,0,60,120,range,weak,100,,"
            "No trial of these classes is known",
            "e-home-avoid,home-first,avoid,emergency,,,,P,65,120,0.5,share,pert,0,0.02,0.05,range,weak,,,Judged",
            "e-stay,short-stay,shorten,emergency,,,,P,0,120,1,share,normal,0.02,0.06,0.1,p5-p95,moderate,0.1,trial,",
            "e-day,same-day,convert,elective,day-case,1,,P,0,64,0.6,share,lognormal,0.05,0.1,0.2,p10-p90,strong,,trial,",
            "e-find,home-first,add,home-team,,,,P,65,120,1,count-a-year,uniform,50,100,200,range,none,,,Judged",
        ),
        "overlaps.csv": _rows(
            "effect_a,effect_b,relation,share,evidence,assumed",
            "e-falls,e-home-avoid,sharing,0.25,,Some who fall are known to the team",
        ),
        "investments.csv": _rows(
            "code,initiative,partner,kind,index,distribution,low,mode,high,interval,evidence,assumed",
            "i-home,home-first,north-ccg,recurrent,cost,triangular,1200000,1500000,2000000,range,strategy,",
            "i-home-start,home-first,community-trust,non-recurrent,cost,fixed,,150000,,,strategy,",
            "i-stay,short-stay,hospital,recurrent,cost,fixed,,200000,,,,Judged",
        ),
    }


def files() -> dict[str, str]:
    """The whole plan as texts by file name (scenario files with their path)."""
    return {
        "plan.toml": PLAN,
        "partners.csv": _rows(
            "code,name,kind,ods_code,in_system,from_date,to_date,successor,note",
            "north-ccg,North commissioning group,ccg,01N,yes,2013-04-01,,,",
            "south-ccg,South commissioning group,ccg,007,yes,2013-04-01,,,",
            "hospital,General Hospital Trust,trust,RXX,yes,,,,",
            "community-trust,Community Trust,trust,RYY,yes,,,,",
            "other-hospital,A hospital outside the area,trust,,no,,,,",
            "council,The Council,council,,yes,,,,",
            "health-board,Health and Wellbeing Board,board,,yes,,,,",
        ),
        "duties.csv": _rows(
            "partner,list,duty,from_date,to_date,votes,as_written,evidence,note",
            "hospital,terms-2014,decide,2014-06-01,,yes,The Hospital,strategy,",
            "council,terms-2014,be-consulted,2014-06-01,,no,,strategy,",
        ),
        "localities.csv": _rows("code,name,gss_code,outside,note", "north,North,E06000001,no,", "south,South,,no,"),
        "population.csv": _population(),
        "settings.csv": _rows(
            "code,name,order,note", "self-care,Self-care,1,", "community,Community,2,", "acute,Acute hospital,3,"
        ),
        "pathways.csv": _rows("code,name,note", "urgent,Urgent care,", "planned,Planned care,"),
        "services.csv": _rows(
            "code,name,setting,pathway,currency,admission,bed_type,capacity_unit,full_risk,specialised,evidence,assumed,note",
            "emergency,Emergency admissions,acute,urgent,spell,emergency,acute,bed,0.01,no,returns,,",
            "elective,Planned admissions,acute,planned,spell,elective,acute,bed,0.01,no,returns,,",
            "day-case,Day cases,acute,planned,day-case,,,none,,no,returns,,",
            "community-ward,Community ward,community,urgent,spell,transfer,community,bed,0.02,no,returns,,",
            "home-team,Home team,community,urgent,contact,,,none,,no,returns,,",
        ),
        "sites.csv": _rows(
            "code,name,kind,provider,owner,ods_code,latitude,longitude,elsewhere,status,evidence,note",
            "general,General Hospital,acute,hospital,hospital,RXX01,52.6,-1.1,no,Open,returns,",
            "cottage,Cottage Hospital,community,community-trust,community-trust,,52.7,-1.0,no,Open,returns,",
            "base,Home team base,home,community-trust,,,,,no,Open,returns,",
            "elsewhere,Outside the area,elsewhere,other-hospital,,,,,yes,Open,returns,",
        ),
        "capacity.csv": _rows(
            "service,site,year,available,basis,initiative,evidence,assumed",
            "emergency,general,2013/14,215,Average overnight,,returns,",
            "emergency,general,2015/16,205,Average overnight,home-first,strategy,",
            "elective,general,2013/14,52,Average overnight,,returns,",
            "community-ward,cottage,2013/14,38,Average overnight,,returns,",
        ),
        "catchments.csv": _catchments(),
        "activity.csv": _activity(),
        "flows.csv": _rows(
            "from_service,to_service,locality,age_low,age_high,share,delay_days,drives,evidence,assumed",
            "emergency,community-ward,,65,120,0.1,1.5,yes,returns,",
        ),
        "growth.csv": _rows(
            "code,service,locality,age_low,age_high,kind,draw,from_year,to_year,distribution,low,mode,high,interval,"
            "evidence,assumed",
            "emergency-trend,emergency,,0,120,non-demographic,,,,triangular,0,1,2.5,range,returns,",
            "health,emergency,,65,120,health-status,,,,normal,-1,-0.5,0,p10-p90,,Judged",
        ),
        **_money(),
        "workforce.csv": _rows(
            "provider,service,staff_group,per,wte,in_post_wte,vacant_wte,evidence,assumed",
            "hospital,emergency,medical,bed,0.4,80,6,returns,",
            "hospital,emergency,nursing,bed,1.3,260,20,returns,",
            "community-trust,home-team,nursing,step,2,,,,Judged",
        ),
        "capital.csv": _rows(
            "code,title,site,owner,initiative,source,stage,approval,year,distribution,low,mode,high,interval,evidence,assumed",
            "theatre,Day-case theatre,general,hospital,same-day,Loan,outline-case,,2014/15,triangular,3000000,4000000,"
            "6000000,range,strategy,",
        ),
        **_programme(),
        "options.csv": _rows(
            "code,name,description,initiatives,status_quo,note",
            "as-now,As now,Carry on,,yes,",
            "home,Care at home,The home team and falls classes,home-first;falls,no,",
        ),
        "indicators.csv": _rows(
            "code,name,outcome,unit,direction,measure,service,partner,locality,site,target,target_year,definition,"
            "evidence,assumed",
            "admissions,Emergency admissions,fewer-stays,spells,down,emergency_admissions,,,,,13000,2015/16,,strategy,",
        ),
        "observations.csv": _rows(
            "indicator,period,basis,year,value,used,known_to_builders,evidence,note",
            "admissions,2013/14,Monthly returns,2013/14,14000,yes,yes,returns,",
            "admissions,2014/15,Monthly returns,2014/15,14350,yes,no,later-returns,",
        ),
        "questions.csv": _rows(
            "code,question,answer,status,due,topic,initiatives,evidence",
            "q1,Will the cottage hospital close?,,not-yet-decided,Autumn 2015,Hospitals,home-first,strategy",
        ),
        "evidence.csv": _rows(
            "code,citation,where,badge,grade,known_from,licence,note",
            "census,Population estimates for small areas; invented,none,measured,statistic,2014-06-26,,",
            "returns,Hospital returns 2013/14; invented,none,measured,statistic,2014-09-01,,",
            "later-returns,Hospital returns 2014/15; invented,none,measured,statistic,2015-09-01,,",
            "accounts,Annual accounts 2013/14; invented,none,measured,accounts,2014-07-01,,",
            "tariffs,National tariff 2013/14; invented,none,measured,statistic,2013-03-01,,",
            "prices-2014,Forecast of prices; invented,none,modelled,report,2014-03-01,,",
            "trial,A trial; invented,none,measured,trial,2012-01-01,,",
            "strategy,The strategy; invented,none,assumed,report,2014-06-01,,",
        ),
        "scenarios/do-nothing/scenario.toml": DO_NOTHING,
        "scenarios/as-planned/scenario.toml": AS_PLANNED,
        "scenarios/as-planned/effects.csv": _rows(
            "code,mode,evidence,assumed", "e-home,0.1,,A cautious reading of the trial"
        ),
        "scenarios/as-planned/milestones.csv": _rows("code,date", "same-day-live,2015-04-01"),
    }  # fmt: skip


def write(folder: Path, content: dict[str, str]) -> Path:
    """Write texts by file name into a folder, which is made."""
    for name, text in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return folder


def build(folder: Path) -> Path:
    """Write the small plan into a folder and return the folder."""
    return write(Path(folder), files())
