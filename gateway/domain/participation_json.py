"""Reads a participation from its JSON form, naming everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from typing import Any

from gateway.domain import codes
from gateway.domain.errors import Fault, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase, Protection
from gateway.domain.procedure import Procedure


def from_json(data: object) -> Participation:
    """Return the participation that `to_json` wrote, or that a person wrote in its form; absent fields get defaults.

    Raises:
        RoutingError: PARTICIPATION_INVALID with one fault for each unreadable, unknown or missing field.
    """
    if not isinstance(data, Mapping):
        raise invalid([Fault(codes.FIELD_INVALID, "", "Eine Teilnahme ist ein JSON-Objekt.")])
    values: dict[str, Any] = {}
    faults = [
        Fault(codes.FIELD_UNKNOWN, f"/{_escape(str(name))}", "Diese Angabe gibt es bei der Teilnahme nicht.")
        for name in data
        if name not in _READERS
    ]
    for name, (read, expected) in _READERS.items():
        if name not in data:
            faults += [Fault(codes.FIELD_MISSING, f"/{name}", f"Erwartet: {expected}.")] if name in _REQUIRED else []
            continue
        try:
            values[name] = read(data[name])
        except (TypeError, ValueError):
            faults.append(Fault(codes.FIELD_INVALID, f"/{name}", f"Erwartet: {expected}."))
    if faults:
        raise invalid(faults)
    return Participation(**values)


def invalid(faults: list[Fault]) -> RoutingError:
    """Return the error that carries the faults of a participation."""
    reason = "; ".join(fault.detail.rstrip(".") for fault in faults[:3])
    more = f" (und {len(faults) - 3} weitere)" if len(faults) > 3 else ""
    return RoutingError(
        codes.PARTICIPATION_INVALID,
        f"Die Teilnahme kann so nicht gespeichert werden: {reason}{more}.",
        "Bitte die genannten Angaben ergänzen oder berichtigen; gespeichert wurde nichts.",
        faults,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return tuple(_text(item) for item in value)


def _settings(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError
    return {_text(name): setting for name, setting in value.items()}


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


# field name -> how its JSON value is read, and what is expected there in words
_READERS: Mapping[str, tuple[Callable[[object], Any], str]] = {
    "authority": (lambda value: AuthorityKey(_text(value)), "der achtstellige Schlüssel der Behörde"),
    "valid_from": (lambda value: date.fromisoformat(_text(value)), "ein Datum wie 2026-12-01"),
    "option": (lambda value: Option(_text(value)), "1, 2, 3a oder 3b"),
    "procedures": (
        lambda value: frozenset(map(Procedure, _texts(value))),
        "eine Liste aus " + ", ".join(Procedure),
    ),
    "release": (_text, "die XBau-Version als Text, zum Beispiel 2.6"),
    "adapter": (_text, "der Name des Übertragungswegs"),
    "settings": (_settings, "ein JSON-Objekt mit den Einstellungen des Übertragungswegs"),
    "protection": (lambda value: Protection(_text(value)), "transport oder end_to_end"),
    "phase": (lambda value: Phase(_text(value)), " oder ".join(Phase)),
    "redirect_url": (_text, "eine Adresse, die mit https:// beginnt"),
    "size_limit": (_whole, "eine ganze Zahl von Bytes"),
    "list_posted_plans": (_truth, "true oder false"),
    "certificates": (_texts, "eine Liste von Fingerabdrücken"),
    "source": (_text, "ein Text"),
    "note": (_text, "ein Text"),
    "changed_by": (_text, "ein Text"),
    "changed_at": (_moment, "ein Zeitpunkt mit Zeitzone wie 2026-11-03T09:00:00+00:00"),
}
_REQUIRED = frozenset(
    item.name for item in fields(Participation) if item.default is MISSING and item.default_factory is MISSING
)
