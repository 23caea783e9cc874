"""What an organisation has written down of each person: identifying details, with the errors that people make.

Rates are in `synth_assumed`. They differ by organisation and by the kind of name, because records of people whose
names come from another alphabet hold more spellings, and a linker that is good on average may fail those people.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bettercare.activity import synth_assumed as assumed
from bettercare.activity import synth_names
from bettercare.activity.nhs_number import check_digit
from bettercare.activity.synth_people import Floats, Ints, People, Texts
from bettercare.foundation.streams import generator

if TYPE_CHECKING:
    import polars as pl


def rate(error: str, organisation_kind: str, kinds: Texts) -> Floats:
    """The chance of an error for people with these kinds of name in an organisation of this kind."""
    out = np.full(len(kinds), assumed.ERRORS[error] * assumed.CARELESS.get(organisation_kind, 1.0))
    for kind, likelier in assumed.LIKELIER.items():
        out[kinds == kind] *= likelier.get(error, 1.0)
    return out


def missing_rate(organisation: str, organisation_kind: str) -> float:
    """The share of an organisation's people without an NHS number."""
    usual = assumed.MISSING_NHS.get(organisation_kind, assumed.MISSING_NHS_OTHER)
    return assumed.MISSING_NHS_OF.get(organisation, usual)


def extract(people: People, person: Ints, last: Ints, homes: Ints, who: tuple[str, str], seed: int) -> pl.DataFrame:
    """The extract of people of an organisation `who` (code, kind): a row for each `person`, last seen on `last`."""
    import polars as pl

    random = generator(seed, f"synth extract {who[0]}")
    kinds = people.kind[person]

    def hit(error: str) -> NDArray[np.bool_]:
        return np.asarray(random.random(len(person)) < rate(error, who[1], kinds))

    forename, surname = _names(people, person, last, hit, random)
    birth = _births(people.birth[person], hit)
    after = people.moved[person] <= last
    after &= random.random(len(person)) >= assumed.ERRORS["old_postcode"]
    postcode = np.where(after, people.postcode_after[person], people.postcode[person])
    postcode[hit("blank_postcode")] = ""
    zone = np.where(after, people.zone_after[person], people.zone[person])
    nhs = _nhs(people, person, who, hit, random)
    out = pl.DataFrame(
        {
            "local_id": pl.Series(local_ids(who[0], person, seed)),
            "nhs_number": pl.Series(nhs.tolist(), dtype=pl.String), "forename": pl.Series(forename.tolist()),
            "surname": pl.Series(surname.tolist()), "birth_date": pl.Series(birth.tolist(), dtype=pl.String),
            "sex": pl.Series(people.sex[person].tolist()), "postcode": pl.Series(postcode.tolist(), dtype=pl.String),
            "ethnic_group": pl.Series(people.group[person].tolist()),
            "zone": pl.Series(people.zone_codes[zone].tolist()),
            "residence": pl.Series(np.where(homes[person] == 1, "care-home", "home").tolist()),
            "recorded_on": pl.Series(last.astype("datetime64[D]").astype(str).tolist()),
        }
    )  # fmt: skip
    return out.sort("local_id")


def local_ids(organisation: str, person: Ints, seed: int) -> list[str]:
    """The organisation's own number of each person: in no order that another organisation shares."""
    offset = int(generator(seed, f"synth local {organisation}").integers(1, 9_999_990))
    start = "".join(letter for letter in organisation.upper() if letter.isalpha())[:3]
    mixed = (person * 7_368_787 + offset) % 9_999_991  # a prime, so that different people keep different numbers
    return [f"{start}{one:07d}" for one in mixed.tolist()]


def _names(
    people: People, person: Ints, last: Ints, hit: Callable[[str], NDArray[np.bool_]], random: np.random.Generator
) -> tuple[Texts, Texts]:
    forename, surname = people.forename[person].copy(), people.surname[person].copy()
    draws = random.random(len(person))
    for row in np.flatnonzero(hit("spelling")):
        if draws[row] < 0.5:
            forename[row] = synth_names.misspelt(forename[row], draws[row] * 2)
        else:
            surname[row] = synth_names.misspelt(surname[row], draws[row] * 2 - 1)
    for row in np.flatnonzero(hit("nickname")):
        forename[row] = synth_names.NICKNAMES.get(forename[row], forename[row])
    age = (last - people.birth[person]) / 365.25
    married = hit("married_name") & (people.sex[person] == "F") & (age > 20) & (age < 60)
    surname[married] = synth_names.surnames(people.kind[person][married], random.random(int(married.sum())))
    forename[hit("blank_forename")] = ""
    swapped = hit("names_swapped")
    forename[swapped], surname[swapped] = surname[swapped], forename[swapped]
    return forename, surname


def _births(birth: Ints, hit: Callable[[str], NDArray[np.bool_]]) -> Texts:
    text = birth.astype("datetime64[D]").astype(str).astype(object)
    for row in np.flatnonzero(hit("birth_swapped")):
        year, month, day = text[row].split("-")
        if int(day) <= 12:
            text[row] = f"{year}-{day}-{month}"
    for row in np.flatnonzero(hit("birth_digit")):
        year, month, day = text[row].split("-")
        if row % 2:
            text[row] = f"{int(year) - 1 - (row // 2) % 2 * 9}-{month}-{min(int(day), 28):02d}"
        else:
            text[row] = f"{year}-{month}-{int(day) % 28 + 1:02d}"
    text[hit("blank_birth")] = ""
    return text


def _nhs(
    people: People, person: Ints, who: tuple[str, str], hit: Callable[[str], NDArray[np.bool_]],
    random: np.random.Generator,
) -> Texts:  # fmt: skip
    nhs = people.nhs[person].copy()
    order = np.argsort(people.household, kind="stable")
    place = np.empty(len(people), dtype=np.int64)
    place[order] = np.arange(len(people))
    beside = order[(place[person] + 1) % len(people)]
    shared = hit("nhs_shared") & (people.household[beside] == people.household[person])
    nhs[shared] = people.nhs[beside[shared]]
    for row in np.flatnonzero(hit("nhs_transposed")):
        at = 3 + row % 6
        nhs[row] = nhs[row][:at] + nhs[row][at + 1] + nhs[row][at] + nhs[row][at + 2 :]
    for row in np.flatnonzero(hit("nhs_wrong")):
        nhs[row] = _another(nhs[row], int(row))
    nhs[random.random(len(person)) < missing_rate(*who)] = ""
    return nhs


def _another(number: str, row: int) -> str:
    """A number with one digit changed that passes the check."""
    for step in range(1, 10):
        at = 3 + (row + step) % 6
        nine = number[:at] + str((int(number[at]) + step) % 10) + number[at + 1 : 9]
        if check_digit(nine) != 10:
            return f"{nine}{check_digit(nine)}"
    return number
