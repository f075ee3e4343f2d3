"""Whole envelopes on disk for tests, made with the functions the gateway uses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from gateway.domain.ids import AuthorityKey, CaseNumber, DocumentId, MessageId
from gateway.seal.cipher import SealingPass, seal
from gateway.seal.envelope import render_envelope
from gateway.seal.index import ENVELOPE_FILE, MANIFEST_FILE
from gateway.seal.keys import SigningKey
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import sign
from gateway.seal.wrap import wrap
from tests.kit.keys import AT, authority_keys, gateway_signer

MESSAGE_ID = MessageId("6b678c94-aa1d-4e37-a5b9-1da8ad5d7fed")
ADDRESSEE = AuthorityKey("05315000")
MESSAGE = "<antrag>Grundstück Müllerstraße 5</antrag>".encode()


@dataclass(frozen=True)
class Made:
    """An envelope on disk, with what went into it."""

    folder: Path
    manifest: Manifest
    content_key: bytes
    attachments: tuple[bytes, ...]


def manifest_of(
    message: bytes = MESSAGE, attachments: Sequence[bytes] = (), message_id: MessageId = MESSAGE_ID, test: bool = False
) -> Manifest:
    """Return the manifest of a message with attachments."""
    parts = [_part(1, "message", message, None)]
    parts += [_part(number, "attachment", data, _identity(number)) for number, data in enumerate(attachments, 2)]
    return Manifest(
        message_id=message_id,
        case_number=CaseNumber("BW-2026-7K3M-9QX4"),
        addressee=ADDRESSEE,
        route="file_drop:bonn",
        release="2.6",
        procedure="baugenehmigung",
        created_at=AT,
        test=test,
        parts=tuple(parts),
    )


def make_envelope(
    folder: Path,
    attachments: Sequence[bytes] = (b"%PDF-1.7 Lageplan", b"%PDF-1.7 Ansicht" * 300),
    *,
    certificate: x509.Certificate | None = None,
    signer: SigningKey | None = None,
    message_id: MessageId = MESSAGE_ID,
    message: bytes = MESSAGE,
    forge: Callable[[bytes], bytes] = bytes,
) -> Made:
    """Write a whole envelope into `folder`, its signed manifest forged if asked, and return it."""
    folder.mkdir(parents=True)
    content_key = os.urandom(32)
    manifest = manifest_of(message, attachments, message_id)
    signed = forge(sign(manifest, signer or gateway_signer(), AT))
    (folder / MANIFEST_FILE).write_bytes(seal(signed, content_key, os.urandom(12)))
    for part, data in zip(manifest.parts, (message, *attachments), strict=True):
        sealing = SealingPass(content_key, os.urandom(12))
        (folder / part.name).write_bytes(sealing.nonce + bytes(sealing.update(data)) + sealing.finish())
    index = render_envelope(
        message_id=message_id,
        addressee=manifest.addressee,
        test=manifest.test,
        encrypted_key=wrap(content_key, certificate or authority_keys()[1], purpose_at=AT),
        parts=[part.name for part in manifest.parts],
    )
    (folder / ENVELOPE_FILE).write_bytes(index)
    return Made(folder, manifest, content_key, tuple(attachments))


def _identity(number: int) -> DocumentId:
    return DocumentId(f"urn_uuid_00000000-0000-4000-8000-{number:012d}")


def _part(number: int, role: str, data: bytes, identity: DocumentId | None) -> SealedPart:
    digest = hashlib.sha256(data).hexdigest()
    media_type = "application/xml" if role == "message" else "application/pdf"
    return SealedPart(f"part-{number:04d}.bin", role, len(data), digest, identity, media_type)
