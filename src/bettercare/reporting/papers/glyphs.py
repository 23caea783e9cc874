"""Characters that no font here can draw: found, and written as their names.

PDF/UA forbids a character that shows as an empty box. Typst says which one it could not draw; the rest of a text's
characters are then tried in a document of nothing else, which is a hundred times less work than the paper itself.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import typst

UNDRAWN = re.compile(r'the text `("(?:[^"\\]|\\.)*")` could not be displayed')
PROBE = b"""#set document(title: "probe", date: none)
#set text(lang: "en", font: json(bytes(sys.inputs.fonts)))
#sys.inputs.text"""


def undrawn(error: typst.TypstError) -> str:
    """The characters that the error says could not be drawn; empty where it says something else."""
    found = UNDRAWN.search(error.message)
    if not found:
        return ""
    inside = re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda c: chr(int(c[1], 16)), found[1][1:-1])
    return re.sub(r"\\(.)", r"\1", inside)


def texts(value: Any) -> str:
    """All texts in a value made of dictionaries, lists and texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(texts(v) for v in value.values())
    return "".join(texts(v) for v in value) if isinstance(value, list) else ""


def missing(characters: set[str], fonts: str) -> set[str]:
    """Which of the characters cannot be drawn with these fonts (JSON, as the templates take them) and the machine's."""
    left, out = set(characters), set[str]()
    while left:
        inputs = {"text": " ".join(sorted(left)), "fonts": fonts}
        try:
            typst.compile(PROBE, sys_inputs=inputs, pdf_standards="ua-1", format="pdf")
        except typst.TypstError as error:
            found = set(undrawn(error)) & left
            if not found:
                return out
            out |= found
            left -= found
        else:
            return out
    return out


def named(value: Any, characters: set[str]) -> Any:
    """The value with each of the characters written as its name: `[grinning face]`."""
    if isinstance(value, str):
        return "".join(name(c) if c in characters else c for c in value)
    if isinstance(value, dict):
        return {k: named(v, characters) for k, v in value.items()}
    return [named(v, characters) for v in value] if isinstance(value, list) else value


def joins(character: str) -> bool:
    """Whether a character only joins or changes those beside it: accents, joiners, skin tones."""
    return unicodedata.category(character) in ("Cf", "Mn", "Mc", "Me", "Sk")


def name(character: str) -> str:
    """`[grinning face]`, or the number of a character that has no name; nothing for one that joins others."""
    if joins(character):
        return ""
    return f"[{unicodedata.name(character, f'U+{ord(character):04X}').lower()}]"
