"""A copy of an installation's folder while it is at work: the database first, then the parts it speaks of."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from gateway.edges.store.engine import read_url
from gateway.seal.disk import sync_folder

_TEMPORARY = ".tmp"


def copy_database(url: str, target: Path) -> bool:
    """Copy an SQLite database as it stands at one moment, without stopping anybody; False if it is on a server.

    Raises:
        sqlite3.Error: it cannot be read, or the copy is damaged.
    """
    address = read_url(url)
    if address.get_backend_name() != "sqlite":
        return False
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(str(address.database))) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        (found,) = copy.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError("the copy is damaged")
    _sync(target)
    return True


def copy_folder(source: Path, target: Path) -> int:
    """Copy the files of a folder with their rights; what is erased meanwhile or not yet whole stays out.

    Returns how many bytes were copied.
    """
    copied = 0
    target.mkdir(mode=0o700, exist_ok=True)
    for file in _files(source):
        place = target / file.relative_to(source)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copy2(file, place, follow_symlinks=False)
        except FileNotFoundError:  # erased just now: the authority has it
            continue
        _sync(place)
        copied += place.stat().st_size
    sync_folder(target)
    return copied


def _files(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        for name in names:
            if not name.endswith(_TEMPORARY):
                yield Path(where) / name


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
