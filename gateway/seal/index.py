"""`envelope.xml`, the outside of an envelope: rendered from values, read only if it renders to the same bytes again.

It carries no signature. What it says is either compared with the signed manifest or fixed by this one form, so no byte
of it can change unseen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SealError
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.seal.wrap import DS, KEY_ID, XENC, XENC11, WrappedKey, read_key, render_key
from gateway.xmlguard import compiled, safe_parse

NAMESPACE = "urn:bauweiche:envelope:1"
ENVELOPE_FILE = "envelope.xml"
MANIFEST_FILE = "manifest.bin"
BYTES = 2_000_000
"""An envelope.xml, at most."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ADDRESSEE = re.compile(r"[0-9A-Za-z:_-]{1,60}")
_PART = re.compile(r"part-[0-9]{4}\.bin")
_HINT = "Verwenden Sie den Inhalt nicht und lassen Sie die Nachricht erneut bereitstellen."


@dataclass(frozen=True, slots=True)
class Index:
    """What `envelope.xml` says; `parts` are the file names after `manifest.bin`, in order."""

    message_id: MessageId
    addressee: AuthorityKey
    test: bool
    key: WrappedKey
    parts: tuple[str, ...]


def render_index(index: Index) -> bytes:
    """Return the one form of `envelope.xml`.

    Raises: ValueError if a value is not what `envelope.xsd` allows.
    """
    names = (MANIFEST_FILE, *index.parts)
    if len(set(names)) != len(names) or len(names) < 2 or not all(map(_PART.fullmatch, index.parts)):
        raise ValueError("not an envelope: part names are part-0001.bin and so on, at least one, each once")
    if not _UUID.fullmatch(index.message_id) or not _ADDRESSEE.fullmatch(index.addressee):
        raise ValueError("not an envelope: message id or addressee are malformed")
    test = "true" if index.test else "false"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<envelope xmlns="{NAMESPACE}" version="1" messageId="{index.message_id}" addressee="{index.addressee}"'
        f' test="{test}">\n<key>\n{render_key(index.key).decode()}\n</key>\n'
        f'<parts xmlns:xenc="{XENC}" xmlns:ds="{DS}">\n{"".join(map(_data, names))}</parts>\n</envelope>\n'
    ).encode()


def read_index(data: bytes) -> Index:
    """Return what `envelope.xml` says.

    Raises: SealError ENVELOPE_INVALID if one byte differs from the form we write; SubmissionError if the XML is unsafe.
    """
    root = safe_parse(data, limit=BYTES)
    if root.tag != f"{{{NAMESPACE}}}envelope" or not _schema().validate(root):
        raise _invalid("Sie entspricht nicht ihrem Schema.")
    key = read_key(root[0][0])
    names = [element.get("URI") or "" for element in root.iter(f"{{{XENC}}}CipherReference")]
    if key is None or names[:1] != [MANIFEST_FILE]:
        raise _invalid("Der Schlüssel oder das Inhaltsverzeichnis fehlt.")
    index = Index(
        message_id=MessageId(root.get("messageId") or ""),
        addressee=AuthorityKey(root.get("addressee") or ""),
        test=root.get("test") == "true",
        key=key,
        parts=tuple(names[1:]),
    )
    try:
        same = render_index(index) == data
    except ValueError:
        same = False
    if not same:
        raise _invalid("Sie wurde nach dem Erstellen verändert.")
    return index


def _data(name: str) -> str:
    return (
        f'<xenc:EncryptedData Id="{name.removesuffix(".bin")}">'
        f'<xenc:EncryptionMethod Algorithm="{XENC11}aes256-gcm"/>'
        f'<ds:KeyInfo><ds:RetrievalMethod URI="#{KEY_ID}" Type="{XENC}EncryptedKey"/></ds:KeyInfo>'
        f'<xenc:CipherData><xenc:CipherReference URI="{name}"/></xenc:CipherData></xenc:EncryptedData>\n'
    )


def _invalid(reason: str) -> SealError:
    return SealError(codes.ENVELOPE_INVALID, f"Die Datei {ENVELOPE_FILE} ist nicht die des Gateways. {reason}", _HINT)


@cache
def _schema() -> etree.XMLSchema:
    return compiled(etree.fromstring(files(__package__).joinpath("envelope.xsd").read_bytes()))
