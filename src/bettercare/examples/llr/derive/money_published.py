"""Published estimates of the gap if nothing is done, kept beside the plan (submissions.csv) and never fitted to."""

from __future__ import annotations

from .money_read import Figures

YEAR = "2018/19"
SLIDES = "LLR five year health and care strategy summit, slides"
# code of the figure, partner, second partner, file, what the line is
LINES = (
    ("gap-bct-update", "bct-board", "", "Better Care Together update, 2015", "All partners: NHS only, says the update"),
    ("gap-bct-summary", "bct-board", "", "Better Care Together summary, 2014", "All partners: around 400 million"),
    ("summit-gap-providers", "uhl", "lpt", SLIDES, "NHS providers (UHL and LPT), after Better Care Fund transfers"),
    ("summit-gap-leicester-ccg", "leicester-ccg", "", SLIDES, "Leicester City CCG"),
    ("summit-gap-west-leicestershire-ccg", "west-leicestershire-ccg", "", SLIDES, "West Leicestershire CCG"),
    (
        "summit-gap-east-leicestershire-rutland-ccg",
        "east-leicestershire-rutland-ccg",
        "",
        SLIDES,
        "East Leicestershire and Rutland CCG",
    ),
    ("summit-gap-leicester-council", "leicester-council", "", SLIDES, "Leicester social care, published for 2017/18"),
    (
        "summit-gap-leicestershire-council",
        "leicestershire-council",
        "",
        SLIDES,
        "Leicestershire social care, published for 2017/18",
    ),
    ("summit-gap-rutland-council", "rutland-council", "", SLIDES, "Rutland social care, published for 2017/18"),
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
