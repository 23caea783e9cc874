# ruff: noqa: E501  (tables of junk)
"""Two thousand damaged plans: each gives problems with their file, or reads; none a traceback; nothing is written.

Some of those that read are forecast too: what the check lets through gives numbers.
"""

from __future__ import annotations

import csv
import io
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bettercare import forecast
from bettercare.examples import example_folder
from bettercare.foundation.problems import Problems
from bettercare.plan.plan import Plan
from bettercare.plan.read import check, read_plan
from bettercare.plan.settings import FEWEST_DRAWS
from bettercare.plan.source import LARGEST_FILE
from tests.plan import small

SHARDS, EACH = 20, 100
FORECAST = 3  # of each shard; about one plan in ten reads
LLR_PLANS = int(os.environ.get("BETTERCARE_DAMAGED_LLR", "12"))  # a second each; the author ran 300

JUNK = (
    "", " ", "nan", "inf", "-inf", "-1", "0", "1e400", "9" * 400, "-0", "1e-320", "1e17", "99999999999999999999", "120", "121",
    "=1+1", "#REF!", "Nov-10", "5E+01", "01/02/2014", "2014-02-30", "2013/14", "2013/15", "9998/99", "0000/01", "41912",
    "£5", "20%", "1,000", "½", "²", "１２", "x" * 40_000, "\x1b[31m", "\x00", "\x07", "\u202e", "\ufffd", "\ufffe", "é", "e\u0301",
    "NULL", "TRUE", "yes", "a;b;c", ";;;", "..", "-", '"', "'", "a\nb", "\r", "{}", "%s", "../../etc", "emergency", "e-home",
    "north", "outside", "fixed", "range", "shift", "flow", "live",
)  # fmt: skip
BYTES = (
    b"\x00",
    b"\xff",
    b"\xff\xfe",
    b"\x80",
    b"\xc3",
    b"\n",
    b"\r",
    b'"',
    b",",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b";",
)
Damage = Callable[[Path, random.Random], None]
Entry = tuple[str, int, int]  # path, size, time


def anything(folder: Path) -> list[Path]:
    """The files of the plan that are still of a size to be damaged further."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if name.endswith((".csv", ".toml")) and os.path.isfile(path) and os.path.getsize(path) < 1_000_000:
                found.append(path)
    return [Path(path) for path in sorted(found)]


def tables(folder: Path) -> list[Path]:
    return [path for path in anything(folder) if path.suffix == ".csv"]


def edited(path: Path, edit: Callable[[list[list[str]]], None]) -> None:
    """Change the cells of a CSV file, if it is one still."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8", "replace"))))
    except csv.Error:
        return
    if rows and all(rows):
        edit(rows)
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    path.write_bytes(buffer.getvalue().encode("utf-8", "replace"))


def cells(folder: Path, rng: random.Random) -> None:
    def edit(rows: list[list[str]]) -> None:
        for _ in range(rng.choice((1, 1, 2, 20))):
            row = rng.choice(rows)
            if row:
                row[rng.randrange(len(row))] = rng.choice(JUNK)

    edited(rng.choice(tables(folder)), edit)


def another_cell(folder: Path, rng: random.Random) -> None:
    """A value of the right type from elsewhere in the table: what it says is wrong, not how."""

    def edit(rows: list[list[str]]) -> None:
        if len(rows) > 1:
            row = rng.choice(rows[1:])
            place = rng.randrange(len(row))
            row[place] = rng.choice([r for r in rows[1:] if len(r) > place])[rng.choice((place, -1))]

    edited(rng.choice(tables(folder)), edit)


def rows_gone(folder: Path, rng: random.Random) -> None:
    def edit(rows: list[list[str]]) -> None:
        del rows[rng.randrange(len(rows)) : rng.randrange(len(rows) + 1)]

    edited(rng.choice(tables(folder)), edit)


def rows_twice(folder: Path, rng: random.Random) -> None:
    edited(rng.choice(tables(folder)), lambda rows: rows.append(list(rng.choice(rows))))


def columns_swapped(folder: Path, rng: random.Random) -> None:
    def edit(rows: list[list[str]]) -> None:
        a, b = rng.randrange(len(rows[0])), rng.randrange(len(rows[0]))
        for row in rows[rng.choice((0, 1)) : rng.choice((1, len(rows)))]:
            if len(row) > max(a, b):
                row[a], row[b] = row[b], row[a]

    edited(rng.choice(tables(folder)), edit)


def column_gone(folder: Path, rng: random.Random) -> None:
    def edit(rows: list[list[str]]) -> None:
        place = rng.randrange(len(rows[0]))
        for row in rows:
            del row[place : place + 1]

    edited(rng.choice(tables(folder)), edit)


def file_gone(folder: Path, rng: random.Random) -> None:
    rng.choice(anything(folder)).unlink()


def file_cut(folder: Path, rng: random.Random) -> None:
    path = rng.choice(anything(folder))
    os.truncate(path, rng.randrange(path.stat().st_size + 1))


def file_swapped(folder: Path, rng: random.Random) -> None:
    a, b = rng.choice(anything(folder)), rng.choice(anything(folder))
    one, other = a.read_bytes(), b.read_bytes()
    a.write_bytes(other)
    b.write_bytes(one)


def encoding(folder: Path, rng: random.Random) -> None:
    path = rng.choice(anything(folder))
    text = path.read_bytes().decode("utf-8", "replace") + rng.choice(("", "£", "\n\u2013,,"))
    path.write_bytes(
        text.encode(rng.choice(("utf-16", "latin-1", "cp1252", "utf-32", "utf-7", "utf-8-sig")), "replace")
    )


def separators(folder: Path, rng: random.Random) -> None:
    path = rng.choice(tables(folder))
    path.write_bytes(path.read_bytes().replace(b",", rng.choice((b";", b"\t", b"|", b",,", b'"'))))


def noise(folder: Path, rng: random.Random) -> None:
    path = rng.choice(anything(folder))
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 3, 50))):
        place = rng.randrange(len(content) + 1)
        content[place:place] = rng.choice(BYTES)
    path.write_bytes(content)


def junk(folder: Path, rng: random.Random) -> None:
    rng.choice(anything(folder)).write_bytes(rng.randbytes(rng.choice((0, 1, 1000, 20_000))))


def huge(folder: Path, rng: random.Random) -> None:
    os.truncate(rng.choice(anything(folder)), LARGEST_FILE + 1)


def long_line(folder: Path, rng: random.Random) -> None:
    path = rng.choice(anything(folder))
    path.write_bytes(path.read_bytes() + rng.choice((b'"', b"", b"x = ")) + b"a" * 300_000)


def many_columns(folder: Path, rng: random.Random) -> None:
    rng.choice(tables(folder)).write_bytes(b"," * 5_000 + b"\n")


def no_file(folder: Path, rng: random.Random) -> None:
    path = rng.choice(anything(folder))
    path.unlink()
    rng.choice((path.mkdir, lambda: path.symlink_to(path), lambda: os.mkfifo(path)))()


def stray_file(folder: Path, rng: random.Random) -> None:
    name = rng.choice(
        ("efects.csv", "Effects.CSV", "x.csv", "scenarios/x.csv", "~$effects.csv", "scenarios/x/effects.csv")
    )
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(rng.choice(("", "code\n", "code,mode\ne-home,0.3\n")))


def settings(folder: Path, rng: random.Random) -> None:
    paths = [path for path in anything(folder) if path.suffix == ".toml"]
    if not paths:
        return
    path = rng.choice(paths)
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    place = rng.randrange(len(lines))
    value = rng.choice(('""', "nan", "-inf", "1e999", "[]", "{}", "true", "1979-05-27", "99999999999999999999", '"2013/14"',
                        "07:32:00", "[[1]]", "[" * 3000, '"' + "x" * 40_000 + '"', '"9998/99"', "0x1F", "'''a", "-1", "5"))  # fmt: skip
    key = lines[place].partition("=")[0].strip() or "x"
    lines[place] = rng.choice(("", lines[place] * 2, f"{key} = {value}", "[x.y.z]", "[discount]", "= 1", f"{key}s = 1"))
    path.write_bytes("\n".join(lines).encode("utf-8", "replace"))


DAMAGES: tuple[Damage, ...] = (
    cells, cells, cells, cells, another_cell, another_cell, another_cell, rows_gone, rows_twice, columns_swapped, column_gone,
    file_gone, file_cut, file_swapped, encoding, separators, noise, junk, huge, long_line, many_columns, no_file, stray_file,
    settings, settings,
)  # fmt: skip


def restore(folder: Path, files: dict[str, bytes], before: set[Entry]) -> set[Entry]:
    """The folder as it was, with as little writing as that takes; returns its state. `before` is its last good state."""
    now = state(folder)
    for path, _, _ in now - before:
        if os.path.isdir(path) and not os.path.islink(path):
            if Path(path).relative_to(folder).as_posix() in files or path not in {p for p, _, _ in before}:
                shutil.rmtree(path, ignore_errors=True)
        elif os.path.lexists(path):
            os.unlink(path)
    for name, content in files.items():
        path = folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return state(folder)


def state(folder: Path) -> set[Entry]:
    """Names, sizes and times of everything in a folder."""
    found = set()
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = os.path.join(place, name)
            status = os.lstat(path)
            found.add((path, status.st_size, status.st_mtime_ns))
    return found


def outcome(folder: Path, rng: random.Random) -> Plan | None:
    """Damage the plan and read it: the plan, or None where it was refused; fails on anything but these."""
    for damage in rng.sample(DAMAGES, rng.choice((1, 1, 1, 2, 3))):
        if anything(folder) and tables(folder):
            damage(folder, rng)
    before = state(folder)
    plan: Plan | None = None
    problems = Problems([])
    try:
        plan = read_plan(folder)
    except Problems as found:
        problems = found
    assert state(folder) == before
    if plan is not None:
        assert plan.revision
        for name in plan.scenario_names:
            plan.under(name)
        return plan
    assert problems.items
    for problem in problems.items:
        assert problem.file
        assert problem.message
        assert problem.row is None or problem.row >= 1
        assert not problem.warning
    text = str(problems)
    assert text.endswith("Nothing was run.")
    assert "\x1b" not in text
    return None


def gives_numbers(plan: Plan) -> None:
    """Forecast a plan with as few draws as may be: every value of every scenario is a finite number."""
    for name, result in forecast(plan, draws=FEWEST_DRAWS, threads=1).scenarios.items():
        for key, values in zip(result.keys, result.values, strict=True):
            assert np.isfinite(values).all(), f"{name}: {key}"


@pytest.mark.parametrize("shard", range(SHARDS))
def test_damaged_plans(tmp_path: Path, shard: int) -> None:
    files = {name: text.encode() for name, text in small.files().items()}
    folder = tmp_path / "plan"
    clean: set[Entry] = set()
    plans = []
    for number in range(EACH):
        clean = restore(folder, files, clean)
        plans.append(outcome(folder, random.Random(f"{shard}/{number}")))
    read = [plan for plan in plans if plan is not None]
    assert len(read) < EACH / 2
    for plan in read[:FORECAST]:
        gives_numbers(plan)


@pytest.mark.slow
def test_damaged_copies_of_the_worked_example(tmp_path: Path) -> None:
    source = example_folder("llr")
    paths = [p for p in source.rglob("*") if p.suffix in (".csv", ".toml") and "derive" not in p.parts]
    files = {p.relative_to(source).as_posix(): p.read_bytes() for p in paths}
    folder = tmp_path / "plan"
    clean: set[Entry] = set()
    for number in range(LLR_PLANS):
        clean = restore(folder, files, clean)
        outcome(folder, random.Random(f"llr/{number}"))


def test_a_report_of_a_damaged_plan_is_made_too(tmp_path: Path) -> None:
    files = {name: text.encode() for name, text in small.files().items()}
    rng = random.Random(7)
    clean: set[Entry] = set()
    for _ in range(60):
        clean = restore(tmp_path / "plan", files, clean)
        for damage in rng.sample(DAMAGES, 3):
            damage(tmp_path / "plan", rng)
        report = check(tmp_path / "plan")
        assert str(report)
        assert report.as_dict()["ok"] is report.ok


def test_a_damaged_cell_is_reported_in_its_row(tmp_path: Path) -> None:
    files = small.files()
    files["effects.csv"] = files["effects.csv"].replace("pert,0,0.02,0.05", "pert,0,0..02,0.05")
    with pytest.raises(Problems) as caught:
        read_plan(small.write(tmp_path / "plan", files))
    assert [(p.file, p.row, p.column) for p in caught.value.items] == [("effects.csv", 4, "mode")]
