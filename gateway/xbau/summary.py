"""What a person wants to know of a message at first sight: read from verified bytes, any release, any procedure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from gateway.xmlguard import safe_parse


@dataclass(frozen=True, slots=True)
class Named:
    """A document as the message names it; `by_post`: it follows by post and has no part behind it."""

    document_id: str
    title: str
    kind: str
    file_name: str
    by_post: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """The first look at a message; texts are as written, empty where the message says nothing."""

    root: str
    version: str
    test: bool
    sender: str
    addressee: str
    subject: str
    applicants: tuple[str, ...]
    place: str
    documents: tuple[Named, ...]


def summarise(message: bytes) -> Summary:
    """Return the first look at an XBau message.

    Raises:
        SubmissionError: the XML is unsafe or unreadable.
    """
    root = safe_parse(message)
    return Summary(
        root=etree.QName(root).localname,
        version=root.get("version", ""),
        test=root.get("test") is not None,
        sender=_party(root, "autor"),
        addressee=_party(root, "leser"),
        subject=_first(root, "bezeichnungDesBauvorhabens"),
        applicants=tuple(filter(None, map(_person, _all(root, "antragsteller", "anzeigender")))),
        place=_place(root),
        documents=tuple(map(_document, _all(root, "anlage"))),
    )


def _all(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (found for found in element.iter("{*}*") if etree.QName(found).localname in names)


def _first(element: etree._Element, *names: str) -> str:
    """Return the text of the first element of one of these names, with its children's text where it has none."""
    for found in _all(element, *names):
        text = " ".join(piece.strip() for piece in found.itertext() if isinstance(piece, str) and piece.strip())
        if text:
            return text
    return ""


def _party(root: etree._Element, role: str) -> str:
    for found in _all(root, role):
        return _first(found, "behoerdenname", "name")
    return ""


def _person(actor: etree._Element) -> str:
    for found in _all(actor, "natuerlichePerson"):
        name = next(_all(found, "name"), found)
        return f"{_first(name, 'vorname')} {_first(name, 'familienname')}".strip()
    for found in _all(actor, "organisation"):
        return _first(next(_all(found, "name"), found), "name")
    return ""


def _place(root: etree._Element) -> str:
    for plot in _all(root, "grundstueck"):
        for address in _all(plot, "anschrift"):
            street = f"{_first(address, 'strasse')} {_first(address, 'hausnummer')}".strip()
            town = f"{_first(address, 'postleitzahl')} {_first(address, 'ort')}".strip()
            return ", ".join(filter(None, (street, town)))
        for parcel in _all(plot, "flurstueck"):
            gemarkung = _first(parcel, "gemarkung")
            numbers = "/".join(filter(None, (_first(parcel, "zaehler"), _first(parcel, "nenner"))))
            return f"Gemarkung {gemarkung}, Flurstück {numbers}"
    return ""


def _document(listed: etree._Element) -> Named:
    return Named(
        document_id=_first(listed, "dokumentid", "referenzPrimaerdokument"),
        title=_first(listed, "bezeichnung"),
        kind=_first(listed, "anlageart", "vorlageAntragstellung"),
        file_name=_first(listed, "dateiname", "dateinameAnhang"),
        by_post=_first(listed, "wirdNachgereicht") in ("true", "1"),
    )
