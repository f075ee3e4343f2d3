"""The header of a message in both its families: XInneres (2.2, 2.3.1) and XÖV base message (2.4 and later)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.domain import codes
from gateway.domain.ids import MessageId
from gateway.domain.message import Party
from gateway.xbau.replies.walk import Faults, child, message_id_in, moment_in, path_of, text

HEADERS = ("nachrichtenkopf.g2g", "nachrichtenkopf")


@dataclass(frozen=True, slots=True)
class Header:
    """Who writes to whom, when, under which message id; `number` is the nachrichtentyp as stated."""

    message_id: MessageId
    number: str
    created_at: datetime
    sender: Party
    addressee: Party


def header_element(root: etree._Element) -> etree._Element | None:
    """Return the header of a message of any release, or None."""
    return next((found for name in HEADERS if (found := child(root, name)) is not None), None)


def read_header(root: etree._Element, number: str, faults: Faults) -> Header | None:
    """Return the header of a message whose root says `number`; None, with reasons in `faults`, if it is unreadable."""
    element = header_element(root)
    if element is None:
        faults.missing(root, "nachrichtenkopf")
        return None
    identification = child(element, "identifikation.nachricht")
    if identification is None:
        faults.missing(element, "identifikation.nachricht")
        return None
    identity = message_id_in(text(identification, "nachrichtenUUID"))
    if identity is None:
        _unreadable(identification, "nachrichtenUUID", "keine UUID", faults)
    said = text(identification, "nachrichtentyp", "code")
    if said != number:
        detail = f"Der nachrichtentyp ist {said or 'leer'}, das Wurzelelement sagt {number}."
        faults.add(codes.FIELD_INVALID, f"{path_of(identification)}/nachrichtentyp/code", detail)
    created = moment_in(text(identification, "erstellungszeitpunkt"))
    if created is None:
        _unreadable(identification, "erstellungszeitpunkt", "kein Zeitpunkt", faults)
    sender, addressee = _party(element, "autor", faults), _party(element, "leser", faults)
    if identity is None or created is None or sender is None or addressee is None:
        return None
    return Header(identity, said, created, sender, addressee)


def _party(header: etree._Element, role: str, faults: Faults) -> Party | None:
    element = child(header, role)
    old = child(element, "behoerdenkennung")
    if old is not None:
        prefix, key = text(old, "praefix", "code"), text(old, "kennung", "code")
        identifier = key if ":" in key or not key else f"{prefix}:{key}"
    else:
        identifier = text(element, "kennung")
    if not identifier or identifier.startswith(":"):
        faults.missing(header, f"{role}/kennung")
        return None
    return Party(identifier, text(element, "name") or text(element, "behoerdenname"))


def _unreadable(parent: etree._Element, name: str, what: str, faults: Faults) -> None:
    value = text(parent, name)
    if not value:
        faults.missing(parent, name)
        return
    faults.add(codes.FIELD_INVALID, f"{path_of(parent)}/{name}", f"{name} {value[:80]!r} ist {what}.")
