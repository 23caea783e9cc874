"""The worked example's positions, reckoned from its tables alone, are those published, and one that is not fails."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from bettercare.examples.llr.derive import check_money
from bettercare.examples.llr.derive import money_read as mr


def copied(folder: Path) -> Path:
    """The plan's own tables in a folder where they can be changed."""
    folder.mkdir()
    for path in mr.PLAN.glob("*.csv"):
        shutil.copy(path, folder)
    return folder


def edited(path: Path, column: str, where: dict[str, str], value: str) -> None:
    """Write a value into a column of the first row that has these cells."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    next(row for row in rows if where.items() <= row.items())[column] = value
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_the_base_year_is_as_published(capsys: pytest.CaptureFixture[str]) -> None:
    check_money.main()
    assert "base-year gaps agree with the published positions" in capsys.readouterr().out


def test_an_amount_that_is_changed_fails_the_check(tmp_path: Path) -> None:
    plan = copied(tmp_path / "plan")
    edited(plan / "finances.csv", "amount_gbp", {"partner": "uhl", "role": "carried", "kind": "cost"}, "1")
    with pytest.raises(SystemExit, match=r"NOT AS PUBLISHED, in millions of pounds: uhl .* against 39.655"):
        check_money.main(plan)


def test_shorter_stays_need_fewer_beds_and_leave_activity_as_it_is() -> None:
    care = mr.care(mr.PLAN)
    units, days = check_money.growth(mr.PLAN, care, mr.YEARS[-1])
    for service, shorter in (("emergency-medical", True), ("specialised", True), ("maternity", False)):
        keys = [key for key in units if key[0] == service and key in days]
        assert keys
        for key in keys:
            assert (days[key] < 0.95 * units[key]) == shorter, key
        if shorter:  # at the mean of 2% a year for five years
            assert days[keys[0]] / units[keys[0]] == pytest.approx(0.98**5, abs=0.03)
