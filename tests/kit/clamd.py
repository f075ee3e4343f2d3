"""A real clamd with a signature database of our own: one pattern, nothing downloaded."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PATTERN = b"BAUWEICHE-SCANNER-TESTMUSTER"
SIGNATURE = "Bauweiche.Test.Muster"


@dataclass(frozen=True)
class Daemon:
    """A running clamd: its socket, and the folder where it may put streams."""

    socket: str
    temporary: Path
    pid: int


@contextmanager
def clamd(stream_max: str = "35M") -> Iterator[Daemon]:
    """Run a clamd until the block ends; skips the test where Debian's clamav-daemon is not installed."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if program is None:
        pytest.skip("clamd (Debian package clamav-daemon) is not installed")
    home = Path(tempfile.mkdtemp(prefix="clamd-"))  # short: a socket's path has 108 octets
    try:
        with _running(program, home, stream_max) as daemon:
            yield daemon
    finally:
        shutil.rmtree(home)


@contextmanager
def _running(program: str, home: Path, stream_max: str) -> Iterator[Daemon]:
    (home / "db").mkdir()
    (home / "tmp").mkdir()
    (home / "db" / "test.ndb").write_text(f"{SIGNATURE}:0:*:{PATTERN.hex()}\n", encoding="ascii")
    settings = home / "clamd.conf"
    settings.write_text(
        f"DatabaseDirectory {home}/db\nLocalSocket {home}/socket\nTemporaryDirectory {home}/tmp\nForeground yes\n"
        f"StreamMaxLength {stream_max}\nUser {pwd.getpwuid(os.getuid()).pw_name}\n",
        encoding="utf-8",
    )
    running = subprocess.Popen([program, f"--config-file={settings}"], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not (home / "socket").exists():
            assert running.poll() is None, "clamd ended"
            assert time.monotonic() < until, "clamd does not listen"
            time.sleep(0.02)
        yield Daemon(str(home / "socket"), home / "tmp", running.pid)
    finally:
        running.kill()
        running.wait()
