"""What is wrong, where, and what to do: the form in which every layer reports bad input.

A problem names a file, a row (the line as a spreadsheet shows it: the header is row 1), a column, what is wrong and
what to do about it. All problems of a reading are collected and raised together, so that a person mends a plan once.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import total_ordering

SHOWN_PER_COLUMN = 20  # a broken column of ten thousand rows should not bury everything else
SHOWN_CHARACTERS = 60
NUMBERED = re.compile(r"[A-Za-z]{0,3}[-_]?\d+", re.ASCII)


def shown(value: object) -> str:
    """The value in double quotes, shortened, with control characters made visible (a cell may hold anything)."""
    text = str(value)
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 3] + "..."
    return '"' + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text) + '"'


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, or None when nothing is near. Letter case is not held against it.

    Of numbered names such as E012 every other is near, and naming one would mislead: there None is given as well.
    """
    if NUMBERED.fullmatch(name.strip()):
        return None
    by_lower: dict[str, str] = {}
    for option in known:
        by_lower.setdefault(option.lower(), option)
    found = difflib.get_close_matches(name.strip().lower()[:100], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or an empty text."""
    near = nearest(name, known)
    return f"Did you mean {shown(near)}?" if near else ""


@total_ordering
@dataclass(frozen=True)
class Problem:
    """One thing that is wrong (or, with `warning`, that deserves a look), and what to do about it."""

    file: str
    row: int | None
    column: str | None
    message: str
    hint: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", {self.column}"
        return f"{place}: {self.message}" + (f" {self.hint}" if self.hint else "")

    def _key(self) -> tuple[object, ...]:
        # Problems of a whole file come before those of its rows.
        return (self.file, self.row or 0, self.column or "", self.message, self.hint, self.warning)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Problem):
            return NotImplemented
        return self._key() < other._key()


def count(number: int, one: str, many: str | None = None) -> str:
    """`count(2, "problem")` is "2 problems"; thousands are grouped."""
    return f"{number:,} {one if number == 1 else (many or one + 's')}"


def listed(problems: Iterable[Problem]) -> Iterator[str]:
    """The problems in order, a line each.

    What is wrong in the same way in many rows of a column is said once, with the first row and how many more there
    are; of a column with very many different problems, the first are shown and how many more there are.
    """
    alike: dict[tuple[str, str | None, str, str], list[Problem]] = {}
    for problem in sorted(problems):
        alike.setdefault((problem.file, problem.column, problem.message, problem.hint), []).append(problem)
    seen: dict[tuple[str, str | None], int] = {}
    word = "problem"
    for (file, column, _, _), same in alike.items():
        word = "warning" if same[0].warning else word
        seen[file, column] = seen.get((file, column), 0) + 1
        if seen[file, column] <= SHOWN_PER_COLUMN:
            more = f" (And the same in {count(len(same) - 1, 'more row')}.)" if len(same) > 1 else ""
            yield str(same[0]) + more
    for (file, column), total in seen.items():
        if total > SHOWN_PER_COLUMN:
            place = file + (f", {column}" if column else "")
            yield f"{place}: and {count(total - SHOWN_PER_COLUMN, f'more {word}')} here."


def command(*words: object) -> str:
    """What a person types to run the program with these words, as hints show it: `bettercare check myplan`.

    A script that starts the program under another name (`./bct`) says so in the variable BETTERCARE_COMMAND.
    """
    program = os.environ.get("BETTERCARE_COMMAND") or "bettercare"
    return " ".join(f'"{word}"' if " " in str(word) else str(word) for word in (program, *words))


class Problems(Exception):  # noqa: N818  (it is a collection of problems, and reads so where it is caught)
    """All that is wrong with what was read. `items` is a sorted tuple of `Problem`."""

    def __init__(self, items: Iterable[Problem]) -> None:
        self.items: tuple[Problem, ...] = tuple(sorted(set(items)))
        super().__init__(self.items)

    def __str__(self) -> str:
        return "\n".join([*listed(self.items), self.closing])

    @property
    def closing(self) -> str:
        """The last line: how many problems, in how many files, and that nothing was run."""
        files = len({item.file for item in self.items})
        return f"{count(len(self.items), 'problem')} in {count(files, 'file')}. Nothing was run."


class UsageError(Exception):
    """The command or function was used wrongly (exit code 2); the text says how to use it."""
