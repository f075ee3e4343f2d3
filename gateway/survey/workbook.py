"""Reads the first visible sheet of an XLSX workbook without letting a hostile one have its way.

The archive is unpacked under a cap, every part of the workbook passes the XML guard, and only those parts are packed
again for the reader: calamine lays a sheet out as a full rectangle, so the farthest cell is looked at before.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.limits import MEGABYTE
from gateway.survey.table import COLUMNS, ROWS, Cell, Table, table_of, text_cell, unreadable
from gateway.xmlguard import safe_parse

UNPACKED_BYTES = 20 * MEGABYTE
PARTS = 300
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_PROTECTED = "Die Datei ist mit einem Kennwort geschützt oder in einem alten Excel-Format gespeichert."


def read_workbook(octets: bytes) -> Table:
    """Return the first visible sheet; formulas and error values become cells that cannot be used.

    Raises:
        RoutingError: BODY_UNREADABLE or BODY_TOO_LARGE.
    """
    book_parts = _checked(octets)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(_packed(book_parts))) as book:
            names = [
                about.name
                for about in book.sheets_metadata
                if about.visible is SheetVisibleEnum.Visible and about.typ is SheetTypeEnum.WorkSheet
            ]
            if not names:
                raise unreadable("Die Arbeitsmappe enthält kein sichtbares Tabellenblatt.")
            sheet = book.get_sheet_by_name(names[0])
            rows = sheet.to_python(skip_empty_area=False, nrows=ROWS + 1)
            merged = sheet.merged_cell_ranges or []
    except CalamineError as error:
        raise unreadable("Die Arbeitsmappe ist beschädigt.") from error
    formulas = _formulas(book_parts, names[0])
    filled = _filled(rows, merged)
    cells = ([_cell(v, (r, c) in formulas) for c, v in enumerate(row)] for r, row in enumerate(filled))
    others = f", weitere Blätter ({len(names) - 1}) nicht gelesen" if len(names) > 1 else ""
    return table_of(cells, f"XLSX, Blatt „{names[0][:40]}“{others}")


@dataclass(frozen=True, slots=True)
class _Part:
    """One XML part that passed the guard; for a sheet `formulas` are the places of formulas, (row, column) from 0."""

    octets: bytes
    root: etree._Element
    formulas: frozenset[tuple[int, int]] = frozenset()


def _checked(octets: bytes) -> Mapping[str, _Part]:
    """Return the parts of the workbook by name, each one held against the XML guard and the reach of a survey."""
    parts: dict[str, _Part] = {}
    for name, part in _unpacked(octets).items():
        try:
            root = safe_parse(part)
        except SubmissionError as error:
            raise unreadable(f"Die Arbeitsmappe ist unzulässig aufgebaut: {error.reason}") from error
        sheet = etree.QName(root).localname == "worksheet"
        parts[name] = _Part(part, root, _places_of_formulas(root) if sheet else frozenset())
    return parts


def _packed(parts: Mapping[str, _Part]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, part in parts.items():
            target.writestr(name, part.octets)
    return packed.getvalue()


def _formulas(parts: Mapping[str, _Part], sheet: str) -> frozenset[tuple[int, int]]:
    """Return the formulas of the sheet of a name, found as the workbook names its parts."""
    links = parts.get("xl/_rels/workbook.xml.rels")
    targets = {link.get("Id"): link.get("Target") or "" for link in links.root} if links else {}
    for element in parts["xl/workbook.xml"].root.iterfind("{*}sheets/{*}sheet"):
        if element.get("name") == sheet:
            identity = next((value for key, value in element.attrib.items() if str(key).endswith("}id")), "")
            target = targets.get(str(identity), "").lstrip("/")
            part = parts.get(target) or parts.get(f"xl/{target}")
            return part.formulas if part else frozenset()
    return frozenset()


def _unpacked(octets: bytes) -> Mapping[str, bytes]:
    """Return the XML parts that make the workbook; pictures, macros and properties are left behind."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            listed = archive.infolist()
            if len(listed) > PARTS or sum(info.file_size for info in listed) > UNPACKED_BYTES:
                raise unreadable("Die Arbeitsmappe ist ausgepackt zu groß.", code=codes.BODY_TOO_LARGE)
            if any(info.flag_bits & 1 for info in listed):
                raise unreadable(_PROTECTED)
            wanted = [info for info in listed if _belongs(info.filename)]
            parts = {info.filename: archive.read(info) for info in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise unreadable("Die Arbeitsmappe ist beschädigt.") from error
    if "xl/workbook.xml" not in parts:
        raise unreadable("Die Datei ist keine Excel-Arbeitsmappe (XLSX).")
    return parts


def _belongs(name: str) -> bool:
    return name in ("[Content_Types].xml", "_rels/.rels") or (
        name.startswith("xl/") and name.endswith((".xml", ".rels"))
    )


def _places_of_formulas(root: etree._Element) -> frozenset[tuple[int, int]]:
    """Return the places of formulas, once no cell lies farther out than a survey can reach."""
    formulas = set()
    row = -1
    for row_element in root.iterfind("{*}sheetData/{*}row"):
        row = _number(row_element.get("r"), row + 2) - 1
        column = -1
        for cell in row_element.iterfind("{*}c"):
            row, column = _place(cell.get("r"), row, column + 1)
            if cell.get("r") is None and column >= COLUMNS:
                raise unreadable(f"Die Tabelle hat mehr als {COLUMNS} Spalten.", code=codes.BODY_TOO_LARGE)
            if cell.find("{*}f") is not None:
                formulas.add((row, column))
    return frozenset(formulas)


def _place(reference: str | None, row: int, column: int) -> tuple[int, int]:
    if reference is None:
        return row, column
    match = _PLACE.fullmatch(reference)
    if match is None:
        raise unreadable("Die Arbeitsmappe ist beschädigt: Eine Zelle hat keinen gültigen Platz.")
    letters, digits = match.groups()
    place = int(digits) - 1, sum((ord(sign) - 64) * 26**power for power, sign in enumerate(reversed(letters))) - 1
    if place[0] >= 10 * ROWS or place[1] >= 2 * COLUMNS:
        raise unreadable(
            f"Die Tabelle reicht bis zur Zelle {reference}; so groß ist keine Umfrage.", code=codes.BODY_TOO_LARGE
        )
    return place


def _number(text: str | None, otherwise: int) -> int:
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else otherwise
    if number > 10 * ROWS:
        raise unreadable(
            f"Die Tabelle reicht bis zur Zeile {number}; so groß ist keine Umfrage.", code=codes.BODY_TOO_LARGE
        )
    return number


def _filled(
    rows: Sequence[Sequence[object]], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> list[list[object]]:
    """Return the rows with the value of merged cells in each of them."""
    if sum((bottom - top + 1) * (right - left + 1) for (top, left), (bottom, right) in merged) > ROWS * COLUMNS:
        raise unreadable("Die Tabelle hat zu viele verbundene Zellen.", code=codes.BODY_TOO_LARGE)
    filled = [list(row) for row in rows]
    for (top, left), (bottom, right) in merged:
        for row in filled[top : bottom + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = filled[top][left] if left < len(filled[top]) else ""
    return filled


def _cell(value: object, formula: bool) -> Cell:
    if formula:
        return Cell(str(value)[:60], "Die Zelle enthält eine Formel; bitte den Wert einsetzen.")
    if isinstance(value, bool):
        return Cell("ja" if value else "nein")
    if isinstance(value, float):
        return Cell(_written(value))
    if isinstance(value, datetime):
        return Cell(value.date().isoformat(), day=value.date())
    if isinstance(value, date):
        return Cell(value.isoformat(), day=value)
    return text_cell(str(value))


def _written(value: float) -> str:
    """Return a number as it was typed: an AGS arrives as 5315000.0."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 10**15 else repr(value)
