# ruff: noqa: ISC004  (long strings are lines that a person sees)
"""Pairs of initiatives that may claim the same activity are asked about once, together, with their scenarios."""

from __future__ import annotations

from pathlib import Path

from bettercare.plan.read import check
from tests.plan import small

ASK = "The same, distinct, or sharing how much? Say so in overlaps.csv."
ROW = "e-{n},{who},avoid,{service},,,{where},P,{low},120,1,share,fixed,,0.01,,,weak,,,Judged\n"


def warnings(folder: Path, rows: str, **files: str) -> list[str]:
    """The warnings of the small plan with more effects."""
    content = small.files()
    content["effects.csv"] += rows
    content |= files
    report = check(small.write(folder, content))
    assert report.problems == ()
    return [str(problem) for problem in report.warnings]


def row(n: int, who: str, service: str = "elective", where: str = "", low: int = 0) -> str:
    return ROW.format(n=n, who=who, service=service, where=where, low=low)


def test_pairs_of_one_cohort_are_one_line(tmp_path: Path) -> None:
    four = "".join(row(n, who) for n, who in enumerate(("home-first", "short-stay", "same-day", "falls")))
    assert warnings(tmp_path / "plan", four) == [
        "effects.csv: home-first (e-0), short-stay (e-1), same-day (e-2) and falls (e-3) avoid elective for the same "
        f"people aged 0 and over: 6 pairs, in all scenarios that run both. {ASK}"
    ]


def test_cohorts_are_apart_and_named_by_who_is_in_both(tmp_path: Path) -> None:
    rows = row(0, "home-first") + row(1, "short-stay") + row(2, "falls", where="north", low=65)
    assert sorted(warnings(tmp_path / "plan", rows)) == [
        'effects.csv, row 9: "Home first" (home-first, e-0) and "Shorter stays" (short-stay, e-1) avoid elective for '
        f"the same people aged 0 and over: 1 pair, in all scenarios that run both. {ASK}",
        'effects.csv: "Falls prevention" (falls, e-2) and each of "Home first" (home-first, e-0) and "Shorter stays" '
        "(short-stay, e-1) avoid elective for the same people aged 65 and over in north: 2 pairs, in all scenarios "
        f"that run both. {ASK}",
    ]


def test_a_new_initiative_is_named_against_all_others(tmp_path: Path) -> None:
    rows = "".join(row(n, who) for n, who in enumerate(("home-first", "short-stay", "same-day", "falls")))
    pairs = "".join(f"e-{a},e-{b},distinct,,,Judged\n" for a in range(3) for b in range(a + 1, 3))
    files = {"overlaps.csv": small.files()["overlaps.csv"] + pairs}
    assert warnings(tmp_path / "plan", rows, **files) == [
        'effects.csv: "Falls prevention" (falls, e-3) and each of home-first (e-0), short-stay (e-1) and same-day '
        f"(e-2) avoid elective for the same people aged 0 and over: 3 pairs, in all scenarios that run both. {ASK}"
    ]


def test_a_scenario_with_rows_of_its_own_does_not_ask_again(tmp_path: Path) -> None:
    rows = row(0, "home-first") + row(1, "short-stay")
    title = 'title = "Later"\ninitiatives = "all"\n'
    files = {
        "scenarios/later/scenario.toml": title,
        "scenarios/later/effects.csv": "code,mode,assumed\ne-0,0.02,Judged\n",
    }
    (only,) = warnings(tmp_path / "asked", rows, **files)
    assert only.startswith("effects.csv, row 9: ")
    assert "in all scenarios that run both" in only

    files["scenarios/later/overlaps.csv"] = "effect_a,effect_b,relation,assumed\ne-0,e-1,distinct,Judged\n"
    (only,) = warnings(tmp_path / "said-in-one", rows, **files)
    assert "1 pair, in as-planned. " in only

    planned = {"scenarios/as-planned/overlaps.csv": files["scenarios/later/overlaps.csv"]}
    assert warnings(tmp_path / "said-in-both", rows, **files, **planned) == []


def test_initiatives_that_no_scenario_runs_together(tmp_path: Path) -> None:
    planned = small.files()["scenarios/as-planned/scenario.toml"]
    files = {"scenarios/as-planned/scenario.toml": planned.replace('"all"', '["home-first"]')}
    (only,) = warnings(tmp_path / "plan", row(0, "home-first") + row(1, "short-stay"), **files)
    assert "1 pair, in no scenario yet." in only
