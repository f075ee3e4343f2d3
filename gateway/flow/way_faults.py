"""What is wrong with the settings of a way, in German: said by the adapter's own settings model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from gateway.adapter import Plugin
from gateway.domain import codes
from gateway.domain.errors import Fault
from gateway.domain.participation import Participation

_WORDS: Mapping[str, str] = {
    "bool_parsing": "erwartet: ja oder nein",
    "bool_type": "erwartet: ja oder nein",
    "dict_type": "erwartet: ein Objekt",
    "enum": "erlaubt: {expected}",
    "greater_than": "größer als {gt}",
    "greater_than_equal": "mindestens {ge}",
    "int_from_float": "erwartet: eine ganze Zahl",
    "int_parsing": "erwartet: eine ganze Zahl",
    "int_parsing_size": "die Zahl ist zu groß",
    "int_type": "erwartet: eine ganze Zahl",
    "less_than": "kleiner als {lt}",
    "less_than_equal": "höchstens {le}",
    "list_type": "erwartet: eine Liste",
    "literal_error": "erlaubt: {expected}",
    "string_pattern_mismatch": "nicht in der erwarteten Form",
    "string_too_long": "höchstens {max_length} Zeichen",
    "string_too_short": "mindestens {min_length} Zeichen",
    "string_type": "erwartet: ein Text",
    "string_unicode": "der Text enthält Zeichen, die es nicht gibt",
    "too_long": "höchstens {max_length} Einträge",
    "tuple_type": "erwartet: eine Liste",
    "url_parsing": "keine Adresse",
    "url_scheme": "die Adresse beginnt falsch",
}
"""What pydantic finds, in German; what an adapter's own checks say is German already."""


def adapter_faults(plugin: Plugin, value: Participation) -> list[Fault]:
    """Return what an adapter finds wrong with its settings, in German with a pointer each."""
    faults = []
    if value.protection.value not in plugin.protections:
        able = ", ".join(sorted(plugin.protections))
        text = f"Der Weg {value.adapter} kann „{value.protection}“ nicht, nur {able}."
        faults.append(Fault(codes.ADAPTER_SETTINGS, "/protection", text))
    return faults + settings_faults(plugin, value.settings)


def settings_faults(plugin: Plugin, settings: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with an adapter's settings, in German with a pointer each."""
    try:
        plugin.settings.model_validate(dict(settings))
    except ValidationError as error:
        return [_fault(plugin, item) for item in error.errors()]
    return []


def _fault(plugin: Plugin, item: Any) -> Fault:
    where = item["loc"]
    field = plugin.settings.model_fields.get(str(where[0])) if where else None
    name = (field.title if field and field.title else None) or ".".join(map(str, where)) or "Einstellungen"
    pointer = "/settings" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in where)
    texts = {"missing": f"„{name}“ fehlt.", "extra_forbidden": f"Eine Einstellung „{name}“ gibt es nicht."}
    return Fault(codes.ADAPTER_SETTINGS, pointer, texts.get(item["type"], f"„{name}“ ist ungültig ({_said(item)})."))


def _said(item: Any) -> str:
    template = _WORDS.get(item["type"])
    if template is None:
        return str(item["msg"]).removeprefix("Value error, ").rstrip(".")
    return template.format_map({name: str(value) for name, value in item.get("ctx", {}).items()})
