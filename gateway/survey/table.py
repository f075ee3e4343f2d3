"""From the bytes of a CSV or XLSX file to a table of cells, with every guard before anything is believed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import RoutingError
from gateway.domain.limits import MEGABYTE

FILE_BYTES = 10 * MEGABYTE
ROWS = 2000
COLUMNS = 100
CELL_CHARACTERS = 2000
_SHOWN_CHARACTERS = 60
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_KEPT_AS_TEXT = re.compile(r'="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `text` tidied, `trouble` the German reason why it cannot be used (empty if it can).

    `day` is set where the spreadsheet held a date, which may once have been a version such as 2.6.
    """

    text: str = ""
    trouble: str = ""
    day: date | None = None

    def __bool__(self) -> bool:
        return bool(self.text or self.trouble)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file as people count them: row 1 is `rows[0]`, empty rows included; `source` says what was read."""

    rows: tuple[tuple[Cell, ...], ...]
    source: str


def unreadable(reason: str, hint: str = "", code: Code = codes.BODY_UNREADABLE) -> RoutingError:
    """Return the refusal of a whole file."""
    return RoutingError(
        code, reason, hint or "Bitte die Tabelle als XLSX oder als CSV (UTF-8) speichern und neu laden."
    )


def harmless(text: str) -> bool:
    """Tell whether a text is one that a cell may have: no hidden signs, and of bounded length."""
    return len(text) <= CELL_CHARACTERS and not _CONTROL.search(text)


def text_cell(text: str) -> Cell:
    """Return a cell made of text that somebody typed: tidied, and held against length, formulas and hidden signs."""
    if len(text) > CELL_CHARACTERS:
        shown = _CONTROL.sub("", text[:_SHOWN_CHARACTERS]) + "…"
        return Cell(shown, f"Die Zelle ist mit {len(text)} Zeichen zu lang (erlaubt sind {CELL_CHARACTERS}).")
    tidy = " ".join(text.replace("\u00a0", " ").split())
    kept = _KEPT_AS_TEXT.fullmatch(tidy)
    if kept:
        tidy = kept.group(1).strip()
    if tidy.startswith("="):
        return Cell(
            _CONTROL.sub("", tidy[:_SHOWN_CHARACTERS]), "Die Zelle enthält eine Formel; bitte den Wert einsetzen."
        )
    if _CONTROL.search(tidy):
        return Cell(_CONTROL.sub("", tidy), "Die Zelle enthält unsichtbare Steuerzeichen.")
    return Cell(tidy)


def table_of(rows: Iterable[Sequence[Cell]], source: str) -> Table:
    """Return the table, once it is known to be neither empty nor larger than any survey can be.

    Raises:
        RoutingError: BODY_UNREADABLE or BODY_TOO_LARGE.
    """
    kept: list[tuple[Cell, ...]] = []
    for number, row in enumerate(rows, start=1):
        if not any(row):
            row = ()
        if number > ROWS and (row or number > 10 * ROWS):
            raise unreadable(f"Die Tabelle hat mehr als {ROWS} Zeilen.", code=codes.BODY_TOO_LARGE)
        if len(row) > COLUMNS:
            raise unreadable(f"Zeile {number} hat mehr als {COLUMNS} Spalten.", code=codes.BODY_TOO_LARGE)
        kept.append(tuple(row))
    while kept and not any(kept[-1]):
        kept.pop()
    if not kept:
        raise unreadable("Die Datei enthält keine einzige ausgefüllte Zeile.")
    return Table(tuple(kept), source)


def read_csv(octets: bytes) -> Table:
    """Return a CSV file as a table; encoding (UTF-8, UTF-16 with BOM, Windows-1252) and separator are found out.

    Raises:
        RoutingError: BODY_UNREADABLE or BODY_TOO_LARGE.
    """
    text, encoding = _decoded(octets)
    if "\x00" in text:
        raise unreadable("Die Datei ist keine Texttabelle.")
    lines = text.split("\n")
    if lines[0].strip().casefold().startswith("sep="):
        lines[0] = ""  # Excel's note to itself; kept as an empty row, so that row numbers agree
    separator = max(";,\t|", key=lambda sign: _breadth(lines, sign))
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=separator)
    try:
        return table_of(([text_cell(cell) for cell in row] for row in reader), f"CSV, {encoding}")
    except csv.Error as error:
        reason = (
            f"Die Tabelle ist ab Zeile {reader.line_num} nicht lesbar (eine Zelle ist zu lang oder nicht geschlossen)."
        )
        raise unreadable(reason) from error


def _decoded(octets: bytes) -> tuple[str, str]:
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        tries = [("utf-16", "UTF-16")]
    else:
        tries = [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")]
    for encoding, name in tries:
        try:
            return octets.decode(encoding).replace("\r\n", "\n").replace("\r", "\n"), name
        except UnicodeDecodeError:
            continue
    raise unreadable("Die Schrift der Datei ist weder UTF-8 noch Windows-1252.")


def _breadth(lines: Sequence[str], sign: str) -> tuple[float, int]:
    """Return how many columns a separator makes in a typical line of the beginning; how often it occurs breaks ties."""
    counts = [line[:10_000].count(sign) for line in lines[:50] if line.strip()]
    return (median(counts), sum(counts)) if counts else (0, 0)
