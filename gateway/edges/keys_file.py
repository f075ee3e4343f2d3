"""The files that keys lie in: written durably, readable by their owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.seal.disk import create, sync_folder


def replace(path: Path, data: bytes) -> None:
    """Give a file other content, durably and at once."""
    write_temporary(path, data).rename(path)
    sync_folder(path.parent)


def write_temporary(path: Path, data: bytes) -> Path:
    """Write a file beside `path` durably and return it."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with create(temporary) as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return temporary


def version(status: os.stat_result) -> tuple[int, ...]:
    """Return what differs once a file has other content, another owner or other rights, or is a link."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode, status.st_uid


def check_mode(path: Path, status: os.stat_result, wanted: str) -> None:
    """Raise ConfigurationError if anybody but the owner (we, or root) may reach the file or folder."""
    if stat.S_IMODE(status.st_mode) & 0o077:
        reason = f"{path.name}: Andere Benutzer haben Zugriff (Rechte {stat.S_IMODE(status.st_mode):04o})."
        raise unusable(reason, f"Bitte setzen Sie die Rechte auf {wanted} und prüfen Sie, wer Zugriff hatte.")
    if status.st_uid not in (os.geteuid(), 0):
        raise unusable(f"{path.name}: gehört einem anderen Benutzer.", "Bitte ändern Sie den Eigentümer.")


def unusable(reason: str, hint: str = "") -> ConfigurationError:
    """Return the error of a key, or of its file, that cannot be used as it is."""
    return ConfigurationError(codes.CONFIGURATION, reason, hint)
