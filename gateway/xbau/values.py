"""What a single value must be in a release: its characters, its code list, its xml id."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from gateway.domain import codes
from gateway.domain.errors import Fault
from gateway.xbau.charset import Kind, forbidden, normalise
from gateway.xbau.codelists import Codelist, codelist
from gateway.xbau.release import Release
from gateway.xbau.schema import CHECKED, Shape, patterns
from gateway.xbau.tree import Leaf

FIELDS: Final[Mapping[str, Kind]] = MappingProxyType({"text": "name", "title": "attachment-title", "para": "text"})
BORROWED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({"vorlagenantragstellung": ("anlagen", "2.0")})
"""Lists that were never published, and the one with the same numbers."""

_ALIKE = "!-~\xa1-\xac\xae-\u0107\u010a-\u011b\u0126-\u0131\u0134-\u015b\u015e-\u016b\u016e-\u017e"
SHARED = re.compile(f"[{_ALIKE}](?:[ {_ALIKE}]*[{_ALIKE}])?")
"""Text that every charset allows as it stands: nearly all of it, so most text needs no closer look."""

EASY = re.compile(SHARED.pattern.replace("!-~", "!\"'-;=?-~"))
"""Such text that needs no escaping either."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-/]*")


@dataclass(slots=True)
class Sheet:
    """A message being written: the text so far, what is wrong, what was left out, and the xml ids already given.

    On a `lossy` sheet what the release has no place for is left out; else it is a fault.
    """

    release: Release
    lossy: bool = False
    out: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: list[Fault] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def lose(self, pointer: str, detail: str) -> None:
        """Note something the release cannot express."""
        (self.left_out if self.lossy else self.faults).append(Fault(codes.NOT_EXPRESSIBLE, pointer, detail))


def written(kind: str, leaf: Leaf, sheet: Sheet) -> str | None:
    """Return a value as its simple type wants it, escaped for XML, or None if there is nothing to write.

    File names come here already made to fit (`file_names_for`).
    """
    text = leaf.text
    if kind in FIELDS and SHARED.fullmatch(text):
        return escaped(text)
    if kind in CHECKED and patterns(sheet.release)[kind].fullmatch(text):
        return text
    text = text.strip()
    if not text:
        return None
    if kind in FIELDS:
        text = _normal(text, FIELDS[kind], leaf.pointer, sheet)
    elif kind == "true" and text != "true":
        return None
    elif kind == "xmlid":
        return _fresh_id(text, sheet)
    elif kind == "token":
        text = " ".join(text.split())
    elif kind in CHECKED and not patterns(sheet.release)[kind].fullmatch(text):
        detail = f"Der Wert „{text[:50]}“ hat nicht die erwartete Form."
        sheet.faults.append(Fault(codes.FIELD_INVALID, leaf.pointer, detail))
    return escaped(text) or None


def escaped(text: str) -> str:
    """Return `text` fit for element content and for attributes in double quotes."""
    if "&" in text or "<" in text or ">" in text or '"' in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text


def known_code(shape: Shape, leaf: Leaf, sheet: Sheet) -> str:
    """Return a code; one that its list lacks is a fault that names the nearest."""
    code = leaf.text
    held = None
    if shape.codes:
        good = code in shape.codes
    else:
        held = _held(shape.code_list, shape.list_version)
        good = code in held if held is not None else _CODE.fullmatch(code) is not None
    if not good:
        sheet.faults.append(_unknown(shape, leaf))
        return ""
    return code


def held_codes(shape: Shape) -> Collection[str]:
    """Return the codes that the product's own list allows in a place; none if it holds no such list."""
    held = _held(shape.code_list, shape.list_version)
    return () if held is None else tuple(held)


def _unknown(shape: Shape, leaf: Leaf) -> Fault:
    held = _held(shape.code_list, shape.list_version)
    near = [code for code in (held.nearest(leaf.text) if held else ()) if not shape.codes or code in shape.codes]
    hint = ""
    if near and held:
        hint = f" Am nächsten kommen: {', '.join(f'{code} ({held.label(code)})' for code in near)}."
    elif shape.codes:
        hint = f" Möglich sind: {', '.join(sorted(shape.codes)[:20])}."
    name = f"{shape.code_list or shape.name} {shape.list_version}".strip()
    detail = f"Den Schlüssel „{leaf.text[:50]}“ gibt es in der Codeliste {name} nicht.{hint}"
    return Fault(codes.CODE_UNKNOWN, leaf.pointer, detail)


@cache
def _held(name: str, version: str) -> Codelist | None:
    """Return the code list if the product holds it in that version."""
    try:
        return codelist(*BORROWED.get(name, (name, version)))
    except LookupError:
        return None


def _normal(text: str, kind: Kind, pointer: str, sheet: Sheet) -> str:
    plain = normalise(text, sheet.release.charset, kind).strip()
    bad = forbidden(plain, sheet.release.charset, kind)
    if bad:
        detail = f"XBau {sheet.release.name} der Behörde lässt diese Zeichen nicht zu: {', '.join(bad[:10])}."
        sheet.faults.append(Fault(codes.CHARACTERS, pointer, detail))
    return plain


def _fresh_id(text: str, sheet: Sheet) -> str | None:
    """Return a UUID as xs:ID, which may stand in a document only once: the person named again goes without."""
    if text in sheet.ids:
        return None
    sheet.ids.add(text)
    return f"urn_uuid_{text}"
