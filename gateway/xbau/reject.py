"""The 1100: our answer to a message that cannot be taken, in the release of its sender."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import CompositionError, GatewayError
from gateway.domain.ids import MessageId
from gateway.domain.message import Heading
from gateway.xbau.codelists import codelist
from gateway.xbau.release import Release
from gateway.xbau.replies.build import Contact, MessageRef, Pen, close, open_message, point_to
from gateway.xbau.replies.door import parse_message
from gateway.xbau.replies.header import header_element
from gateway.xbau.replies.values import Ground
from gateway.xbau.replies.walk import child, message_id_in, moment_in, text

__all__ = ["Ground", "compose_rejection", "grounds_for", "is_rejection"]

REJECTION = "1100"
OTHER = "S999"
"""The Fehlerkennzahl for whatever the list of a release has no number for."""

NO_MESSAGE = MessageId("00000000-0000-0000-0000-000000000000")
"""XBau's filler where a UUID is demanded and none is known (Handlungsanweisung 2026)."""

USUAL = "1120"
"""Stands for the number of a message that cannot be read where the release (2.2) allows only numbers it knows."""


def compose_rejection(
    rejected: bytes,
    grounds: Sequence[Ground],
    heading: Heading,
    release: Release,
    in_reply_to: MessageId | None = None,
    contact: Contact | None = None,
) -> bytes:
    """Return a 1100 that carries `rejected` and says why it is not taken.

    The message meant is named as `rejected` names itself; where it cannot be read, by `in_reply_to` (the id its
    transport gave). Fehlerkennzahlen that the release lacks are sent as S999 and named in the text.
    Raises: CompositionError if there is no ground, or if `rejected` is itself a 1100 (kernel spec: never answered so).
    """
    if not grounds:
        raise CompositionError(codes.FIELD_MISSING, "Eine Rückweisung (1100) braucht mindestens einen Grund.")
    if is_rejection(rejected):
        raise CompositionError(
            codes.STATE_CONFLICT, "Auf eine Rückweisung (1100) wird nie mit einer Rückweisung geantwortet."
        )
    root, pen = open_message(REJECTION, heading, release, contact)
    data = pen.add(root, "rueckweisungDaten")
    for ground in grounds:
        _ground(data, ground, pen)
    point_to(data, "idNachricht", _meant(rejected, in_reply_to, heading.stamp.at, release), pen)
    carried = pen.add(data, "nachricht")
    carried.text = base64.b64encode(rejected).decode("ascii")
    return close(root)


def grounds_for(error: GatewayError) -> tuple[Ground, ...]:
    """Return what an error of reading or checking says as grounds of a rejection: one per fault, at most twenty."""
    faults = [Ground(fault.code.kennzahl or OTHER, f"{fault.pointer}: {fault.detail}") for fault in error.faults]
    return tuple(faults[:20]) or (Ground(error.code.kennzahl or OTHER, error.reason),)


def is_rejection(message: bytes) -> bool:
    """Tell whether a message is, or was meant to be, a 1100; in doubt yes, so that two machines never quarrel."""
    root = _readable(message)
    if root is None:
        return b"rueckweisung.G2G.1100" in message.replace(b"\0", b"")  # UTF-16 puts a NUL beside every ASCII character
    return etree.QName(root).localname.endswith(f".{REJECTION}")


def _ground(data: etree._Element, ground: Ground, pen: Pen) -> None:
    uri, version = pen.release.fehlerkennzahlen
    known = ground.kennzahl in codelist("xbau-fehlerkennzahlen", version)
    words = ground.text if known else f"{ground.kennzahl}: {ground.text}".strip(": ")
    element = pen.add(data, "rueckweisungsgrund")
    pen.code(element, "grund", ground.kennzahl if known else OTHER, uri, version)
    if words.strip():
        pen.add(element, "fehlertext", " ".join(words.split()))


def _meant(message: bytes, in_reply_to: MessageId | None, at: datetime, release: Release) -> MessageRef:
    """Return what can be known of the message that is rejected, with fillers for what cannot."""
    root = _readable(message)
    header = None if root is None else header_element(root)
    said = child(header, "identifikation.nachricht")
    identity = message_id_in(text(said, "nachrichtenUUID")) or in_reply_to or NO_MESSAGE
    number = "" if root is None else etree.QName(root).localname.rpartition(".")[2]
    if release.unfixed_root and number not in codelist("xbau-nachrichten", "1.0"):
        number = USUAL
    return MessageRef(identity, number or "0000", moment_in(text(said, "erstellungszeitpunkt")) or at)


def _readable(message: bytes) -> etree._Element | None:
    try:
        return parse_message(message)
    except GatewayError:
        return None
