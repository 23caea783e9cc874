"""The examples in the documentation and the README run, in order, page by page.

A block marked `python` is run; a block marked `console` has its `$` lines run in a shell's place and what is printed
compared with what the page shows (`...` stands for anything). Every other mark (`sh`, `text`, `toml`) is only shown.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[1]
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run_console(example: Example) -> str | None:
    """Run the commands of a console block; the text of the first difference, or None."""
    for step in re.split(r"^\$ ", str(example.parsed), flags=re.MULTILINE)[1:]:
        command, _, expected = step.partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "bettercare", f"only bettercare is run in the documentation, not {program}"
        script = Path(sys.executable).with_name("bettercare")
        environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
        done = subprocess.run(
            [script, *arguments], capture_output=True, text=True, env=environment, timeout=300, check=False
        )
        if done.returncode != 0:
            return f"$ {command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
        if not doctest.OutputChecker().check_output(expected, done.stdout, SAME):
            return f"$ {command}\nprinted:\n{done.stdout}\nThe page shows:\n{expected}"
    return None


PAGES = Sybil(parsers=[CodeBlockParser("console", run_console), PythonCodeBlockParser(), SkipParser()])
DOCUMENTS = {
    str(path.relative_to(ROOT)): list(PAGES.parse(path).examples())
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}


@pytest.mark.parametrize("page", [page for page, examples in DOCUMENTS.items() if examples])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in DOCUMENTS[page]:
        example.evaluate()


def test_every_table_is_documented() -> None:
    """The reference page is made from the schema; it must hold every table and column of it."""
    import importlib.util

    from bettercare.plan.schema import schema

    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec
    assert spec.loader
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    page = hooks.tables_page()
    for table in schema().values():
        assert f"## {table.name} " in page
        section = page.split(f"## {table.name} ")[1].split("\n## ")[0]
        assert all(f"| `{column}` |" in section for column in table.names)


def test_locks_hold_no_address() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        assert "://" not in lock.read_text()
