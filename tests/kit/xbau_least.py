"""The least that the official schema takes of any message an authority may send: for tests with the schemas at hand.

Header and bezug are our own; what else a message must have is read from its official schema file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from gateway.xbau.coverage import READ, directions
from gateway.xbau.detect import message_names
from gateway.xbau.official import official_files
from gateway.xbau.release import RELEASES
from gateway.xbau.replies.build import MessageRef, Pen, close, refer
from tests.kit.xbau_replies import ABOUT, DOCUMENT_ID, KERNEL, OFFICIAL, dressed, heading, open_kernel, sample_reply

XS = "{http://www.w3.org/2001/XMLSchema}"
VALUES = {
    "boolean": "true",
    "date": "2026-12-05",
    "dateTime": "2026-12-05T10:00:00+01:00",
    "gYear": "2026",
    "gYearMonth": "2026-12",
    "integer": "1",
    "positiveInteger": "1",
    "nonNegativeInteger": "1",
    "decimal": "1",
    "anyURI": "urn:beispiel:eins",
    "base64Binary": "PHA+SGluZXdlaXM8L3A+",
    "ID": "eins",
}
NAMED = {
    "dateiname": "Bescheid.pdf",
    "dateinameAnhang": "Bescheid.pdf",
    "dokumentid": DOCUMENT_ID,
    "referenzPrimaerdokument": DOCUMENT_ID,
}
UUID = "12345678-1234-4234-8234-123456789012"


def inward(release_name: str) -> tuple[str, ...]:
    """Return the numbers of all messages that authorities may send to portals in a release."""
    release = RELEASES[release_name]
    names = {**message_names(release, kernel=False), **message_names(release, kernel=True)}
    return tuple(sorted(number for number in names if READ in directions(release, number)))


def least_reply(number: str, release_name: str, *, about: MessageRef | None = ABOUT, **changes: object) -> bytes:
    """Return a valid reply of any number: header, bezug, and of the rest only what must be there."""
    if number in KERNEL:
        return sample_reply(number, release_name, about=about, **changes)  # type: ignore[arg-type]  # as given
    release = RELEASES[release_name]
    head = heading(**changes)
    if number.startswith("12"):
        root, pen = open_kernel(number, head, release)
    else:
        root, pen = dressed(number, head, release)
    book = _book(release_name)
    kind = book.roots[etree.QName(root).localname]
    for place in book.children(kind):
        if place.name == "bezug":
            refer(root, head, pen, about)
        elif not place.name.startswith("nachrichtenkopf"):
            _fill(root, place, book, pen)
    return close(root)


@dataclass(frozen=True)
class Place:
    """A child that must be there: its name, its namespace ("" for none), and its type."""

    name: str
    space: str
    kind: str
    inline: etree._Element | None


@dataclass
class Book:
    """All types of a release's official set, by `{namespace}name`."""

    types: dict[str, etree._Element] = field(default_factory=dict)
    roots: dict[str, etree._Element] = field(default_factory=dict)

    def least(self, kind: etree._Element) -> list[Place]:
        """Return the children that a complex type must have; the first that it may have if it must have none."""
        return list(self.children(kind)) or list(self.children(kind, every=True))[:1]

    def children(self, kind: etree._Element, *, every: bool = False) -> Iterator[Place]:
        """Yield the children that a complex type must have, or every one it may have; of each choice the first."""
        for part in kind:
            if part.tag in (f"{XS}complexContent", f"{XS}simpleContent"):
                (inner,) = [one for one in part if one.tag in (f"{XS}extension", f"{XS}restriction")]
                base = self.types.get(_full(inner, inner.get("base", "")))
                if base is not None and inner.tag == f"{XS}extension":
                    yield from self.children(base, every=every)
                yield from self.children(inner, every=every)
            elif part.tag in (f"{XS}sequence", f"{XS}choice"):
                yield from self._group(part, every)

    def _group(self, part: etree._Element, every: bool) -> Iterator[Place]:
        if part.get("minOccurs") == "0" and not every:
            return
        members = [one for one in part if one.tag in (f"{XS}element", f"{XS}sequence", f"{XS}choice")]
        for one in members[:1] if part.tag == f"{XS}choice" else members:
            if one.tag != f"{XS}element":
                yield from self._group(one, every)
            elif every or one.get("minOccurs") != "0" or part.tag == f"{XS}choice":
                yield self._place(one)

    def _place(self, element: etree._Element) -> Place:
        schema = element.getroottree().getroot()
        form = element.get("form", schema.get("elementFormDefault", "unqualified"))
        space = schema.get("targetNamespace", "") if form == "qualified" else ""
        inline = next((one for one in element if one.tag in (f"{XS}complexType", f"{XS}simpleType")), None)
        return Place(element.get("name", ""), space, _full(element, element.get("type", "xs:string")), inline)

    def attributes(self, kind: etree._Element) -> Iterator[tuple[str, str]]:
        """Yield the attributes that a type must have, with a value each."""
        for one in kind.iter(f"{XS}attribute"):
            if one.get("use") == "required":
                default = "1.0" if one.get("name") == "listVersionID" else "urn:beispiel:liste"
                yield one.get("name", ""), one.get("fixed", default)

    def value(self, kind: str, inline: etree._Element | None) -> str:
        """Return a value of a simple type."""
        found = inline if inline is not None else self.types.get(kind)
        if found is None:
            return VALUES.get(kind.partition("}")[2], "Wort")
        if kind.lower().endswith("uuid"):
            return UUID
        first = next(found.iter(f"{XS}enumeration"), None)
        if first is not None:
            return first.get("value", "")
        inner = next(found.iter(f"{XS}restriction"), None)
        return "1" if inner is None else self.value(_full(inner, inner.get("base", "")), None)


def _fill(parent: etree._Element, place: Place, book: Book, pen: Pen) -> None:
    tag = f"{{{place.space}}}{place.name}" if place.space else place.name
    element = etree.SubElement(parent, tag)
    kind = place.inline if place.inline is not None else book.types.get(place.kind)
    if kind is None or kind.tag == f"{XS}simpleType":
        element.text = NAMED.get(place.name) or book.value(place.kind, place.inline)
        return
    for name, value in book.attributes(kind):
        element.set(name, value)
    for one in book.least(kind):
        _fill(element, one, book, pen)


def _full(element: etree._Element, name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{element.nsmap.get(prefix or None, '')}}}{local}"


@cache
def _book(release_name: str) -> Book:
    book = Book()
    for file in official_files(OFFICIAL, release_name).values():
        schema = etree.parse(str(file)).getroot()
        space = schema.get("targetNamespace", "")
        for child in schema:
            if child.tag in (f"{XS}complexType", f"{XS}simpleType"):
                book.types[f"{{{space}}}{child.get('name')}"] = child
            elif child.tag == f"{XS}element" and (kind := child.find(f"{XS}complexType")) is not None:
                book.roots[child.get("name", "")] = kind
    return book
