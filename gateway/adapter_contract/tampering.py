"""The sample messages made difficult: watched while read, broken off, and badly named."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import BinaryIO, cast

from gateway.adapter import ClearContent, ClearPart, Envelope, SealedFile
from gateway.adapter_contract.samples import Blob, Reader, clear_sample
from gateway.domain import codes
from gateway.domain.errors import SealError

HOSTILE = ("../outside.bin", "/etc/outside.bin", "inner/part.bin", ".hidden", "", "line\nbreak", "nul\0.bin", "a" * 300)
"""Names that a sealed file must never have."""

FROM_APPLICANTS = ("../../outside.pdf", "C:\\Pläne\\Süd.pdf", "\"><x> & 'y'.pdf", "Grundriß €, 1:100; v=2.pdf")
"""Names an applicant may give a file; they travel as data."""


def watched(envelope: Envelope, look: Callable[[], object]) -> Envelope:
    """Return the same message, which calls `look` whenever some of its bytes were read."""
    return replace(
        envelope,
        sealed=lambda: [_through(file, partial(_looking, look)) for file in envelope.sealed()],
        clear=lambda: _each(envelope.clear(), partial(_looking, look)),
    )


def broken(envelope: Envelope) -> Envelope:
    """Return the same message, the last part of which ends early (sealed) or fails its tag (clear)."""

    def sealed() -> list[SealedFile]:
        *files, last = envelope.sealed()
        return [*files, _through(last, _short)]

    return replace(envelope, sealed=sealed, clear=lambda: _each(envelope.clear(), _unverified))


def misnamed(envelope: Envelope, name: str) -> Envelope:
    """Return the same message with one more sealed file of this name."""
    return replace(envelope, sealed=lambda: [*envelope.sealed(), SealedFile(name, 100, Blob(name, 100).open)])


def renamed_by_applicants(envelope: Envelope) -> Envelope:
    """Return a message of four attachments, named as applicants may."""

    def clear() -> ClearContent:
        content = clear_sample(envelope.message_id, range(1_000, 1_000 + len(FROM_APPLICANTS)))
        named = zip(content.attachments, FROM_APPLICANTS, strict=True)
        return replace(content, attachments=tuple(replace(part, file_name=name) for part, name in named))

    return replace(envelope, clear=clear)


def _through(file: SealedFile, change: Callable[[Iterator[bytes]], Iterator[bytes]]) -> SealedFile:
    def opened() -> BinaryIO:
        with file.open() as source:
            pieces = iter(partial(source.read, 1 << 16), b"")
            return cast("BinaryIO", io.BufferedReader(Reader(change(iter(list(pieces)))), 1 << 16))

    return replace(file, open=opened)


def _each(content: ClearContent, change: Callable[[Iterator[bytes]], Iterator[bytes]]) -> ClearContent:
    def through(part: ClearPart) -> ClearPart:
        return replace(part, chunks=lambda: change(part.chunks()))

    return replace(content, attachments=tuple(through(part) for part in content.attachments))


def _looking(look: Callable[[], object], pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        look()


def _short(pieces: Iterator[bytes]) -> Iterator[bytes]:
    kept = next(pieces)
    yield kept[: len(kept) // 2]


def _unverified(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield next(pieces)[:100]
    raise SealError(codes.DECRYPTION_FAILED, "Ein Teil der Ablage ist beschädigt.")
