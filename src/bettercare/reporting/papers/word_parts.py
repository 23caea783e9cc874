"""Parts of a Word file that python-docx has no words for: numbering, language, page numbers, table headers."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from docx.document import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first day that a zip file can name
NUMBERED = """
<w:abstractNum {ns} w:abstractNumId="{id}"><w:multiLevelType w:val="multilevel"/>
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/><w:lvlJc w:val="left"/>
<w:pPr><w:ind w:left="567" w:hanging="567"/></w:pPr></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/><w:lvlJc w:val="left"/>
<w:pPr><w:ind w:left="1134" w:hanging="567"/></w:pPr></w:lvl></w:abstractNum>"""


def element(name: str, **attributes: str) -> Any:
    """An element such as `w:lang`, with attributes of the same namespace."""
    out = OxmlElement(name)
    for key, value in attributes.items():
        out.set(qn(f"w:{key}"), value)
    return out


def add_numbering(document: Document) -> str:
    """Add the numbering of paragraphs (1., 2.) and recommendations (a), b)); returns its id."""
    root = document.part.numbering_part.element
    existing = [int(e.get(qn("w:abstractNumId"))) for e in root.findall(qn("w:abstractNum"))]
    new = str(max(existing, default=0) + 1)
    root.insert(len(existing), parse_xml(NUMBERED.format(ns=nsdecls("w"), id=new)))
    return str(root.add_num(int(new)).numId)


def number(paragraph: Any, numbering: str, level: int) -> None:
    """Make the paragraph the next of its level."""
    properties = paragraph._p.get_or_add_pPr()
    chosen = element("w:numPr")
    chosen.append(element("w:ilvl", val=str(level)))
    chosen.append(element("w:numId", val=numbering))
    properties.append(chosen)


def set_styles(document: Document, font: str, size: float, language: str, colour: RGBColor) -> None:
    """One font for everything, the language, and headings in one colour."""
    defaults = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for old in defaults.findall(qn("w:lang")):
        defaults.remove(old)
    defaults.append(element("w:lang", val=language, eastAsia=language))
    for theme in document.settings.element.findall(qn("w:themeFontLang")):
        theme.set(qn("w:val"), language)
    scale = {"Title": 1.7, "Heading 1": 1.25, "Heading 2": 1.08, "Caption": 1.0}
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "Caption", "List Bullet", "Footer"):
        style: Any = document.styles[name]
        properties = style.element.get_or_add_rPr()
        for old in properties.findall(qn("w:rFonts")):
            properties.remove(old)
        style.font.name = font
        style.font.size = Pt(9.0 if name == "Footer" else round(size * scale.get(name, 1.0), 1))
        if name in scale:
            style.font.color.rgb = RGBColor(0x21, 0x2B, 0x32) if name == "Caption" else colour
            style.font.bold = True
            style.paragraph_format.keep_with_next = True
    spacing: Any = document.styles["Normal"]
    spacing.paragraph_format.space_after = Pt(size * 0.7)


def field(paragraph: Any, code: str) -> None:
    """A field such as PAGE, which Word works out."""
    for kind in ("begin", "instr", "end"):
        run = paragraph.add_run()
        if kind == "instr":
            text = element("w:instrText")
            text.text = f" {code} "
            run._r.append(text)
        else:
            run._r.append(element("w:fldChar", fldCharType=kind))


def mark_header(table: Any, caption: str) -> None:
    """Mark the first row as a header that is repeated, keep rows whole, and give the table its name."""
    for i, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(element("w:cantSplit"))
        if i == 0:
            properties.append(element("w:tblHeader"))
    describe(table, caption)


def describe(table: Any, words: str) -> None:
    """What a table is, for who cannot see it."""
    table._tbl.tblPr.append(element("w:tblCaption", val=words))


def shade(cell: Any, colour: str) -> None:
    """A cell's background."""
    cell._tc.get_or_add_tcPr().append(element("w:shd", val="clear", color="auto", fill=colour))


def steady(content: bytes) -> bytes:
    """The same zip file without the time at which its parts were packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename, EARLIEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0
            new.writestr(info, old.read(entry))
    return out.getvalue()
