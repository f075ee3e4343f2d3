"""A sealed reply from a return folder: verified against the authority's signing certificates, streamed, never on disk.

The form is that of our own envelopes (`gateway.seal`), the other way round: signed by the authority, wrapped for the
gateway. Nothing is decrypted before the manifest's signature has been proved (law 9).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from gateway.adapter import Returned
from gateway.domain import codes
from gateway.domain.errors import SealError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.ports import World
from gateway.seal.cipher import OVERHEAD, unseal, unseal_chunks
from gateway.seal.index import MANIFEST_FILE, Index, read_index
from gateway.seal.manifest import BYTES as MANIFEST_BYTES
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import verify
from gateway.seal.trust import Trust
from gateway.seal.wrap import render_key
from gateway.xmlguard import BYTES


@dataclass(frozen=True, slots=True)
class OpenedReply:
    """A reply whose signature, sender and addressee are proved; each attachment is proved when its chunks end."""

    manifest: Manifest
    message: bytes
    attachments: tuple[tuple[SealedPart, Iterator[bytes]], ...]


def open_sealed(world: World, key: AuthorityKey, returned: Returned, outside: bytes) -> OpenedReply:
    """Return an opened reply of an authority.

    Raises:
        SealError: signature, certificate, addressee, key or digest are not what they must be.
    """
    now = world.clock.now()
    with world.store.reading() as tx:
        signers = tuple(tx.certificates.of(key, "sign"))
    if not signers:
        raise SealError(codes.KEY_MISSING, "Von dieser Behörde ist kein Signaturzertifikat hinterlegt.")
    try:
        index = read_index(outside)
        content_key = _content_key(world, index)
        sealed = _whole(returned, MANIFEST_FILE, MANIFEST_BYTES + OVERHEAD)
        manifest = verify(unseal(sealed, content_key), Trust(signers), now)
    except SubmissionError as error:  # XML of the envelope that is unsafe or unreadable
        raise SealError(codes.ENVELOPE_INVALID, error.reason) from error
    _check(index, manifest, world.policy.sender_identifier, set(returned.attachments))
    messages = [part for part in manifest.parts if part.role == "message"]
    message = unseal(_whole(returned, messages[0].name, BYTES + OVERHEAD), content_key)
    if len(message) != messages[0].size or hashlib.sha256(message).hexdigest() != messages[0].sha256:
        raise _differs(messages[0].name)
    attachments = tuple(
        (part, _proved(returned.attachments[part.name], content_key, part))
        for part in manifest.parts
        if part.role == "attachment"
    )
    return OpenedReply(manifest, message, attachments)


def _content_key(world: World, index: Index) -> bytes:
    """Return the key of the content; one that was wrapped for another certificate cannot be opened by us."""
    try:
        return world.keyring.unwrap(render_key(index.key))
    except SealError as error:
        if error.code != codes.KEY_MISSING:  # that would say: the sender's certificate is missing
            raise
        raise SealError(codes.DECRYPTION_FAILED, error.reason, error.hint) from error


def _check(index: Index, manifest: Manifest, ourselves: str, files: set[str]) -> None:
    """Raise ENVELOPE_INVALID unless outside and signed inside agree, it is for us, and every part is there."""
    names = tuple(part.name for part in manifest.parts)
    wrong = [
        text
        for text, holds in (
            ("Nachrichtenkennung", index.message_id == manifest.message_id),
            ("Empfänger", index.addressee == manifest.addressee == ourselves),
            ("Test", index.test == manifest.test),
            ("Teile", index.parts == names and files == {MANIFEST_FILE, *names}),
            ("Nachricht", sum(part.role == "message" for part in manifest.parts) == 1),
        )
        if not holds
    ]
    if wrong:
        raise SealError(
            codes.ENVELOPE_INVALID, f"Umschlag und signiertes Inhaltsverzeichnis passen nicht: {', '.join(wrong)}."
        )


def _whole(returned: Returned, name: str, limit: int) -> bytes:
    opened = returned.attachments.get(name)
    if opened is None:
        raise SealError(codes.ENVELOPE_INVALID, f"Der Teil {name} fehlt.")
    with opened() as stream:
        octets = stream.read(limit + 1)
    if len(octets) > limit:
        raise SealError(codes.ENVELOPE_INVALID, f"Der Teil {name} ist zu groß.")
    return octets


def _proved(opened: Callable[[], BinaryIO], content_key: bytes, part: SealedPart) -> Iterator[bytes]:
    """Yield a part's bytes; at the end, raise unless tag, size and digest are as signed."""
    digest, size = hashlib.sha256(), 0
    with opened() as stream:
        for chunk in unseal_chunks(stream, content_key):
            digest.update(chunk)
            size += len(chunk)
            if size > part.size:
                raise _differs(part.name)
            yield chunk
    if size != part.size or digest.hexdigest() != part.sha256:
        raise _differs(part.name)


def _differs(name: str) -> SealError:
    return SealError(codes.DIGEST_WRONG, f"Der Teil {name} weicht vom signierten Inhaltsverzeichnis ab.")
