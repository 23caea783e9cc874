"""Linking 1 million health records with 80,000 social care records, in a process of its own; beside it Splink.

Splink (its probabilities trained on the same data) is measured where the variable PEER_PYTHON names a Python that has
it: it is no part of this project. It sees the names themselves, which ours does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from timing import finish, peak_mib, report, seconds

HEALTH, SOCIAL = 1_000_000, 80_000
PEER = Path(__file__).with_name("peer_splink.py")


def world(folder: Path) -> None:
    """Write feeds and extracts of two registers, and who is who."""
    from bettercare.activity import keyed_hash, synth_errors, synth_people, tokenise
    from bettercare.activity.nhs_number import check_digit
    from bettercare.plan.read import read_plan

    feeds: dict[str, list[pl.DataFrame]] = {"uhl": [], "council": []}
    extracts: dict[str, list[pl.DataFrame]] = {"uhl": [], "council": []}
    truth = []
    for seed in (1, 2):  # the range of NHS numbers for tests holds too few for one world
        people = synth_people.people(read_plan("llr"), HEALTH // 2, seed, synth_people.day("2013-06-30"))
        if seed == 2:
            nine = [f"888{i:06}" for i in range(1_000_000)]
            people.nhs[:] = [f"{n}{check_digit(n)}" for n in nine if check_digit(n) != 10][: len(people)]
        draw = np.random.default_rng(seed)
        for code, kind, number in (("uhl", "trust", HEALTH // 2), ("council", "council", SOCIAL // 2)):
            person = np.sort(draw.choice(min(len(people), HEALTH // 2), number, replace=False))
            last, homes = np.full(number, synth_people.day("2013-06-01")), np.zeros(len(people), dtype=np.int64)
            extract = synth_errors.extract(people, person, last, homes, (code, kind), seed)
            extract = extract.with_columns((f"{seed}" + pl.col("local_id")).alias("local_id"))
            numbers = pl.Series([f"{seed}{one}" for one in synth_errors.local_ids(code, person, seed)])
            feed = tokenise.people(extract, b"k" * 32, code, synthetic=True)
            feeds[code].append(feed)
            token = keyed_hash.tokens(tokenise.person_text(numbers, code), b"k" * 32)
            known = pl.DataFrame({"person": token, "local_id": numbers, "truth": person + seed * 10_000_000})
            truth.append(known.with_columns(organisation=pl.lit(code)))
            extracts[code].append(extract)
    numbers_of = [pl.col(c).str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64) for c in ("nhs", *_codes())]
    for code in feeds:
        pl.concat(feeds[code]).with_columns(numbers_of).write_parquet(folder / f"{code}.parquet")
        pl.concat(extracts[code]).write_parquet(folder / f"extract-{code}.parquet")
    pl.concat(truth).write_parquet(folder / "truth.parquet")


def _codes() -> tuple[str, ...]:
    from bettercare.activity.match_keys import CODES

    return CODES


def linked(folder: Path) -> None:
    """Link and say how good it is; run in a process of its own."""
    from bettercare.activity import link, link_quality

    frames = {code: pl.read_parquet(folder / f"{code}.parquet") for code in ("uhl", "council")}
    found: list[pl.DataFrame] = []
    core = time.process_time()
    took = seconds(lambda: found.append(link.link_people(frames)))
    core, peak = time.process_time() - core, peak_mib()
    truth = pl.read_parquet(folder / "truth.parquet")
    good = link_quality.against_truth(found[0], truth.select("organisation", "person", "truth"))
    kept = [report("link 1,000,000 with 80,000", took, 60.0), report("peak memory", peak, 2048, "MiB")]
    print(f"  {core:.1f} s of a core; load {os.getloadavg()[0]:.0f}")
    print(f"  precision {good.precision:.4f}, recall {good.recall:.4f}")
    kept += [report("precision", good.precision, 0.99, "", at_least=True)]
    kept += [report("recall", good.recall, 0.95, "", at_least=True)]
    finish(*kept)


def main() -> None:
    """Make the records, link them in a fresh process, and run the peer on them."""
    if len(sys.argv) > 1:
        linked(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as name:
        world(Path(name))
        missed = subprocess.call([sys.executable, __file__, name])
        if peer := os.environ.get("PEER_PYTHON"):
            subprocess.call([peer, str(PEER), name])
    sys.exit(missed)


if __name__ == "__main__":
    main()
