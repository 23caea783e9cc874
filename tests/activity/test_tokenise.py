"""Tokens: the same as the library's HMAC, nothing identified in any output, and an extract that is mended by row."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bettercare.activity import extract_rows, key_file, keyed_hash, match_keys, rotation, tokenise, tokenise_files
from bettercare.foundation.problems import Problems, UsageError

SECRET = bytes(range(32))
PEOPLE = (
    "local_id,nhs_number,forename,surname,birth_date,sex,postcode,ethnic_group,zone,residence,recorded_on\n"
    "A1,943 476 5919,Mr Bill,O'Neil-Smith,1950-02-03,M,le1 5ww,white,E01013600,home,2014-03-01\n"
    'A2,,"Zoë, Anne",Żak,1961-12-30,F,LE2 1AA,,E01013601,,2014-03-02\n'
)
ASKED = tokenise_files.Asked("uhl", "planning", extracted_at="2014-04-20T09:00:00")


def write(folder: Path, text: str | bytes, name: str = "extract.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@settings(max_examples=30, deadline=None)
@given(st.lists(st.none() | st.text(max_size=200), max_size=150), st.binary(min_size=1, max_size=100))
def test_tokens_are_those_of_the_library(texts: list[str | None], key: bytes) -> None:
    texts = [None if text is None else text.encode("utf-8", "ignore").decode() for text in texts]
    made = keyed_hash.tokens(pl.Series(texts, dtype=pl.String), key).to_list()
    assert made == [None if t is None else hmac.digest(key, t.encode(), "sha256").hex()[:32] for t in texts]
    numbers = keyed_hash.numbers(pl.Series(texts, dtype=pl.String), key).to_list()
    assert numbers == [None if token is None else int(token[:16], 16) for token in made]


@pytest.mark.parametrize("length", [54, 55, 56, 63, 64, 118, 119, 120, 5000])
def test_tokens_where_a_block_ends(length: int) -> None:
    texts = ["a" * length, "b", "c" * (length - 1)]
    made = keyed_hash.tokens(pl.Series(texts), SECRET).to_list()
    assert made == [hmac.digest(SECRET, t.encode(), "sha256").hex()[:32] for t in texts]


def test_soundex_by_the_book() -> None:
    known = {"ROBERT": "R163", "RUPERT": "R163", "RUBIN": "R150", "ASHCRAFT": "A261", "TYMCZAK": "T522",
             "PFISTER": "P236", "HONEYMAN": "H555", "JACKSON": "J250", "LEE": "L000"}  # fmt: skip
    assert {name: match_keys.soundex(name) for name in known} == known


def test_names_in_their_standard_spelling() -> None:
    assert match_keys.forename("Mr  Bill") == match_keys.forename("WILLIAM JOHN") == "WILLIAM"
    assert match_keys.surname("O'Neil-Smith") == match_keys.surname(" oneil smith") == "ONEILSMITH"
    assert match_keys.surname("Żak") == "ZAK"
    assert match_keys.forename("Baby") is match_keys.surname("not known") is match_keys.surname("-") is None


def test_each_key_is_composite_and_the_number_is_corroborated() -> None:
    assert len(match_keys.KEYS) == 12 and all(len(key.parts) > 1 for key in match_keys.KEYS)
    alone = {"nhs", "sex", "initial"}
    assert all(set(key.parts) - alone for key in match_keys.KEYS)


def test_a_missing_part_leaves_its_keys_blank_and_a_test_number_helps_only_the_made_up() -> None:
    row = {"local_id": "1", "nhs_number": "999 000 0018", "forename": "Ann", "surname": "Lee", "sex": "U"}
    row |= {"birth_date": "1950-01-02", "postcode": ""}
    real = tokenise.people(pl.DataFrame([row]), SECRET, "uhl").row(0, named=True)
    made_up = tokenise.people(pl.DataFrame([row]), SECRET, "uhl", synthetic=True).row(0, named=True)
    assert real["nhs_status"] == "test" and real["nhs"] is real["k01"] is None and made_up["nhs"] and made_up["k01"]
    assert {code for code in match_keys.CODES if real[code]} == {"k05"}


def test_a_feed_holds_nothing_identified(tmp_path: Path) -> None:
    made = tokenise_files.run(write(tmp_path, PEOPLE), SECRET, ASKED, tmp_path / "out")
    everything = "\n".join(p.read_text() for p in (tmp_path / "out").rglob("*") if p.is_file()).lower()
    plain = re.sub(r"[0-9a-f]{32,}|e01\d{6}", "", everything)  # tokens hold any digits by chance; zones may stay
    for text in ("943", "476", "bill", "neil", "zak", "żak", "zoë", "zoe", "1950-02", "1961-12", "le1", "5ww", "a1,"):
        assert text not in plain
    manifest: dict[str, Any] = json.loads(made.path.with_suffix(".json").read_text())
    assert manifest["sha256"] == hashlib.sha256(made.path.read_bytes()).hexdigest() and manifest["rows"] == 2
    feed = pl.read_csv(made.path, infer_schema=False)
    assert feed.columns == list(tokenise.PEOPLE_FEED)
    assert feed["person"][0] == hmac.digest(SECRET, b"person|uhl|A1", "sha256").hex()[:32]
    assert feed["k04"][0] == hmac.digest(SECRET, b"k04|WILLIAM|ONEILSMITH|1950-02-03|LE15WW", "sha256").hex()[:32]


def test_blocks_make_no_difference(tmp_path: Path) -> None:
    head, *rows = PEOPLE.splitlines(keepends=True)
    text = head + "".join(rows[i % 2].replace("A1", f"A{i}").replace("A2", f"A{i}") for i in range(50))
    source = write(tmp_path, text)
    whole = tokenise_files.run(source, SECRET, ASKED, tmp_path / "one")
    small = tokenise_files.run(source, SECRET, ASKED, tmp_path / "two", block=100)
    assert whole.path.read_bytes() == small.path.read_bytes() and whole.quality.rows == 50
    twice = write(tmp_path, text + text.splitlines(keepends=True)[7], "twice.csv")
    again = tokenise_files.run(twice, SECRET, ASKED, tmp_path / "three", block=100)
    assert again.path.read_bytes() == whole.path.read_bytes()
    assert "row 52, local_id: is there twice" in again.report.read_text()


def test_bad_rows_are_named_without_their_values(tmp_path: Path) -> None:
    head, first, second = PEOPLE.splitlines(keepends=True)
    good = "".join(first.replace("A1", f"B{i}") for i in range(60))
    bad = second.replace("1961-12-30", "1961-02-31") + first.replace("E01013600", "943 476 5919")
    bad += first.replace("A1", "")
    made = tokenise_files.run(write(tmp_path, head + good + bad), SECRET, ASKED, tmp_path)
    text = made.report.read_text()
    assert "row 62, birth_date: is no date; it was left blank." in text
    assert "row 63, zone: is not of the form" in text and "row 64, local_id: is blank." in text
    assert "476" not in text and made.manifest["rows"] == 61
    with pytest.raises(Problems) as caught:
        tokenise_files.run(write(tmp_path, head + bad), SECRET, ASKED, tmp_path / "none")
    assert "more than 5%" in str(caught.value) and "476" not in str(caught.value)
    assert not list((tmp_path / "none").glob("*.*"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no header"),
        (b"Smith,John\n", "neither an extract"),
        (PEOPLE.replace("zone", "Smith").encode(), "column 9 is not a column"),
        (PEOPLE.replace("surname,", "").encode(), "surname: the column is missing"),
        (PEOPLE.encode() + b"A3,x\xff\n", "row 4: is not UTF-8"),
        (PEOPLE.encode() + b"A3,,Ann,Lee,1950-01-01,F,LE1 1AA,,,,2014-01-01,more\n", "row 4: has 12 cells"),
        (PEOPLE.encode() + b'A3,"Ann\n', "quotation mark"),
        (PEOPLE.encode().splitlines(keepends=True)[0], "holds no rows"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(Problems) as caught:
        tokenise_files.run(write(tmp_path, text), SECRET, ASKED, tmp_path / "out")
    assert said in str(caught.value)
    assert "Smith" not in str(caught.value) and "Ann" not in str(caught.value)
    assert not list((tmp_path / "out").glob("*.*"))


def test_events_lose_their_numbers_and_keep_the_rest(tmp_path: Path) -> None:
    text = "local_id,record_id,event,start,end,service,diagnosis,diagnoses\n"
    text += "A1,R9,spell,2014-01-31T23:10,2014-02-03,emergency-medical,J44.1,I10;E11.9\n"
    made = tokenise_files.run(write(tmp_path, text), SECRET, ASKED, tmp_path)
    row = pl.read_csv(made.path, infer_schema=False).row(0, named=True)
    people = tokenise_files.run(write(tmp_path, PEOPLE), SECRET, ASKED, tmp_path)
    assert row["person"] == pl.read_csv(people.path, infer_schema=False)["person"][0]
    assert (row["diagnoses"], row["start"], made.manifest["from"]) == ("I10;E11.9", "2014-01-31T23:10", "2014-01")
    shifted = text + "A1,R8,spell,2014-01-31,,LE1 5WW,,\n"
    with pytest.raises(Problems, match="row 3, service"):
        tokenise_files.run(write(tmp_path, shifted), SECRET, ASKED, tmp_path / "other")
    with pytest.raises(UsageError, match="is there already"):
        tokenise_files.run(write(tmp_path, text), SECRET, ASKED, tmp_path)


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key_file.new(path, "planning")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(key_file.read(path, "planning")) == 32
    with pytest.raises(UsageError, match="there already"):
        key_file.new(path, "planning")
    with pytest.raises(UsageError, match="another purpose"):
        key_file.read(path, "research")
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        key_file.read(path, "planning")
    weak = tmp_path / "weak"
    for text in ("abc", "0" * 64, ""):
        handle = os.open(weak, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(handle, text.encode())
        os.close(handle)
        with pytest.raises(UsageError, match="strong enough"):
            key_file.read(weak, "planning")
    with pytest.raises(UsageError, match="There is no key file"):
        key_file.read(tmp_path / "none", "planning")


def test_a_new_key_and_a_bridge() -> None:
    new = SECRET[::-1]
    frame = pl.DataFrame({"local_id": ["1", "2", "2"], "record_id": ["a", "b", "c"]})
    old, fresh = (tokenise.events(frame, key, "uhl") for key in (SECRET, new))
    bridge = rotation.bridge(frame["local_id"], SECRET, new, "uhl")
    assert rotation.brought_over(old, bridge)["person"].to_list() == fresh["person"].to_list()
    with pytest.raises(UsageError, match="lacks"):
        rotation.brought_over(old, bridge.head(1))
    with pytest.raises(UsageError, match="same"):
        rotation.bridge(frame["local_id"], new, new, "uhl")


def test_months_and_codes_are_checked() -> None:
    for months in (("2013-4", "2014-03"), ("2014-04", "2014-03"), ("2013-13", "2014-03")):
        with pytest.raises(UsageError):
            tokenise_files.Asked("uhl", "planning", months)
    with pytest.raises(UsageError):
        tokenise_files.Asked("../uhl", "planning")
    assert extract_rows.month("2013-04", "--from") == "2013-04"
