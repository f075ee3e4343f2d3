"""Survey tables as municipalities send them: CSV in any dress, XLSX made by a real writer or bent by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter


def csv_bytes(rows: Iterable[Sequence[str]], *, sign: str = ";", encoding: str = "utf-8") -> bytes:
    """Return rows as CSV, every cell quoted."""
    lines = (sign.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    return "\r\n".join(lines).encode(encoding)


def xlsx_bytes(rows: Iterable[Sequence[Any]], *, hidden_first: bool = False, merged: Sequence[str] = ()) -> bytes:
    """Return rows as a workbook; a text that begins with `=` becomes a formula, numbers stay numbers."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "dd.mm.yyyy"})
    if hidden_first:
        hidden = book.add_worksheet("Notizen")
        hidden.write(0, 0, "=1+1")
        hidden.hide()
    sheet = book.add_worksheet("Umfrage")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str) and not value.startswith("="):
                sheet.write_string(number, column, value)
            else:
                sheet.write(number, column, value)
    for area in merged:
        sheet.merge_range(area, "")
        top = area.split(":")[0]
        sheet.write(top, "Kreis Warendorf")
    if hidden_first:
        sheet.activate()
        sheet.set_first_sheet()
    book.close()
    return file.getvalue()


def bent(octets: bytes, changes: Mapping[str, bytes | None], *, deflate: bool = True) -> bytes:
    """Return a workbook with some parts replaced, added, or (None) left out."""
    file = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(io.BytesIO(octets)) as source, zipfile.ZipFile(file, "w", method) as target:
        parts: dict[str, bytes | None] = {info.filename: source.read(info) for info in source.infolist()}
        for name, part in {**parts, **changes}.items():
            if part is not None:
                target.writestr(name, part)
    return file.getvalue()
