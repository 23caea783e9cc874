"""The command line: what it prints, its exit codes, and that its help is quick."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plan import small


def bettercare(*arguments: str, cwd: Path | None = None, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line; `typed` is how a script that starts it was called."""
    command = [sys.executable, "-m", "bettercare.cli", *arguments]
    variables = {name: value for name, value in os.environ.items() if name != "BETTERCARE_COMMAND"}
    if typed:
        variables["BETTERCARE_COMMAND"] = typed
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120, env=variables)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.build(tmp_path_factory.mktemp("small"))


def test_check_of_a_right_plan(folder: Path) -> None:
    done = bettercare("check", str(folder))
    assert done.returncode == 0, done.stderr
    assert "No problems. Revision b068e9c6d3a0." in done.stdout


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
    assert report["revision"] == "b068e9c6d3a0"
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
    assert done.stdout == "No difference. Revisions b068e9c6d3a0 and b068e9c6d3a0.\n"
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

    for asked in ("version", "--version"):
        done = bettercare(asked)
        assert (done.returncode, done.stdout) == (0, version("bettercare") + "\n")


def test_hints_name_the_command_as_it_was_typed(folder: Path, tmp_path: Path) -> None:
    done = bettercare("new", "my plan", "--from", str(folder), cwd=tmp_path)
    assert done.stdout.endswith('Next: bettercare check "my plan"\n')
    done = bettercare("new", "mine", "--from", str(folder), cwd=tmp_path, typed="./bct")
    assert done.stdout.endswith("Next: ./bct check mine\n")
    assert "(./bct check llr --json lists all)" in bettercare("check", "llr", typed="./bct").stdout
    assert bettercare("chek", typed="./bct").stderr.startswith("Usage: ./bct ")
    (tmp_path / "mine" / "plan.toml").unlink()
    done = bettercare("check", "mine", cwd=tmp_path, typed="./bct")
    assert "plan.toml: the file is missing. Every plan needs it; ./bct new writes one." in done.stdout


@pytest.mark.skipif(shutil.which("sh") is None, reason="bct is for POSIX shells")
def test_bct_says_how_it_was_typed(tmp_path: Path) -> None:
    """With everything in place, bct only hands over: here to a program that prints what it was given."""
    root = Path(__file__).parents[2]
    for name in ("bct", "pyproject.toml", "requirements"):
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, tmp_path / name)
    program = tmp_path / ".venv" / "bin" / "bettercare"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$BETTERCARE_COMMAND: $*"\n')
    program.chmod(0o755)
    text = (root / "bct").read_text()
    start = text.index("fingerprint()")
    sums = text[start : text.index("\n", start)]
    stamp = f'root=$PWD\n{sums}\nprintf "core %s %s\\n" "$root" "$(fingerprint)" >.venv/bct.stamp'
    subprocess.run(["sh", "-c", stamp], cwd=tmp_path.resolve(), check=True)
    for words, said in ((("check", "x y"), "./bct: check x y\n"), (("demo",), "./bct: run llr --out out\n")):
        place, variables = tmp_path.resolve(), {**os.environ, "PYTHON": "/nowhere"}  # should it want to install
        done = subprocess.run(["./bct", *words], cwd=place, env=variables, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr, done.returncode) == (said, "", 0)


STOPPED = """
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
import bettercare.cli, {module}
assert "typer" not in sys.modules  # so that the answer to Ctrl-C is there before anything slow is imported
def busy(*_, **__):
    print("begun", flush=True)
    with ThreadPoolExecutor(2) as pool:  # a thread that nothing interrupts
        pool.submit(time.sleep, 600)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(600)
{module}.{name} = busy
sys.argv = ["bettercare", *{words}]
bettercare.cli.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
@pytest.mark.parametrize(
    ("module", "name", "words", "said"),
    [
        ("bettercare.plan.read", "check", ["check", "llr"], "Stopped. Nothing was written.\n"),
        ("bettercare.plan.new", "new_plan", ["new", "x"], "Stopped. Nothing more was written.\n"),
        ("bettercare.plan.workbook_read", "import_plan", ["import", "a", "b"], "Stopped. Nothing more was written.\n"),
        ("bettercare.plan.read", "read_plan", ["serve", "llr"], "Stopped. The workspace keeps what was saved in it.\n"),
        (
            "bettercare.workspace.setup",
            "configure",
            ["invite", "a@example.org", "--partner", "uhl", "--database", "sqlite:///x"],
            "Stopped. If no link was shown, invite again.\n",
        ),
        (
            "bettercare.workspace.setup",
            "configure",
            ["paper", "--meeting", "1", "--out", "x.pdf", "--database", "sqlite:///x"],
            "Stopped. Nothing more was written.\n",
        ),
    ],
)
def test_ctrl_c_is_a_line(tmp_path: Path, module: str, name: str, words: list[str], said: str) -> None:
    code = STOPPED.format(module=module, name=name, words=words)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "begun\n", said)


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
