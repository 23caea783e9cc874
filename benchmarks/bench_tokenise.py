"""`bettercare tokenise`: records a second of a register and of events, from file to file, beside a plain `hmac` loop.

The loop makes the same tokens of the same people with Python's own library, a person at a time, on one core.
"""

from __future__ import annotations

import hmac
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from bettercare.activity import match_keys, synth_errors, synth_people, tokenise, tokenise_files
from bettercare.plan.read import read_plan
from timing import finish, peak_mib, report

PEOPLE = 500_000
LOOP = 10_000
SECRET = bytes(range(32))


def extracts(folder: Path, number: int) -> pl.DataFrame:
    """Write an extract of people and one of events; the people."""
    people = synth_people.people(read_plan("llr"), number, 1, synth_people.day("2015-06-30"))
    who = np.arange(len(people))
    last, homes = np.full(len(people), synth_people.day("2014-06-01")), np.zeros(len(people), dtype=np.int64)
    frame = synth_errors.extract(people, who, last, homes, ("uhl", "trust"), 1)
    frame.write_csv(folder / "people.csv")
    frame.select(
        "local_id", record_id="R" + pl.int_range(pl.len()).cast(pl.String), event=pl.lit("spell"),
        start=pl.lit("2014-01-31T23:10"), end=pl.lit("2014-02-03T11:00"), service=pl.lit("emergency-medical"),
        site=pl.lit("lri"), method=pl.lit("emergency"), diagnosis=pl.lit("J44.1"), cost_gbp=pl.lit("1500.00"),
    ).write_csv(folder / "events.csv")  # fmt: skip
    return frame


def loop(frame: pl.DataFrame, key: bytes) -> list[str]:
    """What a plain program does: one call of `hmac` for each token. The texts are made beforehand, for nothing."""
    parts = match_keys.parts(match_keys.text_columns(frame.select(tokenise.PEOPLE)), synthetic=True)
    made = parts.select(
        ("person|uhl|" + frame["local_id"]).alias("person"),
        ("nhs|" + pl.col("nhs")).alias("nhs"),
        *(match_keys.composite(one) for one in match_keys.KEYS),
    )
    rows = made.rows()
    start = time.perf_counter()
    out = [hmac.digest(key, text.encode(), "sha256").hex()[:32] if text else "" for row in rows for text in row]
    speed = len(rows) / (time.perf_counter() - start)
    print(f"plain loop of hmac, {len(rows):,} people: {speed:,.0f} a second on one core")
    return out


def main() -> None:
    """Measure both kinds; the first, small run compiles."""
    asked = tokenise_files.Asked("uhl", "planning", synthetic=True)
    number = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    kept = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        extracts(folder, 2000)
        tokenise_files.run(folder / "people.csv", SECRET, asked, folder / "warm")
        frame = extracts(folder, number)
        for kind in ("people", "events"):
            wall, cpu = time.perf_counter(), time.process_time()
            tokenise_files.run(folder / f"{kind}.csv", SECRET, asked, folder / "out")
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            kept.append(report(f"{kind}: records tokenised a second", len(frame) / wall, 200_000, "/s", at_least=True))
            each = cpu / len(frame) * 1e6
            print(f"  {each:.1f} millionths of a second of a core for each; load {os.getloadavg()[0]:.0f}")
        made = pl.read_csv(folder / "out/uhl-people.csv", infer_schema=False, n_rows=LOOP)
        expected = loop(frame.head(LOOP), SECRET)
        same = made.select("person", "nhs", *match_keys.CODES).fill_null("").rows() == [
            tuple(expected[i : i + 14]) for i in range(0, len(expected), 14)
        ]
        print("the loop makes the same tokens" if same else "THE LOOP MAKES OTHER TOKENS")
        kept += [same, report("peak memory", peak_mib(), 3072, "MiB")]
    finish(*kept)


if __name__ == "__main__":
    main()
