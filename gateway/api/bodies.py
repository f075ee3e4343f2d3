"""Reading request bodies: bounded, strict JSON, every fault named with its pointer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import Fault, SubmissionError, pointer

Shape = TypeVar("Shape", bound=BaseModel)

DEPTH = 40
"""Nested objects and arrays of a JSON body, at most."""

_GERMAN = {
    "missing": (codes.FIELD_MISSING, "Diese Angabe fehlt."),
    "extra_forbidden": (codes.FIELD_UNKNOWN, "Diese Angabe ist nicht bekannt."),
    "string_type": (codes.FIELD_INVALID, "Hier wird ein Text erwartet."),
    "string_too_short": (codes.FIELD_INVALID, "Dieser Text ist zu kurz."),
    "string_too_long": (codes.FIELD_INVALID, "Dieser Text ist zu lang (höchstens {max_length} Zeichen)."),
    "string_pattern_mismatch": (codes.FIELD_INVALID, "Dieser Text hat nicht die erwartete Form."),
    "int_type": (codes.FIELD_INVALID, "Hier wird eine ganze Zahl erwartet."),
    "int_parsing": (codes.FIELD_INVALID, "Hier wird eine ganze Zahl erwartet."),
    "bool_type": (codes.FIELD_INVALID, "Hier wird true oder false erwartet."),
    "bool_parsing": (codes.FIELD_INVALID, "Hier wird true oder false erwartet."),
    "greater_than": (codes.FIELD_INVALID, "Die Zahl muss größer als {gt} sein."),
    "greater_than_equal": (codes.FIELD_INVALID, "Die Zahl muss mindestens {ge} sein."),
    "less_than_equal": (codes.FIELD_INVALID, "Die Zahl darf höchstens {le} sein."),
    "too_short": (codes.FIELD_INVALID, "Zu wenige Einträge (mindestens {min_length})."),
    "too_long": (codes.FIELD_INVALID, "Zu viele Einträge (höchstens {max_length})."),
    "dict_type": (codes.FIELD_INVALID, "Hier wird ein Objekt erwartet."),
    "list_type": (codes.FIELD_INVALID, "Hier wird eine Liste erwartet."),
    "date_from_datetime_parsing": (codes.FIELD_INVALID, "Hier wird ein Datum wie 2026-05-31 erwartet."),
    "date_parsing": (codes.FIELD_INVALID, "Hier wird ein Datum wie 2026-05-31 erwartet."),
    "literal_error": (codes.FIELD_INVALID, "Erlaubt sind: {expected}."),
    "enum": (codes.FIELD_INVALID, "Erlaubt sind: {expected}."),
}


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body, never more than `limit` bytes.

    Raises:
        SubmissionError: BODY_TOO_LARGE as soon as the limit is passed, CONTENT_TYPE unless it is JSON.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise SubmissionError(codes.CONTENT_TYPE, "Der Inhalt muss als application/json gesendet werden.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        _too_large(limit)
    collected = bytearray()
    async for chunk in request.stream():
        collected += chunk
        if len(collected) > limit:
            _too_large(limit)
    return bytes(collected)


def _too_large(limit: int) -> NoReturn:
    raise SubmissionError(codes.BODY_TOO_LARGE, f"Der Inhalt darf höchstens {limit} Byte haben.")


def read_json(octets: bytes) -> Any:
    """Return strict JSON: UTF-8, no NaN or Infinity, no key twice, at most `DEPTH` levels.

    Raises:
        SubmissionError: BODY_UNREADABLE.
    """
    try:
        value = json.loads(octets.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _Unwanted) else "Der Inhalt ist kein gültiges JSON (UTF-8)."
        raise SubmissionError(codes.BODY_UNREADABLE, reason) from error
    if _deeper_than(value, DEPTH):
        raise SubmissionError(codes.BODY_UNREADABLE, f"Der Inhalt ist tiefer als {DEPTH} Ebenen verschachtelt.")
    return value


class _Unwanted(ValueError):
    """JSON that Python would read and we do not."""


def _no_constant(name: str) -> NoReturn:
    raise _Unwanted(f"{name} ist in JSON nicht erlaubt.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unwanted("Ein Objekt nennt dieselbe Angabe zweimal.")
    return found


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for entry in level
            if isinstance(entry, dict | list)
            for child in (entry.values() if isinstance(entry, dict) else entry)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def shaped(shape: type[Shape], value: Any) -> Shape:
    """Return a value read as a shape.

    Raises:
        SubmissionError: FAULTS with one fault per place that does not fit.
    """
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise misfit(error.errors(include_url=False, include_input=False)) from error


def misfit(found: Sequence[Any]) -> SubmissionError:
    """Return the error that names every place where pydantic found something that does not fit."""
    faults = [_fault(entry) for entry in found]
    count = len(faults)
    reason = "Die Anfrage hat einen Fehler." if count == 1 else f"Die Anfrage hat {count} Fehler."
    return SubmissionError(codes.FAULTS, reason, "Bitte alle genannten Stellen berichtigen.", faults)


def _fault(entry: Any) -> Fault:
    code, sentence = _sentence(entry)
    return Fault(code, pointer(entry["loc"]), sentence)


def _sentence(entry: Any) -> tuple[Code, str]:
    code, template = _GERMAN.get(entry["type"], (codes.FIELD_INVALID, "Diese Angabe ist ungültig."))
    context = {name: str(value) for name, value in entry.get("ctx", {}).items()}
    return code, template.format_map(context) if "{" in template else template
