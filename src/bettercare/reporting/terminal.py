"""What the terminal screens share: their width, how they wrap and show lines, and a bar while something runs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 80


def wrapped(sentences: Iterable[str], indent: int = 2) -> list[str]:
    """Each sentence on lines of its own, further in after the first."""
    out: list[str] = []
    for sentence in sentences:
        first, next_ = " " * indent, " " * (indent + 2)
        out += textwrap.wrap(sentence, WIDE, initial_indent=first, subsequent_indent=next_, break_on_hyphens=False)
    return out


def show(lines: Iterable[str], console: Console, last: str = "") -> None:
    """Lines as they are, headings (in capitals) in bold, and a last line, such as where the report is."""
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="bold" if line.isupper() else None)
    if last:
        console.print(last, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(console: Console, label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar while something runs, with what that is; nothing where nobody watches."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn(label), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
