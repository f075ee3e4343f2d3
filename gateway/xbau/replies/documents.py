"""The attachments that a reply names, in the form of XBau 2.2 and in that of all later releases."""

from __future__ import annotations

import base64
import re
from collections import Counter

from lxml import etree

from gateway.domain import codes
from gateway.domain.limits import ATTACHMENTS
from gateway.xbau.charset import file_name_for
from gateway.xbau.replies.facts import coded
from gateway.xbau.replies.values import Coded, ReplyDocument
from gateway.xbau.replies.walk import Faults, below, boolean_in, bytes_in, child, date_in, text

_EXTENSIONS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
    "text/plain": "txt",
}


def read_documents(root: etree._Element, charset: str, faults: Faults) -> tuple[ReplyDocument, ...]:
    """Return every attachment of a reply; ids must be there and unique, since files are told apart by them."""
    found: list[ReplyDocument] = []
    for element in below(root, "anlage"):
        if child(element, "bezeichnung") is None:
            continue  # a wrapper of the same name
        if len(found) == ATTACHMENTS:
            faults.add(codes.ATTACHMENTS_TOO_MANY, element, f"Die Nachricht nennt mehr als {ATTACHMENTS} Anlagen.")
            break
        old = child(element, "bauvorlageart")
        found.append(_modern(element, charset, faults) if old is None else _old(element, old, charset, faults))
    for identity, times in Counter(document.document_id for document in found if document.document_id).items():
        if times > 1:
            detail = f"Die Kennung {identity!r} haben {times} Anlagen."
            faults.add(codes.ATTACHMENT_DUPLICATE, "//dokumentid", detail)
    return tuple(found)


def _modern(element: etree._Element, charset: str, faults: Faults) -> ReplyDocument:
    """Read an anlage of 2.3.1 and later: an attached file or a link."""
    place = child(element, "anhangOderVerlinkung")
    attached = child(place, "anhang")
    link = text(place, "uriVerlinkung") or text(place, "verlinkung", "uriVerlinkung") or None
    identity = text(attached, "dokumentid")
    sent = text(attached, "dateiname") or text(place, "verlinkung", "dateiname")
    by_post = boolean_in(text(element, "wirdNachgereicht")) is True
    if not identity and link is None and not by_post:
        faults.missing(element, "anhangOderVerlinkung/anhang/dokumentid")
    size, digest = (None, None) if attached is None else (_size(attached, faults), _digest(attached, faults))
    return _document(
        element, charset, coded(child(element, "anlageart")), identity, sent,
        size=size, sha256=digest, link=link, by_post=by_post, content=None,
    )  # fmt: skip


def _old(element: etree._Element, kind: etree._Element, charset: str, faults: Faults) -> ReplyDocument:
    """Read an AnlageBauvorlage of 2.2: bytes in it, a reference to the attached file, or (legal) neither."""
    identity, inline = text(element, "referenzPrimaerdokument"), text(element, "primaerdokument")
    content = bytes_in(inline) if inline else None
    if inline and content is None:
        faults.add(codes.FIELD_INVALID, element, "primaerdokument ist kein base64.")
    code = coded(next(iter(kind), None))
    return _document(
        element, charset, code, identity, text(element, "dateinameAnhang"),
        size=None if content is None else len(content), sha256=None, link=None, by_post=False, content=content,
    )  # fmt: skip


def _document(
    element: etree._Element, charset: str, kind: Coded | None, identity: str, sent: str, *,
    size: int | None, sha256: str | None, link: str | None, by_post: bool, content: bytes | None,
) -> ReplyDocument:  # fmt: skip
    mime, version = text(element, "mimeType", "code"), text(element, "versionsnummer")
    title = text(element, "bezeichnung")
    return ReplyDocument(
        document_id=identity,
        title=title,
        kind=kind or Coded(""),
        file_name=file_name_for(sent or f"{title}.{_EXTENSIONS.get(mime, 'pdf')}", charset),
        name_as_sent=sent,
        date=date_in(text(element, "datum")),
        version=int(version) if re.fullmatch("[0-9]{1,6}", version) else None,
        size=size,
        sha256=sha256,
        mime_type=mime,
        link=link,
        by_post=by_post,
        content=content,
    )


def _size(attached: etree._Element, faults: Faults) -> int | None:
    value = attached.get("filesize", "").strip()
    if not value:
        return None
    if not re.fullmatch("[0-9]{1,15}", value):
        faults.add(codes.FIELD_INVALID, attached, f"filesize {value!r} ist keine Zahl von Byte.")
        return None
    return int(value)


def _digest(attached: etree._Element, faults: Faults) -> str | None:
    """Return the SHA-256 in lower-case hex; some write it in capitals or base64, which says the same."""
    value = "".join(attached.get("hashValue", "").split())
    if not value or re.fullmatch("[0-9a-fA-F]{64}", value):
        return value.lower() or None
    raw = bytes_in(value)
    if raw is None or len(raw) != 32 or base64.b64encode(raw).decode() != value:
        faults.add(codes.FIELD_INVALID, attached, "hashValue ist keine SHA-256-Prüfsumme.")
        return None
    return raw.hex()
