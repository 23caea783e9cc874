"""`bettercare run` and `backtest`: exit codes, files, JSON and what the terminal shows."""

from __future__ import annotations

import json
import tomllib
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bettercare.cli import app, main
from bettercare.engines.forecast import Forecast
from bettercare.reporting import terminal
from bettercare.reporting.as_json import MEASURES, as_json
from bettercare.reporting.material import Material
from bettercare.reporting.screen import lines
from bettercare.reporting.write import write
from tests.plan.small import files
from tests.plan.small import write as write_plan
from tests.reporting.conftest import ABOUT

ONLY = ("--draws", "30", "--seed", "3")


def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """Exit code, output and errors of the command line."""
    monkeypatch.setattr("sys.argv", ["bettercare", *words])
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def test_run_writes_its_files(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    code, said, _ = call(capsys, monkeypatch, "run", str(folder), *ONLY, "--out", str(out))
    assert code == 0
    assert {p.name for p in out.iterdir()} == {"report.html", "results.parquet", "results.csv", "run.toml"}
    about = tomllib.loads((out / "run.toml").read_text())
    assert about["seed"] == 3
    assert about["draws"] == 30
    assert about["scenarios"] == ["do-nothing", "as-planned"]
    assert about["fingerprint"].startswith(about["revision"])
    assert said.splitlines()[0].startswith("Checked small")
    assert said.splitlines()[-1] == f"Report: {out / 'report.html'}"
    table = pl.read_parquet(out / "results.parquet")
    assert table.height == pl.read_csv(out / "results.csv").height
    assert {"scenario", "statistic", "year", "measure", "value", "unit", "badge"} <= set(table.columns)


def test_json_has_the_promised_shape(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("run", str(folder), *ONLY, "--json", "--no-report", "--out", str(tmp_path / "out"))
    code, said, _ = call(capsys, monkeypatch, *words)
    assert code == 0
    found = json.loads(said)
    assert found["seconds"] > 0
    assert len(found["revision"]) == 12
    assert not (tmp_path / "out" / "report.html").exists()
    for years in found["scenarios"].values():
        assert set(years) == {"2013/14", "2014/15", "2015/16"}
        for measures in years.values():
            assert set(measures) == set(MEASURES)
            assert all(set(m) == {"p5", "p50", "p95", "mean"} for m in measures.values())


def test_ledgers_in_json_add_up(f: Forecast) -> None:
    found = as_json(f, 1.0)
    for name, years in found["ledger"].items():
        for year, measures in years.items():
            for measure, parts in measures.items():
                mean = found["scenarios"][name][year][measure]["mean"]
                assert sum(parts.values()) == pytest.approx(mean, rel=1e-9, abs=1e-9), (name, year, measure)


def test_same_seed_same_bytes(f: Forecast, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(f, tmp_path / name, ABOUT)
    for file in ("results.parquet", "results.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_one_scenario(folder: Path, tmp_path: Path) -> None:
    words = ["run", str(folder), *ONLY, "--scenario", "as-planned", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert tomllib.loads((tmp_path / "run.toml").read_text())["scenarios"] == ["do-nothing", "as-planned"]
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("nowhere",), 2, "no folder"),
        (("PLAN", "--scenario", "as-plannd"), 2, "as-planned"),
        (("PLAN", "--draws", "3"), 2, "20"),
        (("PLAN", "--threads", "0"), 2, "threads"),
        (("PLAN", "--out", "FILE"), 2, "is a file"),
        (("PLAN", "--no-report", "--patient-flow"), 2, "Give one of them"),
    ],
)
def test_wrong_use(
    words: tuple[str, ...],
    code: int,
    hint: str,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("")
    given = [str(folder) if w == "PLAN" else w for w in words]
    found, out, err = call(capsys, monkeypatch, "run", *given)
    assert found == code
    assert hint in out + err
    assert not (tmp_path / "out").exists()


def test_problems_stop_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = files()
    content["effects.csv"] = content["effects.csv"].replace("emergency,home-team", "emergncy,home-team")
    broken = write_plan(tmp_path / "broken", content)
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capsys, monkeypatch, "run", str(broken))
    assert code == 1
    assert 'Did you mean "emergency"?' in err
    assert err.strip().endswith("Nothing was run.")
    assert not (tmp_path / "out").exists()


def test_the_bar_says_what_it_waits_for() -> None:
    console = Console(file=StringIO(), force_terminal=True)
    with terminal.progress(console, "Simulating") as step:
        step(1, 2)
    assert "Simulating" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_screen_fits(m: Material) -> None:
    shown = lines(m)
    assert len(shown) <= 48
    assert all(len(line) <= 80 for line in shown)
    assert shown[0] == "IF NOTHING IS DONE, 2015/16"


def test_backtest(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, said, _ = call(capsys, monkeypatch, "backtest", str(folder))
    assert code == 0
    assert "had not seen 1" in said
    code, said, _ = call(capsys, monkeypatch, "backtest", str(folder), "--json")
    found = json.loads(said)
    assert code == 0
    assert {r["scenario"] for r in found["scores"]} == {"do-nothing", "as-planned"}
    assert found["coverage"]


def test_backtest_on_other_observations(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = call(capsys, monkeypatch, "backtest", str(folder), "--observations", str(tmp_path))
    assert code == 2
    assert "observations.csv" in err
    rows = (
        (folder / "observations.csv")
        .read_text()
        .replace("2014/15,Monthly", "2015/16,Monthly")
        .replace("2014/15,14350", "2015/16,99999")
    )
    (tmp_path / "observations.csv").write_text(rows)
    code, said, _ = call(capsys, monkeypatch, "backtest", str(folder), "--observations", str(tmp_path))
    assert code == 0
    assert "OUTSIDE" in said
    (tmp_path / "observations.csv").write_text(rows.replace("admissions,2015", "admisions,2015"))
    code, _, err = call(capsys, monkeypatch, "backtest", str(folder), "--observations", str(tmp_path))
    assert code == 1
    assert 'Did you mean "admissions"?' in err
