"""Splink on the records that `bench_link.py` wrote: its time, memory, precision and recall at a probability of .95."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path


def main() -> None:
    """Train on the data, predict, and compare with who is who."""
    import logging

    import duckdb
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    folder = Path(sys.argv[1])
    base = duckdb.connect()
    for code in ("uhl", "council"):
        path = folder / f"extract-{code}.parquet"
        base.execute(
            f"CREATE TABLE {code} AS SELECT local_id AS unique_id, nullif(replace(nhs_number, ' ', ''), '') AS nhs, "
            f"nullif(upper(forename), '') AS forename, nullif(upper(surname), '') AS surname, "
            f"nullif(birth_date, '') AS born, nullif(postcode, '') AS postcode FROM read_parquet('{path}')"
        )
    start = time.perf_counter()
    pairs = (("born", "surname"), ("born", "forename"), ("postcode", "forename"), ("postcode", "born"))
    blocks = [block_on("nhs"), block_on("surname", "postcode"), *(block_on(*pair) for pair in pairs)]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.ExactMatch("nhs"), cl.JaroWinklerAtThresholds("forename", [0.9]),
            cl.JaroWinklerAtThresholds("surname", [0.9]), cl.LevenshteinAtThresholds("born", [1, 2]),
            cl.ExactMatch("postcode"),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )  # fmt: skip
    api = DuckDBAPI(base)
    try:
        linker = Linker(["uhl", "council"], settings, db_api=api)
    except Exception:  # noqa: BLE001  (version 5 takes registered tables)
        linker = Linker([api.register("uhl"), api.register("council")], settings)
    sure = [block_on("nhs"), block_on("born", "surname", "forename")]
    linker.training.estimate_probability_two_random_records_match(sure, 0.9)
    linker.training.estimate_u_using_random_sampling(2e6)
    for rule in (block_on("born", "surname"), block_on("postcode", "forename")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    predicted = linker.inference.predict(threshold_match_probability=0.95)
    took = time.perf_counter() - start
    found, right, true = base.execute(
        f"WITH t AS (SELECT local_id, truth FROM read_parquet('{folder}/truth.parquet')) "
        f"SELECT count(*), count(*) FILTER (l.truth = r.truth), (SELECT count(*) FROM t AS a JOIN t AS b USING (truth) "
        f"WHERE a.local_id < b.local_id) FROM {predicted.physical_name} AS p JOIN t AS l ON p.unique_id_l = l.local_id "
        "JOIN t AS r ON p.unique_id_r = r.local_id"
    ).fetchone()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Splink, p >= .95: {took:.0f} s, {peak:.0f} MiB, precision {right / found:.4f}, recall {right / true:.4f}")


if __name__ == "__main__":
    main()
