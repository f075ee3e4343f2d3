"""Three careful file operations, on systems that know links and folders as files and on those that do not."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# Windows has O_BINARY and lacks the others
_ALWAYS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_DIRECTORY: int | None = getattr(os, "O_DIRECTORY", None)


def create(path: Path) -> BinaryIO:
    """Open a file for writing that must not exist yet; only its owner may read it. Raises: OSError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ALWAYS, 0o600), "wb")


def read_plain(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file, not followed if it is a link. Raises: OSError, also if over `limit` bytes."""
    with os.fdopen(os.open(path, os.O_RDONLY | _ALWAYS), "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size > limit:
            raise OSError(errno.EFBIG, "file too large", str(path))
        return stream.read()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable, where the system can. Raises: OSError."""
    if _DIRECTORY is None:
        return
    descriptor = os.open(folder, os.O_RDONLY | _DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
