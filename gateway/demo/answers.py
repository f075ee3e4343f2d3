"""What the simulated authorities answer, composed from nothing but the message they read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from lxml import etree

from gateway.demo.reading import Read
from gateway.domain.ids import MessageId
from gateway.domain.message import Heading, Stamp
from gateway.xbau.authority import MessageRef, compose_reply
from gateway.xbau.detect import detect
from gateway.xbau.reject import Ground, compose_rejection
from gateway.xbau.release import Release
from gateway.xbau.replies.header import Header, read_header
from gateway.xbau.replies.walk import Faults, below, uuid_in
from gateway.xmlguard import safe_parse

NOBODY = UUID(int=0)
"""What a clerk's software writes that has lost the reference."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the number of the message, and what it says; `forgets` leaves the case's reference out."""

    number: str
    words: str = ""
    file_reference: str = ""
    status: str = ""
    forgets: bool = False


def compose(read: Read, answer: Answer) -> bytes:
    """Return the XBau message, in the release of the message it answers."""
    root = safe_parse(read.message)
    identity = detect(root)
    header = read_header(root, identity.number, Faults())
    assert header is not None, "the gateway's own messages have a header"
    heading = _heading(root, header, answer)
    if answer.number == "1100":
        return compose_rejection(read.message, [Ground("S999", answer.words)], heading, identity.release)
    return _reply(read, answer, header, heading, identity.release)


def _reply(read: Read, answer: Answer, header: Header, heading: Heading, release: Release) -> bytes:
    words = answer.words.format(case=read.case_number)
    return compose_reply(
        answer.number,
        heading,
        release,
        information=(words,),
        status=answer.status or None,
        about=None if answer.forgets else MessageRef(header.message_id, header.number, header.created_at),
    )


def _heading(root: etree._Element, header: Header, answer: Answer) -> Heading:
    reference = next(
        (found for node in below(root, "referenzAntragsservice") if (found := uuid_in(node.text or ""))), NOBODY
    )
    return Heading(
        stamp=Stamp(MessageId(str(uuid4())), datetime.now(UTC).replace(microsecond=0)),
        addressee=header.sender,
        sender=header.addressee,
        reference=NOBODY if answer.forgets else reference,
        test=root.get("test"),
        file_reference=answer.file_reference or None,
    )


TITLES = {
    "1100": "zurückgewiesen",
    "1120": "Eingang bestätigt",
    "1121": "Aktenzeichen",
    "1170": "Status",
}
"""What each answer is called in the table."""
