"""Open a workbook that somebody sent, without trusting it: what is not what it seems, or too large, is refused."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MEGABYTE = 1024**2
MOST_PARTS = 2_000
SUFFIX = ".xlsx"
SAVE_AS = "Save it again as an Excel workbook (.xlsx)."
OLD_EXCEL = b"\xd0\xcf\x11\xe0"  # also what an encrypted workbook begins with
# No spreadsheet writes a document type; in a hostile file it defines entities that grow without end.
DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
OVERLAP = max(map(len, DOCTYPES)) - 1  # so that none is missed where one piece ends and the next begins


@dataclass(frozen=True)
class Limits:
    """How large a workbook may be, in MB, as a file and unpacked (a small file cannot then fill the memory).

    `too_large` says what to do with a larger one.
    """

    file: int
    unpacked: int
    too_large: str


def refusal(path: Path, limits: Limits) -> tuple[str, str] | None:
    """Why a file is not opened as a workbook, and what to do; None for one that may be."""
    try:
        if not path.is_file():
            return "there is no such file.", "Check the name and the folder."
        size = path.stat().st_size
        if size > limits.file * MEGABYTE:
            return f"is too large ({size / MEGABYTE:,.0f} MB; at most {limits.file:,}).", limits.too_large
        with path.open("rb") as stream:
            start = stream.read(len(OLD_EXCEL))
        if start == OLD_EXCEL:
            return "is an old Excel workbook (.xls), or is protected by a password.", SAVE_AS
        if path.suffix.lower() != SUFFIX:
            return f"is not an Excel workbook ({SUFFIX}).", SAVE_AS
        with zipfile.ZipFile(path) as archive:
            return _refused_content(archive, limits)
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return "is not an Excel workbook.", SAVE_AS


def _refused_content(archive: zipfile.ZipFile, limits: Limits) -> tuple[str, str] | None:
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)  # zipfile reads no more of a part than it says here
    if size > limits.unpacked * MEGABYTE or len(parts) > MOST_PARTS:
        return f"is too large ({size / MEGABYTE:,.0f} MB when unpacked).", limits.too_large
    names = {part.filename.lower() for part in parts}
    if len(names) < len(parts):
        return "holds two parts of one name.", SAVE_AS
    if any(name.endswith(("vbaproject.bin", ".exe", ".dll")) for name in names):
        return "holds macros.", f"Save it without them, as an Excel workbook ({SUFFIX})."
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")) and _defines_types(archive, part):
            return "holds a document type definition, which no spreadsheet writes.", SAVE_AS
    return None


def _defines_types(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part holds a document type; it is read in pieces, because a sheet may be large."""
    end = b""
    with archive.open(part) as stream:
        while piece := stream.read(MEGABYTE):
            text = end + piece
            if any(mark in text for mark in DOCTYPES):
                return True
            end = text[-OVERLAP:]
    return False


def open_book(path: Path, values: bool = False) -> Workbook:
    """A workbook that is not refused, for reading, its links left alone: formulas, or the `values` kept of them."""
    from openpyxl import load_workbook

    return load_workbook(path, read_only=True, data_only=values, keep_links=False)
