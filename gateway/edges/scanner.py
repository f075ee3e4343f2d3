"""ClamAV beside the PDF gate: clamd sees a file's bytes over its INSTREAM command, straight from memory (law 2).

Fail-closed: whatever is not a clear "OK" of the daemon is no pass. clamd writes a stream to its TemporaryDirectory
while it scans: that must be a tmpfs, and StreamMaxLength at least the 30 MB of an attachment (docs/sicherheit.md).
"""

from __future__ import annotations

import os
import re
import socket
import struct
import time
from contextlib import suppress

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, SubmissionError

CHUNK = 1 << 18
"""Bytes of one INSTREAM chunk."""

_ANSWER = 4096
"""Bytes of an answer, at most: one line."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HARMLESS = re.compile(r"[A-Za-z0-9._/:+-]{1,100}")


class Clamd:
    """Fulfils `gateway.edges.gate.Scanner` with a clamd at a Unix socket's path or at host:port of this machine."""

    def __init__(self, address: str, patience: float = 60.0) -> None:
        """Take the address; `patience` are the seconds that one scan may take altogether.

        Raises: ConfigurationError for an address beyond this machine: the bytes would cross the network in clear.
        """
        self._target = _target(address)
        self._patience = patience

    def scan(self, file: int) -> None:
        """Return if clamd says that the open file is clean.

        Raises: SubmissionError MALWARE_FOUND with the signature's name, SCANNER_UNAVAILABLE for anything else.
        """
        try:
            answer = self._ask(file)
        except OSError as error:
            raise unavailable() from error
        if answer == "stream: OK":
            return
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            raise _found(answer.removeprefix("stream: ").removesuffix(" FOUND"))
        raise unavailable()

    def version(self) -> str:
        """Return what clamd says of itself, or "" if it does not answer within three seconds."""
        deadline = time.monotonic() + 3
        try:
            with self._connected(deadline) as line:
                line.sendall(b"zVERSION\0")
                return _answer(line, deadline)
        except OSError:
            return ""

    def _ask(self, file: int) -> str:
        deadline = time.monotonic() + self._patience
        with self._connected(deadline) as line:
            with suppress(BrokenPipeError, ConnectionResetError):  # hung up early: its last word may still be there
                _send(line, file, deadline)
            return _answer(line, deadline)

    def _connected(self, deadline: float) -> socket.socket:
        line = socket.socket(self._target[0], socket.SOCK_STREAM)
        try:
            line.settimeout(_left(deadline))
            line.connect(self._target[1])
        except BaseException:
            line.close()
            raise
        return line


def _target(address: str) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    """Return the family and the address to connect to. Raises: ConfigurationError."""
    if address.startswith("/"):
        return socket.AF_UNIX, address
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]").lower()
    if host not in _LOOPBACK or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError(
            codes.CONFIGURATION,
            "Der Virenscanner muss auf diesem Rechner laufen: Die Dateien gehen unverschlüsselt zu ihm.",
            "scanner ist der Pfad des Sockets (/run/clamav/clamd.ctl) oder 127.0.0.1:3310.",
        )
    return (socket.AF_INET6 if ":" in host else socket.AF_INET), (host, int(port))


def _send(line: socket.socket, file: int, deadline: float) -> None:
    """Send the whole file: each chunk after its length (4 bytes, network order), then a length of zero."""
    line.sendall(b"zINSTREAM\0")
    at = 0
    while piece := os.pread(file, CHUNK, at):
        line.settimeout(_left(deadline))
        line.sendall(struct.pack(">I", len(piece)) + piece)
        at += len(piece)
    line.sendall(struct.pack(">I", 0))


def _answer(line: socket.socket, deadline: float) -> str:
    """Return the one line that ends with a zero byte, or "" if there is none."""
    found = b""
    while not found.endswith(b"\0") and len(found) < _ANSWER:
        line.settimeout(_left(deadline))
        more = line.recv(_ANSWER)
        if not more:
            return ""
        found += more
    return found.rstrip(b"\0").decode("ascii", "replace")


def _left(deadline: float) -> float:
    """Return the seconds until the deadline. Raises: TimeoutError if there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _found(signature: str) -> SubmissionError:
    name = signature if _HARMLESS.fullmatch(signature) else "ohne Namen"
    return SubmissionError(
        codes.MALWARE_FOUND,
        f"Die Datei wurde wegen Schadsoftware zurückgewiesen (Signatur {name}).",
        "Bitte den Rechner prüfen, auf dem die Datei entstand, und eine saubere Datei hochladen.",
    )


def unavailable() -> SubmissionError:
    """Return the error of a file that no scanner looked at: nothing is accepted, nothing is held against it."""
    return SubmissionError(
        codes.SCANNER_UNAVAILABLE,
        "Die Virenprüfung ist im Augenblick nicht möglich; die Datei wurde deshalb nicht angenommen.",
        "Bitte die Datei in einer Minute noch einmal hochladen.",
    )
