# ruff: noqa: ISC004  (long strings are lines that a person sees)
"""Pairs of initiatives that may claim the same activity are asked about once, together, with their scenarios."""

from __future__ import annotations

from pathlib import Path

from bettercare.model.levers import LARGEST_GROUP
from bettercare.plan.check_groups import MOST_OVERLAPPING
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


def chained(number: int, who: tuple[str, ...] = ("home-first", "falls")) -> dict[str, str]:
    """So many effects, of these initiatives by turns, each of which overlaps with the one before it."""
    files = small.files()
    rows = "".join(row(n, who[n % len(who)]) for n in range(number))
    pairs = "".join(f"e-{n - 1},e-{n},sharing,0.5,,Judged\n" for n in range(1, number))
    return files | {"effects.csv": files["effects.csv"] + rows, "overlaps.csv": files["overlaps.csv"] + pairs}


def test_more_effects_overlap_than_can_be_combined(tmp_path: Path) -> None:
    assert MOST_OVERLAPPING == LARGEST_GROUP
    assert check(small.write(tmp_path / "most", chained(LARGEST_GROUP))).ok
    report = check(small.write(tmp_path / "more", chained(LARGEST_GROUP + 1)))
    codes = ", ".join(sorted(f"e-{n}" for n in range(LARGEST_GROUP + 1)))
    assert [str(problem) for problem in report.problems] == [
        "overlaps.csv: 15 effects on elective of people aged 0 to 64 in north overlap with each other under as-planned:"
        f" {codes}. The forecast combines at most 14. Join some into one effect, or write that some are distinct."
    ]


def test_effects_that_never_meet_may_be_many(tmp_path: Path) -> None:
    alone = 'title = "Without"\ninitiatives = "all"\nwithout = ["falls"]\n'
    files = chained(LARGEST_GROUP + 2)
    assert check(small.write(tmp_path / "scenario", files | {"scenarios/as-planned/scenario.toml": alone})).ok
    effects = files["effects.csv"].splitlines(keepends=True)
    shorter = [line.replace(",avoid,", ",shorten,") if line.startswith("e-7,") else line for line in effects]
    assert check(small.write(tmp_path / "levers", files | {"effects.csv": "".join(shorter)})).ok
    north = [
        line.replace(",elective,,,,", ",elective,,,north,") if line.startswith("e-7,") else line for line in effects
    ]
    report = check(small.write(tmp_path / "places", files | {"effects.csv": "".join(north)}))
    assert [str(problem).count("north") for problem in report.problems] == [1]
