"""Small feeds for the tests: written by hand, with people and events that are made up."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from bettercare.activity.tables import table

AGREEMENTS = (
    "code,controller,processor,purpose,organisation,kinds,legal_basis,impact_assessment,opt_outs_applied,from_date,"
    "expires\n"
    "a-uhl,UHL,Partnership,planning,uhl,people;events,made up,made up,yes,2013-01-01,2099-12-31\n"
    "a-lpt,LPT,Partnership,planning,lpt,people;events,made up,made up,yes,2013-01-01,2099-12-31\n"
)


def token(*parts: object) -> str:
    """A token as the tokeniser would make it: 32 hexadecimal digits."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


def event(organisation: str, person: object, record: object, start: str, **more: object) -> dict[str, object]:
    """A row of an events feed: an emergency spell, unless it says otherwise."""
    row: dict[str, object] = {
        "person": token(organisation, person), "record": token(organisation, "record", record), "event": "spell",
        "start": start, "service": "emergency-medical", "site": "lri", "method": "emergency",
    }  # fmt: skip
    return {**row, **more}


def person(organisation: str, number: object, **more: object) -> dict[str, object]:
    """A row of a people feed; the same number in two organisations has the same match keys."""
    keys = {f"k{i:02}": token("key", i, number) for i in range(1, 13)}
    row: dict[str, object] = {
        "person": token(organisation, number), "recorded_on": "2014-01-01", "nhs_status": "valid",
        "nhs": token("nhs", number), **keys, "sex": "F", "birth_year": 1940, "ethnic_group": "white",
        "zone": "E01013601", "residence": "home",
    }  # fmt: skip
    return {**row, **more}


def text_of(kind: str, rows: list[dict[str, object]]) -> str:
    """The CSV text of a feed."""
    out = io.StringIO()
    writer = csv.DictWriter(out, table(kind).names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(
    folder: Path,
    name: str,
    organisation: str,
    kind: str,
    rows: list[dict[str, object]] | str | bytes,
    /,
    **manifest: Any,
) -> Path:
    """Write a feed and its manifest, and return the path of the table."""
    content = text_of(kind, rows) if isinstance(rows, list) else rows
    data = content if isinstance(content, bytes) else content.encode()
    lines = len(rows) if isinstance(rows, list) else max(data.count(b"\n") - 1, 0)
    path = folder / f"{name}.csv"
    path.write_bytes(data)
    said = {
        "format": 1, "organisation": organisation, "kind": kind, "purpose": "planning", "from": "2013-04",
        "to": "2013-06", "extracted_at": "2013-07-20T09:00:00", "rows": lines,
        "sha256": hashlib.sha256(data).hexdigest(), "key": "0123abcd", "synthetic": True, **manifest,
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(said))
    return path
