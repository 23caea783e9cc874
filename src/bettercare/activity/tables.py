"""The tables that feeds are made of, as `schema/*.csv` describes them in the form of the plan's own schema."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from bettercare.plan.schema import Table, read_table

FEEDS = ("people", "events")
TOKEN_DIGITS = 32  # hexadecimal: 128 bits

# Columns by which a person could be known. A feed that has one of them has not been through the tokeniser.
IDENTIFIED = frozenset([
    "local_id", "record_id", "nhs_number", "nhs_no", "nhsnumber", "nhs_num", "hospital_number", "mrn", "uprn",
    "forename", "forenames", "first_name", "firstname", "given_name", "surname", "last_name", "lastname",
    "family_name", "name", "full_name", "title", "initials", "birth_date", "date_of_birth", "dob", "birthdate",
    "postcode", "post_code", "address", "address1", "address_line_1", "street", "town", "telephone", "phone", "mobile",
    "email", "gp_name", "national_insurance_number",
])  # fmt: skip


@cache
def table(name: str) -> Table:
    """A table by its name: people, events, agreements, or another file of `activity/schema`."""
    text = files("bettercare.activity").joinpath("schema", f"{name}.csv").read_text(encoding="utf-8")
    return read_table(name, text)


def looks_identified(column: str) -> bool:
    """Whether a column's name says that it holds a name, an address, a date of birth or a number of a person."""
    return column.strip().lower().replace(" ", "_").replace("-", "_") in IDENTIFIED
