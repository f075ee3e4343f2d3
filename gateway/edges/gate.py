"""The PDF gate: sees every byte of an upload in memory, never on disk, and lets only still, whole PDFs pass."""

from __future__ import annotations

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.limits import ATTACHMENT_BYTES, MEGABYTE
from gateway.edges.gate_helper import Helper

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Scanner(Protocol):
    """A further look at a file that passed the rules, such as a virus scanner's."""

    def scan(self, file: int) -> None:
        """Return if nothing was found in the open memory file. Raises: SubmissionError."""


class Gate:
    """Checks PDFs, `parallel` at a time and in order of arrival; uploads under way hold at most `memory` bytes."""

    def __init__(
        self,
        *,
        parallel: int = 4,
        memory: int = 512 * MEGABYTE,
        scanner: Scanner | None = None,
        helper: Helper | None = None,
    ) -> None:
        self._helper = helper or Helper()
        self._queue = Queue(parallel)
        self._memory = Memory(memory)
        self._scanner = scanner

    def feed(self) -> GateFeed:
        """Return the place where the bytes of one upload go."""
        return GateFeed(self._memory, self)

    def check(self, file: int) -> None:
        """Return if the PDF in an open memory file may pass; blocks while others are checked.

        Raises: SubmissionError NOT_A_PDF, PDF_DAMAGED, PDF_ENCRYPTED, PDF_ACTIVE, PDF_EMBEDDED or PDF_BOMB;
        PDF_UNCHECKED if it could not be checked.
        """
        with self._queue.turn():
            verdict = self._helper.check(file)
        if verdict is None:
            raise unchecked()
        if verdict.code:
            raise SubmissionError(codes.EVERY[verdict.code], verdict.reason, verdict.hint)
        if self._scanner is not None:
            self._scanner.scan(file)

    def warm(self) -> None:
        """Start the helper process now rather than with the first upload."""
        self._helper.warm()

    def close(self) -> None:
        """End the helper process."""
        self._helper.stop()


class GateFeed:
    """Collects one upload in memory and has it checked. One caller at a time; `close` gives the memory back."""

    def __init__(self, memory: Memory, gate: Gate) -> None:
        self._memory = memory
        self._gate = gate
        self._file: int | None = None
        self._size = 0

    def write(self, chunk: bytes | memoryview) -> None:
        """Take more bytes. Raises: SubmissionError ATTACHMENT_TOO_LARGE, PDF_UNCHECKED if memory is used up."""
        if self._size + len(chunk) > ATTACHMENT_BYTES:
            raise SubmissionError(codes.ATTACHMENT_TOO_LARGE, "Die Datei ist größer als erlaubt (30 MB).")
        self._memory.take(len(chunk))
        self._size += len(chunk)
        if self._file is None:
            self._file = os.memfd_create("upload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        left = memoryview(chunk)
        while left:
            left = left[os.write(self._file, left) :]

    def verdict(self) -> None:
        """Return if the file may pass; raises as `Gate.check` does."""
        if self._file is None:
            raise SubmissionError(codes.NOT_A_PDF, "Die Datei ist leer.")
        fcntl.fcntl(self._file, fcntl.F_ADD_SEALS, _SEALS)  # what is checked is what was hashed, to the last bit
        self._gate.check(self._file)

    def close(self) -> None:
        """Forget the bytes; may be called more than once."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._memory.give_back(self._size)
        self._size = 0


class Memory:
    """Counts the bytes that uploads hold, up to a bound; thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Count `count` bytes in. Raises: SubmissionError PDF_UNCHECKED if they are too many."""
        with self._lock:
            if self._held + count > self._most:
                raise unchecked()
            self._held += count

    def give_back(self, count: int) -> None:
        """Count `count` bytes out."""
        with self._lock:
            self._held -= count

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held


class Queue:
    """Lets `places` callers in at a time, in the order in which they came; thread-safe."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """Callers that wait now."""
        return len(self._waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place and hold it."""
        mine = threading.Event()
        with self._lock:
            if self._free > 0:
                self._free -= 1
                mine.set()
            else:
                self._waiting.append(mine)
        mine.wait()
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        """Hand the place to the one who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


def unchecked() -> SubmissionError:
    """Return the error of a file that could not be checked: nothing is accepted, nothing is held against it."""
    return SubmissionError(
        codes.PDF_UNCHECKED,
        "Die PDF-Datei kann im Augenblick nicht geprüft werden und wurde deshalb nicht angenommen.",
        "Bitte die Datei in einer Minute noch einmal hochladen.",
    )
