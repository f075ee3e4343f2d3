"""Messages to try an adapter with: made up, of any size, the same bytes at every call, and never held in memory."""

from __future__ import annotations

import hashlib
import io
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import BinaryIO, cast
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.adapter import ClearContent, ClearPart, Envelope, SealedFile
from gateway.domain.ids import AuthorityKey, MessageId, case_number, document_id

NAMESPACE = "http://www.xleitstelle.de/xbau/2/6"
ROOT = "baugenehmigung.antrag.0200"
CHUNK = 1 << 18


@dataclass(slots=True)
class Ledger:
    """What the gateway keeps about one delivery between attempts: what `remember` was given, and how often."""

    state: dict[str, str] = field(default_factory=dict)
    calls: list[dict[str, str]] = field(default_factory=list)

    def remember(self, facts: Mapping[str, str]) -> None:
        """Keep `facts` as the gateway does: merged into what later attempts see as `state`."""
        self.calls.append(dict(facts))
        self.state.update(facts)


@dataclass(frozen=True, slots=True)
class Blob:
    """`size` bytes that follow from `seed`: the same at every read, made as they are read."""

    seed: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in pieces of at most 256 KiB."""
        block = _block(self.seed)
        left = self.size
        while left > 0:
            piece = block[: min(left, len(block))]
            left -= len(piece)
            yield piece

    def open(self) -> BinaryIO:
        """Open them as a file without a descriptor."""
        return cast("BinaryIO", io.BufferedReader(Reader(self.chunks()), CHUNK))

    def sha256(self) -> str:
        """Return the digest in lower-case hex."""
        digest = hashlib.sha256()
        for piece in self.chunks():
            digest.update(piece)
        return digest.hexdigest()


class Reader(io.RawIOBase):
    """Chunks as a raw file; io offers no other way to be one than to inherit."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def sealed_sample(message_id: MessageId, sizes: Sequence[int]) -> list[SealedFile]:
    """Return a sealed folder: `envelope.xml` naming its parts, and one part of ciphertext-like bytes per size."""
    parts = [
        SealedFile(f"part-{number:04d}.bin", size, Blob(f"{message_id}/{number}", size).open)
        for number, size in enumerate(sizes)
    ]
    listed = "".join(f'<part href="{part.name}"/>' for part in parts)
    envelope = f'<envelope xmlns="urn:sample" id="{message_id}">{listed}</envelope>'.encode()
    return [SealedFile("envelope.xml", len(envelope), lambda: io.BytesIO(envelope)), *parts]


def clear_sample(message_id: MessageId, sizes: Sequence[int]) -> ClearContent:
    """Return a small XBau-like message, one PDF-like attachment per size, and a manifest."""
    attachments = []
    for number, size in enumerate(sizes):
        blob = Blob(f"{message_id}/{number}", size)
        identity = document_id(UUID(hashlib.md5(blob.seed.encode(), usedforsecurity=False).hexdigest()))
        name = f"Lageplan {number} – Größe.pdf"
        attachments.append(ClearPart(identity, name, "application/pdf", size, blob.sha256(), blob.chunks))
    listed = "".join(f"<dokumentid>{part.identity}</dokumentid>" for part in attachments)
    xbau = f'<{ROOT} xmlns="{NAMESPACE}" nachrichtenUUID="{message_id}">{listed}</{ROOT}>'
    manifest = f'<manifest xmlns="urn:sample" message="{message_id}"/>'
    return ClearContent(
        _text_part("", "nachricht.xml", xbau), tuple(attachments), _text_part("manifest", "manifest.xml", manifest)
    )


def encrypt_sample(content: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Encrypt as the gateway does for an addressee, except that the "encrypted" key lies open: it is a sample."""
    key, nonce = hashlib.shake_128(b"sample").digest(32), bytes(12)
    wrapped = b64encode(key).decode()
    xenc = "http://www.w3.org/2001/04/xmlenc#"
    named = f'<xenc:EncryptedKey xmlns:xenc="{xenc}"><xenc:CipherData><xenc:CipherValue>{wrapped}'
    return f"{named}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>".encode(), _gcm(key, nonce, content)


def sample_envelope(
    number: int = 1,
    *,
    sizes: Sequence[int] = (2_000, 150_000),
    protection: str = "end_to_end",
    ledger: Ledger | None = None,
    sealed: Callable[[], Sequence[SealedFile]] | None = None,
    clear: Callable[[], ClearContent] | None = None,
    encrypt: Callable[[Iterator[bytes]], tuple[bytes, Iterator[bytes]]] | None = None,
) -> Envelope:
    """Return a message that an adapter can deliver; `number` gives its ids, `sizes` (bytes) its parts.

    `sealed`, `clear` and `encrypt` replace what it holds. Without a `ledger` nothing is remembered between attempts.
    """
    book = ledger if ledger is not None else Ledger()
    identity = UUID(int=(number << 64) | 0x4000_8000_0000_0000_0001, version=4)
    message_id = MessageId(str(identity))
    return Envelope(
        message_id=message_id,
        case_number=case_number(2026, UUID(int=number << 93)),
        authority=AuthorityKey("05315000"),
        addressee="bab:05315000",
        addressee_name="Stadt Köln, Bauaufsichtsamt",
        sender="bap:05000000",
        sender_name="Bauportal.NRW",
        release="2.6",
        root=ROOT,
        namespace=NAMESPACE,
        service_uri=f"{NAMESPACE}/XBau26-BH2BAB.wsdl",
        created_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        test=True,
        attempt=1,
        protection=protection,
        size_limit=250_000_000,
        state=dict(book.state),
        sealed=sealed or (lambda: sealed_sample(message_id, sizes)),
        clear=clear or (lambda: clear_sample(message_id, sizes)),
        encrypt_for_addressee=encrypt or encrypt_sample,
        remember=book.remember,
    )


def again(envelope: Envelope, ledger: Ledger) -> Envelope:
    """Return the same message at its next attempt, with what `ledger` remembers."""
    return replace(envelope, attempt=envelope.attempt + 1, state=dict(ledger.state), remember=ledger.remember)


def _text_part(identity: str, name: str, text: str) -> ClearPart:
    data = text.encode()
    return ClearPart(
        identity, name, "application/xml", len(data), hashlib.sha256(data).hexdigest(), lambda: iter((data,))
    )


def _gcm(key: bytes, nonce: bytes, content: Iterator[bytes]) -> Iterator[bytes]:
    cipher = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    yield nonce
    for piece in content:
        yield cipher.update(piece)
    yield cipher.finalize() + cipher.tag


def _block(seed: str) -> bytes:
    """Return 256 KiB that do not compress and differ per seed."""
    return hashlib.shake_128(seed.encode()).digest(CHUNK)
