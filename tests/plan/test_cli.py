"""The command line: what it prints, its exit codes, and that its help is quick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plan import small


def bettercare(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bettercare.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.build(tmp_path_factory.mktemp("small"))


def test_check_of_a_right_plan(folder: Path) -> None:
    done = bettercare("check", str(folder))
    assert done.returncode == 0, done.stderr
    assert "No problems. Revision 9453fdf191fa." in done.stdout


def test_check_of_the_broken_example() -> None:
    done = bettercare("check", "broken")
    assert done.returncode == 1
    lines = done.stdout.split("\n")
    assert 'effects.csv, row 2, to_service: "home-tam" is not in services.csv. Did you mean "home-team"?' in lines
    assert "effects.csv, row 3: low 80 is above mode 60. Put low, mode and high in rising order." in lines
    closing = next(line for line in lines if line.endswith("Nothing was run."))
    assert int(closing.split()[0]) >= 15
    assert "Traceback" not in done.stdout + done.stderr


def test_check_in_json(folder: Path) -> None:
    report = json.loads(bettercare("check", str(folder), "--json").stdout)
    assert report["ok"]
    assert report["revision"] == "9453fdf191fa"
    broken = json.loads(bettercare("check", "broken", "--json").stdout)
    assert not broken["ok"]
    assert len({problem["message"] for problem in broken["problems"]}) >= 15


def test_wrong_use(tmp_path: Path) -> None:
    done = bettercare("check", "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'There is no folder "nowhere". Shipped examples are llr, empty, broken.\n'
    assert bettercare("check").returncode == 2
    assert "There is no folder" in bettercare("check", "").stderr
    done = bettercare("check", str(tmp_path))
    assert (done.returncode, done.stderr.endswith("is not a plan: it has no plan.toml and none of the tables.\n")) == (
        2,
        True,
    )
    assert bettercare("chek", "llr").returncode == 2


def test_there_and_back(folder: Path, tmp_path: Path) -> None:
    assert bettercare("export", str(folder), "--to", "plan.xlsx", cwd=tmp_path).returncode == 0
    assert bettercare("import", "plan.xlsx", "copy", cwd=tmp_path).returncode == 0
    done = bettercare("diff", str(folder), "copy", cwd=tmp_path)
    assert done.stdout == "No difference. Revisions 9453fdf191fa and 9453fdf191fa.\n"
    again = bettercare("import", "plan.xlsx", "copy", cwd=tmp_path)
    assert again.returncode == 2
    assert '"copy" is there already.' in again.stderr


def test_new_and_diff(folder: Path, tmp_path: Path) -> None:
    assert bettercare("new", "mine", "--from", str(folder), cwd=tmp_path).returncode == 0
    effects = tmp_path / "mine" / "effects.csv"
    effects.write_text(effects.read_text().replace("0,60,120", "0,50,120"))
    done = bettercare("diff", str(folder), "mine", cwd=tmp_path)
    assert "effects.csv: e-falls mode 60 -> 50" in done.stdout.split("\n")
    changes = json.loads(bettercare("diff", str(folder), "mine", "--json", cwd=tmp_path).stdout)["changes"]
    assert [change["file"] for change in changes] == ["plan.toml", "effects.csv"]  # the copy's own name, and the edit
    effects.write_text("code\n")
    done = bettercare("diff", str(folder), "mine", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("In mine:\neffects.csv, row 1, ")


def test_version() -> None:
    from importlib.metadata import version

    assert bettercare("version").stdout.strip() == version("bettercare")


@pytest.mark.parametrize("module", ["bettercare", "bettercare.cli", "bettercare.plan"])
def test_heavy_libraries_are_imported_late(module: str) -> None:
    heavy = "polars", "openpyxl", "numpy", "altair", "rich"
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_there() -> None:
    import bettercare

    assert list(bettercare.__all__) == sorted(bettercare.__all__)
    for name in bettercare.__all__:
        assert getattr(bettercare, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = bettercare.nothing
