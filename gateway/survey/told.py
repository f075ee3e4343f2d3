"""A table, or why there is none, as bytes: for the way from the process that read a file to the one that uses it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from gateway.domain import codes
from gateway.domain.errors import RoutingError
from gateway.survey.table import Cell, Table, harmless, table_of, unreadable

CODES = (codes.BODY_UNREADABLE, codes.BODY_TOO_LARGE)
_LONGEST = 400


def table_bytes(table: Table) -> bytes:
    """Return a table as JSON; a cell is its text, with trouble or day only a list."""
    rows = [[_written(cell) for cell in row] for row in table.rows]
    return json.dumps({"rows": rows, "source": table.source}, ensure_ascii=False).encode("utf-8", "replace")


def refusal_bytes(error: RoutingError) -> bytes:
    """Return a refusal as JSON."""
    value = {"code": error.code.name, "reason": error.reason, "hint": error.hint}
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def told_table(octets: bytes) -> Table:
    """Return the table that was told, believing nothing: a process that was taken over may tell anything.

    Raises:
        RoutingError: the refusal that was told; BODY_UNREADABLE if this is neither.
    """
    try:
        value = json.loads(octets)
        if "rows" not in value:
            raise _refusal(value)
        return table_of(([_cell(cell) for cell in row] for row in value["rows"]), _text(value["source"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise unreadable("Die Datei ist nicht lesbar.") from error


def _written(cell: Cell) -> str | list[str]:
    if not cell.trouble and cell.day is None:
        return cell.text
    return [cell.text, cell.trouble, cell.day.isoformat() if cell.day else ""]


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(_text(value))
    text, trouble, day = value
    return Cell(_text(text), _text(trouble), date.fromisoformat(day) if day else None)


def _refusal(value: Any) -> RoutingError:
    code = next(one for one in (*CODES, None) if one is None or one.name == value["code"])
    if code is None:
        raise ValueError(value["code"])
    return RoutingError(code, _text(value["reason"])[:_LONGEST], _text(value["hint"])[:_LONGEST])


def _text(value: Any) -> str:
    if not isinstance(value, str) or not harmless(value):
        raise ValueError("no text")
    return value
