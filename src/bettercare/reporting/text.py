"""Numbers as a person would say them, and sentences that remember which figures they hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from bettercare.foundation.problems import count

counted = count  # `1 initiative`, `12 initiatives`
MINUS = "\u2212"
ASSUMING = "given these assumptions"


def significant(value: float, digits: int) -> float:
    """The value rounded to so many significant digits; halves go away from zero, as people round."""
    if value == 0.0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - digits)
    return math.copysign(math.floor(abs(value) / step + 0.5) * step, value)


def grouped(value: float, decimals: int = 0, plus: bool = False) -> str:
    """1671.2 -> `1,671`; a true minus sign; `plus` puts a sign before a gain too."""
    shown = f"{abs(value):,.{decimals}f}"
    if float(shown.replace(",", "")) == 0.0:
        return shown
    return (MINUS if value < 0 else "+" if plus else "") + shown


def number(value: float, plus: bool = False) -> str:
    """A count: whole up to 9,999, three significant digits above; small ones keep a decimal."""
    size = abs(value)
    if 0.0 < size < 9.95 and abs(size - round(size)) > 1e-9:
        return grouped(value, 1, plus)
    return grouped(value if size < 9_999.5 else significant(value, 3), 0, plus)


def beds(value: float, plus: bool = False) -> str:
    """A number of beds, whole."""
    return grouped(value, 0, plus)


def money(gbp: float, plus: bool = False) -> str:
    """Pounds: `£398m`, `£4.2m`, `£850,000`, `£1.23bn`."""
    size = abs(gbp)
    if size < 500.0:
        return "£0"
    sign = MINUS if gbp < 0 else "+" if plus else ""
    if size >= 999.5e6:
        return f"{sign}£{size / 1e9:,.2f}bn"
    if size >= 9.95e6:
        return f"{sign}£{math.floor(size / 1e6 + 0.5):,}m"
    if size >= 0.995e6:  # two significant digits would make it £1,000,000
        return f"{sign}£{math.floor(size / 1e5 + 0.5) / 10:.1f}m"
    return f"{sign}£{significant(size, 2):,.0f}"


def percent(share: float, plus: bool = False) -> str:
    """A share of one as a percentage: `12%`, `4.3%`, `less than 0.1%`."""
    size = abs(100.0 * share)
    if 0.0 < size < 0.05:
        return "less than 0.1%"
    sign = MINUS if share < 0 else "+" if plus else ""
    return f"{sign if size else ''}{size:.0f}%" if size >= 9.95 or size == 0 else f"{sign}{size:.1f}%"


def between(low: str, high: str, assuming: bool = True) -> str:
    """`between £310m and £470m given these assumptions`; one value where both ends read the same."""
    said = f"about {low}" if low == high else f"between {low} and {high}"
    return f"{said} {ASSUMING}" if assuming else said


def span(low: str, high: str) -> str:
    """`£310m to £470m`, for tables and labels."""
    return low if low == high else f"{low} to {high}"


def gap(gbp: float) -> str:
    """What a gap is: `short by £398m`, `£19m in surplus`, `in balance`."""
    if abs(gbp) < 5e4:
        return "in balance"
    return f"short by {money(gbp)}" if gbp > 0 else f"{money(-gbp)} in surplus"


def change_of_gap(gbp: float) -> str:
    """A change of a gap in words: `£23m better`, `£4.0m worse`, `no change`."""
    if abs(gbp) < 5e3:
        return "no change"
    return f"{money(abs(gbp))} {'worse' if gbp > 0 else 'better'}"


def gap_moved(mean: float, p5: float, p95: float) -> tuple[str, str]:
    """What something does to a gap on average, and the 90% range of that from the worst to the best, in words."""
    return change_of_gap(mean), span(change_of_gap(p95), change_of_gap(p5))


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def day(when: date | None, *, year: bool = True, weekday: bool = False) -> str:
    """`14 July 2015`, `14 July` or `Tuesday 14 July 2015`; nothing where there is no day.

    A moment is said as its own clock has it: turn it into local time first.
    """
    if when is None:
        return ""
    return (f"{when:%A} " if weekday else "") + f"{when.day} {when:%B}" + (f" {when.year}" if year else "")


def months(value: float) -> str:
    """`7 months late`, `1 month early`, `on time`."""
    whole = round(abs(value))
    if whole == 0:
        return "on time"
    return f"{count(whole, 'month')} {'late' if value > 0 else 'early'}"


def first_upper(text: str) -> str:
    """The text with a capital at its start; the rest is left alone."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """The text with a full stop at its end, unless it ends as a sentence does already."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."


@dataclass(frozen=True)
class Figure:
    """A number in a sentence: how it reads, its exact value, and which result it is (measure, scenario, year, part)."""

    text: str
    value: float
    of: str


Part = str | Figure


@dataclass(frozen=True)
class Sentence:
    """A sentence with its figures and the badge of what it says (empty: it states no figure)."""

    parts: tuple[Part, ...]
    badge: str = ""

    @property
    def plain(self) -> str:
        """As text."""
        return "".join(p if isinstance(p, str) else p.text for p in self.parts)

    @property
    def html(self) -> str:
        """As HTML: each figure is a `data` element that holds the exact value."""
        return "".join(
            escape(p)
            if isinstance(p, str)
            else f'<data class="figure" value="{p.value!r}" data-of="{escape(p.of)}">{escape(p.text)}</data>'
            for p in self.parts
        )


def say(*parts: Part, badge: str = "modelled") -> Sentence:
    """A sentence from texts and figures."""
    return Sentence(tuple(parts), badge)
