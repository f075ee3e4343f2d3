"""A submission as a tree of XBau names, before any release gives it order and namespace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from gateway.xbau.antrag.base import Teil


class Leaf(NamedTuple):
    """One value, and the JSON pointer of where it came from."""

    text: str
    pointer: str


class Group(NamedTuple):
    """Children by XBau name, attributes as `@name`."""

    children: Mapping[str, Tree]
    pointer: str


class Part(NamedTuple):
    """A part of the submission that nobody has looked into yet; `opened` shows its children."""

    model: Teil
    pointer: str


Tree = Leaf | Group | Part | list["Leaf | Group | Part"]

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "flaechen_bauordnungsrecht": "flaechen.Bauordnungsrecht",
        "flaechen_bau_nvo": "flaechen.BauNVO",
        "flaechen_din277": "flaechen.DIN277",
        "flaechen_wo_fiv": "flaechen.WoFIV",
        "hoehe_nach_mbo": "hoeheNachMBO",
        "grundstuecks_flaeche_gf": "grundstuecksFlaecheGF",
        "brutto_grundflaeche_bgf": "bruttoGrundflaecheBGF",
        "netto_raumflaeche_nrf": "nettoRaumflaecheNRF",
        "brutto_rauminhalt_bri": "bruttoRauminhaltBRI",
        "kosten_pro_bgf": "kostenProBGF",
        "kosten_pro_bri": "kostenProBRI",
        "nachrichten_uuid": "nachrichtenUUID",
        "listen_uri": "@listURI",
        "listen_version": "@listVersionID",
    }
)
"""XBau names that are not simply the camel case of ours."""


WRITERS: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        str: str,
        int: str,
        UUID: str,
        bool: lambda value: "true" if value else "false",
        datetime: lambda value: value.isoformat(timespec="seconds"),
        date: lambda value: value.isoformat(),
        Decimal: lambda value: format(value, "f"),
    }
)
"""How XML Schema writes the single values that a model may hold."""


def group(model: Teil, pointer: str) -> Group:
    """Return the children of a model: absent values left out, names as XBau spells them, parts not yet opened."""
    children: dict[str, Tree] = {}
    values = model.__dict__
    for field, name in fields(type(model)):
        value = values[field]
        if value is not None and (value or type(value) is not tuple):
            children[name] = tree_of(value, f"{pointer}/{field}")
        elif field in model.TOLD:
            children[name] = Group({"nichtVorhanden": Leaf("true", f"{pointer}/{field}")}, f"{pointer}/{field}")
    return Group(children, pointer)


def opened(tree: Tree | None) -> Group | None:
    """Return a part or group as a group; None for anything else."""
    if isinstance(tree, Part):
        return group(tree.model, tree.pointer)
    return tree if isinstance(tree, Group) else None


def element_name(field: str) -> str:
    """Return the XBau name of one of our field names."""
    head, *rest = field.split("_")
    return NAMES.get(field) or head + "".join(part[:1].upper() + part[1:] for part in rest)


def field_name(element: str) -> str:
    """Return our field name of an XBau name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", element.replace(".", "_"))
    return re.sub("_+", "_", spaced).lower()


def tree_of(value: object, pointer: str) -> Tree:
    """Return any value of a model as a tree."""
    if isinstance(value, tuple):
        return [_item(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    return _item(value, pointer)


def _item(value: object, pointer: str) -> Leaf | Part:
    writer = WRITERS.get(type(value))
    if writer is not None:
        return Leaf(writer(value), pointer)
    assert isinstance(value, Teil), "what is not a single value is a part"
    return Part(value, pointer)


@cache
def fields(model: type[Teil]) -> tuple[tuple[str, str], ...]:
    """Return the fields of a model that are sent, with their XBau names."""
    return tuple((field, element_name(field)) for field in model.model_fields if field not in model.UNSENT)
