"""Who is at work on this machine: a file per worker, held by a lock that the kernel gives back when the process ends.

A worker that finds the lock of another one free knows for certain that its process is gone, and need not wait until its
leases run out. Of a worker on another machine, or before the last start of this one, nothing can be known here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_log = structlog.get_logger("roll")


def _this_boot() -> str:
    with suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return ""


@dataclass(frozen=True, slots=True)
class Roll:
    """The files `<worker>@<boot>` in a folder; the boot's id keeps a shared folder from mixing machines up."""

    folder: Path
    boot: str = field(default_factory=_this_boot)

    @contextmanager
    def on_duty(self, worker: str) -> Iterator[None]:
        """Hold a worker's file while entered; where that is not possible, others wait for its leases as before."""
        held = self._sign_in(worker)
        try:
            yield
        finally:
            if held is not None:
                self._tidy()
                with suppress(OSError):
                    self._file(worker).unlink()
                os.close(held)

    def gone(self, worker: str) -> bool:
        """Say whether a worker's process has ended without having put its work down; False where it is not known."""
        return bool(self.boot) and "/" not in worker and self._free(self._file(worker))

    def _file(self, worker: str) -> Path:
        return self.folder / f"{worker}@{self.boot}"

    def _free(self, path: Path) -> bool:
        try:
            seen = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(seen, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(seen)
        return True

    def _sign_in(self, worker: str) -> int | None:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            held = os.open(self._file(worker), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(held, fcntl.LOCK_EX)
        except OSError as error:  # a full or read-only disk must not keep anybody from working
            _log.warning("not on the roll", kind=type(error).__name__)
            return None
        return held

    def _tidy(self) -> None:
        """Remove the files of those that are gone: whoever ends here has asked for them long ago."""
        with suppress(OSError):
            for path in self.folder.iterdir():
                if self._free(path):
                    path.unlink()
