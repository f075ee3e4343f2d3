"""The arrival pass: what a portal uploads is hashed, encrypted, stored and looked at in one go, chunk by chunk.

Nothing of it is durable, visible or in clear on disk before every check has passed (laws 1 and 2).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.limits import MEGABYTE

BATCH = 1 << 18
"""Bytes that a thread works on at a time: so many that the change of thread is cheap, so few that they stay in the
processor's cache between hash and cipher and that nobody waits long for a processor (1 MiB doubles others' p99)."""


class Sink(Protocol):
    """Where ciphertext goes (ports.PartWriter)."""

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def commit(self) -> None: ...

    def abort(self) -> None: ...


class Sealing(Protocol):
    """Hash and cipher in one (gateway.seal.cipher.SealingPass)."""

    nonce: bytes
    size: int

    def update(self, chunk: bytes | memoryview) -> memoryview: ...

    def finish(self) -> bytes: ...

    @property
    def sha256_plain(self) -> str: ...


class Watch(Protocol):
    """Who sees the same bytes in memory before they count (gateway.edges.gate.GateFeed)."""

    def write(self, chunk: bytes | memoryview) -> None: ...

    def verdict(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is now durable: size and SHA-256 (lower-case hex) of the plaintext, size of the sealed part; in bytes."""

    size: int
    sha256: str
    sealed_size: int


class Arrival:
    """One attachment on its way in; whatever fails, nothing of it remains. One caller at a time."""

    def __init__(
        self, writer: Sink, sealing: Sealing, gate: Watch | None, expected_size: int, expected_sha256: str, limit: int
    ) -> None:
        self._writer = writer
        self._sealing = sealing
        self._gate = gate
        self._expected_size = expected_size
        self._expected_sha256 = expected_sha256
        self._limit = limit
        self._sealed = 0
        self._over = False
        self._committed = False

    def feed(self, chunk: bytes | memoryview) -> None:
        """Take more of the body.

        Raises: SubmissionError ATTACHMENT_TOO_LARGE or SIZE_MISMATCH before a byte too many is stored, STATE_CONFLICT
        after the end; what the writer and the gate raise.
        """
        with self._working():
            self._check_room(self._sealing.size + len(chunk))
            view = memoryview(chunk)
            for at in range(0, len(view), BATCH):
                self._take(view[at : at + BATCH])

    def finish(self) -> Arrived:
        """Return once the part is durable in the vault.

        Raises: SubmissionError SIZE_MISMATCH, DIGEST_MISMATCH; what the gate and the writer raise.
        """
        with self._working():
            self._check_whole()
            if self._gate is not None:
                self._gate.verdict()
            self._begin()
            self._store(self._sealing.finish())
            self._writer.commit()
            self._committed = True
            self._end()
        return Arrived(self._sealing.size, self._sealing.sha256_plain, self._sealed)

    def abort(self) -> None:
        """Leave nothing behind; may be called at any time, also after `finish`, which stands."""
        self._end()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """End everything if the work fails."""
        if self._over:
            raise SubmissionError(codes.STATE_CONFLICT, "Das Hochladen dieser Datei ist bereits beendet.")
        try:
            yield
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        if not self._over:
            self._over = True
            if not self._committed:
                self._writer.abort()
            if self._gate is not None:
                self._gate.close()

    def _take(self, piece: memoryview) -> None:
        if self._gate is not None:
            self._gate.write(piece)
        self._begin()
        self._store(self._sealing.update(piece))

    def _begin(self) -> None:
        if self._sealed == 0:
            self._store(self._sealing.nonce)

    def _store(self, octets: bytes | memoryview) -> None:
        self._writer.write(octets)
        self._sealed += len(octets)

    def _check_room(self, size: int) -> None:
        if size > self._limit:
            raise SubmissionError(
                codes.ATTACHMENT_TOO_LARGE, f"Die Datei ist größer als erlaubt ({self._limit // MEGABYTE} MB)."
            )
        if size > self._expected_size:
            raise self._other_size("mehr als")

    def _check_whole(self) -> None:
        if self._sealing.size != self._expected_size:
            raise self._other_size(f"nur {self._sealing.size} statt")
        if self._sealing.sha256_plain != self._expected_sha256.lower():
            raise SubmissionError(
                codes.DIGEST_MISMATCH,
                "Die SHA-256-Prüfsumme der empfangenen Datei weicht von der angekündigten ab.",
                "Bitte die Datei noch einmal hochladen; bleibt der Fehler, war die Ankündigung falsch.",
            )

    def _other_size(self, words: str) -> SubmissionError:
        return SubmissionError(
            codes.SIZE_MISMATCH,
            f"Empfangen wurden {words} die angekündigten {self._expected_size} Byte.",
            "Bitte die Datei noch einmal vollständig hochladen oder die Ankündigung berichtigen.",
        )


async def receive(stream: AsyncIterator[bytes], make: Callable[[], Arrival], pool: Executor | None = None) -> Arrived:
    """Bring a request body in and return once it is durable; the event loop only collects, threads of `pool` work.

    At most one batch is worked on while the next is collected. `make` is called in a thread too. A body that fits in
    one batch costs one change of thread. Whatever ends it early (fault, disconnect, cancellation), nothing remains.
    """
    loop = asyncio.get_running_loop()
    work = _Work(make)
    flying: asyncio.Future[Arrived | None] | None = None
    try:
        async with aclosing(_batches(stream)) as batches:
            async for batch, last in batches:
                if flying is not None:
                    await flying
                flying = loop.run_in_executor(pool, work.step, batch, last)
        if flying is not None and (arrived := await flying) is not None:
            return arrived
        raise AssertionError("the last batch brings the result")
    except BaseException:
        if flying is not None:
            flying.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # told already, or moot
        await asyncio.shield(loop.run_in_executor(pool, work.abort))
        raise


class _Work:
    """The thread's side of `receive`: steps one after the other, none after `abort`."""

    def __init__(self, make: Callable[[], Arrival]) -> None:
        self._make = make
        self._arrival: Arrival | None = None
        self._lock = threading.Lock()
        self._over = False
        self._committed = False

    def step(self, batch: Sequence[bytes], last: bool) -> Arrived | None:
        """Feed one batch, begun with the first and finished with the last."""
        with self._lock:
            if self._over:
                return None
            if self._arrival is None:
                self._arrival = self._make()
            self._arrival.feed(batch[0] if len(batch) == 1 else b"".join(batch))
            return self._arrival.finish() if last else None

    def abort(self) -> None:
        """Wait for the step under way, then leave nothing behind."""
        with self._lock:
            self._over = True
            if self._arrival is not None:
                self._arrival.abort()


async def _batches(stream: AsyncIterator[bytes]) -> AsyncGenerator[tuple[Sequence[bytes], bool]]:
    """Yield the body in batches of about BATCH bytes, and with each whether it is the last."""
    batch: list[bytes] = []
    size = 0
    async for chunk in stream:
        batch.append(chunk)
        size += len(chunk)
        if size >= BATCH:
            yield batch, False
            batch, size = [], 0
    yield batch, True
