"""sendMessage: an authority hands in a reply; its parts go straight to the desk as they arrive."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from adapters.xta_mailbox.counter import Caller, Counter, Reply
from adapters.xta_wire import metadata
from adapters.xta_wire.faults import XtaFault
from adapters.xta_wire.metadata import Metadata
from adapters.xta_wire.mime import content_id
from adapters.xta_wire.names import META, XENC, XOP, XTA
from adapters.xta_wire.soap import Soap
from gateway.adapter import PartSink, Receiving
from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import SubmissionError

MESSAGE_LIMIT = 5_000_000
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+|[0-9a-f-]{36}")

_NUMBERS: Mapping[Code, str] = {
    codes.BODY_TOO_LARGE: "9023",
    codes.ATTACHMENT_TOO_LARGE: "9023",
    codes.SUBMISSION_TOO_LARGE: "9023",
    codes.SCHEMA_INVALID: "9050",
    codes.XML_UNSAFE: "9050",
    codes.XML_UNREADABLE: "9050",
    codes.CHARACTERS: "9051",
    codes.PDF_ACTIVE: "9060",
    codes.PDF_EMBEDDED: "9060",
    codes.PDF_BOMB: "9060",
}


def fault_of(error: SubmissionError) -> XtaFault:
    """Return the typed fault for what the desk found wrong with a reply; unnamed faults violate the profile (9052)."""
    return XtaFault(_NUMBERS.get(error.code, "9052"), error.reason)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the bytes of a part belong: the message, or an attachment with its attributes."""

    message: bool
    identity: str
    file_name: str
    media_type: str


class Intake:
    """One reply on its way in; a `PartHandler` for the parts behind the envelope."""

    def __init__(self, counter: Counter, caller: Caller, request: Soap) -> None:
        data = _order(request)
        accounts = caller.choose(data.author)
        if counter.desk.handed_in(accounts, data.message_id) is not None:
            raise XtaFault("9024", "Unter dieser MessageID wurde schon eine Nachricht übernommen.")
        targets = _targets(request.payload)
        self._limit = counter.receive_limit
        self._size = 0
        self._committed = False
        self._message = bytearray()
        self._sink: PartSink | None = None
        self._open: _Target | None = None
        self._awaited = {content_id(href): target for target, href, _ in targets if href}
        if len(self._awaited) < sum(1 for _, href, _ in targets if href):
            raise XtaFault("9022", "Zwei Anlagen verweisen auf denselben MIME-Teil.")
        self._receiving: Receiving = counter.desk.receive(accounts, _facts(data, caller, accounts))
        self._inlined = [(target, text) for target, href, text in targets if not href]

    def open(self) -> None:
        """Take what the envelope itself carries as base64. Raises: XtaFault 9022 or 9023."""
        for target, text in self._inlined:
            self._inline(target, text)
        self._inlined.clear()

    def begin(self, headers: Mapping[str, str]) -> None:
        """A part begins; one that nothing refers to is passed over."""
        self._begin(self._awaited.pop(content_id(headers.get("content-id", "")), None))

    def data(self, data: bytes) -> None:
        """Bytes of the part: the message is held (5 MB at most), an attachment goes on at once."""
        self._size += len(data)
        if self._size > self._limit:
            raise XtaFault("9023", f"Die Nachricht ist größer als {self._limit} Byte.")
        if self._sink is not None:
            self._sink.write(data)
        elif self._open is not None:
            self._message += data
            if len(self._message) > MESSAGE_LIMIT:
                raise XtaFault("9023", f"Die Fachnachricht ist größer als {MESSAGE_LIMIT} Byte.")

    def end(self) -> None:
        """The part is complete."""
        if self._sink is not None:
            self._sink.close()
        elif self._open is not None:
            self._receiving.message(bytes(self._message))
        self._sink = self._open = None

    def finish(self) -> Reply:
        """Everything has come: take it durably. Raises: XtaFault."""
        if self._awaited:
            raise XtaFault("9022", "Zu einem xop:Include fehlt der MIME-Teil.")
        if not self._message:
            raise XtaFault("9050", "Die Fachnachricht ist leer.")
        self._receiving.commit()
        self._committed = True
        return Reply()

    def abort(self) -> None:
        """Leave nothing behind, unless the reply was taken."""
        if not self._committed:
            self._receiving.abort()

    def _begin(self, target: _Target | None) -> None:
        self._open = target
        if target is not None and not target.message:
            self._sink = self._receiving.part(target.identity, target.file_name, target.media_type)

    def _inline(self, target: _Target, text: str) -> None:
        try:
            data = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise XtaFault("9022", "Message oder Attachment enthält kein gültiges base64.") from error
        self._begin(target)
        self.data(data)
        self.end()


def _order(request: Soap) -> Metadata:
    """Return the transport order of a request. Raises: XtaFault 9020 or 9021."""
    node = request.header.find(f"{{{META}}}MessageMetaData") if request.header is not None else None
    if node is None:
        raise XtaFault("9020", "Der Kopfblock MessageMetaData fehlt.")
    data = metadata.read(node)
    if not data.message_id:
        raise XtaFault("9020", "In MessageMetaData fehlt die MessageID; createMessageId vergibt eine.")
    if not _URI.fullmatch(data.message_id):
        raise XtaFault("9021", "Die MessageID in MessageMetaData ist keine URI.")
    return data


def _targets(payload: etree._Element | None) -> list[tuple[_Target, str, str]]:
    """Return each content of the container with its cid reference, or its inline text."""
    if payload is None or payload.tag != f"{{{XTA}}}GenericContentContainer":
        raise XtaFault("9020", "Der Body enthält keinen GenericContentContainer.")
    if payload.find(f"{{{XENC}}}EncryptedData") is not None:
        raise XtaFault("9052", "EncryptedData wird hier nicht angenommen; bitte senden Sie einen ContentContainer.")
    content = payload.find(f"{{{XTA}}}ContentContainer")
    found = [] if content is None else [node for node in content if etree.QName(node).namespace == XTA]
    targets = [_target(node) for node in found]
    if sum(target.message for target, _, _ in targets) != 1:
        raise XtaFault("9020", "Der ContentContainer muss genau eine Message enthalten.")
    named = [target.identity for target, _, _ in targets if target.identity]
    if len(set(named)) < len(named):
        raise XtaFault("9022", "Zwei Anlagen tragen dieselbe id.")
    return targets


def _target(node: etree._Element) -> tuple[_Target, str, str]:
    kind = etree.QName(node).localname
    target = _Target(kind == "Message", node.get("id", ""), node.get("filename", ""), node.get("contentType", ""))
    reference = node.find(f"{{{XOP}}}Include")
    return target, reference.get("href", "") if reference is not None else "", node.text or ""


def _facts(data: Metadata, caller: Caller, accounts: frozenset[str]) -> dict[str, str]:
    facts = {
        "message_id": data.message_id,
        "authority": next(iter(accounts)) if len(accounts) == 1 else "",
        "author": data.author.identifier,
        "author_name": data.author.name,
        "reader": data.reader.identifier,
        "reader_name": data.reader.name,
        "service": data.service,
        "message_type": data.root,
        "payload_schema": data.namespace,
        "subject": data.subject,
        "in_reply_to": data.in_reply_to,
        "process": data.process,
        "test": "true" if data.test else "false",
        "fingerprint": caller.fingerprint,
    }
    return {name: value for name, value in facts.items() if value}
