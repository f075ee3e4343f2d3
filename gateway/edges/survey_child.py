"""The process that reads one survey file: `python -m gateway.edges.survey_child`, started by `survey_apart`.

It locks itself in before it reads the first byte of the file (standard input) and tells the table, or why there is
none (standard output); then it ends.
"""

from __future__ import annotations

import codecs
import gc
import io
import os
import sys
import zipfile
from pathlib import Path

from gateway.domain.errors import RoutingError
from gateway.edges import sandbox
from gateway.survey import read_table
from gateway.survey.told import refusal_bytes, table_bytes, told_table

MEMORY = 1_500_000_000
"""Bytes of address space: three times what the largest workbook that is let through needs."""

TOLD = 64_000_000
"""Bytes that may be told."""

SECONDS = 20
_DESCRIPTORS = 3

_BOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/worksheets/sheet1.xml": '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>ä</t></is></c></row></sheetData></worksheet>',
}


def told(octets: bytes) -> bytes:
    """Return what is told of a file."""
    try:
        return table_bytes(read_table(octets))
    except RoutingError as error:
        return refusal_bytes(error)


def warm_up() -> None:
    """Load whatever reading needs, while files can still be opened: every encoding, and what a workbook calls for."""
    for name in ("cp437", "cp1252", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        codecs.lookup(name)
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in _BOOK.items():
            target.writestr(name, part)
    for octets in (book.getvalue(), "ä;b\n".encode(), book.getvalue()[:-30]):
        try:
            told_table(told(octets))
        except RoutingError:  # of the broken one
            continue


def main() -> None:
    """Lock in, read, tell."""
    sandbox.keep_memory()
    warm_up()
    with Path(os.devnull).open("wb") as nowhere:  # a parser's complaints may quote the file
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    gc.freeze()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    sandbox.give_up(memory=MEMORY, descriptors=_DESCRIPTORS, written=TOLD)
    sandbox.allow_time(SECONDS)
    sandbox.confine()
    sys.stdout.buffer.write(told(sys.stdin.buffer.read()))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
