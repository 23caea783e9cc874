"""Problems read as the design shows them."""

from bettercare.foundation.problems import Problem, Problems, did_you_mean, nearest, shown


def test_a_problem_reads_as_the_design_shows_it() -> None:
    hint = did_you_mean("comunity-nursing", ["acute", "community-nursing"])
    unknown = Problem("effects.csv", 14, "service", '"comunity-nursing" is not in services.csv.', hint)
    rising = Problem("effects.csv", 22, None, "low 0.30 is above mode 0.20.", "Put low, mode and high in rising order.")
    assert str(Problems([rising, unknown])) == (
        'effects.csv, row 14, service: "comunity-nursing" is not in services.csv. Did you mean "community-nursing"?\n'
        "effects.csv, row 22: low 0.30 is above mode 0.20. Put low, mode and high in rising order.\n"
        "2 problems in 1 file. Nothing was run."
    )


def test_problems_are_sorted_and_said_once() -> None:
    whole, later = Problem("a.csv", None, None, "is missing."), Problem("a.csv", 10, "x", "is wrong.")
    earlier = Problem("a.csv", 9, "x", "is bad.")
    assert Problems([later, whole, earlier, later]).items == (whole, earlier, later)


def test_the_same_problem_in_many_rows_is_one_line() -> None:
    found = Problems(Problem("a.csv", row, "x", "is wrong.") for row in range(2, 5002))
    assert str(found).split("\n") == [
        "a.csv, row 2, x: is wrong. (And the same in 4,999 more rows.)",
        "5,000 problems in 1 file. Nothing was run.",
    ]


def test_very_many_different_problems_of_a_column_are_counted() -> None:
    lines = str(Problems(Problem("a.csv", row, "x", f"{row} is wrong.") for row in range(2, 102))).split("\n")
    assert len(lines) == 22
    assert lines[20] == "a.csv, x: and 80 more problems here."


def test_what_is_shown_is_short_and_cannot_command_a_terminal() -> None:
    assert shown("\x1b[31mred\x07") == '"\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"'
    assert len(shown("x" * 10_000)) == 62


def test_nearest_ignores_case_and_does_not_guess_numbers() -> None:
    assert nearest("Services", ["services", "sites"]) == "services"
    assert nearest("zzzz", ["services"]) is None
    assert nearest("E012", ["E013", "E112"]) is None
