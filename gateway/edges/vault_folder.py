"""The vault in a local folder, `<root>/<00..ff>/<case>/<part>`: ciphertext only, durable before it counts."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gateway.domain.errors import SealError, SubmissionError
from gateway.edges.vault_disk import DiskCalls
from gateway.edges.vault_names import NAME, absent, checked, erased
from gateway.edges.vault_part import Ledger, PartFile, erased_meanwhile

_TEMPORARY = re.compile(r"\.[a-z0-9.-]+\.tmp")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ERASE_ROUNDS = 10


class FolderVault:
    """Keeps sealed parts as files; every name in it is ours, no link in it is ever followed.

    After a failed fsync it refuses everything with DurabilityLost until the process is started anew.
    """

    def __init__(self, root: Path, disk: DiskCalls | None = None) -> None:
        self._root = root
        self._ledger = Ledger(disk or DiskCalls())
        self._numbers = itertools.count()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._laid_out: set[str] = set()

    def create(self, case: str, part: str) -> PartFile:
        """Return a writer for a part, which replaces an earlier one of that name when it is committed.

        Raises: DurabilityLost, StorageFull, SubmissionError STATE_CONFLICT if the case is being erased.
        """
        self._ledger.check()
        place, name = _place(case), checked(part)
        with self._ledger.storing(), erased_meanwhile(), self._directory() as root:
            fan = self._enter(root, place, durable=place in self._laid_out)
            self._laid_out.add(place)
            try:
                directory = self._enter(fan, case)
            finally:
                os.close(fan)
            return PartFile(self._ledger, directory, name, f"{os.getpid()}-{next(self._numbers)}")

    def open(self, case: str, part: str) -> BinaryIO:
        """Return the sealed part, open for reading.

        Raises: SealError KEY_ERASED if the case is gone, SubmissionError NOT_FOUND if only this part is.
        """
        with self._of_case(case) as directory:
            try:
                descriptor = os.open(checked(part), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
            except FileNotFoundError as error:
                raise absent() from error
        return os.fdopen(descriptor, "rb")

    def size(self, case: str, part: str) -> int:
        """Return the size of the sealed part in bytes; raises as `open` does."""
        with self._of_case(case) as directory:
            try:
                return os.stat(checked(part), dir_fd=directory, follow_symlinks=False).st_size
            except FileNotFoundError as error:
                raise absent() from error

    def exists(self, case: str, part: str) -> bool:
        """Return whether the part is committed."""
        try:
            self.size(case, part)
        except (SealError, SubmissionError):
            return False
        return True

    def erase(self, case: str) -> int:
        """Remove every part of a case for good and return the bytes that freed; a case that is not there frees 0.

        Raises: DurabilityLost.
        """
        self._ledger.check()
        with self._directory() as root:
            try:
                fan = os.open(_place(case), _DIRECTORY, dir_fd=root)
            except FileNotFoundError:
                return 0
            try:
                freed = _remove(fan, case)
                self._ledger.sync(fan)
            finally:
                os.close(fan)
        return freed

    def sweep(self, known: Callable[[str], bool], older_than: datetime) -> int:
        """Remove what crashes left behind before `older_than`: temporaries, and cases that `known` denies.

        Returns how many of either were removed; younger ones may still be under way and stay.
        """
        before = older_than.timestamp()
        removed = 0
        for folder in self._cases():
            if folder.stat().st_mtime < before and not known(folder.name):
                self.erase(folder.name)
                removed += 1
            else:
                removed += _drop_temporaries(folder, before)
        return removed

    def free_bytes(self) -> int:
        """Return how many bytes the vault's disk can still take."""
        figures = os.statvfs(self._root)
        return figures.f_bavail * figures.f_frsize

    def _cases(self) -> Iterator[Path]:
        for fan in sorted(self._root.iterdir()):
            if fan.is_dir() and not fan.is_symlink():
                yield from (folder for folder in fan.iterdir() if NAME.fullmatch(folder.name))

    @contextmanager
    def _directory(self) -> Iterator[int]:
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _of_case(self, case: str) -> Iterator[int]:
        with self._directory() as root:
            try:
                descriptor = os.open(f"{_place(case)}/{case}", _DIRECTORY, dir_fd=root)
            except FileNotFoundError as error:
                raise erased() from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _enter(self, parent: int, name: str, *, durable: bool = False) -> int:
        """Open a directory, made if need be; made durable too, as another process may have made it just now."""
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
        if not durable:
            self._ledger.sync(parent)
        return os.open(name, _DIRECTORY, dir_fd=parent)


def _place(case: str) -> str:
    """Return the fan-out directory of a case: 256 of them keep each listing short at 100 000 cases."""
    return hashlib.sha256(checked(case).encode()).hexdigest()[:2]


def _remove(fan: int, case: str) -> int:
    """Unlink the files of a case and its directory; an upload still under way may add one while we do."""
    freed = 0
    for _ in range(_ERASE_ROUNDS):
        try:
            directory = os.open(case, _DIRECTORY, dir_fd=fan)
        except FileNotFoundError:
            return freed
        try:
            freed += sum(_unlink(directory, name) for name in os.listdir(directory))  # noqa: PTH208  # by descriptor
        finally:
            os.close(directory)
        with suppress(OSError):  # not empty any more: another round
            os.rmdir(case, dir_fd=fan)
    raise OSError(f"case {case} cannot be emptied")


def _unlink(directory: int, name: str) -> int:
    """Remove a file and return how many bytes that freed; 0 if another was faster."""
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _drop_temporaries(folder: Path, before: float) -> int:
    dropped = 0
    for file in folder.iterdir():
        if _TEMPORARY.fullmatch(file.name):
            with suppress(FileNotFoundError):  # committed or aborted just now
                if file.stat().st_mtime < before:
                    file.unlink()
                    dropped += 1
    return dropped
