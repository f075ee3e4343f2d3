"""The authority's side of a drop folder, for tests: what it sees, how it fetches, and what can go wrong with a disk."""

from __future__ import annotations

import hashlib
import re
import resource
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.adapter import Envelope
from gateway.adapter_contract import Stored, Trouble


@dataclass(slots=True)
class FolderSide:
    """A receiver that sees every name in the folder that does not begin with a dot, and moves what it fetches away."""

    folder: Path
    fetched: Path
    _fetches: int = field(default=0)

    def stored(self) -> Sequence[Stored]:
        folders = [entry for place in (self.folder, self.fetched) for entry in _visible(place) if _complete(entry)]
        return [Stored(entry.name.partition("@")[0], _digests(entry)) for entry in folders]

    def half(self) -> Sequence[str]:
        return [entry.name for entry in _visible(self.folder) if not _complete(entry)]

    def take(self, message_id: str) -> bool:
        self._fetches += 1
        shutil.move(self.folder / message_id, self.fetched / f"{message_id}@{self._fetches}")
        return True

    def restart(self) -> None:
        """A folder is not switched off; what a power cut leaves is another test."""

    def trouble(self, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object] | None:
        match kind:
            case Trouble.ABSENT:
                return self._absent()
            case Trouble.CUT:
                return _small_files_only(400_000)
            case Trouble.REFUSES:
                return self._in_the_way(envelope.message_id)
        return None

    @contextmanager
    def _absent(self) -> Iterator[None]:
        away = self.folder.with_name("away")
        self.folder.rename(away)
        try:
            yield
        finally:
            away.rename(self.folder)

    @contextmanager
    def _in_the_way(self, message_id: str) -> Iterator[None]:
        other = self.folder / message_id
        other.mkdir()
        (other / "etwas-anderes.txt").write_text("nicht von uns")
        try:
            yield
            assert [file.name for file in other.iterdir()] == ["etwas-anderes.txt"]
        finally:
            shutil.rmtree(other)


@contextmanager
def _small_files_only(size: int) -> Iterator[None]:
    """Let the system cut every file of this process at `size` bytes: a disk that is full in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def _visible(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    return sorted(entry for entry in place.iterdir() if not entry.name.startswith(".") and entry.name != "rueckweg")


def _complete(folder: Path) -> bool:
    """A sample's envelope names its parts; complete is a folder that holds them all."""
    envelope = folder / "envelope.xml"
    if not envelope.is_file():
        return False
    named = set(re.findall(r'href="([^"]+)"', envelope.read_text()))
    return named <= {file.name for file in folder.iterdir()}


def _digests(folder: Path) -> frozenset[str]:
    digests = set()
    for path in folder.iterdir():
        with path.open("rb") as file:
            digests.add(hashlib.file_digest(file, "sha256").hexdigest())
    return frozenset(digests)
