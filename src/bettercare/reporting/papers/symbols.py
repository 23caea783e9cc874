"""The pictures of an easy-read document: plain shapes, drawn here, with the words for who cannot see them."""

from __future__ import annotations

from bettercare.reporting.chart_style import BLUE, INK

_FILL = f'fill="{BLUE}"'
_LINE = f'fill="none" stroke="{INK}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"'
_WHITE = 'fill="none" stroke="white" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"'


_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100" viewBox="0 0 100 100">'


def _drawn(*shapes: str) -> str:
    return f"{_HEAD}{''.join(shapes)}</svg>"


def _person(x: float, size: float, paint: str = _FILL) -> str:
    """A head above shoulders, standing on y 88."""
    top = 88 - 70 * size
    return (
        f'<circle cx="{x}" cy="{top + 14 * size}" r="{14 * size}" {paint}/>'
        f'<path d="M{x - 24 * size} 88v-{18 * size}a{24 * size} {22 * size} 0 0 1 {48 * size} 0v{18 * size}z" {paint}/>'
    )


_PAGE = f'<path d="M24 10h38l16 16v64h-54z" fill="white"/><path d="M24 10h38l16 16v64h-54z M62 10v16h16" {_LINE}/>'

# name: (SVG, words)
SYMBOLS = {
    "people": (_drawn(_person(26, 0.7), _person(74, 0.7), _person(50, 1.0, f'fill="{INK}"')), "Three people"),
    "person": (_drawn(_person(50, 1.1)), "A person"),
    "home": (
        _drawn(f'<path d="M50 12L8 50h12v38h60V50h12z" {_FILL}/>', '<path d="M42 88V62h16v26z" fill="white"/>'),
        "A house",
    ),
    "hospital": (
        _drawn(
            f'<path d="M12 26h76v62H12z" {_FILL}/>', '<path d="M43 36h14v14h14v14H57v14H43V64H29V50h14z" fill="white"/>'
        ),
        "A building with a cross",
    ),
    "calendar": (
        _drawn(
            f'<path d="M14 20h72v68H14z" fill="white"/><path d="M14 20h72v18H14z" {_FILL}/>',
            f'<path d="M14 20h72v68H14z M32 10v18 M68 10v18" {_LINE}/>',
            "".join(f'<path d="M{x} {y}h10v8h-10z" {_FILL}/>' for y in (48, 68) for x in (25, 45, 65)),
        ),
        "A calendar",
    ),
    "money": (
        _drawn(
            f'<circle cx="50" cy="50" r="40" {_FILL}/>',
            f'<path d="M64 36c-4-12-24-10-24 6c0 10 6 14 0 30h26 M34 54h24" {_WHITE}/>',
        ),
        "A coin",
    ),
    "bed": (
        _drawn(
            f'<path d="M10 24v60 M10 70h80 M90 84V58" {_LINE}/>',
            f'<circle cx="26" cy="48" r="9" {_FILL}/><path d="M40 66V46h34a16 16 0 0 1 16 16v4z" {_FILL}/>',
        ),
        "A bed",
    ),
    "question": (
        _drawn(
            f'<circle cx="50" cy="50" r="40" {_FILL}/>',
            f'<path d="M36 40c0-20 30-20 30-2c0 12-15 11-15 23" {_WHITE}/>',
            '<circle cx="51" cy="74" r="4.5" fill="white"/>',
        ),
        "A question mark",
    ),
    "decided": (
        _drawn(f'<circle cx="50" cy="50" r="40" {_FILL}/>', f'<path d="M30 52l14 15l27-32" {_WHITE}/>'),
        "A tick",
    ),
    "waiting": (
        _drawn(
            f'<circle cx="50" cy="50" r="38" fill="white"/><circle cx="50" cy="50" r="38" {_LINE}/>',
            f'<path d="M50 26v25l17 12" {_LINE}/>',
        ),
        "A clock",
    ),
    "talk": (
        _drawn(
            f'<path d="M10 16h80v52H48L28 88V68H10z" {_FILL}/>',
            f'<path d="M26 34h48 M26 50h34" {_WHITE}/>',
        ),
        "A speech bubble",
    ),
    "steps": (
        _drawn(f'<path d="M10 88V70h20V52h20V34h20V16h20v72z" {_FILL}/>'),
        "Steps that go up",
    ),
    "paper": (_drawn(_PAGE, f'<path d="M36 44h30 M36 58h30 M36 72h20" {_LINE}/>'), "A sheet of paper"),
    "words": (
        _drawn(
            f'<path d="M50 24c-12-10-28-10-40-6v62c12-4 28-4 40 6c12-10 28-10 40-6V18c-12-4-28-4-40 6z" {_FILL}/>',
            f'<path d="M50 26v58" {_WHITE}/>',
        ),
        "An open book",
    ),
}
