"""Published estimates of the gap if nothing is done, kept beside the plan (submissions.csv) and never fitted to."""

from __future__ import annotations

from .money_read import Figures

YEAR = "2018/19"
SLIDES = "LLR five year health and care strategy summit, slides"
WHOLE = (
    "The lines below say where ours differs. NHS England, the ambulance service and general practice are in ours and in "
    "no published line; and what providers lose by the tariff, payers keep, so it does not widen our total"
)
PROVIDERS = (
    "The tariff takes 4% a year from them while nothing is saved, which is most of ours; blocks pay the community trust "
    "for no growth; and the published line is after transfers of the Better Care Fund to providers, which ours has not"
)
CCG = (
    "What providers lose by the tariff's 4% a year, payers keep: the published line looks as if it leaves that out (an "
    "inference, as its workings were not found). A surplus and reserves, which planning rules asked for, are not in ours. "
    "Funding follows the middle line"
)
CARE = (
    "The published line is for the year before and seems to count pressures before the new money of the Better Care "
    "Fund, which ours has taken off"
)
# code of the figure, partner, second partner, file, what the line is
LINES = (
    (
        "gap-bct-update",
        "bct-board",
        "",
        "Better Care Together update, 2015",
        f"All partners: NHS only, says the update. {WHOLE}.",
    ),
    (
        "gap-bct-summary",
        "bct-board",
        "",
        "Better Care Together summary, 2014",
        f"All partners: around 400 million. {WHOLE}.",
    ),
    (
        "summit-gap-providers",
        "uhl",
        "lpt",
        SLIDES,
        f"NHS providers (UHL and LPT), after Better Care Fund transfers. {PROVIDERS}.",
    ),
    ("summit-gap-leicester-ccg", "leicester-ccg", "", SLIDES, f"Leicester City CCG. {CCG}."),
    ("summit-gap-west-leicestershire-ccg", "west-leicestershire-ccg", "", SLIDES, f"West Leicestershire CCG. {CCG}."),
    (
        "summit-gap-east-leicestershire-rutland-ccg",
        "east-leicestershire-rutland-ccg",
        "",
        SLIDES,
        f"East Leicestershire and Rutland CCG. {CCG}.",
    ),
    (
        "summit-gap-leicester-council",
        "leicester-council",
        "",
        SLIDES,
        f"Leicester social care, published for 2017/18. {CARE}.",
    ),
    (
        "summit-gap-leicestershire-council",
        "leicestershire-council",
        "",
        SLIDES,
        f"Leicestershire social care, published for 2017/18. {CARE}.",
    ),
    (
        "summit-gap-rutland-council",
        "rutland-council",
        "",
        SLIDES,
        f"Rutland social care, published for 2017/18. {CARE}.",
    ),
)


def submissions(f: Figures) -> list[dict[str, object]]:
    """Rows of submissions.csv: published gaps in pounds by partner or for the whole partnership."""
    return [
        {
            "code": code,
            "partner": partner,
            "file": file,
            "received": f.rows[code]["known_from"],
            "item": "money",
            "counterparty": second,
            "year": YEAR,
            "value": f(code) * 1e6,
            "unit": "GBP gap",
            "note": name,
        }
        for code, partner, second, file, name in LINES
    ]
