"""Finding values in XBau messages by local name, in any of the namespaces XBau itself uses."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from lxml import etree

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import Fault
from gateway.domain.ids import MessageId

SPACES = ("http://www.xleitstelle.de/xbau/", "http://xoev.de/", "http://www.osci.de/xinneres/")
"""XBau, the XÖV base message and XInneres: elements of any other namespace are not ours to read."""

EXTENSION = "anwendungsspezifischeErweiterung"
"""Takes any XML a vendor likes: nothing in it is a fact of the message."""

MOST = 100
"""Faults of one kind that are named, at most: a hostile message could make the list endless."""

GERMANY = ZoneInfo("Europe/Berlin")
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")


@dataclass(slots=True)
class Faults:
    """Collects what is wrong while one message is read."""

    found: list[Fault] = field(default_factory=list)

    def add(self, code: Code, place: etree._Element | str, detail: str) -> None:
        """Note a fault at an element or path; after a hundred no more is noted."""
        if len(self.found) < MOST:
            pointer = place if isinstance(place, str) else path_of(place)
            self.found.append(Fault(code, pointer, detail))

    def missing(self, parent: etree._Element, name: str) -> None:
        """Note that an element is not there or empty."""
        if len(self.found) < MOST:
            self.add(codes.FIELD_MISSING, f"{path_of(parent)}/{name}", f"Die Angabe {name} fehlt.")


def children(element: etree._Element | None, name: str) -> Iterator[etree._Element]:
    """Yield the children of that local name."""
    for one in () if element is None else element:
        if _local(one) == name:
            yield one


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Return the first descendant along the path, or None."""
    for name in path:
        element = next(children(element, name), None)
    return element


def below(element: etree._Element | None, name: str) -> Iterator[etree._Element]:
    """Yield all descendants of that local name in document order, leaving out what vendors put into extensions."""
    stack = [] if element is None else list(reversed(element))
    while stack:
        one = stack.pop()
        local = _local(one)
        if local == name:
            yield one
        if local not in ("", EXTENSION):
            stack.extend(reversed(one))


def text(element: etree._Element | None, *path: str) -> str:
    """Return the stripped text of the element along the path, "" if it is not there."""
    found = child(element, *path)
    return (found.text or "").strip() if found is not None else ""


def uuid_in(value: str) -> UUID | None:
    """Return the UUID a text consists of; capitals and the prefix urn:uuid: are forgiven."""
    match = _UUID.fullmatch(value.strip())
    return UUID(match[1]) if match else None


def message_id_in(value: str) -> MessageId | None:
    """Return the message id a text consists of, in canonical form."""
    found = uuid_in(value)
    return MessageId(str(found)) if found else None


def moment_in(value: str) -> datetime | None:
    """Return the point in time of an xs:dateTime; without a zone it is German local time."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", value):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=GERMANY)


def date_in(value: str) -> date | None:
    """Return the day of an xs:date, whatever zone is written after it."""
    match = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?", value)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def boolean_in(value: str) -> bool | None:
    """Return the truth an xs:boolean stands for, None if it is none."""
    return {"true": True, "1": True, "false": False, "0": False}.get(value)


def bytes_in(value: str) -> bytes | None:
    """Return what base64 text stands for, None if it is not base64."""
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def path_of(element: etree._Element) -> str:
    """Return a readable path of local names, numbered where several of one name stand side by side."""
    steps = []
    for one in (element, *element.iterancestors()):
        before = sum(1 for _ in one.itersiblings(one.tag, preceding=True))
        alone = not before and next(one.itersiblings(one.tag), None) is None
        name = etree.QName(one).localname
        steps.append(name if alone else f"{name}[{before + 1}]")
    return "/" + "/".join(reversed(steps))


def line_of(element: etree._Element) -> int | None:
    """Return the line an element begins on, None for one that was not parsed."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _local(element: etree._Element) -> str:
    """Return the local name of an element that XBau may own, "" for any other node."""
    tag: object = element.tag  # comments have a function here
    if not isinstance(tag, str):
        return ""
    if not tag.startswith("{"):
        return tag
    space, _, name = tag[1:].partition("}")
    return name if space.startswith(SPACES) else ""
