"""The parts that process messages share in every release (root, header, bezug, texts), for writing replies and 1100."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import MessageId
from gateway.domain.message import Heading, Party
from gateway.xbau.charset import Kind, forbidden, normalise
from gateway.xbau.detect import message_names
from gateway.xbau.release import Release

BASIS = "http://xoev.de/schemata/basisnachricht/g2g/1_1"
KERNEL_LIST = "urn:xoev-de:xbau-kernmodul:codeliste:xbau-kernmodul-nachrichten"
OWN_LIST = "urn:xoev-de:xbau:codeliste:xbau-nachrichten"


@dataclass(frozen=True, slots=True)
class Contact:
    """How an author can be reached: the header of 2.2 and 2.3.1 demands it, later ones do not."""

    email: str = "nicht angegeben"
    postcode: str = "00000"
    town: str = "nicht angegeben"


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message as another one refers to it: its id, its number and when it was made."""

    message_id: MessageId
    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes elements of one message: `space` is the namespace of its qualified elements, "" where there is none."""

    release: Release
    space: str

    def add(self, parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
        """Append an element of the message's own type."""
        return _append(parent, self.space, name, self.fit(text) if text else "", attributes)

    def bare(self, parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
        """Append an element without namespace."""
        return _append(parent, "", name, self.fit(text) if text else "", attributes)

    def code(self, parent: etree._Element, name: str, code: str, uri: str = "", version: str = "") -> None:
        """Append a code; its child `code` never has a namespace."""
        lists = {key: value for key, value in (("listURI", uri), ("listVersionID", version)) if value}
        self.bare(self.add(parent, name, **lists), "code", code)

    def paragraphs(self, parent: etree._Element, name: str, lines: Iterable[str]) -> None:
        """Append a text of paragraphs; nothing if there is no line with words in it."""
        wanted = [line.strip() for line in lines if line.strip()]
        if wanted:
            element = self.add(parent, name)
            for line in wanted:
                _append(element, self.space, "textabsatz", self.fit(line, "text"), {})

    def fit(self, text: str, kind: Kind = "name") -> str:
        """Return text as the release can carry it; what it cannot carry at all becomes a question mark."""
        fitted = normalise(text, self.release.charset, kind)
        if not forbidden(fitted, self.release.charset, kind):
            return fitted
        return "".join("?" if forbidden(one, self.release.charset, kind) else one for one in fitted)


def open_message(
    number: str, heading: Heading, release: Release, contact: Contact | None = None
) -> tuple[etree._Element, Pen]:
    """Return the root of a process message with its header, and the pen to go on with.

    Raises: SubmissionError MESSAGE_UNKNOWN if the release has no such message.
    """
    kernel = release.kernel is not None
    name = message_names(release, kernel=kernel).get(number)
    if name is None or not number.startswith("11"):
        detail = f"Die Prozessnachricht {number} gibt es in XBau {release.name} nicht."
        raise SubmissionError(codes.MESSAGE_UNKNOWN, detail)
    space = release.namespace_of(number)
    prefixes = {"xbauk" if kernel else "xbau": space}
    if release.header == "basisnachricht":
        prefixes["g2g"] = BASIS
    root = etree.Element(f"{{{space}}}{name}", nsmap=prefixes)
    bare_root = release.unfixed_root and number == "1100"
    if not bare_root:
        for key, value in _attributes(heading, release).items():
            root.set(key, value)
    pen = Pen(release, "" if kernel else space)
    header = _append(root, space if bare_root else "", release.header_element, "", {})
    _identify(header, number, heading, pen)
    _party(header, "leser", heading.addressee, pen, None)
    _party(header, "autor", heading.sender, pen, contact or Contact())
    return root, pen


def refer(root: etree._Element, heading: Heading, pen: Pen, about: MessageRef | None = None) -> None:
    """Append the bezug: reference of the application, Aktenzeichen if known, and the message answered if wanted."""
    reference = pen.add(root, "bezug")
    inner = Pen(pen.release, "" if pen.release.kernel else pen.space)  # a type of the kernel, where there is one
    inner.add(reference, "referenz", str(heading.reference))
    if heading.file_reference:
        inner.add(reference, "vorgang", heading.file_reference)
    if about is not None:
        point_to(reference, "bezugNachricht", about, inner)


def point_to(parent: etree._Element, name: str, about: MessageRef, pen: Pen) -> None:
    """Append the identification of another message; from 2.4 on its children belong to the base message."""
    inner = Pen(pen.release, BASIS if pen.release.header == "basisnachricht" else "")
    element = pen.add(parent, name)
    inner.add(element, "nachrichtenUUID", about.message_id)
    inner.code(element, "nachrichtentyp", about.number)
    inner.add(element, "erstellungszeitpunkt", about.at.isoformat(timespec="seconds"))


def close(root: etree._Element) -> bytes:
    """Return the message as bytes, the same for the same tree."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _attributes(heading: Heading, release: Release) -> dict[str, str]:
    kernel = release.kernel_version
    found = {
        "produkt": heading.product,
        "produkthersteller": heading.maker,
        "produktversion": heading.product_version,
        "standard": "XBau-Kernmodul" if kernel else "XBau",
        "version": kernel or release.name,
    }
    return found if heading.test is None else found | {"test": heading.test}


def _identify(header: etree._Element, number: str, heading: Heading, pen: Pen) -> None:
    element = pen.bare(header, "identifikation.nachricht")
    pen.bare(element, "nachrichtenUUID", heading.stamp.message_id)
    # no listVersionID: the separately published kernel of 2.4 fixes another one than the copy shipped with XBau
    uri = KERNEL_LIST if pen.release.message_lists[1] else OWN_LIST
    pen.bare(pen.bare(element, "nachrichtentyp", listURI=uri), "code", number)
    pen.bare(element, "erstellungszeitpunkt", heading.stamp.at.isoformat(timespec="seconds"))


def _party(header: etree._Element, role: str, party: Party, pen: Pen, contact: Contact | None) -> None:
    element = pen.bare(header, role)
    if pen.release.header == "basisnachricht":
        pen.bare(pen.bare(element, "verzeichnisdienst", listVersionID="3"), "code", "DVDV")
        pen.bare(element, "kennung", party.identifier)
        pen.bare(element, "name", party.name)
        return
    prefix, _, key = party.identifier.rpartition(":")
    identity = pen.bare(element, "behoerdenkennung")
    pen.bare(pen.bare(identity, "praefix", listVersionID="51"), "code", prefix)
    keys = {"listURI": "urn:xoev-de:bund:bmi:bit:codeliste:dvdv.behoerdenschluessel", "listVersionID": "157"}
    pen.bare(pen.bare(identity, "kennung", **keys), "code", key)
    if contact is not None:
        _reach(element, contact, pen)
    pen.bare(element, "behoerdenname", party.name)


def _reach(element: etree._Element, contact: Contact, pen: Pen) -> None:
    channel = pen.bare(element, "erreichbarkeit")
    pen.bare(pen.bare(channel, "kanal"), "code", "01")
    pen.bare(channel, "kennung", contact.email)
    box = pen.bare(pen.bare(element, "anschrift"), "postfach")
    pen.bare(box, "wohnort", contact.town)
    pen.bare(box, "postleitzahl", contact.postcode)


def _append(parent: etree._Element, space: str, name: str, text: str, attributes: dict[str, str]) -> etree._Element:
    element = etree.SubElement(parent, f"{{{space}}}{name}" if space else name, attributes)
    if text:
        element.text = text
    return element
