"""A folder of this machine, or mounted on it, as a shelf: every name is resolved below one open directory."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from adapters.folder.shelf import Kept, Occupied, Odd, ShelfError, check_length

CHUNK = 1 << 20
FOLDER_MODE, FILE_MODE = 0o770, 0o660  # less the umask: 0750 and 0640 under the usual 022
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_HERE = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)

REASONS: Mapping[int, tuple[str, str]] = {
    errno.ENOENT: ("Der Ablageordner fehlt.", "Bitte prüfen Sie, ob der Ordner angelegt und das Netzlaufwerk da ist."),
    errno.ENOTDIR: ("Der Ablageordner ist kein Ordner.", "Bitte prüfen Sie den Pfad in den Einstellungen."),
    errno.ELOOP: ("Der Ablageordner ist eine symbolische Verknüpfung.", "Bitte tragen Sie den echten Pfad ein."),
    errno.EACCES: ("Das Gateway darf im Ablageordner nicht schreiben oder lesen.", "Bitte prüfen Sie die Rechte."),
    errno.EPERM: ("Das Gateway darf im Ablageordner nicht schreiben oder lesen.", "Bitte prüfen Sie die Rechte."),
    errno.EROFS: ("Der Ablageordner ist nur lesbar eingehängt.", "Bitte prüfen Sie das Laufwerk."),
    errno.ENOSPC: ("Im Ablageordner ist kein Platz mehr.", "Bitte schaffen Sie Platz; es wird erneut versucht."),
    errno.EDQUOT: ("Das Kontingent des Ablageordners ist erschöpft.", "Bitte erhöhen Sie es oder schaffen Sie Platz."),
    errno.ESTALE: ("Das Netzlaufwerk der Ablage ist nicht mehr gültig.", "Bitte hängen Sie das Laufwerk neu ein."),
    errno.EIO: ("Das Laufwerk der Ablage meldet einen Fehler.", "Bitte prüfen Sie das Laufwerk und die Verbindung."),
}
"""What an errno of the folder means to municipal IT; any other is told with the system's own words."""

UNSURE = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EINTR, errno.ECONNRESET, errno.EHOSTDOWN})
"""Failures of network folders after which a rename may have happened all the same."""


@contextmanager
def local_shelf(folder: Path, mount_point: Path | None = None) -> Iterator[LocalShelf]:
    """Open a folder as a shelf. Raises ShelfError when it, or the mount it must lie on, is not there."""
    if mount_point is not None and not os.path.ismount(mount_point):
        raise ShelfError(f"Das Netzlaufwerk {mount_point} ist nicht eingehängt.", "Bitte hängen Sie es ein.")
    if folder.is_symlink():
        raise ShelfError(*REASONS[errno.ELOOP])
    try:
        with _told():
            root = os.open(folder, _FOLDER)
    except Odd as error:
        raise ShelfError(*REASONS[errno.ENOTDIR]) from error
    try:
        yield LocalShelf(root)
    finally:
        os.close(root)


class LocalShelf:
    """A shelf over an open directory; names cannot lead out of it, since no step follows a symbolic link."""

    def __init__(self, root: int) -> None:
        self._root = root

    def exists(self, path: str) -> bool:
        return self._stat(path) is not None

    def names(self, folder: str) -> frozenset[str] | None:
        try:
            with _told(errno.ENOENT), self._inside(folder) as directory:
                return frozenset(os.listdir(directory))  # noqa: PTH208  # a Path cannot name a descriptor
        except FileNotFoundError:
            return None

    def kept(self, path: str) -> Kept | None:
        found = self._stat(path)
        if found is None:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise Odd(path)
        return Kept(found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def make(self, folder: str) -> None:
        with _told(), self._beside(folder) as (parent, name):
            os.mkdir(name, FOLDER_MODE, dir_fd=parent)

    def write(self, path: str, source: BinaryIO, size: int) -> None:
        with _told(), self._beside(path) as (parent, name):
            target = os.open(name, _NEW, FILE_MODE, dir_fd=parent)
            try:
                check_length(path, copy(source, target, size), size)
                os.fsync(target)
            finally:
                os.close(target)

    def settle(self, folder: str) -> None:
        with _told(), self._inside(folder) as directory:
            os.fsync(directory)

    def move(self, old: str, new: str) -> bool:
        # rename(2) of a folder never replaces a folder with content, a file or a link: that is the exclusion we need
        try:
            with _told(errno.ENOENT), self._beside(old) as (source, was), self._beside(new) as (target, becomes):
                os.rename(was, becomes, src_dir_fd=source, dst_dir_fd=target)
        except FileNotFoundError:
            return False
        return True

    def discard(self, path: str) -> None:
        try:
            with _told(errno.ENOENT), self._beside(path) as (parent, name):
                _remove(parent, name)
        except FileNotFoundError:
            return

    def open(self, path: str) -> BinaryIO:
        with _told(), self._beside(path) as (parent, name):
            descriptor = os.open(name, _READ, dir_fd=parent)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise Odd(path)
            return cast("BinaryIO", os.fdopen(descriptor, "rb"))

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            with _told(errno.ENOENT), self._beside(path) as (parent, name):
                return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return None

    @contextmanager
    def _inside(self, folder: str) -> Iterator[int]:
        """Open a folder below the root, refusing links at every step."""
        directory = os.dup(self._root)
        try:
            for name in filter(None, folder.split("/")):
                inner = os.open(name, _FOLDER, dir_fd=directory)
                os.close(directory)
                directory = inner
            yield directory
        finally:
            os.close(directory)

    @contextmanager
    def _beside(self, path: str) -> Iterator[tuple[int, str]]:
        """Open the folder a name lies in, and give that and the name."""
        folder, _, name = path.rpartition("/")
        with self._inside(folder) as parent:
            yield parent, name


def copy(source: BinaryIO, target: int, size: int) -> int:
    """Copy at most `size` + 1 bytes to a descriptor, in the kernel from a plain file; return how many."""
    if isinstance(source, io.FileIO) or (isinstance(source, io.BufferedReader) and isinstance(source.raw, io.FileIO)):
        return _copy_in_kernel(source.fileno(), target, source.tell(), size + 1)
    done = 0
    while done <= size and (piece := source.read(min(CHUNK, size + 1 - done))):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(target, rest) :]
        done += len(piece)
    return done


def _copy_in_kernel(source: int, target: int, start: int, limit: int) -> int:
    """Copy by copy_file_range (shares blocks where the file system can), else by sendfile."""
    ways: list[Callable[[int, int], int]] = [
        lambda offset, count: os.copy_file_range(source, target, count, offset),
        lambda offset, count: os.sendfile(target, source, offset, count),
    ]
    done = 0
    while done < limit:
        try:
            count = ways[0](start + done, min(limit - done, CHUNK * 64))
        except OSError as error:
            if len(ways) == 1 or error.errno not in _NOT_HERE:
                raise
            ways.pop(0)
            continue
        if not count:
            break
        done += count
    return done


def _remove(parent: int, name: str) -> None:
    """Remove a name and what is below it, following no link."""
    try:
        os.unlink(name, dir_fd=parent)
        return
    except (IsADirectoryError, PermissionError):  # POSIX allows either for a directory
        directory = os.open(name, _FOLDER, dir_fd=parent)
    try:
        for inner in os.listdir(directory):  # noqa: PTH208  # a Path cannot name a descriptor
            with suppress(FileNotFoundError):
                _remove(directory, inner)
    finally:
        os.close(directory)
    os.rmdir(name, dir_fd=parent)


@contextmanager
def _told(*let_through: int) -> Iterator[None]:
    """Turn the system's errors into the shelf's; the numbers in `let_through` pass as they are."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        if number in let_through:
            raise
        if number in (errno.EEXIST, errno.ENOTEMPTY):
            raise Occupied(str(error.filename)) from error
        if number in (errno.ELOOP, errno.ENOTDIR):
            raise Odd(str(error.filename)) from error
        reason, hint = REASONS.get(number, (f"Der Ablageordner meldet: {os.strerror(number)}.", ""))
        raise ShelfError(reason, hint, sure=number not in UNSURE) from error
