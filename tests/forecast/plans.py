"""Small plans for the forecast's tests, made from the plan tests' compact plan with some texts changed."""

from __future__ import annotations

from pathlib import Path

from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from tests.plan.small import files, write


def plan(folder: Path, changes: dict[str, list[tuple[str, str]]] | None = None, **whole: str) -> Plan:
    """The small plan with `changes` (file: [(old, new), ...]) made and `whole` files (name without .csv) replaced."""
    content = files()
    for name, pairs in (changes or {}).items():
        for old, new in pairs:
            assert old in content[name], (name, old)
            content[name] = content[name].replace(old, new)
    for name, text in whole.items():
        content[f"{name}.csv"] = text
    return read_plan(write(folder, content))


NO_EFFECT = {
    "effects.csv": [
        ("pert,0,0.15,0.3,range", "fixed,,0,,"),
        ("triangular,0,60,120,range", "fixed,,0,,"),
        ("pert,0,0.02,0.05,range", "fixed,,0,,"),
        ("normal,0.02,0.06,0.1,p5-p95", "fixed,,0,,"),
        ("lognormal,0.05,0.1,0.2,p10-p90", "fixed,,0,,"),
        ("uniform,50,100,200,range", "fixed,,0,,"),
    ],
    "scenarios/as-planned/effects.csv": [("e-home,0.1", "e-home,0")],
}
