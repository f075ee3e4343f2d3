"""The `antrag`: one model per procedure, the same for every XBau release."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.domain import codes
from gateway.domain.errors import Fault, SubmissionError
from gateway.domain.procedure import Procedure
from gateway.xbau.antrag.anzeigen import Baubeginn, Beseitigung, Nutzungsaufnahme
from gateway.xbau.antrag.base import Teil
from gateway.xbau.antrag.folge import AntragGeaendert, FachlicheKommunikation, Followup, Ruecknahme
from gateway.xbau.antrag.verfahren import (
    Antrag,
    Baugenehmigung,
    Genehmigungsfreistellung,
    IsolierteAbweichung,
    Teilbaugenehmigung,
    Verlaengerung,
    Vorbescheid,
)

__all__ = [
    "FOLLOWUPS",
    "MODELS",
    "Antrag",
    "Followup",
    "antrag_schema",
    "followup_schema",
    "parse_antrag",
    "parse_followup",
]

MODELS: Mapping[Procedure, type[Antrag]] = MappingProxyType(
    {
        model.PROCEDURE: model
        for model in (
            Baugenehmigung,
            Vorbescheid,
            IsolierteAbweichung,
            Teilbaugenehmigung,
            Verlaengerung,
            Genehmigungsfreistellung,
            Baubeginn,
            Nutzungsaufnahme,
            Beseitigung,
        )
    }
)
FOLLOWUPS: Mapping[str, type[Followup]] = MappingProxyType(
    {model.NUMBER: model for model in (AntragGeaendert, Ruecknahme, FachlicheKommunikation)}
)
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "Diese Angabe fehlt.",
        "extra_forbidden": "Diese Angabe ist hier nicht vorgesehen.",
        "string_unicode": "Der Text enthält ungepaarte Ersatzzeichen.",
        "string_type": "Hier wird ein Text erwartet.",
        "string_too_short": "Der Text darf nicht leer sein.",
        "string_too_long": "Der Text ist länger als {max_length} Zeichen.",
        "string_pattern_mismatch": "Der Wert hat nicht die erwartete Form.",
        "bool_type": "Hier wird true oder false erwartet.",
        "int_type": "Hier wird eine ganze Zahl erwartet.",
        "tuple_type": "Hier wird eine Liste erwartet.",
        "model_type": "Hier wird ein Objekt erwartet.",
        "too_short": "Es fehlen Einträge: mindestens {min_length}.",
        "too_long": "Es sind zu viele Einträge: höchstens {max_length}.",
        "uuid_parsing": "Hier wird eine UUID erwartet.",
        "uuid_type": "Hier wird eine UUID erwartet.",
        "date_from_datetime_parsing": "Dieses Datum gibt es nicht.",
        "date_parsing": "Dieses Datum gibt es nicht.",
        "date_from_datetime_inexact": "Hier wird ein Datum ohne Uhrzeit erwartet.",
        "datetime_parsing": "Diesen Zeitpunkt gibt es nicht.",
        "datetime_from_date_parsing": "Diesen Zeitpunkt gibt es nicht.",
        "timezone_aware": "Geben Sie die Zeitzone an.",
        "literal_error": "Erlaubt sind nur: {expected}.",
        "greater_than": "Der Wert muss größer als {gt} sein.",
        "greater_than_equal": "Der Wert muss mindestens {ge} sein.",
        "less_than": "Der Wert muss kleiner als {lt} sein.",
        "decimal_parsing": "Hier wird eine Zahl erwartet.",
        "decimal_type": "Hier wird eine Zahl erwartet.",
        "finite_number": "Hier wird eine endliche Zahl erwartet.",
        "decimal_max_digits": "Die Zahl hat mehr als {max_digits} Stellen.",
        "decimal_max_places": "Die Zahl hat mehr als {decimal_places} Nachkommastellen.",
        "decimal_whole_digits": "Die Zahl ist zu groß.",
    }
)
"""What each kind of fault means to the portal, by the name pydantic gives it."""

_Model = TypeVar("_Model", bound=Teil)


def parse_antrag(procedure: Procedure, data: object) -> Antrag:
    """Return the `antrag` of a procedure from its JSON value.

    Raises:
        SubmissionError: something is wrong; `faults` name all of it with pointers below `/antrag`.
    """
    return _parsed(MODELS[procedure], data, "/antrag")


def parse_followup(number: str, data: object) -> Followup:
    """Return a message about a running case from its JSON value.

    Raises:
        SubmissionError: no such message, or something is wrong; `faults` have pointers below `/nachricht`.
    """
    model = FOLLOWUPS.get(number)
    if model is None:
        known = ", ".join(FOLLOWUPS)
        raise SubmissionError(
            codes.MESSAGE_UNKNOWN, f"Die Nachricht {number[:20]!r} gibt es nicht.", f"Möglich sind: {known}."
        )
    return _parsed(model, data, "/nachricht")


def antrag_schema(procedure: Procedure) -> dict[str, Any]:
    """Return the JSON schema of the `antrag` of a procedure, for the OpenAPI description."""
    return MODELS[procedure].model_json_schema()


def followup_schema(number: str) -> dict[str, Any]:
    """Return the JSON schema of a message about a running case."""
    return FOLLOWUPS[number].model_json_schema()


def _parsed(model: type[_Model], data: object, pointer: str) -> _Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [_fault(detail, pointer) for detail in _telling(error.errors(include_url=False, include_input=False))]
        raise SubmissionError(
            codes.FAULTS, f"Die Angaben haben {len(faults)} Fehler.", "Berichtigen Sie alle genannten Angaben.", faults
        ) from None


def _telling(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return the details without lists called too short only because an entry of theirs is faulty."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(place[: len(detail["loc"])] == detail["loc"] for place in places if place != detail["loc"])
    ]


def _fault(detail: ErrorDetails, pointer: str) -> Fault:
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in detail["loc"])
    kind = detail["type"]
    code = {
        "missing": codes.FIELD_MISSING,
        "one_of": codes.FIELD_MISSING,
        "extra_forbidden": codes.FIELD_UNKNOWN,
        "characters": codes.CHARACTERS,
        "string_unicode": codes.CHARACTERS,
    }.get(kind, codes.FIELD_INVALID)
    sentence = SENTENCES.get(kind, detail["msg"] if kind in OURS else "Der Wert ist hier nicht zulässig.")
    return Fault(code, pointer + steps, sentence.format_map(detail.get("ctx", {})))


OURS = frozenset({"one_of", "characters", "written_date", "blank", "not_here"})
"""Kinds of fault whose message is our own."""
