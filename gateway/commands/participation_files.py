"""Participation as CSV and JSON files: written for export, read for import; what was written reads back the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.domain import codes
from gateway.domain.errors import Fault, RoutingError
from gateway.domain.participation import Participation, to_json
from gateway.domain.participation_json import from_json, invalid

COLUMNS = (
    "authority",
    "name",
    "valid_from",
    "option",
    "procedures",
    "release",
    "adapter",
    "protection",
    "phase",
    "redirect_url",
    "size_limit",
    "list_posted_plans",
    "certificates",
    "settings",
    "source",
    "note",
    "changed_by",
    "changed_at",
)
LIMIT_BYTES = 20 * 10**6
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_LISTS = frozenset({"procedures", "certificates"})


def write_json(participations: Iterable[Participation]) -> str:
    """Return a JSON list, one object for each setting."""
    return json.dumps([to_json(value) for value in participations], ensure_ascii=False, indent=2) + "\n"


def write_csv(participations: Iterable[Participation], names: Mapping[str, str]) -> str:
    """Return a CSV table with `;`; a cell that a spreadsheet would take for a formula begins with `'`."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for value in participations:
        row = {**to_json(value), "name": names.get(value.authority, "")}
        writer.writerow([_cell(column, row[column]) for column in COLUMNS])
    return file.getvalue()


def read_file(octets: bytes) -> list[Participation]:
    """Return the settings of a JSON or CSV file as written by this module; other columns than `authority`,
    `valid_from` and `option` may be missing.

    Raises:
        RoutingError: PARTICIPATION_INVALID; each pointer begins with the number of the setting from 0.
    """
    if len(octets) > LIMIT_BYTES:
        raise invalid([Fault(codes.BODY_TOO_LARGE, "", f"Die Datei ist größer als {LIMIT_BYTES // 10**6} MB.")])
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise invalid([Fault(codes.CHARACTERS, "", "Die Datei ist nicht in UTF-8 geschrieben.")]) from error
    rows = _json_rows(text) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text)
    if not rows:
        raise invalid([Fault(codes.FIELD_MISSING, "", "Die Datei enthält keine Zeilen.")])
    found: list[Participation] = []
    faults: list[Fault] = []
    for number, row in enumerate(rows):
        try:
            found.append(from_json(row))
        except RoutingError as error:
            faults += [replace(fault, pointer=f"/{number}{fault.pointer}") for fault in error.faults]
    if faults:
        raise invalid(faults)
    return found


def _cell(column: str, value: Any) -> str:
    if column in _LISTS:
        text = " ".join(value)
    elif column == "settings":
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    elif isinstance(value, bool):
        text = "ja" if value else "nein"
    else:
        text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json_rows(text: str) -> Sequence[object]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid([Fault(codes.BODY_UNREADABLE, "", "Die Datei ist kein gültiges JSON.")]) from error
    return data if isinstance(data, list) else [data]


def _csv_rows(text: str) -> Sequence[object]:
    head = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=head.count)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey=""))
    except csv.Error as error:
        raise invalid([Fault(codes.BODY_UNREADABLE, "", "Die Datei ist keine lesbare CSV-Tabelle.")]) from error
    return [_values(row) for row in rows]


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON form of a row; what cannot be read stays text, so that reading it names the fault."""
    values: dict[str, Any] = {}
    for column, cell in row.items():
        text = cell if isinstance(cell, str) else ""
        text = text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text
        if column == "name" or (
            text == "" and column in COLUMNS and column not in ("authority", "valid_from", "option")
        ):
            continue
        values[column] = _value(column, text)
    return values


def _value(column: str, text: str) -> Any:
    if column in _LISTS:
        return text.replace(",", " ").split()
    if column == "size_limit":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
    if column == "list_posted_plans":
        return {"ja": True, "nein": False}.get(text.strip().casefold(), text)
    if column == "settings":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text
