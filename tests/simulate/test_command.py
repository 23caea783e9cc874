"""`bettercare simulate` from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

NAMED = {
    "mean_occupancy", "p95_occupancy", "share_waiting_over_4h_for_a_bed", "share_in_ae_over_4h",
    "delayed_transfer_days", "cancelled",
}  # fmt: skip


def bettercare(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("bettercare")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_the_textbook_queue_prints_exact_and_simulated_waits(tmp_path: Path) -> None:
    done = bettercare("simulate", "llr", "--erlang", "50", "0.9", "--json", cwd=tmp_path)
    measures = {one["measure"]: one for one in json.loads(done.stdout)["measures"]}
    assert measures["mean wait, days"]["exact"] == pytest.approx(0.072773, abs=5e-6)
    assert measures["share who wait"]["exact"] == pytest.approx(0.363864, abs=5e-6)
    for one in measures.values():
        half = (one["high"] - one["low"]) / 2.0
        assert abs(one["mean"] - one["exact"]) < 2.0 * half
    words = bettercare("simulate", "llr", "--erlang", "50", "0.9", cwd=tmp_path)
    assert words.returncode == 0
    assert "0.07277" in words.stdout


def test_json_has_every_site_and_service_for_both_scenarios(tmp_path: Path) -> None:
    done = bettercare(
        "simulate", "llr", "--scenario", "two-acute-sites", "--year", "2018/19", "--replications", "2", "--seed", "1",
        "--json", "--no-one-more", "--out", "out", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["scenarios"]) == {"do-nothing", "two-acute-sites"}
    for sites in found["scenarios"].values():
        ward = sites["lri"]["emergency-medical"]
        assert set(ward) >= NAMED
        assert set(ward["mean_occupancy"]) == {"mean", "low", "high"}
        assert 0.5 < ward["mean_occupancy"]["mean"] <= 1.0
        assert sites["lri"]["ae-major"]["share_in_ae_over_4h"]["mean"] > 0.0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "patient-flow.html", "patient-flow.csv", "patient-flow.parquet", "patient-flow-delays.csv", "replay.html",
        "simulate.toml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["llr", "--scenario", "two-acute-site"], 2, "two-acute-sites"),
        (["llr", "--late", "I055"], 2, "CODE=MONTHS"),
        (["llr", "--late", "I999=3"], 2, "I999"),
        (["llr", "--late", "I055=nan"], 2, "not a number of months"),
        (["llr", "--year", "1999/00"], 2, "1999/00"),
        (["llr", "--erlang", "50", "1.2"], 2, "utilisation"),
        (["empty"], 1, "nothing to simulate"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    done = bettercare("simulate", *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
