"""The twelve match keys: combinations of a person's details that two organisations' records are compared by.

A key is put together from parts (a name, a date of birth, a postcode ...) in a standard spelling, and only its keyed
hash ever leaves the custodian's machine. No part is sent alone: a lone surname could be guessed from how often it
occurs. The NHS number stands only beside a date of birth, a name or a postcode, because numbers are sometimes shared by
mistake. Each key forgives some mistakes: what it leaves out may be wrong or missing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import polars as pl

from bettercare.activity import keyed_hash, nhs_number


@dataclass(frozen=True)
class Key:
    """One match key: its code, the parts it is made of, and what may differ between two records that it links."""

    code: str
    parts: tuple[str, ...]
    forgives: str
    strong: bool = False  # good enough to say that one organisation holds a person twice

    @property
    def with_number(self) -> bool:
        """Whether it rests on the NHS number."""
        return "nhs" in self.parts


KEYS = (
    Key("k01", ("nhs", "born"), "names, address", strong=True),
    Key("k02", ("nhs", "surname_sound", "initial"), "date of birth, address, spelling"),
    Key("k03", ("nhs", "postcode", "sex"), "names, date of birth"),
    Key("k04", ("forename", "surname", "born", "postcode"), "no NHS number", strong=True),
    Key("k05", ("names", "born"), "no NHS number; address, forename and surname swapped"),
    Key("k06", ("forename_sound", "surname_sound", "born", "sector"), "no NHS number; spelling, a move nearby"),
    Key("k07", ("forename_sound", "surname_sound", "born", "sex"), "no NHS number; spelling, address"),
    Key("k08", ("forename_sound", "born", "postcode"), "no NHS number; surname"),
    Key("k09", ("surname_sound", "born", "sex", "postcode"), "no NHS number; forename"),
    Key("k10", ("forename_sound", "surname_sound", "born_year", "postcode"), "no NHS number; day and month of birth"),
    Key("k11", ("forename", "surname", "born_days", "postcode"), "no NHS number; year of birth, day and month swapped"),
    Key("k12", ("surname", "initial", "born", "sex", "district"), "no NHS number; forename, a move nearby"),
)
# Parts that are the beginning of another: so many letters of it, or all but the last ones.
CUT = {"initial": ("forename", 1), "born_year": ("born", 4), "sector": ("postcode", -2), "district": ("postcode", -3)}
CODES = tuple(key.code for key in KEYS)

TITLES = frozenset((
    "MR", "MRS", "MS", "MISS", "MX", "DR", "PROF", "PROFESSOR", "SIR", "DAME", "LADY", "LORD", "REV", "REVD", "FR",
    "MASTER",
))  # fmt: skip
# What is written where a name is not known. As a name it would link strangers.
NO_NAME = frozenset((
    "UNKNOWN", "NOTKNOWN", "NK", "NA", "NONE", "NULL", "BABY", "BABYBOY", "BABYGIRL", "INFANT", "MALE", "FEMALE",
    "TEST", "PATIENT", "DUMMY", "XX", "XXX",
))  # fmt: skip
NO_POSTCODE = "ZZ99"  # the national code for no fixed abode, abroad or not known begins so
NO_BIRTH = ("1900-01-01", "1800-01-01", "1901-01-01")
# Given names in full, and the short forms and spellings that stand for them.
IN_FULL = {
    "WILLIAM": "BILL WILL BILLY", "ROBERT": "BOB ROB BOBBY", "RICHARD": "DICK RICK", "ANTHONY": "TONY",
    "JAMES": "JIM JIMMY", "JOHN": "JACK JOHNNY", "THOMAS": "TOM TOMMY", "MICHAEL": "MIKE MICK", "DAVID": "DAVE",
    "STEPHEN": "STEVE STEVEN", "CHRISTOPHER": "CHRIS", "ANDREW": "ANDY", "NICHOLAS": "NICK", "EDWARD": "TED ED",
    "JOSEPH": "JOE", "DANIEL": "DAN DANNY", "SAMUEL": "SAM", "MATTHEW": "MATT", "GREGORY": "GREG", "KENNETH": "KEN",
    "RONALD": "RON", "FREDERICK": "FRED", "HENRY": "HARRY", "CHARLES": "CHARLIE", "BENJAMIN": "BEN",
    "ALEXANDER": "ALEX", "PETER": "PETE", "PHILIP": "PHIL", "REGINALD": "REG", "LEONARD": "LEN",
    "ELIZABETH": "LIZ BETTY BETH LIZZIE", "MARGARET": "PEGGY MAGGIE MEG", "KATHERINE": "KATE KATHY CATHERINE KATIE",
    "SUSAN": "SUE", "JENNIFER": "JENNY", "PATRICIA": "PAT", "MARY": "MOLLY POLLY", "ELEANOR": "NELL",
    "ANN": "NANCY ANNIE ANNE", "DOROTHY": "DOT DOLLY", "JOANNE": "JO", "DEBORAH": "DEBBIE", "SANDRA": "SANDY",
    "CHRISTINE": "CHRISSIE", "BARBARA": "BARB", "JUDITH": "JUDY", "VICTORIA": "VICKY", "REBECCA": "BECKY",
    "AMANDA": "MANDY", "ANGELA": "ANGIE", "VALERIE": "VAL", "JANET": "JAN", "JACQUELINE": "JACKIE",
    "MOHAMMED": "MOHAMED MUHAMMAD MUHAMMED MOHAMMAD MOHD MD",
}  # fmt: skip
SHORT_FORMS = {short: full for full, shorts in IN_FULL.items() for short in shorts.split()}

_SOUND = str.maketrans(
    {**dict.fromkeys("BFPV", "1"), **dict.fromkeys("CGJKQSXZ", "2"), "D": "3", "T": "3", "L": "4", "M": "5", "N": "5",
     "R": "6", **dict.fromkeys("AEIOUY", "0"), **dict.fromkeys("HW", "")}
)  # fmt: skip


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.upper())
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    found = re.sub(r"[^A-Z\s]", "", re.sub(r"[.,/]", " ", kept)).split()
    return [word for word in found if word not in TITLES]


def forename(text: str) -> str | None:
    """A forename in its standard spelling: the first given name, in capitals, short forms made full."""
    words = _words(text)
    if not words or words[0] in NO_NAME:
        return None
    return SHORT_FORMS.get(words[0], words[0])


def surname(text: str) -> str | None:
    """A surname in its standard spelling: capitals without accents, hyphens, apostrophes, spaces and titles."""
    joined = "".join(_words(text))
    return None if not joined or joined in NO_NAME else joined


def soundex(name: str) -> str:
    """The Soundex code of a name in capitals: its first letter and three digits for how it goes on."""
    digits = name[:1].translate(_SOUND) or "-"
    before = digits
    code = name[:1]
    for letter in name[1:]:
        digit = letter.translate(_SOUND)
        if digit == "":  # H and W do not part two letters that sound alike
            continue
        if digit not in ("0", before):
            code += digit
        before = digit
    return (code + "000")[:4]


def _mapped(column: pl.Series, function: Callable[[str], str | None]) -> pl.Series:
    """A function of text applied to a column, once for each text that occurs in it."""
    different = column.drop_nulls().unique()
    made = pl.Series([function(text) for text in different], dtype=pl.String)
    return column.replace_strict(different, made, default=None, return_dtype=pl.String)


def text_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns as text without spaces around it; what is blank becomes null."""
    stripped = pl.all().cast(pl.String).str.strip_chars()
    return frame.select(pl.when(stripped != "").then(stripped))


def born(column: str) -> pl.Expr:
    """A date of birth as it is written; null where it is no date (31 February) or stands for not known."""
    date = pl.col(column).str.to_date("%Y-%m-%d", strict=False, exact=True)
    usual = ~pl.col(column).is_in(NO_BIRTH) & (pl.col(column).str.len_bytes() == 10)
    return pl.when(date.is_not_null() & usual).then(column)


def parts(frame: pl.DataFrame, *, synthetic: bool = False) -> pl.DataFrame:
    """The parts that keys are made of, without those that `CUT` has, from an identified extract whose columns are text.

    A test number (999...) counts as no number, except in synthetic data, which have no others.
    """
    usable = [status for status in nhs_number.STATUSES if nhs_number.usable(status, synthetic)]
    compact = pl.col("postcode").str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
    formed = compact.str.contains(r"^[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}$") & ~compact.str.starts_with(NO_POSTCODE)
    given, family = _mapped(frame["forename"], forename), _mapped(frame["surname"], surname)
    sounds = [_mapped(given, soundex).alias("forename_sound"), _mapped(family, soundex).alias("surname_sound")]
    made = frame.select("nhs_number", "birth_date", "sex", "postcode").with_columns(
        given.alias("forename"),
        family.alias("surname"),
        *sounds,
        nhs_number.statuses(frame["nhs_number"]).alias("nhs_status"),
        nhs_number.normalised(frame["nhs_number"]).alias("nhs"),
        born("birth_date").alias("born"),
        pl.when(pl.col("sex").is_in(["M", "F"])).then("sex"),
        pl.when(formed).then(compact).alias("postcode"),
    )
    one, other = pl.col("forename"), pl.col("surname")
    day, month = pl.col("born").str.slice(8, 2), pl.col("born").str.slice(5, 2)
    return made.with_columns(
        pl.when(pl.col("nhs_status").is_in(usable)).then("nhs").alias("nhs"),
        pl.when(one <= other).then(pl.concat_str(one, other, separator="+"))
        .otherwise(pl.concat_str(other, one, separator="+")).alias("names"),
        pl.when(day <= month).then(day + month).otherwise(month + day).alias("born_days"),
    ).drop("nhs_number", "birth_date")  # fmt: skip


def part(name: str) -> pl.Expr:
    """One part of the keys, as a column."""
    whole, letters = CUT.get(name, (name, None))
    return pl.col(whole) if letters is None else pl.col(whole).str.head(letters)


def composite(key: Key) -> pl.Expr:
    """The text that is hashed for a key; null where a part is missing. The code keeps the keys apart."""
    return pl.concat_str(pl.lit(key.code), *map(part, key.parts), separator="|").alias(key.code)


def composites(frame: pl.DataFrame) -> list[Callable[[], keyed_hash.Padded]]:
    """The same for all keys, each to be put together when it is wanted: the parts as bytes are shared."""
    wanted = {CUT.get(name, (name,))[0] for key in KEYS for name in key.parts}
    whole = {name: keyed_hash.texts(frame[name]) for name in wanted}

    def column(name: str) -> keyed_hash.Texts:
        return whole[CUT[name][0]].head(CUT[name][1]) if name in CUT else whole[name]

    return [partial(keyed_hash.joined, f"{key.code}|", [column(name) for name in key.parts]) for key in KEYS]
