"""What the journal holds beside an entry, in words: names and values as people read them, changes as before → after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui import signs
from tui.formats import day, full, moment, size
from tui.texts import Texts

FEW = 4
"""Values of a list that are named; of more only the first ones and how many there are."""

FAMILIES = {"state": "state", "from": "stage", "to": "stage", "phase": "phase", "protection": "protection",
            "purpose": "purpose"}  # fmt: skip
"""Facts whose values are words of the domain, and the family that has them."""

WAYS = ("adapter", "via")
SIZES = ("bytes", "size", "size_limit")


def in_words(facts: Mapping[str, Any], texts: Texts) -> list[tuple[str, str]]:
    """Return each fact as its name and its value; what was and what is become one line per field."""
    before, after = facts.get("before"), facts.get("after")
    found: list[tuple[str, str]] = []
    if isinstance(after, Mapping):
        earlier = before if isinstance(before, Mapping) else {}
        found += [(_name(name, texts), changed(name, earlier.get(name), value, texts)) for name, value in after.items()]
        facts = {name: value for name, value in facts.items() if name not in ("before", "after")}
    return [*found, *((_name(name, texts), said(name, value, texts)) for name, value in facts.items())]


def in_a_line(facts: Mapping[str, Any], texts: Texts) -> str:
    """Return all facts in one line."""
    return " · ".join(f"{name}: {value}" for name, value in in_words(facts, texts))


def changed(name: str, before: Any, after: Any, texts: Texts) -> str:
    """Return a change of one field: `2 ohne Pläne → 1 mit Plänen`."""
    return f"{said(name, before, texts)} → {said(name, after, texts)}"


def said(name: str, value: Any, texts: Texts) -> str:
    """Return the value of a field or a fact in words."""
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return texts("shell.yes" if value else "shell.no")
    if isinstance(value, Mapping):
        return ", ".join(f"{one}: {said(one, inner, texts)}" for one, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        more = f" … ({len(value)})" if len(value) > FEW else ""
        return ", ".join(said("", one, texts) for one in value[:FEW]) + more
    if name in SIZES and isinstance(value, int):
        return size(value)
    return _word(name, str(value), texts)


def _word(name: str, value: str, texts: Texts) -> str:
    if name == "option":
        return signs.option(value, texts).text
    if name in WAYS:
        return signs.way(value, value.replace("_", "-"), texts)
    if name in FAMILIES:
        return texts.value(FAMILIES[name], value)
    if len(value) == len("2026-11-22") and value.count("-") == 2:
        return day(value)
    if len(value) > len("2026-11-22T") and value[10:11] == "T" and moment(value):
        return full(value)
    return who(value)


def who(actor: str) -> str:
    """Return an actor as people name them: a person without the prefix that tells persons from machines."""
    return actor.removeprefix("operator:")


def actor_of(actor: str, texts: Texts) -> str:
    """Return the actor of an entry: persons by name, portals and authorities with the word for what they are."""
    kind, _, name = actor.partition(":")
    return texts(f"facts.actor.{kind}", name=name) if texts.has(f"facts.actor.{kind}") else who(actor)


def _name(name: str, texts: Texts) -> str:
    for place in (f"values.field.{name}", f"facts.{name}"):
        if texts.has(place):
            return texts(place)
    return name
