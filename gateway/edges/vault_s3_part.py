"""One part on its way into, or out of, an object store.

The bytes go under a name that no other upload uses (in several pieces if there are many); then a pointer, written only
if there is none, makes that object the part. The pointer is the commit: a part is written once, also when two uploads
race, and a reader never sees half of one.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

from gateway.domain import codes
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.edges.vault_s3_faults import told, unavailable

PIECE = 8 << 20
"""Bytes of one piece of an upload: what stays in memory, twice."""

LONGEST = timedelta(minutes=45)
"""How long one upload may take: the sweep believes that what is an hour old and not pointed at belongs to nobody."""

WINDOW = 4 << 20
"""Bytes that a reader asks for at a time; each is a request of its own, so a slow reader holds no connection open."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which object a part is, and its size in bytes."""

    object: str
    size: int

    def octets(self) -> bytes:
        """Return the pointer as it is stored."""
        return json.dumps({"object": self.object, "size": self.size}).encode()


def read_pointer(store: S3Store, path: str) -> Pointer | None:
    """Return the pointer at a path, None if there is none. Raises: ConfigurationError."""
    try:
        with told():
            octets = bytes(obstore.get(store, path).bytes())
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(octets)
        return Pointer(str(fields["object"]), int(fields["size"]))
    except (ValueError, KeyError, TypeError):
        raise unavailable("Im Objektspeicher steht anstelle eines Verweises etwas anderes.") from None


def holds(store: S3Store, folder: str, pointer: Pointer) -> bool:
    """Tell whether the object that a pointer names is there, whole. Raises: ConfigurationError."""
    try:
        with told():
            return int(obstore.head(store, f"{folder}{pointer.object}")["size"]) == pointer.size
    except FileNotFoundError:
        return False


class S3Part:
    """Writes one part (ports.PartWriter); nothing of it counts before `commit`. One caller at a time."""

    def __init__(self, store: S3Store, case: str, part: str, token: str, drop: Callable[[str], None]) -> None:
        self._store = store
        self._data = f"{case}/data/"
        self._pointer = f"{case}/parts/{part}"
        self._object = f"{part}.{token}"
        self._drop = drop
        self._written = 0
        self._open = True
        self._begun = time.monotonic()
        with told():
            self._sink = obstore.open_writer(store, f"{self._data}{self._object}", buffer_size=PIECE, max_concurrency=2)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append `data`. Raises: ConfigurationError STORAGE_FULL, DRAINING; nothing remains then."""
        try:
            with told():
                self._sink.write(bytes(data))
        except Exception:  # whatever it was, the part cannot become whole any more
            self.abort()
            raise
        self._written += len(data)

    def commit(self) -> None:
        """Return once the store has confirmed the whole part and its pointer.

        If another upload of the same part was faster, that one stands: both were checked against what was announced.
        Raises: ConfigurationError, the part may or may not count then and may be uploaded again; SubmissionError
        STATE_CONFLICT if the upload took too long.
        """
        mine = Pointer(self._object, self._written)
        with told():
            self._sink.close()
        if not holds(self._store, self._data, mine):
            raise unavailable("Der Objektspeicher hat die Datei nicht vollständig bestätigt.")
        if time.monotonic() - self._begun > LONGEST.total_seconds():
            raise SubmissionError(codes.STATE_CONFLICT, "Das Hochladen dieser Datei hat zu lange gedauert.")
        self._open = False  # from here on the pointer may exist, whatever we are told: our object must stay
        self._point_to(mine)

    def abort(self) -> None:
        """Leave nothing behind that counts; may be called at any time, also after `commit`, which stands.

        What cannot be removed now, because the store does not answer, is the sweep's.
        """
        if self._open:
            self._open = False
            with suppress(GatewayError):
                self._drop(f"{self._data}{self._object}")

    def _point_to(self, mine: Pointer) -> None:
        try:
            with told():
                obstore.put(self._store, self._pointer, mine.octets(), mode="create", use_multipart=False)
        except AlreadyExistsError:
            self._stand_back(mine)

    def _stand_back(self, mine: Pointer) -> None:
        """Let the pointer stand that is there: another's, or our own if the answer to the first try was lost."""
        theirs = read_pointer(self._store, self._pointer)
        if theirs == mine:
            return
        if theirs is not None and not holds(self._store, self._data, theirs):
            with told():  # it points at nothing: ours is the only whole one
                obstore.put(self._store, self._pointer, mine.octets(), use_multipart=False)
            return
        self._open = True
        self.abort()
        if theirs is None:
            raise SubmissionError(codes.STATE_CONFLICT, "Der Vorgang wurde während des Hochladens gelöscht.")


class S3Reader(io.RawIOBase):
    """Reads an object by ranges; meant to be buffered by `io.BufferedReader`."""

    def __init__(self, store: S3Store, path: str, size: int, gone: Callable[[], Exception]) -> None:
        self._store, self._path, self._size, self._gone = store, path, size, gone
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = base + offset
        return self._at

    def readall(self) -> bytes:
        """Return everything from here on, asked for in large ranges and not in the few KB of the default."""
        pieces = []
        while piece := self.read(WINDOW):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, into: bytearray | memoryview) -> int:  # type: ignore[override]  # BufferedReader hands in bytes
        """Fill a buffer with the next bytes and return how many. Raises: ConfigurationError; what `gone` makes."""
        count = min(len(into), self._size - self._at)
        if count <= 0:
            return 0
        try:
            with told():
                octets = memoryview(obstore.get_range(self._store, self._path, start=self._at, length=count))
        except FileNotFoundError:
            raise self._gone() from None
        into[: len(octets)] = octets
        self._at += len(octets)
        return len(octets)
