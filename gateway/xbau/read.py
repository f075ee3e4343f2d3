"""Reading what authorities send back to the portal: bytes of any release and vendor become one value.

Whether a message keeps to its schema is asked of `check`; this reads what can be read, forgives what does no harm
(capitals in a UUID, a missing time zone, a missing reference) and names everything else that is wrong at once.
"""

from __future__ import annotations

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import MessageId
from gateway.xbau.detect import Identity, detect, is_reply
from gateway.xbau.replies.documents import read_documents
from gateway.xbau.replies.door import parse_message
from gateway.xbau.replies.facts import read_facts
from gateway.xbau.replies.header import read_header
from gateway.xbau.replies.values import (
    Coded,
    Deficit,
    Fee,
    Ground,
    Link,
    Rejected,
    Reply,
    ReplyDocument,
    ReplyFacts,
)
from gateway.xbau.replies.walk import Faults, child, message_id_in, text, uuid_in
from gateway.xmlguard import BYTES

__all__ = [
    "Coded", "Deficit", "Fee", "Ground", "Link", "Rejected", "Reply", "ReplyDocument", "ReplyFacts",
    "is_reply", "read_reply",
]  # fmt: skip


def read_reply(data: bytes, *, limit: int = BYTES) -> Reply:
    """Return the reply that `data` is, whose XML may have at most `limit` bytes.

    Raises: SubmissionError XML_UNSAFE, XML_UNREADABLE, RELEASE_UNKNOWN, MESSAGE_UNKNOWN, or SCHEMA_INVALID with one
    fault for everything that keeps the message from being understood.
    """
    root = parse_message(data, limit)
    identity = detect(root)
    if not is_reply(identity.number):
        raise SubmissionError(
            codes.MESSAGE_UNKNOWN,
            f"Die Nachricht {identity.number} ist keine Antwort einer Behörde an ein Portal.",
            "Senden Sie dem Portal nur Nachrichten der Richtung Behörde an Portal.",
        )
    faults = Faults()
    reply = _reply(root, identity, faults)
    if faults.found or reply is None:
        raise SubmissionError(
            codes.SCHEMA_INVALID,
            f"Die Nachricht {identity.number} ist nicht verständlich: {faults.found[0].detail}",
            "Bitte senden Sie eine berichtigte Nachricht mit neuer nachrichtenUUID.",
            faults.found,
        )
    return reply


def _reply(root: etree._Element, identity: Identity, faults: Faults) -> Reply | None:
    header = read_header(root, identity.number, faults)
    facts = read_facts(root, identity.number, faults)
    documents = read_documents(root, identity.release.charset, faults)
    reference = child(root, "bezug")
    file_reference = text(reference, "vorgang") or None
    if identity.number == "1121" and file_reference is None:
        faults.missing(root, "bezug/vorgang")
    if header is None:
        return None
    said = text(reference, "referenz")
    known = uuid_in(said)
    return Reply(
        message_id=header.message_id,
        number=identity.number,
        root=identity.name,
        release=identity.release.name,
        created_at=header.created_at,
        sender=header.sender,
        addressee=header.addressee,
        reference=known,
        file_reference=file_reference,
        in_reply_to=_meant(root, facts),
        test=root.get("test"),
        documents=documents,
        facts=facts,
        reference_as_sent=said or None if known is None else None,
    )


def _meant(root: etree._Element, facts: ReplyFacts) -> MessageId | None:
    if facts.rejected is not None:
        return facts.rejected.message_id
    return message_id_in(text(root, "bezug", "bezugNachricht", "nachrichtenUUID"))
