"""Placing a tree into a shape: order, namespace and fixed attributes come from our schema, never from the builder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.domain import codes
from gateway.domain.errors import Fault
from gateway.xbau.antrag.base import Teil
from gateway.xbau.plan import group_plan, part_plan
from gateway.xbau.schema import Message, Shape
from gateway.xbau.tree import WRITERS, Group, Leaf, Part, Tree, field_name, group, opened, tree_of
from gateway.xbau.values import Sheet, escaped, known_code, written

OTHER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "berechtigung": "bauvorlageberechtigung",
        "nummernKammer": "mitgliedsnummerkammer",
        "nachweisBerechtigung": "sonstigerNachweisBauvorlageberechtigung",
    }
)
"""What an element of the newest release is called in older ones."""

INNER: Final[Mapping[str, str]] = MappingProxyType(
    {"bauherr": "bauherr", "anzeigender": "anzeigender", "ansprechpartner": "name", "bezug": "mitAktenzeichen"}
)
"""Elements that older releases have without the wrapper: which child of the wrapper is meant."""

UNASKED: Final = frozenset({"id", "anzahlDerGebaeude", "datenBauabgang", "artDesBauherrn", "artDesAnzeigenden"})
"""Identifiers and statistics that only newer releases ask for: where they do not, they are left out without loss."""


def emit(message: Message, tree: Group, sheet: Sheet) -> str:
    """Return the XML text of a tree; it is not to be used if the sheet then has faults."""
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in message.namespaces)
    _group(message.root, tree, sheet, "", declared)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(sheet.out)


def _part(shape: Shape, part: Teil, pointer: str, sheet: Sheet, indent: str) -> bool:
    """Write a part straight from its model where the release takes it as it is, else opened as a group."""
    plan, homeless, told = part_plan(sheet.release, shape, indent, type(part))
    values = part.__dict__
    for field in homeless:
        if values[field] is not None and values[field] != ():
            return _group(shape, group(part, pointer), sheet, indent)
    for field in told:
        if values[field] is None:
            return _group(shape, group(part, pointer), sheet, indent)
    out = sheet.out
    start = len(out)
    out.append(plan.opening)
    done = 0
    for field, head, tail, ready, sure, child, mark in plan.steps:
        value = values[field]
        if value is None:
            continue
        kind = type(value)
        if kind is str:
            if ready(value):
                out += head, value, tail
            elif not _one(child, Leaf(value, f"{pointer}/{field}"), sheet, plan.deeper):
                continue
        elif kind is tuple:
            if not value or not _several(child, value, f"{pointer}/{field}", sheet, plan.deeper):
                continue
        elif kind not in WRITERS:
            if not _part(child, value, f"{pointer}/{field}", sheet, plan.deeper):
                continue
        elif sure:
            out += head, WRITERS[kind](value), tail
        elif not _one(child, Leaf(WRITERS[kind](value), f"{pointer}/{field}"), sheet, plan.deeper):
            continue
        done |= mark
    if plan.lacks(done):
        return _incomplete(shape, pointer, plan.names(done), start, sheet, indent)
    out.append(plan.closing)
    return True


def _several(shape: Shape, values: tuple[Any, ...], pointer: str, sheet: Sheet, indent: str) -> bool:
    """Write each of several values of a model, and return whether anything was written."""
    if type(values[0]) in WRITERS or (shape.high is not None and len(values) > shape.high):
        return _place(shape, tree_of(values, pointer), sheet, indent)
    found = [_part(shape, value, f"{pointer}/{index}", sheet, indent) for index, value in enumerate(values)]
    return any(found)


def _group(shape: Shape, tree: Group, sheet: Sheet, indent: str, declared: str = "") -> bool:
    """Write a group and return whether there was anything to write."""
    children = tree.children
    if not children.keys() <= shape.names:
        children = dict(_resolved(shape, tree, sheet))
    plan = group_plan(sheet.release, shape, indent)
    out = sheet.out
    start = len(out)
    attributes = _attributes(shape, children, sheet) if shape.attributes else ""
    out.append(f"{indent}{shape.opening}{declared}{attributes}>\n" if declared or attributes else plan.opening)
    done = 0
    for name, head, tail, ready, _, child, mark in plan.steps:
        value = children.get(name)
        if value is None:
            continue
        if type(value) is Leaf and ready(value.text):
            out += head, value.text, tail
        elif not _place(child, value, sheet, plan.deeper):
            continue
        done |= mark
    if plan.lacks(done):
        return _incomplete(shape, tree.pointer, plan.names(done), start, sheet, indent)
    out.append(plan.closing)
    return True


def _incomplete(shape: Shape, pointer: str, done: set[str], start: int, sheet: Sheet, indent: str) -> bool:
    """Close a group that lacks something and say what, or take it back if nothing is in it."""
    if not done and not shape.needed and not shape.choices:
        del sheet.out[start:]
        return False
    _note_missing(shape, pointer, done, sheet)
    sheet.out.append(indent + shape.closing)
    return True


def _resolved(shape: Shape, tree: Group, sheet: Sheet) -> Iterator[tuple[str, Tree]]:
    """Yield the children under the names this release has for them; what has no place here is lost."""
    inner = INNER.get(shape.name, "")
    if inner in tree.children and inner not in shape.names:
        core = opened(tree.children[inner])
        _lost({name: value for name, value in tree.children.items() if name != inner}, sheet)
        if core is not None:
            yield from _resolved(shape, core, sheet)
        return
    for name, value in tree.children.items():
        if name in shape.names or name.startswith("@"):
            yield name, value
        elif OTHER_NAMES.get(name, "") in shape.names:
            yield OTHER_NAMES[name], value
        else:
            _lost({name: value}, sheet)


def _lost(children: Mapping[str, Tree], sheet: Sheet) -> None:
    for name, value in children.items():
        if name in UNASKED:
            continue
        detail = f"XBau {sheet.release.name} der Behörde kennt die Angabe „{name}“ an dieser Stelle nicht."
        for item in value if isinstance(value, list) else [value]:
            sheet.lose(item.pointer, detail)


def _note_missing(shape: Shape, pointer: str, done: set[str], sheet: Sheet) -> None:
    """Note needed children that are absent, and choices of which none was made, unless a fault below says more."""
    absent = [name for name in shape.needed if name not in done]
    absent += [choice[0] for choice in shape.choices if done.isdisjoint(choice)]
    for name in absent:
        place = f"{pointer}/{field_name(name)}"
        below = pointer if shape.choices else place
        if not any(fault.pointer.startswith(below) for fault in sheet.faults):
            detail = f"XBau {sheet.release.name} der Behörde verlangt hier die Angabe „{name}“."
            sheet.faults.append(Fault(codes.FIELD_MISSING, place, detail))


def _place(shape: Shape, value: Tree, sheet: Sheet, indent: str) -> bool:
    """Write a value, or each of several, and return whether anything was written."""
    if not isinstance(value, list):
        return _one(shape, value, sheet, indent)
    if shape.high is not None:
        for extra in value[shape.high :]:
            detail = f"XBau {sheet.release.name} der Behörde nimmt „{shape.name}“ höchstens {shape.high}-mal auf."
            sheet.lose(extra.pointer, detail)
        value = value[: shape.high]
    found = [_one(shape, item, sheet, indent) for item in value]
    return any(found)


def _one(shape: Shape, value: Leaf | Group | Part, sheet: Sheet, indent: str) -> bool:
    if isinstance(value, Part):
        return _part(shape, value.model, value.pointer, sheet, indent)
    if isinstance(value, Group):
        return _group(shape, value, sheet, indent)
    if shape.carrier is not None:
        return _group(shape, _wrapped(shape.carrier, value), sheet, indent)
    if shape.kind == "code":
        text: str | None = f"<code>{escaped(known_code(shape, value, sheet))}</code>"
    else:
        text = written(shape.kind, value, sheet)
    if text is None:
        return False
    sheet.out.append(f"{indent}{shape.opening}>{text}{shape.closing}")
    return True


def _wrapped(child: Shape, leaf: Leaf) -> Group:
    """Return a bare value as that child; lines become paragraphs."""
    if child.kind != "para":
        return Group({child.name: leaf}, leaf.pointer)
    lines: list[Leaf | Group | Part] = [Leaf(line, leaf.pointer) for line in leaf.text.splitlines() if line.strip()]
    return Group({child.name: lines}, leaf.pointer)


def _attributes(shape: Shape, children: Mapping[str, Tree], sheet: Sheet) -> str:
    parts = []
    for attribute in shape.attributes:
        value = children.get(f"@{attribute.name}")
        if isinstance(value, Leaf):
            text = written(attribute.kind, value, sheet)
            parts.append(f' {attribute.name}="{text}"' if text else "")
    return "".join(parts)
