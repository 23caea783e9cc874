"""Triangulation on one terminal screen: where figures disagree, which saving is claimed twice, who is asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bettercare.appraisal.triangulation import Triangulation
from bettercare.foundation.problems import listed
from bettercare.plan.plan import Plan
from bettercare.reporting import terminal
from bettercare.reporting.terminal import wrapped
from bettercare.reporting.text import counted
from bettercare.reporting.triangulation_words import WHAT_THIS_IS_NOT, Words

if TYPE_CHECKING:
    from rich.console import Console

MOST = 6  # findings of a kind on the screen; all are in the files and in the JSON


def show(plan: Plan, found: Triangulation, console: Console, paths: Iterable[Path] = ()) -> None:
    """What was found on one screen; the last lines say which files were written."""
    written = [str(path) for path in paths]
    last = f"Wrote {', '.join(written)}." if written else "All of it in Excel and Word: add --out FOLDER."
    terminal.show(lines(plan, found), console, last)


def lines(plan: Plan, found: Triangulation) -> list[str]:
    """The screen as lines of at most 80 characters."""
    words = Words(plan, found)
    out = ["DO THE PARTNERS' RETURNS AGREE?", *wrapped([words.headline(), words.basis_of_comparison()])]
    if found.disagreements:
        out.append("WHERE FIGURES DISAGREE")
        for item in found.disagreements[:MOST]:
            out += wrapped([words.title(item.subject)])
            out += wrapped([*words.figures(item), words.gap(item), words.basis(item), words.asked(item)], 4)
        out += _more(len(found.disagreements))
    if found.double_claims:
        out.append("WHICH SAVING IS CLAIMED TWICE, OR BEYOND THE FORECAST")
        for claim in found.double_claims[:MOST]:
            out += wrapped([words.claim_title(claim)])
            said = [words.claim_why(claim), *words.claims(claim)]
            out += wrapped([*said, *words.claim_years(claim), words.asked(claim)], 4)
        out += _more(len(found.double_claims))
    if found.unmatched:
        reasons: dict[str, int] = {}
        for alone in found.unmatched:
            reasons[alone.reason] = reasons.get(alone.reason, 0) + 1
        out.append("WHAT COULD NOT BE COMPARED")
        out += wrapped(f"{counted(number, 'figure')}. {reason}" for reason, number in reasons.items())
    if found.problems:
        out += ["WARNINGS", *wrapped(listed(found.problems))]
    return [*out, "WHAT THIS IS NOT", *wrapped([WHAT_THIS_IS_NOT])]


def _more(number: int) -> list[str]:
    return [f"  And {number - MOST:,} more."] if number > MOST else []
