"""The wheel holds everything that runs need, and `bct` says in a sentence what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
needs_sh = pytest.mark.skipif(shutil.which("sh") is None, reason="bct is for POSIX shells")


def test_the_wheel_holds_schema_examples_and_licences(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    apart = {"__pycache__", "node_modules"}  # made by tools, and what the pages' assets are built from
    files = [p for p in (source / "bettercare").rglob("*") if p.is_file() and not apart & set(p.parts)]
    assert {p.relative_to(source).as_posix() for p in files} <= held
    assert {Path(name).name for name in held if "/licenses/" in name} == {"LICENSE", "LICENCE-DATA.md"}


def bct(folder: Path, answer: str | None, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of bct where the only Python on PATH is one that gives this answer (None: there is none)."""
    tools = folder / "bin"
    tools.mkdir()
    for tool in ("dirname", "cksum", "cat", "rm"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    if answer is not None:
        (tools / "python3").write_text(f"#!/bin/sh\necho '{answer}'\n")
        (tools / "python3").chmod(0o755)
    shutil.copy(ROOT / "bct", folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shell = str(shutil.which("sh"))
    environment = {"PATH": str(tools), "HOME": os.environ.get("HOME", str(folder)), **variables}
    return subprocess.run(
        [shell, str(folder / "bct"), *arguments], env=environment, capture_output=True, text=True, check=False
    )


@needs_sh
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "found none on PATH"),
        ("3.9 old", "found only Python 3.9"),
        ("3.12 bare", "apt-get install python3.12-venv"),
    ],
)
def test_bct_says_what_is_missing(tmp_path: Path, answer: str | None, message: str) -> None:
    done = bct(tmp_path, answer, "setup")
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / ".venv").exists()


@needs_sh
def test_bct_names_a_python_that_does_not_run(tmp_path: Path) -> None:
    done = bct(tmp_path, None, "setup", PYTHON="/nowhere/python")
    assert done.returncode == 1
    assert "PYTHON is set to /nowhere/python" in done.stderr


@needs_sh
def test_bct_without_arguments_helps(tmp_path: Path) -> None:
    done = bct(tmp_path, None)
    assert done.returncode == 0
    assert "./bct demo" in done.stdout
