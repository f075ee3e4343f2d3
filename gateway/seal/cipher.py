"""A sealed part: AES-256-GCM octets as XML Encryption 1.1 § 5.2.4 has them: 12-byte nonce, ciphertext, 16-byte tag."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.domain import codes
from gateway.domain.errors import SealError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD = NONCE_BYTES + TAG_BYTES
"""A sealed part is this many bytes longer than its plaintext."""

CHUNK = 1 << 18
_BLOCK = 16


class SealingPass:
    """Hashes and encrypts one part in a single pass.

    The sealed part is `nonce`, then what every `update` returned, then what `finish` returned. A nonce must never meet
    the same key twice: draw 12 random bytes for each part.
    """

    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._encryptor = _cipher(key, nonce).encryptor()
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self.nonce = nonce
        self.size = 0

    def update(self, chunk: bytes | memoryview) -> memoryview:
        """Return the ciphertext of `chunk`, valid until the next call; other threads run meanwhile."""
        if len(self._buffer) < len(chunk) + _BLOCK:
            self._buffer = bytearray(len(chunk) + _BLOCK)
        self._hash.update(chunk)
        self.size += len(chunk)
        written = self._encryptor.update_into(chunk, self._buffer)
        return memoryview(self._buffer)[:written]

    def finish(self) -> bytes:
        """Return the tag that ends the part."""
        self._encryptor.finalize()
        return self._encryptor.tag

    @property
    def sha256_plain(self) -> str:
        """SHA-256 of the plaintext taken so far, in lower-case hex."""
        return self._hash.hexdigest()


def unseal_chunks(stream: BinaryIO, key: bytes, chunk: int = CHUNK) -> Iterator[bytes]:
    """Yield the plaintext of the sealed part in `stream`.

    What is yielded is unauthenticated until the iterator is exhausted: whoever writes it somewhere must be able to take
    it back. The last piece is yielded only after the tag has proved all of them.
    Raises: SealError DECRYPTION_FAILED, at the end, if the tag does not fit; at once if the part is too short.
    """
    nonce = _read_exactly(stream, NONCE_BYTES)
    held = _read_exactly(stream, TAG_BYTES)  # the last 16 bytes seen so far may be the tag
    decryptor = _cipher(key, nonce).decryptor()
    pending = b""
    while block := stream.read(chunk):
        if pending:
            yield pending
        data = held + block
        held = data[-TAG_BYTES:]
        pending = decryptor.update(memoryview(data)[:-TAG_BYTES])
    try:
        decryptor.finalize_with_tag(held)
    except InvalidTag as error:
        raise _failed() from error
    if pending:
        yield pending


def seal(data: bytes, key: bytes, nonce: bytes) -> bytes:
    """Return `data` as a sealed part; for parts that fit in memory."""
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def unseal(data: bytes, key: bytes) -> bytes:
    """Return the plaintext of a sealed part that fits in memory.

    Raises: SealError DECRYPTION_FAILED if the key is another one or a single bit has changed.
    """
    if len(data) < OVERHEAD:
        raise _failed()
    try:
        return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None)
    except InvalidTag as error:
        raise _failed() from error


def _cipher(key: bytes, nonce: bytes) -> Cipher[modes.GCM]:
    if len(key) != KEY_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError("a sealed part needs a key of 32 and a nonce of 12 bytes")
    return Cipher(algorithms.AES(key), modes.GCM(nonce))


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.read(count - len(data))
        if not more:
            raise _failed()
        data += more
    return data


def _failed() -> SealError:
    return SealError(
        codes.DECRYPTION_FAILED,
        "Ein Teil des Umschlags lässt sich nicht entschlüsseln: Er wurde verändert, gekürzt oder gehört nicht dazu.",
        "Bitte lassen Sie die Nachricht erneut bereitstellen und nennen Sie dabei die Nachrichtenkennung.",
    )
