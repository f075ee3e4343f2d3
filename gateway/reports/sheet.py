"""The report as a workbook; whatever somebody typed is written as text, never as a formula."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from gateway.reports.columns import AUTHORITIES, cell, heads


def workbook(report: Mapping[str, Any]) -> bytes:
    """Return the XLSX of a report."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": report["title"], "company": report["by"]})
    bold = book.add_format({"bold": True})
    _figures(book.add_worksheet("Zahlen"), report, bold)
    authorities = book.add_worksheet("Behörden")
    _table(authorities, 0, heads(AUTHORITIES), [_row(one) for one in report["authorities"]], bold)
    authorities.freeze_panes(1, 1)
    authorities.autofilter(0, 0, len(report["authorities"]), len(AUTHORITIES) - 1)
    explained = [[one["term"], one["text"]] for one in report["definitions"]]
    _table(book.add_worksheet("Begriffe"), 0, ["Begriff", "Bedeutung"], explained, bold)
    book.close()
    return file.getvalue()


def _figures(sheet: Worksheet, report: Mapping[str, Any], bold: Format) -> None:
    sheet.write_string(0, 0, report["title"], bold)
    sheet.write_string(1, 0, report["period"])
    sheet.write_string(2, 0, report["as_of"])
    row = 4
    for section in report["sections"]:
        sheet.write_string(row, 0, section["title"], bold)
        row = _table(sheet, row + 1, section["columns"], section["rows"], bold) + 1


def _row(authority: Mapping[str, Any]) -> list[Any]:
    return [cell(authority[name]) for name in AUTHORITIES]


def _table(sheet: Worksheet, top: int, head: Sequence[str], rows: Sequence[Sequence[Any]], bold: Format) -> int:
    """Write a table and return the first free row."""
    for column, text in enumerate(head):
        sheet.write_string(top, column, text, bold)
        sheet.set_column(column, column, max(14, *(min(len(str(row[column])), 60) for row in rows)) if rows else 14)
    for number, values in enumerate(rows, start=top + 1):
        for column, value in enumerate(values):
            if isinstance(value, int):
                sheet.write_number(number, column, value)
            else:
                sheet.write_string(number, column, str(value))
    return top + 1 + len(rows)
