"""localities.csv, zones.csv, sites.csv and services.csv: where people live, what is done and where."""

from __future__ import annotations

from pathlib import Path

from bettercare.examples.llr.derive.tables import DISTRICTS, PLAN, STAND_IN, read, write

COUNCILS = {
    "leicester": "leicester-council",
    "leicestershire": "leicestershire-council",
    "rutland": "rutland-council",
}
WEST = ("Charnwood", "Hinckley and Bosworth", "North West Leicestershire")

LOCALITY_ROWS = (
    ("leicester", "Leicester", "E06000016", False, "The city"),
    (
        "leicestershire",
        "Leicestershire",
        "E10000018",
        False,
        "The county council's area: seven districts without the city and Rutland",
    ),
    ("rutland", "Rutland", "E06000017", False, ""),
    (
        "outside",
        "Elsewhere",
        "",
        True,
        "People who live elsewhere and come to hospitals here. An index, not a count: leave it out of sums.",
    ),
)

# Risk that beds are full on a day: community and mental health beds are run fuller than acute ones.
FULL_RISK = {
    "community": 0.05,
    "mental-health": 0.05,
    "learning-disability": 0.05,
    "critical-care": 0.02,
    "acute": 0.01,
}


def _zones() -> list[dict[str, object]]:
    rows = read("zones")
    later: dict[str, float] = {}
    for row in rows:
        later[row["district"]] = later.get(row["district"], 0.0) + float(row["people_2017"])
    people: dict[str, float] = {}
    for row in read("people"):
        people[row["area"]] = people.get(row["area"], 0.0) + float(row["people"])
    zones: list[dict[str, object]] = []
    for row in rows:
        district = row["district"]
        locality = DISTRICTS[district]
        sure = "District mapped to the commissioner that covers most of it"
        if district == "Blaby":
            sure = "Blaby lies in both county commissioners' areas; all of it is given to the larger part"
        commissioner = (
            "leicester-ccg"
            if locality == "leicester"
            else "west-leicestershire-ccg"
            if district in WEST
            else "east-leicestershire-rutland-ccg"
        )
        zones.append(
            {
                "code": row["code"],
                "name": row["name"],
                "locality": locality,
                "council": COUNCILS[locality],
                "commissioner": commissioner,
                "deprivation_quintile": int(row["quintile"]),
                "people": round(float(row["people_2017"]) * people[district] / later[district], 1),
                "latitude": round(float(row["latitude"]), 5),
                "longitude": round(float(row["longitude"]), 5),
                "evidence": "ons-lsoa-2017",
                "assumed": f"Mid-2017 people scaled to the district's mid-2014 total. {STAND_IN['imd']} {sure}.",
            }
        )
    return zones


def _sites() -> list[dict[str, object]]:
    """Sites of source-places.csv; hospitals take their code and point from the national list."""
    listed = {row["site"]: row for row in read("sites")}
    rows: list[dict[str, object]] = []
    for place in read("places"):
        found = listed.get(place["name"])
        rows.append(
            {
                **place,
                "name": place["name"].replace(" & ", " and "),
                "ods_code": found["ods_code"] if found else "",
                "latitude": float((found or place)["latitude"]),
                "longitude": float((found or place)["longitude"]),
                "evidence": "nhs-hospital-list" if found else "",
            }
        )
    return rows


def _services() -> list[dict[str, object]]:
    why = "How the plan cuts care into services; the risk of full beds is a judgement."
    return [{**row, "full_risk": FULL_RISK.get(row["bed_type"], 0.01), "assumed": why} for row in read("services")]


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write the four tables; returns their numbers of rows."""
    localities = [
        {"code": code, "name": name, "gss_code": gss, "outside": outside, "note": note}
        for code, name, gss, outside, note in LOCALITY_ROWS
    ]
    return {
        "localities": write("localities", localities, folder),
        "zones": write("zones", _zones(), folder),
        "sites": write("sites", _sites(), folder),
        "services": write("services", _services(), folder),
    }
