"""A folder on an SFTP server as a shelf."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import BinaryIO, cast

import asyncssh

from adapters.folder.shelf import Kept, Occupied, Odd, ShelfError, check_length
from adapters.sftp.session import Session, Target, told

CHUNK = 4 << 20  # asyncssh splits it into requests that are under way together
_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)


@contextmanager
def sftp_shelf(target: Callable[[], Target], folder: str) -> Iterator[SftpShelf]:
    """Open a folder on a server as a shelf. Raises ShelfError when it cannot be reached or is no folder."""
    with told():
        session = Session(target())
    try:
        shelf = SftpShelf(session, folder)
        if shelf.names("") is None:
            raise ShelfError("Der SFTP-Ordner fehlt.", "Bitte legen Sie ihn an oder korrigieren Sie die Einstellungen.")
        yield shelf
    except Odd as error:
        raise ShelfError("Der SFTP-Ordner ist kein Ordner.", "Bitte tragen Sie den echten Pfad ein.") from error
    finally:
        session.close()


class SftpShelf:
    """A shelf over one SFTP session. SFTP has no way to make a folder's names durable, so `settle` does nothing."""

    def __init__(self, session: Session, folder: str) -> None:
        self._session, self._client = session, session.client
        self._folder = folder.rstrip("/")

    def exists(self, path: str) -> bool:
        return self._look(path) is not None

    def names(self, folder: str) -> frozenset[str] | None:
        found = self._look(folder)
        if found is None:
            return None
        if not stat.S_ISDIR(found.permissions or 0):
            raise Odd(folder)
        try:
            with told():
                entries = self._session.wait(self._client.listdir(self._at(folder)))
        except _MISSING:
            return None
        return frozenset(str(entry) for entry in entries) - {".", ".."}

    def kept(self, path: str) -> Kept | None:
        found = self._look(path)
        if found is None:
            return None
        if not stat.S_ISREG(found.permissions or 0):
            raise Odd(path)
        return Kept(found.size or 0, datetime.fromtimestamp(found.mtime or 0, UTC))

    def make(self, folder: str) -> None:
        with self._exclusive(folder):
            self._session.wait(self._client.mkdir(self._at(folder)))

    def write(self, path: str, source: BinaryIO, size: int) -> None:
        with self._exclusive(path):
            target = self._session.wait(self._client.open(self._at(path), "xb"))
        with told():
            try:
                self._fill(path, target, source, size)
            finally:
                with suppress(asyncssh.Error, OSError):  # what went wrong before is what counts
                    self._session.wait(target.close())
        kept = self.kept(path)
        if kept is None or kept.size != size:
            raise ShelfError("Der SFTP-Server hat eine Datei nicht vollständig gespeichert.", "Ist dort noch Platz?")

    def settle(self, folder: str) -> None:
        """Nothing to do: a server that keeps its answers keeps its names."""

    def move(self, old: str, new: str) -> bool:
        if self.exists(new):
            raise Occupied(new)
        try:
            with told():
                self._rename(self._at(old), self._at(new))
        except _MISSING:
            return False
        except ShelfError as error:
            if not error.sure:
                raise
            if self.exists(new):
                raise Occupied(new) from error
            if not self.exists(old):
                return False
            raise
        return True

    def discard(self, path: str) -> None:
        found = self._look(path)
        if found is None:
            return
        with suppress(*_MISSING):
            if stat.S_ISDIR(found.permissions or 0):
                for name in self.names(path) or ():
                    self.discard(f"{path}/{name}")
                with told():
                    self._session.wait(self._client.rmdir(self._at(path)))
            else:
                with told():
                    self._session.wait(self._client.remove(self._at(path)))

    def open(self, path: str) -> BinaryIO:
        kept = self.kept(path)
        if kept is None:
            raise Odd(path)
        with told():
            file = self._session.wait(self._client.open(self._at(path), "rb"))
        return cast("BinaryIO", io.BufferedReader(_Remote(self._session, file), CHUNK))

    def _at(self, path: str) -> str:
        return f"{self._folder}/{path}" if path else self._folder or "/"

    def _look(self, path: str) -> asyncssh.SFTPAttrs | None:
        """Return what a name is, links not followed, or None if it is missing."""
        try:
            with told():
                return self._session.wait(self._client.lstat(self._at(path)))
        except _MISSING:
            return None

    def _fill(self, path: str, target: asyncssh.SFTPClientFile, source: BinaryIO, size: int) -> None:
        """Send exactly `size` bytes, then ask the server to make them durable if it knows how."""
        done = 0
        while done <= size and (piece := source.read(min(CHUNK, size + 1 - done))):
            self._session.wait(target.write(piece))
            done += len(piece)
        check_length(path, done, size)
        with suppress(asyncssh.SFTPOpUnsupported):
            self._session.wait(target.fsync())

    def _rename(self, old: str, new: str) -> None:
        """Rename in one step; a server without the POSIX extension refuses to replace, which is what we need."""
        try:
            self._session.wait(self._client.posix_rename(old, new))
        except asyncssh.SFTPOpUnsupported:
            self._session.wait(self._client.rename(old, new))

    @contextmanager
    def _exclusive(self, path: str) -> Iterator[None]:
        """Create something: SFTP 3 has no status for "exists", so a failure is looked at."""
        try:
            with told():
                yield
        except _MISSING as error:
            raise ShelfError(
                "Auf dem SFTP-Server fehlt ein Ordner des Gateways.", "Es wird erneut versucht."
            ) from error
        except ShelfError as error:
            if error.sure and self.exists(path):
                raise Occupied(path) from error
            raise


class _Remote(io.RawIOBase):
    """A file on the server as a raw file; io offers no other way to be one than to inherit."""

    def __init__(self, session: Session, file: asyncssh.SFTPClientFile) -> None:
        self._session, self._file = session, file
        session.borrow()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        with told():
            piece = self._session.wait(self._file.read(len(buffer)))
        data = cast("bytes", piece)  # opened without an encoding
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            try:
                with suppress(asyncssh.Error, OSError):  # nothing was written
                    self._session.wait(self._file.close())
            finally:
                super().close()
                self._session.give_back()
