"""Forms as values: fields, what was typed, what is wrong with it; also made from the JSON schema of an adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui.client import FieldFault
from tui.formats import read_day
from tui.plain import plain, plain_lines
from tui.texts import Texts

Kind = Literal["text", "choice", "choices", "yes", "number", "day", "long", "file", "secret"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to enter; `options` are pairs of value and label; `pointer` where the server names it differently."""

    name: str
    label: str
    kind: Kind = "text"
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False
    pointer: str = ""

    @property
    def place(self) -> str:
        """The JSON pointer under which the server speaks of it."""
        return self.pointer or f"/{self.name}"


def typed_value(field: Field, raw: Any) -> Any:
    """Return what was typed as the JSON value it stands for; dates as ISO, numbers as numbers, unreadable as typed."""
    if field.kind == "day":
        day = read_day(str(raw))
        return day.isoformat() if day else raw
    if field.kind == "number":
        return _number(str(raw))
    return raw.strip() if field.kind in ("text", "file") and isinstance(raw, str) else raw


def faults_of(field: Field, value: Any, texts: Texts) -> list[FieldFault]:
    """Return what can be said about a value without asking the server."""
    if field.required and value in ("", None, []):
        return [FieldFault(field.place, texts("dialogs.required"))]
    if isinstance(value, str) and field.kind != "secret":
        shown_text = plain_lines(value) if field.kind == "long" else plain(value)
        if shown_text != "\n".join(value.splitlines()):
            return [FieldFault(field.place, texts("dialogs.harmful", text=shown_text[:60]))]
    if field.kind == "day" and value and read_day(str(value)) is None:
        return [FieldFault(field.place, texts("dialogs.day"))]
    if field.kind == "number" and isinstance(value, str) and value:
        return [FieldFault(field.place, texts("dialogs.number"))]
    return []


def from_schema(schema: Mapping[str, Any]) -> list[Field]:
    """Return a field for every setting of an adapter, in the order of its schema (pydantic's JSON schema).

    Where a value is no word for people, `x-titles` of the property says what it is called.
    """
    required = set(schema.get("required", ()))
    fields = []
    for name, given in schema.get("properties", {}).items():
        described = _resolved(given, schema)
        titles = described.get("x-titles") or {}
        options = tuple((str(value), str(titles.get(value, value))) for value in described.get("enum", ()))
        fields.append(
            Field(
                name,
                str(described.get("title") or name),
                _kind(described, options),
                str(described.get("description") or ""),
                options,
                required=name in required,
            )
        )
    return fields


def settings_of(fields: Sequence[Field], schema: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return an adapter's settings as JSON: what was left empty and is not required is left out."""
    found: dict[str, Any] = {}
    for field in fields:
        value = typed_value(field, raw.get(field.name))
        if value in ("", None):
            continue
        described = _resolved(schema["properties"][field.name], schema)
        found[field.name] = _structured(value) if described.get("type") in ("object", "array") else value
    return found


def defaults_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an adapter assumes where nothing is entered."""
    properties = schema.get("properties", {})
    return {name: given["default"] for name, given in properties.items() if given.get("default") is not None}


def shown(value: Any) -> str:
    """Return a JSON value as it is typed."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _resolved(given: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a property's description with its reference followed and `… or null` taken away."""
    result = dict(given)
    for name in ("anyOf", "allOf"):
        kinds = [one for one in given.get(name, ()) if one.get("type") != "null"]
        if kinds:
            result = dict(kinds[0]) | result
    reference = str(result.get("$ref", ""))
    if reference.startswith("#/$defs/"):
        result = dict(schema.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})) | result
    if "const" in result:
        result.setdefault("enum", [result["const"]])
    return result


def _kind(described: Mapping[str, Any], options: Sequence[Any]) -> Kind:
    if options:
        return "choice"
    kinds: dict[str, Kind] = {"boolean": "yes", "integer": "number", "number": "number"}
    return kinds.get(str(described.get("type", "")), "text")


def _number(text: str) -> int | float | str | None:
    bare = text.strip().replace(" ", "")
    if not bare:
        return None
    for read in (int, float):
        try:
            return read(bare.replace(",", ".") if read is float else bare)
        except ValueError:
            continue
    return text


def _structured(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
