"""What the synthetic world assumes: every number that neither the plan nor a published source gives.

All of it carries the badge *assumed*. It is made to be plausible and to make tests hard, not to describe anybody: the
plan's own tables (people, activity, stays, shapes of the year) give the volumes.
"""

from __future__ import annotations

BADGE = "assumed"

# One row of activity is one unit of the service's currency. These are left out unless asked for: they are many and
# say little about a person. Critical care (a bed day inside a stay) is always left out.
LEFT_OUT = (
    "gp-consultation", "nhs-111", "prevention", "outpatient-first", "outpatient-follow-up", "telecare", "carer-support",
)  # fmt: skip
NEVER = ("critical-care",)

# Ethnic group by locality (shares; in the order of GROUPS), roughly as in the census of 2011.
GROUPS = ("white", "mixed", "asian", "black", "other", "not-stated")
GROUP_SHARES = {"leicester": (0.48, 0.03, 0.36, 0.06, 0.03, 0.04), "": (0.87, 0.015, 0.065, 0.01, 0.01, 0.03)}

# How far a person's frailty (a gamma draw with mean 1) and the zone's deprivation bear on use of a service.
FRAILTY_SHAPE = 1.1
FRAILTY_POWER = {"urgent": 0.9, "acute": 0.8, "community": 1.1, "self-care": 0.8, "primary": 0.5}
FRAILTY_POWER_OF = {
    "elective-inpatient": 0.3, "day-case": 0.3, "specialised": 0.3, "maternity": 0.0, "ae-minor": 0.3,
    "outpatient-first": 0.3, "outpatient-follow-up": 0.5, "child-mental-health": 0.5,
}  # fmt: skip
DEPRIVATION = (1.3, 1.12, 1.0, 0.88, 0.78)  # factor of unplanned care by quintile, most deprived first

# Weeks that a package of care lasts, on average.
PACKAGE_WEEKS = {
    "reablement": 5.5, "home-care": 40.0, "care-home": 70.0, "direct-payments": 60.0, "working-age-social-care": 90.0,
    "telecare": 60.0, "carer-support": 40.0,
}  # fmt: skip
PACKAGE_WEEKS_OTHER = 26.0

# Life: yearly chance of death exp(a + b * age), births a year for each person, moves of home a year.
DEATH = (-10.55, 0.095)
DEATH_FRAILTY = 0.6
BIRTHS = 0.0128
MOVES = 0.09
MOVES_IN_LOCALITY = 0.85
HOUSEHOLDS = ((1, 0.29), (2, 0.35), (3, 0.16), (4, 0.13), (5, 0.07))
SAME_SURNAME = 0.85
HOMES_PER_POSTCODE = 16

# Unplanned care again soon after discharge: the share of emergency stays that are such.
READMITTED = 0.09

# Clocks: share within the limit, the limit in minutes, and the priority that is written.
CLOCKS = {
    "ae-major": (0.89, 240, ""), "ae-minor": (0.98, 240, ""), "ambulatory-emergency": (0.97, 240, ""),
    "crisis-response": (0.76, 120, "2h"), "mental-health-crisis": (0.85, 240, "4h"), "ambulance": (0.72, 8, "red"),
}  # fmt: skip
RED_CALLS = 0.4  # the other ambulance responses are green, and due within half an hour
REJECTED = 0.05  # referrals to crisis response that were not taken on

# Crisis response began in the plan's area on 1 September 2014, so no base-year activity says how much there is.
CRISIS = ("crisis-response", "2014-09-01", 3.2)  # contacts a year for each 1,000 people, most of them old and frail

DELAYED = 0.12  # of stays of three days and more at 65 and over: ready before they left
DELAY_DAYS = 4.0
DIED_IN_HOSPITAL = 0.45
REGISTER_SHARE = 0.35  # of people who die at 50 and over: on the end-of-life register before
REGISTER_DAYS = 200.0
NAMED_GP = 0.62
CARE_PLAN = {"fit": 0.02, "mild": 0.08, "moderate": 0.22, "severe": 0.4}
SCORED = 0.9  # people of 65 and over who have a frailty index each year

# How identifying details go wrong: share of an organisation's people, and how much likelier by the kind of name.
MISSING_NHS = {"trust": 0.02, "ambulance": 0.15, "council": 0.40, "independent": 0.15, "primary-care": 0.0}
MISSING_NHS_OF = {"uhl": 0.01}
MISSING_NHS_OTHER = 0.05
ERRORS = {
    "nhs_transposed": 0.002,  # two digits swapped: the check digit finds it
    "nhs_wrong": 0.001,  # another number that passes the check
    "nhs_shared": 0.001,  # the number of another person of the household
    "names_swapped": 0.006,
    "spelling": 0.03,
    "nickname": 0.03,
    "married_name": 0.008,  # women of 20 to 60 only
    "birth_swapped": 0.006,  # day and month, where both can be
    "birth_digit": 0.008,
    "old_postcode": 0.30,  # of people who moved: the record still has the home before
    "blank_forename": 0.004,
    "blank_birth": 0.003,
    "blank_postcode": 0.012,
}
LIKELIER = {"asian": {"names_swapped": 4.0, "spelling": 2.5, "birth_digit": 1.5}, "black": {"spelling": 1.5}}
CARELESS = {"ambulance": 2.0, "council": 1.3}  # factor on all errors by kind of organisation

# Schemes of January to April 2015: initiative, referrals and judged avoided as published for 1.05 million people.
# (code, referrals, judged avoided, service, locality or "", true share of later emergency admissions prevented)
SCHEMES = (
    ("I121", 147, 112, "community-inpatient", "leicestershire", 0.0),
    ("I117", 141, 133, "crisis-response", "leicestershire", 0.0),
    ("I105", 2599, 229, "ambulance", "", 0.08),
)
SCHEME_MONTHS = ("2015-01", "2015-04")
SCHEME_AGE = 65

COST = {"attendance": 110.0, "contact": 45.0, "response": 210.0, "care": 320.0, "referral": 20.0}
COST_SPELL, COST_DAY = 900.0, 240.0

# First diagnoses of emergency stays: (code, weight); about a fifth are ambulatory care sensitive.
DIAGNOSES = {
    "emergency-medical": (
        ("R07.4", 14), ("J18.9", 9), ("I21.9", 5), ("I63.9", 6), ("I48.9", 6), ("R55", 6), ("K92.2", 5), ("T39.1", 5),
        ("F10.0", 4), ("R51", 4), ("A41.9", 5), ("N17.9", 4), ("S06.0", 3), ("R29.6", 6),
        ("J44.1", 6), ("I50.9", 4), ("N39.0", 5), ("I20.9", 3), ("L03.1", 2), ("E10.1", 1), ("G40.9", 2), ("J45.9", 2),
    ),
    "emergency-surgical": (
        ("S72.0", 14), ("K35.8", 10), ("R10.4", 22), ("K80.0", 10), ("S82.6", 8), ("K56.6", 6), ("N20.1", 8),
        ("L02.2", 8), ("S52.5", 8), ("N10", 4), ("K25.4", 2), ("L03.1", 4),
    ),
    "emergency-child": (
        ("B34.9", 26), ("J21.9", 14), ("J06.9", 12), ("R10.4", 12), ("S52.5", 10), ("A09.9", 12), ("J45.9", 5),
        ("R56.0", 5), ("T39.1", 4),
    ),
    "mental-health-inpatient": (("F20.0", 30), ("F32.2", 30), ("F31.9", 20), ("F60.3", 12), ("F03", 8)),
    "learning-disability-inpatient": (("F70.1", 50), ("F84.0", 50)),
    "maternity": (("O80", 60), ("O26.8", 25), ("O34.2", 15)),
    "community-inpatient": (("S72.0", 25), ("I63.9", 15), ("R26.8", 30), ("J18.9", 15), ("N39.0", 15)),
    "intensive-community-support": (("R26.8", 40), ("I50.9", 20), ("J44.1", 20), ("N39.0", 20)),
    "": (("H26.9", 18), ("K40.9", 10), ("M17.1", 14), ("M16.1", 10), ("C50.9", 8), ("D12.6", 14), ("K29.7", 14),
        ("C67.9", 6), ("I25.1", 6)),
}  # fmt: skip
OTHER_DIAGNOSES = (
    ("I10", 30), ("E11.9", 16), ("J44.9", 10), ("I48.9", 10), ("N18.9", 8), ("F03", 8), ("M19.9", 8), ("F32.9", 10),
)  # fmt: skip
PROCEDURES = (("C75.1", 18), ("T20.2", 10), ("W40.1", 14), ("W37.1", 10), ("G45.1", 24), ("H22.1", 20), ("M45.9", 4))
