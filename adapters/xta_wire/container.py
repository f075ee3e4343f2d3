"""The GenericContentContainer: in clear with XOP parts, or sealed as EncryptedData, both streamed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lxml import etree

from adapters.xta_wire.mime import Part
from adapters.xta_wire.names import DS, XENC, XOP, XTA, element, grow

if TYPE_CHECKING:
    from gateway.adapter import ClearPart, Envelope

AES_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
ELEMENT_TYPE = "http://www.w3.org/2001/04/xmlenc#Element"
_GCM_OVERHEAD = 28  # 12 bytes nonce before, 16 bytes tag behind (XML Encryption 1.1, section 5.2.4)


@dataclass(frozen=True, slots=True)
class Item:
    """Message or Attachment: its attributes, its size in bytes and where its bytes come from."""

    name: str
    attributes: dict[str, str]
    part: Part


def items(envelope: Envelope, *, manifest: bool) -> list[Item]:
    """Return the message and its attachments as they travel; `manifest` adds the signed manifest at the end.

    Some clients drop the second of two files of one name without a word: names are made different.
    """
    content = envelope.clear()
    message = _item("Message", content.message, "text/xml", 0, envelope.message_id)
    parts = [*content.attachments, *((content.manifest,) if manifest else ())]
    attachments = [
        _item("Attachment", part, "application/octet-stream", at, envelope.message_id)
        for at, part in enumerate(parts, 1)
    ]
    return [message, *_told_apart(attachments)]


def size_of(found: list[Item]) -> int:
    """Return the bytes of message and attachments together."""
    return sum(item.part.size for item in found)


def clear(found: list[Item]) -> etree._Element:
    """Return the container in clear: every item an xop:Include of its part."""
    content = element(XTA, "ContentContainer")
    for item in found:
        content.append(grow(element(XTA, item.name, **item.attributes), include(item.part.identity)))
    return grow(element(XTA, "GenericContentContainer"), content)


def sealed(envelope: Envelope, found: list[Item]) -> tuple[etree._Element, Part]:
    """Return the container with EncryptedData for the addressee, and the one part with the ciphertext.

    What is encrypted is the serialised ContentContainer (XML Encryption type Element), written as it is read.
    """
    frames = _frames(found)
    length = sum(map(len, frames)) + sum(4 * -(-item.part.size // 3) for item in found)
    key, ciphertext = envelope.encrypt_for_addressee(_serialised(frames, found))
    part = Part(f"content.{envelope.message_id}@bauweiche", length + _GCM_OVERHEAD, lambda: ciphertext)
    method = etree.Element(f"{{{XENC}}}EncryptionMethod", Algorithm=AES_GCM)
    value = grow(etree.Element(f"{{{XENC}}}CipherValue"), include(part.identity))
    data = etree.Element(
        f"{{{XENC}}}EncryptedData", nsmap={"xenc": XENC, "ds": DS}, Type=ELEMENT_TYPE, MimeType="text/xml"
    )
    info = grow(etree.Element(f"{{{DS}}}KeyInfo"), etree.fromstring(key))
    grow(data, method, info, grow(etree.Element(f"{{{XENC}}}CipherData"), value))
    return grow(element(XTA, "GenericContentContainer"), data), part


def include(identity: str) -> etree._Element:
    """Return the xop:Include of a content id."""
    return etree.Element(f"{{{XOP}}}Include", nsmap={"xop": XOP}, href=f"cid:{identity}")


def _item(name: str, part: ClearPart, media_type: str, number: int, message_id: str) -> Item:
    attributes = {
        "contentType": part.media_type or media_type,
        "filename": part.file_name,
        "id": part.identity or (f"anhang_{number}" if number else ""),
        "size": str(part.size) if part.size else "",
        "encoding": "UTF-8" if name == "Message" else "",
    }
    return Item(name, attributes, Part(f"{number}.{message_id}@bauweiche", part.size, part.chunks))


def _told_apart(found: list[Item]) -> list[Item]:
    """Return the items with every file name unique, letter case apart: `Plan.pdf`, `Plan (2).pdf` …"""
    taken: set[str] = set()
    apart = []
    for item in found:
        name = wanted = item.attributes["filename"]
        path, count = PurePosixPath(wanted), 1
        while name and name.casefold() in taken:
            count += 1
            name = f"{path.stem} ({count}){path.suffix}"
        taken.add(name.casefold())
        apart.append(replace(item, attributes={**item.attributes, "filename": name}))
    return apart


def _frames(found: list[Item]) -> list[bytes]:
    """Return the serialised container cut open where the contents belong: one more frame than items."""
    content = etree.Element(f"{{{XTA}}}ContentContainer", nsmap={"xta": XTA})
    for item in found:
        # a mark to cut at: in attributes ">" is always escaped, so ">mark</" stands nowhere else
        content.append(element(XTA, item.name, "\uf8ff", **item.attributes))
    text = etree.tostring(content, encoding="UTF-8", xml_declaration=False)
    frames = text.split(">\uf8ff</".encode())
    return [
        (b"" if at == 0 else b"</") + frame + (b">" if at < len(frames) - 1 else b"") for at, frame in enumerate(frames)
    ]


def _serialised(frames: list[bytes], found: list[Item]) -> Iterator[bytes]:
    yield frames[0]
    for item, frame in zip(found, frames[1:], strict=True):
        yield from base64_stream(item.part.chunks())
        yield frame


def base64_stream(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the base64 text of a stream, cutting only at multiples of three bytes."""
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        whole = len(data) - len(data) % 3
        rest = data[whole:]
        if whole:
            yield base64.b64encode(memoryview(data)[:whole])
    if rest:
        yield base64.b64encode(rest)
