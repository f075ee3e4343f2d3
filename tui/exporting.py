"""A list as a file: CSV and XLSX in which no cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """Return a cell as a spreadsheet takes it for text: what could start a formula gets an apostrophe (OWASP)."""
    return "'" + text if text.startswith(_FORMULA) and text not in ("-", "+") else text


def as_csv(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a table as CSV: semicolons, UTF-8 with a byte order mark, as German spreadsheets open it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([guarded(title) for title in titles])
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(sheet: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a table as XLSX: every cell is a string, the first line stays in view and filters."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet(_sheet_name(sheet))
        bold = book.add_format({"bold": True})
        for column, title in enumerate(titles):
            page.write_string(0, column, title, bold)
            longest = max((len(row[column]) for row in rows), default=0)
            page.set_column(column, column, min(60, max(len(title), longest) + 2))
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                page.write_string(number, column, cell)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(1, len(rows)), len(titles) - 1)
    return out.getvalue()


def write_new(path: Path, octets: bytes) -> None:
    """Write a file that must not be there yet, readable for its owner only.

    Raises:
        OSError: FileExistsError and its kin.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(octets)


def _sheet_name(name: str) -> str:
    return "".join(sign for sign in name if sign not in "[]:*?/\\'")[:31] or "Liste"
