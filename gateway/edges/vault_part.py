"""One part on its way into the folder vault: a temporary beside its place, then fsync, rename, directory fsync."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.edges.vault_disk import DiskCalls, DurabilityLost, durability_lost, storage_error

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FLUSH_EVERY = 1 << 20
"""Bytes after which the kernel is asked to begin writing: the disk works while the rest still arrives."""


class Ledger:
    """Knows whether the disk can still be relied on; shared by a vault and its writers."""

    def __init__(self, disk: DiskCalls) -> None:
        self._disk = disk
        self._lost = False

    def check(self) -> None:
        """Raise DurabilityLost if an fsync has ever failed."""
        if self._lost:
            raise durability_lost()

    def sync(self, descriptor: int) -> None:
        """Make a file or directory durable. Raises: DurabilityLost, also for every later call (law 1)."""
        self.check()
        try:
            self._disk.fsync(descriptor)
        except OSError as error:
            self._lost = True
            raise durability_lost() from error

    def write(self, descriptor: int, data: memoryview) -> None:
        """Write all of `data`. Raises: StorageFull, DurabilityLost."""
        with self.storing():
            while data:
                data = data[self._disk.write(descriptor, data) :]

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Translate what the disk refuses: full, or no longer to be relied on."""
        try:
            yield
        except OSError as error:
            refusal = storage_error(error)
            if refusal is None:
                raise
            self._lost = self._lost or isinstance(refusal, DurabilityLost)
            raise refusal from error


@contextmanager
def erased_meanwhile() -> Iterator[None]:
    """Translate a directory that vanishes under a writer: its case was erased. Raises: SubmissionError."""
    try:
        yield
    except FileNotFoundError as error:
        raise SubmissionError(codes.STATE_CONFLICT, "Der Vorgang wurde während des Hochladens gelöscht.") from error


class PartFile:
    """Writes one part; nothing of it is visible before `commit`, nothing remains after `abort` (ports.PartWriter).

    It owns the descriptor `directory`, of the case's directory. Not thread-safe: one caller at a time.
    """

    def __init__(self, ledger: Ledger, directory: int, part: str, mark: str) -> None:
        self._ledger = ledger
        self._directory = directory
        self._part = part
        self._temporary = f".{part}.{mark}.tmp"
        self._written = 0
        self._flushed = 0
        self._open = True
        try:
            self._descriptor = os.open(self._temporary, _NEW, 0o600, dir_fd=directory)
        except OSError:
            os.close(directory)
            raise

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append `data`. Raises: StorageFull (the temporary is gone by then), DurabilityLost."""
        try:
            self._ledger.write(self._descriptor, memoryview(data))
        except Exception:  # whatever it was, the part cannot become whole any more
            self.abort()
            raise
        self._written += len(data)
        if self._written - self._flushed >= _FLUSH_EVERY:
            # on dirty pages DONTNEED only starts the write-back, so that the fsync at the end finds little left to do
            os.posix_fadvise(self._descriptor, self._flushed, self._written - self._flushed, os.POSIX_FADV_DONTNEED)
            self._flushed = self._written

    def commit(self) -> None:
        """Return once the part is on disk under its name.

        Raises: DurabilityLost, never retried; SubmissionError STATE_CONFLICT if the case was erased meanwhile.
        """
        try:
            self._ledger.sync(self._descriptor)
            with self._ledger.storing(), erased_meanwhile():
                os.rename(self._temporary, self._part, src_dir_fd=self._directory, dst_dir_fd=self._directory)
            self._ledger.sync(self._directory)
        finally:
            self._close()

    def abort(self) -> None:
        """Leave nothing behind; may be called at any time, also after `commit`, which stands.

        What a failing disk keeps all the same is the sweep's: why it is aborted counts, not that this failed too.
        """
        if self._open:
            with suppress(OSError):  # also: the case was erased meanwhile
                os.unlink(self._temporary, dir_fd=self._directory)
            self._close()

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._descriptor)
            os.close(self._directory)
